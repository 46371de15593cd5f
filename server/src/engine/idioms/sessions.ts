import type { SourceFile } from '../file.ts';
import type { Binding } from '../names/scopes.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { annotatedClass } from './instances.ts';
import { definitionOf, sqlalchemyName } from './models.ts';
import { parametersOf } from './routes.ts';

/** What SQLAlchemy's sessions are in a file, and what is done with them. */

/** What is known of a session, or of what makes sessions. */
export interface SessionEvidence {
  /** `async` where its methods are awaited; undefined where the file does not tell. */
  readonly driver: 'async' | 'sync' | undefined;
  /** False where only a name says so: `self.db`, an imported `SessionDep` or `SessionLocal`, a bare parameter `db`. */
  readonly sure: boolean;
}

/**
 * Whether an expression is a session: by a parameter's or variable's annotation (`AsyncSession`, `Session`, an
 * `Annotated[…]` alias of one), by the call that made it, by `async with maker() as session`, or by its name alone.
 */
export function sessionOf(file: SourceFile, expression: Node | undefined, depth = 0): SessionEvidence | undefined {
  if (!expression || depth > 6) return undefined;
  if (expression.is('parenthesized_expression', 'await')) return sessionOf(file, expression.firstNamed, depth + 1);
  if (expression.is('call')) return madeSession(file, expression);
  if (expression.is('attribute')) return heldSession(file, expression);
  if (!expression.is('identifier')) return undefined;
  const binding = file.binding(expression);
  const bindings = binding ? [binding] : file.bindings(expression);
  const found = bindings.map((one) => boundSession(file, one, depth));
  return found.every((one) => one !== undefined) ? found[0] : undefined;
}

/** The session that a call makes: `AsyncSession(engine)`, a session maker's call, `maker.begin()`, `get_session()`. */
export function madeSession(file: SourceFile, call: TypedNode<'call'>): SessionEvidence | undefined {
  const callee = call.field('function');
  const made = sessionClass(file.qualified(callee));
  if (made) return made;
  if (callee.is('attribute') && callee.field('attribute').text === 'begin')
    return sessionMakerOf(file, callee.field('object'));
  return (
    sessionMakerOf(file, callee) ?? (openers.test(lastName(callee)) && !isForeign(file, callee) ? byName : undefined)
  );
}

/** What an expression makes when it is called, where it is a session maker or a registry of sessions. */
export function sessionMakerOf(
  file: SourceFile,
  expression: Node,
): (SessionEvidence & { scoped: boolean }) | undefined {
  const made = definitionOf(file, expression);
  if (made?.is('call')) return sessionMakerMadeBy(file, made);
  if (made) return undefined;
  const binding = expression.is('identifier') ? file.binding(expression) : undefined;
  if (expression.is('identifier') && binding?.kind !== 'import' && binding?.kind !== 'parameter') {
    const isUnpacked = binding?.by.is('assignment') === true && binding.value === undefined;
    if (!isUnpacked) return undefined;
  }
  const annotated = binding?.annotation && annotatedClass(file, binding.annotation);
  if (annotated) {
    const name = sqlalchemyName(file, annotated);
    if (name === 'async_sessionmaker') return { driver: 'async', sure: true, scoped: false };
    if (name === 'sessionmaker') return { driver: undefined, sure: true, scoped: false };
    return undefined;
  }
  const name = lastName(expression);
  // A bare `sessionmaker` is SQLAlchemy's own, passed on by another module: it makes makers.
  if (
    !makers.test(name) ||
    /^(?:async_)?sessionmaker$/.test(name) ||
    isForeign(file, expression) ||
    sqlalchemyName(file, expression)
  )
    return undefined;
  return { driver: /async/i.test(name) ? 'async' : undefined, sure: false, scoped: false };
}

