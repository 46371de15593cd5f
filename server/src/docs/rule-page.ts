import { type RuleCard, standardIds } from '../../../shared-rules/src/index.ts';
import type { Rule } from '../engine/index.ts';

export const fixWords: Record<RuleCard['fix'], string> = {
  none: 'no fix',
  safe: 'safe fix',
  unsafe: 'unsafe fix',
  mixed: 'safe or unsafe fix',
};

/** The documentation of one rule, as Markdown. */
export function rulePage({ card, examples }: Pick<Rule, 'card' | 'examples'>): string {
  const standards = standardIds.filter((id) => card.standards.includes(id));
  const facts = [
    `Severity: ${card.severity}.`,
    `Fix: ${fixWords[card.fix]}.${card.fixSafety === undefined ? '' : ` ${card.fixSafety}`}`,
    ...(standards.length === 0 ? [] : [`Asked for by the standards: ${standards.join(', ')}.`]),
    ...(card.peers.length === 0 ? [] : [`Nearest rules of other tools: ${card.peers.join(', ')}.`]),
  ];
  const sections = [`# ${card.code} ${card.name}`, `${card.summary}. ${card.advice}.`, card.why, facts.join('\n')];
  const example = examples.find((candidate) => 'bad' in candidate);
  if (example !== undefined && 'bad' in example) {
    sections.push(`## Example\n\n\`\`\`python\n${withoutCarets(example.bad).trimEnd()}\n\`\`\``);
    if (example.good !== undefined) sections.push(`Use instead:\n\n\`\`\`python\n${example.good.trimEnd()}\n\`\`\``);
  }
  if (card.options !== undefined && optionLines(card.options).length > 0) {
    sections.push(
      `## Options\n\nIn \`[tool.groundrules.rules.${card.code}]\`:\n\n${optionLines(card.options).join('\n')}`,
    );
  }
  return `${sections.join('\n\n')}\n`;
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
