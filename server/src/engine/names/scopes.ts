import { kinds } from '../syntax/grammar.generated.ts';
import { Node } from '../syntax/node.ts';
import {
  afterColumn,
  endColumn,
  kindColumn,
  kindMask,
  kindNumber,
  parentColumn,
  parentMask,
  rowSize,
  startColumn,
} from '../syntax/rows.ts';
import type { Unit } from '../unit.ts';
import { isWebImport } from './entry-points.ts';

/** How a name came to be bound. */
export type BindingKind = 'import' | 'function' | 'class' | 'parameter' | 'assignment' | 'loop' | 'other';

/** One place that binds a name (language reference, "Binding of names"). */
export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly unit: Unit;
  /** The node that binds: the identifier, or the alias of an import. */
  readonly node: Node;
  /** The statement, definition, parameter or clause that does it. */
  readonly by: Node;
  /** For an import, the dotted name that is bound; relative imports keep their leading dots. */
  readonly target?: string;
  /** For `name = value`, and for a parameter's default. */
  readonly value?: Node;
  /** The `type` node of an annotation. */
  readonly annotation?: Node;
  /** The binding stands in an `if`, `try`, loop, `with` or `match` of its scope, so it may not happen. */
  readonly conditional: boolean;
  /** The binding stands below `if TYPE_CHECKING:`, so it does not exist at run time. */
  readonly typeOnly: boolean;
}

export type ScopeKind = 'module' | 'class' | 'function' | 'comprehension';

export interface Scope {
  readonly kind: ScopeKind;
  /** The definition, lambda or comprehension; undefined at the top of a segment. */
  readonly node: Node | undefined;
  readonly parent: Scope | undefined;
  readonly names: Map<string, Binding[]>;
  readonly globals: ReadonlySet<string>;
  readonly nonlocals: ReadonlySet<string>;
}

/** A scope while its segment is read. */
interface OpenScope extends Scope {
  readonly parent: OpenScope | undefined;
  globals: ReadonlySet<string>;
  nonlocals: ReadonlySet<string>;
}

export interface UnitScopes {
  /** The part of the module's or the class's scope that this segment binds. */
  readonly top: Scope;
  /** Scopes by the row of their definition, lambda or comprehension. */
  readonly byRow: ReadonlyMap<number, Scope>;
  /** `from module import *` statements, with the module's name. */
  readonly stars: readonly { module: string; node: Node }[];
  /** Some scope has names that a `global` statement declares. */
  readonly hasGlobals: boolean;
  /** Some import brings a web server, or what web applications are made of. */
  readonly importsWeb: boolean;
}

const number = {
  identifier: kindNumber('identifier'),
  function: kindNumber('function_definition'),
  class: kindNumber('class_definition'),
  lambda: kindNumber('lambda'),
  block: kindNumber('block'),
  assignment: kindNumber('assignment'),
  augmented: kindNumber('augmented_assignment'),
  attribute: kindNumber('attribute'),
  subscript: kindNumber('subscript'),
  keywordArgument: kindNumber('keyword_argument'),
} as const;

const comprehensions = new Set([
  kindNumber('list_comprehension'),
  kindNumber('set_comprehension'),
  kindNumber('dictionary_comprehension'),
  kindNumber('generator_expression'),
]);
const conditionals = new Set([
  kindNumber('if_statement'),
  kindNumber('try_statement'),
  kindNumber('for_statement'),
  kindNumber('while_statement'),
  kindNumber('with_statement'),
  kindNumber('match_statement'),
]);
/** Kinds that bind names by more than a plain identifier on the left. */
const binders = new Set([
  number.function,
  number.class,
  number.lambda,
  number.assignment,
  number.augmented,
  kindNumber('for_statement'),
  kindNumber('for_in_clause'),
  kindNumber('as_pattern'),
  kindNumber('named_expression'),
  kindNumber('import_statement'),
  kindNumber('import_from_statement'),
  kindNumber('future_import_statement'),
  kindNumber('global_statement'),
  kindNumber('nonlocal_statement'),
  kindNumber('delete_statement'),
  kindNumber('except_clause'),
  kindNumber('case_clause'),
  kindNumber('type_alias_statement'),
]);

