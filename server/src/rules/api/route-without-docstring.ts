import {
  defineRule,
  docstringEdit,
  docstringOf,
  functionSkeleton,
  isTestFile,
  publicRoute,
  py,
  routeLabel,
  routesOf,
  routeWords,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR617',
  name: 'route-without-docstring',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: 'A route has no description',
  advice: 'Give the handler a docstring, or the route a `summary` or `description`',
  why: 'FastAPI puts the docstring of a handler into the OpenAPI document. Without one, `/docs` and every generated client show the name of the function and nothing else, and whoever calls the route has to read its code.',
  fix: 'unsafe',
  fixSafety: 'The text is a skeleton made of the names; it has to be written out.',
  requirements: ['004-282'],
  peers: [],
  mentions: routeWords,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/users/{user_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR617 unsafe: \`GET /users/{user_id}\` is not described; give \`read_user\` a docstring, or the route a \`summary\`.
        async def read_user(user_id: int) -> User:
            user = await users.get(user_id)
            if not user:
                raise HTTPException(404)
            return user
      `,
      good: py`
        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/users/{user_id}")
        async def read_user(user_id: int) -> User:
            """Read user.

            Args:
                user_id: The user id.

            Returns:
                The result.

            Raises:
                HTTPException: If \`not user\`.
            """
            user = await users.get(user_id)
            if not user:
                raise HTTPException(404)
            return user
      `,
    },
    {
      bad: py`
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/")
         ^^^^^^^^^^^^ GR617 unsafe
        @app.get("/index")
        def root() -> None: ...
      `,
      good: py`
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/")
        @app.get("/index")
        def root() -> None:
            """Root."""
            ...
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users")
        async def list_users() -> list[User]:
            """All users."""
            return await users.all()


        @router.get("/roles", summary="All roles")
        async def list_roles() -> list[Role]:
            return await roles.all()


        @router.get("/tags", description=texts["tags"])
        async def list_tags() -> list[Tag]:
            return await tags.all()


        @router.get("/hidden", include_in_schema=False)
        async def hidden() -> Tag:
            return tags.first()


        @router.get("/shared", **shared)
        async def shared_route() -> Tag:
            return tags.first()
      `,
    },
    {
      ok: py`
        from app.cache import cache
        from fastapi import APIRouter

        internal = APIRouter(include_in_schema=False)


        @internal.get("/state")
        async def state() -> State:
            return current()


        @cache.get("state")
        def cached() -> State:
            return current()
      `,
    },
  ],
  on: {
    decorator(decorator, file) {
      const route = publicRoute(file, decorator);
      if (!route) return undefined;
      const { handler } = route;
      const { keywords } = route.arguments;
      if (keywords.has('summary') || keywords.has('description') || docstringOf(handler, file)) return undefined;
      const [first] = routesOf(file, handler);
      if (first && first.call !== route.call) return undefined;
      return {
        at: route.call,
        message: `\`${routeLabel(route)}\` is not described; give \`${handler.field('name').text}\` a docstring, or the route a \`summary\`.`,
        fix: () => {
          const edit = handler.isBroken ? undefined : docstringEdit(handler, functionSkeleton(handler, file), file);
          return edit && { title: 'Add a docstring', safety: 'unsafe', edits: [edit] };
        },
      };
    },
  },
});
