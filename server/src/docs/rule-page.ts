import { type RuleCard, standardIds } from '../../../shared-rules/src/index.ts';
import type { Rule } from '../engine/index.ts';

export const fixWords: Record<RuleCard['fix'], string> = {
  none: 'no fix',
  safe: 'safe fix',
  unsafe: 'unsafe fix',
  mixed: 'safe or unsafe fix',
};

/** The documentation of one rule, as Markdown. `statements` words the requirements that the rule answers, by id. */
export function rulePage(
  { card, examples }: Pick<Rule, 'card' | 'examples'>,
  statements: ReadonlyMap<string, string> = new Map(),
): string {
  const standards = standardIds.filter((id) => card.standards.includes(id));
  const facts = [
    `- Severity: ${card.severity}.`,
    `- Fix: ${fixWords[card.fix]}.${card.fixSafety === undefined ? '' : ` ${card.fixSafety}`}`,
    ...(standards.length === 0 ? [] : [`- Asked for by the standards: ${standards.join(', ')}.`]),
    ...(card.peers.length === 0 ? [] : [`- Nearest rules of other tools: ${card.peers.join(', ')}.`]),
  ];
  const sections = [`# ${card.code} ${card.name}`, `${card.summary}. ${card.advice}.`, card.why, facts.join('\n')];
  sections.push('## Examples');
  for (const example of examples) {
    if (!('bad' in example)) continue;
    sections.push(`Reported:\n\n${python(withoutCarets(example.bad))}`);
    if (example.good !== undefined) sections.push(`After the fix:\n\n${python(example.good)}`);
  }
  const silent = examples.filter((example) => 'ok' in example);
  if (silent.length > 0) sections.push('## Not reported');
  for (const example of silent) if ('ok' in example) sections.push(python(example.ok));
  if (card.options !== undefined && optionLines(card.options).length > 0) {
    sections.push(
      `## Options\n\nIn \`[tool.groundrules.rules.${card.code}]\`:\n\n${optionLines(card.options).join('\n')}`,
    );
  }
  const asked = card.requirements.flatMap((id) => (statements.has(id) ? [`- ${id} ${statements.get(id)}`] : []));
  if (asked.length > 0) sections.push(`## Requirements that ask for it\n\n${asked.join('\n')}`);
  return `${sections.join('\n\n')}\n`;
}

function python(code: string): string {
  return `\`\`\`python\n${code.trimEnd()}\n\`\`\``;
}

/** Examples mark what is reported with a line of carets below it; readers of the page need none. */
function withoutCarets(code: string): string {
  return code
    .split('\n')
    .filter((line) => !/^\s*#?\s*\^+(~\d+)?\s+GR\d{3}\b/.test(line))
    .join('\n');
}

function optionLines(schema: Record<string, unknown>): string[] {
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).map(([key, option]) => {
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const detail: unknown = option;
    if (typeof detail !== 'object' || detail === null) return `- \`${name}\``;
    const description = 'description' in detail ? ` ${String(detail.description)}` : '';
    const preset = 'default' in detail ? ` (default: \`${JSON.stringify(detail.default)}\`)` : '';
    return `- \`${name}\`${description}${preset}`;
  });
}
