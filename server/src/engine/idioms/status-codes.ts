import type { SourceFile } from '../file.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { statusCode } from './routes.ts';

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
      return [{ raise, code: statusNumber(file, argumentsOf(raised).at(0, 'status_code')) }];
    });
}

/** Whether an expression names the `HTTPException` of FastAPI or Starlette. */
export function isHttpException(file: SourceFile, expression: Node): boolean {
  return httpExceptions.has(file.qualified(expression) ?? '');
}

/**
 * The status code that an expression states, errors too: a number, `status.HTTP_404_NOT_FOUND`, `HTTPStatus.NOT_FOUND`.
 * Undefined when it cannot be told.
 */
export function statusNumber(file: SourceFile, expression: Node | undefined): number | undefined {
  const known = statusCode(file, expression);
  if (known !== undefined || !expression) return known;
  const [, member] = /^http\.HTTPStatus\.([A-Z_]+)(?:\.value)?$/.exec(file.qualified(expression) ?? '') ?? [];
  return member === undefined ? undefined : errorMembers.get(member);
}

/** The reason phrase of a status code (RFC 9110), or "Error" for one without. */
export function reasonPhrase(code: number): string {
  for (const [member, number] of errorMembers) {
    if (number !== code) continue;
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

/** Members of `http.HTTPStatus` that answer an error. */
const errorMembers = new Map([
  ['BAD_REQUEST', 400],
  ['UNAUTHORIZED', 401],
  ['PAYMENT_REQUIRED', 402],
  ['FORBIDDEN', 403],
  ['NOT_FOUND', 404],
  ['METHOD_NOT_ALLOWED', 405],
  ['NOT_ACCEPTABLE', 406],
  ['REQUEST_TIMEOUT', 408],
  ['CONFLICT', 409],
  ['GONE', 410],
  ['LENGTH_REQUIRED', 411],
  ['PRECONDITION_FAILED', 412],
  ['REQUEST_ENTITY_TOO_LARGE', 413],
  ['UNSUPPORTED_MEDIA_TYPE', 415],
  ['IM_A_TEAPOT', 418],
  ['UNPROCESSABLE_ENTITY', 422],
  ['LOCKED', 423],
  ['FAILED_DEPENDENCY', 424],
  ['TOO_EARLY', 425],
  ['PRECONDITION_REQUIRED', 428],
  ['TOO_MANY_REQUESTS', 429],
  ['INTERNAL_SERVER_ERROR', 500],
  ['NOT_IMPLEMENTED', 501],
  ['BAD_GATEWAY', 502],
  ['SERVICE_UNAVAILABLE', 503],
  ['GATEWAY_TIMEOUT', 504],
]);
