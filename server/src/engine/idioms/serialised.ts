import type { SourceFile } from '../file.ts';
import { type Origin, trace } from '../flow/trace.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { madeBy, makerOf } from './instances.ts';
import { constructOf, sqlalchemyName } from './models.ts';
import { routesOf } from './routes.ts';

/** Values that leave the program as JSON or go into a cache, and the calls that made text or numbers of them. */

/** A place where values are stored or sent. */
export interface Outlet {
  /** `column` is a JSON column of a model of this file. */
  readonly kind: 'response' | 'body' | 'cache' | 'column';
  /** How a message names it: `a JSON body`. */
  readonly told: string;
  readonly values: readonly Node[];
}

/** What a call sends or stores: `post(json=…)`, `JSONResponse(…)`, `json.dumps(…)`, `redis.set(key, …)`, `Event(payload=…)`. */
export function outletOfCall(file: SourceFile, call: TypedNode<'call'>): Outlet | undefined {
  const callee = call.field('function');
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.is('identifier') ? callee.text : '';
  // Most calls are of something else, as their name tells.
  if (callee.is('attribute') ? !sendingMethods.has(name) : !sendingNames.test(name) && !isJsonResponse(file, callee))
    return undefined;
  if (isJsonResponse(file, callee)) {
    const content = argumentsOf(call).at(0, 'content');
    return content ? { kind: 'response', told: 'a JSON response', values: [content] } : undefined;
  }
  if (name === 'dumps' || name === 'dump') {
    const [value] = argumentsOf(call).positional;
    return value && dumpers.has(file.qualified(callee) ?? '') ? body([value]) : undefined;
  }
  if (callee.is('attribute')) {
    if (name === 'send_json') return body(argumentsOf(call).positional.slice(0, 1));
    if (clientMethods.has(name) && hasKeywords(call)) {
      const sent = argumentsOf(call).keyword('json');
      if (sent) return body([sent]);
    }
    if (!cacheMethods.has(name) || !isCache(file, callee.field('object'))) return undefined;
    const { positional, keywords } = argumentsOf(call);
    const values = [...positional.slice(1), ...[...keywords.values()].map((keyword) => keyword.field('value'))];
    return { kind: 'cache', told: 'a cache', values };
  }
  if (!/^[A-Z]/.test(name) || !hasKeywords(call)) return undefined;
  const binding = file.binding(callee);
  const definition = binding?.by;
  if (!definition?.is('class_definition')) return undefined;
  const given = [...argumentsOf(call).keywords].filter(([key]) => isJsonColumn(file, definition, key));
  const [first] = given;
  return (
    first &&
    column(
      first[0],
      given.map(([, keyword]) => keyword.field('value')),
    )
  );
}

/** What an assignment stores in a JSON column: `event.payload = …`, where the file makes `event` of its own model. */
export function outletOfAssignment(file: SourceFile, assignment: TypedNode<'assignment'>): Outlet | undefined {
  const left = assignment.field('left');
  const right = assignment.field('right');
  if (!right || !left.is('attribute')) return undefined;
  const object = left.field('object');
  const maker = object.is('identifier') && object.text !== 'self' ? makerOf(file, object) : undefined;
  const definition = maker?.is('identifier') ? file.binding(maker)?.by : undefined;
  const name = left.field('attribute').text;
  return definition?.is('class_definition') && isJsonColumn(file, definition, name) ? column(name, [right]) : undefined;
}

/** What a `return` of a route's handler answers with. */
export function outletOfReturn(file: SourceFile, statement: TypedNode<'return_statement'>): Outlet | undefined {
  const value = statement.firstNamed;
  const handler = value && file.enclosingFunction(statement);
  if (!value || !handler?.is('function_definition') || routesOf(file, handler).length === 0) return undefined;
  return { kind: 'response', told: 'a JSON response', values: [value] };
}

/**
 * The calls whose results an outlet is given as they are: in containers, through variables, and in a response through
 * the schemas that it is made of. What is put together with other text is not among them.
 */
