import { noteRows, visitor, visits, watched } from '../reads.ts';
import { type FieldName, type Kind, kinds, type Shapes } from './grammar.generated.ts';
import {
  afterColumn,
  blockBelow,
  brokenFlag,
  endColumn,
  fieldNumber,
  fieldShift,
  hasHeader,
  kindColumn,
  kindMask,
  kindNumber,
  missingFlag,
  parentColumn,
  parentMask,
  type Rows,
  rowSize,
  startColumn,
} from './rows.ts';

/** What a node needs of the piece of file it belongs to: its text, its rows, and where it stands in the file just now. */
export interface Ground {
  readonly text: string;
  readonly rows: Rows;
  readonly start: number;
  /** Nodes already made, by row. */
  readonly nodes: (Node | undefined)[];
  /** The part of each row, where the piece is divided into parts. */
  readonly parts: Uint8Array | undefined;
}

type FieldsOf<K extends Kind> = [K] extends [keyof Shapes] ? keyof Shapes[K] & FieldName : never;
type SlotOf<K extends Kind, F extends FieldName> = K extends keyof Shapes
  ? F extends keyof Shapes[K]
    ? Shapes[K][F]
    : never
  : never;
type Held<S> = S extends { one: infer C extends Kind }
  ? TypedNode<C>
  : S extends { maybe: infer C extends Kind }
    ? TypedNode<C> | undefined
    : S extends { many: infer C extends Kind }
      ? TypedNode<C> | undefined
      : never;
type HeldMany<S> = S extends { many: infer C extends Kind }
  ? TypedNode<C>
  : S extends { one: infer C extends Kind } | { maybe: infer C extends Kind }
    ? TypedNode<C>
    : never;

/** A node whose kind is known, or known to be one of a few: then it has the fields they share. `is` narrows. */
export interface TypedNode<K extends Kind> extends Node {
  readonly kind: K;
  /** The node in a field; of several, the first. A field that the grammar requires is there unless the node is broken. */
  field<F extends FieldsOf<K>>(name: F): Held<SlotOf<K, F>>;
  /** All nodes in a field. */
  fields<F extends FieldsOf<K>>(name: F): HeldMany<SlotOf<K, F>>[];
}

/**
 * A view of one row, made when it is asked for. Nodes of one row are the same object, so they compare with `===`.
 * Offsets are UTF-16 code units in the file as it stands now: a node moves with the text before it.
 */
export class Node {
  readonly ground: Ground;
  readonly row: number;
  readonly kind: Kind;

  private constructor(ground: Ground, row: number, kind: Kind) {
    this.ground = ground;
    this.row = row;
    this.kind = kind;
  }

  /** The node of a row. */
  static at(ground: Ground, row: number): Node {
    const known = ground.nodes[row];
    if (known) return known;
    const made = new Node(ground, row, kinds[(ground.rows[row * rowSize + kindColumn] ?? 0) & kindMask] ?? 'ERROR');
    ground.nodes[row] = made;
    return made;
  }

  get start(): number {
    if (visits !== undefined && visitor !== this.ground) visits.notePlace();
    return this.ground.start + this.#column(startColumn);
  }

  get end(): number {
    this.#noteAll();
    if (visits !== undefined && visitor !== this.ground) visits.notePlace();
    return this.ground.start + this.#column(endColumn);
  }

