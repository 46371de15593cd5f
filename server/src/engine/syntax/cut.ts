import { type Line, LogicalLines, nextLine, wordAt } from './logical-lines.ts';

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
  let logical = lines.at(text, head);
  let end = head.content + logical.end;
  let reach = head.content + logical.reach;
  const read = (next: Line): void => {
    logical = lines.at(text, next);
    end = next.content + logical.end;
    reach = Math.max(reach, next.content + logical.reach);
  };
  let decorated = text.charCodeAt(head.content) === at;
  while (decorated) {
    const following = nextLine(text, end);
    if (following.content >= text.length || following.indent !== indent) break;
    head = following;
    read(head);
    decorated = text.charCodeAt(head.content) === at;
  }
  line = nextLine(text, end);
  const finish = (role: Segment['role'], next: CutState): CutResult => {
    // A long comment behind a statement is a segment of its own: typing in it need not examine the statement.
    const past = line.start - end > longComment ? end : line.start;
    return { segment: { start, end: past, reach: Math.max(reach, lookahead(line, text)), role }, next };
  };
  if (!member && !decorated && indent === 0 && wordAt(text, head.content) === 'class') {
    const body = line.content < text.length && line.indent > 0;
    return finish('class', body ? { memberIndent: line.indent } : atModule);
  }
  // A line that opens no block cannot have a deeper one below it: it stands where it does not belong, and what follows
  // goes on with the class, or stands alone.
  if (!decorated && !logical.opensBlock && line.content < text.length && line.indent > indent) {
    const orphans = state.memberIndent === undefined ? { memberIndent: line.indent } : state;
    return finish(state.memberIndent === undefined ? 'statement' : 'member', orphans);
  }
  while (
    line.content < text.length &&
    !decorated &&
    (line.indent > indent || (line.indent === indent && continues(text, line.content)))
  ) {
    read(line);
    line = nextLine(text, end);
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
export function cutClauses(text: string, lines: LogicalLines): Clause[] | undefined {
  const clauses: Clause[] = [];
  let head = nextLine(text, 0);
  const { indent } = head;
  if (!compound.has(wordAt(text, head.content)) && text.charCodeAt(head.content) !== at) return undefined;
  let start = 0;
  for (;;) {
    let logical = lines.at(text, head);
    let opened = head.content + logical.end;
    while (text.charCodeAt(head.content) === at) {
      head = nextLine(text, opened);
      if (head.content >= text.length || head.indent !== indent) return undefined;
      logical = lines.at(text, head);
      opened = head.content + logical.end;
    }
    const first = nextLine(text, opened);
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

const at = 64;

function lookahead(line: Line, text: string): number {
  // What is appended to the text can still become part of the word.
  return Math.min(text.length + 1, line.content + 9);
}

function continues(text: string, content: number): boolean {
  return continuing.has(wordAt(text, content));
}
