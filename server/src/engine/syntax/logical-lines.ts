/**
 * Logical lines: physical lines joined as the language reference says ("Explicit line joining", "Implicit line joining"),
 * read from characters. Offsets are UTF-16 code units.
 */

/** Where a line of code begins. */
export interface Line {
  /** Line start. */
  readonly start: number;
  /** First character that is not white space; the text's length at the end of the file. */
  readonly content: number;
  readonly indent: number;
}

const tab = 9;
const newline = 10;
const formFeed = 12;
const carriageReturn = 13;
const space = 32;
const doubleQuote = 34;
const hash = 35;
const singleQuote = 39;
const colon = 58;
const backslash = 92;
const byteOrderMark = 0xfeff;

/** The words that begin a line with a block below it. */
const blockOpeners = new Set([
  'async',
  'case',
  'class',
  'def',
  'elif',
  'else',
  'except',
  'finally',
  'for',
  'if',
  'match',
  'try',
  'while',
  'with',
]);

/** The words that begin a line of a valid file only outside brackets (language reference, "Keywords"). */
const outsideBrackets = new Set([
  'assert',
  'break',
  'class',
  'continue',
  'def',
  'del',
  'elif',
  'except',
  'finally',
  'global',
  'import',
  'nonlocal',
  'pass',
  'raise',
  'return',
  'try',
  'while',
  'with',
]);

/** The next line with code on it, blank lines and comments passed over. */
export function nextLine(text: string, from: number): Line {
  let start = from;
  for (;;) {
    let offset = start;
    let indent = 0;
    for (; offset < text.length; offset++) {
      const deeper = indented(indent, text.charCodeAt(offset));
      if (deeper === undefined) break;
      indent = deeper;
    }
    if (offset >= text.length) return { start: text.length, content: text.length, indent: 0 };
    const code = text.charCodeAt(offset);
    if (code !== newline && code !== hash) return { start, content: offset, indent };
    const end = text.indexOf('\n', offset);
    if (end < 0) return { start: text.length, content: text.length, indent: 0 };
    start = end + 1;
  }
}

/** A logical line as it was read; offsets from where its code begins, so that it stays the same wherever it stands. */
export interface LogicalLine {
  /** Behind its line break. */
  readonly end: number;
  /** First offset whose change cannot move `end`. */
  readonly reach: number;
  readonly indent: number;
  /** It begins as a compound statement or clause does, and ends with a colon outside brackets. */
  readonly opensBlock: boolean;
  /** The next line with code on it. */
  readonly behind: Line;
  /** First offset whose change cannot change anything of all this. */
  readonly seen: number;
}

/**
 * The logical lines of a text, read when asked for and kept: a long statement is cut as a whole and then in parts, and
 * after an edit most of its lines are still the same.
 */
export class LogicalLines {
  /** Reads each line anew. */
  static readonly passing = new LogicalLines(undefined, 0);

  readonly #known: Map<number, LogicalLine> | undefined;
  /** How far behind the beginning of what `#known` counts from the text asked about begins. */
  readonly #base: number;

  private constructor(known: Map<number, LogicalLine> | undefined, base: number) {
    this.#known = known;
    this.#base = base;
  }

  static kept(): LogicalLines {
    return new LogicalLines(new Map(), 0);
  }

