import { type Clause, cutClauses } from './cut.ts';
import { indentAt, LogicalLines } from './logical-lines.ts';
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

/** A text that was parsed alone. The same text in a later segment has the same rows, the object too. */
export interface Piece {
  readonly text: string;
  readonly rows: Rows;
}

export interface Parsed {
  readonly rows: Rows;
  /** Rows of all that a long segment was put together from, by their text. */
  readonly pieces: ReadonlyMap<string, Rows> | undefined;
  /** What it was put together from: its headers, joined, and the statements below them; each text stands in one of these. */
  readonly parted: readonly Piece[] | undefined;
}

/**
 * Segments longer than this many code units are parsed statement by statement. Shorter ones parse faster in one go than
 * the saving is worth. It depends on the text alone, so that an edited segment and a fresh one are parsed alike.
 */
export const longSegment = 200;

/** How a segment is parsed that will not be edited: whole, which takes less time, and by statements where it has an error. */
export function parseOnce(parser: ParserPort, text: string): Parsed {
  const rows = parser.parse(text);
  const isBroken = ((rows[kindColumn] ?? 0) & brokenFlag) !== 0;
  return isBroken && text.length > longSegment ? parseSegment(parser, text) : whole(rows);
}

/**
 * Parses a segment. A long compound statement is put together from the rows of its headers and of each statement of its
 * bodies; statements that `known` holds from the last time are not parsed again, and an error in one leaves the others
 * whole. Where there is no error the rows are those of `parseOnce`. `lines` are the logical lines of the text as far as they
 * have been read.
 */
export function parseSegment(
  parser: ParserPort,
  text: string,
  known?: ReadonlyMap<string, Rows>,
  lines: LogicalLines = LogicalLines.passing,
): Parsed {
  const pieces = new Map<string, Rows>();
  const { rows, parted } = parseLong(parser, text, known, pieces, lines);
  return { rows, parted, pieces: pieces.size > 0 ? pieces : undefined };
}

function whole(rows: Rows): Parsed {
  return { rows, pieces: undefined, parted: undefined };
}

function parseLong(
  parser: ParserPort,
  text: string,
  known: ReadonlyMap<string, Rows> | undefined,
  pieces: Map<string, Rows>,
  lines: LogicalLines,
): Pick<Parsed, 'rows' | 'parted'> {
  if (text.length <= longSegment) return whole(parser.parse(text));
  const clauses = cutClauses(text, lines);
  if (!clauses || clauses.reduce((count, clause) => count + clause.pieces.length, 0) < 2)
    return whole(parser.parse(text));
  const heads = headersOf(clauses, text);
  const headers = heads.map(({ start, end }) => text.slice(start, end)).join('');
  const skeleton = known?.get(headers) ?? pieces.get(headers) ?? parser.parse(headers);
  if (!hasEmptyBlocks(skeleton, clauses.length)) return whole(parser.parse(text));
  pieces.set(headers, skeleton);
  const parted: Piece[] = [{ text: headers, rows: skeleton }];
  const bodies = clauses.map(({ pieces: statements, indent }, index) => {
    const parts = statements.map((piece) => {
      const source = text.slice(piece.start, piece.end);
      const rows =
        known?.get(source) ??
        pieces.get(source) ??
        parseLong(parser, source, known, pieces, lines.within(piece.start)).rows;
      pieces.set(source, rows);
      parted.push({ text: source, rows });
      return { rows, offset: piece.start };
    });
    return bodyOf(parts, text, indent, index === clauses.length - 1);
  });
  return bodies.every((body) => body.inside.some((child) => !child.isComment))
    ? { rows: stitch(skeleton, heads, bodies, text), parted }
    : whole(parser.parse(text));
}

/** A clause's header line in the text. */
interface Header {
  readonly start: number;
  readonly end: number;
}

/**
 * The headers as they are parsed: all but the first without their indentation, which would make the grammar's scanner
 * take an `elif` for the first line of the `if`'s body.
 */
