import {
  defineRule,
  type Finding,
  isLabel,
  isTestFile,
  lastParts,
  type MadeMember,
  madeBy,
  madeMember,
  makersOfMembers,
  memberKey,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

/** `acquired`: a lock that a method may have to release in a `finally` and does not. */
type Told = MadeMember | { is: 'acquired'; key: string; written: string };

export default defineRule<never, Told>({
  code: 'GR516',
  name: 'resource-without-async-with',
  family: 'async',
  severity: 'warning',
  standards: ['backend'],
  summary: 'An async client, connection or lock is neither entered with `async with` nor closed in a `finally`',
  advice: 'Use `async with`, or close it in a `finally`',
  why: 'Whatever goes wrong between opening and closing, a cancelled request included, leaves the connection open or the lock taken. Connections run out after some hours of such errors; a lock that nobody releases stops everything that wants it. `async with` closes on every way out.',
  fix: 'none',
  requirements: ['004-247'],
  peers: [],
  mentions: [
    'asyncio',
    'httpx',
    'aiohttp',
    'asyncpg',
    'aiomysql',
    'aiosqlite',
    'aio_pika',
    'psycopg',
    'redis',
    'websockets',
  ],
  calls: () => ['acquire', ...lastParts(resources)],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import asyncpg
        import httpx


        async def fetch(url: str) -> str:
            client = httpx.AsyncClient(timeout=30)
        #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR516 none: \`client\` (\`httpx.AsyncClient\`) is closed only when nothing goes wrong before; enter it with \`async with\`, or close it in a \`finally\`.
            answer = await client.get(url)
            await client.aclose()
            return answer.text


        async def count(dsn: str) -> int:
            connection = await asyncpg.connect(dsn)
        #                      ^^^^^^^^^^^^^^^^^^^^ GR516 none: \`connection\` (\`asyncpg.connect\`) is never closed; enter it with \`async with\`, or close it in a \`finally\`.
            return await connection.fetchval("select 1")
      `,
    },
    {
      bad: py`
        import asyncio

        from aiohttp import ClientSession

        lock = asyncio.Lock()


        async def fetch(url: str) -> str:
            await lock.acquire()
        #         ^^^^^^^^^^^^^^ GR516 none: \`lock\` is released only when nothing goes wrong before; hold it with \`async with lock:\`, or release it in a \`finally\`.
            answer = await ClientSession().get(url)
        #                  ^^^^^^^^^^^^^^^ GR516 none: This \`ClientSession()\` is used once and never closed; enter it with \`async with\`.
            lock.release()
            return await answer.text()


        class Counter:
            def __init__(self) -> None:
                self._lock = asyncio.Lock()

            async def add(self) -> None:
                await self._lock.acquire()
        #             ^^^^^^^^^^^^^^^^^^^^ GR516 none
                self.count += 1
                self._lock.release()
      `,
    },
    {
      bad: py`
        import asyncio


        async def ask(host: str) -> bytes:
            reader, writer = await asyncio.open_connection(host, 80)
        #                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR516 none: \`writer\` (\`asyncio.open_connection\`) is closed only when nothing goes wrong before; close it in a \`finally\`.
            writer.write(b"hello")
            line = await reader.readline()
            writer.close()
            return line
      `,
    },
    {
      ok: py`
        import asyncio
        from contextlib import AsyncExitStack, aclosing

        import asyncpg
        import httpx


        async def fetch(url: str, dsn: str) -> str:
            async with httpx.AsyncClient(timeout=30) as client:
                answer = await client.get(url)
            connection = await asyncpg.connect(dsn)
            try:
                await connection.execute("select 1")
            finally:
                await connection.close()
            other = httpx.AsyncClient(timeout=30)
            async with other:
                await other.get(url)
            async with AsyncExitStack() as stack:
                third = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
            return answer.text
      `,
    },
    {
      ok: py`
        import asyncio

        import httpx

        shared = httpx.AsyncClient(timeout=30)
        lock = asyncio.Lock()


        class Client:
            def __init__(self) -> None:
                self.http = httpx.AsyncClient(timeout=30)

            async def lock(self) -> None:
                await lock.acquire()

            async def unlock(self) -> None:
                lock.release()


        def make(url: str) -> httpx.AsyncClient:
            client = httpx.AsyncClient(base_url=url, timeout=30)
            client.headers["accept"] = "text/plain"
            return client


        async def run(clients: list[httpx.AsyncClient], own: str) -> None:
            client = httpx.AsyncClient(timeout=30)
            clients.append(client)
            await lock.acquire()
            try:
                print(own)
            finally:
                lock.release()
      `,
    },
    {
      ok: py`
        import asyncio

        import httpx

        from app.clients import AsyncClient


        async def fetch(url: str, limit: asyncio.Semaphore) -> None:
            client = AsyncClient()
            await client.get(url)
            await limit.acquire()
            task = asyncio.create_task(work(url))
            task.add_done_callback(lambda _: limit.release())
            nested = httpx.AsyncClient(timeout=30)

            async def work_on() -> None:
                await nested.get(url)

            await work_on()
      `,
    },
    {
      ok: py`
        import httpx


        async def test_fetch() -> None:
            client = httpx.AsyncClient()
            await client.get("https://example.org/")
      `,
      path: 'tests/test_fetch.py',
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute', 'identifier')) return undefined;
      if (callee.is('attribute') && callee.field('attribute').text === 'acquire') {
        const lock = callee.field('object');
        const made = madeBy(file, lock);
        return made !== undefined && locks.has(made) && isReleasedOutsideFinally(file, call, lock)
          ? unreleased(call, lock.text)
          : undefined;
      }
      const name = file.qualified(callee);
      return name !== undefined && resources.has(name) ? resourceFinding(file, call, callee.text, name) : undefined;
    },
  },
  collect: {
    assignment: (assignment, file) => madeMember(file, assignment),
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute') || callee.field('attribute').text !== 'acquire') return undefined;
      const lock = callee.field('object');
      const key = madeBy(file, lock) === undefined ? memberKey(file, lock) : undefined;
      return key !== undefined && isReleasedOutsideFinally(file, call, lock)
        ? { at: call, data: { is: 'acquired', key, written: lock.text } }
        : undefined;
    },
  },
  file(facts) {
    const makers = makersOfMembers(facts);
    return facts.flatMap(({ at, data }) =>
      data.is === 'acquired' && locks.has(makers.get(data.key) ?? '') ? [unreleased(at, data.written)] : [],
    );
  },
});

const locks = new Set(['asyncio.Lock', 'asyncio.Semaphore', 'asyncio.BoundedSemaphore', 'asyncio.Condition']);

/** What opens a client or connection, as the awaited or called function is named. */
const resources = new Set([
  'httpx.AsyncClient',
  'aiohttp.ClientSession',
  'aiohttp.client.ClientSession',
  'asyncio.open_connection',
  'asyncio.open_unix_connection',
  'asyncpg.connect',
  'asyncpg.create_pool',
  'aiomysql.connect',
  'aiosqlite.connect',
  'aio_pika.connect',
  'aio_pika.connect_robust',
  'psycopg.AsyncConnection.connect',
  'redis.asyncio.Redis',
  'redis.asyncio.Redis.from_url',
  'redis.asyncio.from_url',
  'websockets.connect',
]);

const closers = new Set(['aclose', 'close', 'disconnect', 'terminate', '__aexit__']);

function resourceFinding(
  file: SourceFile,
  call: TypedNode<'call'>,
  written: string,
  name: string,
): Finding | undefined {
  const owner = file.enclosingFunction(call);
  if (!owner?.is('function_definition')) return undefined;
  const value = call.parent?.is('await') ? call.parent : call;
  const place = value.parent;
  if (place?.is('attribute')) {
    const used = place.parent;
    // Only a request is a use; `Client().configure()` may return the client itself.
    return used?.is('call') &&
      httpUses.has(place.field('attribute').text) &&
      written.endsWith(name.split('.').at(-1) ?? '')
      ? { at: call, message: `This \`${written}()\` is used once and never closed; enter it with \`async with\`.` }
      : undefined;
  }
  if (!place?.is('assignment') || !value.isField('right') || !place.parent?.is('expression_statement'))
    return undefined;
  const left = place.field('left');
  const isStream = name.startsWith('asyncio.');
  const target = isStream ? (left.is('pattern_list', 'tuple_pattern') ? left.namedChildren[1] : undefined) : left;
  if (!target?.is('identifier')) return undefined;
  const uses = owner.below('identifier').filter((use) => use !== target && use.text === target.text);
  if (uses.some((use) => isHandedOn(file, use, owner))) return undefined;
  const closing = uses.filter((use) => use.parent?.is('attribute') && closers.has(use.parent.field('attribute').text));
  if (closing.some((use) => isInFinally(use))) return undefined;
  const state = closing.length > 0 ? 'is closed only when nothing goes wrong before' : 'is never closed';
  const remedy = isStream ? 'close it in a `finally`' : 'enter it with `async with`, or close it in a `finally`';
  return { at: call, message: `\`${target.text}\` (\`${name}\`) ${state}; ${remedy}.` };
}

