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
  const heads = headersOf(clauses, text);
  const headers = heads.map(({ start, end }) => text.slice(start, end)).join('');
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
  return stitch(skeleton, heads, bodies, text);
}

/** A clause's header line in the text, and the indentation of its body. */
interface Header {
  readonly start: number;
  readonly end: number;
  readonly indent: number;
}

/**
 * The headers as they are parsed: all but the first without their indentation, which would make the grammar's scanner
 * take an `elif` for the first line of the `if`'s body.
 */
function headersOf(clauses: readonly Clause[], text: string): Header[] {
  return clauses.map(({ start, end, indent }, index) => {
    if (index === 0) return { start, end, indent };
    let content = start;
    while (text[content] === ' ' || text[content] === '\t') content++;
    return { start: content, end, indent };
  });
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
function stitch(skeleton: Rows, headers: readonly Header[], bodies: readonly (readonly Part[])[], text: string): Rows {
  const ownCount = skeleton.length / rowSize;
  const added = bodies.map((parts) => parts.reduce((sum, part) => sum + part.rows.length / rowSize - 1, 0));
  const count = ownCount + added.reduce((sum, more) => sum + more, 0);
  const rows = new Int32Array(count * rowSize);
  const moved = movedRows(skeleton, added);
  const original = originalOffsets(headers);
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
    fillBlock(rows, to / rowSize, bodies[block] ?? [], text, headers[block]?.indent ?? 0);
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
function originalOffsets(headers: readonly Header[]): (offset: number, isEnd: boolean) => number {
  const starts: number[] = [];
  let length = 0;
  for (const header of headers) {
    starts.push(length);
    length += header.end - header.start;
  }
  return (offset, isEnd) => {
    let index = headers.length - 1;
    while (index > 0 && (isEnd ? (starts[index] ?? 0) >= offset : (starts[index] ?? 0) > offset)) index--;
    return offset - (starts[index] ?? 0) + (headers[index]?.start ?? 0);
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
      }
    }
    next += part.rows.length / rowSize - 1;
    if (start >= 0) end = Math.max(end, endOfComments(part, text, indent));
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

/**
 * Where the comments behind a body's statement end that stand as deep as the body, and so belong to it; wherever in the
 * statement's own bodies their rows hang. Zero where there is none.
 */
function endOfComments({ rows, offset }: Part, text: string, indent: number): number {
  for (let at = rows.length - rowSize; at > 0; at -= rowSize) {
    if (((rows[at + kindColumn] ?? 0) & kindMask) !== commentKind) return 0;
    const first = (rows[at + startColumn] ?? 0) + offset;
    if (first - text.lastIndexOf('\n', first) - 1 >= indent) return (rows[at + endColumn] ?? 0) + offset;
  }
  return 0;
}
