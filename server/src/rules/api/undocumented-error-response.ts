import { z } from 'zod';
import {
  appended,
  argumentsOf,
  defineRule,
  type Fix,
  type HandledRoute,
  isHttpException,
  isTestFile,
  ownName,
  publicRoute,
  py,
  raisedStatuses,
  reasonPhrase,
  routeLabel,
  type SourceFile,
  statusCode,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  documented: z.array(z.int().min(100).max(599)).default([]).meta({
    description:
      'Status codes that the application, or a router of another file that includes the routers, documents for every route with `responses=` of its own.',
  }),
});

/** What `responses=` of one call, or of several, names: numbers, ranges such as `4XX`, `DEFAULT`. */
interface Named {
  readonly statuses: readonly string[];
  /** A part of them cannot be read. */
  readonly isOpen: boolean;
}

/**
 * `raised`: a handler answers with a status that its routes and their routers do not name. `included`: a router of the file,
 * or one that cannot be told, is included in another one, whose `responses=` hold for it too.
 */
type Told =
  | { is: 'raised'; code: number; routes: readonly { label: string; router: string | undefined; index: number }[] }
  | { is: 'included'; child: string | undefined; parent: string | undefined; isHidden: boolean; named: Named };

export default defineRule<typeof options, Told>({
  code: 'GR636',
  name: 'undocumented-error-response',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: "A handler raises a status that the route's `responses=` does not name",
  advice: "Add it to the route's `responses=`",
  why: 'The OpenAPI document only knows the errors that `responses=` names, beside the 422 that FastAPI adds itself. Generated clients and the people who write the others find out about the rest in production. What a router or the application states with `responses=` holds for every route below it: those of the same file are followed, the statuses of others belong in the option `documented`.',
  fix: 'unsafe',
  fixSafety:
    'The OpenAPI document changes: the description is a phrase that wants to be written out, and an entry on the route replaces what a router above it says of the same status.',
  requirements: ['004-284'],
  peers: [],
  options,
  mentions: ['HTTPException'],
  calls: ['include_router'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter, HTTPException, status

        router = APIRouter()


        @router.get("/users/{user_id}")
        async def read_user(user_id: int) -> User:
            if user_id < 0:
                raise HTTPException(status_code=400, detail="Bad id")
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR636 unsafe: \`GET /users/{user_id}\` can answer 400 here and doesn't document it; add it to \`responses=\`.
            if user_id == 0:
                raise HTTPException(400)
            return await users.get(user_id)


        @router.get(
            "/roles/{role_id}",
            responses={
                403: {"description": "Not yours"},
            },
        )
        async def read_role(role_id: int) -> Role:
            if role_id == 1:
                raise HTTPException(status.HTTP_403_FORBIDDEN)
            raise HTTPException(status.HTTP_404_NOT_FOUND)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR636 unsafe
      `,
      good: py`
        from fastapi import APIRouter, HTTPException, status

        router = APIRouter()


        @router.get("/users/{user_id}", responses={400: {"description": "Bad request"}})
        async def read_user(user_id: int) -> User:
            if user_id < 0:
                raise HTTPException(status_code=400, detail="Bad id")
            if user_id == 0:
                raise HTTPException(400)
            return await users.get(user_id)


        @router.get(
            "/roles/{role_id}",
            responses={
                403: {"description": "Not yours"},
                404: {"description": "Not found"},
            },
        )
        async def read_role(role_id: int) -> Role:
            if role_id == 1:
                raise HTTPException(status.HTTP_403_FORBIDDEN)
            raise HTTPException(status.HTTP_404_NOT_FOUND)
      `,
    },
    {
      bad: py`
        from fastapi import APIRouter, HTTPException

        errors = {409: {"description": "Taken"}}
        router = APIRouter(responses={401: {"description": "Who?"}})


        @router.get("/users", responses=errors)
        async def list_users() -> list[User]:
            if busy:
                raise HTTPException(409)
            if closed:
                raise HTTPException(401)
            raise HTTPException(503)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^ GR636 none
      `,
    },
    {
      ok: py`
        from http import HTTPStatus

        from fastapi import APIRouter, HTTPException

        router = APIRouter(responses={"401": {"model": Error}})


        @router.get("/users/{user_id}", responses={HTTPStatus.NOT_FOUND: {}, "5XX": {}})
        async def read_user(user_id: int) -> User:
            if user_id < 0:
                raise HTTPException(422)
            if user_id == 0:
                raise HTTPException(503)
            if user_id == 1:
                raise HTTPException(status_code=401)
            raise HTTPException(HTTPStatus.NOT_FOUND)


        @router.get("/roles", responses={**common, 404: {}})
        async def list_roles() -> list[Role]:
            raise HTTPException(409)


        @router.get("/tags", responses=documented(404))
        async def list_tags() -> list[Tag]:
            raise HTTPException(409)


        @router.get("/things")
        async def list_things(code: int) -> list[Thing]:
            raise HTTPException(code)
      `,
    },
    {
      // A router that is also included where nobody names the status.
      bad: py`
        from fastapi import APIRouter, FastAPI, HTTPException

        app = FastAPI(responses={401: {"description": "Who?"}})
        internal = APIRouter()
        router = APIRouter()


        @router.get("/users")
        async def list_users() -> list[User]:
            if closed:
                raise HTTPException(401)
            raise HTTPException(409)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^ GR636 unsafe


        internal.include_router(router)
        app.include_router(internal)
        app.include_router(router, prefix="/v1", responses={409: {"description": "Taken"}})
      `,
      good: py`
        from fastapi import APIRouter, FastAPI, HTTPException

        app = FastAPI(responses={401: {"description": "Who?"}})
        internal = APIRouter()
        router = APIRouter()


        @router.get("/users", responses={409: {"description": "Conflict"}})
        async def list_users() -> list[User]:
            if closed:
                raise HTTPException(401)
            raise HTTPException(409)


        internal.include_router(router)
        app.include_router(internal)
        app.include_router(router, prefix="/v1", responses={409: {"description": "Taken"}})
      `,
    },
    {
      // The routers above the route name its statuses, or keep it out of the schema.
      ok: py`
        from fastapi import APIRouter, FastAPI, HTTPException

        errors = {409: {"model": Problem}}
        private = APIRouter()
        users = APIRouter()
        roles = APIRouter()


        @users.get("/users")
        async def list_users() -> list[User]:
            if closed:
                raise HTTPException(401)
            if missing:
                raise HTTPException(404)
            raise HTTPException(409)


        @roles.get("/roles")
        async def list_roles() -> list[Role]:
            raise HTTPException(410)


        @private.get("/state")
        async def read_state() -> State:
            raise HTTPException(410)


        api = APIRouter(responses={404: {"model": Problem}})
        api.include_router(users, prefix="/v1", responses=errors)
        api.include_router(roles, responses=common_errors())


        def create_app() -> FastAPI:
            app = FastAPI(responses={401: {"model": Problem}})
            app.include_router(api)
            app.include_router(private, include_in_schema=False)
            return app
      `,
    },
    {
      // Which routers these are cannot be told.
      ok: py`
        from fastapi import APIRouter, FastAPI, HTTPException

        users = APIRouter()
        app = FastAPI(responses={404: {"model": Problem}})


        @users.get("/users/{user_id}")
        async def read_user(user_id: int) -> User:
            raise HTTPException(404)


        for router in [users]:
            app.include_router(router)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/users/{user_id}")
        async def read_user(user_id: int) -> User:
            raise HTTPException(404)
      `,
      options: { documented: [404] },
    },
    {
      ok: py`
        from app.routers import shared
        from app.errors import HTTPException as Own
        from fastapi import APIRouter, HTTPException

        router = APIRouter()
        hidden = APIRouter(include_in_schema=False)


        def require(user: User) -> None:
            raise HTTPException(403)


        @shared.get("/users")
        async def list_users() -> list[User]:
            raise HTTPException(409)


        @hidden.get("/roles")
        async def list_roles() -> list[Role]:
            raise HTTPException(409)


        @router.get("/tags")
        async def list_tags() -> list[Tag]:
            raise Own(409)
      `,
    },
  ],
  collect: {
    raise_statement(raise, file, options) {
      const raised = raise.firstNamed;
      if (!raised?.is('call') || !isHttpException(file, raised.field('function'))) return undefined;
      const handler = file.enclosingFunction(raise);
      const code = statusCode(file, argumentsOf(raised).at(0, 'status_code'));
      if (code === undefined || code < 400 || code === 422 || !handler?.is('function_definition')) return undefined;
      if (options.documented.includes(code)) return undefined;
      const routes = routesWithSchema(file, handler).flatMap((route, index) =>
        route.routerCall && documents(namedBy(file, [route.call, route.routerCall]), code) === false
          ? [{ label: routeLabel(route), router: ownName(file.qualified(route.router)), index }]
          : [],
      );
      if (routes.length === 0) return undefined;
      if (raisedStatuses(file, handler).find((other) => other.code === code)?.raise !== raise) return undefined;
      return { at: raise, data: { is: 'raised', code, routes } };
    },
    call(call, file) {
      const method = call.field('function');
      if (!method.is('attribute') || method.field('attribute').text !== 'include_router') return undefined;
      const given = argumentsOf(call);
      const child = file.qualified(given.at(0, 'router'));
      // A router of another file has its routes there.
      if (child !== undefined && ownName(child) === undefined) return undefined;
      const parent = method.field('object');
      const made = parent.is('identifier') ? file.binding(parent)?.value : undefined;
      const calls = made?.is('call') ? [call, made] : [call];
      return {
        at: call,
        data: {
          is: 'included',
          child: ownName(child),
          parent: ownName(file.qualified(parent)),
          isHidden: calls.some((one) => argumentsOf(one).keyword('include_in_schema')?.is('false')),
          named: namedBy(file, calls),
        },
      };
    },
  },
  file(facts, file) {
    const inclusions = facts.flatMap(({ data }) => (data.is === 'included' ? [data] : []));
    return facts.flatMap(({ at, data }) => {
      if (data.is !== 'raised') return [];
      const { code, routes } = data;
      const route = routes.find(({ router }) => lacksStatus(inclusions, router, code));
      if (!route) return [];
      return [
        {
          at,
          message: `\`${route.label}\` can answer ${code} here and doesn't document it; add it to \`responses=\`.`,
          fix: () => documented(file, at.start, route.index, code),
        },
      ];
    });
  },
});