export function callsGiven(file: SourceFile, outlet: Outlet): TypedNode<'call'>[] {
  const through = (call: TypedNode<'call'>): readonly Node[] | undefined => {
    const callee = call.field('function');
    // Responses that carry JSON are outlets themselves; headers and other contents are no JSON.
    if (outlet.kind === 'response' && schemaLike.test(callee.text))
      return callee.text.includes('Response') && /^(?:fastapi|starlette)\./.test(file.qualified(callee) ?? '')
        ? []
        : [...argumentsOf(call).keywords.values()].map((keyword) => keyword.field('value'));
    return numbers.has(file.qualified(callee) ?? '') ? argumentsOf(call).positional.slice(0, 1) : undefined;
  };
  const isWhole = ({ via }: Origin): boolean => !via.includes('format') && !via.includes('concatenation');
  return outlet.values.flatMap((value) =>
    trace(file, value, { through }).flatMap((origin) =>
      origin.node.is('call') && isWhole(origin) ? [origin.node] : [],
    ),
  );
}

function hasKeywords(call: TypedNode<'call'>): boolean {
  return call.field('arguments').child('keyword_argument') !== undefined;
}

function isJsonResponse(file: SourceFile, callee: Node): boolean {
  if (callee.is('attribute') && !jsonResponses.has(callee.field('attribute').text)) return false;
  const name = file.qualified(callee) ?? '';
  return /^(?:fastapi|starlette)\./.test(name) && jsonResponses.has(name.slice(name.lastIndexOf('.') + 1));
}

function body(values: readonly Node[]): Outlet {
  return { kind: 'body', told: 'a JSON body', values };
}

function column(name: string, values: readonly Node[]): Outlet {
  return { kind: 'column', told: `the JSON column \`${name}\``, values };
}

/** Whether a class's attribute is declared as a column of type `JSON` or `JSONB`. */
function isJsonColumn(file: SourceFile, definition: TypedNode<'class_definition'>, name: string): boolean {
  const [declared] = file.classBindings(definition, name);
  const call = declared?.value;
  if (!call?.is('call') || constructOf(file, call) === undefined) return false;
  const { positional, keyword } = argumentsOf(call);
  const inner = keyword('sa_column');
  const types = [...positional.slice(0, 2), keyword('type_'), keyword('sa_type')];
  if (inner?.is('call')) types.push(...argumentsOf(inner).positional.slice(0, 2));
  return types.some((type) => {
    const named = sqlalchemyName(file, type?.is('call') ? type.field('function') : type);
    return named === 'JSON' || named === 'JSONB';
  });
}

/** A client of a cache: by what made it, or by its name. */
function isCache(file: SourceFile, object: Node): boolean {
  const made = madeBy(file, object);
  if (made !== undefined && /^(?:redis|aioredis|aiocache|diskcache|pymemcache|valkey|fakeredis)\./.test(made))
    return true;
  const name = object.is('attribute') ? object.field('attribute').text : object.text;
  return /^_*(?:\w+_)?(?:redis|cache|redis_client|cache_client|valkey|memcache)$/i.test(name);
}

const jsonResponses = new Set(['JSONResponse', 'ORJSONResponse', 'UJSONResponse']);

/** What calls that answer with JSON are called: for the `calls` of rules about such answers. */
export const jsonResponseCalls: readonly string[] = [...jsonResponses];

const schemaLike = /^(?:\w+\.)*[A-Z]\w*(?:\.(?:model_validate|parse_obj|construct|model_construct))?$/;
const dumpers = new Set([
  'json.dumps',
  'json.dump',
  'orjson.dumps',
  'ujson.dumps',
  'simplejson.dumps',
  'msgpack.dumps',
]);
const clientMethods = new Set(['post', 'put', 'patch', 'delete', 'request', 'stream', 'get']);
const cacheMethods = new Set([
  'set',
  'setex',
  'psetex',
  'setnx',
  'hset',
  'hmset',
  'hsetnx',
  'lpush',
  'rpush',
  'mset',
  'getset',
]);
const sendingMethods = new Set([...jsonResponses, ...clientMethods, ...cacheMethods, 'dumps', 'dump', 'send_json']);
const sendingNames = /^(?:[A-Z]|dumps?$)/;
const numbers = new Set(['builtins.int', 'builtins.round', 'builtins.float']);
