import { z } from 'zod';
import {
  annotatedClass,
  defineRule,
  dependsCall,
  type HandledRoute,
  isTestFile,
  logCallOf,
  type Node,
  type Parameter,
  parameterNamed,
  parametersOf,
  pathParameters,
  publicRoute,
  py,
  routeLabel,
  routerKeyword,
  type SourceFile,
} from '../../engine/index.ts';

const options = z.strictObject({
  parameters: z
    .array(z.string())
    .default(['user_id'])
    .meta({ description: 'Names of path parameters that say whose data is meant.' }),
  dependencies: z
    .array(z.string())
    .default([
      'get_current_user',
      'get_current_active_user',
      'current_user',
      'current_active_user',
      'CurrentUser',
      'CurrentActiveUser',
    ])
    .meta({ description: 'Names of the dependencies, and of aliases for them, that give the user who calls.' }),
});

export default defineRule({
  code: 'GR603',
  name: 'route-without-ownership-check',
  family: 'api',
  severity: 'warning',
  standards: ['production'],
  summary: "A route with a user's id never compares it with the user who calls",
  advice: 'Answer 403 unless the caller is that user or a superuser',
  why: "Being signed in says who somebody is, not what is theirs. A route that takes a user's id from the path and only asks for any user lets everyone read and change everyone's data by counting the id up: the most common hole of APIs (OWASP API1, broken object level authorization).",
  fix: 'none',
  requirements: ['000-071'],
  peers: [],
  options,
  mentions: ({ parameters }) => parameters,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from typing import Annotated

        from app.auth import get_current_user
        from fastapi import APIRouter, Depends

        router = APIRouter(prefix="/users")


        @router.get("/{user_id}/orders")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR603 none: \`GET /users/{user_id}/orders\` never compares \`user_id\` with \`current_user\`; answer 403 unless they are the same user or the caller is a superuser.
        async def list_orders(user_id: int, current_user: Annotated[User, Depends(get_current_user)]) -> list[Order]:
            log.info("read by %s", current_user.id)
            return await orders.of(user_id)
      `,
    },
    {
      bad: py`
        from app.api.dependencies import CurrentUser
        from fastapi import APIRouter

        router = APIRouter()


        @router.delete("/accounts/{owner_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR603 none
        async def close(owner_id: int, user: CurrentUser) -> None:
            await accounts.close(owner_id)
      `,
      options: { parameters: ['owner_id'] },
    },
    {
      ok: py`
        from typing import Annotated

        from app.auth import get_current_user
        from fastapi import APIRouter, Depends, HTTPException

        router = APIRouter()


        @router.get("/{user_id}")
        async def read_user(user_id: int, current_user: Annotated[dict, Depends(get_current_user)]) -> User:
            if current_user["id"] != user_id and not current_user.get("is_superuser"):
                raise HTTPException(403, "Not yours")
            return await users.get(user_id)


        @router.get("/{user_id}/tags")
        async def read_tags(user_id: int, caller: Annotated[User, Depends(get_current_user)]) -> list[Tag]:
            return await tags.of(user_id, caller)


        @router.get("/{user_id}/roles")
        async def read_roles(user_id: int, caller: Annotated[User, Depends(get_current_user)]) -> list[Role]:
            caller.may_read(user_id)
            return await roles.of(user_id)
      `,
    },
    {
      ok: py`
        from typing import Annotated

        from app.auth import get_current_user, get_current_superuser
        from fastapi import APIRouter, Depends

        router = APIRouter()


        @router.delete("/{user_id}")
        async def delete_user(user_id: int, admin: Annotated[User, Depends(get_current_superuser)]) -> None:
            await users.delete(user_id)


        @router.put("/{user_id}", dependencies=[Depends(require_permission("users"))])
        async def update_user(user_id: int, caller: Annotated[User, Depends(get_current_user)]) -> None:
            await users.update(user_id)
      `,
    },
    {
      ok: py`
        from typing import Annotated

        from app.auth import get_current_user
        from fastapi import APIRouter, Depends

        router = APIRouter()


        @router.get("/orders")
        async def list_orders(user_id: int, caller: Annotated[User, Depends(get_current_user)]) -> list[Order]:
            return await orders.of(user_id)


        @router.get("/users/{user_id}")
        async def read_user(user_id: int) -> User:
            return await users.get(user_id)


        @router.get("/users/{user_id}/mine")
        async def read_mine(user: Annotated[User, Depends(owner_of_path)], user_id: int) -> User:
            return user
      `,
    },
  ],
  on: {
    decorator(decorator, file, chosen) {
      const route = publicRoute(file, decorator);
      if (!route) return undefined;
      const { handler } = route;
      const owner = pathParameters(route).find((name) => chosen.parameters.includes(name));
      if (owner === undefined || !parameterNamed(handler, owner)) return undefined;
      const caller = parametersOf(handler).find((parameter) => isCaller(file, parameter, chosen.dependencies));
      if (!caller || stricter.test(requirements(route))) return undefined;
      const uses = handler.field('body').below('identifier');
      if (uses.some((use) => use.text === caller.name && mayCheck(file, use))) return undefined;
      return {
        at: route.call,
        message: `\`${routeLabel(route)}\` never compares \`${owner}\` with \`${caller.name}\`; answer 403 unless they are the same user or the caller is a superuser.`,
      };
    },
  },
});

/** Whether a parameter is given the user who calls: by `Depends(get_current_user)` or an alias such as `CurrentUser`. */
function isCaller(file: SourceFile, parameter: Parameter, names: readonly string[]): boolean {
  const candidates = [parameter.default, ...(parameter.annotation?.below('call') ?? [])];
  for (const candidate of candidates) {
    const dependency = dependsCall(file, candidate)?.field('arguments').namedChildren[0];
    if (dependency && names.includes(lastName(dependency))) return true;
  }
  const named = parameter.annotation && annotatedClass(file, parameter.annotation);
  return named !== undefined && names.includes(lastName(named));
}

function lastName(node: Node): string {
  return (node.is('attribute') ? node.field('attribute') : node).text;
}

/** What a request has to pass before the handler, without the names that the handler itself chose. */
function requirements(route: HandledRoute): string {
  const parameters = parametersOf(route.handler).map(
    (parameter) => `${parameter.annotation?.text ?? ''} ${parameter.default?.text ?? ''}`,
  );
  const listed = [route.arguments.keyword('dependencies'), routerKeyword(route, 'dependencies')];
  return [...parameters, ...listed.map((list) => list?.text ?? '')].join(' ');
}

/** Dependencies whose names say that they let only some users through. */
const stricter =
  /admin|superuser|staff|permission|authori[sz]|owner|role|scope|require|verify|check|allow|policy|guard|access/i;

/** Whether a use of the caller may be a check: anything but a part of a log call, which only tells about them. */
function mayCheck(file: SourceFile, use: Node): boolean {
  for (let above = use.parent; above; above = above.parent) {
    if (above.is('call') && (logCallOf(above, file) || /^log(ger|ging)?\./.test(above.field('function').text)))
      return false;
    if (above.is('function_definition')) break;
  }
  return true;
}
