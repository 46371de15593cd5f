import {
  answersItself,
  argumentsOf,
  defineRule,
  type HandledRoute,
  isHttpException,
  isTestFile,
  type Node,
  pathParameters,
  publicRoute,
  py,
  raisedStatuses,
  routeLabel,
  type SourceFile,
  setsStatus,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR631',
  name: 'missing-not-found',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A handler fetches one object and never answers 404',
  advice: 'Raise `HTTPException(404)`, or an exception that becomes one, where the object is missing',
  why: 'An id in a path can be anything. Where a query gives None for one that does not exist and the handler goes on, the client gets `null`, a validation error of the response, or a 500 with an `AttributeError` in the log: all of them say that the server is broken, when the client asked for something that is not there. Only calls are meant that are known to give None, such as `session.get`; what a service or repository does, it may do by raising.',
  fix: 'none',
  requirements: ['004-187'],
  peers: [],
  mentions: [
    'get',
    'first',
    'scalar',
    'scalar_one_or_none',
    'one_or_none',
    'get_or_none',
    'find_one',
    'fetchone',
    'fetchrow',
    'fetch_one',
  ],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/users/{user_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR631 none: \`GET /users/{user_id}\` never answers 404, and \`db.get(User, user_id)\` gives None for what doesn't exist.
        async def read_user(user_id: int, db: Session) -> User:
            return await db.get(User, user_id)


        @router.delete("/users/{user_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR631 none
        async def delete_user(user_id: int, db: Session) -> None:
            query = select(User).where(User.id == user_id)
            result = await db.execute(query)
            user = result.scalar_one_or_none()
            if user is None:
                raise HTTPException(status_code=400)
            await db.delete(user)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException, status

        router = APIRouter()


        @router.get("/users/{user_id}")
        async def read_user(user_id: int, db: Session) -> User:
            user = await db.get(User, user_id)
            if user is None:
                raise HTTPException(status_code=status.HTTP_404_NOT_FOUND)
            return user


        @router.get("/roles/{role_id}")
        async def read_role(role_id: int, db: Session) -> Role:
            role = await db.get(Role, role_id)
            if not role:
                raise RoleMissing(role_id)
            return role


        @router.get("/tags/{tag_id}")
        async def read_tag(tag_id: int, db: Session) -> Tag:
            tag = await db.get(Tag, tag_id)
            return or_404(tag)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users/{user_id}")
        async def read_user(user_id: int, service: UserService) -> User:
            return await service.get(user_id)


        @router.get("/roles/{role_id}")
        async def read_role(role_id: int, db: Session) -> Role:
            return (await db.execute(select(Role).where(Role.id == role_id))).scalar_one()


        @router.get("/users/{user_id}/orders")
        async def count_orders(user_id: int, db: Session) -> int:
            return await db.scalar(select(func.count()).where(Order.user_id == user_id))


        @router.get("/users/{user_id}/last")
        async def last_order(user_id: int, db: Session) -> Order | None:
            return (await db.scalars(select(Order).where(Order.user_id == user_id).order_by(Order.at))).first()
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.put("/users/{user_id}")
        async def put_user(user_id: int, user: UserIn, db: Session) -> User:
            stored = await db.get(User, user_id)
            if stored is None:
                stored = User(id=user_id)
            return await save(stored, user)


        @router.get("/users")
        async def first_user(db: Session) -> User:
            return (await db.scalars(select(User))).first()


        @router.get("/cached/{key}")
        async def cached(key: str) -> str:
            return cache.get(key, "")
      `,
    },
  ],
  on: {
    decorator(decorator, file) {
      const route = publicRoute(file, decorator);
      if (!route?.methods.some((method) => fetching.has(method))) return undefined;
      const ids = new Set(pathParameters(route));
      if (ids.size === 0) return undefined;
      const { handler } = route;
      const fetched = handler
        .field('body')
        .belowOutside(nested, 'call')
        .find((call) => mayGiveNone(call) && isById(file, call, ids, handler));
      if (!fetched || answers404(file, route, fetched)) return undefined;
      const shown = fetched.text.replaceAll(/\s+/g, ' ');
      const said = shown.length > 60 ? `…${shown.slice(shown.lastIndexOf('.'))}` : shown;
      return {
        at: route.call,
        message: `\`${routeLabel(route)}\` never answers 404, and \`${said}\` gives None for what doesn't exist.`,
        related: [{ at: fetched, message: 'The object is fetched here.' }],
      };
    },
  },
});

