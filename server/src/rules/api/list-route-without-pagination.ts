import { z } from 'zod';
import {
  addedRouteCalls,
  answersItself,
  defineRule,
  dependencyText,
  type Finding,
  isTestFile,
  type Parameter,
  parametersOf,
  publicAddedRoute,
  publicRoute,
  py,
  qualifiedType,
  type Route,
  responseType,
  returnsOf,
  routeLabel,
  routeWords,
  type SourceFile,
  type TypedNode,
  type TypeExpression,
} from '../../engine/index.ts';

const options = z.strictObject({
  parameters: z
    .array(z.string())
    .default([
      'page',
      'limit',
      'offset',
      'skip',
      'cursor',
      'size',
      'page_size',
      'per_page',
      'page_number',
      'after',
      'before',
      'start',
      'count',
      'first',
      'last',
      'top',
      'take',
    ])
    .meta({ description: 'Names of parameters that page through a list.' }),
  dependencies: z
    .array(z.string())
    .default(['pag', 'limit', 'cursor', 'params', 'parameters', 'query', 'filter'])
    .meta({
      description: 'Parts of the names of dependencies and schemas that may hold such a parameter, in lower case.',
    }),
});

type Options = z.output<typeof options>;

export default defineRule({
  code: 'GR607',
  name: 'list-route-without-pagination',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A GET answers with a whole list',
  advice: 'Take a page size with an upper bound and a page, offset or cursor',
  why: 'A list without pages is as long as the table behind it. It answers well with the ten rows of a developer and takes the service down with the million of the first large customer: every request loads, validates and serialises them all. Adding pages later breaks the clients, so they belong into the first version.',
  fix: 'none',
  requirements: ['004-180', '004-239'],
  peers: [],
  options,
  mentions: routeWords,
  calls: addedRouteCalls,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from collections.abc import Sequence

        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users", response_model=list[User])
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR607 none: \`GET /users\` returns \`list[User]\` whole; take a page size and a page, offset or cursor.
        async def list_users(db: Session):
            return await users.all(db)


        @router.get("/roles")
         ^^^^^^^^^^^^^^^^^^^^ GR607 none
        async def list_roles(active: bool = True) -> Sequence[Role]:
            return await roles.all()
      `,
    },
    {
      bad: py`
        from typing import List

        from fastapi import FastAPI


        def read_tags() -> "List[Tag]":
            return tags.all()


        def create_app() -> FastAPI:
            app = FastAPI()
            app.add_api_route("/tags", read_tags)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR607 none
            return app
      `,
    },
    {
      ok: py`
        from typing import Annotated

        from fastapi import APIRouter, Depends, Request

        router = APIRouter()


        @router.get("/users")
        async def list_users(limit: int = 20, offset: int = 0) -> list[User]:
            return await users.all(limit, offset)


        @router.get("/roles")
        async def list_roles(page: Annotated[Pagination, Depends()]) -> list[Role]:
            return await roles.all(page)


        def window(number: int = 1, per_page: int = 20) -> slice:
            return slice((number - 1) * per_page, number * per_page)


        @router.get("/tags")
        async def list_tags(shown: Annotated[slice, Depends(window)]) -> list[Tag]:
            return await tags.all(shown)


        @router.get("/raw")
        async def list_raw(request: Request) -> list[Tag]:
            return await tags.all(int(request.query_params["page"]))
      `,
    },
    {
      ok: py`
        from enum import Enum
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users")
        async def list_users() -> Page[User]:
            return await users.page()


        @router.get("/users/{user_id}")
        async def read_user(user_id: int) -> User:
            return await users.get(user_id)


        @router.post("/search")
        async def search(query: Text) -> list[User]:
            return await users.search(query)


        @router.get("/colours")
        async def list_colours() -> list[str]:
            return ["red", "green"]


        @router.get("/status")
        async def status() -> dict[str, list[str]]:
            return {}
      `,
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/users")
        def users() -> list[str]:
            return read()
      `,
      path: 'tests/test_app.py',
    },
  ],
  on: {
    decorator(decorator, file, chosen) {
      const route = publicRoute(file, decorator);
      if (route?.methods[0] !== 'get') return undefined;
      if (route.handler.field('body').below('attribute').some(readsQuery)) return undefined;
      if (answersItself(file, route.handler) || isWrittenOut(route.handler)) return undefined;
      return check(file, route, chosen);
    },
    call(call, file, chosen) {
      const route = publicAddedRoute(file, call);
      return route?.handler && route.methods.includes('get') ? check(file, route, chosen) : undefined;
    },
  },
});

function check(file: SourceFile, route: Route, chosen: Options): Finding | undefined {
  const type = responseType(file, route);
  if (!type || !isList(file, type)) return undefined;
  const names = new Set(chosen.parameters);
  const parameters = route.handler ? parametersOf(route.handler) : [];
  if (parameters.some((parameter) => mayPage(file, parameter, names))) return undefined;
  const around = dependencyText(route).toLowerCase();
  if (chosen.dependencies.some((part) => around.includes(part))) return undefined;
  const shown = file.slice(type.start, type.end).replaceAll(/\s*\n\s*/g, ' ');
  return {
    at: route.call,
    message: `\`${routeLabel(route)}\` returns \`${shown}\` whole; take a page size and a page, offset or cursor.`,
  };
}

/** A list, set, sequence or tuple of any length. */
function isList(file: SourceFile, type: TypeExpression): boolean {
  if (type.kind === 'name') return listTypes.has(qualifiedType(file, type) ?? '');
  if (type.kind === 'union') {
    const values = type.members.filter((member) => member.kind !== 'none');
    return values.length === 1 && values.every((member) => isList(file, member));
  }
  if (type.kind !== 'generic') return false;
  const base = qualifiedType(file, type.base) ?? '';
  const [inner] = type.arguments;
  if (optional.has(base)) return inner !== undefined && isList(file, inner);
  if (base === 'builtins.tuple' || base === 'typing.Tuple') return type.arguments[1]?.kind === 'other';
  return listTypes.has(base);
}

const optional = new Set(['typing.Optional', 'typing_extensions.Optional']);
const listTypes = new Set([
  'builtins.list',
  'builtins.set',
  'builtins.frozenset',
  ...['List', 'Set', 'FrozenSet', 'Sequence', 'Iterable', 'Collection'].map((name) => `typing.${name}`),
  ...['Sequence', 'Iterable', 'Collection', 'Set'].map((name) => `collections.abc.${name}`),
]);

/** Whether a parameter is one of the names, by itself or through the function of the file that it depends on. */
function mayPage(file: SourceFile, parameter: Parameter, names: ReadonlySet<string>): boolean {
  if (names.has(parameter.name)) return true;
  const { node } = parameter;
  return node.below('identifier').some((name) => {
    const definition = file.binding(name)?.by;
    return (
      definition?.is('function_definition') === true && parametersOf(definition).some((inner) => names.has(inner.name))
    );
  });
}

function readsQuery(attribute: TypedNode<'attribute'>): boolean {
  return attribute.field('attribute').text === 'query_params';
}

/** Every list that it returns is written out in the code. */
function isWrittenOut(handler: TypedNode<'function_definition'>): boolean {
  const returned = returnsOf(handler).map((statement) => statement.firstNamed);
  return returned.length > 0 && returned.every((value) => value?.is('list') && !value.child('list_splat'));
}
