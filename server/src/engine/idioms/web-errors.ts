import type { SourceFile } from '../file.ts';
import { argumentsOf, type CallArguments, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { type Route, routesOf } from './routes.ts';
import { statusCode } from './status-codes.ts';

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
  if (stated) return statusCode(file, stated);
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
    const status = stated ? statusCode(file, stated) : given.hasDoubleSplat || given.hasSplat ? undefined : 200;
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
 * `status: "error"` alone or with a message, or nothing but a `detail` that does not tell of a success.
 */
export function saysError(body: TypedNode<'dictionary'>): boolean {
  const pairs = pairsOf(body);
  return pairs.some(([key, value]) => {
    if (errorKeys.has(key)) return !isEmpty(value);
    if (key === 'success' || key === 'ok') return value.is('false');
    // Beside other data, `status: "failed"` is how something stands that was asked about.
    if (key === 'status')
      return (
        failed.has(stringValue(value)?.toLowerCase() ?? '') &&
        (pairs.length === 1 || pairs.some(([other]) => explaining.test(other)))
      );
    return key === 'detail' && pairs.length === 1 && !tellsSuccess(value.text);
  });
}

/** `"Item deleted successfully"`; what is written in other letters nobody can read here. */
function tellsSuccess(text: string): boolean {
  if (/[^\p{Script=Latin}\p{N}\p{P}\p{S}\s]/u.test(text)) return true;
  if (/\b(?:not|no|never|cannot|could|fail\w*|errors?)\b|n't/i.test(text)) return false;
  return /success|\b(?:accepted|added|completed|created|deleted|done|ok|registered|removed|saved|sent|updated)\b/i.test(
    text,
  );
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
const explaining = /^(?:code|detail|errors?|\w*message|msg|reason|title)$/i;
const failed = new Set(['error', 'failed', 'fail', 'failure']);