/** The session maker that a call makes: `async_sessionmaker(…)`, `sessionmaker(…)`, `scoped_session(…)`. */
export function sessionMakerMadeBy(
  file: SourceFile,
  call: TypedNode<'call'>,
): (SessionEvidence & { scoped: boolean }) | undefined {
  const callee = call.field('function');
  const name = sqlalchemyName(file, callee.is('subscript') ? callee.field('value') : callee);
  if (name === 'async_sessionmaker') return { driver: 'async', sure: true, scoped: false };
  if (name === 'sessionmaker') {
    const given = argumentsOf(call);
    const made = sessionClass(file.qualified(given.keyword('class_')));
    const driver = made?.driver ?? (given.keywords.has('class_') || given.hasDoubleSplat ? undefined : 'sync');
    return { driver, sure: true, scoped: false };
  }
  if (name === 'scoped_session' || name === 'async_scoped_session')
    return { driver: name === 'scoped_session' ? 'sync' : 'async', sure: true, scoped: true };
  return undefined;
}

/** The session type that an annotation names, seen through `Annotated`, `Optional` and the file's own aliases. */
export function annotatedSession(file: SourceFile, annotation: Node | undefined): SessionEvidence | undefined {
  const named = annotation && annotatedClass(file, annotation);
  return named && typedSession(file, named, 0);
}

