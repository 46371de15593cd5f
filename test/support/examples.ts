import type { Example, Rule } from '../../server/src/engine/index.ts';

/** What a caret line demands of the line of code above it. */
export interface Expectation {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Undefined when only the line of the end is stated. */
  readonly endColumn: number | undefined;
  readonly code: string;
  readonly safety: string;
  readonly message: string | undefined;
}

const caretLine =
  /^(?<lead>\s*#?\s*)(?<carets>\^+)(?:~(?<down>\d+))?\s+(?<code>GR\d{3})\s+(?<safety>safe|unsafe|none)(?::\s(?<message>.*))?$/;

/** Takes the caret lines out of an example and reads them. */
export function readExample(marked: string): { code: string; expected: Expectation[] } {
  const code: string[] = [];
  const expected: Expectation[] = [];
  for (const line of marked.split('\n')) {
    const match = caretLine.exec(line);
    if (!match?.groups) {
      code.push(line);
      continue;
    }
    const column = match.groups.lead?.length ?? 0;
    const row = code.length - 1;
    const down = match.groups.down === undefined ? 0 : Number(match.groups.down);
    expected.push({
      line: row,
      column,
      endLine: row + down,
      endColumn: down === 0 ? column + (match.groups.carets?.length ?? 0) : undefined,
      code: match.groups.code ?? '',
      safety: match.groups.safety ?? '',
      message: match.groups.message,
    });
  }
  return { code: code.join('\n'), expected };
}

/** The plain code of an example, without its caret lines. */
export function plain(example: Example): string {
  return 'bad' in example ? readExample(example.bad).code : example.ok;
}

export function describeExample(rule: Rule, example: Example, index: number): string {
  const [first = ''] = plain(example)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return `${rule.card.code} example ${index + 1} (${'bad' in example ? 'bad' : 'ok'}): ${first.trim().slice(0, 60)}`;
}
