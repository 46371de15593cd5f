import { bitsOf, intersects } from './file.ts';
import type { Binding, Scope } from './names/scopes.ts';
import { nameBit, type Read } from './reads.ts';
import type { Change } from './recut.ts';
import { type ChangedPart, changedPart } from './syntax/changed-part.ts';
import { kindColumn, kindMask, kindNumber, type Rows, rowSize, startColumn } from './syntax/rows.ts';
import type { Examination, Outcome, Unit } from './unit.ts';

/** A segment in the place of another that it was made of by changing statements inside, and what holds still. */
export interface Heir {
  readonly unit: Unit;
  readonly before: Unit;
  readonly change: ChangedPart;
  /** The parts that changed, and the names that are bound there now and were not. */
  readonly changed: Read;
  /** What came of the checks before. */
  readonly examination: Examination;
}

/**
 * The segment that an edit made of another one by changing statements inside it, when the examination of the old one was
 * kept; undefined where more than that has changed.
 *
 * @param changedNames names whose meaning the edit changed elsewhere, as consult keys.
 * @param touchedClasses scope ids of classes with other members that changed.
 */
export function heirOf(
  gone: readonly Unit[],
  fresh: ReadonlySet<Unit>,
  changedNames: ReadonlySet<string>,
  touchedClasses: ReadonlySet<number>,
  edit: Change,
): Heir | undefined {
  const [before] = gone;
  const [unit] = fresh;
  if (!before?.examination || !unit || gone.length > 1 || fresh.size > 1) return undefined;
  if (before.role !== unit.role || before.owner !== unit.owner) return undefined;
  if (before.consulted?.includesAnyOf(changedNames, bitsOf(changedNames))) return undefined;
  if (intersects(before.membersRead, touchedClasses)) return undefined;
  const start = Math.max(0, edit.start - before.start);
  const end = Math.min(before.text.length, edit.end - before.start);
  const change = changedPart(before, unit, start, end);
  if (!change || change.newEnd - change.first > mostChangedRows) return undefined;
  if (declaresScope(before.rows, change.first, change.oldEnd) || declaresScope(unit.rows, change.first, change.newEnd))
    return undefined;
  const parts = before.examination.reads.partsOf(change.first, change.oldEnd - 1);
  const changed = { parts, names: namesMoreBound(before, unit, change) };
  return { unit, before, change, changed, examination: before.examination };
}

/**
 * Whether what an edit changed in a segment can change what was said of another one that has read it; or where that is
 * said, when it reaches out of the segment.
 */
export function concerns({ before, changed }: Heir, reader: Unit): boolean {
  const { length } = reader.text;
  if (!reader.visits || reader.visits.touch(before, changed.parts)) return true;
  if (reader.findings.some(({ unit, end, source }) => unit !== reader || end > length || source.related)) return true;
  for (const facts of reader.facts?.values() ?? [])
    if (facts.some(({ startInUnit, endInUnit }) => startInUnit < 0 || endInUnit > length)) return true;
  return false;
}

/** What changes more rows than this at once is not worth comparing. */
const mostChangedRows = 600;

const commentKind = kindNumber('comment');
const scopeDeclarations = [kindNumber('global_statement'), kindNumber('nonlocal_statement')];

/** Whether anything of an outcome reaches across what changed. */
export function spans({ findings, facts }: Outcome, before: Unit, { first, movedFrom }: ChangedPart): boolean {
  const from = before.rows[first * rowSize + startColumn] ?? 0;
  return (
    findings.some(({ start, end }) => start < movedFrom && end > from) ||
    facts.some(({ fact }) => fact.startInUnit < movedFrom && fact.endInUnit > from)
  );
}

/**
 * Bits of the names that the changed statements bind more often than they did, in scopes around them. Who looked up a
 * name that they bound before has read them.
 */
function namesMoreBound(before: Unit, unit: Unit, { first, oldEnd, newEnd }: ChangedPart): number {
  let bits = 0;
  const compare = (now: Scope, earlier: Scope | undefined): void => {
    for (const [name, bindings] of now.names) {
      const count = countWithin(bindings, first, newEnd);
      if (count > 0 && count > countWithin(earlier?.names.get(name) ?? [], first, oldEnd)) bits |= nameBit(name);
    }
  };
  compare(unit.scopes.top, before.scopes.top);
  for (const [row, scope] of unit.scopes.byRow) if (row < first) compare(scope, before.scopes.byRow.get(row));
  return bits;
}

function countWithin(bindings: readonly Binding[], first: number, end: number): number {
  let count = 0;
  for (const { node } of bindings) if (node.row >= first && node.row < end) count++;
  return count;
}

/** Comments that stand together with what changed, as rows of the new tree: comments are read with the lines around them. */
export function commentsBeside(
  rows: Rows,
  { first, newEnd }: ChangedPart,
): { readonly from: number; readonly to: number } {
  const isComment = (row: number): boolean => ((rows[row * rowSize + kindColumn] ?? 0) & kindMask) === commentKind;
  let from = first;
  while (from > 0 && isComment(from - 1)) from--;
  let to = newEnd;
  while (to < rows.length / rowSize && isComment(to)) to++;
  return { from, to };
}

function declaresScope(rows: Rows, first: number, end: number): boolean {
  for (let row = first; row < end; row++)
    if (scopeDeclarations.includes((rows[row * rowSize + kindColumn] ?? 0) & kindMask)) return true;
  return false;
}
