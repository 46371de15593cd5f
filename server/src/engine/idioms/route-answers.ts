import type { SourceFile } from '../file.ts';
import { stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { readType, type TypeExpression, valueType } from './annotations.ts';
import { docstringOf } from './docstrings.ts';
import { annotatedClass, makerOf } from './instances.ts';
import { isTestFile } from './paths.ts';
import { addedRoute, decoratedRoute, type Parameter, parametersOf, type Route } from './routes.ts';

/** What a route is called, what it takes and what it answers. */

/** A route of the API with its handler in the same unit: not one of a test, nor one that is kept out of the schema. */
export type HandledRoute = Route & { readonly handler: TypedNode<'function_definition'> };

/** The public route that a decorator makes; undefined for one of a test, a hidden one, or arguments that `**` hides. */
export function publicRoute(file: SourceFile, decorator: TypedNode<'decorator'>): HandledRoute | undefined {
  const route = decoratedRoute(file, decorator);
  return route?.handler && isPublic(file, route) ? { ...route, handler: route.handler } : undefined;
}

/** As `publicRoute`, for a call of `add_api_route`. Of its handler only the header may be read. */
export function publicAddedRoute(file: SourceFile, call: TypedNode<'call'>): Route | undefined {
  const route = addedRoute(file, call);
  return route && isPublic(file, route) ? route : undefined;
}

function isPublic(file: SourceFile, route: Route): boolean {
  if (route.arguments.hasDoubleSplat || isTestFile(file)) return false;
  if (route.arguments.keyword('include_in_schema')?.is('false')) return false;
  return routerKeyword(route, 'include_in_schema')?.is('false') !== true;
}

/** A keyword argument of the call that made the router, where the file shows it. */
export function routerKeyword(route: Route, name: string): Node | undefined {
  for (const argument of route.routerCall?.field('arguments').namedChildren ?? [])
    if (argument.is('keyword_argument') && argument.field('name').text === name) return argument.field('value');
  return undefined;
}

/** Words of which a file that makes a route holds one: for the `mentions` of rules about any route. */
export const routeWords = [
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'trace',
  'api_route',
  'add_api_route',
];

/**
 * How a message names a route: `GET /users/{user_id}`, with the prefix that its router's own call gives it; by its handler
 * where the path is empty or cannot be read, since then the prefix stands elsewhere.
 */
export function routeLabel(route: Route): string {
  const path = prefixedPath(route);
  const methods = route.methods.join(', ').toUpperCase();
  return path ? [methods, path].filter(Boolean).join(' ') : (route.handler?.field('name').text ?? methods);
}

/** One part of a path between slashes. */
export interface PathSegment {
  readonly text: string;
  /** The name in `{name}` or `{name:path}`; undefined for fixed text. */
  readonly parameter: string | undefined;
}

/** The segments of a path, the empty ones left out. */
export function pathSegments(path: string): PathSegment[] {
  return path
    .split('/')
    .filter((text) => text !== '')
    .map((text) => ({ text, parameter: /^\{(\w+)(?::\w+)?\}$/.exec(text)?.[1] }));
}

/** The path with the prefix that the router's own call gives it. */
export function prefixedPath(route: Route): string | undefined {
  if (route.path === undefined) return undefined;
  return `${stringValue(routerKeyword(route, 'prefix')) ?? ''}${route.path}`;
}

/** The names of the parameters in a route's path, with those of its router's prefix. */
export function pathParameters(route: Route): string[] {
  return pathSegments(prefixedPath(route) ?? '').flatMap(({ parameter }) => parameter ?? []);
}

/** The type that a route answers with: `response_model=` before the return annotation. Undefined when none is stated. */
export function responseType(file: SourceFile, route: Route): TypeExpression | undefined {
  const stated = route.arguments.keyword('response_model') ?? route.handler?.field('return_type');
  return stated && valueType(file, readType(file, stated));
}

/** The `return` statements that run as part of a function itself. */
export function returnsOf(definition: TypedNode<'function_definition'>): TypedNode<'return_statement'>[] {
  return definition.field('body').belowOutside(nested, 'return_statement');
}

/** Whether some value that a function returns is a `Response` made on the spot, which has its own status and body. */
export function answersItself(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  const annotation = definition.field('return_type');
  const named = annotation && annotatedClass(file, annotation);
  if (named && isResponseName(file.qualified(named) ?? named.text)) return true;
  return returnsOf(definition).some((statement) => {
    const maker = makerOf(file, statement.firstNamed);
    return maker !== undefined && isResponseName(file.qualified(maker) ?? maker.text);
  });
}

function isResponseName(name: string): boolean {
  return (
    /^(fastapi|starlette|sse_starlette)\.(\w+\.)*\w*Response$/.test(name) ||
    /(^|\.)((OR|U)?JSON|HTML|File|Streaming|Redirect|PlainText|EventSource|Template)?Response$/.test(name)
  );
}

/** The names and strings that a function writes, without its docstring. */
export function wordsIn(definition: TypedNode<'function_definition'>, file: SourceFile): string[] {
  const docstring = docstringOf(definition, file);
  return definition
    .field('body')
    .below('string', 'identifier')
    .flatMap((node) => (docstring?.contains(node) ? [] : node.text));
}

/** Whether a handler sets the status of the response it was given: `response.status_code = …`. */
export function setsStatus(definition: TypedNode<'function_definition'>): boolean {
  return definition
    .field('body')
    .below('attribute')
    .some((attribute) => attribute.isField('left') && attribute.field('attribute').text === 'status_code');
}

/**
 * Whether a POST creates something, as the first word of its handler's name tells (`create_user`); tokens, sessions and
 * the like are made, but no resource.
 */
export function isCreating(route: Route, verbs: readonly string[]): boolean {
  if (route.methods.length !== 1 || route.methods[0] !== 'post' || !route.handler) return false;
  const [first = '', ...rest] = route.handler.field('name').text.replace(/^_+/, '').split('_');
  return verbs.includes(first) && !rest.some((word) => notResources.test(word));
}

const notResources = /^(tokens?|jwt|sessions?|urls?|links?|previews?|checkout|stream|completions?|embeddings?|intent)$/;

/** The default of the option that says which first words of a handler's name mean that it creates. */
export const creatingVerbs = ['create', 'insert', 'register'];

/** Everything that names what a request goes through before the handler: its parameters and the dependencies of the route and its router. */
export function dependencyText(route: Route): string {
  const parameters = route.handler ? parametersOf(route.handler) : [];
  return [
    ...parameters.map((parameter) => parameter.node.text),
    route.arguments.keyword('dependencies')?.text ?? '',
    routerKeyword(route, 'dependencies')?.text ?? '',
  ].join(' ');
}

/** The parameter with a name. */
export function parameterNamed(definition: TypedNode<'function_definition'>, wanted: string): Parameter | undefined {
  return parametersOf(definition).find(({ name }) => name === wanted);
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;
