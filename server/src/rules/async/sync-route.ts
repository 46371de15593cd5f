import { z } from 'zod';
import {
  addedRoute,
  addedRouteCalls,
  annotatedClass,
  argumentsOf,
  awaitEdits,
  decoratedRoute,
  defineRule,
  type Edit,
  type Finding,
  type Fix,
  functionKey,
  type IoCall,
  ioCall,
  isAsync,
  isTestFile,
  mayAwaitAt,
  type Node,
  namedFunctionKey,
  parametersOf,
  py,
  rootOf,
  type SourceFile,
  type Span,
  spellAsyncio,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  sessions: z
    .array(z.string())
    .default(['SessionDep', 'DbSession', 'DBSession', 'DbDep', 'DatabaseDep'])
    .meta({ description: 'Names of annotations for database sessions that other modules define.' }),
});

/** `does`: a synchronous function of the file does I/O. `handler`: a function is added as a route. */
type Told = { is: 'does'; key: string; io: string } | { is: 'handler'; key: string };

export default defineRule<typeof options, Told>({
  code: 'GR510',
  name: 'sync-route',
  family: 'async',
  severity: 'warning',
  standards: ['architecture', 'backend'],
  summary: 'A route that does I/O is a plain `def`',
  advice: 'Make it `async def`, and await an async library',
  why: 'FastAPI runs a plain `def` route in a pool of forty threads. Each request of it holds a thread for as long as its database or partner takes; when all are taken, every other such route and dependency waits. An `async def` route that awaits its I/O needs no thread at all. It must then await everything: a blocking call in an `async def` is worse than one in a thread.',
  fix: 'unsafe',
  fixSafety: 'The handler runs in the event loop from now on, where nothing it calls may block.',
  requirements: ['001-007', '004-010'],
  peers: [],
  options,
  mentions: ['.get', '.post', '.put', '.patch', '.delete', '.head', '.options', '.trace', 'api_route'],
  // Only routes that are added by a call need to know what functions elsewhere do.
  collectMentions: addedRouteCalls,
  calls: addedRouteCalls,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from typing import Annotated

        import requests
        from fastapi import APIRouter, Depends
        from sqlalchemy.orm import Session

        from app.crud import users

        router = APIRouter()


        @router.get("/users/{name}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR510 none
        def read_user(name: str, db: Annotated[Session, Depends()]):
            return users.by_name(db, name)


        @router.post("/users")
         ^^^^^^^^^^^^^^^^^^^^^ GR510 none: The route \`create_user\` is a plain \`def\` that does I/O (\`db.commit()\`), so each request holds a thread of the pool; make it \`async def\` and await an async library.
        def create_user(name: str, db: Session = Depends()):
            db.add(name)
            db.commit()


        @router.get("/weather")
         ^^^^^^^^^^^^^^^^^^^^^^ GR510 none
        def read_weather() -> str:
            return requests.get("https://weather.example/", timeout=30).text
      `,
    },
    {
      bad: py`
        import asyncio
        import time

        from fastapi import FastAPI
        from sqlalchemy.ext.asyncio import AsyncSession

        app = FastAPI()


        async def load(name: str) -> list[str]: ...


        @app.get("/items")
         ^^^^^^^^^^^^^^^^^ GR510 unsafe: The route \`read_items\` is a plain \`def\` that does I/O (\`db.execute()\`), so each request holds a thread of the pool; make it \`async def\` and await its I/O.
        def read_items(db: AsyncSession):
            time.sleep(1)
            return db.execute("select 1").scalars()


        @app.get("/names")
         ^^^^^^^^^^^^^^^^^ GR510 unsafe
        def read_names():
            first = load("first")
            return first, asyncio.run(load("second"))
      `,
      good: py`
        import asyncio
        import time

        from fastapi import FastAPI
        from sqlalchemy.ext.asyncio import AsyncSession

        app = FastAPI()


        async def load(name: str) -> list[str]: ...


        @app.get("/items")
        async def read_items(db: AsyncSession):
            await asyncio.sleep(1)
            return (await db.execute("select 1")).scalars()


        @app.get("/names")
        async def read_names():
            first = await load("first")
            return first, await load("second")
      `,
    },
    {
      bad: py`
        from fastapi import FastAPI

        from app.deps import SessionDep


        def read_items(session: SessionDep):
            return session.exec("select 1")


        app = FastAPI()
        app.add_api_route("/items", read_items)
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR510 none: The route \`read_items\` is a plain \`def\` that does I/O (\`session.exec()\`), so each request holds a thread of the pool; make it \`async def\` and await an async library.
      `,
    },
    {
      // What only makes an object of the session is not the call that does the I/O.
      bad: py`
        from fastapi import APIRouter, Depends
        from sqlalchemy.orm import Session

        from app.repositories import get_repositories, user_repository

        router = APIRouter()


        @router.get("/users/{name}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR510 none: The route \`read_user\` is a plain \`def\` that does I/O (\`db.users.by_name()\`), so each request holds a thread of the pool; make it \`async def\` and await an async library.
        def read_user(name: str, session: Session = Depends()):
            db = get_repositories(session, group=None)
            return db.users.by_name(name)


        @router.put("/users/{name}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR510 none: The route \`rename_user\` is a plain \`def\` that does I/O (\`user_repository.get()\`), so each request holds a thread of the pool; make it \`async def\` and await an async library.
        def rename_user(name: str, session: Session = Depends()):
            user = user_repository.get(session, name)
            return user.model_dump()
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter
        from sqlalchemy.ext.asyncio import AsyncSession

        router = APIRouter()


        @router.get("/items")
        async def read_items(db: AsyncSession):
            return (await db.execute("select 1")).scalars()


        @router.get("/health")
        def read_health() -> dict[str, str]:
            return {"status": "ok"}
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter
        from sqlalchemy.orm import Session

        router = APIRouter()


        def find_items(db: Session):
            return db.execute("select 1")


        @router.get("/settings")
        def read_settings(settings: dict[str, str], session: str, tasks, db: Session):
            tasks.add_task(find_items, db)
            def later():
                return open("name")

            return settings.get("name"), str(session)
      `,
    },
    {
      ok: py`
        from flask import Flask
        import requests

        app = Flask(__name__)


        @app.get("/weather")
        def read_weather() -> str:
            return requests.get("https://weather.example/", timeout=30).text
      `,
    },
  ],
  on: {
    decorator(decorator, file, { sessions }) {
      const route = decoratedRoute(file, decorator);
      const handler = route?.handler;
      if (!route || !handler) return undefined;
      const found = ioOf(file, handler, sessions);
      return found.length === 0
        ? undefined
        : report(route.call, handler.field('name').text, found, () => asAsync(file, handler, found));
    },
  },
  collect: {
    call(call, file) {
      const route = addedRoute(file, call);
      const endpoint = route?.arguments.at(1, 'endpoint');
      const key = endpoint && namedFunctionKey(file, endpoint);
      return key === undefined ? undefined : { at: call, data: { is: 'handler', key } };
    },
    function_definition(definition, file, { sessions }) {
      // What stands below a route's decorator is told there.
      if (definition.parent?.is('decorated_definition') || isAsync(definition)) return undefined;
      const key = functionKey(file, definition);
      const [first] = key === undefined ? [] : ioOf(file, definition, sessions, 1);
      return key === undefined || !first ? undefined : { at: definition, data: { is: 'does', key, io: first.name } };
    },
  },
  file(facts) {
    const does = new Map(facts.flatMap(({ data }) => (data.is === 'does' ? [[data.key, data.io]] : [])));
    return facts.flatMap(({ at, data }) => {
      const io = data.is === 'handler' ? does.get(data.key) : undefined;
      if (data.is !== 'handler' || io === undefined) return [];
      const name = data.key.slice(data.key.lastIndexOf('.') + 1);
      return [report(at, name, [{ name: io, isAsync: false }], () => undefined)];
    });
  },
});

