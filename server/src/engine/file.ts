import type { PythonVersion } from '../../../shared-rules/src/index.ts';
import { builtinNames } from './names/builtins.ts';
import { webEntry } from './names/entry-points.ts';
import { type Binding, type Scope, scopeAt } from './names/scopes.ts';
import { NameTable } from './names/table.ts';
import { nameBit, noteName, noteRead, noteRows, readBy, visitor, visits, watched } from './reads.ts';
import type { Node, TypedNode } from './syntax/node.ts';
import { lastRowAt } from './syntax/rows.ts';
import type { Span } from './text.ts';
import { entryPointKey, type Resolved, starKey, Unit, unitIndexAt } from './unit.ts';

/** The prefix of qualified names of what the file itself defines. */
export const ownModule = '<module>';

/** What the engine is told of a file beside its text. */
export interface FileFacts {
  /** The path below the configuration's folder, with forward slashes. */
  readonly path: string;
  /** The oldest Python the code must run on. */
  readonly target: PythonVersion;
  /** True when `target` was set or read from `requires-python`; a guess otherwise. */
  readonly targetKnown: boolean;
  /**
   * Follows a re-export through the workspace's own modules: the qualified name that `name`, as imported in this file,
   * stands for. The workspace index answers; without one, names stay as they are imported.
   */
  readonly reexport?: (name: string) => string | undefined;
}

/** Who is reading: the keys of names it looked up, and the classes whose bodies it read. */
export interface Reader {
  consulted: Consulted | undefined;
  membersRead: Set<number> | undefined;
}

/** Keys of names, with a bit for each, so that most questions are answered without looking. */
export class Consulted {
  readonly #keys = new Set<string>();
  #bits = 0;

  add(key: string): void {
    this.#keys.add(key);
    this.#bits |= nameBit(key);
  }

  /** Whether one of the keys is among others, whose bits are given. */
  includesAnyOf(keys: ReadonlySet<string>, bits: number): boolean {
    return (this.#bits & bits) !== 0 && intersects(this.#keys, keys);
  }
}

export function bitsOf(keys: Iterable<string>): number {
  let bits = 0;
  for (const key of keys) bits |= nameBit(key);
  return bits;
}

/**
 * What rules may ask of a file. Every answer that rests on another unit is noted for the unit being examined, so that it
 * is examined again when the answer changes.
 */
export class SourceFile {
  readonly facts: FileFacts;
  readonly moduleTable = new NameTable();
  readonly #classTables = new Map<number, NameTable>();
  #units: readonly Unit[] = [];
  #revision = 0;
  /** For the document only. */
  lineCountForDocument = 0;
  #examined: Reader | undefined;
  /** Expressions whose names are being looked up, so that `a = b; b = a` comes to an end. */
  readonly #resolving = new Set<Node>();

  constructor(facts: FileFacts) {
    this.facts = facts;
  }

  /** The path below the configuration's folder, with forward slashes. */
  get path(): string {
    return this.facts.path;
  }

  /** Whether the code only has to run on this version of Python and later. */
  targets(version: PythonVersion): boolean {
    return minor(this.facts.target) >= minor(version);
  }

  /** The units in order. Reading other units' contents is noted for nobody: rules use the functions below. */
  get units(): readonly Unit[] {
    return this.#units;
  }

  /** Counts the edits. */
  get revision(): number {
    return this.#revision;
  }

  /** The line break of the file: that of its first line. */
  get eol(): '\n' | '\r\n' {
    const unit = this.#units.find((candidate) => candidate.lineBreaks > 0);
    const at = unit?.text.indexOf('\n') ?? 0;
    return unit && at > 0 && unit.text.charCodeAt(at - 1) === 13 ? '\r\n' : '\n';
  }

  /** The text between two offsets. */
  slice(start: number, end: number): string {
    this.#noteSpan(start, end);
    let text = '';
    for (let index = this.unitIndexAt(start); index < this.#units.length; index++) {
      const unit = this.#units[index];
      if (!unit || unit.start >= end) break;
      text += unit.text.slice(Math.max(0, start - unit.start), end - unit.start);
    }
    return text;
  }

