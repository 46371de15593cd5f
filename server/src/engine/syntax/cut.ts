/**
 * Cuts a Python file into segments: one per statement of the module, and one per statement of a class body that hangs
 * directly below the module. Each is parsed and examined alone, so the cost of a keystroke follows the edit.
 *
 * The cutter reads characters, not trees: a segment's end depends only on the text from its start to its `reach`, so
 * cutting again from a segment before an edit, until a cut falls where one already was, gives exactly the cuts of the
 * whole text. Lines are joined as the language reference says ("Explicit line joining", "Implicit line joining").
 *
 * In broken text a segment ends early rather than late: a bracket that is still open when a line begins with a word
 * that no bracket can contain is taken as unclosed, and a triple quote that "ends" right before a letter was the
 * opening of somebody's docstring.
 */
export interface Segment {
  readonly start: number;
  readonly end: number;
  /** First offset whose change cannot move this cut. */
  readonly reach: number;
  readonly role: 'statement' | 'class' | 'member';
}

/** Where cutting goes on: at module level, or in a class whose members stand at `memberIndent`. */
export interface CutState {
  readonly memberIndent: number | undefined;
}

export const atModule: CutState = { memberIndent: undefined };

export interface CutResult {
  readonly segment: Segment;
  readonly next: CutState;
}

/** All segments of a text, without a gap; none for an empty text. */
export function cutAll(text: string): Segment[] {
  const segments: Segment[] = [];
  let state = atModule;
  let offset = 0;
  while (offset < text.length) {
    const { segment, next } = cutNext(text, offset, state);
    segments.push(segment);
    state = next;
    offset = segment.end;
  }
  return segments;
}

/**
 * The segment that starts at `start`, which is a line start and the end of the segment before it. Comments and blank lines
 * of more code units than `longComment` are cut from the statements around them.
 */
export function cutNext(text: string, start: number, state: CutState, longComment = usualLongComment): CutResult {
  let line = nextLine(text, start);
  const ended = line.content >= text.length;
  const inside = (next: Line): boolean =>
    state.memberIndent !== undefined && next.content < text.length && next.indent > 0;
  if (line.start - start > longComment && !ended) {
    const segment: Segment = {
      start,
      end: line.start,
      reach: lookahead(line, text),
      role: inside(line) ? 'member' : 'statement',
    };
    return { segment, next: inside(line) ? state : atModule };
  }
  const { indent } = line;
  const member = state.memberIndent !== undefined && indent > 0;
  let head = line;
  let scan = scanLogicalLine(text, head);
  let reach = scan.reach;
  let decorated = text.charCodeAt(head.content) === at;
  while (decorated) {
    const following = nextLine(text, scan.end);
    if (following.content >= text.length || following.indent !== indent) break;
    head = following;
    scan = scanLogicalLine(text, head);
    reach = Math.max(reach, scan.reach);
    decorated = text.charCodeAt(head.content) === at;
  }
  line = nextLine(text, scan.end);
  const finish = (role: Segment['role'], next: CutState): CutResult => {
    // A long comment behind a statement is a segment of its own: typing in it need not examine the statement.
    const end = line.start - scan.end > longComment ? scan.end : line.start;
    return { segment: { start, end, reach: Math.max(reach, lookahead(line, text)), role }, next };
  };
  if (!member && !decorated && indent === 0 && wordAt(text, head.content) === 'class') {
    const body = line.content < text.length && line.indent > 0;
    return finish('class', body ? { memberIndent: line.indent } : atModule);
  }
  // A line that opens no block cannot have a deeper one below it: it stands where it does not belong, and what follows
  // goes on with the class, or stands alone.
  if (!decorated && !scan.opensBlock && line.content < text.length && line.indent > indent) {
    const orphans = state.memberIndent === undefined ? { memberIndent: line.indent } : state;
    return finish(state.memberIndent === undefined ? 'statement' : 'member', orphans);
  }
  while (
    line.content < text.length &&
    !decorated &&
    (line.indent > indent || (line.indent === indent && continues(text, line.content)))
  ) {
    scan = scanLogicalLine(text, line);
    reach = Math.max(reach, scan.reach);
    line = nextLine(text, scan.end);
  }
  return finish(member ? 'member' : 'statement', inside(line) ? state : atModule);
}

const usualLongComment = 400;

/** A clause of a compound statement: its header line, decorators included, and the statements below it. */
export interface Clause {
  readonly start: number;
  readonly end: number;
  readonly indent: number;
  readonly pieces: readonly Segment[];
}

/**
 * A compound statement cut into clauses and the statements of their bodies; undefined where the text is anything else.
 * The statements are cut as class members are, so the same holds of them.
 */
