import type { SourceFile } from '../file.ts';
import { argumentsOf, type CallArguments, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { type Route, routesOf, statusCode } from './routes.ts';

/** How handlers of FastAPI answer with an error. */

/** A `return` of a handler that answers with a response of its own making. */
export interface OwnResponse {
  /** What is returned: a dictionary or a call of a response class. */
  readonly value: Node;
  /** The dictionary that becomes the body; undefined when it is not written there. */
  readonly body: TypedNode<'dictionary'> | undefined;
  /** The status as far as it is stated; undefined when nobody can tell. */
  readonly status: number | undefined;
}

/** Any status code that an expression states, errors of `http.HTTPStatus` included. */
export function anyStatusCode(file: SourceFile, expression: Node | undefined): number | undefined {
  const known = statusCode(file, expression);
  if (known !== undefined || !expression || expression.is('integer')) return known;
  const [, member] = /^http\.HTTPStatus\.([A-Z_]+)(?:\.value)?$/.exec(file.qualified(expression) ?? '') ?? [];
  return member === undefined ? undefined : errorMembers.get(member);
}

/** The class of FastAPI or Starlette that a call makes: `HTTPException`, `JSONResponse`, `Response`. */
export function webClass(file: SourceFile, call: TypedNode<'call'>): string | undefined {
  return /^(?:fastapi|starlette)\.(?:\w+\.)*([A-Z]\w*)$/.exec(file.qualified(call.field('function')) ?? '')?.[1];
}

/** The argument of a call of a web class that states the status. */
export function statusArgument(kind: string, given: CallArguments): Node | undefined {
  if (given.hasSplat) return given.keyword('status_code');
  if (kind === 'HTTPException') return given.at(0, 'status_code');
  if (kind === 'RedirectResponse' || kind === 'FileResponse') return given.at(1, 'status_code');
  return kind.endsWith('Response') ? given.at(1, 'status_code') : undefined;
}

/** The status that a route answers with when nothing goes wrong; undefined when that cannot be told. */
export function successStatus(file: SourceFile, route: Route): number | undefined {
  const stated = route.arguments.keyword('status_code');
  if (stated) return anyStatusCode(file, stated);
  return route.arguments.hasDoubleSplat ? undefined : 200;
}

/** What a `return` in a handler answers with, when it is a dictionary or a JSON response; undefined for all else. */
export function ownResponse(file: SourceFile, statement: TypedNode<'return_statement'>): OwnResponse | undefined {
  const value = unwrapped(statement.firstNamed);
  if (!value?.is('dictionary', 'call')) return undefined;
  const handler = file.enclosingFunction(statement);
  if (!handler?.is('function_definition')) return undefined;
  if (value.is('call')) {
    const kind = webClass(file, value);
    if (kind === undefined || !jsonResponses.has(kind)) return undefined;
    const given = argumentsOf(value);
    const content = unwrapped(given.at(0, 'content'));
    const stated = statusArgument(kind, given);
    const status = stated ? anyStatusCode(file, stated) : given.hasDoubleSplat || given.hasSplat ? undefined : 200;
    return isRoute(file, handler)
      ? { value, body: content?.is('dictionary') ? content : undefined, status }
      : undefined;
  }
  const [route] = routesOf(file, handler);
  if (!route || !value.is('dictionary')) return undefined;
  const status = setsStatus(handler) ? undefined : successStatus(file, route);
  return { value, body: value, status };
}

/**
 * Whether a dictionary says that something went wrong: an `error` that is no empty value, `success: False`,
 * `status: "error"`, or nothing but a `detail`.
 */
export function saysError(body: TypedNode<'dictionary'>): boolean {
  const pairs = pairsOf(body);
  return pairs.some(([key, value]) => {
    if (errorKeys.has(key)) return !isEmpty(value);
    if (key === 'success' || key === 'ok') return value.is('false');
    if (key === 'status') return failed.has(stringValue(value)?.toLowerCase() ?? '');
    return key === 'detail' && pairs.length === 1;
  });
}

/** Whether a dictionary has the standard's shape of an error, at its top or below `error`: code, message, details. */
export function hasErrorShape(body: TypedNode<'dictionary'>): boolean {
  const pairs = new Map(pairsOf(body));
  const inner = pairs.get('error');
  if (inner) return inner.is('dictionary') ? hasErrorShape(inner) : pairs.has('message') && pairs.has('details');
  return ['code', 'error_code'].some((key) => pairs.has(key)) && pairs.has('message') && pairs.has('details');
}

function pairsOf(body: TypedNode<'dictionary'>): (readonly [string, Node])[] {
  return body.namedChildren.flatMap((pair) => {
    const key = pair.is('pair') ? stringValue(pair.field('key')) : undefined;
    return pair.is('pair') && key !== undefined ? [[key, pair.field('value')] as const] : [];
  });
}

function isEmpty(value: Node): boolean {
  if (value.is('none', 'false', 'true', 'integer')) return true;
  if (value.is('list', 'dictionary')) return value.namedChildren.length === 0;
  // `error=result.error` hands on what may be nothing.
  return value.is('string') ? stringValue(value) === '' : value.is('attribute', 'subscript', 'conditional_expression');
}

function isRoute(file: SourceFile, handler: TypedNode<'function_definition'>): boolean {
  return routesOf(file, handler).length > 0;
}

/** Whether a handler sets the status on the response that FastAPI gave it. */
function setsStatus(handler: TypedNode<'function_definition'>): boolean {
  return handler.below('assignment').some((assignment) => {
    const left = assignment.field('left');
    return left.is('attribute') && left.field('attribute').text === 'status_code';
  });
}

function unwrapped(node: Node | undefined): Node | undefined {
  return node?.is('parenthesized_expression') ? unwrapped(node.firstNamed) : node;
}

const jsonResponses = new Set(['JSONResponse', 'ORJSONResponse', 'UJSONResponse']);
const errorKeys = new Set(['error', 'err', 'error_message', 'error_msg', 'errorMessage', 'exception']);
const failed = new Set(['error', 'failed', 'fail', 'failure']);

/** Members of `http.HTTPStatus` that answer with an error, and the rarer ones that do not. */
const errorMembers = new Map([
  ['PROCESSING', 102],
  ['EARLY_HINTS', 103],
  ['MULTI_STATUS', 207],
  ['ALREADY_REPORTED', 208],
  ['IM_USED', 226],
  ['USE_PROXY', 305],
  ['BAD_REQUEST', 400],
  ['UNAUTHORIZED', 401],
  ['PAYMENT_REQUIRED', 402],
  ['FORBIDDEN', 403],
  ['NOT_FOUND', 404],
  ['METHOD_NOT_ALLOWED', 405],
  ['NOT_ACCEPTABLE', 406],
  ['PROXY_AUTHENTICATION_REQUIRED', 407],
  ['REQUEST_TIMEOUT', 408],
  ['CONFLICT', 409],
  ['GONE', 410],
  ['LENGTH_REQUIRED', 411],
  ['PRECONDITION_FAILED', 412],
  ['REQUEST_ENTITY_TOO_LARGE', 413],
  ['CONTENT_TOO_LARGE', 413],
  ['REQUEST_URI_TOO_LONG', 414],
  ['URI_TOO_LONG', 414],
  ['UNSUPPORTED_MEDIA_TYPE', 415],
  ['REQUESTED_RANGE_NOT_SATISFIABLE', 416],
  ['RANGE_NOT_SATISFIABLE', 416],
  ['EXPECTATION_FAILED', 417],
  ['IM_A_TEAPOT', 418],
  ['MISDIRECTED_REQUEST', 421],
  ['UNPROCESSABLE_ENTITY', 422],
  ['UNPROCESSABLE_CONTENT', 422],
  ['LOCKED', 423],
  ['FAILED_DEPENDENCY', 424],
  ['TOO_EARLY', 425],
  ['UPGRADE_REQUIRED', 426],
  ['PRECONDITION_REQUIRED', 428],
  ['TOO_MANY_REQUESTS', 429],
  ['REQUEST_HEADER_FIELDS_TOO_LARGE', 431],
  ['UNAVAILABLE_FOR_LEGAL_REASONS', 451],
  ['INTERNAL_SERVER_ERROR', 500],
  ['NOT_IMPLEMENTED', 501],
  ['BAD_GATEWAY', 502],
  ['SERVICE_UNAVAILABLE', 503],
  ['GATEWAY_TIMEOUT', 504],
  ['HTTP_VERSION_NOT_SUPPORTED', 505],
  ['VARIANT_ALSO_NEGOTIATES', 506],
  ['INSUFFICIENT_STORAGE', 507],
  ['LOOP_DETECTED', 508],
  ['NOT_EXTENDED', 510],
  ['NETWORK_AUTHENTICATION_REQUIRED', 511],
]);
