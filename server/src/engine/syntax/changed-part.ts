import {
  afterColumn,
  blockBelow,
  brokenFlag,
  endColumn,
  hasHeader,
  kindColumn,
  kindMask,
  kindNumber,
  parentColumn,
  parentMask,
  type Rows,
  rowSize,
  startColumn,
} from './rows.ts';

/** A text and its tree. */
interface Parsed {
  readonly text: string;
  readonly rows: Rows;
}

/**
 * Statements of one block, or parts of a header, that give way to others: rows from `first` on, up to `oldEnd` in the old
 * tree and `newEnd` in the new one. All other rows are the same, moved by `newEnd - oldEnd` rows and `shift` code units where
 * they stand behind; only of those above (`isAbove`) the end and what is broken below may differ.
 */
export interface ChangedPart {
  readonly first: number;
  readonly oldEnd: number;
  readonly newEnd: number;
  /** By how much what stands behind has moved, in UTF-16 code units. */
  readonly shift: number;
  /** From where on the old text has moved. */
  readonly movedFrom: number;
}

/**
 * Finds the statements that an edit of the old text from `start` to `end` changed, whole lines of them, as deep in the tree
 * as they stand in one block, or the parts of one header. Undefined where the trees differ in more than that.
 */
export function changedPart(before: Parsed, after: Parsed, start: number, end: number): ChangedPart | undefined {
  const { from, oldTo, newTo } = changedLines(before.text, after.text, start, end);
  const candidates: Range[] = [];
  let old = 0;
  let young = 0;
  for (;;) {
    const range = childrenBetween(before.rows, old, from, oldTo);
    const counterpart = childrenBetween(after.rows, young, from, newTo);
    if (range.before !== counterpart.before || range.behind !== counterpart.behind) break;
    if (kindOf(before.rows, old) === blockKind) {
      const statements = joined(before.rows, range, after.rows, counterpart);
      if (statements) candidates.push(statements);
    } else if (isInHeader(before.rows, old, range) && isInHeader(after.rows, young, counterpart)) {
      candidates.push({ first: range.first, oldEnd: range.past, newEnd: counterpart.past });
    }
    const isSameChild =
      range.between === 1 &&
      counterpart.between === 1 &&
      range.first === counterpart.first &&
      kindOf(before.rows, range.first) === kindOf(after.rows, counterpart.first);
    if (!isSameChild) break;
    old = range.first;
    young = counterpart.first;
  }
  const shift = after.text.length - before.text.length;
  for (const { first, oldEnd, newEnd } of candidates.reverse()) {
    const change = { first, oldEnd, newEnd, shift, movedFrom: before.rows[oldEnd * rowSize + startColumn] ?? oldTo };
    if (isAllTheSame(before.rows, after.rows, change)) return change;
  }
  return undefined;
}

/** Whether the changed statements stand below a row of the new tree. */
export function isAbove(rows: Rows, row: number, { first }: ChangedPart): boolean {
  return row < first && (rows[row * rowSize + afterColumn] ?? 0) > first;
}

interface Range {
  readonly first: number;
  readonly oldEnd: number;
  readonly newEnd: number;
}

const blockKind = kindNumber('block');

function kindOf(rows: Rows, row: number): number {
  return (rows[row * rowSize + kindColumn] ?? 0) & kindMask;
}

/** The whole lines that differ, by their offsets in either text. */
function changedLines(before: string, after: string, start: number, end: number) {
  const from = start === 0 ? 0 : before.lastIndexOf('\n', start - 1) + 1;
  const lineBreak = before.indexOf('\n', end);
  const oldTo = lineBreak < 0 ? before.length : lineBreak + 1;
  return { from, oldTo, newTo: oldTo + after.length - before.length };
}

/** The children of a row that lie between two offsets, at least in part, and how many stand before and behind them. */
function childrenBetween(rows: Rows, parent: number, from: number, to: number) {
  const end = rows[parent * rowSize + afterColumn] ?? 0;
  let row = parent + 1;
  let before = 0;
  let last = -1;
  for (; row < end && (rows[row * rowSize + endColumn] ?? 0) <= from; before++) {
    last = row;
    row = rows[row * rowSize + afterColumn] ?? end;
  }
  const first = row;
  let between = 0;
  for (; row < end && (rows[row * rowSize + startColumn] ?? 0) < to; between++)
    row = rows[row * rowSize + afterColumn] ?? end;
  const past = row;
  let behind = 0;
  for (; row < end; behind++) row = rows[row * rowSize + afterColumn] ?? end;
  return { first, past, before, between, behind, last };
}

/**
 * The statements as a range of both trees. Where either has none, their neighbours belong to it, since whoever looked
 * from one to the other looked at what is new there.
 */
function joined(
  oldRows: Rows,
  old: ReturnType<typeof childrenBetween>,
  newRows: Rows,
  young: ReturnType<typeof childrenBetween>,
): Range | undefined {
  if (old.between > 0 && young.between > 0)
    return old.first === young.first ? { first: old.first, oldEnd: old.past, newEnd: young.past } : undefined;
  if (old.before === 0 && old.behind === 0) return undefined;
  const first = old.before > 0 ? old.last : old.first;
  if (first !== (young.before > 0 ? young.last : young.first)) return undefined;
  const pastNext = (rows: Rows, { past, behind }: { past: number; behind: number }): number =>
    behind > 0 ? (rows[past * rowSize + afterColumn] ?? past) : past;
  return { first, oldEnd: pastNext(oldRows, old), newEnd: pastNext(newRows, young) };
}

/** Whether children of a statement with a block are there, and all of them before the block. */
function isInHeader(rows: Rows, parent: number, { between, past }: ReturnType<typeof childrenBetween>): boolean {
  if (between === 0 || hasHeader[kindOf(rows, parent)] !== 1) return false;
  const block = blockBelow(rows, parent);
  return block !== undefined && past <= block;
}

/** Whether all rows but the changed ones are the same. */
function isAllTheSame(old: Rows, young: Rows, { first, oldEnd, newEnd, shift }: ChangedPart): boolean {
  const moved = newEnd - oldEnd;
  if (old.length / rowSize + moved !== young.length / rowSize) return false;
  for (let row = 0, at = 0; row < first; row++, at += rowSize) {
    const past = old[at + afterColumn] ?? 0;
    if (old[at + startColumn] !== young[at + startColumn] || old[at + parentColumn] !== young[at + parentColumn])
      return false;
    if (past <= first) {
      if (
        old[at + kindColumn] !== young[at + kindColumn] ||
        old[at + endColumn] !== young[at + endColumn] ||
        past !== young[at + afterColumn]
      )
        return false;
    } else {
      const kinds = (old[at + kindColumn] ?? 0) ^ (young[at + kindColumn] ?? 0);
      if ((kinds & ~brokenFlag) !== 0 || past + moved !== young[at + afterColumn]) return false;
    }
  }
  const count = old.length / rowSize;
  for (let row = oldEnd; row < count; row++) {
    const at = row * rowSize;
    const to = (row + moved) * rowSize;
    const parent = old[at + parentColumn] ?? 0;
    const newParent = (parent & parentMask) < first ? parent : parent + moved;
    if (
      old[at + kindColumn] !== young[to + kindColumn] ||
      (old[at + startColumn] ?? 0) + shift !== young[to + startColumn] ||
      (old[at + endColumn] ?? 0) + shift !== young[to + endColumn] ||
      (old[at + afterColumn] ?? 0) + moved !== young[to + afterColumn] ||
      newParent !== young[to + parentColumn]
    )
      return false;
  }
  return true;
}
