import {
  appended,
  argumentsOf,
  defineRule,
  type Fix,
  type HandledRoute,
  isHttpException,
  isTestFile,
  type Node,
  publicRoute,
  py,
  raisedStatuses,
  reasonPhrase,
  routeLabel,
  routerKeyword,
  type SourceFile,
  statusCode,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR636',
  name: 'undocumented-error-response',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: "A handler raises a status that the route's `responses=` does not name",
  advice: "Add it to the route's `responses=`",
  why: 'The OpenAPI document only knows the errors that `responses=` names, beside the 422 that FastAPI adds itself. Generated clients and the people who write the others find out about the rest in production.',
  fix: 'unsafe',
  fixSafety: 'The OpenAPI document changes, and the description is a phrase that wants to be written out.',
  requirements: ['004-284'],
  peers: [],
  mentions: ['HTTPException'],
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
  on: {
    raise_statement(raise, file) {
      const raised = raise.firstNamed;
      if (!raised?.is('call') || !isHttpException(file, raised.field('function'))) return undefined;
      const handler = file.enclosingFunction(raise);
      const code = statusCode(file, argumentsOf(raised).at(0, 'status_code'));
      if (code === undefined || code < 400 || code === 422 || !handler?.is('function_definition')) return undefined;
      const route = routesWithSchema(file, handler).find((candidate) => documents(file, candidate, code) === false);
      if (!route) return undefined;
      if (raisedStatuses(file, handler).find((other) => other.code === code)?.raise !== raise) return undefined;
      return {
        at: raise,
        message: `\`${routeLabel(route)}\` can answer ${code} here and doesn't document it; add it to \`responses=\`.`,
        fix: () => documented(file, route, code),
      };
    },
  },
});

function routesWithSchema(file: SourceFile, handler: TypedNode<'function_definition'>): HandledRoute[] {
  const decorated = handler.parent;
  if (!decorated?.is('decorated_definition')) return [];
  return decorated.namedChildren.flatMap((child) => (child.is('decorator') && publicRoute(file, child)) || []);
}

/** Whether the route or its router names a status; undefined when a part of what they name cannot be read. */
function documents(file: SourceFile, route: HandledRoute, code: number): boolean | undefined {
  if (!route.routerCall || argumentsOf(route.routerCall).hasDoubleSplat) return undefined;
  const answers = [route.arguments.keyword('responses'), routerKeyword(route, 'responses')].map((responses) =>
    names(file, responses, code),
  );
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
}

function names(file: SourceFile, responses: Node | undefined, code: number): boolean | undefined {
  if (!responses || responses.is('none')) return false;
  const dictionary = responses.is('identifier') ? file.binding(responses)?.value : responses;
  if (!dictionary?.is('dictionary')) return undefined;
  let answer: boolean | undefined = false;
  for (const entry of dictionary.namedChildren) {
    const key = entry.is('pair') ? entry.field('key') : undefined;
    const number = statusCode(file, key) ?? stringValue(key)?.toUpperCase();
    if (number === undefined) answer = undefined;
    else if ([String(code), `${Math.floor(code / 100)}XX`, 'DEFAULT'].includes(String(number))) return true;
  }
  return answer;
}

function documented(file: SourceFile, route: HandledRoute, code: number): Fix | undefined {
  const entry = `${code}: {"description": "${reasonPhrase(code)}"}`;
  const responses = route.arguments.keyword('responses');
  if (responses && !responses.is('dictionary')) return undefined;
  return {
    title: `Document the answer ${code}`,
    safety: 'unsafe',
    edits: responses
      ? appended(responses, entry, file.eol)
      : appended(route.arguments.list, `responses={${entry}}`, file.eol),
  };
}