export function cutClauses(text: string): Clause[] | undefined {
  const clauses: Clause[] = [];
  let head = nextLine(text, 0);
  const { indent } = head;
  if (!compound.has(wordAt(text, head.content)) && text.charCodeAt(head.content) !== at) return undefined;
  let start = 0;
  for (;;) {
    let scan = scanLogicalLine(text, head);
    while (text.charCodeAt(head.content) === at) {
      head = nextLine(text, scan.end);
      if (head.content >= text.length || head.indent !== indent) return undefined;
      scan = scanLogicalLine(text, head);
    }
    const first = nextLine(text, scan.end);
    if (!scan.opensBlock || first.content >= text.length || first.indent <= indent) return undefined;
    const pieces: Segment[] = [];
    const state: CutState = { memberIndent: first.indent };
    let offset = scan.end;
    let next = first;
    do {
      // Comments go with the statement above them: how deep they stand tells whether they belong to its block.
      const { segment } = cutNext(text, offset, state, Number.POSITIVE_INFINITY);
      pieces.push(segment);
      offset = segment.end;
      next = nextLine(text, offset);
    } while (offset < text.length && next.indent > indent);
    clauses.push({ start, end: scan.end, indent: first.indent, pieces });
    if (offset >= text.length) return clauses;
    if (next.content >= text.length || next.indent !== indent || !continues(text, next.content)) return undefined;
    head = next;
    start = next.start;
  }
}

/** Words that begin a compound statement whose clauses stand at its own indentation; `async` goes before three of them. */
const compound = new Set(['def', 'async', 'with', 'for', 'while', 'class', 'if', 'try']);

interface Line {
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
const at = 64;
const backslash = 92;
const byteOrderMark = 0xfeff;

/** The words that go on with a statement at the same indentation. */
const continuing = new Set(['elif', 'else', 'except', 'finally']);

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

function lookahead(line: Line, text: string): number {
  // What is appended to the text can still become part of the word.
  return Math.min(text.length + 1, line.content + 9);
}

function continues(text: string, content: number): boolean {
  return continuing.has(wordAt(text, content));
}

/** The next line with code on it, blank lines and comments passed over. */
function nextLine(text: string, from: number): Line {
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

/** `opensBlock`: the line begins as a compound statement or clause does, and ends with a colon outside brackets. */
function scanLogicalLine(text: string, line: Line): { end: number; reach: number; opensBlock: boolean } {
  let depth = 0;
  let reach = line.content;
  let firstDedent: number | undefined;
  let offset = line.content;
  let last = 0;
  while (offset < text.length) {
    const code = text.charCodeAt(offset);
    switch (code) {
      case newline: {
        offset++;
        if (depth === 0)
          return {
            end: offset,
            reach: Math.max(reach, offset),
            opensBlock: last === colon && blockOpeners.has(wordAt(text, line.content)),
          };
        const inner = nextLine(text, offset);
        offset = inner.content;
        if (offset >= text.length) break;
        const first = text.charCodeAt(offset);
        if (first === 41 || first === 93 || first === 125) break;
        if (inner.indent <= line.indent) firstDedent ??= inner.start;
        if (first >= 97 && first <= 122 && outsideBrackets.has(wordAt(text, offset))) {
          return { end: firstDedent ?? inner.start, reach: Math.max(reach, offset + 10), opensBlock: false };
        }
        break;
      }
      case hash: {
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
        last = code;
        break;
      }
      case 40:
      case 91:
      case 123:
        depth++;
        last = code;
        offset++;
        break;
      case 41:
      case 93:
      case 125:
        if (depth > 0) depth--;
        last = code;
        offset++;
        break;
      case space:
      case tab:
      case carriageReturn:
        offset++;
        break;
      default:
        last = code;
        offset++;
    }
  }
  if (depth > 0 && firstDedent !== undefined)
    return {
      end: firstDedent,
      reach: text.length + 1,
      opensBlock: last === colon && blockOpeners.has(wordAt(text, line.content)),
    };
  return {
    end: text.length,
    reach: text.length + 1,
    opensBlock: last === colon && blockOpeners.has(wordAt(text, line.content)),
  };
}

/** The string whose opening quote stands at `open`. An unterminated one ends with its line. */
function scanString(text: string, open: number): { end: number; reach: number } {
  const quote = text.charCodeAt(open);
  const triple = text.charCodeAt(open + 1) === quote && text.charCodeAt(open + 2) === quote;
  if (!triple && text.charCodeAt(open + 1) === quote) return { end: open + 2, reach: open + 3 };
  const formatted = isFormatted(text, open);
  let end = formatted ? formattedEnd(text, open + (triple ? 3 : 1), quote, triple) : -1;
  if (end < 0) end = plainEnd(text, open + (triple ? 3 : 1), quote, triple);
  if (end < 0) return { end: lineEnd(text, open), reach: triple ? text.length + 1 : lineEnd(text, open) };
  if (triple && isWordCode(text.charCodeAt(end)) && text.lastIndexOf('\n', end) > open) {
    return { end: lineEnd(text, open), reach: end + 1 };
  }
  return { end, reach: end + 1 };
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

function wordAt(text: string, offset: number): string {
  let end = offset;
  while (end < offset + 9 && isWordCode(text.charCodeAt(end))) end++;
  return text.slice(offset, end);
}
