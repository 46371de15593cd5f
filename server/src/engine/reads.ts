import { kindColumn, kindMask, kindNumber, parentColumn, parentMask, type Rows, rowSize } from './syntax/rows.ts';

/**
 * What checks read of a long segment while they look at it, so that after an edit inside it only those are asked again
 * that read what has changed. A segment is divided into at most 31 parts, runs of statements; what was read is a set of
 * parts and a set of names that were looked up, each in 32 bits. A bit too many costs time, never truth.
 *
 * Where a node stands in the tree is not noted: `parent`, and the children of anything but a block or what has a header, stay
 * as they are while an edit stays inside statements of a block or inside a header (`changedPart` makes sure of that).
 */

/** Whose rows are watched now, which is so only while `visits` are kept; undefined while nothing is. */
export let watched: object | undefined;
let partOfRow: Uint8Array = new Uint8Array();
let parts = 0;
let names = 0;

/** Every part. */
const everything = -1;

/** Notes that rows `first` to `last` of the watched segment were read. */
export function noteRows(first: number, last: number): void {
  parts |= between(partOfRow[first] ?? 0, partOfRow[last] ?? mostParts - 1);
}

/** Notes that a name was looked up in the scopes of the watched segment. */
export function noteName(name: string): void {
  names |= nameBit(name);
}

/** One of 32 bits for a name; different names may share one. */
export function nameBit(name: string): number {
  const { length } = name;
  const sum = length * 7 + name.charCodeAt(0) * 31 + name.charCodeAt(length >> 1) * 5 + name.charCodeAt(length - 1);
  return 1 << (sum & 31);
}

/** What was read: parts and names, a bit each. */
export interface Read {
  readonly parts: number;
  readonly names: number;
}

/** Runs something and says what it read; what was read before counts for the caller again afterwards, with that. */
export function readBy<T>(run: () => T): { readonly result: T; readonly read: Read } {
  const before = { parts, names };
  parts = 0;
  names = 0;
  try {
    const result = run();
    return { result, read: { parts, names } };
  } finally {
    parts |= before.parts;
    names |= before.names;
  }
}

/** Counts something as read that was read earlier, for an answer that was kept. */
export function noteRead(read: Read): void {
  parts |= read.parts;
  names |= read.names;
}

/** What a segment's checks read of other segments while they were asked. */
export class Visits {
  /** Parts of the segments that are divided, all of those that are not. */
  readonly #parts = new Map<object, number>();
  /** Where something in another segment stands has been asked. */
  #places = false;

  /** Whether anything was read that an edit of `ground` changes in those parts. */
  touch(ground: object, changed: number): boolean {
    return this.#places || ((this.#parts.get(ground) ?? 0) & changed) !== 0;
  }

  /** What was read of a segment was read of the one that takes its place. */
  follow(before: object, after: object): void {
    const parts = this.#parts.get(before);
    if (parts === undefined) return;
    this.#parts.delete(before);
    this.#parts.set(after, parts);
  }

  /** Notes rows of a segment, divided into parts or not. */
  note(ground: object, part: Uint8Array | undefined, first: number, last: number): void {
    const parts = part ? between(part[first] ?? 0, part[last] ?? mostParts - 1) : everything;
    this.#parts.set(ground, (this.#parts.get(ground) ?? 0) | parts);
  }

  notePlace(): void {
    this.#places = true;
  }
}

/**
 * What is read now of other segments than `visitor`; undefined while that is not kept. Nodes ask this before they note
 * anything.
 */
export let visits: Visits | undefined;
export let visitor: object | undefined;

/** Keeps what is read of other segments than `ground` meanwhile. */
export function visiting<T>(ground: object, into: Visits, run: () => T): T {
  const before = { visits, visitor };
  visits = into;
  visitor = ground;
  try {
    return run();
  } finally {
    visits = before.visits;
    visitor = before.visitor;
  }
}

/** Runs something that reads nothing of any segment. */
export function unnoted<T>(run: () => T): T {
  const before = visits;
  visits = undefined;
  try {
    return run();
  } finally {
    visits = before;
  }
}

