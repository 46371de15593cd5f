import type { SourceFile } from '../file.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { sqlalchemyName } from './models.ts';
import { pendingSessionWrites, sessionCall, writtenStatement } from './sessions.ts';

/** Where a file asks its database for rows or writes them, whichever layer does it. */

/** One query: a statement, or what a session is asked to do. */
export interface DatabaseQuery {
  /** The whole expression: `session.execute(select(User))`, `select(User).where(…)`. */
  readonly at: Node;
  /** As messages name it: `session.execute`, `select`. */
  readonly name: string;
  /** The model it is about, as far as it stands there. */
  readonly model: Node | undefined;
}

/**
 * The query whose outermost expression a call is, or whose statement it begins: `select(User)` with all that is chained
 * to it, `session.execute(…)`, `session.get(User, key)`, `session.add(user)`. One query is one answer: what stands within
 * another, or is handed to a session in a variable, is given once. Undefined for everything else, and for statements that
 * read no table, such as those that set something for the session.
 */
export function databaseQuery(file: SourceFile, call: TypedNode<'call'>): DatabaseQuery | undefined {
  const callee = call.field('function');
  if (callee.is('attribute')) {
    const asked = askedOfSession(file, call, callee);
    if (asked) return asked;
    if (!statementNames.has(callee.field('attribute').text)) return undefined;
  } else if (!callee.is('identifier')) return undefined;
  if (!isStatementHead(file, call) || readsNoTable(file, call)) return undefined;
  const whole = chainOf(call);
  if (isWithinQuery(file, whole)) return undefined;
  return { at: whole, name: callee.text, model: modelOf(call) };
}

/** The query in words, for messages: `` `session.get` queries `User` ``. */
export function queryInWords({ name, model }: DatabaseQuery): string {
  if (!model) return `\`${name}\` uses the database`;
  return `\`${name}\` ${writing.test(name) ? 'writes' : 'queries'} \`${model.text}\``;
}

const writing = /(?:^|\.)(?:add|add_all|delete|merge|insert|update|bulk_\w+)$/;

/** The class that a statement is about: its first argument, or what is chained to it as `select_from(User)`. */
function modelOf(head: TypedNode<'call'>): Node | undefined {
  const named = modelIn(argumentsOf(head).positional[0]);
  if (named) return named;
  for (let call = head; ; ) {
    const method = call.parent;
    const outer = method?.parent;
    if (!method?.is('attribute') || !outer?.is('call') || outer.field('function').row !== method.row) return undefined;
    if (method.field('attribute').text === 'select_from') return modelIn(argumentsOf(outer).positional[0]);
    call = outer;
  }
}

/** The class that a statement's or a session's first argument is about: `User` of `User`, `User.id`, `func.count(User.id)`. */
export function modelIn(expression: Node | undefined): Node | undefined {
  if (expression?.is('identifier')) return isClassName(expression.text) ? expression : undefined;
  if (expression?.is('attribute')) {
    const object = expression.field('object');
    if (isClassName(expression.field('attribute').text)) return expression;
    return object.is('identifier', 'attribute') ? modelIn(object) : undefined;
  }
  if (expression?.is('call')) {
    const [first] = argumentsOf(expression).positional;
    return modelIn(first) ?? modelIn(expression.field('function'));
  }
  return undefined;
}

function askedOfSession(
  file: SourceFile,
  call: TypedNode<'call'>,
  callee: TypedNode<'attribute'>,
): DatabaseQuery | undefined {
  const method = callee.field('attribute').text;
  if (!asking.has(method)) return undefined;
  const made = sessionCall(file, call);
  if (!made) return undefined;
  const given = argumentsOf(call);
  const [first] = given.positional;
  // What a session of one's own passes on is no query of its own.
  if (first?.is('list_splat')) return undefined;
  const name = callee.text.includes('\n') ? method : callee.text;
  if (method === 'query') return { at: chainOf(call), name, model: modelIn(first) };
  if (method === 'get' || method === 'get_one') {
    // Clients of HTTP are called sessions too; a row is got by its class.
    const model = first?.is('identifier', 'attribute') ? modelIn(first) : undefined;
    return model || made.evidence.sure ? { at: call, name, model } : undefined;
  }
  if (!executing.has(method)) {
    const isForeign = !first || given.keywords.size > 0 || first.is('string') || /url|uri|path|key/i.test(first.text);
    if (!made.evidence.sure && isForeign) return undefined;
    return { at: call, name, model: first?.is('call') ? modelIn(first.field('function')) : undefined };
  }
  const statement = given.at(0, 'statement');
  if (!statement) return undefined;
  const head = headOf(statement);
  if (head?.is('call')) {
    const kind = sqlalchemyName(file, head.field('function'));
    if (kind === 'text' && isSetting(argumentsOf(head).positional[0])) return undefined;
    if (isStatementHead(file, head)) {
      if (readsNoTable(file, head)) return undefined;
      return { at: call, name, model: modelOf(head) };
    }
  }
  // The statement is reported where it is made.
  if (statement.is('identifier') && (isMadeHere(file, statement) || writtenStatement(file, call))) return undefined;
  if (isSetting(statement)) return undefined;
  return { at: call, name, model: undefined };
}