/** Whether a call of a session's method is what its name says: `execute`, `commit`; the session and how it is driven. */
export function sessionCall(
  file: SourceFile,
  call: TypedNode<'call'>,
): { readonly method: string; readonly session: Node; readonly evidence: SessionEvidence } | undefined {
  const callee = call.field('function');
  if (!callee.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  if (!sessionMethods.has(method)) return undefined;
  const session = callee.field('object');
  const evidence = sessionOf(file, session);
  return evidence && { method, session, evidence };
}

/** Words of which a file with a session holds one: for the `mentions` of rules about sessions. */
export const sessionWords: readonly string[] = ['session', 'Session', 'db'];

/** Methods that only remember what is written by the next flush. */
export const pendingSessionWrites: ReadonlySet<string> = new Set([
  'add',
  'add_all',
  'delete',
  'merge',
  'bulk_save_objects',
  'bulk_insert_mappings',
  'bulk_update_mappings',
]);
/** Methods that send a statement and give rows back. */
export const sessionReads: ReadonlySet<string> = new Set([
  'execute',
  'exec',
  'get',
  'get_one',
  'refresh',
  'scalar',
  'scalars',
  'stream',
  'stream_scalars',
]);

/** The statement that a call of `execute` and its like writes with: `insert(User).values(…)`; undefined for others. */
export function writtenStatement(file: SourceFile, call: TypedNode<'call'>): Node | undefined {
  const given = argumentsOf(call).at(0, 'statement');
  const statement = given?.is('identifier') ? (definitionOf(file, given) ?? given) : given;
  let head: Node | undefined = statement;
  while (head) {
    if (head.is('attribute')) head = head.field('object');
    else if (head.is('call')) {
      const callee = head.field('function');
      const name = sqlalchemyName(file, callee);
      if (name === 'insert' || name === 'update' || name === 'delete') return given;
      if (name === 'text') {
        const [text] = argumentsOf(head).positional;
        return text && /^[rubf]*["']+\s*(?:insert\s+into|update|delete\s+from)\b/i.test(text.text) ? given : undefined;
      }
      head = callee;
    } else return undefined;
  }
  return undefined;
}

/**
 * The session on which a `with` statement opens a transaction: `session.begin()`, `session.begin_nested()`. A maker's or
 * engine's `begin()` is given by what it is called on.
 */
export function transactionOf(statement: TypedNode<'with_statement'>): Node | undefined {
  const items = statement.namedChildren.find((child) => child.is('with_clause'))?.namedChildren ?? [];
  for (const item of items) {
    if (!item.is('with_item')) continue;
    const value = item.field('value');
    const call = value.is('as_pattern') ? value.firstNamed : value;
    if (!call?.is('call')) continue;
    const callee = call.field('function');
    if (callee.is('attribute') && /^begin(?:_nested|_twophase)?$/.test(callee.field('attribute').text))
      return callee.field('object');
  }
  return undefined;
}

/** The driver of a session class; undefined for every other class. */
export function sessionClass(qualified: string | undefined): SessionEvidence | undefined {
  if (!qualified?.startsWith('sql')) return undefined;
  const name = /^(?:sqlalchemy|sqlmodel)\.(?:\w+\.)*(\w+)$/.exec(qualified)?.[1];
  if (name === 'AsyncSession' || name === 'async_scoped_session') return { driver: 'async', sure: true };
  if (name === 'Session' || name === 'scoped_session') return { driver: 'sync', sure: true };
  return undefined;
}

function boundSession(file: SourceFile, binding: Binding, depth: number): SessionEvidence | undefined {
  const { by } = binding;
  if (binding.annotation) return annotatedSession(file, binding.annotation);
  if (binding.kind === 'parameter') return bareNames.test(binding.name) ? byName : undefined;
  if (binding.kind === 'assignment') return sessionOf(file, binding.value, depth + 1);
  if (by.is('as_pattern') && by.parent?.is('with_item')) return sessionOf(file, by.firstNamed, depth + 1);
  // `async for session in get_session():` takes the one session that a dependency gives.
  if (by.is('for_statement') && by.field('right')?.is('call')) return sessionOf(file, by.field('right'), depth + 1);
  return undefined;
}

/** `self.session`: as the class declares it, as `__init__` is given it, or by its name. */
function heldSession(file: SourceFile, expression: TypedNode<'attribute'>): SessionEvidence | undefined {
  const name = expression.field('attribute').text;
  if (!bareNames.test(name)) return undefined;
  const object = expression.field('object');
  const owner = object.text === 'self' ? file.enclosingClass(expression) : undefined;
  if (owner) {
    const [declared] = file.classBindings(owner, name);
    if (declared?.annotation) return annotatedSession(file, declared.annotation);
    const [made] = file.classBindings(owner, '__init__');
    const parameters = made?.by.is('function_definition') ? parametersOf(made.by) : [];
    const bare = name.replace(/^_+/, '');
    const parameter = parameters.find((candidate) => candidate.name.replace(/^_+/, '') === bare);
    if (parameter?.annotation) return annotatedSession(file, parameter.annotation);
  }
  return object.is('identifier', 'attribute') ? byName : undefined;
}

function typedSession(file: SourceFile, named: Node, depth: number): SessionEvidence | undefined {
  const sure = sessionClass(file.qualified(named));
  if (sure) return sure;
  const binding = named.is('identifier') ? file.binding(named) : undefined;
  if (binding?.kind === 'assignment' && binding.value && depth < 4) {
    const inner = annotatedClass(file, binding.value);
    return inner && !inner.is('call') && inner !== named ? typedSession(file, inner, depth + 1) : undefined;
  }
  if (binding && binding.kind !== 'import') return undefined;
  const name = lastName(named);
  if (isForeign(file, named)) return undefined;
  if (name === 'AsyncSession') return { driver: 'async', sure: false };
  return typeNames.test(name) ? { driver: /async/i.test(name) ? 'async' : undefined, sure: false } : undefined;
}

function lastName(expression: Node): string {
  return expression.is('attribute') ? expression.field('attribute').text : expression.text;
}

/** Sessions and factories of libraries that have nothing to do with SQLAlchemy. */
function isForeign(file: SourceFile, expression: Node): boolean {
  const qualified = file.qualified(expression);
  return qualified !== undefined && foreign.test(qualified);
}

const byName: SessionEvidence = { driver: undefined, sure: false };
const bareNames = /^_*(?:async_)?(?:db|session|db_session|database_session|sql_session)$/;
const typeNames =
  /^(?:Async|Sync)?(?:Db|DB|Database|Sql)?Session(?:Dep|Dependency|Local|DB|Db)$|^(?:Db|DB|Database)Session$/;
const makers =
  /^_*(?:Async|Sync)?(?:Db|DB)?Session(?:Local|Factory|Maker)$|^_*(?:async_|sync_)?(?:db_)?session_?(?:maker|factory|local)$|^AsyncSessionLocal$/;
const openers =
  /^_*(?:async_)?(?:get|open|new|create|make)_(?:async_|sync_)?(?:db|db_session|session|database_session)$|^session_scope$/;
const foreign =
  /^(?:aiobotocore|aioboto3|boto3|botocore|builtins|requests|requests_\w+|aiohttp|httpx|curl_cffi|fastmcp|mcp|neo4j|nox|onnxruntime|pyspark|snowflake|tensorflow|cassandra|motor|pymongo|sqlite3|aiosqlite|asyncpg|psycopg\w*)\./;
const sessionMethods = new Set([
  ...pendingSessionWrites,
  ...sessionReads,
  'begin',
  'begin_nested',
  'commit',
  'flush',
  'rollback',
  'query',
]);