type Done = IoCall & { readonly call?: TypedNode<'call'> };

/** The I/O of a synchronous function: by its own calls, and by calls that it hands a database session to. */
function ioOf(
  file: SourceFile,
  handler: TypedNode<'function_definition'>,
  sessions: readonly string[],
  most = Number.POSITIVE_INFINITY,
): Done[] {
  if (isAsync(handler)) return [];
  const held = sessionsIn(file, handler, sessions);
  const found: Done[] = [];
  const calls = handler.field('body').belowOutside(['function_definition', 'lambda', 'class_definition'], 'call');
  for (const call of calls) {
    const io = ioCall(file, call) ?? bySession(file, call, held, calls) ?? coroutine(file, call);
    if (io && found.push({ ...io, call }) >= most) break;
  }
  return found;
}

/** The parameters that are database sessions, and whether they are async ones. */
function sessionsIn(
  file: SourceFile,
  handler: TypedNode<'function_definition'>,
  sessions: readonly string[],
): Map<string, boolean> {
  const found = new Map<string, boolean>();
  const parameters = handler.field('parameters');
  if (!parameters.child('typed_parameter') && !parameters.child('typed_default_parameter')) return found;
  for (const { name, annotation } of parametersOf(handler)) {
    const named = annotation && annotatedClass(file, annotation);
    const type = named && file.qualified(named);
    if (type !== undefined && syncSessions.has(type)) found.set(name, false);
    else if (type !== undefined && !type.startsWith('<') && sessions.includes(type.split('.').at(-1) ?? ''))
      found.set(name, false);
  }
  return found;
}

