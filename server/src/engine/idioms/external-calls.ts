import type { SourceFile } from '../file.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { isPath, madeBy } from './instances.ts';

/** What a call reaches beyond the process. */
export type ExternalKind = 'http' | 'database' | 'file';

/**
 * What a call reaches beyond the process, or undefined when nothing tells that it does: an HTTP request of requests, httpx,
 * aiohttp or urllib, a statement sent through a SQLAlchemy session or connection, a file opened, read or written.
 */
export function externalCall(call: TypedNode<'call'>, file: SourceFile): ExternalKind | undefined {
  const callee = call.field('function');
  if (callee.is('identifier')) {
    const name = file.qualified(callee);
    if (name === 'builtins.open') return 'file';
    return name !== undefined && httpFunctions.has(name) ? 'http' : undefined;
  }
  if (!callee.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  const object = callee.field('object');
  if (httpMethods.has(method)) {
    const name = file.qualified(callee);
    if (name !== undefined && httpFunctions.has(name)) return 'http';
    const made = madeBy(file, object);
    if (made !== undefined && clients.has(made)) return 'http';
  }
  if (databaseMethods.has(method) && isSession(object, file)) return 'database';
  if (fileMethods.has(method) && (file.qualified(callee) === 'aiofiles.open' || isPath(file, object))) return 'file';
  return undefined;
}

/** The name of a call for a message: `httpx.get`, `self.db.execute`. */
export function calledName(call: TypedNode<'call'>): string {
  const { text } = call.field('function');
  return text.length > 40 || text.includes('\n') ? `….${text.slice(text.lastIndexOf('.') + 1)}` : text;
}

/** Whether a `try` stands around a node within its function, with the node in its body. */
export function isGuarded(node: Node): boolean {
  let child = node;
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.is('function_definition', 'lambda')) return false;
    if (parent.is('try_statement') && child.isField('body') && parent.child('except_clause')) return true;
    child = parent;
  }
  return false;
}

const verbs = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request'];
const httpMethods = new Set([...verbs, 'stream', 'urlopen', 'send']);
const httpFunctions = new Set([
  ...['requests', 'requests.api', 'httpx'].flatMap((module) => verbs.map((verb) => `${module}.${verb}`)),
  'httpx.stream',
  'urllib.request.urlopen',
  'aiohttp.request',
]);
const clients = new Set([
  'requests.Session',
  'requests.session',
  'requests.sessions.Session',
  'httpx.Client',
  'httpx.AsyncClient',
  'aiohttp.ClientSession',
]);

/** Methods that send something at once; `query`, `add` and `delete` only prepare. */
const databaseMethods = new Set([
  'execute',
  'scalar',
  'scalars',
  'commit',
  'flush',
  'refresh',
  'stream',
  'stream_scalars',
  'exec',
  'get',
  'merge',
]);
const sessionClasses = /^(?:sqlalchemy|sqlmodel)\..*(?:Session|Connection|Engine)$/;

function isSession(object: Node, file: SourceFile): boolean {
  const made = madeBy(file, object);
  if (made !== undefined) return sessionClasses.test(made);
  // A session that a constructor was given is kept under the same name.
  if (!object.is('attribute') || object.field('object').text !== 'self') return false;
  return /^_?(?:db|session|db_session|async_session)$/.test(object.field('attribute').text);
}

const fileMethods = new Set(['open', 'read_text', 'read_bytes', 'write_text', 'write_bytes']);