/** Whether a kind of node has anything to say of names, by its number: a walk asks of every row. */
const matters = new Uint8Array(kinds.length);
for (const kind of [...binders, ...comprehensions, ...conditionals]) matters[kind] = 1;

interface Frame {
  readonly scope: OpenScope;
  readonly conditional: boolean;
  readonly typeOnly: boolean;
}

/** The scopes of one segment. Cost follows the segment's rows. */
export function scopesOf(unit: Unit): UnitScopes {
  const top = newScope(unit.role === 'member' ? 'class' : 'module', undefined, undefined);
  const byRow = new Map<number, Scope>();
  const stars: { module: string; node: Node }[] = [];
  let hasGlobals = false;
  let importsWeb = false;
  const { rows } = unit;
  const count = rows.length / rowSize;

  visitRange(1, count, { scope: top, conditional: false, typeOnly: false });
  return { top, byRow, stars, hasGlobals, importsWeb };

  function visitRange(from: number, to: number, frame: Frame): void {
    let row = from;
    while (row < to) {
      const kind = (rows[row * rowSize + kindColumn] ?? 0) & kindMask;
      if (matters[kind] === 1) {
        visit(row, kind, frame);
        row = rows[row * rowSize + afterColumn] ?? to;
      } else row++;
    }
  }

  function below(row: number, frame: Frame): void {
    visitRange(row + 1, rows[row * rowSize + afterColumn] ?? row + 1, frame);
  }

  function visit(row: number, kind: number, frame: Frame): void {
    const node = Node.at(unit, row);
    if (node.is('assignment')) {
      const left = node.field('left');
      const right = node.field('right');
      const annotation = node.field('type');
      if (left?.is('identifier'))
        bind(frame, 'assignment', left, node, {
          ...(right ? { value: right } : {}),
          ...(annotation ? { annotation } : {}),
        });
      else if (left) bindTargets(left, 'assignment', node, frame);
      if (right?.is('assignment')) visit(right.row, number.assignment, frame);
      else if (right) visitRange(right.row, rows[right.row * rowSize + afterColumn] ?? right.row, frame);
      return;
    }
    if (comprehensions.has(kind)) {
      below(row, { ...frame, scope: open(row, 'comprehension', frame.scope) });
      return;
    }
    if (node.is('function_definition')) {
      const name = node.field('name');
      bind(frame, 'function', name, node);
      const body = node.field('body');
      const scope = open(row, 'function', frame.scope);
      const inner: Frame = { scope, conditional: false, typeOnly: frame.typeOnly };
      const typeParameters = node.field('type_parameters');
      if (typeParameters)
        for (const parameter of typeParameters.below('identifier')) bind(inner, 'other', parameter, typeParameters);
      const parameters = node.field('parameters');
      if (parameters) bindParameters(parameters, frame, inner);
      const returnType = node.field('return_type');
      if (returnType) below(returnType.row, frame);
      if (body) below(body.row, inner);
      return;
    }
    if (node.is('lambda')) {
      const scope = open(row, 'function', frame.scope);
      const inner: Frame = { scope, conditional: false, typeOnly: frame.typeOnly };
      const parameters = node.field('parameters');
      if (parameters) bindParameters(parameters, frame, inner);
      const body = node.field('body');
      if (body) visitRange(body.row, rows[body.row * rowSize + afterColumn] ?? body.row, inner);
      return;
    }
    if (node.is('class_definition')) {
      bind(frame, 'class', node.field('name'), node);
      const superclasses = node.field('superclasses');
      if (superclasses) below(superclasses.row, frame);
      const scope = open(row, 'class', frame.scope);
      const inner: Frame = { scope, conditional: false, typeOnly: frame.typeOnly };
      const typeParameters = node.field('type_parameters');
      if (typeParameters)
        for (const parameter of typeParameters.below('identifier')) bind(inner, 'other', parameter, typeParameters);
      const body = node.field('body');
      if (body) below(body.row, inner);
      return;
    }
    if (node.is('if_statement', 'try_statement', 'while_statement', 'with_statement', 'match_statement')) {
      const typeOnly = frame.typeOnly || (node.is('if_statement') && isTypeChecking(node.field('condition')));
      if (typeOnly && !frame.typeOnly && node.is('if_statement')) {
        const consequence = node.field('consequence');
        if (consequence) below(consequence.row, { ...frame, conditional: true, typeOnly: true });
        for (const alternative of node.fields('alternative')) below(alternative.row, { ...frame, conditional: true });
        return;
      }
      below(row, { ...frame, conditional: true });
      return;
    }
    if (node.is('for_statement', 'for_in_clause')) {
      const left = node.field('left');
      const inner = node.is('for_statement') ? { ...frame, conditional: true } : frame;
      if (left) bindTargets(left, 'loop', node, inner);
      below(row, inner);
      return;
    }
    if (node.is('augmented_assignment')) {
      const left = node.field('left');
      if (left?.is('identifier')) bind(frame, 'other', left, node);
      below(row, frame);
      return;
    }
    if (node.is('named_expression')) {
      let owner = frame.scope;
      while (owner.kind === 'comprehension' && owner.parent) owner = owner.parent;
      const value = node.field('value');
      bind(
        { ...frame, scope: owner, conditional: true },
        'assignment',
        node.field('name'),
        node,
        value ? { value } : {},
      );
      below(row, frame);
      return;
    }
    if (node.is('as_pattern')) {
      const alias = node.field('alias');
      if (alias) bindTargets(alias, 'other', node, frame);
      else {
        const last = node.namedChildren.at(-1);
        if (last?.is('identifier')) bind(frame, 'other', last, node);
      }
      below(row, frame);
      return;
    }
    if (node.is('import_statement')) {
      for (const name of node.fields('name')) {
        if (name.is('aliased_import'))
          bind(frame, 'import', name.field('alias'), node, { target: name.field('name')?.text ?? '' });
        else {
          const first = name.firstNamed;
          if (first?.is('identifier')) bind(frame, 'import', first, node, { target: first.text });
        }
      }
      return;
    }
    if (node.is('import_from_statement', 'future_import_statement')) {
      const module = node.is('import_from_statement')
        ? (node.field('module_name')?.text ?? '').replace(/\s/g, '')
        : '__future__';
      if (node.child('wildcard_import')) stars.push({ module, node });
      const prefix = module.endsWith('.') ? module : `${module}.`;
      for (const name of node.fields('name')) {
        if (name.is('aliased_import'))
          bind(frame, 'import', name.field('alias'), node, { target: prefix + (name.field('name')?.text ?? '') });
        else if (name.is('dotted_name')) {
          const first = name.firstNamed;
          if (first?.is('identifier')) bind(frame, 'import', first, node, { target: prefix + first.text });
        }
      }
      return;
    }
    if (node.is('global_statement', 'nonlocal_statement')) {
      const { scope } = frame;
      const names = node.namedChildren.map((name) => name.text);
      if (node.is('global_statement')) {
        hasGlobals = true;
        scope.globals = new Set([...scope.globals, ...names]);
      } else scope.nonlocals = new Set([...scope.nonlocals, ...names]);
      return;
    }
    if (node.is('delete_statement')) {
      for (const target of node.namedChildren) bindTargets(target, 'other', node, { ...frame, conditional: true });
      return;
    }
    if (node.is('except_clause')) {
      const alias = node.field('alias');
      if (alias?.is('identifier')) bind({ ...frame, conditional: true }, 'other', alias, node);
      below(row, { ...frame, conditional: true });
      return;
    }
    if (node.is('case_clause')) {
      for (const pattern of node.namedChildren) {
        if (pattern.is('case_pattern')) bindPattern(pattern, node, frame);
      }
      below(row, frame);
      return;
    }
    if (node.is('type_alias_statement')) {
      const name = node.field('left')?.below('identifier')[0];
      if (name) bind(frame, 'other', name, node);
      below(row, frame);
      return;
    }
    below(row, frame);
  }

  function open(row: number, kind: ScopeKind, parent: OpenScope): OpenScope {
    const scope = newScope(kind, Node.at(unit, row), parent);
    byRow.set(row, scope);
    return scope;
  }

  function bindParameters(parameters: Node, outer: Frame, inner: Frame): void {
    for (const parameter of parameters.namedChildren) {
      if (parameter.is('identifier')) bind(inner, 'parameter', parameter, parameter);
      else if (parameter.is('default_parameter', 'typed_default_parameter')) {
        const name = parameter.field('name');
        const value = parameter.field('value');
        const annotation = parameter.is('typed_default_parameter') ? parameter.field('type') : undefined;
        if (name.is('identifier'))
          bind(inner, 'parameter', name, parameter, {
            ...(value ? { value } : {}),
            ...(annotation ? { annotation } : {}),
          });
        below(parameter.row, outer);
      } else if (parameter.is('typed_parameter')) {
        const name = parameter.firstNamed;
        const annotation = parameter.field('type');
        const identifier = name?.is('identifier') ? name : name?.below('identifier')[0];
        if (identifier) bind(inner, 'parameter', identifier, parameter, annotation ? { annotation } : {});
        below(parameter.row, outer);
      } else if (parameter.is('list_splat_pattern', 'dictionary_splat_pattern', 'tuple_pattern')) {
        for (const name of parameter.below('identifier')) bind(inner, 'parameter', name, parameter);
      }
    }
  }

  /** Binds the identifiers of an assignment target; attributes and subscripts bind no name. */
  function bindTargets(target: Node, kind: BindingKind, by: Node, frame: Frame): void {
    if (target.is('identifier')) {
      bind(frame, kind, target, by);
      return;
    }
    if (target.is('attribute', 'subscript')) return;
    for (const child of target.namedChildren) bindTargets(child, kind, by, frame);
  }

  /** Binds the captures of a pattern (PEP 634): a dotted name of one part, and what stands after `*`, `**` or `as`. */
  function bindPattern(pattern: Node, by: Node, frame: Frame): void {
    for (const child of pattern.namedChildren) {
      if (child.is('dotted_name')) {
        const names = child.namedChildren;
        if (names.length === 1 && names[0] && !pattern.is('class_pattern'))
          bind({ ...frame, conditional: true }, 'other', names[0], by);
      } else if (child.is('splat_pattern')) {
        for (const name of child.below('identifier')) bind({ ...frame, conditional: true }, 'other', name, by);
      } else bindPattern(child, by, frame);
    }
  }

  function bind(
    frame: Frame,
    kind: BindingKind,
    node: Node | undefined,
    by: Node,
    more: Pick<Binding, 'target' | 'value' | 'annotation'> = {},
  ): void {
    if (!node) return;
    const at = node.row * rowSize;
    const name = unit.text.slice(rows[at + startColumn], rows[at + endColumn]);
    if (name === '') return;
    const binding: Binding = {
      name,
      kind,
      unit,
      node,
      by,
      conditional: frame.conditional,
      typeOnly: frame.typeOnly,
      ...more,
    };
    if (more.target !== undefined && !frame.typeOnly && isWebImport(more.target)) importsWeb = true;
    const known = frame.scope.names.get(name);
    if (known) known.push(binding);
    else frame.scope.names.set(name, [binding]);
  }
}

