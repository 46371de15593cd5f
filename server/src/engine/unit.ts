import type { Consulted } from './file.ts';
import { entryPointOf } from './names/entry-points.ts';
import type { Binding, UnitScopes } from './names/scopes.ts';
import { scopesOf } from './names/scopes.ts';
import { partsOf, type Read, type UnitReads, type Visits } from './reads.ts';
import type { StoredFinding } from './rule.ts';
import { atModule, type CutState } from './syntax/cut.ts';
import type { LogicalLines } from './syntax/logical-lines.ts';
import { Node, type TypedNode } from './syntax/node.ts';
import type { Parsed, Piece } from './syntax/pieces.ts';
import { brokenFlag, kindColumn, kindMask, kindNumber, type Rows, rowSize } from './syntax/rows.ts';
import { LineIndex, type Position, type Span } from './text.ts';

let made = 0;

/** A segment with everything known of it. Positions inside are its own; `start` and `startLine` say where it stands now. */
export class Unit {
  /** Names the scope of the class whose header this is; kept when the header is edited. */
  scopeId = ++made;
  readonly text: string;
  readonly role: 'statement' | 'class' | 'member';
  readonly rows: Rows;
  readonly nodes: (Node | undefined)[] = [];
  /** Rows of the statements that a long segment was put together from. */
  readonly pieces: ReadonlyMap<string, Rows> | undefined;
  /** What a long segment was put together from. */
  readonly parted: readonly Piece[] | undefined;
  /** How many line breaks the text has. */
  readonly lineBreaks: number;
  start = 0;
  startLine = 0;
  /** First offset, from `start`, whose change cannot move the end of this segment. */
  reach = 0;
  /** The cut state before it. */
  cutState: CutState = atModule;
  /** Its logical lines, where it is long and was edited. */
  logicalLines: LogicalLines | undefined;
  /** The names it binds, as `signatures` says them, while they stand in the name tables. */
  bound: ReadonlyMap<string, string> | undefined;
  /** The findings in it that no comment suppresses; undefined until it has been examined. */
  visible: readonly StoredFinding[] | undefined;
  /** For a member, the segment of its class's header. */
  owner: Unit | undefined;

  /** What this segment's findings rest on elsewhere: keys of names looked up in other segments. */
  consulted: Consulted | undefined;
  /** Scope ids of classes whose members' statements this segment read. */
  membersRead: Set<number> | undefined;
  /** What its checks read of other segments; kept where edits are to come. */
  visits: Visits | undefined;
  /** Findings of checks on this segment, wherever they are placed. */
  findings: StoredFinding[] = [];
  /** Facts for the file level, by rule code. */
  facts: Map<string, PlacedFact[]> | undefined;
  /** What was read and found, by row; of a long segment that may be edited. */
  examination: Examination | undefined;
  /** Results of name resolution, by row. */
  qualified: Map<number, Resolved> | undefined;

  #parts: { readonly of: Uint8Array | undefined } | undefined;
  #scopes: UnitScopes | undefined;
  #lines: LineIndex | undefined;
  #comments: Node[] | undefined;
  #statements: readonly Node[] | undefined;
  #classDefinition: { readonly found: TypedNode<'class_definition'> | undefined } | undefined;

  constructor(text: string, role: Unit['role'], parsed: Parsed) {
    this.text = text;
    this.role = role;
    this.rows = parsed.rows;
    this.pieces = parsed.pieces;
    this.parted = parsed.parted;
    let lineBreaks = 0;
    for (let offset = text.indexOf('\n'); offset >= 0; offset = text.indexOf('\n', offset + 1)) lineBreaks++;
    this.lineBreaks = lineBreaks;
  }

  get end(): number {
    return this.start + this.text.length;
  }

  get root(): Node {
    return Node.at(this, 0);
  }

  /** The part of each row, of a long segment. */
  get parts(): Uint8Array | undefined {
    if (this.examination) return this.examination.reads.part;
    this.#parts ??= { of: partsOf(this.rows) };
    return this.#parts.of;
  }

  /** The statements of the segment: usually one, several where semicolons part them. */
  get statements(): readonly Node[] {
    this.#statements ??= this.root.namedChildren;
    return this.#statements;
  }

  get isBroken(): boolean {
    return ((this.rows[kindColumn] ?? 0) & brokenFlag) !== 0;
  }

  get scopes(): UnitScopes {
    this.#scopes ??= scopesOf(this);
    return this.#scopes;
  }

  /** For the header of a class: the class. */
  get classDefinition(): TypedNode<'class_definition'> | undefined {
    this.#classDefinition ??= { found: this.root.below('class_definition')[0] };
    return this.#classDefinition.found;
  }

  get lines(): LineIndex {
    this.#lines ??= new LineIndex(this.text);
    return this.#lines;
  }

