import type { SourceFile } from '../file.ts';
import { argumentsIn, argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';
import { without, withoutAll } from './item-edits.ts';

/**
 * What SQLAlchemy's declarative mapping and SQLModel make of a file's classes, as far as the file itself tells. Answers
 * are `undefined` where another file would have to say: then rules are silent.
 */

/** What a class inherits, followed through the classes of its own file. */
export interface Ancestry {
  /** The declarative root that was reached: SQLAlchemy's, or SQLModel's. */
  readonly root: 'declarative' | 'sqlmodel' | undefined;
  /** Names of the registries it may belong to: own roots by name, bases from elsewhere by qualified name. */
  readonly registries: ReadonlySet<string>;
  /** Every base and decorator is known, so that what was not found is not there. */
  readonly complete: boolean;
  /** A class on the way, or this one, is mapped as a dataclass. */
  readonly dataclass: boolean;
}

/** The calls that declare attributes of a model. `Relationship` and `Field` are SQLModel's. */
export type Construct = 'relationship' | 'mapped_column' | 'Column' | 'Relationship' | 'Field';

/** An attribute of a class that the mapping knows of. */
export interface MappedAttribute {
  readonly name: string;
  readonly owner: TypedNode<'class_definition'>;
  /** The assignment, or the function below `@declared_attr`. */
  readonly statement: TypedNode<'assignment'> | TypedNode<'function_definition'>;
  /** The `type` node: the assignment's annotation or the function's return type. */
  readonly annotation: TypedNode<'type'> | undefined;
  /** What declares it; undefined for a bare `name: Mapped[int]`. */
  readonly call: TypedNode<'call'> | undefined;
  readonly construct: Construct | undefined;
}

/** `Mapped[…]` and its relatives, read from an annotation. */
export interface MappedAnnotation {
  readonly wrapper: 'Mapped' | 'WriteOnlyMapped' | 'DynamicMapped';
  /** The text between the brackets, quotes of a forward reference removed from the whole. */
  readonly inner: string;
}

/** What a relationship points to. */
export interface RelationshipTarget {
  /** The class's own name, by which the registry knows it. */
  readonly name: string;
  readonly form: 'string' | 'class' | 'lambda' | 'annotation';
  /** The argument; undefined where the annotation alone tells. */
  readonly node: Node | undefined;
}

/**
 * The name of a thing of SQLAlchemy, whichever of its modules it was taken from: `relationship`, `Column`, `Mapped`.
 * SQLModel passes SQLAlchemy's columns and types on, so those count too. Undefined for everything else.
 */
export function sqlalchemyName(file: SourceFile, expression: Node | undefined): string | undefined {
  const qualified = file.qualified(expression);
  if (!qualified?.startsWith('sql')) return undefined;
  const match = /^(?:sqlalchemy(?:\.(?!func\.)[a-z_][a-z_0-9]*)*|sqlmodel)\.(\w+)$/.exec(qualified);
  return match && !(qualified.startsWith('sqlmodel') && sqlmodelOwn.has(match[1] ?? '')) ? match[1] : undefined;
}

/** The name of a thing that is SQLModel's own: `SQLModel`, `Relationship`, `Field`. */
export function sqlmodelName(file: SourceFile, expression: Node | undefined): string | undefined {
  const qualified = file.qualified(expression);
  if (!qualified?.startsWith('sqlmodel.')) return undefined;
  const name = /^sqlmodel(?:\.main)?\.(\w+)$/.exec(qualified)?.[1];
  return name !== undefined && sqlmodelOwn.has(name) ? name : undefined;
}

const sqlmodelOwn = new Set(['SQLModel', 'Relationship', 'Field']);

/** Which attribute-declaring construct a call is. */
export function constructOf(file: SourceFile, call: TypedNode<'call'>): Construct | undefined {
  const callee = call.field('function');
  if (!callee.is('identifier', 'attribute')) return undefined;
  const name = sqlalchemyName(file, callee);
  if (name === 'relationship' || name === 'mapped_column' || name === 'Column') return name;
  const own = sqlmodelName(file, callee);
  return own === 'Relationship' || own === 'Field' ? own : undefined;
}

/** The attribute that a call declares: it is the value of a class-level assignment or what a `@declared_attr` returns. */
export function attributeOf(file: SourceFile, call: TypedNode<'call'>): MappedAttribute | undefined {
  let value: Node = call;
  while (value.parent?.is('parenthesized_expression')) value = value.parent;
  const holder = value.parent;
  if (holder?.is('assignment') && holder.field('right')?.row === value.row) {
    if (!holder.parent?.is('expression_statement') || file.enclosingFunction(holder)) return undefined;
    const owner = file.enclosingClass(holder);
    return owner && assignedAttribute(file, owner, holder);
  }
  if (!holder?.is('return_statement')) return undefined;
  const definition = file.enclosingFunction(holder);
  const owner =
    definition?.is('function_definition') && isDeclaredAttribute(file, definition) && file.enclosingClass(holder);
  if (!owner || !definition.is('function_definition')) return undefined;
  return declaredAttribute(file, owner, definition, call);
}

/** The mapped attributes of a class, in order; inherited ones are not among them. */
export function mappedAttributes(file: SourceFile, definition: TypedNode<'class_definition'>): MappedAttribute[] {
  const found: MappedAttribute[] = [];
  for (const statement of file.classBody(definition)) {
    if (statement.is('expression_statement')) {
      const assignment = statement.firstNamed;
      const attribute = assignment?.is('assignment') ? assignedAttribute(file, definition, assignment) : undefined;
      if (attribute && (attribute.construct || mappedAnnotation(file, attribute.annotation))) found.push(attribute);
    } else if (statement.is('decorated_definition')) {
      const inner = statement.field('definition');
      if (!inner.is('function_definition') || !isDeclaredAttribute(file, inner)) continue;
      const returned = inner
        .belowOutside(['function_definition', 'lambda', 'class_definition'], 'return_statement')
        .map((statement) => statement.firstNamed)
        .find((value) => value?.is('call'));
      found.push(declaredAttribute(file, definition, inner, returned?.is('call') ? returned : undefined));
    }
  }
  return found;
}

/**
 * What a class inherits as far as the file tells; decorators of its own count. `ignoring` is a base or a decorator that
 * is taken for absent, to see what a class is without it.
 */
export function ancestryOf(file: SourceFile, definition: TypedNode<'class_definition'>, ignoring?: Node): Ancestry {
  const registries = new Set<string>();
  let root: Ancestry['root'];
  let complete = true;
  let dataclass = false;
  const seen = new Set<Node>();
  follow(definition);
  return { root, registries, complete, dataclass };

  function follow(current: TypedNode<'class_definition'>): void {
    if (seen.has(current)) return;
    seen.add(current);
    for (const decorator of file.decorators(current)) {
      if (decorator === ignoring) continue;
      const callee = decorator.is('call') ? decorator.field('function') : decorator;
      const name = mappingDecorator(file, callee);
      if (name === undefined) complete &&= harmlessDecorators.test(file.qualified(callee) ?? '');
      else if (name === 'unmapped_dataclass') dataclass = true;
      else {
        root ??= 'declarative';
        dataclass ||= name === 'mapped_as_dataclass';
        registries.add(name.startsWith('as_declarative') ? current.field('name').text : callee.text);
      }
    }
    for (const base of current.field('superclasses')?.namedChildren ?? []) {
      if (base.is('keyword_argument') || base === ignoring) continue;
      const expression = base.is('subscript') ? base.field('value') : base;
      const name = sqlalchemyName(file, expression);
      if (name === 'DeclarativeBase' || name === 'DeclarativeBaseNoMeta') {
        root ??= 'declarative';
        registries.add(current.field('name').text);
      } else if (name === 'MappedAsDataclass') dataclass = true;
      else if (sqlmodelName(file, expression) === 'SQLModel') {
        root ??= 'sqlmodel';
        registries.add('sqlmodel.SQLModel');
      } else if (name === undefined) followBase(expression);
    }
  }

  function followBase(expression: Node): void {
    const made = definitionOf(file, expression);
    if (made?.is('class_definition')) follow(made);
    else if (made?.is('call') && isBaseFactory(file, made)) {
      root ??= 'declarative';
      registries.add(expression.text);
    } else {
      const qualified = file.qualified(expression);
      if (qualified !== undefined && harmlessBases.test(qualified)) return;
      complete = false;
      registries.add(qualified ?? expression.text);
    }
  }
}

/**
 * Whether a class is mapped: it reaches a declarative root, or says `__tablename__`, `__table__` or `__mapper_args__`
 * itself. Undefined when a base from elsewhere may be a root.
 */
export function isMappedClass(file: SourceFile, definition: TypedNode<'class_definition'>): boolean | undefined {
  const { root, complete } = ancestryOf(file, definition);
  if (root === 'sqlmodel') return isSqlmodelTable(definition) || undefined;
  if (root) return true;
  if (mappingNames.some((name) => file.classBindings(definition, name).length > 0)) return true;
  return complete ? false : undefined;
}

/** Whether a SQLModel class is a table: `class Hero(SQLModel, table=True)`. Tables do not inherit being one. */
export function isSqlmodelTable(definition: TypedNode<'class_definition'>): boolean {
  const superclasses = definition.field('superclasses');
  return superclasses !== undefined && argumentsIn(superclasses).keyword('table')?.is('true') === true;
}

/** Whether a class is mapped as a dataclass; undefined when a base or a decorator from elsewhere may make it one. */
export function isDataclassMapped(file: SourceFile, definition: TypedNode<'class_definition'>): boolean | undefined {
  const { dataclass, complete } = ancestryOf(file, definition);
  return dataclass || (complete ? false : undefined);
}

/**
 * What makes a class a mapped one by decoration: `mapped_as_dataclass`, `mapped`, `as_declarative`,
 * `as_declarative_base`, of SQLAlchemy or of a registry that the file makes.
 */
export function mappingDecorator(file: SourceFile, callee: Node): string | undefined {
  const name = sqlalchemyName(file, callee);
  if (name !== undefined) return mappingDecorators.has(name) ? name : undefined;
  if (!callee.is('attribute') || !mappingDecorators.has(callee.field('attribute').text)) return undefined;
  return isRegistry(file, callee.field('object')) ? callee.field('attribute').text : undefined;
}

/** Reads `Mapped[…]`, `WriteOnlyMapped[…]` and `DynamicMapped[…]`, quoted as a whole or not. */
export function mappedAnnotation(file: SourceFile, annotation: Node | undefined): MappedAnnotation | undefined {
  const expression = annotation?.is('type') ? annotation.firstNamed : annotation;
  if (!expression) return undefined;
  if (expression.is('string')) {
    const match = /^\s*([\w.]+)\s*\[([\s\S]*)\]\s*$/.exec(stringValue(expression) ?? '');
    const [, path = '', inner = ''] = match ?? [];
    const [first = '', ...rest] = path.split('.');
    const binding = first === '' ? undefined : file.binding(expression, first);
    if (binding?.kind !== 'import') return undefined;
    return annotationNamed(/^sqlalchemy\..*?(\w+)$/.exec([binding.target ?? '', ...rest].join('.'))?.[1], inner);
  }
  const head = expression.is('subscript')
    ? expression.field('value')
    : expression.is('generic_type') && expression.firstNamed;
  if (!head) return undefined;
  const brackets = expression.text.slice(head.text.length).trim();
  return annotationNamed(sqlalchemyName(file, head), brackets.slice(1, -1).trim());
}

function annotationNamed(wrapper: string | undefined, inner: string): MappedAnnotation | undefined {
  return wrapper === 'Mapped' || wrapper === 'WriteOnlyMapped' || wrapper === 'DynamicMapped'
    ? { wrapper, inner }
    : undefined;
}

/** What a relationship points to: its first argument, else the annotation of the attribute it declares. */
export function relationshipTarget(
  file: SourceFile,
  call: TypedNode<'call'>,
  attribute: MappedAttribute | undefined = attributeOf(file, call),
): RelationshipTarget | undefined {
  const given = argumentsOf(call);
  if (given.hasSplat) return undefined;
  const sqlmodel = constructOf(file, call) === 'Relationship';
  const argument = sqlmodel ? undefined : given.at(0, 'argument');
  if (argument) {
    const text = stringValue(argument);
    if (text !== undefined) return named(/^[\w.]+$/.test(text.trim()) ? text.trim() : '', 'string', argument);
    if (argument.is('lambda')) return named(pathOf(argument.field('body')), 'lambda', argument);
    return named(classNameOf(file, argument), 'class', argument);
  }
  if (given.hasDoubleSplat) return undefined;
  const inner = sqlmodel
    ? attribute?.annotation?.text.replace(/^(["'])([\s\S]*)\1$/, '$2')
    : mappedAnnotation(file, attribute?.annotation)?.inner;
  return inner === undefined ? undefined : named(referredName(inner), 'annotation', undefined);
}

function named(
  path: string | undefined,
  form: RelationshipTarget['form'],
  node: Node | undefined,
): RelationshipTarget | undefined {
  const name = path?.slice(path.lastIndexOf('.') + 1);
  return name ? { name, form, node } : undefined;
}

/** The class's own name behind what an expression names: an import's alias is looked through. */
function classNameOf(file: SourceFile, expression: Node): string | undefined {
  if (!expression.is('identifier', 'attribute')) return undefined;
  return file.qualified(expression) ?? (file.binding(expression)?.kind === 'class' ? expression.text : undefined);
}

/** The model in `list["Post"]`, `Post | None`, `dict[str, "Post"]`: the last name that is no container. */
function referredName(inner: string): string | undefined {
  return [...inner.replaceAll(/["']/g, '').matchAll(/[A-Za-z_][\w.]*(?!\s*\[|[\w.])/g)]
    .map((match) => match[0])
    .filter((name) => name !== 'None')
    .at(-1);
}

function pathOf(node: Node): string | undefined {
  return node.is('identifier', 'attribute') && /^[\w.]+$/.test(node.text) ? node.text : undefined;
}

/** What the file's one binding of an expression's name made: a class, or the value it was assigned. */
export function definitionOf(file: SourceFile, expression: Node, depth = 0): Node | undefined {
  if (depth > 8) return undefined;
  if (!expression.is('identifier')) return expression.is('call') ? expression : undefined;
  const binding = file.binding(expression);
  if (binding?.kind === 'class') return binding.by;
  if (binding?.kind !== 'assignment' || !binding.value) return undefined;
  return definitionOf(file, binding.value, depth + 1);
}

/** Whether an expression is a `sqlalchemy.orm.registry` that the file makes, or `Base.registry`. */
function isRegistry(file: SourceFile, expression: Node): boolean {
  const made = definitionOf(file, expression);
  if (made?.is('call')) return sqlalchemyName(file, made.field('function')) === 'registry';
  if (!expression.is('attribute') || expression.field('attribute').text !== 'registry') return false;
  const owner = definitionOf(file, expression.field('object'));
  if (owner?.is('call')) return isBaseFactory(file, owner);
  return owner?.is('class_definition') === true && ancestryOf(file, owner).root === 'declarative';
}

/** Whether a call makes a declarative base: `declarative_base()`, `automap_base()`, `registry().generate_base()`. */
export function isBaseFactory(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  const name = sqlalchemyName(file, callee);
  if (name === 'declarative_base' || name === 'automap_base') return true;
  return (
    callee.is('attribute') &&
    callee.field('attribute').text === 'generate_base' &&
    isRegistry(file, callee.field('object'))
  );
}

function isDeclaredAttribute(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  return file.decorators(definition).some((decorator) => {
    const name = file.qualified(decorator.is('call') ? decorator.field('function') : decorator);
    return name !== undefined && /^sqlalchemy\.(?:\w+\.)*declared_attr(?:\.\w+)?$/.test(name);
  });
}

function assignedAttribute(
  file: SourceFile,
  owner: TypedNode<'class_definition'>,
  statement: TypedNode<'assignment'>,
): MappedAttribute | undefined {
  const left = statement.field('left');
  if (!left.is('identifier')) return undefined;
  let right: Node | undefined = statement.field('right');
  while (right?.is('parenthesized_expression')) right = right.firstNamed;
  const call = right?.is('call') ? right : undefined;
  const construct = call && constructOf(file, call);
  return { name: left.text, owner, statement, annotation: statement.field('type'), call, construct };
}

function declaredAttribute(
  file: SourceFile,
  owner: TypedNode<'class_definition'>,
  statement: TypedNode<'function_definition'>,
  call: TypedNode<'call'> | undefined,
): MappedAttribute {
  const annotation = statement.field('return_type');
  return {
    name: statement.field('name').text,
    owner,
    statement,
    annotation,
    call,
    construct: call && constructOf(file, call),
  };
}

const mappingNames = ['__tablename__', '__table__', '__mapper_args__'];
const mappingDecorators = new Set([
  'mapped_as_dataclass',
  'unmapped_dataclass',
  'mapped',
  'as_declarative',
  'as_declarative_base',
]);
/** Decorators that neither map a class nor make it a dataclass. */
const harmlessDecorators = /^(?:functools\.total_ordering|typing\.|typing_extensions\.|sqlalchemy\.)/;
/** Bases that neither map a class nor make it a dataclass. */
const harmlessBases = /^(?:builtins|typing|typing_extensions|abc|enum|collections|sqlalchemy|sqlmodel|pydantic)\./;

/** Every class of the file, in order. For fixes: a check asks about the class it stands in. */
export function classesOf(file: SourceFile): TypedNode<'class_definition'>[] {
  return file.units.flatMap((unit) => unit.root.below('class_definition'));
}

/** The arguments of a `mapped_column()` or `relationship()` that only a class mapped as a dataclass may have. */
export function dataclassArgumentsOf(call: TypedNode<'call'>): TypedNode<'keyword_argument'>[] {
  return call
    .field('arguments')
    .namedChildren.filter((argument) => argument.is('keyword_argument'))
    .filter((argument) => dataclassArguments.has(argument.field('name').text));
}

/**
 * The edit that takes a dataclass argument out of a call, one at a time; a column's `default_factory` becomes its
 * `default` where it has none yet. `replacement` says what is written instead.
 */
export function withoutDataclassArgument(
  call: TypedNode<'call'>,
  construct: 'mapped_column' | 'relationship',
  argument: TypedNode<'keyword_argument'>,
): { readonly edit: Edit; readonly replacement: string | undefined } {
  const { keywords } = argumentsOf(call);
  const name = argument.field('name');
  const isDefault = name.text === 'default_factory' && construct === 'mapped_column';
  if (!isDefault || keywords.has('default') || keywords.has('insert_default'))
    return { edit: without(argument, call.field('arguments').namedChildren), replacement: undefined };
  return {
    edit: { start: name.start, end: name.end, text: 'default' },
    replacement: `default=${argument.field('value').text}`,
  };
}

/**
 * The edits that take out of a call all that SQLAlchemy refuses once its class is no dataclass: as
 * `withoutDataclassArgument` does one by one, and with them a relationship's `default`, which only dataclasses have.
 */
export function withoutDataclassArguments(
  call: TypedNode<'call'>,
  construct: 'mapped_column' | 'relationship',
): Edit[] {
  const renamed: Edit[] = [];
  const removed: Node[] = [];
  const items = call.field('arguments').namedChildren;
  for (const argument of items) {
    if (!argument.is('keyword_argument')) continue;
    const name = argument.field('name').text;
    if (name === 'dataclass_metadata' || (name === 'default' && construct === 'relationship')) removed.push(argument);
    if (!dataclassArguments.has(name)) continue;
    const { edit, replacement } = withoutDataclassArgument(call, construct, argument);
    if (replacement === undefined) removed.push(argument);
    else renamed.push(edit);
  }
  return [...renamed, ...withoutAll(removed, items)];
}

const dataclassArguments = new Set(['init', 'repr', 'compare', 'hash', 'kw_only', 'default_factory']);
