import {
  appended,
  argumentsOf,
  type CallArguments,
  defineRule,
  dependsCall,
  type Fix,
  isTestFile,
  logCallOf,
  type Node,
  py,
  routesOf,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR633',
  name: 'patch-without-exclude-unset',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A PATCH dumps its schema with the fields that were not sent',
  advice: 'Pass `exclude_unset=True`',
  why: 'A PATCH changes what was sent and nothing else. `model_dump()` gives every field of the schema, those that the client left out with their defaults: a request that only renames a user sets the e-mail address to None. `exclude_none=True` is no way out, since it drops a null that was sent on purpose.',
  fix: 'unsafe',
  fixSafety: 'Fields that were not sent are missing from the result; code that reads them all has to cope.',
  requirements: ['004-197'],
  peers: [],
  mentions: ['patch', 'PATCH'],
  calls: () => ['jsonable_encoder', ...dumpMethods],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.patch("/users/{user_id}")
        async def update_user(user_id: int, changes: UserPatch) -> User:
            data = changes.model_dump()
        #          ^^^^^^^^^^^^^^^^^^^^ GR633 unsafe: \`changes.model_dump()\` gives the fields that the client left out, too; pass \`exclude_unset=True\`.
            return await users.update(user_id, data)


        @router.api_route("/roles/{role_id}", methods=["PATCH"])
        async def update_role(role_id: int, changes: RolePatch) -> Role:
            return await roles.update(role_id, **changes.dict(exclude={"id"}, exclude_unset=False))
        #                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR633 unsafe
      `,
      good: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.patch("/users/{user_id}")
        async def update_user(user_id: int, changes: UserPatch) -> User:
            data = changes.model_dump(exclude_unset=True)
            return await users.update(user_id, data)


        @router.api_route("/roles/{role_id}", methods=["PATCH"])
        async def update_role(role_id: int, changes: RolePatch) -> Role:
            return await roles.update(role_id, **changes.dict(exclude={"id"}, exclude_unset=True))
      `,
    },
    {
      bad: py`
        from app.main import app
        from fastapi.encoders import jsonable_encoder


        @app.patch("/items/{item_id}")
        async def update_item(item_id: int, item: ItemPatch) -> Item:
            return await items.update(item_id, jsonable_encoder(item))
        #                                      ^^^^^^^^^^^^^^^^^^^^^^ GR633 unsafe
      `,
      good: py`
        from app.main import app
        from fastapi.encoders import jsonable_encoder


        @app.patch("/items/{item_id}")
        async def update_item(item_id: int, item: ItemPatch) -> Item:
            return await items.update(item_id, jsonable_encoder(item, exclude_unset=True))
      `,
    },
    {
      ok: py`
        import logging

        from fastapi import APIRouter

        router = APIRouter()
        logger = logging.getLogger(__name__)


        @router.patch("/users/{user_id}")
        async def update_user(user_id: int, changes: UserPatch) -> User:
            logger.debug("changes: %s", changes.model_dump())
            stored = await users.get(user_id)
            old = stored.model_dump()
            return await users.update(user_id, {**old, **changes.model_dump(exclude_unset=True)})
      `,
    },
    {
      ok: py`
        from typing import Annotated

        from fastapi import APIRouter, Depends

        router = APIRouter()


        @router.patch("/roles/{role_id}")
        async def update_role(role_id: int, changes: RolePatch, caller: Annotated[User, Depends(get_user)]) -> Role:
            if await roles.locked(role_id):
                raise RequestValidationError([], body=changes.model_dump())
            return await roles.update(role_id, changes.model_dump(**dumped), caller.model_dump())
      `,
    },
    {
      ok: py`
        from unittest import mock

        from fastapi import APIRouter

        router = APIRouter()


        @router.put("/users/{user_id}")
        async def replace_user(user_id: int, user: UserIn) -> User:
            return await users.replace(user_id, user.model_dump())


        @mock.patch("app.users")
        def helper(user: UserIn) -> dict[str, str]:
            return user.model_dump()
      `,
    },
  ],
  on: {
    call(call, file) {
      const schema = dumped(file, call);
      if (!schema?.is('identifier')) return undefined;
      const handler = file.enclosingFunction(call);
      if (!handler?.is('function_definition')) return undefined;
      if (!routesOf(file, handler).some(({ methods }) => methods.length === 1 && methods[0] === 'patch'))
        return undefined;
      const given = argumentsOf(call);
      const stated = given.keyword('exclude_unset');
      if (given.hasDoubleSplat || (stated && !stated.is('false'))) return undefined;
      if (!isBody(file, schema) || isOnlyTold(file, call)) return undefined;
      return {
        at: call,
        message: `\`${call.text.replaceAll(/\s*\n\s*/g, ' ')}\` gives the fields that the client left out, too; pass \`exclude_unset=True\`.`,
        fix: () => excluded(file, given, stated),
      };
    },
  },
});

/** What a call turns into plain data: `changes` of `changes.model_dump()` and `jsonable_encoder(changes)`. */
function dumped(file: SourceFile, call: TypedNode<'call'>): Node | undefined {
  const callee = call.field('function');
  if (callee.is('attribute')) {
    return dumpMethods.has(callee.field('attribute').text) ? callee.field('object') : undefined;
  }
  return callee.is('identifier') && file.qualified(callee) === 'fastapi.encoders.jsonable_encoder'
    ? argumentsOf(call).at(0, 'obj')
    : undefined;
}

const dumpMethods = new Set(['model_dump', 'dict', 'model_dump_json']);

/** Whether a name is a parameter that the request's body fills, rather than a dependency. */
function isBody(file: SourceFile, name: Node): boolean {
  const binding = file.binding(name);
  if (binding?.kind !== 'parameter') return false;
  const calls = [binding.value, ...(binding.annotation?.below('call') ?? [])];
  return !calls.some((call) => dependsCall(file, call));
}

/** Whether the plain data only tell somebody what was sent: in a log call or a raised exception. */
function isOnlyTold(file: SourceFile, call: Node): boolean {
  for (let above = call.parent; above; above = above.parent)
    if (above.is('raise_statement') || (above.is('call') && logCallOf(above, file))) return true;
  return false;
}

function excluded(file: SourceFile, given: CallArguments, stated: Node | undefined): Fix {
  return {
    title: 'Pass `exclude_unset=True`',
    safety: 'unsafe',
    edits: stated
      ? [{ start: stated.start, end: stated.end, text: 'True' }]
      : appended(given.list, 'exclude_unset=True', file.eol),
  };
}
