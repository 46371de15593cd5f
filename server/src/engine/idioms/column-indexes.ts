import type { SourceFile } from '../file.ts';
import type { Fact, Finding } from '../rule.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { appended } from './item-edits.ts';
import {
  attributeOf,
  type Construct,
  constructOf,
  isSqlmodelTable,
  type MappedAttribute,
  sqlalchemyName,
} from './models.ts';

/** Which columns of a file's models have an index: stated at the column, or by the model's own `Index(…)`. */

/** What one unit says of columns and their indexes. Plain data; places are relative to the fact's own. */
export type ColumnFact =
  | {
      readonly kind: 'column';
      readonly owner: string;
      readonly name: string;
      /** What the finding says. */
      readonly message: string;
      readonly edits: readonly { readonly from: number; readonly to: number; readonly text: string }[];
    }
  | {
      readonly kind: 'index';
      /** The class, or undefined where it cannot be told: then it may be any class of the file. */
      readonly owner: string | undefined;
      readonly columns: readonly string[];
    }
  | {
      /** The class has table arguments that the file does not show. */
      readonly kind: 'opaque';
      readonly owner: string;
    };

/** The column an attribute-declaring call makes, if it may lack an index: no key, not unique, nothing hidden. */
export function unindexedColumn(file: SourceFile, call: TypedNode<'call'>): MappedAttribute | undefined {
  const construct = constructOf(file, call);
  if (construct === undefined || !columns.has(construct)) return undefined;
  const given = argumentsOf(call);
  if (given.hasSplat || given.hasDoubleSplat || !given.list.is('argument_list')) return undefined;
  for (const name of ['index', 'unique', 'primary_key'] as const) {
    const stated = given.keyword(name);
    if (stated && !stated.is('false', 'none')) return undefined;
  }
  const attribute = attributeOf(file, call);
  if (!attribute) return undefined;
  if (construct === 'Field' && (given.keywords.has('sa_column') || !isSqlmodelTable(attribute.owner))) return undefined;
  return attribute;
}

/** The edits that state `index=True` at a column, relative to the call's start. */
export function withIndex(file: SourceFile, call: TypedNode<'call'>): { from: number; to: number; text: string }[] {
  const stated = argumentsOf(call).keyword('index');
  const edits = stated
    ? [{ start: stated.start, end: stated.end, text: 'True' }]
    : appended(call.field('arguments'), 'index=True', file.eol);
  return edits.map(({ start, end, text }) => ({ from: start - call.start, to: end - call.start, text }));
}

/** What a call of `Index(…)`, or of a constraint that makes an index, says of the columns it covers. */
export function indexFact(file: SourceFile, call: TypedNode<'call'>): Fact<ColumnFact> | undefined {
  const callee = call.field('function');
  if (!callee.is('identifier', 'attribute') || !/(?:Index|Constraint)$/.test(callee.text)) return undefined;
  const name = sqlalchemyName(file, callee);
  if (name === undefined || !indexes.has(name)) return undefined;
  const { positional } = argumentsOf(call);
  const listed = name === 'Index' ? positional.slice(1) : positional.slice(0, 1);
  const covered: string[] = [];
  let owner = file.enclosingClass(call)?.field('name').text;
  for (const item of listed) {
    const text = stringValue(item);
    if (text !== undefined) covered.push(text);
    for (const part of item.is('identifier', 'attribute') ? [item] : item.below('identifier', 'attribute')) {
      if (part.is('attribute')) {
        covered.push(part.field('attribute').text);
        if (part.field('object').is('identifier')) owner ??= part.field('object').text;
      } else covered.push(part.text);
    }
  }
  return { at: call, data: { kind: 'index', owner, columns: covered } };
}

const columns: ReadonlySet<string> = new Set<Construct>(['mapped_column', 'Column', 'Field']);
const indexes: ReadonlySet<string> = new Set(['Index', 'UniqueConstraint', 'PrimaryKeyConstraint']);

/** What calls that declare columns or indexes are called: for the `calls` of rules about indexes. */
export const columnIndexCalls: readonly string[] = [...columns, ...indexes];

/** `__table_args__` made elsewhere may hold an index. */
export function opaqueTableArguments(
  file: SourceFile,
  statement: TypedNode<'assignment'>,
): Fact<ColumnFact> | undefined {
  const left = statement.field('left');
  if (!left.is('identifier') || left.text !== '__table_args__') return undefined;
  const owner = file.enclosingClass(statement);
  const value = statement.field('right');
  if (!owner || !value || value.is('dictionary')) return undefined;
  const isPlain = value.is('tuple') && value.namedChildren.every((item) => item.is('call', 'dictionary'));
  return isPlain ? undefined : { at: statement, data: { kind: 'opaque', owner: owner.field('name').text } };
}

/** The findings for columns that no index of their model covers. */
export function columnsWithoutIndex(facts: readonly Fact<ColumnFact>[]): Finding[] {
  return facts.flatMap(({ at, data }) => {
    if (data.kind !== 'column') return [];
    const covered = facts.some(
      ({ data: other }) =>
        (other.kind === 'opaque' && other.owner === data.owner) ||
        (other.kind === 'index' &&
          (other.owner === undefined || other.owner === data.owner) &&
          other.columns.includes(data.name)),
    );
    if (covered) return [];
    return [
      {
        at,
        message: data.message,
        fix: () =>
          data.edits.length === 0
            ? undefined
            : {
                title: 'Add `index=True`',
                safety: 'unsafe' as const,
                edits: data.edits.map(({ from, to, text }) => ({ start: at.start + from, end: at.start + to, text })),
              },
      },
    ];
  });
}

/** The `ForeignKey(…)` among a column's arguments, or SQLModel's `foreign_key="…"`. */
export function foreignKeyOf(file: SourceFile, call: TypedNode<'call'>): Node | undefined {
  const given = argumentsOf(call);
  if (constructOf(file, call) === 'Field') {
    const target = given.keyword('foreign_key');
    return target && !target.is('none') ? target : undefined;
  }
  return given.positional.find(
    (argument) => argument.is('call') && sqlalchemyName(file, argument.field('function')) === 'ForeignKey',
  );
}