  /** The white space before the first character of the line that `offset` is on. */
  indentAt(offset: number): string {
    this.#noteSpan(offset, offset);
    const unit = this.#units[this.unitIndexAt(offset)];
    if (!unit) return '';
    const lineStart = unit.lines.lineStart(unit.lines.line(offset - unit.start));
    return /^[ \t]*/.exec(unit.text.slice(lineStart))?.[0] ?? '';
  }

  /** How many lines the file has; a last one without a line break counts. */
  lineCount(): number {
    this.#consult(0, linesKey);
    return this.lineCountForDocument;
  }

  /** The text of the file's first line, without a byte order mark and trailing white space: where findings about a file stand. */
  firstLine(): Span {
    this.#consult(0, firstKey);
    const text = this.#units[0]?.text ?? '';
    const start = text.startsWith('\ufeff') ? 1 : 0;
    return { start, end: start + (/^.*/.exec(text.slice(start))?.[0].trimEnd().length ?? 0) };
  }

  /** The first statement of the file. */
  firstStatement(): Node | undefined {
    this.#consult(0, firstKey);
    return this.#units.find((unit) => unit.root.firstNamed !== undefined)?.root.firstNamed;
  }

  /** The offset of the start of the line that `offset` is on. */
  lineStart(offset: number): number {
    this.#noteSpan(offset, offset);
    const unit = this.#units[this.unitIndexAt(offset)];
    return unit ? unit.start + unit.lines.lineStart(unit.lines.line(offset - unit.start)) : 0;
  }

  /** Every binding that a name can mean at a node, nearest scope first found (language reference, "Resolution of names"). */
  bindings(at: Node, name: string = at.text): readonly Binding[] {
    const unit = unitOf(at);
    noteLookup(unit, name);
    let first = true;
    for (
      let scope: Scope | undefined = scopeAt(unit.scopes, at);
      scope && scope !== unit.scopes.top;
      scope = scope.parent
    ) {
      if (scope.globals.has(name)) return this.moduleBindings(name);
      if (scope.kind === 'class' && !first) continue;
      const found = scope.nonlocals.has(name) ? undefined : scope.names.get(name);
      if (found) return noted(found);
      first = false;
    }
    if (unit.role === 'member' && first && unit.owner) {
      const found = this.memberBindings(unit.owner, name);
      if (found.length > 0) return found;
    }
    return this.moduleBindings(name);
  }

  /** What binds a name in the module, in the file's order. */
  moduleBindings(name: string): readonly Binding[] {
    this.#consult(0, name);
    const units = this.moduleTable.units(name);
    const found: Binding[] = [];
    for (const unit of units) {
      const bindings = unit.scopes.top.names.get(name) ?? noBindings;
      if (units.length === 1 && !unit.declaresGlobals) return noted(bindings);
      found.push(...bindings);
      if (!unit.declaresGlobals) continue;
      for (const scope of unit.scopes.byRow.values()) {
        if (scope.globals.has(name))
          found.push(...(scope.names.get(name) ?? []).map((binding) => ({ ...binding, conditional: true })));
      }
    }
    return noted(found);
  }

  /** What binds a name in the body of a class, given its `class_definition`. */
  classBindings(definition: TypedNode<'class_definition'>, name: string): readonly Binding[] {
    const unit = unitOf(definition);
    if (unit.role === 'class') {
      const found = this.memberBindings(unit, name);
      if (found.length > 0) return found;
    }
    noteLookup(unit, name);
    return noted(unit.scopes.byRow.get(definition.row)?.names.get(name) ?? []);
  }

  /** The one binding that a name means at a node; undefined when there is none or it cannot be told which. */
  binding(at: Node, name: string = at.text): Binding | undefined {
    return this.#one(this.bindings(at, name), at);
  }