function headersOf(clauses: readonly Clause[], text: string): Header[] {
  return clauses.map(({ start, end }, index) => {
    if (index === 0) return { start, end };
    let content = start;
    while (text[content] === ' ' || text[content] === '\t') content++;
    return { start: content, end };
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

/** What belongs to a clause's body, child by child: comments at its ends stand elsewhere in the tree. */
interface Body {
  /** Comments above the first statement: children of the clause, before its block. */
  readonly above: readonly Child[];
  readonly inside: readonly Child[];
  /** Comments behind the last statement from the first that stands less deep: children of what stands around. */
  readonly behind: readonly Child[];
  readonly isLast: boolean;
}

/** A child of a part's root: rows `from` to `to` of it. */
interface Child {
  readonly part: Part;
  readonly from: number;
  readonly to: number;
  readonly isComment: boolean;
}

/**
 * Sorts the children of a body's parts as the grammar's scanner does: a block begins with its first statement, and ends
 * with the first comment behind its last one that stands less deep.
 */
function bodyOf(parts: readonly Part[], text: string, indent: number, isLast: boolean): Body {
  const children = parts.flatMap(childrenOf);
  const first = children.findIndex((child) => !child.isComment);
  const last = children.findLastIndex((child) => !child.isComment);
  const isLessDeep = ({ part, from }: Child): boolean =>
    (indentAt(text, (part.rows[from * rowSize + startColumn] ?? 0) + part.offset) ?? indent) < indent;
  const end = children.findIndex((child, index) => index > last && isLessDeep(child));
  const past = end < 0 ? children.length : end;
  return {
    above: children.slice(0, first),
    inside: children.slice(first, past),
    behind: children.slice(past),
    isLast,
  };
}

function childrenOf(part: Part): Child[] {
  const children: Child[] = [];
  const { rows } = part;
  const count = rows.length / rowSize;
  for (let row = 1; row < count; ) {
    const from = row;
    row = rows[from * rowSize + afterColumn] ?? count;
    const isComment = ((rows[from * rowSize + kindColumn] ?? 0) & kindMask) === commentKind;
    children.push({ part, from, to: row, isComment });
  }
  return children;
}

function rowsIn(children: readonly Child[]): number {
  return children.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Hangs the statements' rows into the headers' blocks, as one parse of the whole text has them. */
function stitch(skeleton: Rows, headers: readonly Header[], bodies: readonly Body[], text: string): Rows {
  const ownCount = skeleton.length / rowSize;
  const { places, afters } = placesOf(skeleton, bodies);
  const count = places[ownCount] ?? 0;
  const rows = new Int32Array(count * rowSize);
  const original = originalOffsets(headers);
  let block = 0;
  for (let row = 0; row < ownCount; row++) {
    const from = row * rowSize;
    const place = places[row] ?? 0;
    const to = place * rowSize;
    const parent = skeleton[from + parentColumn] ?? 0;
    rows[to + kindColumn] = skeleton[from + kindColumn] ?? 0;
    rows[to + startColumn] = original(skeleton[from + startColumn] ?? 0, false);
    rows[to + endColumn] = original(skeleton[from + endColumn] ?? 0, true);
    rows[to + parentColumn] = (places[parent & parentMask] ?? 0) | (parent & ~parentMask);
    rows[to + afterColumn] = afters[skeleton[from + afterColumn] ?? ownCount] ?? count;
    if (((skeleton[from + kindColumn] ?? 0) & kindMask) !== blockKind) continue;
    const body = bodies[block++];
    if (body) fillBlock(rows, place, body, statementAround(skeleton, row, places));
  }
  rows[endColumn] = text.length;
  rows[afterColumn] = count;
  return rows;
}

/**
 * Where each row of the skeleton stands once the bodies are in, and where what ended before it ends then; one more entry
 * for the end.
 */
function placesOf(skeleton: Rows, bodies: readonly Body[]): { places: Int32Array; afters: Int32Array } {
  const ownCount = skeleton.length / rowSize;
  const places = new Int32Array(ownCount + 1);
  const afters = new Int32Array(ownCount + 1);
  let place = 0;
  let after = 0;
  let block = 0;
  for (let row = 0; row <= ownCount; row++) {
    afters[row] = after;
    const isBlock = row < ownCount && ((skeleton[row * rowSize + kindColumn] ?? 0) & kindMask) === blockKind;
    const body = isBlock ? bodies[block++] : undefined;
    place += body ? rowsIn(body.above) : 0;
    places[row] = place;
    place += 1 + (body ? rowsIn(body.inside) : 0);
    after = place;
    place += body ? rowsIn(body.behind) : 0;
  }
  return { places, afters };
}

/** The new row of the compound statement that a block of the skeleton belongs to. */
function statementAround(skeleton: Rows, block: number, places: Int32Array): number {
  const parentOf = (row: number): number => (skeleton[row * rowSize + parentColumn] ?? 0) & parentMask;
  let row = parentOf(block);
  const kind = (skeleton[row * rowSize + kindColumn] ?? 0) & kindMask;
  if (clauseKinds.has(kind)) row = parentOf(row);
  return places[row] ?? 0;
}

const clauseKinds = new Set(
  (['elif_clause', 'else_clause', 'except_clause', 'finally_clause'] as const).map(kindNumber),
);

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

/** Writes the rows of a body around its block's row, and widens the block and all above it. */
function fillBlock(rows: Rows, block: number, body: Body, statement: number): void {
  const owner = (rows[block * rowSize + parentColumn] ?? 0) & parentMask;
  write(rows, body.above, block - rowsIn(body.above), owner);
  const behind = write(rows, body.inside, block + 1, block);
  write(rows, body.behind, behind, body.isLast ? 0 : statement);
  const first = body.inside[0];
  const last = body.inside.at(-1);
  const start = first ? (rows[(block + 1) * rowSize + startColumn] ?? 0) : 0;
  const end = last ? (last.part.rows[last.from * rowSize + endColumn] ?? 0) + last.part.offset : 0;
  let broken = 0;
  for (const { part } of body.inside) broken |= (part.rows[kindColumn] ?? 0) & brokenFlag;
  rows[block * rowSize + startColumn] = start;
  rows[block * rowSize + endColumn] = end;
  rows[block * rowSize + afterColumn] = behind;
  for (let row = block; row !== 0; row = (rows[row * rowSize + parentColumn] ?? 0) & parentMask) {
    const at = row * rowSize;
    rows[at + endColumn] = Math.max(rows[at + endColumn] ?? 0, end);
    rows[at + kindColumn] = (rows[at + kindColumn] ?? 0) | broken;
  }
  rows[kindColumn] = (rows[kindColumn] ?? 0) | broken;
}

/** Writes children from a row on, below a parent; returns the row behind them. */
function write(rows: Rows, children: readonly Child[], at: number, parent: number): number {
  let next = at;
  for (const { part, from, to } of children) {
    const delta = next - from;
    const past = to * rowSize;
    for (let source = from * rowSize, target = next * rowSize; source < past; source += rowSize, target += rowSize) {
      const above = part.rows[source + parentColumn] ?? 0;
      rows[target + kindColumn] = part.rows[source + kindColumn] ?? 0;
      rows[target + startColumn] = (part.rows[source + startColumn] ?? 0) + part.offset;
      rows[target + endColumn] = (part.rows[source + endColumn] ?? 0) + part.offset;
      rows[target + parentColumn] = above + ((above & parentMask) === 0 ? parent : delta);
      rows[target + afterColumn] = (part.rows[source + afterColumn] ?? 0) + delta;
    }
    next += to - from;
  }
  return next;
}
