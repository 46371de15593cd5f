import { atModule, type CutResult, type CutState, cutNext } from './syntax/cut.ts';
import { LogicalLines } from './syntax/logical-lines.ts';
import { longSegment } from './syntax/pieces.ts';
import { type Unit, unitIndexAt } from './unit.ts';

/** A segment of the text as an edit leaves it, before anything is known of it. */
export interface NewCut {
  readonly text: string;
  readonly role: Unit['role'];
  /** First offset, from the segment's start, whose change cannot move its end. */
  readonly reach: number;
  /** The cut state before it. */
  readonly state: CutState;
  /** Its logical lines, where it is long and was edited. */
  readonly lines: LogicalLines | undefined;
}

/** `count` units from index `from` on give way to `cuts`. */
export interface Recut {
  readonly from: number;
  readonly count: number;
  readonly cuts: readonly NewCut[];
  /** The new text where it changed, with some more on both sides. */
  readonly around: string;
}

/** An edit: offsets are UTF-16 code units of the text before it. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** The segments of a whole text. */
export function cutWhole(text: string): NewCut[] {
  const cuts: NewCut[] = [];
  let state = atModule;
  for (let offset = 0; offset < text.length; ) {
    const result = cutNext(text, offset, state, LogicalLines.passing);
    const { start, end } = result.segment;
    cuts.push(newCut(text.slice(start, end), result, state, undefined));
    state = result.next;
    offset = end;
  }
  return cuts;
}

/**
 * Cuts anew what a change can have moved: from the first unit whose cut looked at the changed text, to the first old
 * boundary behind it that falls together with a new one. There is at least one unit. `margin` is how many characters
 * `around` has on either side of the change.
 */
export function recut(units: readonly Unit[], change: Change, margin: number): Recut {
  const { start, end, replacement } = change;
  const shift = replacement.length - (end - start);
  const last = units.at(-1);
  const length = (last ? last.end : 0) + shift;
  const from = firstMoved(units, change);
  const window = windowAround(units, from, change);
  const cuts: NewCut[] = [];
  const head = units[from];
  const base = head?.start ?? 0;
  let state = head ? head.cutState : atModule;
  let offset = base;
  let old = from;
  for (;;) {
    const boundary = oldBoundary(units, old, end, shift, offset);
    old = boundary.index;
    if (boundary.meets && offset >= start + replacement.length && isSame(old, state)) break;
    if (offset >= length) {
      old = units.length;
      break;
    }
    const result = window.cut(offset - base, state);
    const text = owned(window.slice(result.segment.start, result.segment.end));
    // The first segment begins where the window does, so its lines are counted from its own start.
    const lines = offset === base && text.length > longSegment ? window.lines : undefined;
    cuts.push(newCut(text, result, state, lines));
    state = result.next;
    offset = base + result.segment.end;
  }
  const at = start - base;
  const around = window.slice(Math.max(0, at - margin), at + replacement.length + margin);
  return { from, count: old - from, cuts, around };

  function isSame(index: number, after: CutState): boolean {
    const unit = units[index];
    return unit !== undefined && unit.cutState.memberIndent === after.memberIndent;
  }
}

/**
 * The same text, on its own: a slice keeps all of the text that it is a slice of, and a segment lives long. Joining makes
 * V8 write it down once more, with one character that is then left out.
 */
function owned(slice: string): string {
  return `${slice}\n`.slice(0, -1);
}

function newCut(text: string, { segment }: CutResult, state: CutState, lines: LogicalLines | undefined): NewCut {
  return { text, role: segment.role, reach: segment.reach - segment.start, state, lines };
}

/**
 * The first unit that a change may move: its own, or an earlier one that looked so far ahead, as one does at the line
 * behind it and, where a bracket or a string in it is not closed, much farther, and now ends elsewhere. What still ends
 * where it did gets its new reach.
 */
function firstMoved(units: readonly Unit[], change: Change): number {
  const usual = unitIndexAt(units, change.start);
  for (let index = 0; index < usual; index++) {
    const unit = units[index];
    if (!unit || unit.start + unit.reach <= change.start) continue;
    const { segment, next } = windowAround(units, index, change).cut(0, unit.cutState);
    const after = units[index + 1];
    const isSame =
      segment.end === unit.text.length &&
      segment.role === unit.role &&
      after !== undefined &&
      after.cutState.memberIndent === next.memberIndent;
    if (!isSame) return index;
    unit.reach = segment.reach;
  }
  return usual;
}

/**
 * The new text from a unit on, as far as cutting looks: joining the whole file for every keystroke would cost more than
 * everything else.
 */
function windowAround(units: readonly Unit[], from: number, { start, end, replacement }: Change) {
  const base = units[from]?.start ?? 0;
  const head = units[from];
  const known = head?.logicalLines?.edited(head.text.length, start - base, end - base, replacement.length);
  const lines = known ?? LogicalLines.kept();
  // Every cut looks at the line behind it.
  let last = Math.max(from, unitIndexAt(units, end)) + 2;
  let text = joined(from, last);
  text = text.slice(0, start - base) + replacement + text.slice(end - base);

  function joined(first: number, past: number): string {
    let result = '';
    for (let index = first; index < Math.min(past, units.length); index++) result += units[index]?.text ?? '';
    return result;
  }

  return {
    lines,
    slice: (first: number, past: number): string => text.slice(first, past),
    /** Cuts at an offset of the window, widening it until the cut does not touch its end. */
    cut(offset: number, state: CutState): CutResult {
      for (;;) {
        if (offset < text.length) {
          const result = cutNext(text, offset, state, lines);
          if (last >= units.length || result.segment.reach < text.length) return result;
        } else if (last >= units.length) throw new RangeError('cut behind the end of the text');
        const wider = Math.min(units.length, last + Math.max(8, last - from));
        text += joined(last, wider);
        last = wider;
      }
    },
  };
}

/** The first old unit that starts, shifted, at or after `offset`, and whether it starts right there behind the change. */
function oldBoundary(
  units: readonly Unit[],
  index: number,
  changeEnd: number,
  shift: number,
  offset: number,
): { index: number; meets: boolean } {
  for (let at = index; ; at++) {
    const unit = units[at];
    if (!unit) return { index: at, meets: false };
    if (unit.start >= changeEnd && unit.start + shift >= offset)
      return { index: at, meets: unit.start + shift === offset };
  }
}