  get text(): string {
    this.#noteAll();
    return this.ground.text.slice(this.#column(startColumn), this.#column(endColumn));
  }

  /** True for grammar nodes, false for tokens such as `(` or `async`. */
  get isNamed(): boolean {
    return !this.kind.startsWith('"');
  }

  /** The node is a syntax error, or has one below it. */
  get isBroken(): boolean {
    this.#noteAll();
    return (this.#column(kindColumn) & brokenFlag) !== 0;
  }

  /** The parser made the node up; it has no text. */
  get isMissing(): boolean {
    return (this.#column(kindColumn) & missingFlag) !== 0;
  }

  /** The node above, or undefined at the top of its segment. */
  get parent(): Node | undefined {
    if (this.row === 0) return undefined;
    const row = this.#column(parentColumn) & parentMask;
    return row === 0 ? undefined : Node.at(this.ground, row);
  }

  /** All children in order, tokens and comments included. */
  get children(): Node[] {
    this.#noteStatements();
    const children: Node[] = [];
    const end = this.#column(afterColumn);
    for (let row = this.row + 1; row < end; row = this.ground.rows[row * rowSize + afterColumn] ?? end)
      children.push(Node.at(this.ground, row));
    return children;
  }

  /** The children that are grammar nodes, comments and line continuations left out. */
  get namedChildren(): Node[] {
    this.#noteStatements();
    const found: Node[] = [];
    const { rows } = this.ground;
    const end = this.#column(afterColumn);
    for (let row = this.row + 1; row < end; row = rows[row * rowSize + afterColumn] ?? end) {
      if (isCounted[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] === 1) found.push(Node.at(this.ground, row));
    }
    return found;
  }

  /** The first named child. */
  get firstNamed(): Node | undefined {
    const { rows } = this.ground;
    const end = this.#column(afterColumn);
    for (let row = this.row + 1; row < end; row = rows[row * rowSize + afterColumn] ?? end) {
      if (isCounted[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] !== 1) continue;
      if (visits !== undefined && this.#mayChange()) this.#note(row);
      return Node.at(this.ground, row);
    }
    this.#noteStatements();
    return undefined;
  }

  /** Narrows to one of the given kinds. */
  is<C extends Kind>(...wanted: C[]): this is TypedNode<C> {
    return (wanted as Kind[]).includes(this.kind);
  }

  /** The node in a field; of several, the first. Only a narrowed node tells which fields it has. */
  field(name: FieldName): Node | undefined {
    const wanted = fieldNumber(name);
    const { rows } = this.ground;
    const end = this.#column(afterColumn);
    for (let row = this.row + 1; row < end; row = rows[row * rowSize + afterColumn] ?? end) {
      if ((rows[row * rowSize + parentColumn] ?? 0) >>> fieldShift === wanted) return this.#found(row);
    }
    this.#noteStatements();
    return undefined;
  }

  /** All nodes in a field. */
  fields(name: FieldName): Node[] {
    this.#noteStatements();
    const wanted = fieldNumber(name);
    const found: Node[] = [];
    const { rows } = this.ground;
    const end = this.#column(afterColumn);
    for (let row = this.row + 1; row < end; row = rows[row * rowSize + afterColumn] ?? end) {
      if ((rows[row * rowSize + parentColumn] ?? 0) >>> fieldShift === wanted) found.push(Node.at(this.ground, row));
    }
    return found;
  }

  /** The name of the field of its parent that holds this node is `name`. */
  isField(name: FieldName): boolean {
    return this.#column(parentColumn) >>> fieldShift === fieldNumber(name);
  }

  /** The first child of a kind, tokens included. */
  child<C extends Kind>(kind: C): TypedNode<C> | undefined {
    const wanted = kindNumber(kind);
    const { rows } = this.ground;
    const end = this.#column(afterColumn);
    for (let row = this.row + 1; row < end; row = rows[row * rowSize + afterColumn] ?? end) {
      if (((rows[row * rowSize + kindColumn] ?? 0) & kindMask) === wanted) return this.#found(row) as TypedNode<C>;
    }
    this.#noteStatements();
    return undefined;
  }

  /** The sibling after this node, tokens and comments included. */
  get next(): Node | undefined {
    return this.#sibling(1);
  }

  /** The sibling before this node, tokens and comments included. */
  get previous(): Node | undefined {
    return this.#sibling(-1);
  }

  /** The nearest node above of one of the kinds, within the segment. */
  above<C extends Kind>(...wanted: C[]): TypedNode<C> | undefined {
    for (let node = this.parent; node; node = node.parent) if (node.is(...wanted)) return node;
    return undefined;
  }

  /** Every node below of one of the kinds, in order. */
  below<C extends Kind>(...wanted: C[]): TypedNode<C>[] {
    this.#noteAll();
    const mark = marked(wanted);
    const found: Node[] = [];
    const { rows } = this.ground;
    const end = this.#column(afterColumn);
    for (let row = this.row + 1; row < end; row++) {
      if (marks[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] === mark) found.push(Node.at(this.ground, row));
    }
    return found as TypedNode<C>[];
  }

  /**
   * As `below`, but not into nodes of the `stop` kinds (they themselves are given when wanted): what a function does
   * itself is `belowOutside(['function_definition', 'lambda', 'class_definition'], …)`.
   */
  belowOutside<C extends Kind>(stop: readonly Kind[], ...wanted: C[]): TypedNode<C>[] {
    this.#noteAll();
    const stops = marked(stop);
    const mark = marked(wanted, stops);
    const found: Node[] = [];
    const { rows } = this.ground;
    const end = this.#column(afterColumn);
    let row = this.row + 1;
    while (row < end) {
      const kind = (rows[row * rowSize + kindColumn] ?? 0) & kindMask;
      const what = marks[kind] ?? 0;
      if (what === mark || what === mark + 1) found.push(Node.at(this.ground, row));
      row = what === stops || what === mark + 1 ? (rows[row * rowSize + afterColumn] ?? end) : row + 1;
    }
    return found as TypedNode<C>[];
  }

  /** The rows from this node's on up to `end`, all that is below it: for functions that look at many and make few nodes. */
  readRows(): { readonly rows: Rows; readonly end: number } {
    this.#noteAll();
    return { rows: this.ground.rows, end: this.#column(afterColumn) };
  }

  /** What a reading of this node gives, kept in `cache` for as long as the node is there. */
  once<T>(cache: WeakMap<Node, T>, read: () => T): T {
    this.#noteAll();
    const known = cache.get(this);
    if (known !== undefined) return known;
    const made = read();
    cache.set(this, made);
    return made;
  }

  /** Whether `other` is this node or below it. */
  contains(other: Node): boolean {
    return other.ground === this.ground && other.row >= this.row && other.row < this.#column(afterColumn);
  }

  /** Notes that all of the node was read. */
  #noteAll(): void {
    if (visits !== undefined) this.#note(this.#column(afterColumn) - 1);
  }

  /** Whether an edit may change which children it has, and leave what is below some of them as it is. */
  #mayChange(): boolean {
    return this.kind === 'block' || hasHeader[this.#column(kindColumn) & kindMask] === 1;
  }

  /** Notes that its children were read, where an edit may change which they are: all of a block, else what is before one. */
  #noteStatements(): void {
    if (visits === undefined || !this.#mayChange()) return;
    const block = this.kind === 'block' ? undefined : blockBelow(this.ground.rows, this.row);
    this.#note((block ?? this.#column(afterColumn)) - 1);
  }

  /** A child that was looked for: which it is, an edit of a header may change; the block stays. */
  #found(row: number): Node {
    const child = Node.at(this.ground, row);
    if (visits !== undefined && this.#mayChange()) {
      if (this.kind === 'block') this.#noteStatements();
      else if (child.kind !== 'block') child.#note(row);
    }
    return child;
  }

  /** Notes that this node was read, and what stands behind it up to a row. */
  #note(last: number): void {
    if (watched === this.ground) noteRows(this.row, last);
    else if (visitor !== this.ground) visits?.note(this.ground, this.ground.parts, this.row, last);
  }

  #column(column: number): number {
    return this.ground.rows[this.row * rowSize + column] ?? 0;
  }

  #sibling(step: 1 | -1): Node | undefined {
    const { rows } = this.ground;
    const parent = this.#column(parentColumn) & parentMask;
    const end = rows[parent * rowSize + afterColumn] ?? 0;
    let before = -1;
    for (let row = parent + 1; row < end; before = row, row = rows[row * rowSize + afterColumn] ?? end) {
      if (step > 0 ? before !== this.row : row !== this.row) continue;
      const found = step > 0 ? row : before;
      if (found < 0) return undefined;
      const other = Node.at(this.ground, found);
      if (step > 0) this.#note(found);
      else other.#note(this.row);
      return other;
    }
    return undefined;
  }
}

/** Kinds that are grammar nodes and stand for something, by number. */
const isCounted = Uint8Array.from(kinds, (kind) =>
  kind.startsWith('"') || kind === 'comment' || kind === 'line_continuation' ? 0 : 1,
);

/**
 * What the walk that runs now looks for, by kind number: an entry counts when it holds the walk's own mark. Asking a list
 * for each row cost more than the walk.
 */
const marks = new Float64Array(kinds.length);
let lastMark = 0;

/** Marks kinds; those that `also` marked before get the mark that follows, for both. */
function marked(wanted: readonly Kind[], also?: number): number {
  lastMark += 2;
  for (const kind of wanted) {
    const number = kindNumber(kind);
    marks[number] = also !== undefined && marks[number] === also ? lastMark + 1 : lastMark;
  }
  return lastMark;
}