  get comments(): readonly Node[] {
    this.#comments ??= this.#findComments();
    return this.#comments;
  }

  /** The names this segment binds in its module or class, with what others may know of each binding. */
  signatures(): Map<string, string> {
    const signatures = new Map<string, string>();
    for (const [name, bindings] of this.scopes.top.names) signatures.set(name, bindings.map(signatureOf).join('\n'));
    for (const name of this.globalNames()) signatures.set(name, `${signatures.get(name) ?? ''}\nglobal`);
    for (const star of this.scopes.stars) signatures.set(starKey, `${signatures.get(starKey) ?? ''}${star.module}\n`);
    const entryPoint = entryPointOf(this);
    if (entryPoint) signatures.set(entryPointKey, entryPoint);
    return signatures;
  }

  /** Whether a function of the segment has a `global` statement. */
  get declaresGlobals(): boolean {
    return this.scopes.hasGlobals;
  }

  /** Names that functions of the segment bind in the module through `global`. */
  globalNames(): Set<string> {
    const names = new Set<string>();
    if (!this.declaresGlobals) return names;
    for (const scope of this.scopes.byRow.values()) for (const name of scope.globals) names.add(name);
    return names;
  }

  #findComments(): Node[] {
    if (!this.text.includes('#')) return [];
    const comments: Node[] = [];
    const count = this.rows.length / rowSize;
    for (let row = 1; row < count; row++) {
      if (((this.rows[row * rowSize + kindColumn] ?? 0) & kindMask) === commentKind) comments.push(Node.at(this, row));
    }
    return comments;
  }
}

/** A qualified name, or that there is none, with what was read to find out where that is watched. */
export interface Resolved {
  readonly name: string | undefined;
  readonly read: Read | undefined;
}

/** What came of the checks of a segment, by the row they were asked about; rows without anything are left out. */
export interface Examination {
  readonly reads: UnitReads;
  readonly outcomes: Map<number, Outcome>;
}

export interface Outcome {
  readonly findings: readonly StoredFinding[];
  readonly facts: readonly ToldFact[];
}

export interface ToldFact {
  readonly code: string;
  readonly fact: PlacedFact;
}

/** Index of the unit that an offset lies in, of units in the order of the text. */
export function unitIndexAt(units: readonly Unit[], offset: number): number {
  let low = 0;
  let high = units.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((units[middle]?.start ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The position of an offset in the text of units in their order. */
export function positionIn(units: readonly Unit[], offset: number): Position {
  const unit = units[unitIndexAt(units, offset)];
  if (!unit) return { line: 0, character: 0 };
  const { line, character } = unit.lines.position(offset - unit.start);
  return { line: line + unit.startLine, character };
}

/** A fact as a unit keeps it: what a rule said, at a place that moves with the unit. */
export class PlacedFact {
  readonly data: unknown;
  readonly #unit: Unit;
  readonly #start: number;
  readonly #end: number;

  constructor(unit: Unit, at: Span, data: unknown) {
    this.#unit = unit;
    this.#start = at.start - unit.start;
    this.#end = at.end - unit.start;
    this.data = data;
  }

  get at(): Span {
    return this;
  }

  /** The same fact in a segment that has taken the place of this one, `start` code units from its start. */
  movedTo(unit: Unit, start: number): PlacedFact {
    const from = unit.start + start;
    return new PlacedFact(unit, { start: from, end: from + this.#end - this.#start }, this.data);
  }

  /** Where its segment starts. */
  get unitStart(): number {
    return this.#unit.start;
  }

  /** Where it starts, from the start of its segment. */
  get startInUnit(): number {
    return this.#start;
  }

  /** Where it ends, from the start of its segment. */
  get endInUnit(): number {
    return this.#end;
  }

  get start(): number {
    return this.#unit.start + this.#start;
  }

  get end(): number {
    return this.#unit.start + this.#end;
  }
}

/** The name under which star imports are looked up. */
export const starKey = '*';

/** The name under which it is looked up how the file is run; no Python name is spelt so. */
export const entryPointKey = '<run>';

const commentKind = kindNumber('comment');

/** All that another segment can see of a binding: its statement without the body of a definition. */
function signatureOf(binding: Binding): string {
  const { by } = binding;
  const flags = `${binding.kind}${binding.conditional ? '?' : ''}${binding.typeOnly ? 't' : ''}${binding.target ?? ''}`;
  if (binding.kind === 'import') return flags;
  if (!by.is('function_definition', 'class_definition')) return `${flags} ${by.text}`;
  const from = by.parent?.is('decorated_definition') ? by.parent.start : by.start;
  const body = by.field('body');
  return `${flags} ${by.ground.text.slice(from - by.ground.start, (body?.start ?? by.end) - by.ground.start)}`;
}
