import type { SourceFile } from '../file.ts';
import { argumentsOf, type CallArguments, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';

/** What FastAPI calls a path operation: a decorator over a handler, or a call of `add_api_route`. */
export interface Route {
  /** The decorator's call, or the call of `add_api_route`. Findings about a route start here. */
  readonly call: TypedNode<'call'>;
  readonly arguments: CallArguments;
  /** Lower-case HTTP methods; empty when `methods=` of `api_route` cannot be read. */
  readonly methods: readonly string[];
  /** The path as the route states it, without prefixes; undefined when it is no plain literal. */
  readonly path: string | undefined;
  /** The expression before the method's name: `router`, `self.app`. */
  readonly router: Node;
  /** The call in this file that made the router, when there is one. */
  readonly routerCall: TypedNode<'call'> | undefined;
  /**
   * The handler. Behind `add_api_route` it may stand in another unit: then only its header may be read, since the engine
   * notices changes of a body only where the body is.
   */
  readonly handler: TypedNode<'function_definition'> | undefined;
}

/** A parameter of a function, in the order of the signature. */
export interface Parameter {
  readonly node: Node;
  readonly name: string;
  /** The annotation's expression. */
  readonly annotation: Node | undefined;
  readonly default: Node | undefined;
  /** It stands behind `*` or `*args`, so its place says nothing. */
  readonly keywordOnly: boolean;
}

const addingMethod = 'add_api_route';

/** What calls that `addedRoute` knows are called: for the `calls` of rules about routes. */
export const addedRouteCalls: readonly string[] = [addingMethod];

/** HTTP methods that FastAPI and APIRouter have a decorator for. */
const httpMethods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

const routerClasses = new Set([
  'fastapi.FastAPI',
  'fastapi.applications.FastAPI',
  'fastapi.APIRouter',
  'fastapi.routing.APIRouter',
]);

/** Packages whose applications also have `@app.get("/…")`: an object known to be theirs is no router of FastAPI. */
const otherFrameworks = new Set([
  'aiohttp',
  'apiflask',
  'aws_lambda_powertools',
  'blacksheep',
  'bottle',
  'chalice',
  'flask',
  'flask_openapi3',
  'litestar',
  'microdot',
  'nicegui',
  'ninja',
  'quart',
  'responder',
  'robyn',
  'sanic',
  'starlette',
  'starlite',
]);

/**
 * The route that a decorator makes, or undefined when it makes none. A router is known by the call that made it
 * (`FastAPI()`, `APIRouter()`, a subclass of theirs in this file) or its annotation; one from elsewhere by the shape of its
 * use: `<router>.<HTTP method>("/…")` over a function.
 */
export function decoratedRoute(file: SourceFile, decorator: TypedNode<'decorator'>): Route | undefined {
  const call = decorator.firstNamed;
  if (!call?.is('call')) return undefined;
  const method = call.field('function');
  if (!method.is('attribute')) return undefined;
  const name = method.field('attribute').text;
  if (!httpMethods.has(name) && name !== 'api_route') return undefined;
  const handler = decorator.parent?.is('decorated_definition') ? decorator.parent.field('definition') : undefined;
  if (!handler?.is('function_definition')) return undefined;
  return routeOf(file, call, method, handler);
}

/** The routes that the decorators of a function make, in order. */
export function routesOf(file: SourceFile, handler: TypedNode<'function_definition'>): Route[] {
  const decorated = handler.parent;
  if (!decorated?.is('decorated_definition')) return [];
  return decorated.namedChildren.flatMap((child) => {
    const route = child.is('decorator') ? decoratedRoute(file, child) : undefined;
    return route ? [route] : [];
  });
}

/** The route that a call of `<router>.add_api_route(path, endpoint, …)` makes, or undefined when it is no such call. */
export function addedRoute(file: SourceFile, call: TypedNode<'call'>): Route | undefined {
  const method = call.field('function');
  if (!method.is('attribute') || method.field('attribute').text !== addingMethod) return undefined;
  const endpoint = argumentsOf(call).at(1, 'endpoint');
  const binding = endpoint?.is('identifier') ? file.binding(endpoint) : undefined;
  const handler = binding?.by.is('function_definition') ? binding.by : undefined;
  return routeOf(file, call, method, handler);
}

/** The parameters of a function, `*args` and `**kwargs` left out. */
export function parametersOf(definition: TypedNode<'function_definition'>): Parameter[] {
  const found: Parameter[] = [];
  let keywordOnly = false;
  for (const node of definition.field('parameters').namedChildren) {
    if (node.is('keyword_separator', 'list_splat_pattern')) keywordOnly = true;
    else if (node.is('identifier'))
      found.push({ node, name: node.text, annotation: undefined, default: undefined, keywordOnly });
    else if (node.is('typed_parameter')) {
      const name = node.firstNamed;
      if (name?.is('list_splat_pattern')) keywordOnly = true;
      else if (name?.is('identifier'))
        found.push({
          node,
          name: name.text,
          annotation: node.field('type').firstNamed,
          default: undefined,
          keywordOnly,
        });
    } else if (node.is('typed_default_parameter', 'default_parameter')) {
      found.push({
        node,
        name: node.field('name').text,
        annotation: node.is('typed_default_parameter') ? node.field('type').firstNamed : undefined,
        default: node.field('value'),
        keywordOnly,
      });
    }
  }
  return found;
}

/** A call of FastAPI's `Depends` or `Security`, or undefined for any other expression. */
export function dependsCall(file: SourceFile, expression: Node | undefined): TypedNode<'call'> | undefined {
  if (!expression?.is('call')) return undefined;
  const name = file.qualified(expression.field('function'));
  return name !== undefined && dependsNames.has(name) ? expression : undefined;
}

const dependsNames = new Set([
  'fastapi.Depends',
  'fastapi.Security',
  'fastapi.param_functions.Depends',
  'fastapi.param_functions.Security',
]);

function routeOf(
  file: SourceFile,
  call: TypedNode<'call'>,
  method: TypedNode<'attribute'>,
  handler: TypedNode<'function_definition'> | undefined,
): Route | undefined {
  const given = argumentsOf(call);
  const pathNode = given.at(0, 'path');
  const path = stringValue(pathNode);
  const router = method.field('object');
  const { known, made } = routerAt(file, router);
  if (known === false) return undefined;
  const name = method.field('attribute').text;
  if (known === undefined && !(path === '' || path?.startsWith('/'))) return undefined;
  return {
    call,
    arguments: given,
    methods: httpMethods.has(name) ? [name] : methodsIn(given.keyword('methods')),
    path,
    router,
    routerCall: made,
    handler,
  };
}

/** Whether an expression is a router of FastAPI (undefined: nobody can tell), and the call in the file that made it. */
function routerAt(file: SourceFile, router: Node): { known: boolean | undefined; made: TypedNode<'call'> | undefined } {
  if (!router.is('identifier')) return { known: undefined, made: undefined };
  const binding = file.binding(router);
  const made = binding?.value?.is('call') ? binding.value : undefined;
  const maker = made?.field('function') ?? binding?.annotation?.firstNamed;
  if (!maker) return { known: byPackage(file.qualified(router)), made };
  const name = file.qualified(maker);
  if (name !== undefined && routerClasses.has(name)) return { known: true, made };
  const own = maker.is('identifier') ? file.binding(maker) : undefined;
  if (own?.by.is('class_definition')) {
    const bases = file.bases(own.by);
    if (bases.some((base) => base !== undefined && routerClasses.has(base))) return { known: true, made };
    if (bases.some((base) => byPackage(base) === false)) return { known: false, made };
  }
  return { known: byPackage(name), made };
}

function byPackage(qualified: string | undefined): false | undefined {
  const [root = ''] = (qualified ?? '').split('.');
  return otherFrameworks.has(root) ? false : undefined;
}

function methodsIn(list: Node | undefined): string[] {
  if (!list) return ['get'];
  if (!list.is('list', 'tuple', 'set')) return [];
  const methods = list.namedChildren.map((child) => stringValue(child)?.toLowerCase());
  return methods.every((method) => method !== undefined) ? methods : [];
}
