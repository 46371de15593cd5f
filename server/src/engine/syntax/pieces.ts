import { cutBody } from './cut.ts';
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
const longSegment = 2000;

/**
 * Parses a segment. A long function is put together from the rows of its header and of each statement of its body;
 * statements that `known` holds from the last time are not parsed again, and an error in one leaves the others whole.
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
  const body = cutBody(text);
  if (!body || body.pieces.length < 2) return parser.parse(text);
  const header = parser.parse(text.slice(0, body.headerEnd));
  const block = emptyBlock(header);
  if (block === undefined) return parser.parse(text);
  const parts = body.pieces.map((piece) => {
    const source = text.slice(piece.start, piece.end);
    const rows = known?.get(source) ?? pieces.get(source) ?? parseLong(parser, source, known, pieces);
    pieces.set(source, rows);
    return { rows, offset: piece.start };
  });
  return stitch(header, block, parts, text, body.indent);
}

const blockKind = kindNumber('block');
const commentKind = kindNumber('comment');

/** The row of the empty block that ends a whole header; undefined when the header is broken. */
function emptyBlock(header: Rows): number | undefined {
  if (((header[kindColumn] ?? 0) & brokenFlag) !== 0) return undefined;
  for (let row = header.length / rowSize - 1; row > 0; row--) {
    const kind = (header[row * rowSize + kindColumn] ?? 0) & kindMask;
    if (kind === blockKind)
      return header[row * rowSize + startColumn] === header[row * rowSize + endColumn] ? row : undefined;
    if (kind !== commentKind) return undefined;
  }
  return undefined;
}

/** Hangs the parts' rows into the header's block, as one parse of the whole text has them. */
function stitch(
  header: Rows,
  block: number,
  parts: readonly { rows: Rows; offset: number }[],
  text: string,
  indent: number,
): Rows {
  const count = header.length / rowSize + parts.reduce((sum, part) => sum + part.rows.length / rowSize - 1, 0);
  const rows = new Int32Array(count * rowSize);
  rows.set(header);
  // Comments below the header were parsed behind the block; they become its first children.
  for (let row = block + 1; row < header.length / rowSize; row++) rows[row * rowSize + parentColumn] = block;
  let next = header.length / rowSize;
  let broken = 0;
  let start = -1;
  let end = 0;
  for (const part of parts) {
    const delta = next - 1;
    broken |= (part.rows[kindColumn] ?? 0) & brokenFlag;
    for (let from = rowSize, to = next * rowSize; from < part.rows.length; from += rowSize, to += rowSize) {
      const parent = part.rows[from + parentColumn] ?? 0;
      const kind = part.rows[from + kindColumn] ?? 0;
      const from0 = (part.rows[from + startColumn] ?? 0) + part.offset;
      const to0 = (part.rows[from + endColumn] ?? 0) + part.offset;
      rows[to + kindColumn] = kind;
      rows[to + startColumn] = from0;
      rows[to + endColumn] = to0;
      rows[to + afterColumn] = (part.rows[from + afterColumn] ?? 0) + delta;
      if ((parent & parentMask) !== 0) {
        rows[to + parentColumn] = parent + delta;
        continue;
      }
      rows[to + parentColumn] = parent + block;
      if ((kind & kindMask) !== commentKind) {
        if (start < 0) start = from0;
        end = to0;
      } else if (from0 - text.lastIndexOf('\n', from0) - 1 >= indent) end = to0;
    }
    next += part.rows.length / rowSize - 1;
  }
  rows[block * rowSize + startColumn] = start < 0 ? end : start;
  for (let row = block; row !== 0; row = (rows[row * rowSize + parentColumn] ?? 0) & parentMask) {
    rows[row * rowSize + endColumn] = end;
    rows[row * rowSize + afterColumn] = count;
    rows[row * rowSize + kindColumn] = (rows[row * rowSize + kindColumn] ?? 0) | broken;
  }
  rows[kindColumn] = (rows[kindColumn] ?? 0) | broken;
  rows[endColumn] = text.length;
  rows[afterColumn] = count;
  return rows;
}