  /**
   * The qualified name of what an expression names: `datetime.datetime.utcnow` for any way of importing it,
   * `builtins.print`, `<module>.User` for what the file defines at its top. Undefined when it cannot be told: a
   * parameter, a rebound name, a call's result.
   */
  qualified(expression: Node | undefined): string | undefined {
    if (!expression) return undefined;
    const unit = unitOf(expression);
    // An answer is kept only for the unit that is being examined: it alone is examined again when the answer changes.
    const isKept = this.#examined === unit;
    const known = isKept ? unit.qualified?.get(expression.row) : undefined;
    if (known) {
      if (watched === unit && known.read) noteRead(known.read);
      return known.name;
    }
    if (this.#resolving.has(expression)) return undefined;
    this.#resolving.add(expression);
    try {
      if (watched !== unit) {
        const name = this.#qualify(expression);
        if (isKept) keep(unit, expression.row, name === undefined ? unresolved : { name, read: undefined });
        return name;
      }
      const { result: name, read } = readBy(() => this.#qualify(expression));
      if (isKept) keep(unit, expression.row, { name, read });
      return name;
    } finally {
      this.#resolving.delete(expression);
    }
  }

  /**
   * The last part of the name of what a call calls: of its qualified name where that can be told, else of the name as it
   * is written. Undefined for a call of anything else, such as another call's result.
   */
  calledName(call: TypedNode<'call'>): string | undefined {
    let callee: Node | undefined = call.field('function');
    while (callee?.is('parenthesized_expression')) callee = callee.firstNamed;
    if (callee?.is('attribute')) return callee.field('attribute').text;
    if (!callee?.is('identifier')) return undefined;
    const name = this.qualified(callee);
    return name === undefined ? callee.text : name.slice(name.lastIndexOf('.') + 1);
  }

  /** Whether some `from … import *` of the module may bind the name. */
  mayComeFromStar(): boolean {
    this.#consult(0, starKey);
    return this.moduleTable.has(starKey);
  }

  /**
   * Whether the file is a script that is run by hand: the module has a main guard that hands over to a function of the
   * file, and nothing in the file serves the web or is a part of what does. What a guard does itself shows a module off.
   */
  isRunByHand(): boolean {
    this.#consult(0, entryPointKey);
    const entries = this.moduleTable.units(entryPointKey).map((unit) => unit.bound?.get(entryPointKey) ?? '');
    if (entries.includes(webEntry)) return false;
    return entries.some((names) => names.split(' ').some((name) => this.#isStartedBy(name)));
  }

  /** Whether a name of the module is a function, or the command line that a library makes of functions. */
  #isStartedBy(name: string): boolean {
    return this.moduleBindings(name).some(({ kind, value }) => {
      if (kind === 'function') return true;
      return value?.is('call') === true && commandLines.has(this.qualified(value.field('function')) ?? '');
    });
  }

  /** The function a node stands in the body of, not beyond a class; undefined at module and class level. */
  enclosingFunction(node: Node): TypedNode<'function_definition' | 'lambda'> | undefined {
    let child = node;
    for (let parent = node.parent; parent; parent = parent.parent) {
      if (parent.is('function_definition', 'lambda') && parent.field('body')?.row === child.row) return parent;
      if (parent.is('class_definition') && parent.field('body')?.row === child.row) return undefined;
      child = parent;
    }
    return undefined;
  }

  /** The class whose body a node stands in directly or through functions; noted, since the header may be another unit. */
  enclosingClass(node: Node): TypedNode<'class_definition'> | undefined {
    let child = node;
    for (let parent = node.parent; parent; parent = parent.parent) {
      if (parent.is('class_definition') && parent.field('body')?.row === child.row) return parent;
      child = parent;
    }
    const { owner } = unitOf(node);
    if (!owner) return undefined;
    this.#consult(owner.scopeId, headerKey);
    return owner.classDefinition;
  }

  /** The statements of a class's body, in order. */
  classBody(definition: TypedNode<'class_definition'>): Node[] {
    const unit = unitOf(definition);
    const own = definition.field('body')?.namedChildren ?? [];
    if (unit.role !== 'class') return own;
    this.#noteMembers(unit.scopeId);
    const body = [...own];
    for (let index = this.unitIndexAt(unit.start) + 1; this.#units[index]?.owner === unit; index++)
      body.push(...(this.#units[index]?.statements ?? []));
    return body;
  }

  /**
   * The qualified names of a class's bases, and of theirs as far as the file defines them, nearest first. A base that
   * cannot be named is given as undefined.
   */
  bases(definition: TypedNode<'class_definition'>, seen: Set<Node> = new Set()): (string | undefined)[] {
    if (seen.has(definition)) return [];
    seen.add(definition);
    const found: (string | undefined)[] = [];
    for (const base of definition.field('superclasses')?.namedChildren ?? []) {
      if (base.is('keyword_argument', 'comment')) continue;
      const expression = base.is('subscript') ? base.field('value') : base;
      const name = this.qualified(expression);
      found.push(name);
      const inner = expression.is('identifier') ? this.binding(expression) : undefined;
      if (inner?.kind === 'class' && inner.by.is('class_definition')) found.push(...this.bases(inner.by, seen));
    }
    return found;
  }

  /** The decorators of a function or class, without their `@`. */
  decorators(definition: TypedNode<'function_definition'> | TypedNode<'class_definition'>): Node[] {
    const decorated = definition.parent;
    if (!decorated?.is('decorated_definition')) return [];
    return decorated.namedChildren.flatMap((child) =>
      child.is('decorator') && child.firstNamed ? [child.firstNamed] : [],
    );
  }

  /** Index of the unit that an offset lies in. */
  unitIndexAt(offset: number): number {
    return unitIndexAt(this.#units, offset);
  }

  /** Comments that lie in a span, in order. */
  commentsIn(span: Span): Node[] {
    this.#noteSpan(span.start, span.end);
    const found: Node[] = [];
    for (let index = this.unitIndexAt(span.start); index < this.#units.length; index++) {
      const unit = this.#units[index];
      if (!unit || unit.start >= span.end) break;
      for (const comment of unit.comments)
        if (comment.start < span.end && comment.end > span.start) found.push(comment);
    }
    return found;
  }

  /** For the document only: the units as they stand. */
  setUnits(units: readonly Unit[]): void {
    this.#units = units;
    this.#revision++;
  }

  /** For the document only: notes what `examine` reads for `reader`. */
  examine<T>(reader: Reader, examine: () => T): T {
    const before = this.#examined;
    this.#examined = reader;
    try {
      return examine();
    } finally {
      this.#examined = before;
    }
  }

  /** For the document only: the names that the members of a class bind. */
  classTable(header: Unit): NameTable {
    let table = this.#classTables.get(header.scopeId);
    if (!table) {
      table = new NameTable();
      this.#classTables.set(header.scopeId, table);
    }
    return table;
  }

  /** For the document only. */
  dropClassTable(header: Unit): void {
    this.#classTables.delete(header.scopeId);
  }

  memberBindings(header: Unit, name: string): readonly Binding[] {
    this.#consult(header.scopeId, name);
    const units = this.#classTables.get(header.scopeId)?.units(name) ?? [];
    const [first] = units;
    if (!first) return noBindings;
    return units.length === 1
      ? (first.scopes.top.names.get(name) ?? noBindings)
      : units.flatMap((unit) => unit.scopes.top.names.get(name) ?? []);
  }

  /** Notes that text of the watched segment was read; a span may go beyond it. */
  #noteSpan(start: number, end: number): void {
    if (visitor instanceof Unit && (start < visitor.start || end > visitor.end)) visits?.notePlace();
    if (!(watched instanceof Unit)) return;
    const unit = watched;
    if (end < unit.start || start > unit.end) return;
    noteRows(lastRowAt(unit.rows, start - unit.start), lastRowAt(unit.rows, end - unit.start));
  }

  #consult(scope: number, name: string): void {
    const reader = this.#examined;
    if (!reader) return;
    reader.consulted ??= new Consulted();
    reader.consulted.add(consultKey(scope, name));
  }

  #noteMembers(scope: number): void {
    const reader = this.#examined;
    if (!reader) return;
    reader.membersRead ??= new Set();
    reader.membersRead.add(scope);
  }

  #qualify(expression: Node): string | undefined {
    if (expression.is('attribute')) {
      const object = this.qualified(expression.field('object'));
      return object === undefined ? undefined : this.#exported(`${object}.${expression.field('attribute').text}`);
    }
    if (expression.is('parenthesized_expression')) return this.qualified(expression.firstNamed);
    if (!expression.is('identifier')) return undefined;
    const name = expression.text;
    const bindings = this.bindings(expression, name);
    if (bindings.length === 0)
      return builtinNames.has(name) && !this.mayComeFromStar() ? `builtins.${name}` : undefined;
    const binding = this.#one(bindings, expression);
    if (!binding) return undefined;
    switch (binding.kind) {
      case 'import':
        return this.#exported(binding.target ?? '');
      case 'class':
      case 'function':
        return isModuleLevel(binding) ? `${ownModule}.${name}` : undefined;
      case 'assignment':
        return binding.value?.is('identifier', 'attribute')
          ? this.qualified(binding.value)
          : isModuleLevel(binding)
            ? `${ownModule}.${name}`
            : undefined;
      default:
        return undefined;
    }
  }

  #exported(name: string): string {
    return this.facts.reexport?.(name) ?? name;
  }

  #one(bindings: readonly Binding[], at: Node): Binding | undefined {
    const [first] = bindings;
    if (!first || bindings.length === 1) return first;
    if (
      first.kind === 'import' &&
      bindings.every((binding) => binding.kind === 'import' && binding.target === first.target)
    )
      return first;
    if (bindings.every((binding) => binding.kind === 'function' && isModuleLevel(binding))) return bindings.at(-1);
    if (this.#executesWith(first, at)) {
      const before = bindings.filter((binding) => binding.node.start < at.start);
      const last = before.at(-1);
      if (last && !last.conditional && !bindings.some((binding) => binding.conditional)) return last;
    }
    return undefined;
  }

  /** Whether a use runs in order with a binding: both stand in the same scope. */
  #executesWith(binding: Binding, at: Node): boolean {
    const unit = unitOf(at);
    const here = scopeAt(unit.scopes, at);
    const there = scopeAt(binding.unit.scopes, binding.by);
    return (
      here === there ||
      (here === unit.scopes.top && there === binding.unit.scopes.top && unit.owner === binding.unit.owner)
    );
  }
}

/** The unit a node belongs to. Every node's ground is one; the type is narrower than the node knows. */
export function unitOf(node: Node): Unit {
  if (node.ground instanceof Unit) return node.ground;
  throw new TypeError('a node outside any unit');
}

function keep(unit: Unit, row: number, resolved: Resolved): void {
  unit.qualified ??= new Map();
  unit.qualified.set(row, resolved);
}

const unresolved: Resolved = { name: undefined, read: undefined };

const noBindings: readonly Binding[] = [];

/** Notes that a name was looked up in the scopes of a segment. */
function noteLookup(unit: Unit, name: string): void {
  if (watched === unit) noteName(name);
  else if (visitor !== unit) visits?.note(unit, undefined, 0, 0);
}

/** Notes that bindings of the watched segment were read. */
function noted(bindings: readonly Binding[]): readonly Binding[] {
  if (watched !== undefined) for (const { unit, node } of bindings) if (unit === watched) noteRows(node.row, node.row);
  return bindings;
}

/** Names a question: what a name means in the module (scope 0), or in a class. No Python name begins with a digit. */
export function consultKey(scope: number, name: string): string {
  return scope === 0 ? name : `${scope}:${name}`;
}

/** Objects that collect the functions of a command line and are called to run it. */
const commandLines = new Set(['typer.Typer', 'typer.main.Typer', 'cyclopts.App']);

/** The names under which the number of lines and the first statement are consulted. */
export const linesKey = '<lines>';
export const firstKey = '<first>';

/** The name under which a class's header is consulted; no Python name is spelt so. */
export const headerKey = '<header>';

function isModuleLevel(binding: Binding): boolean {
  return binding.unit.role !== 'member' && binding.unit.scopes.top.names.get(binding.name)?.includes(binding) === true;
}

function minor(version: PythonVersion): number {
  return Number(version.slice(2));
}

/** Whether two sets have something in common. */
export function intersects<T>(left: ReadonlySet<T> | undefined, right: ReadonlySet<T>): boolean {
  if (left === undefined) return false;
  const [small, large] = left.size < right.size ? [left, right] : [right, left];
  for (const key of small) if (large.has(key)) return true;
  return false;
}
