import { type Clause, cutClauses } from './cut.ts';
import type { ParserPort } from './port.ts';
import {
  afterColumn,
  brokenFlag,
  endColumn,
  kindColumn,
  kindMask,
  kindNumber,
  parentColumn,
  parentMask,
  type Rows,
  rowSize,
  startColumn,
} from './rows.ts';

/** Rows of a segment, and of the statements it was put together from, by their text. */
export interface Parsed {
  readonly rows: Rows;
  readonly pieces: ReadonlyMap<string, Rows> | undefined;
}

/**
 * Segments longer than this many code units are parsed statement by statement. Shorter ones parse faster in one go than
 * the saving is worth. It depends on the text alone, so that an edited segment and a fresh one are parsed alike.
 */
const longSegment = 600;

/**
 * Parses a segment. A long compound statement is put together from the rows of its headers and of each statement of its
 * bodies; statements that `known` holds from the last time are not parsed again, and an error in one leaves the others whole.
 */
export function parseSegment(parser: ParserPort, text: string, known?: ReadonlyMap<string, Rows>): Parsed {
  if (text.length <= longSegment) return { rows: parser.parse(text), pieces: undefined };
  const pieces = new Map<string, Rows>();
  return { rows: parseLong(parser, text, known, pieces), pieces: pieces.size > 0 ? pieces : undefined };
}

function parseLong(
  parser: ParserPort,
  text: string,
  known: ReadonlyMap<string, Rows> | undefined,
  pieces: Map<string, Rows>,
): Rows {
  if (text.length <= longSegment) return parser.parse(text);
  const clauses = cutClauses(text);
  if (!clauses || clauses.reduce((count, clause) => count + clause.pieces.length, 0) < 2) return parser.parse(text);
  const headers = clauses.map((clause) => text.slice(clause.start, clause.end)).join('');
  const skeleton = known?.get(headers) ?? pieces.get(headers) ?? parser.parse(headers);
  if (!hasEmptyBlocks(skeleton, clauses.length)) return parser.parse(text);
  pieces.set(headers, skeleton);
  const bodies = clauses.map((clause) =>
    clause.pieces.map((piece) => {
      const source = text.slice(piece.start, piece.end);
      const rows = known?.get(source) ?? pieces.get(source) ?? parseLong(parser, source, known, pieces);
      pieces.set(source, rows);
      return { rows, offset: piece.start };
    }),
  );
  return stitch(skeleton, clauses, bodies, text);
}

const blockKind = kindNumber('block');
const commentKind = kindNumber('comment');

interface Part {
  readonly rows: Rows;
  readonly offset: number;
}

/** Whether the headers parsed whole, each with one empty block. */
function hasEmptyBlocks(skeleton: Rows, wanted: number): boolean {
  if (((skeleton[kindColumn] ?? 0) & brokenFlag) !== 0) return false;
  let found = 0;
  for (let at = 0; at < skeleton.length; at += rowSize) {
    if (((skeleton[at + kindColumn] ?? 0) & kindMask) !== blockKind) continue;
    if (skeleton[at + startColumn] !== skeleton[at + endColumn]) return false;
    found++;
  }
  return found === wanted;
}

/** Hangs the statements' rows into the headers' blocks, as one parse of the whole text has them. */
function stitch(skeleton: Rows, clauses: readonly Clause[], bodies: readonly (readonly Part[])[], text: string): Rows {
  const ownCount = skeleton.length / rowSize;
  const added = bodies.map((parts) => parts.reduce((sum, part) => sum + part.rows.length / rowSize - 1, 0));
  const count = ownCount + added.reduce((sum, more) => sum + more, 0);
  const rows = new Int32Array(count * rowSize);
  const moved = movedRows(skeleton, added);
  const original = originalOffsets(clauses);
  let block = 0;
  for (let row = 0; row < ownCount; row++) {
    const from = row * rowSize;
    const to = (moved[row] ?? 0) * rowSize;
    const parent = skeleton[from + parentColumn] ?? 0;
    rows[to + kindColumn] = skeleton[from + kindColumn] ?? 0;
    rows[to + startColumn] = original(skeleton[from + startColumn] ?? 0, false);
    rows[to + endColumn] = original(skeleton[from + endColumn] ?? 0, true);
    rows[to + parentColumn] = (moved[parent & parentMask] ?? 0) | (parent & ~parentMask);
    rows[to + afterColumn] = moved[skeleton[from + afterColumn] ?? ownCount] ?? count;
    if (((skeleton[from + kindColumn] ?? 0) & kindMask) !== blockKind) continue;
    fillBlock(rows, to / rowSize, bodies[block] ?? [], text, clauses[block]?.indent ?? 0);
    block++;
  }
  rows[endColumn] = text.length;
  return rows;
}

