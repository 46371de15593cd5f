import type { SourceFile } from '../file.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { isPath, madeBy } from './instances.ts';

/** Calls that wait for something outside the process. */

/** What a call is written as, and whether awaiting it is what makes it work. */
export interface IoCall {
  readonly name: string;
  readonly isAsync: boolean;
}

/**
 * The I/O that a call does itself: HTTP, files, subprocesses, sockets, databases and sleeping, by functions whose names are
 * known and by methods of objects whose makers or annotations are. Undefined for everything else.
 */
export function ioCall(file: SourceFile, call: TypedNode<'call'>): IoCall | undefined {
  const callee = call.field('function');
  if (!callee.is('attribute', 'identifier')) return undefined;
  // Only a re-export gives an attribute another last name.
  if (callee.is('attribute') && !lastNames.has(callee.field('attribute').text) && !file.facts.reexport)
    return undefined;
  const qualified = file.qualified(callee);
  if (qualified !== undefined && functions.has(qualified))
    return { name: qualified.replace(/^builtins\./, ''), isAsync: qualified.startsWith('asyncio.') };
  if (!callee.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  if (!methodNames.has(method)) return undefined;
  const object = callee.field('object');
  if (pathMethods.has(method) && isPath(file, object)) return { name: callee.text, isAsync: false };
  const known = methodsOf(file, object);
  return known?.methods.has(method) ? { name: callee.text, isAsync: known.isAsync } : undefined;
}

/** The makers of async HTTP clients. */
export const asyncHttpClients: ReadonlySet<string> = new Set([
  'httpx.AsyncClient',
  'aiohttp.ClientSession',
  'aiohttp.client.ClientSession',
]);

/** The makers of HTTP clients whose calls wait for the answer. */
export const syncHttpClients: ReadonlySet<string> = new Set([
  'httpx.Client',
  'requests.Session',
  'requests.session',
  'requests.sessions.Session',
  'urllib3.PoolManager',
]);

/** The makers of HTTP clients that keep connections for the next call. */
export const httpClients: ReadonlySet<string> = new Set([...asyncHttpClients, ...syncHttpClients]);

/** Functions that send a request and wait for the answer. */
export const syncHttpCalls: ReadonlySet<string> = new Set([
  ...['requests', 'requests.api', 'httpx'].flatMap((library) =>
    ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request'].map((method) => `${library}.${method}`),
  ),
  'httpx.stream',
  'urllib.request.urlopen',
  'urllib.request.urlretrieve',
  'urllib3.request',
]);

/** The methods of HTTP clients that go to the network. */
export const httpMethods: ReadonlySet<string> = new Set([
  'get',
  'post',
  'put',
  'patch',
  'delete',
  'head',
  'options',
  'request',
  'send',
  'stream',
  'urlopen',
  'ws_connect',
]);

const functions = new Set([
  ...syncHttpCalls,
  'builtins.open',
  'io.open',
  'os.system',
  'os.popen',
  'subprocess.run',
  'subprocess.call',
  'subprocess.check_call',
  'subprocess.check_output',
  'socket.create_connection',
  'socket.getaddrinfo',
  'socket.gethostbyname',
  'time.sleep',
  'asyncio.sleep',
]);

const pathMethods = new Set(['read_text', 'read_bytes', 'write_text', 'write_bytes', 'open']);

const sessionMethods = new Set([
  'commit',
  'delete',
  'exec',
  'execute',
  'flush',
  'get',
  'get_one',
  'merge',
  'refresh',
  'rollback',
  'scalar',
  'scalars',
]);
const syncSessionMethods = new Set([...sessionMethods, 'query', 'bulk_save_objects', 'bulk_insert_mappings']);
const redisMethods = new Set(['get', 'set', 'setex', 'delete', 'exists', 'expire', 'hget', 'hset', 'incr', 'publish']);
const methodNames = new Set([...httpMethods, ...pathMethods, ...syncSessionMethods, ...redisMethods]);

/** The last parts of everything that `ioCall` knows. */
const lastNames = new Set([...methodNames, ...[...functions].map((name) => name.slice(name.lastIndexOf('.') + 1))]);

interface Known {
  readonly methods: ReadonlySet<string>;
  readonly isAsync: boolean;
}

const makers = new Map<string, Known>([
  ...[...httpClients].map((name): [string, Known] => [
    name,
    { methods: httpMethods, isAsync: asyncHttpClients.has(name) },
  ]),
  ...['sqlalchemy.orm.Session', 'sqlalchemy.orm.session.Session', 'sqlmodel.Session'].map((name): [string, Known] => [
    name,
    { methods: syncSessionMethods, isAsync: false },
  ]),
  ...[
    'sqlalchemy.ext.asyncio.AsyncSession',
    'sqlalchemy.ext.asyncio.session.AsyncSession',
    'sqlmodel.ext.asyncio.session.AsyncSession',
  ].map((name): [string, Known] => [name, { methods: sessionMethods, isAsync: true }]),
  ...['redis.Redis', 'redis.StrictRedis', 'redis.from_url', 'redis.Redis.from_url'].map((name): [string, Known] => [
    name,
    { methods: redisMethods, isAsync: false },
  ]),
  ...['redis.asyncio.Redis', 'redis.asyncio.from_url', 'redis.asyncio.Redis.from_url'].map((name): [string, Known] => [
    name,
    { methods: redisMethods, isAsync: true },
  ]),
]);

/** An object by what made it; a parameter also by an alias `SessionDep = Annotated[Session, …]` of the file. */
function methodsOf(file: SourceFile, object: Node): Known | undefined {
  const made = madeBy(file, object);
  const known = made === undefined ? undefined : makers.get(made);
  if (known) return known;
  const annotation = object.is('identifier') ? file.binding(object)?.annotation?.firstNamed : undefined;
  const alias = annotation?.is('identifier') ? file.binding(annotation)?.value : undefined;
  if (!alias?.is('subscript')) return undefined;
  const base = file.qualified(alias.field('value'));
  if (base !== 'typing.Annotated' && base !== 'typing_extensions.Annotated') return undefined;
  const inner = file.qualified(alias.namedChildren[1]);
  return inner === undefined ? undefined : makers.get(inner);
}