type Inclusion = Extract<Told, { is: 'included' }>;

/** Whether a router stands somewhere in the schema where no router above it names a status, as far as the file tells. */
function lacksStatus(
  inclusions: readonly Inclusion[],
  router: string | undefined,
  code: number,
  seen: readonly string[] = [],
): boolean {
  if (inclusions.some(({ child, named }) => child === undefined && documents(named, code) !== false)) return false;
  if (router === undefined || seen.includes(router)) return true;
  const above = inclusions.filter(({ child }) => child === router);
  return (
    above.length === 0 ||
    above.some(
      ({ parent, isHidden, named }) =>
        !isHidden && documents(named, code) === false && lacksStatus(inclusions, parent, code, [...seen, router]),
    )
  );
}

function routesWithSchema(file: SourceFile, handler: TypedNode<'function_definition'>): HandledRoute[] {
  const decorated = handler.parent;
  if (!decorated?.is('decorated_definition')) return [];
  return decorated.namedChildren.flatMap((child) => (child.is('decorator') && publicRoute(file, child)) || []);
}

/** Whether a status is named; undefined when what is named cannot all be read. */
function documents({ statuses, isOpen }: Named, code: number): boolean | undefined {
  const names = [String(code), `${Math.floor(code / 100)}XX`, 'DEFAULT'];
  if (names.some((name) => statuses.includes(name))) return true;
  return isOpen ? undefined : false;
}

