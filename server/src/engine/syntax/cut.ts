import { type Line, type LogicalLine, LogicalLines, nextLine, wordAt } from './logical-lines.ts';

/**
 * Cuts a Python file into segments: one per statement of the module, and one per statement of a class body that hangs
 * directly below the module. Each is parsed and examined alone, so the cost of a keystroke follows the edit.
 *
 * The cutter reads characters, not trees: a segment's end depends only on the text from its start to its `reach`, so
 * cutting again from a segment before an edit, until a cut falls where one already was, gives exactly the cuts of the
 * whole text.
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
    const { segment, next } = cutNext(text, offset, state, LogicalLines.passing);
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
export function cutNext(
  text: string,
  start: number,
  state: CutState,
  lines: LogicalLines,
  longComment = usualLongComment,
): CutResult {
  const first = nextLine(text, start);
  const { indent } = first;
  const isInClass = state.memberIndent !== undefined;
  if (first.start - start > longComment && first.content < text.length) {
    const inside = isInClass && indent > 0;
    const segment: Segment = {
      start,
      end: first.start,
      reach: lookahead(first.content, text),
      role: inside ? 'member' : 'statement',
    };
    return { segment, next: inside ? state : atModule };
  }
  const at: Cursor = {
    line: first.start,
    content: first.content,
    indent,
    end: start,
    reach: start,
    opensBlock: false,
  };
  let head = at.content;
  advance(at, text, lines);
  let decorated = text.charCodeAt(head) === decorator;
  while (decorated && at.content < text.length && at.indent === indent) {
    head = at.content;
    advance(at, text, lines);
    decorated = text.charCodeAt(head) === decorator;
  }
  const member = isInClass && indent > 0;
  const isAtEnd = at.content >= text.length;
  if (!member && !decorated && indent === 0 && wordAt(text, head) === 'class') {
    const body = isAtEnd || at.indent === 0 ? atModule : { memberIndent: at.indent };
    return cutAt(at, text, start, longComment, 'class', body);
  }
  // A line that opens no block cannot have a deeper one below it: it stands where it does not belong, and what follows
  // goes on with the class, or stands alone.
  if (!decorated && !at.opensBlock && !isAtEnd && at.indent > indent) {
    const orphans = isInClass ? state : { memberIndent: at.indent };
    return cutAt(at, text, start, longComment, isInClass ? 'member' : 'statement', orphans);
  }
  while (
    !decorated &&
    at.content < text.length &&
    (at.indent > indent || (at.indent === indent && continues(text, at.content)))
  )
    advance(at, text, lines);
  const goesOn = isInClass && at.content < text.length && at.indent > 0;
  return cutAt(at, text, start, longComment, member ? 'member' : 'statement', goesOn ? state : atModule);
}

/** How far a cut has read, and the line with code behind that. */
interface Cursor {
  line: number;
  content: number;
  indent: number;
  end: number;
  reach: number;
  opensBlock: boolean;
}

function advance(at: Cursor, text: string, lines: LogicalLines): void {
  const { content } = at;
  const logical = lines.at(text, content, at.indent);
  at.end = content + logical.end;
  at.reach = Math.max(at.reach, content + logical.reach);
  at.opensBlock = logical.opensBlock;
  at.line = content + logical.behind.start;
  at.indent = logical.behind.indent;
  at.content = content + logical.behind.content;
}

function cutAt(
  { line, content, end, reach }: Cursor,
  text: string,
  start: number,
  longComment: number,
  role: Segment['role'],
  next: CutState,
): CutResult {
  // A long comment behind a statement is a segment of its own: typing in it need not examine the statement.
  const past = line - end > longComment ? end : line;
  return { segment: { start, end: past, reach: Math.max(reach, lookahead(content, text)), role }, next };
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
export function cutClauses(text: string, lines: LogicalLines): Clause[] | undefined {
  const clauses: Clause[] = [];
  let head = nextLine(text, 0);
  const { indent } = head;
  if (!compound.has(wordAt(text, head.content)) && text.charCodeAt(head.content) !== decorator) return undefined;
  let start = 0;
  for (;;) {
    let logical = lines.at(text, head.content, indent);
    while (text.charCodeAt(head.content) === decorator) {
      head = behind(head, logical);
      if (head.content >= text.length || head.indent !== indent) return undefined;
      logical = lines.at(text, head.content, indent);
    }
    const opened = head.content + logical.end;
    const first = behind(head, logical);
    if (!logical.opensBlock || first.content >= text.length || first.indent <= indent) return undefined;
    const pieces: Segment[] = [];
    const state: CutState = { memberIndent: first.indent };
    let offset = opened;
    let next = first;
    do {
      // Comments go with the statement above them: how deep they stand tells whether they belong to its block.
      const { segment } = cutNext(text, offset, state, lines, Number.POSITIVE_INFINITY);
      pieces.push(segment);
      offset = segment.end;
      next = nextLine(text, offset);
    } while (offset < text.length && next.indent > indent);
    clauses.push({ start, end: opened, indent: first.indent, pieces });
    if (offset >= text.length) return clauses;
    if (next.content >= text.length || next.indent !== indent || !continues(text, next.content)) return undefined;
    head = next;
    start = next.start;
  }
}

/** Words that begin a compound statement whose clauses stand at its own indentation; `async` goes before three of them. */
const compound = new Set(['def', 'async', 'with', 'for', 'while', 'class', 'if', 'try']);

/** The words that go on with a statement at the same indentation. */
const continuing = new Set(['elif', 'else', 'except', 'finally']);

const decorator = 64;

function lookahead(content: number, text: string): number {
  // What is appended to the text can still become part of the word.
  return Math.min(text.length + 1, content + 9);
}

function behind({ content }: Line, logical: LogicalLine): Line {
  const { start, content: next, indent } = logical.behind;
  return { start: content + start, content: content + next, indent };
}

function continues(text: string, content: number): boolean {
  return continuing.has(wordAt(text, content));
}
