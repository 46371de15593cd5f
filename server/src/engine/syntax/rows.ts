import { type FieldName, fields, fieldTokens, type Kind, kinds } from './grammar.generated.ts';

/**
 * A syntax tree laid flat: one row of five numbers per node in preorder, tokens included. Row 0 is the root.
 * The children of row `i` start at `i + 1`; the next sibling of a row is its `after`, while that is below the parent's.
 * Offsets are UTF-16 code units from the start of the parsed text.
 */
export type Rows = Int32Array;

export const rowSize = 5;
/** Kind number, or'ed with the flags below. */
export const kindColumn = 0;
export const startColumn = 1;
export const endColumn = 2;
/** Parent row in the low 24 bits, field number plus one in the high 8. */
export const parentColumn = 3;
/** The first row that is not below this one. */
export const afterColumn = 4;

export const kindMask = 0xffff;
/** The node is an ERROR, is missing, or has one below it. */
export const brokenFlag = 0x10000;
/** The parser made the node up. */
export const missingFlag = 0x20000;
export const parentMask = 0xffffff;
export const fieldShift = 24;

const kindNumbers = new Map<string, number>(kinds.map((kind, index) => [kind, index]));
const fieldNumbers = new Map<string, number>(fields.map((field, index) => [field, index + 1]));

/** The number a kind has in rows. */
export function kindNumber(kind: Kind): number {
  return kindNumbers.get(kind) ?? 0;
}

/** The number a field has in rows: from 1. */
export function fieldNumber(field: FieldName): number {
  return fieldNumbers.get(field) ?? 0;
}

/**
 * Kind numbers by a grammar's own symbol ids. Several symbols can share a name (aliases), and a name can be both a node
 * and a token, so the grammar is asked for both.
 */
export function symbolTable(symbols: readonly { name: string; named: boolean }[]): Int32Array {
  return Int32Array.from(symbols, ({ name, named }) => kindNumbers.get(named ? name : `"${name}"`) ?? 0);
}

/** Field numbers by a grammar's own field ids. */
export function fieldTable(names: readonly (string | null)[]): Int32Array {
  return Int32Array.from(names, (name) => (name === null ? 0 : (fieldNumbers.get(name) ?? 0)));
}

/**
 * Marks every ancestor of a broken row. Bindings mark only the ERROR and missing nodes themselves.
 */
export function spreadBroken(rows: Int32Array, count: number): void {
  for (let row = count - 1; row > 0; row--) {
    const at = row * rowSize;
    if (((rows[at + kindColumn] ?? 0) & brokenFlag) === 0) continue;
    const parent = (rows[at + parentColumn] ?? 0) & parentMask;
    rows[parent * rowSize + kindColumn] = (rows[parent * rowSize + kindColumn] ?? 0) | brokenFlag;
  }
}

/** The last row that starts at or before an offset; row 0 where none does. */
export function lastRowAt(rows: Rows, offset: number): number {
  let low = 0;
  let high = rows.length / rowSize - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle * rowSize + startColumn] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Whether a kind is a token that never stands in a field worth knowing: anything but an operator. */
export function isBareToken(kind: string): boolean {
  return kind.startsWith('"') && !fieldTokens.includes(kind);
}

/** Named nodes that are single tokens to the grammar. */
const leaves: readonly string[] = [
  'identifier',
  'integer',
  'float',
  'true',
  'false',
  'none',
  'comment',
  'escape_sequence',
  'string_start',
  'string_end',
];

/** Whether nodes of a kind have nothing below them worth a row: tokens (`is not`) and what the grammar takes for one. */
export function isLeaf(kind: string): boolean {
  return kind.startsWith('"') || leaves.includes(kind);
}

const blockKind = kindNumber('block');

/** By kind number: 1 for kinds that have a header, whose parts an edit may change while the block below it stays. */
export const hasHeader = new Uint8Array(kinds.length);
for (const kind of [
  'case_clause',
  'class_definition',
  'elif_clause',
  'except_clause',
  'for_statement',
  'function_definition',
  'if_statement',
  'match_statement',
  'while_statement',
  'with_statement',
] as const)
  hasHeader[kindNumber(kind)] = 1;

/** The row of the first block that is a child of a row; undefined where there is none. */
export function blockBelow(rows: Rows, parent: number): number | undefined {
  const end = rows[parent * rowSize + afterColumn] ?? 0;
  for (let row = parent + 1; row < end; row = rows[row * rowSize + afterColumn] ?? end)
    if (((rows[row * rowSize + kindColumn] ?? 0) & kindMask) === blockKind) return row;
  return undefined;
}