const httpUses = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request', 'send']);

/** Any use but that of an attribute in the same function: somebody else may close it, or `async with` does. */
function isHandedOn(file: SourceFile, use: Node, owner: Node): boolean {
  const { parent } = use;
  if (isLabel(use)) return false;
  if (!parent?.is('attribute')) return true;
  // A bound method that is passed on, such as a clean-up callback.
  const isCalled = parent.parent?.is('call') === true && parent.isField('function');
  const isSet = parent.parent?.is('attribute', 'assignment', 'subscript') === true && !parent.isField('right');
  return (!isCalled && !isSet) || file.enclosingFunction(use) !== owner;
}

function isInFinally(node: Node): boolean {
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.is('finally_clause')) return true;
    if (parent.is('function_definition', 'lambda')) return false;
  }
  return false;
}

/** The function that awaits the lock releases it too, but on the good way only. */
function isReleasedOutsideFinally(file: SourceFile, call: Node, lock: Node): boolean {
  if (!call.parent?.is('await')) return false;
  const owner = file.enclosingFunction(call);
  const releases = (owner?.below('attribute') ?? []).filter(
    (attribute) => attribute.field('attribute').text === 'release' && attribute.field('object').text === lock.text,
  );
  return (
    releases.length > 0 &&
    releases.every((release) => file.enclosingFunction(release) === owner && !isInFinally(release))
  );
}

function unreleased(at: Finding['at'], lock: string): Finding {
  return {
    at,
    message: `\`${lock}\` is released only when nothing goes wrong before; hold it with \`async with ${lock}:\`, or release it in a \`finally\`.`,
  };
}
