import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fixWords, rulePage } from '../server/src/docs/rule-page.ts';
import type { Rule } from '../server/src/engine/index.ts';
import { Standard } from '../shared-rules/src/index.ts';

const folder = path.join(import.meta.dirname, '..', 'shared-rules', 'standards');

/** The five standards as they are committed. */
export function readStandards(): Standard[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => Standard.parse(JSON.parse(readFileSync(path.join(folder, file), 'utf8'))));
}

/** The ids of the requirements that name a rule, in order. */
export function requirementsOf(code: string, standards: readonly Standard[]): string[] {
  return standards
    .flatMap((standard) => standard.sections.flatMap((section) => section.requirements))
    .filter((requirement) => requirement.rules.includes(code))
    .map((requirement) => requirement.id)
    .sort();
}

/** One page a rule, and the list of them: path from the repository's root → Markdown. */
export function documentationFiles(rules: readonly Rule[], standards: readonly Standard[]): Map<string, string> {
  const statements = new Map(
    standards.flatMap((standard) =>
      standard.sections.flatMap((section) =>
        section.requirements.map(
          (requirement) => [requirement.id, `${standard.title}: ${requirement.statement}`] as const,
        ),
      ),
    ),
  );
  const files = new Map(rules.map((rule) => [`docs/rules/${rule.card.code}.md`, rulePage(rule, statements)]));
  files.set('docs/rules/README.md', index(rules));
  return files;
}

function index(rules: readonly Rule[]): string {
  const rows = rules.map(
    ({ card }) =>
      `| [${card.code}](${card.code}.md) | \`${card.name}\` | ${card.summary.replaceAll('|', '\\|')} | ${card.severity} | ${fixWords[card.fix]} | ${card.standards.join(', ')} |`,
  );
  return [
    '# Rules',
    '',
    '| code | name | reports | severity | fix | standards |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