  /** The logical line whose code begins at `content`, indented by `indent`. */
  at(text: string, content: number, indent: number): LogicalLine {
    if (!this.#known) return readLogicalLine(text, content, indent);
    const key = this.#base + content;
    const known = this.#known.get(key);
    // What looked beyond the end of this text may end elsewhere in it.
    if (known && known.indent === indent && content + known.seen <= text.length) return known;
    const read = readLogicalLine(text, content, indent);
    if (content + read.seen <= text.length) this.#known.set(key, read);
    return read;
  }

  /** The same lines for a part of the text that begins at `start`. */
  within(start: number): LogicalLines {
    return new LogicalLines(this.#known, this.#base + start);
  }

  /**
   * The lines that still stand when the text between two offsets has been replaced by `inserted` code units. Of what stood
   * behind the first `length` code units of the old text nothing is known.
   */
  edited(length: number, start: number, end: number, inserted: number): LogicalLines {
    const kept = new Map<number, LogicalLine>();
    for (const [offset, line] of this.#known ?? []) {
      if (offset + line.seen > length) continue;
      if (offset + line.seen <= start) kept.set(offset, line);
      else if (offset >= end) kept.set(offset + inserted - (end - start), line);
    }
    return new LogicalLines(kept, 0);
  }
}

/** The indentation behind one more character of a line's beginning; undefined where that is not white space. */
function indented(indent: number, code: number): number | undefined {
  if (code === space) return indent + 1;
  if (code === tab) return indent + 8 - (indent % 8);
  if (code === formFeed || code === carriageReturn) return 0;
  return code === byteOrderMark ? indent : undefined;
}

/** The indentation of what stands at an offset; undefined where something else stands before it on its line. */
export function indentAt(text: string, offset: number): number | undefined {
  let indent: number | undefined = 0;
  for (let before = text.lastIndexOf('\n', offset - 1) + 1; before < offset && indent !== undefined; before++)
    indent = indented(indent, text.charCodeAt(before));
  return indent;
}

/** By code: 0 for what means something to a logical line; all other codes are 1 or not in here. */
const isPlain = Uint8Array.from({ length: 128 }, (_, code) =>
  /[\n#\\'"()[\]{}]/.test(String.fromCharCode(code)) ? 0 : 1,
);

function readLogicalLine(text: string, content: number, indent: number): LogicalLine {
  let depth = 0;
  let reach = content;
  let firstDedent: number | undefined;
  let offset = content;
  /** Where a comment outside brackets ends the code. */
  let codeEnd = -1;
  while (offset < text.length) {
    const code = text.charCodeAt(offset);
    if (isPlain[code] !== 0) {
      offset++;
      continue;
    }
    switch (code) {
      case newline: {
        if (depth === 0) {
          const opens = opensBlock(text, content, codeEnd < 0 ? offset : codeEnd);
          return lineFrom(text, content, indent, offset + 1, Math.max(reach, offset + 1), opens);
        }
        offset++;
        const inner = nextLine(text, offset);
        offset = inner.content;
        if (offset >= text.length) break;
        const first = text.charCodeAt(offset);
        if (first === 41 || first === 93 || first === 125) break;
        if (inner.indent <= indent) firstDedent ??= inner.start;
        if (first >= 97 && first <= 122 && outsideBrackets.has(wordAt(text, offset)))
          return lineFrom(text, content, indent, firstDedent ?? inner.start, Math.max(reach, offset + 10), false);
        break;
      }
      case hash: {
        if (depth === 0) codeEnd = offset;
        const end = text.indexOf('\n', offset);
        offset = end < 0 ? text.length : end;
        break;
      }
      case backslash: {
        offset++;
        if (text.charCodeAt(offset) === carriageReturn) offset++;
        offset++;
        break;
      }
      case singleQuote:
      case doubleQuote: {
        const string = scanString(text, offset);
        reach = Math.max(reach, string.reach);
        offset = string.end;
        break;
      }
      case 40:
      case 91:
      case 123:
        depth++;
        offset++;
        break;
      default:
        if (depth > 0) depth--;
        offset++;
    }
  }
  const end = depth > 0 && firstDedent !== undefined ? firstDedent : text.length;
  const opens = opensBlock(text, content, codeEnd < 0 ? text.length : codeEnd);
  return lineFrom(text, content, indent, end, text.length + 1, opens);
}

/** Whether the code between two offsets begins as a compound statement or clause does, and ends with a colon. */
function opensBlock(text: string, from: number, to: number): boolean {
  let last = to - 1;
  while (last > from && isBlank(text.charCodeAt(last))) last--;
  return text.charCodeAt(last) === colon && blockOpeners.has(wordAt(text, from));
}

function isBlank(code: number): boolean {
  return code === space || code === tab || code === carriageReturn || code === newline || code === formFeed;
}

function lineFrom(
  text: string,
  content: number,
  indent: number,
  end: number,
  reach: number,
  opens: boolean,
): LogicalLine {
  const next = nextLine(text, end);
  return {
    end: end - content,
    reach: reach - content,
    indent,
    opensBlock: opens,
    behind: { start: next.start - content, content: next.content - content, indent: next.indent },
    seen: Math.max(reach, next.content + 1) - content,
  };
}

/** The string whose opening quote stands at `open`. An unterminated one ends with its line. */
function scanString(text: string, open: number): { end: number; reach: number } {
  const quote = text.charCodeAt(open);
  const triple = text.charCodeAt(open + 1) === quote && text.charCodeAt(open + 2) === quote;
  if (!triple && text.charCodeAt(open + 1) === quote) return { end: open + 2, reach: open + 3 };
  const formatted = isFormatted(text, open) ? formattedEnd(text, open + (triple ? 3 : 1), quote, triple) : 0;
  const end = formatted > 0 ? formatted : plainEnd(text, open + (triple ? 3 : 1), quote, triple);
  // A replacement field that does not end was looked for to the end of the text.
  const reach = formatted < 0 || (end < 0 && triple) ? text.length + 1 : end + 1;
  if (end < 0) return { end: lineEnd(text, open), reach: Math.max(reach, lineEnd(text, open)) };
  if (triple && isWordCode(text.charCodeAt(end)) && text.lastIndexOf('\n', end) > open)
    return { end: lineEnd(text, open), reach };
  return { end, reach };
}

/** The end of the line that `offset` is on, without its line break. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

function plainEnd(text: string, from: number, quote: number, triple: boolean): number {
  if (triple) return tripleEnd(text, from, quote);
  for (let offset = from; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === backslash) {
      offset++;
      if (text.charCodeAt(offset) === carriageReturn) offset++;
    } else if (code === quote) return offset + 1;
    else if (code === newline) return -1;
  }
  return -1;
}

function tripleEnd(text: string, from: number, quote: number): number {
  const closing = quote === doubleQuote ? '"""' : "'''";
  for (let found = text.indexOf(closing, from); found >= 0; found = text.indexOf(closing, found + 1)) {
    let backslashes = 0;
    while (found - backslashes > from && text.charCodeAt(found - backslashes - 1) === backslash) backslashes++;
    if (backslashes % 2 === 0) return found + 3;
  }
  return -1;
}

/** As `plainEnd`, for f-strings, whose replacement fields may hold the same quotes again (PEP 701). */
function formattedEnd(text: string, from: number, quote: number, triple: boolean): number {
  let offset = from;
  while (offset < text.length) {
    const code = text.charCodeAt(offset);
    if (code === backslash) {
      const escaped = text.charCodeAt(offset + 1);
      offset += escaped === 123 || escaped === 125 ? 1 : 2;
    } else if (
      code === quote &&
      (!triple || (text.charCodeAt(offset + 1) === quote && text.charCodeAt(offset + 2) === quote))
    ) {
      return offset + (triple ? 3 : 1);
    } else if (code === newline && !triple) {
      return -1;
    } else if (code === 123) {
      if (text.charCodeAt(offset + 1) === 123) {
        offset += 2;
        continue;
      }
      offset = fieldEnd(text, offset + 1, quote, triple);
      if (offset < 0) return -1;
    } else offset++;
  }
  return -1;
}

/** The end of a replacement field, whose opening brace stands before `from`; -1 when it does not end. */
function fieldEnd(text: string, from: number, quote: number, triple: boolean): number {
  let depth = 0;
  let inFormat = false;
  let offset = from;
  while (offset < text.length) {
    const code = text.charCodeAt(offset);
    if (code === newline && !triple) return -1;
    if (code === 125 && depth === 0) return offset + 1;
    if (inFormat) {
      if (code === 123) {
        offset = fieldEnd(text, offset + 1, quote, triple);
        if (offset < 0) return -1;
        continue;
      }
      if (code === quote && !triple) return -1;
      offset++;
      continue;
    }
    if (code === singleQuote || code === doubleQuote) {
      const inner = text.charCodeAt(offset + 1) === code && text.charCodeAt(offset + 2) === code;
      const start = offset + (inner ? 3 : 1);
      const end = isFormatted(text, offset)
        ? formattedEnd(text, start, code, inner)
        : plainEnd(text, start, code, inner);
      if (end < 0) return -1;
      offset = end;
      continue;
    }
    if (code === 40 || code === 91 || code === 123) depth++;
    else if (code === 41 || code === 93 || code === 125) depth--;
    else if (code === 58 && depth === 0) inFormat = true;
    offset++;
  }
  return -1;
}

/** Whether the letters right before an opening quote make it an f-string or a t-string (PEP 750). */
function isFormatted(text: string, open: number): boolean {
  for (let offset = open - 1; offset >= open - 2 && offset >= 0; offset--) {
    const code = text.charCodeAt(offset) | 32;
    if (code === 102 || code === 116)
      return !isWordCode(text.charCodeAt(offset - 1)) || isFormatPrefix(text, offset - 1);
    if (code !== 114) return false;
  }
  return false;
}

function isFormatPrefix(text: string, offset: number): boolean {
  return (text.charCodeAt(offset) | 32) === 114 && !isWordCode(text.charCodeAt(offset - 1));
}

function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code > 127
  );
}

export function wordAt(text: string, offset: number): string {
  let end = offset;
  while (end < offset + 9 && isWordCode(text.charCodeAt(end))) end++;
  return text.slice(offset, end);
}