const fetching = new Set(['get', 'put', 'patch', 'delete']);
const nested = ['function_definition', 'lambda', 'class_definition'] as const;

/** Methods of SQLAlchemy and of clients of other stores that give None when nothing fits. */
const noneable = new Set([
  'first',
  'scalar',
  'scalar_one_or_none',
  'one_or_none',
  'get_or_none',
  'find_one',
  'fetchone',
  'fetchrow',
  'fetch_one',
]);

/** `session.get(User, user_id)`, or a result's method that gives None. */
function mayGiveNone(call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  if (!callee.is('attribute')) return false;
  const name = callee.field('attribute').text;
  if (noneable.has(name)) return true;
  if (name !== 'get') return false;
  const [model, id] = argumentsOf(call).positional;
  return id !== undefined && model?.is('identifier') === true && /^[A-Z]\w*[a-z]/.test(model.text);
}

/** Whether what is asked for is told by the path's parameters, and is a row rather than a number, a first of many, or a test. */
function isById(
  file: SourceFile,
  call: TypedNode<'call'>,
  ids: ReadonlySet<string>,
  handler: TypedNode<'function_definition'>,
): boolean {
  let asksById = false;
  const seen = new Set<Node>();
  function visit(node: Node): boolean {
    if (seen.has(node) || seen.size > 32) return true;
    seen.add(node);
    for (const name of [...(node.is('identifier') ? [node] : []), ...node.below('identifier')]) {
      if (isOther.test(name.text)) return false;
      const binding = file.binding(name);
      if (binding?.kind === 'parameter') asksById ||= ids.has(name.text);
      else if (binding?.kind === 'assignment' && binding.value && handler.contains(binding.value)) {
        if (!visit(binding.value)) return false;
      }
    }
    return true;
  }
  return visit(call) && asksById;
}

const isOther = /^(func|count|exists|order_by|sum|max|min|text)$/;

/** Whether something in the handler may answer 404, or deals with the missing object in another way. */
function answers404(file: SourceFile, route: HandledRoute, fetched: Node): boolean {
  const { handler } = route;
  const body = handler.field('body');
  const http = raisedStatuses(file, handler);
  if (http.some(({ code }) => code === undefined || code === 404 || code === 410)) return true;
  const raises = body.belowOutside(nested, 'raise_statement');
  if (raises.some((raise) => !isKnownHttp(file, raise)) || setsStatus(handler)) return true;
  if (body.below('integer', 'identifier').some(({ text }) => /404|not_?found/i.test(text))) return true;
  if (answersItself(file, handler)) return true;
  const assignment = fetched.above('assignment');
  const left = assignment?.field('left');
  const isTested =
    left !== undefined && body.below('if_statement').some((branch) => mentions(branch.field('condition'), left.text));
  if (isTested && route.methods.includes('put')) return true;
  return body.belowOutside(nested, 'call').some((call) => {
    const callee = call.field('function');
    const name = (callee.is('attribute') ? callee.field('attribute') : callee).text;
    return guards.test(name);
  });
}

function mentions(node: Node, name: string): boolean {
  return node.text === name || node.below('identifier').some(({ text }) => text === name);
}

function isKnownHttp(file: SourceFile, raise: TypedNode<'raise_statement'>): boolean {
  const raised = raise.firstNamed;
  return raised?.is('call') === true && isHttpException(file, raised.field('function'));
}

/** Functions whose names say that they raise for what they don't like. */
const guards = /^_?(ensure|require|assert|check|verify|validate|abort|raise|must|guard)|or_(404|raise|fail|abort)/i;