const syncSessions = new Set(['sqlalchemy.orm.Session', 'sqlalchemy.orm.session.Session', 'sqlmodel.Session']);

function bySession(
  file: SourceFile,
  call: TypedNode<'call'>,
  held: ReadonlyMap<string, boolean>,
  calls: readonly TypedNode<'call'>[],
): IoCall | undefined {
  if (held.size === 0) return undefined;
  const callee = call.field('function');
  if (!callee.is('attribute', 'identifier')) return undefined;
  if (callee.is('attribute')) {
    const object = callee.field('object');
    const method = callee.field('attribute').text;
    // What a background task does is no longer the route's.
    if (method === 'add_task') return undefined;
    if (object.is('identifier') && held.has(object.text))
      return reaching.has(method) ? { name: callee.text, isAsync: false } : undefined;
  }
  const { positional, keywords } = argumentsOf(call);
  const values = [...positional, ...[...keywords.values()].map((keyword) => keyword.field('value'))];
  const isGiven = values.some((value) => value.is('identifier') && held.has(value.text));
  if (!isGiven) return undefined;
  // A class that is given the session does not use it yet.
  const isClass = /^[A-Z]/.test(callee.text.slice(callee.text.lastIndexOf('.') + 1));
  const isBuiltin = file.qualified(callee)?.startsWith('builtins.') === true;
  return !isClass && !isBuiltin ? { name: usedOf(call, calls) ?? callee.text, isAsync: false } : undefined;
}

/** The call of a method of what a factory makes of the session: `users.by_name` after `users = get_user_repository(db)`. */
function usedOf(call: TypedNode<'call'>, calls: readonly TypedNode<'call'>[]): string | undefined {
  const { parent } = call;
  const left = parent?.is('assignment') && call.isField('right') ? parent.field('left') : undefined;
  if (!left?.is('identifier') || !factories.test(call.field('function').text)) return undefined;
  for (const later of calls) {
    const method = later.field('function');
    if (later.start > call.end && method.is('attribute') && rootOf(method).text === left.text) return method.text;
  }
  return undefined;
}

