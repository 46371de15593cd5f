import type { SourceFile } from '../file.ts';
import { reachingBindings } from '../flow/trace.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { sqlalchemyName } from './models.ts';

/** What an Alembic revision does. Rules ask `isMigration` first: elsewhere these calls mean something else. */

/** What a call in a revision changes: the tables themselves, or the rows in them. */
export interface MigrationStep {
  readonly changes: 'schema' | 'data';
  /** How a message names it: `op.add_column`, `UPDATE`. */
  readonly told: string;
}

/** The way a revision is walked by a piece of it: `both` for helpers, which either may call. */
export type Direction = 'upgrade' | 'downgrade' | 'both';

/** The direction that a node of a revision belongs to, by the function at the top of the file that holds it. */
export function directionOf(file: SourceFile, node: Node): Direction {
  let name = '';
  for (let held = file.enclosingFunction(node); held; held = file.enclosingFunction(held)) {
    if (held.is('function_definition')) name = held.field('name').text;
  }
  // Alembic's template for several databases has `upgrade_engine1` beside `upgrade`.
  return /^upgrade(?:_|$)/.test(name) ? 'upgrade' : /^downgrade(?:_|$)/.test(name) ? 'downgrade' : 'both';
}

/** What a call in a revision changes; undefined where it changes nothing or nobody can tell what. */
export function migrationStep(file: SourceFile, call: TypedNode<'call'>): MigrationStep | undefined {
  const callee = call.field('function');
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.is('identifier') ? callee.text : '';
  const isExecution = executions.has(name);
  if (!isExecution && name !== 'bulk_insert' && !schemaOperations.test(name)) return undefined;
  const isOperation = file.qualified(callee) === `alembic.op.${name}`;
  if (isExecution) {
    const statement = argumentsOf(call).at(0, isOperation ? 'sqltext' : 'statement');
    return callee.is('attribute') || isOperation ? statementStep(file, statement) : undefined;
  }
  return isOperation ? { changes: name === 'bulk_insert' ? 'data' : 'schema', told: `op.${name}` } : undefined;
}

/** What an SQL statement changes: text, `text(…)`, `update(User).values(…)`, `users.insert()`, or a variable of these. */
export function statementStep(file: SourceFile, statement: Node | undefined, depth = 0): MigrationStep | undefined {
  if (!statement || depth > 6) return undefined;
  const inside = (inner: Node | undefined): MigrationStep | undefined => statementStep(file, inner, depth + 1);
  if (statement.is('string', 'concatenated_string')) return sqlStep(sqlText(statement));
  if (statement.is('parenthesized_expression')) return inside(statement.firstNamed);
  if (statement.is('binary_operator')) return inside(statement.field('left'));
  if (statement.is('identifier')) {
    const steps = reachingBindings(file, statement).map((binding) =>
      binding.kind === 'assignment' ? inside(binding.value) : undefined,
    );
    return steps.every((step) => step?.changes === steps[0]?.changes) ? steps[0] : undefined;
  }
  if (!statement.is('call')) return undefined;
  const callee = statement.field('function');
  const name = sqlalchemyName(file, callee);
  if (name === 'insert' || name === 'update' || name === 'delete') return { changes: 'data', told: name.toUpperCase() };
  if (name === 'text' || name === 'DDL' || file.qualified(callee) === 'textwrap.dedent')
    return inside(argumentsOf(statement).positional[0]);
  if (!callee.is('attribute')) return undefined;
  const object = callee.field('object');
  const method = callee.field('attribute').text;
  if (object.is('identifier', 'attribute') && rowMethods.has(method))
    return { changes: 'data', told: method.toUpperCase() };
  return inside(object);
}

/** What SQL text changes, by its first words. */
function sqlStep(text: string): MigrationStep | undefined {
  const [, verb = '', rest = ''] = /^(?:\s|\(|--[^\n]*\n|\/\*[\s\S]*?\*\/)*([a-z]+)\b([\s\S]*)$/i.exec(text) ?? [];
  const told = verb.toUpperCase();
  if (rowVerbs.has(told)) return { changes: 'data', told };
  const [written] =
    (told === 'WITH' && /\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from)\b/i.exec(rest)) || ([] as const);
  if (written !== undefined) return { changes: 'data', told: written.slice(0, 6).toUpperCase() };
  if (!tableVerbs.has(told) || /^\s+(?:extension|role|user|sequence)\b/i.test(rest)) return undefined;
  return { changes: 'schema', told };
}

/** The text of a string literal as far as it is written out; replacement fields stand in it as they are. */
function sqlText(literal: Node): string {
  const first = literal.is('concatenated_string') ? literal.firstNamed : literal;
  return stringValue(literal) ?? first?.text.replace(/^[a-z]*("""|'''|"|')/i, '') ?? '';
}

const executions = new Set(['execute', 'exec_driver_sql', 'executemany']);
const schemaOperations = /^(?:add_column|alter_column|batch_alter_table|rename_table|(?:create|drop)_\w+)$/;
const rowMethods = new Set(['insert', 'update', 'delete']);
const rowVerbs = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'TRUNCATE']);
const tableVerbs = new Set(['CREATE', 'ALTER', 'DROP', 'RENAME', 'COMMENT']);
