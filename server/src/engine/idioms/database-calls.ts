import type { SourceFile } from '../file.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { externalCall } from './external-calls.ts';
import { madeSession, sessionCall, sessionOf } from './sessions.ts';

/** Calls that reach a database, whatever they reach it by. */

/**
 * Whether a call opens or uses a database: a method of a session or connection, the making of a session, engine or
 * connection, a function of a `crud` or `repositories` module, or a function that is handed a session. Putting a query
 * together is none.
 */
export function isDatabaseCall(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  if (!callee.is('identifier', 'attribute')) return false;
  const qualified = file.qualified(callee);
  if (qualified !== undefined && connectors.test(qualified)) return true;
  if (sessionCall(file, call) || madeSession(file, call) || externalCall(call, file) === 'database') return true;
  // What makes an object of a session, `Repository(session)`, does nothing with it yet.
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (/^_*[A-Z]/.test(name) || qualified?.startsWith('builtins.')) return false;
  if (qualified !== undefined && dataAccess.test(qualified)) return true;
  return !isLogging(callee) && given(call).some((argument) => sessionOf(file, argument));
}

function given(call: TypedNode<'call'>): Node[] {
  const { positional, keywords } = argumentsOf(call);
  return [...positional, ...[...keywords.values()].map((keyword) => keyword.field('value'))].filter((argument) =>
    argument.is('identifier', 'attribute'),
  );
}

function isLogging(callee: Node): boolean {
  return callee.is('attribute') && /^_*(?:log|logger)$/i.test(callee.field('object').text);
}

const connectors =
  /^(?:sqlite3|aiosqlite|psycopg2|psycopg|asyncpg|pymysql|aiomysql|asyncmy|pyodbc|duckdb)\.(?:connect|create_pool)$|^sqlalchemy\.(?:[\w.]+\.)?create_(?:async_)?engine$|^sqlmodel\.create_engine$/;
const dataAccess = /(?:^|\.)(?:crud|repositor(?:y|ies))\.(?:\w+\.)*\w+$/;