/** Where each row of the skeleton stands once the bodies are in; one more entry for the end. */
function movedRows(skeleton: Rows, added: readonly number[]): Int32Array {
  const ownCount = skeleton.length / rowSize;
  const moved = new Int32Array(ownCount + 1);
  let shift = 0;
  let block = 0;
  for (let row = 0; row <= ownCount; row++) {
    moved[row] = row + shift;
    if (row < ownCount && ((skeleton[row * rowSize + kindColumn] ?? 0) & kindMask) === blockKind)
      shift += added[block++] ?? 0;
  }
  return moved;
}

/** From offsets in the joined headers to offsets in the text; an end belongs to the header it ends. */
function originalOffsets(clauses: readonly Clause[]): (offset: number, isEnd: boolean) => number {
  const starts: number[] = [];
  let length = 0;
  for (const clause of clauses) {
    starts.push(length);
    length += clause.end - clause.start;
  }
  return (offset, isEnd) => {
    let index = clauses.length - 1;
    while (index > 0 && (isEnd ? (starts[index] ?? 0) >= offset : (starts[index] ?? 0) > offset)) index--;
    return offset - (starts[index] ?? 0) + (clauses[index]?.start ?? 0);
  };
}

/** Writes the rows of a body behind its block's row, and widens the block and all above it. */
function fillBlock(rows: Rows, block: number, parts: readonly Part[], text: string, indent: number): void {
  let next = block + 1;
  let start = -1;
  let end = 0;
  let broken = 0;
  for (const part of parts) {
    const delta = next - 1;
    broken |= (part.rows[kindColumn] ?? 0) & brokenFlag;
    for (let from = rowSize, to = next * rowSize; from < part.rows.length; from += rowSize, to += rowSize) {
      const parent = part.rows[from + parentColumn] ?? 0;
      const kind = part.rows[from + kindColumn] ?? 0;
      const first = (part.rows[from + startColumn] ?? 0) + part.offset;
      const last = (part.rows[from + endColumn] ?? 0) + part.offset;
      rows[to + kindColumn] = kind;
      rows[to + startColumn] = first;
      rows[to + endColumn] = last;
      rows[to + afterColumn] = (part.rows[from + afterColumn] ?? 0) + delta;
      if ((parent & parentMask) !== 0) {
        rows[to + parentColumn] = parent + delta;
        continue;
      }
      rows[to + parentColumn] = parent + block;
      if ((kind & kindMask) !== commentKind) {
        if (start < 0) start = first;
        end = last;
      } else if (start >= 0 && first - text.lastIndexOf('\n', first) - 1 >= indent) end = last;
    }
    next += part.rows.length / rowSize - 1;
  }
  rows[block * rowSize + startColumn] = start < 0 ? end : start;
  rows[block * rowSize + endColumn] = end;
  rows[block * rowSize + afterColumn] = next;
  for (let row = block; row !== 0; row = (rows[row * rowSize + parentColumn] ?? 0) & parentMask) {
    const at = row * rowSize;
    rows[at + endColumn] = Math.max(rows[at + endColumn] ?? 0, end);
    rows[at + kindColumn] = (rows[at + kindColumn] ?? 0) | broken;
  }
  rows[kindColumn] = (rows[kindColumn] ?? 0) | broken;
}