/** What was read, by the row that was looked at; and the parts of the segment. */
export class UnitReads {
  readonly part: Uint8Array;
  readonly #parts: Int32Array;
  readonly #names: Int32Array;

  private constructor(part: Uint8Array, partsRead: Int32Array, namesRead: Int32Array) {
    this.part = part;
    this.#parts = partsRead;
    this.#names = namesRead;
  }

  /** For a segment that is looked at for the first time, divided by `partsOf`. */
  static of(part: Uint8Array): UnitReads {
    return new UnitReads(part, new Int32Array(part.length), new Int32Array(part.length));
  }

  /**
   * For the same segment, whose rows are now `rows`, with other ones in the place of some: the new ones are divided among
   * the parts of the old ones, and nothing is known of what they read.
   */
  replaced(rows: Rows, first: number, oldEnd: number, newEnd: number): UnitReads {
    const count = rows.length / rowSize;
    const splice = <A extends Uint8Array | Int32Array>(from: A, into: A): A => {
      into.set(from.subarray(0, first));
      into.set(from.subarray(oldEnd), newEnd);
      return into;
    };
    const part = splice(this.part, new Uint8Array(count));
    divide(rows, part, { first, end: newEnd }, { first: this.part[first] ?? 0, last: this.part[oldEnd - 1] ?? 0 });
    return new UnitReads(part, splice(this.#parts, new Int32Array(count)), splice(this.#names, new Int32Array(count)));
  }

  /** The parts that rows belong to. */
  partsOf(first: number, last: number): number {
    return between(this.part[first] ?? 0, this.part[last] ?? 0);
  }

  /** Whether what was asked about a row has read any of these parts or looked up any of these names. */
  touches(row: number, read: Read): boolean {
    return ((this.#parts[row] ?? 0) & read.parts) !== 0 || ((this.#names[row] ?? 0) & read.names) !== 0;
  }

  /** Forgets what was read for a row, before it is asked about anew. */
  forget(row: number): void {
    this.#parts[row] = 0;
    this.#names[row] = 0;
  }

  /** Watches what is read of `ground` while a row is asked about, and keeps it with what was read for it before. */
  watch(ground: object, row: number, ask: () => void): void {
    watched = ground;
    partOfRow = this.part;
    parts = 1 << (this.part[row] ?? 0);
    names = 0;
    try {
      ask();
    } finally {
      watched = undefined;
      this.#parts[row] = (this.#parts[row] ?? 0) | parts;
      this.#names[row] = (this.#names[row] ?? 0) | names;
    }
  }

  /** Makes a row one that every edit asks about again. */
  always(row: number): void {
    this.#parts[row] = everything;
  }
}

const mostParts = 31;
const leastRows = 8;
const blockKind = kindNumber('block');

function between(first: number, last: number): number {
  return (2 << last) - (1 << first);
}

/** Segments with more rows than this are divided and watched; shorter ones are examined sooner than compared. */
const watchedRows = 120;

/** The part of each row of a segment; undefined for a short one. */
export function partsOf(rows: Rows): Uint8Array | undefined {
  if (rows.length <= watchedRows * rowSize) return undefined;
  const part = new Uint8Array(rows.length / rowSize);
  divide(rows, part, { first: 0, end: part.length }, { first: 0, last: mostParts - 1 });
  return part;
}

/** Divides some rows into parts of about the same size, each but the first beginning with a statement of a block. */
function divide(
  rows: Rows,
  part: Uint8Array,
  { first, end }: { readonly first: number; readonly end: number },
  among: { readonly first: number; readonly last: number },
): void {
  const size = Math.max(leastRows, Math.ceil(((end - first) * 1.2) / (among.last - among.first + 1)));
  let current = among.first;
  let began = first;
  for (let row = first; row < end; row++) {
    if (row - began >= size && current < among.last) {
      const parent = (rows[row * rowSize + parentColumn] ?? 0) & parentMask;
      if (((rows[parent * rowSize + kindColumn] ?? 0) & kindMask) === blockKind) {
        current++;
        began = row;
      }
    }
    part[row] = current;
  }
}
