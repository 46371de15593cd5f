import type { SourceFile } from '../file.ts';
import type { Binding } from '../names/scopes.ts';
import { spell } from '../names/spell.ts';
import { argumentsIn, argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';

/** SQLAlchemy columns that hold times, and whether their type keeps the zone. */

/** A column whose values lose their zone: at its type, or at the annotation where only that tells the type. */
export interface NaiveColumn {
  readonly at: Node;
  /** The type as it is written: `DateTime`, `TIMESTAMP()`, `Mapped[datetime]`. */
  readonly type: string;
  /** The edits that make the column keep the zone; undefined when nothing trustworthy can be written. */
  readonly aware: () => Edit[] | undefined;
}

/** The naive column type that a call of `Column`, `mapped_column` or sqlmodel's `Field` names; undefined when there is none. */
export function naiveColumnType(file: SourceFile, call: TypedNode<'call'>): NaiveColumn | undefined {
  const maker = file.qualified(call.field('function'));
  if (maker === 'sqlmodel.Field' || maker === 'sqlmodel.main.Field') {
    const type = argumentsOf(call).keyword('sa_type');
    return type && isNaiveType(file, type) ? column(type) : undefined;
  }
  if (maker === undefined || !(columnMakers.has(maker) || maker === mappedColumn)) return undefined;
  const values = argumentsOf(call);
  const type = [...values.positional.slice(0, 2), values.keyword('type_')].find(
    (argument) => argument !== undefined && isNaiveType(file, argument),
  );
  return type && column(type);
}

/**
 * A `Mapped[datetime]` attribute of a declarative class in this file that takes its column type from the annotation:
 * without `mapped_column`, or with one that names no type. Undefined unless the class's base can be followed, within the
 * file, to where a `type_annotation_map` would stand, and it gives `datetime` no other type.
 */
export function naiveMappedAttribute(file: SourceFile, assignment: TypedNode<'assignment'>): NaiveColumn | undefined {
  const annotation = assignment.field('type');
  const mapped = annotation?.firstNamed;
  if (!annotation || !mapped || !isMappedDatetime(file, mapped)) return undefined;
  const value = assignment.field('right');
  if (value && !isUntypedMappedColumn(file, value)) return undefined;
  const owner = file.enclosingClass(assignment);
  if (!owner || file.enclosingFunction(assignment) || declarativeMap(file, owner) !== 'naive') return undefined;
  return {
    at: mapped,
    type: mapped.text,
    aware: () => {
      const type = spell(file, 'sqlalchemy', 'DateTime', annotation);
      if (!type) return undefined;
      const aware = `${type.text}(timezone=True)`;
      if (value?.is('call')) return [...type.edits, insertedType(value, aware)];
      const maker = spell(file, 'sqlalchemy.orm', 'mapped_column', annotation);
      if (!maker) return undefined;
      const added = { start: annotation.end, end: annotation.end, text: ` = ${maker.text}(${aware})` };
      return [...type.edits, ...maker.edits, added];
    },
  };
}

const mappedColumn = 'sqlalchemy.orm.mapped_column';
const columnMakers = new Set([
  'sqlalchemy.Column',
  'sqlalchemy.schema.Column',
  'sqlalchemy.sql.schema.Column',
  'sqlmodel.Column',
]);

/** Types with a `timezone` argument that is false unless said otherwise (SQLAlchemy, "Generic 'CamelCase' Types"). */
const typesWithTimezone = new Set(
  ['sqlalchemy', 'sqlalchemy.types', 'sqlalchemy.sql.sqltypes', 'sqlalchemy.dialects.postgresql', 'sqlmodel'].flatMap(
    (module) => [`${module}.DateTime`, `${module}.TIMESTAMP`],
  ),
);

function isNaiveType(file: SourceFile, type: Node): boolean {
  if (!type.is('call')) return type.is('identifier', 'attribute') && typesWithTimezone.has(file.qualified(type) ?? '');
  if (!typesWithTimezone.has(file.qualified(type.field('function')) ?? '')) return false;
  const { positional, keyword, hasSplat, hasDoubleSplat } = argumentsOf(type);
  if (hasSplat || hasDoubleSplat) return false;
  const timezone = positional[0] ?? keyword('timezone');
  return timezone === undefined || timezone.is('false');
}

function column(type: Node): NaiveColumn {
  return { at: type, type: type.text, aware: () => [withTimezone(type)] };
}

function withTimezone(type: Node): Edit {
  if (!type.is('call')) return { start: type.end, end: type.end, text: '(timezone=True)' };
  const { list, positional, keyword } = argumentsOf(type);
  const [first] = positional;
  if (first) return { start: first.start, end: first.end, text: 'timezone=True' };
  const timezone = keyword('timezone');
  if (timezone) return { start: timezone.start, end: timezone.end, text: 'True' };
  const others = list.namedChildren.length > 0;
  return { start: list.start + 1, end: list.start + 1, text: others ? 'timezone=True, ' : 'timezone=True' };
}

/** The type goes behind the column's name, which is a string and stands first, or else to the front. */
function insertedType(call: TypedNode<'call'>, type: string): Edit {
  const { list, positional } = argumentsOf(call);
  const [first] = positional;
  if (first && stringValue(first) !== undefined) return { start: first.end, end: first.end, text: `, ${type}` };
  const [next] = list.namedChildren;
  return next
    ? { start: next.start, end: next.start, text: `${type}, ` }
    : { start: list.start + 1, end: list.start + 1, text: type };
}

/** `mapped_column(…)` whose positional arguments are a name, keys and constraints only. */
function isUntypedMappedColumn(file: SourceFile, value: Node): boolean {
  if (!value.is('call') || file.qualified(value.field('function')) !== mappedColumn) return false;
  const { positional, keywords, hasSplat, hasDoubleSplat } = argumentsOf(value);
  if (hasSplat || hasDoubleSplat || keywords.has('type_')) return false;
  const isNoType = (argument: Node): boolean =>
    stringValue(argument) !== undefined ||
    (argument.is('call') &&
      schemaItems.has((file.qualified(argument.field('function')) ?? '').split('.').at(-1) ?? ''));
  return positional.every(isNoType);
}

const schemaItems = new Set(['ForeignKey', 'CheckConstraint', 'Computed', 'Identity', 'Sequence', 'FetchedValue']);

/** `Mapped[datetime]`, `Mapped[datetime | None]`, `Mapped[Optional[datetime]]`. */
function isMappedDatetime(file: SourceFile, annotation: Node): boolean {
  const [generic, inner] = genericParts(annotation);
  if (!generic || !inner || file.qualified(generic) !== 'sqlalchemy.orm.Mapped') return false;
  return namesDatetime(file, inner);
}

function namesDatetime(file: SourceFile, type: Node): boolean {
  if (type.is('type')) return type.firstNamed !== undefined && namesDatetime(file, type.firstNamed);
  if (type.is('identifier', 'attribute')) return file.qualified(type) === 'datetime.datetime';
  if (type.is('binary_operator')) {
    const sides = [type.field('left'), type.field('right')];
    return sides.some((side) => side.is('none')) && sides.some((side) => namesDatetime(file, side));
  }
  const [generic, inner] = genericParts(type);
  return (
    generic !== undefined &&
    inner !== undefined &&
    file.qualified(generic) === 'typing.Optional' &&
    namesDatetime(file, inner)
  );
}

/** The two parts of `Generic[inner]` with one argument, however the grammar cuts it. */
function genericParts(type: Node): [Node, Node] | [] {
  if (type.is('subscript')) {
    const [inner, ...more] = type.fields('subscript');
    return inner && more.length === 0 ? [type.field('value'), inner] : [];
  }
  if (!type.is('generic_type')) return [];
  const [generic, parameters] = type.namedChildren;
  const [inner, ...more] = parameters?.namedChildren ?? [];
  return generic && inner && more.length === 0 ? [generic, inner] : [];
}

/** What a class's declarative base gives `datetime`: the naive default, something else, or nobody can tell. */
function declarativeMap(
  file: SourceFile,
  definition: TypedNode<'class_definition'>,
  seen: Set<Node> = new Set(),
): 'naive' | 'mapped' | 'unknown' {
  if (seen.has(definition)) return 'unknown';
  seen.add(definition);
  const own = ownMap(file, definition);
  if (own !== 'naive') return own;
  let found: 'naive' | 'unknown' = 'unknown';
  for (const base of definition.field('superclasses')?.namedChildren ?? []) {
    if (base.is('keyword_argument', 'comment')) continue;
    const expression = base.is('subscript') ? base.field('value') : base;
    const binding = expression.is('identifier') ? file.binding(expression) : undefined;
    const answer =
      binding?.kind === 'class' && binding.by.is('class_definition')
        ? declarativeMap(file, binding.by, seen)
        : declarativeBases.has(file.qualified(expression) ?? '')
          ? 'naive'
          : madeBase(file, binding);
    if (answer === 'mapped') return 'mapped';
    if (answer === 'naive') found = 'naive';
  }
  return found;
}

const declarativeBases = new Set(['sqlalchemy.orm.DeclarativeBase', 'sqlalchemy.orm.DeclarativeBaseNoMeta']);
const baseMakers = new Set([
  'sqlalchemy.orm.declarative_base',
  'sqlalchemy.ext.declarative.declarative_base',
  'sqlalchemy.orm.registry',
]);

function ownMap(file: SourceFile, definition: TypedNode<'class_definition'>): 'naive' | 'mapped' {
  const maps = file.classBindings(definition, 'type_annotation_map');
  const registries = file.classBindings(definition, 'registry');
  const leaves =
    maps.every((binding) => leavesDatetime(file, binding.value)) &&
    registries.every((binding) => madeBase(file, binding) === 'naive');
  return leaves ? 'naive' : 'mapped';
}

/** `Base = declarative_base()`, and `registry = registry(…)`. */
function madeBase(file: SourceFile, binding: Binding | undefined): 'naive' | 'mapped' | 'unknown' {
  const call = binding?.kind === 'assignment' ? binding.value : undefined;
  if (!call?.is('call') || !baseMakers.has(file.qualified(call.field('function')) ?? '')) return 'unknown';
  const { keyword, hasDoubleSplat } = argumentsIn(call.field('arguments'));
  if (hasDoubleSplat || keyword('registry') || keyword('cls')) return 'unknown';
  const map = keyword('type_annotation_map');
  return map === undefined || leavesDatetime(file, map) ? 'naive' : 'mapped';
}

/** A map that has no entry for `datetime`, or a naive one, and holds nothing that cannot be read. */
function leavesDatetime(file: SourceFile, map: Node | undefined): boolean {
  if (!map?.is('dictionary')) return false;
  return map.namedChildren.every((entry) => {
    if (!entry.is('pair')) return false;
    const key = file.qualified(entry.field('key'));
    if (key === undefined) return isPlainTypeKey(entry.field('key'));
    return key !== 'datetime.datetime' || isNaiveType(file, entry.field('value'));
  });
}

/** Keys such as `dict[str, Any]` or `Annotated[str, 50]` are types of their own, never plain `datetime`. */
function isPlainTypeKey(key: Node): boolean {
  return key.is('subscript', 'call', 'string');
}
