import { z } from 'zod';
import {
  answersItself,
  creatingVerbs,
  defineRule,
  type HandledRoute,
  isCreating,
  isTestFile,
  type Node,
  publicRoute,
  py,
  qualifiedType,
  responseType,
  returnsOf,
  routeLabel,
  type SourceFile,
  statusCode,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  creates: z
    .array(z.string())
    .default(creatingVerbs)
    .meta({ description: 'First words of the name of a POST handler that creates a resource.' }),
});

export default defineRule({
  code: 'GR632',
  name: 'post-without-resource',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: 'A POST that creates does not return what it created',
  advice: 'Return the created resource with its id and defaults',
  why: 'What the server adds to a new resource (the id, defaults, timestamps) only the answer can tell. Without it every client has to send a second request to show what it has just made, and between the two it may have changed.',
  fix: 'none',
  requirements: ['004-196'],
  peers: [],
  options,
  mentions: ({ creates }) => ['post', 'POST', ...creates],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from uuid import UUID

        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/users", status_code=201)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR632 none: \`POST /users\` creates and returns nothing; return the created resource.
        async def create_user(user: UserIn) -> None:
            await users.create(user)


        @router.post("/roles", status_code=201)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR632 none: \`POST /roles\` creates and returns only an id; return the created resource.
        async def create_role(role: RoleIn) -> dict[str, int]:
            created = await roles.create(role)
            return {"role_id": created.id}


        @router.post("/tags", status_code=201)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR632 none
        async def create_tag(tag: TagIn) -> UUID:
            return await tags.create(tag)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Response

        router = APIRouter()


        @router.post("/users", status_code=201)
        async def create_user(user: UserIn) -> User:
            return await users.create(user)


        @router.post("/roles", status_code=201, response_model=Role)
        async def create_role(role: RoleIn):
            return {"id": await roles.create(role)}


        @router.post("/reports", status_code=202)
        async def create_report(report: ReportIn) -> None:
            await reports.enqueue(report)


        @router.post("/imports")
        async def create_import(tasks: BackgroundTasks) -> None:
            tasks.add_task(run_import)


        @router.post("/carts", status_code=201)
        async def create_cart(cart: CartIn) -> Response:
            return Response(status_code=201)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/users/{user_id}/ban", status_code=204)
        async def ban(user_id: int) -> None:
            await users.ban(user_id)


        @router.post("/token")
        async def create_token(form: Form) -> str:
            return sign(form)


        @router.post("/later")
        async def create_later(item: ItemIn) -> None: ...


        @router.post("/never")
        async def create_never(item: ItemIn) -> None:
            raise NotImplementedError
      `,
    },
  ],
  on: {
    decorator(decorator, file, { creates }) {
      const route = publicRoute(file, decorator);
      if (!route || !isCreating(route, creates)) return undefined;
      if (statusCode(file, route.arguments.keyword('status_code')) === 202) return undefined;
      const given = returned(file, route);
      if (!given || answersItself(file, route.handler)) return undefined;
      return {
        at: route.call,
        message: `\`${routeLabel(route)}\` creates and returns ${given}; return the created resource.`,
      };
    },
  },
});

/** What a handler gives in the place of the resource; undefined when it gives something else or nobody can tell. */
function returned(file: SourceFile, route: HandledRoute): 'nothing' | 'only an id' | undefined {
  const { handler } = route;
  const type = responseType(file, route);
  const body = handler.field('body');
  const values = returnsOf(handler).flatMap((statement) => {
    const value = statement.firstNamed;
    return value && !value.is('none') ? [value] : [];
  });
  if (values.length === 0) {
    if ((type && type.kind !== 'none') || isUnwritten(handler) || body.belowOutside(nested, 'yield').length > 0)
      return undefined;
    return body.below('call').some(queues) ? undefined : 'nothing';
  }
  const name = type && (qualifiedType(file, type.kind === 'generic' ? type.base : type) ?? '');
  if (name === 'uuid.UUID' || name === 'builtins.int') return 'only an id';
  if (name !== undefined && !plain.has(name)) return undefined;
  return values.every(isId) ? 'only an id' : undefined;
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;
const plain = new Set(['builtins.dict', 'builtins.str', 'typing.Dict', 'typing.Any', 'builtins.object']);

/** No statement does anything but say that it is still to be written, or refuse. */
function isUnwritten(handler: TypedNode<'function_definition'>): boolean {
  return handler
    .field('body')
    .namedChildren.every(
      (statement) =>
        statement.is('pass_statement', 'raise_statement') ||
        (statement.is('expression_statement') && statement.firstNamed?.is('ellipsis', 'string') === true),
    );
}

/** Whether a call only puts work into a queue, so that there is nothing to return yet. */
function queues(call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  return (
    callee.is('attribute') &&
    /^(add_task|delay|apply_async|enqueue\w*|send_task|publish|defer)$/.test(callee.field('attribute').text)
  );
}

/** `user.id`, or a dictionary with nothing but an id. */
function isId(value: Node): boolean {
  if (value.is('attribute')) return idName.test(value.field('attribute').text);
  if (!value.is('dictionary')) return false;
  const [pair, ...others] = value.namedChildren;
  return others.length === 0 && pair?.is('pair') === true && idName.test(stringValue(pair.field('key')) ?? '');
}

const idName = /^(\w+_)?(id|uuid|pk)$/;
