import type { SourceFile } from '../file.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';

/** A `raise HTTPException(…)` of a handler. */
export interface RaisedStatus {
  readonly raise: TypedNode<'raise_statement'>;
  /** The number, or undefined when nobody can tell. */
  readonly code: number | undefined;
}

/** The `raise HTTPException(…)` statements that run as part of a function itself, with what they answer. */
export function raisedStatuses(file: SourceFile, definition: TypedNode<'function_definition'>): RaisedStatus[] {
  return definition
    .field('body')
    .belowOutside(nested, 'raise_statement')
    .flatMap((raise) => {
      const raised = raise.firstNamed;
      if (!raised?.is('call') || !isHttpException(file, raised.field('function'))) return [];
      return [{ raise, code: statusCode(file, argumentsOf(raised).at(0, 'status_code')) }];
    });
}

/** Whether an expression names the `HTTPException` of FastAPI or Starlette. */
export function isHttpException(file: SourceFile, expression: Node): boolean {
  return httpExceptions.has(file.qualified(expression) ?? '');
}

/**
 * The status code that an expression states: a number, `status.HTTP_404_NOT_FOUND`, `HTTPStatus.NOT_FOUND`. Undefined when
 * it cannot be told.
 */
export function statusCode(file: SourceFile, expression: Node | undefined): number | undefined {
  if (!expression) return undefined;
  if (expression.is('integer')) return Number(expression.text);
  const name = file.qualified(expression) ?? '';
  const [, digits] = /^(?:fastapi|starlette)\.status\.HTTP_(\d{3})_/.exec(name) ?? [];
  if (digits !== undefined) return Number(digits);
  const [, member] = /^http\.HTTPStatus\.([A-Z_]+)(?:\.value)?$/.exec(name) ?? [];
  return member === undefined ? undefined : httpStatus.get(member);
}

/** Whether a number is a status code in IANA's registry, which keeps 306 as one that nothing uses any more. */
export function isHttpStatus(code: number): boolean {
  return code === 306 || httpStatusCodes.has(code);
}

/** The reason phrase of a status code (RFC 9110), or "Error" for one without. */
export function reasonPhrase(code: number): string {
  for (const [member, number] of httpStatus) {
    if (number !== code || code < 400) continue;
    const phrase = member.toLowerCase().replaceAll('_', ' ');
    return phrase.charAt(0).toUpperCase() + phrase.slice(1);
  }
  return 'Error';
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;

const httpExceptions: ReadonlySet<string> = new Set([
  'fastapi.HTTPException',
  'fastapi.exceptions.HTTPException',
  'starlette.exceptions.HTTPException',
]);

/** The members of `http.HTTPStatus`, of two names for one code the older first. */
const httpStatus = new Map([
  ['CONTINUE', 100],
  ['SWITCHING_PROTOCOLS', 101],
  ['PROCESSING', 102],
  ['EARLY_HINTS', 103],
  ['OK', 200],
  ['CREATED', 201],
  ['ACCEPTED', 202],
  ['NON_AUTHORITATIVE_INFORMATION', 203],
  ['NO_CONTENT', 204],
  ['RESET_CONTENT', 205],
  ['PARTIAL_CONTENT', 206],
  ['MULTI_STATUS', 207],
  ['ALREADY_REPORTED', 208],
  ['IM_USED', 226],
  ['MULTIPLE_CHOICES', 300],
  ['MOVED_PERMANENTLY', 301],
  ['FOUND', 302],
  ['SEE_OTHER', 303],
  ['NOT_MODIFIED', 304],
  ['USE_PROXY', 305],
  ['TEMPORARY_REDIRECT', 307],
  ['PERMANENT_REDIRECT', 308],
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

const httpStatusCodes: ReadonlySet<number> = new Set(httpStatus.values());