/** The innermost receiver of a chain of calls: `select(User)` of `select(User).where(…).limit(1)`. */
function headOf(expression: Node): Node | undefined {
  let head: Node | undefined = expression;
  while (head) {
    if (head.is('parenthesized_expression')) {
      head = head.firstNamed;
      continue;
    }
    const callee: Node | undefined = head.is('call') ? head.field('function') : undefined;
    if (!callee?.is('attribute')) return head;
    const object: Node = callee.field('object');
    if (!object.is('call', 'parenthesized_expression')) return head;
    head = object;
  }
  return head;
}

/** All that is chained to a call: `select(User).where(…)` for `select(User)`. */
function chainOf(call: Node): Node {
  let whole = call;
  for (;;) {
    const { parent } = whole;
    if (parent?.is('attribute') && parent.field('object').row === whole.row) {
      const outer = parent.parent;
      if (!outer?.is('call') || outer.field('function').row !== parent.row) return whole;
      whole = outer;
    } else if (parent?.is('parenthesized_expression') && parent.parent?.is('attribute')) whole = parent;
    else return whole;
  }
}

function isStatementHead(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (!callee.is('identifier', 'attribute')) return false;
  const name = sqlalchemyName(file, callee);
  return name !== undefined && statementNames.has(name) && (last === name || callee.is('identifier'));
}

/** Whether an expression stands within another statement, or is handed to a session's method. */
function isWithinQuery(file: SourceFile, expression: Node): boolean {
  for (let node = expression.parent; node; node = node.parent) {
    if (node.is('block', 'lambda', 'module')) return false;
    if (!node.is('call')) continue;
    const callee = node.field('function');
    if (callee.is('attribute') && asking.has(callee.field('attribute').text) && sessionCall(file, node)) return true;
    const head = headOf(node);
    if (head?.is('call') && head.row !== expression.row && isStatementHead(file, head)) return true;
  }
  return false;
}

/** `select(func.set_config(…))`, `select(1)`: nothing of it is a table or a column. */
function readsNoTable(file: SourceFile, head: TypedNode<'call'>): boolean {
  if (sqlalchemyName(file, head.field('function')) !== 'select') return false;
  const { positional } = argumentsOf(head);
  if (positional.length === 0 || chainOf(head).text.includes('select_from')) return false;
  return positional.every((argument) => {
    if (argument.is('integer', 'string', 'true', 'none')) return true;
    if (!argument.is('call')) return false;
    const name = file.qualified(argument.field('function')) ?? '';
    const isPlain = /^sqlalchemy\.(?:\w+\.)*(?:func\.\w+|text|literal|literal_column)$/.test(name);
    return (
      isPlain &&
      !argument
        .field('arguments')
        .below('identifier')
        .some((inner) => isClassName(inner.text))
    );
  });
}

/** SQL that touches no table: `SELECT 1`, `SELECT set_config(…)`, `SET …`. */
function isSetting(text: Node | undefined): boolean {
  const sql = stringValue(text);
  return sql !== undefined && !/\b(?:from|into|update|delete|truncate|merge)\b/i.test(sql);
}

/** Whether some value of a variable is a statement that the file builds there. */
function isMadeHere(file: SourceFile, name: TypedNode<'identifier'>): boolean {
  return file.bindings(name).some(({ value }) => {
    const head = value && headOf(value);
    return head?.is('call') === true && isStatementHead(file, head);
  });
}

function isClassName(name: string): boolean {
  return /^_*[A-Z]\w*[a-z]/.test(name);
}

const statementNames = new Set(['select', 'insert', 'update', 'delete']);
const executing = new Set(['execute', 'exec', 'scalar', 'scalars', 'stream', 'stream_scalars']);
/** What a session is asked for; `refresh` and `flush` go with the transaction. */
const asking = new Set([...executing, 'query', 'get', 'get_one', ...pendingSessionWrites]);

/** What calls that `databaseQuery` finds a query at are called: for the `calls` of rules about queries. */
export const queryCalls: readonly string[] = [...asking, ...statementNames];
