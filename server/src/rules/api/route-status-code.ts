import { z } from 'zod';
import {
  addedRouteCalls,
  answersItself,
  appended,
  creatingVerbs,
  defineRule,
  type Finding,
  type Fix,
  isCreating,
  isTestFile,
  madeBy,
  parametersOf,
  publicAddedRoute,
  publicRoute,
  py,
  type Route,
  returnsOf,
  routeLabel,
  routeWords,
  type SourceFile,
  setsStatus,
  spell,
  statusCode,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  creates: z
    .array(z.string())
    .default(creatingVerbs)
    .meta({ description: 'First words of the name of a POST handler that creates a resource.' }),
});

export default defineRule({
  code: 'GR606',
  name: 'route-status-code',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: 'A route succeeds with another status code than its method promises',
  advice: 'Answer 201 to a POST that creates, 204 to a DELETE, and 200 to GET, PUT and PATCH',
  why: 'Clients, caches and generated SDKs branch on the status code. 201 says that something new exists, 204 that there is nothing to parse; FastAPI says 200 to everything unless the route says otherwise. 202 for work that is only queued and redirects are left alone.',
  fix: 'unsafe',
  fixSafety: 'Clients and tests that compare the status code see another one.',
  requirements: ['004-060', '004-144', '004-181', '004-182', '004-183'],
  peers: [],
  options,
  mentions: routeWords,
  calls: addedRouteCalls,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/users")
         ^^^^^^^^^^^^^^^^^^^^^ GR606 unsafe: \`POST /users\` creates and answers 200; set \`status_code=201\`.
        async def create_user(user: UserIn) -> User:
            return await users.create(user)


        @router.delete(
         ^^^^^^^^^^^^^^~3 GR606 unsafe: \`DELETE /users/{user_id}\` answers 200; set \`status_code=204\`.
            "/users/{user_id}",
            tags=["users"],
        )
        async def delete_user(user_id: int) -> None:
            await users.delete(user_id)


        @router.patch("/users/{user_id}", status_code=201)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR606 unsafe: \`PATCH /users/{user_id}\` answers 201; set \`status_code=200\`.
        async def update_user(user_id: int, user: UserPatch) -> User:
            return await users.update(user_id, user)
      `,
      good: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/users", status_code=201)
        async def create_user(user: UserIn) -> User:
            return await users.create(user)


        @router.delete(
            "/users/{user_id}",
            tags=["users"],
            status_code=204,
        )
        async def delete_user(user_id: int) -> None:
            await users.delete(user_id)


        @router.patch("/users/{user_id}", status_code=200)
        async def update_user(user_id: int, user: UserPatch) -> User:
            return await users.update(user_id, user)
      `,
    },
    {
      bad: py`
        from fastapi import APIRouter, status

        router = APIRouter()


        @router.post("/users", status_code=status.HTTP_200_OK)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR606 unsafe
        async def create_user(user: UserIn) -> User:
            return await users.create(user)


        @router.delete("/users/{user_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR606 none: \`DELETE /users/{user_id}\` answers 200 with a body; return nothing and set \`status_code=204\`.
        async def delete_user(user_id: int) -> User:
            return await users.delete(user_id)
      `,
      good: py`
        from fastapi import APIRouter, status

        router = APIRouter()


        @router.post("/users", status_code=status.HTTP_201_CREATED)
        async def create_user(user: UserIn) -> User:
            return await users.create(user)


        @router.delete("/users/{user_id}")
        async def delete_user(user_id: int) -> User:
            return await users.delete(user_id)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Response, status
        from fastapi.responses import JSONResponse, RedirectResponse

        router = APIRouter()


        @router.post("/users", status_code=status.HTTP_201_CREATED)
        async def create_user(user: UserIn) -> User:
            return await users.create(user)


        @router.post("/reports", status_code=202)
        async def create_report(report: ReportIn) -> Job:
            return await reports.enqueue(report)


        @router.post("/orders")
        async def create_order(order: OrderIn):
            return JSONResponse(await orders.create(order), status_code=201)


        @router.post("/carts")
        async def create_cart(cart: CartIn, response: Response) -> Cart:
            response.status_code = 201
            return await carts.create(cart)


        @router.post("/tokens")
        async def create_access_token(form: Form) -> Token:
            return sign(form)
      `,
    },
    {
      // Where the prefix stands elsewhere, the handler's name says which route it is.
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("")
         ^^^^^^^^^^^^^^^ GR606 unsafe: \`create_team\` creates and answers 200; set \`status_code=201\`.
        async def create_team(team: TeamIn) -> Team:
            return await teams.add(team)
      `,
      good: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("", status_code=201)
        async def create_team(team: TeamIn) -> Team:
            return await teams.add(team)
      `,
    },
    {
      // Work that is queued beside what the handler does itself, and a list of tasks that is no queue.
      bad: py`
        from fastapi import APIRouter, BackgroundTasks

        router = APIRouter()


        @router.post("/users")
         ^^^^^^^^^^^^^^^^^^^^^ GR606 unsafe
        async def create_user(user: UserIn, tasks: BackgroundTasks) -> User:
            created = await users.add(user)
            tasks.add_task(send_welcome, created.id)
            return created


        @router.post("/plans/{plan_id}/tasks")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR606 unsafe
        async def create_task(plan_id: int, task: TaskIn, plan: Plan) -> Task:
            return plan.add_task(task)


        @router.delete("/teams/{team_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR606 unsafe
        async def delete_team(team_id: int, tasks: BackgroundTasks) -> None:
            await teams.update(team_id, deleted=True)
            tasks.add_task(notify, await users.get_or_create("admin"))
      `,
      good: py`
        from fastapi import APIRouter, BackgroundTasks

        router = APIRouter()


        @router.post("/users", status_code=201)
        async def create_user(user: UserIn, tasks: BackgroundTasks) -> User:
            created = await users.add(user)
            tasks.add_task(send_welcome, created.id)
            return created


        @router.post("/plans/{plan_id}/tasks", status_code=201)
        async def create_task(plan_id: int, task: TaskIn, plan: Plan) -> Task:
            return plan.add_task(task)


        @router.delete("/teams/{team_id}", status_code=204)
        async def delete_team(team_id: int, tasks: BackgroundTasks) -> None:
            await teams.update(team_id, deleted=True)
            tasks.add_task(notify, await users.get_or_create("admin"))
      `,
    },
    {
      // 202 is meant where a handler only queues.
      ok: py`
        from uuid import uuid4

        from fastapi import APIRouter, BackgroundTasks, HTTPException

        router = APIRouter()


        @router.post("/cases/{case_id}/resources")
        def create_case_resources(case_id: int, db: DbSession, background_tasks: BackgroundTasks) -> Case:
            case = case_service.get(db, case_id)
            if not case:
                raise HTTPException(404)
            case.details.update({"asked": True})
            background_tasks.add_task(create_resources_flow, case_id=case.id)
            return case


        @router.post("/reports")
        async def create_report(report: ReportIn) -> Job:
            job_id = str(uuid4())
            build_report.apply_async(args=[report.model_dump()], task_id=job_id)
            return Job(id=job_id)


        @router.delete("/cases/{case_id}")
        async def delete_case(case_id: int) -> None:
            delete_case_flow.delay(case_id)


        @router.delete("/exports/{export_id}")
        async def delete_export(export_id: int, pool: Pool) -> None:
            await pool.enqueue_job("delete_export", export_id)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Response, status
        from fastapi.responses import RedirectResponse

        router = APIRouter()


        @router.post("/search")
        async def search_users(query: Query) -> list[User]:
            return await users.search(query)


        @router.delete("/users/{user_id}", status_code=status.HTTP_204_NO_CONTENT)
        async def delete_user(user_id: int) -> None:
            await users.delete(user_id)


        @router.delete("/carts/{cart_id}")
        async def delete_cart(cart_id: int) -> Response:
            await carts.delete(cart_id)
            return Response(status_code=204)


        @router.get("/old", status_code=307)
        async def old() -> RedirectResponse:
            return RedirectResponse("/new")


        @router.put("/users/{user_id}", status_code=settings.updated)
        async def replace_user(user_id: int, user: UserIn) -> User:
            return await users.replace(user_id, user)


        @router.delete("/shared", **shared)
        async def delete_shared() -> None: ...
      `,
    },
  ],
  on: {
    decorator(decorator, file, { creates }) {
      const route = publicRoute(file, decorator);
      return route && check(file, route, creates, route.handler);
    },
    call(call, file, { creates }) {
      const route = publicAddedRoute(file, call);
      return route && check(file, route, creates, undefined);
    },
  },
});

/** `body` is the handler where its body may be read. */
function check(
  file: SourceFile,
  route: Route,
  creates: readonly string[],
  body: TypedNode<'function_definition'> | undefined,
): Finding | undefined {
  const [method, ...others] = route.methods;
  if (method === undefined || others.length > 0) return undefined;
  const wanted = wantedCode(route, method, creates);
  const stated = route.arguments.keyword('status_code');
  const code = stated ? statusCode(file, stated) : 200;
  if (wanted === undefined || code === undefined || code === wanted) return undefined;
  if (code < 200 || code >= 300 || code === 202 || (method === 'get' && code === 206)) return undefined;
  if (!stated && (!body || answersItself(file, body) || setsStatus(body))) return undefined;
  // Then 202 is meant.
  if ((wanted === 201 || wanted === 204) && body && onlyQueues(file, body)) return undefined;
  const label = `\`${routeLabel(route)}\``;
  if (wanted === 204 && body && (code === 200 || stated) && hasBody(route, body))
    return {
      at: route.call,
      message: `${label} answers ${code} with a body; return nothing and set \`status_code=204\`.`,
    };
  const what = wanted === 201 ? 'creates and answers' : 'answers';
  return {
    at: route.call,
    message: `${label} ${what} ${code}; set \`status_code=${wanted}\`.`,
    fix: () => (wanted === 204 && !body ? undefined : withCode(file, route, wanted)),
  };
}

function wantedCode(route: Route, method: string, creates: readonly string[]): number | undefined {
  if (method === 'post') return isCreating(route, creates) ? 201 : undefined;
  if (method === 'delete') return 204;
  return ['get', 'put', 'patch'].includes(method) ? 200 : undefined;
}

/** Whether a handler hands its work to a queue, and beside that calls only what looks something up or builds a value. */
function onlyQueues(file: SourceFile, handler: TypedNode<'function_definition'>): boolean {
  const calls = handler.field('body').belowOutside(['function_definition', 'lambda', 'class_definition'], 'call');
  const others = calls.filter((call) => !queues(file, call));
  return others.length < calls.length && others.every((call) => changesNothing(file, call));
}

/** `background_tasks.add_task(…)` of FastAPI, and what Celery, arq, RQ and others call it. */
function queues(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  // A list of things to do has tasks too.
  if (name === 'add_task')
    return callee.is('attribute') && backgroundTasks.has(madeBy(file, callee.field('object')) ?? '');
  return queueing.has(name) || /^_*enqueue(?:_|$)/.test(name);
}

function changesNothing(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  if (plainModules.test(file.qualified(callee) ?? '')) return true;
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (name === 'update') return call.field('arguments').namedChildren.every((argument) => argument.is('dictionary'));
  return plainCalls.test(name) && !name.includes('_or_');
}

const backgroundTasks = new Set([
  'fastapi.BackgroundTasks',
  'fastapi.background.BackgroundTasks',
  'starlette.background.BackgroundTasks',
]);
const queueing = new Set(['delay', 'apply_async', 'send_task']);
const plainModules = /^(?:builtins|datetime|json|logging|time|uuid)\./;
/** Classes, what reads or tests, what describes a value, what writes into a log. */
const plainCalls =
  /^(?:_*[A-Z]\w*|_*(?:get|find|list|read|fetch|load|lookup|is|has|can|check|validate|verify)(?:_\w+)?|model_(?:dump|copy|validate)\w*|(?:iso)?format|debug|info|warning|error|exception|bind|lower|upper|strip|split|join|items|keys|values)$/;

/** FastAPI refuses to start where 204 comes with a response model, and an annotation is one. */
function hasBody(route: Route, handler: TypedNode<'function_definition'>): boolean {
  const model = route.arguments.keyword('response_model') ?? handler.field('return_type')?.firstNamed;
  if (model && !model.is('none')) return true;
  return returnsOf(handler).some((statement) => statement.firstNamed && !statement.firstNamed.is('none'));
}

/** With the constant where the file has `status` at hand and no parameter is called so; the number otherwise. */
function withCode(file: SourceFile, route: Route, code: number): Fix {
  const constant = constants.get(code) ?? '';
  const status = spell(file, 'fastapi', 'status', route.call);
  const isNear = status?.edits.length === 0 && !(route.handler && takes(route.handler, status.text));
  const text = isNear ? `${status.text}.${constant}` : String(code);
  const stated = route.arguments.keyword('status_code');
  return {
    title: `Set \`status_code=${text}\``,
    safety: 'unsafe',
    edits: stated
      ? [{ start: stated.start, end: stated.end, text }]
      : appended(route.arguments.list, `status_code=${text}`, file.eol),
  };
}

function takes(handler: TypedNode<'function_definition'>, name: string): boolean {
  return parametersOf(handler).some((parameter) => parameter.name === name);
}

const constants = new Map([
  [200, 'HTTP_200_OK'],
  [201, 'HTTP_201_CREATED'],
  [204, 'HTTP_204_NO_CONTENT'],
]);