/** The scope a row stands in: that of the nearest definition, lambda or comprehension whose inside it is. */
export function scopeAt(scopes: UnitScopes, node: Node): Scope {
  const { rows } = node.ground;
  let child = node.row;
  while (child !== 0) {
    const row = (rows[child * rowSize + parentColumn] ?? 0) & parentMask;
    const scope = scopes.byRow.get(row);
    if (scope && isInside(rows, row, child)) return scope;
    child = row;
  }
  return scopes.top;
}

/** A definition's name, decorators, annotations, defaults and bases belong to the scope around it. */
function isInside(rows: Int32Array, owner: number, child: number): boolean {
  const kind = (rows[owner * rowSize + kindColumn] ?? 0) & kindMask;
  if (comprehensions.has(kind)) return true;
  const childKind = (rows[child * rowSize + kindColumn] ?? 0) & kindMask;
  if (kind === number.lambda) return childKind !== lambdaParameters;
  return childKind === number.block;
}

const lambdaParameters = kindNumber('lambda_parameters');

// Hardly any function has one, so they share it.
const noNames: ReadonlySet<string> = new Set();

function newScope(kind: ScopeKind, node: Node | undefined, parent: OpenScope | undefined): OpenScope {
  return { kind, node, parent, names: new Map(), globals: noNames, nonlocals: noNames };
}

function isTypeChecking(condition: Node | undefined): boolean {
  return (
    condition?.text === 'TYPE_CHECKING' ||
    (condition?.is('attribute') === true && condition.text.endsWith('.TYPE_CHECKING'))
  );
}