/** What `responses=` of all of some calls name: of a route, of what makes a router, of what includes one. */
function namedBy(file: SourceFile, calls: readonly TypedNode<'call'>[]): Named {
  const statuses: string[] = [];
  let isOpen = false;
  for (const call of calls) {
    const given = argumentsOf(call);
    if (given.hasDoubleSplat) isOpen = true;
    const responses = given.keyword('responses');
    if (!responses || responses.is('none')) continue;
    const dictionary = responses.is('identifier') ? file.binding(responses)?.value : responses;
    if (!dictionary?.is('dictionary')) {
      isOpen = true;
      continue;
    }
    for (const entry of dictionary.namedChildren) {
      const key = entry.is('pair') ? entry.field('key') : undefined;
      const status = statusCode(file, key) ?? stringValue(key)?.toUpperCase();
      if (status === undefined) isOpen = true;
      else statuses.push(String(status));
    }
  }
  return { statuses, isOpen };
}

/** Adds a status to the route that is the one at an index of those of the handler around an offset. */
function documented(file: SourceFile, start: number, index: number, code: number): Fix | undefined {
  const raise = file.units[file.unitIndexAt(start)]?.root
    .below('raise_statement')
    .find((statement) => statement.start === start);
  const handler = raise && file.enclosingFunction(raise);
  const route = handler?.is('function_definition') ? routesWithSchema(file, handler)[index] : undefined;
  const responses = route?.arguments.keyword('responses');
  if (!route || (responses && !responses.is('dictionary'))) return undefined;
  const entry = `${code}: {"description": "${reasonPhrase(code)}"}`;
  return {
    title: `Document the answer ${code}`,
    safety: 'unsafe',
    edits: responses
      ? appended(responses, entry, file.eol)
      : appended(route.arguments.list, `responses={${entry}}`, file.eol),
  };
}