/** Names of functions that make something which uses the session later. */
const factories =
  /(?:^|[._])(?:repositor(?:y|ies)|repos?|providers?|services?|clients?|managers?|stores?|dao|uow|unit_of_work|gateways?|factory)$/;

/** Methods of a session that go to the database. */
const reaching = new Set([
  'bulk_insert_mappings',
  'bulk_save_objects',
  'commit',
  'exec',
  'execute',
  'flush',
  'get',
  'get_one',
  'merge',
  'query',
  'refresh',
  'scalar',
  'scalars',
]);

/** A call of an `async def` of the file, or `asyncio.run`. */
function coroutine(file: SourceFile, call: TypedNode<'call'>): IoCall | undefined {
  const callee = call.field('function');
  // Only a re-export gives an attribute another last name.
  if (callee.is('attribute') && callee.field('attribute').text !== 'run' && !file.facts.reexport) return undefined;
  const name = file.qualified(callee);
  if (name === 'asyncio.run') return { name, isAsync: true };
  const by = callee.is('identifier') && name?.startsWith('<') ? file.binding(callee)?.by : undefined;
  if (!by?.is('function_definition') || !isAsync(by) || by.parent?.is('decorated_definition')) return undefined;
  const outer = call.parent?.parent;
  const isRun = outer?.is('call') && file.qualified(outer.field('function')) !== undefined;
  return isRun ? undefined : { name: callee.text, isAsync: true };
}

function report(at: Span, name: string, found: readonly Done[], fix: () => Fix | undefined): Finding {
  const [first] = found;
  const told = found.find((io) => io.name !== 'time.sleep') ?? first;
  const how = found.every(isAwaitable) ? 'await its I/O' : 'await an async library';
  return {
    at,
    message: `The route \`${name}\` is a plain \`def\` that does I/O (\`${told?.name}()\`), so each request holds a thread of the pool; make it \`async def\` and ${how}.`,
    fix,
  };
}

/** Calls that only lack their `await`. */
function isAwaitable(io: Done): boolean {
  return (io.isAsync && !io.name.endsWith('.stream')) || io.name === 'time.sleep';
}

function asAsync(file: SourceFile, handler: TypedNode<'function_definition'>, found: readonly Done[]): Fix | undefined {
  if (!found.every(isAwaitable) || isCalled(file, handler)) return undefined;
  const edits: Edit[] = [{ start: handler.start, end: handler.start, text: 'async ' }];
  for (const { call, name } of found) {
    if (!call || !mayAwaitAt(call)) return undefined;
    const [opening, ...closing] = awaitEdits(call);
    if (!opening) return undefined;
    if (name === 'time.sleep') {
      const sleep = spellAsyncio(file, 'sleep', call);
      if (!sleep) return undefined;
      const callee = call.field('function');
      edits.push({ start: call.start, end: callee.end, text: `${opening.text}${sleep.text}` }, ...closing);
      edits.push(...sleep.edits.filter((edit) => !edits.some((known) => known.start === edit.start)));
    } else if (name === 'asyncio.run') {
      const { positional, keywords } = argumentsOf(call);
      const [only] = positional;
      if (positional.length !== 1 || keywords.size > 0 || !only?.is('call')) return undefined;
      edits.push({ start: call.start, end: only.start, text: opening.text });
      edits.push({ start: only.end, end: call.end, text: closing.length > 0 ? ')' : '' });
    } else edits.push(opening, ...closing);
  }
  return { title: `Make \`${handler.field('name').text}\` an \`async def\``, safety: 'unsafe', edits };
}

/** Whether the file itself uses the handler by its name: such a use would get a coroutine. */
function isCalled(file: SourceFile, handler: TypedNode<'function_definition'>): boolean {
  const name = handler.field('name');
  return file.units.some(
    (unit) =>
      unit.text.includes(name.text) &&
      unit.root.below('identifier').some((use: Node) => use !== name && use.text === name.text),
  );
}
