import {
  defineRule,
  dependencyText,
  isTestFile,
  publicRoute,
  py,
  routeLabel,
  routerKeyword,
  wordsIn,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR634',
  name: 'deprecated-route-without-header',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: 'A deprecated route does not tell its callers',
  advice: 'Set the headers `Deprecation` and `Sunset` in its answers',
  why: '`deprecated=True` strikes the route through in the documentation, which nobody reads again after the client is written. The headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) reach the programs that still call it, with the date on which it goes.',
  fix: 'none',
  requirements: ['004-201'],
  peers: [],
  mentions: ['deprecated'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/v1/users", deprecated=True)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR634 none: \`GET /v1/users\` is deprecated, and its answers don't say so; set the \`Deprecation\` and \`Sunset\` headers.
        async def list_users() -> list[User]:
            """All users; deprecated."""
            return await users.all()
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Depends, Response

        router = APIRouter()


        @router.get("/v1/users", deprecated=True)
        async def list_users(response: Response) -> list[User]:
            response.headers["Deprecation"] = "@1767225600"
            response.headers["Sunset"] = "Wed, 01 Jul 2026 00:00:00 GMT"
            return await users.all()


        @router.get("/v1/roles", deprecated=True, dependencies=[Depends(deprecation_headers("2026-07-01"))])
        async def list_roles() -> list[Role]:
            return await roles.all()


        @router.get("/v1/tags", deprecated=True)
        @sunset("2026-07-01")
        async def list_tags() -> list[Tag]:
            return await tags.all()
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Depends

        old = APIRouter(dependencies=[Depends(add_sunset)])
        routed = APIRouter(route_class=DeprecatedRoute)


        @old.get("/users", deprecated=True)
        async def list_users() -> list[User]:
            return await users.all()


        @routed.get("/roles", deprecated=True)
        async def list_roles() -> list[Role]:
            return await roles.all()


        @old.get("/tags", deprecated=False)
        async def list_tags() -> list[Tag]:
            return await tags.all()


        @other.get("/things", deprecated=settings.old)
        async def list_things() -> list[Thing]:
            return await things.all()
      `,
    },
  ],
  on: {
    decorator(decorator, file) {
      const route = publicRoute(file, decorator);
      if (!route?.arguments.keyword('deprecated')?.is('true')) return undefined;
      const { handler } = route;
      const around = [
        dependencyText(route),
        routerKeyword(route, 'route_class')?.text ?? '',
        ...file.decorators(handler).flatMap((other) => (other === route.call ? [] : other.text)),
        ...wordsIn(handler, file),
      ];
      if (around.some((text) => /deprecat|sunset/i.test(text))) return undefined;
      return {
        at: route.call,
        message: `\`${routeLabel(route)}\` is deprecated, and its answers don't say so; set the \`Deprecation\` and \`Sunset\` headers.`,
      };
    },
  },
});
