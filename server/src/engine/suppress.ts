import type { Fix, StoredFinding } from './rule.ts';
import type { Node } from './syntax/node.ts';
import type { Unit } from './unit.ts';

/** One code in a suppression comment, where it stands in the comment's text. */
export interface SuppressedCode {
  readonly code: string;
  readonly start: number;
  readonly end: number;
}

/** A suppression comment, read. Offsets are from the comment's start. */
export interface Suppression {
  readonly comment: Node;
  readonly scope: 'line' | 'file';
  /** Undefined when it names no codes and so suppresses all. */
  readonly codes: readonly SuppressedCode[] | undefined;
  /** The directive alone: from its `#` to the end of its last code. */
  readonly start: number;
  readonly end: number;
}

const directive =
  /#\s*(?:(?<file>groundrules\s*:\s*noqa)|(?<line>noqa))(?<list>\s*:\s*(?<codes>[A-Za-z]+[0-9]+(?:[\s,]+[A-Za-z]+[0-9]+)*))?(?![A-Za-z0-9_-])/i;
const code = /[A-Za-z]+[0-9]+/g;

/**
 * Reads a comment as `# noqa`, `# noqa: GR101, F401`, `# groundrules: noqa` or `# groundrules: noqa: GR401`, case
 * aside, as flake8 and Ruff read theirs. Undefined for any other comment.
 */
export function readSuppression(comment: Node): Suppression | undefined {
  const { text } = comment;
  if (!/noqa/i.test(text)) return undefined;
  const match = directive.exec(text);
  if (!match?.groups) return undefined;
  const start = match.index;
  const end = start + match[0].length;
  const scope = match.groups.file ? 'file' : 'line';
  if (match.groups.codes === undefined) {
    // A colon without readable codes suppresses nothing rather than everything.
    return /^\s*:/.test(text.slice(end)) ? undefined : { comment, scope, codes: undefined, start, end };
  }
  const listStart = end - match.groups.codes.length;
  const codes = [...match.groups.codes.matchAll(code)].map((found) => ({
    code: found[0].toUpperCase(),
    start: listStart + found.index,
    end: listStart + found.index + found[0].length,
  }));
  return { comment, scope, codes, start, end };
}

/**
 * The edit that takes codes out of a suppression comment: the codes with their commas, or, when none is left, the whole
 * directive, and with it the comment and the white space before it when it says nothing else.
 */
export function withoutCodes(
  suppression: Suppression,
  drop: readonly SuppressedCode[],
): { start: number; end: number; text: string } {
  const { comment, codes } = suppression;
  const kept = codes?.filter((candidate) => !drop.includes(candidate)) ?? [];
  const base = comment.start;
  const first = codes?.[0];
  if (kept.length > 0 && first) {
    return {
      start: base + first.start,
      end: base + suppression.end,
      text: kept.map((candidate) => candidate.code).join(', '),
    };
  }
  const { text } = comment;
  const before = text.slice(0, suppression.start).trimEnd();
  const after = text.slice(suppression.end).trimStart();
  if (before === '' && after === '') {
    const { ground } = comment;
    let start = comment.start - ground.start;
    while (start > 0 && (ground.text[start - 1] === ' ' || ground.text[start - 1] === '\t')) start--;
    const ownLine = start === 0 || ground.text[start - 1] === '\n';
    let end = comment.end - ground.start;
    if (ownLine) {
      if (ground.text[end] === '\r') end++;
      if (ground.text[end] === '\n') end++;
    }
    return { start: start + ground.start, end: end + ground.start, text: '' };
  }
  const rest = after.startsWith('#') || after === '' ? after : `# ${after}`;
  return {
    start: base,
    end: base + text.length,
    text: before === '' ? rest : rest === '' ? before : `${before}  ${rest}`,
  };
}

const suppressionCache = new WeakMap<Unit, readonly Suppression[]>();

/** The suppression comments of a unit. */
export function suppressionsOf(unit: Unit): readonly Suppression[] {
  let known = suppressionCache.get(unit);
  if (!known) {
    known = unit.comments.flatMap((comment) => readSuppression(comment) ?? []);
    suppressionCache.set(unit, known);
  }
  return known;
}

/** What file-level suppressions say, for telling whether it changed. */
export function describe(suppressions: readonly Suppression[]): string {
  return suppressions.map((suppression) => suppression.comment.text).join('\n');
}

/**
 * The lines of a unit that a comment at the end of a line speaks for: its own, and the lines before it that are joined to
 * it by a backslash or by a string of several lines, as flake8 has it.
 */
export function linesCovered(unit: Unit, comment: Node): number[] {
  const own = unit.lines.line(comment.start - unit.start);
  const lines = [own];
  const joining = joiningOf(unit);
  for (let line = own; ; ) {
    const by = joining(line);
    if (by === undefined) return lines;
    line = by === 'backslash' ? line - 1 : unit.lines.line(by.start - unit.start);
    for (let covered = line; !lines.includes(covered); covered++) lines.push(covered);
  }
}

/**
 * The line of a unit at whose end a suppression comment for something on `line` has to stand: that of the end of a string
 * of several lines, or of lines joined by a backslash, since no comment can stand inside.
 */
export function suppressionLineIn(unit: Unit, line: number): number {
  let own = line;
  const joining = joiningOf(unit);
  for (;;) {
    const by = joining(own + 1);
    if (by === undefined) return own;
    own = by === 'backslash' ? own + 1 : unit.lines.line(by.end - unit.start);
  }
}

/** What joins a line of a unit to the one before it: the string that both stand in, or a backslash. */
function joiningOf(unit: Unit): (line: number) => Node | 'backslash' | undefined {
  const strings = unit.root.below('string').filter((string) => string.text.includes('\n'));
  return (line) => {
    const start = unit.lines.lineStart(line);
    const string = strings.find(
      (candidate) => candidate.start - unit.start < start && candidate.end - unit.start > start,
    );
    if (string) return string;
    const before = unit.text.slice(unit.lines.lineStart(line - 1), start);
    return line > 0 && /\\\r?\n$/.test(before) ? 'backslash' : undefined;
  };
}

/** Why a suppression hides a finding: itself when it names no code, else its codes that match. */
export function hitsOf(suppression: Suppression, finding: StoredFinding): (SuppressedCode | Suppression)[] {
  if (suppression.codes === undefined) return finding.rule.blanketSuppressible ? [suppression] : [];
  return suppression.codes.filter((code) => code.code === finding.rule.card.code);
}

/** The fix that takes one code out of a suppression. */
export function removal(suppression: Suppression, code: SuppressedCode, title: string): Fix {
  return { title, safety: 'safe', edits: [withoutCodes(suppression, [code])] };
}
