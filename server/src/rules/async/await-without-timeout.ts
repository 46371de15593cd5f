import { z } from 'zod';
import {
  argumentsOf,
  asyncFunctionAt,
  asyncHttpClients,
  defineRule,
  type Finding,
  functionKey,
  httpMethods,
  isMember,
  isTestFile,
  makerOf,
  memberKey,
  type Node,
  namedFunctionKey,
  ownName,
  py,
  type SourceFile,
  type Span,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  calls: z
    .array(z.string())
    .default([])
    .meta({ description: 'Further coroutine functions that wait for the network, by their qualified names.' }),
});

/** `patient`: a member whose calls may wait for ever. `call`: one of them. `guarded`: a function is called with a limit. */
type Told =
  | { is: 'member'; key: string; patient: boolean }
  | { is: 'call'; key: string; called: string; in: string | undefined }
  | { is: 'waits'; called: string; in: string | undefined }
  | { is: 'guarded'; key: string };

export default defineRule<typeof options, Told>({
  code: 'GR518',
  name: 'await-without-timeout',
  family: 'async',
  severity: 'hint',
  standards: ['backend'],
  summary: 'An awaited network call has no timeout, neither its own nor one around it',
  advice: 'Wait inside `async with asyncio.timeout(…)`, or through `asyncio.wait_for()`',
  why: 'The other end may accept the connection and never answer. Without a limit the task waits with it for as long as the process lives, and holds what it holds: a database session, a lock, the request of a user who has gone long ago. With a limit it becomes an error that can be handled.',
  fix: 'none',
  requirements: ['004-250'],
  peers: [],
  options,
  mentions: ['await'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import asyncio

        import httpx
        from redis.asyncio import Redis


        async def ask(host: str, url: str) -> bytes:
            reader, writer = await asyncio.open_connection(host, 80)
        #                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR518 none: \`asyncio.open_connection()\` states no timeout, and nothing around it does; wait inside \`async with asyncio.timeout(…)\` or through \`asyncio.wait_for()\`.
            line = await reader.readline()
        #                ^^^^^^^^^^^^^^^^^ GR518 none: \`reader.readline()\` states no timeout, and nothing around it does; wait inside \`async with asyncio.timeout(…)\` or through \`asyncio.wait_for()\`.
            async with httpx.AsyncClient(timeout=None) as client:
                await client.get(url)
        #             ^^^^^^^^^^^^^^^ GR518 none
            async with httpx.AsyncClient() as other:
                await other.get(url)
        #             ^^^^^^^^^^^^^^ GR518 none
            redis = Redis(host=host)
            await redis.set("line", line)
        #         ^^^^^^^^^^^^^^^^^^^^^^^ GR518 none
            return line
      `,
    },
    {
      bad: py`
        from aiohttp import ClientSession


        class Weather:
            def __init__(self) -> None:
                self.session = ClientSession(timeout=None)

            async def read(self, url: str) -> str:
                async with self.session.get(url) as answer:
        #                  ^^^^^^^^^^^^^^^^^^^^^ GR518 none: \`self.session.get()\` states no timeout, and nothing around it does; wait inside \`async with asyncio.timeout(…)\` or through \`asyncio.wait_for()\`.
                    return await answer.text()
      `,
    },
    {
      bad: py`
        from app.partner import order


        async def buy(name: str) -> None:
            await order(name)
        #         ^^^^^^^^^^^ GR518 none
      `,
      options: { calls: ['app.partner.order'] },
    },
    {
      ok: py`
        import asyncio

        import httpx
        from redis.asyncio import Redis


        async def ask(host: str, url: str) -> bytes:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(host, 80)
                line = await reader.readline()
            await asyncio.wait_for(reader.read(), timeout=10)
            async with httpx.AsyncClient(timeout=30) as client:
                await client.get(url)
            async with httpx.AsyncClient() as other:
                await other.get(url, timeout=10)
            redis = Redis(host=host, socket_timeout=5)
            await redis.set("line", line)
            return line
      `,
    },
    {
      ok: py`
        import asyncio

        import httpx


        shared = httpx.AsyncClient()


        async def read(given: httpx.AsyncClient, url: str) -> str:
            async with httpx.AsyncClient() as client:
                async with client.stream("GET", url, timeout=None) as answer:
                    print(answer)
            await shared.get(url)
            return (await given.get(url)).text


        async def connect(host: str) -> None:
            await asyncio.open_connection(host, 80)


        async def main() -> None:
            await asyncio.wait_for(connect("one"), 10)
            async with asyncio.timeout(10):
                await connect("two")
      `,
    },
    {
      ok: py`
        import anyio
        import httpx
        from aiohttp import ClientSession, ClientTimeout


        class Weather:
            def __init__(self, seconds: int) -> None:
                self.session = ClientSession(timeout=ClientTimeout(total=seconds))

            async def read(self, url: str) -> str:
                async with self.session.get(url) as answer:
                    return await answer.text()

            async def read_all(self, url: str, settings: dict[str, int], transport) -> None:
                async with httpx.AsyncClient(**settings) as client:
                    await client.get(url)
                async with httpx.AsyncClient(transport=transport) as client:
                    await client.get(url)
                with anyio.fail_after(10):
                    await anyio.connect_tcp(url, 80)
      `,
    },
    {
      ok: py`
        import asyncio


        async def test_server() -> None:
            await asyncio.open_connection("localhost", 80)
      `,
      path: 'tests/test_server.py',
    },
  ],
  on: {},
  collect: {
    assignment(assignment, file) {
      const left = assignment.field('left');
      const key = left.is('attribute') ? memberKey(file, left) : undefined;
      const right = assignment.field('right');
      if (key === undefined || !right || right.is('none')) return undefined;
      const value = right.is('await') ? right.firstNamed : right;
      const patient = value?.is('call') === true && isPatient(file, value, false);
      return { at: assignment, data: { is: 'member', key, patient } };
    },
    call(call, file, { calls }) {
      const callee = call.field('function');
      if (!callee.is('attribute', 'identifier')) return undefined;
      const guarded = guardedKey(file, call);
      if (guarded !== undefined) return { at: call, data: { is: 'guarded', key: guarded } };
      if (!isWaitedFor(call)) return undefined;
      const owner = asyncFunctionAt(file, call);
      if (!owner) return undefined;
      const waits = waitsOf(file, callee, calls);
      if (waits === undefined || statesTimeout(call) || isLimited(file, call)) return undefined;
      const where = functionKey(file, owner);
      const { text } = callee;
      return waits === true
        ? { at: call, data: { is: 'waits', called: text, in: where } }
        : { at: call, data: { is: 'call', key: waits, called: text, in: where } };
    },
  },
  file(facts) {
    const patient = new Map<string, boolean>();
    const guarded = new Set<string>();
    for (const { data } of facts) {
      if (data.is === 'member') patient.set(data.key, (patient.get(data.key) ?? true) && data.patient);
      else if (data.is === 'guarded') guarded.add(data.key);
    }
    return facts.flatMap(({ at, data }) => {
      if (data.is !== 'waits' && !(data.is === 'call' && patient.get(data.key))) return [];
      return data.in !== undefined && guarded.has(data.in) ? [] : [finding(at, data.called)];
    });
  },
});

function finding(at: Span, called: string): Finding {
  return {
    at,
    message: `\`${called}()\` states no timeout, and nothing around it does; wait inside \`async with asyncio.timeout(…)\` or through \`asyncio.wait_for()\`.`,
  };
}

/** Coroutine functions that wait without a limit unless they are given one. */
const functions = new Set([
  'aio_pika.connect',
  'aio_pika.connect_robust',
  'aiomysql.connect',
  'anyio.connect_tcp',
  'asyncio.open_connection',
  'asyncio.open_unix_connection',
]);

const streamMethods = new Set(['drain', 'read', 'readexactly', 'readline', 'readuntil']);
const connections = new Set(['asyncio.open_connection', 'asyncio.open_unix_connection']);
const redisMakers = new Set([
  'redis.asyncio.Redis',
  'redis.asyncio.StrictRedis',
  'redis.asyncio.from_url',
  'redis.asyncio.Redis.from_url',
]);
/** A stream is meant to last. */
const awaitedMethods = new Set([...httpMethods].filter((method) => method !== 'stream' && method !== 'ws_connect'));
const notOfTheNetwork = new Set(['aclose', 'close', 'pipeline', 'pubsub', 'lock']);

/** True for a call that waits without a limit, the key of a member for one of a member that may, undefined for others. */
function waitsOf(
  file: SourceFile,
  callee: TypedNode<'attribute' | 'identifier'>,
  further: readonly string[],
): true | string | undefined {
  const name = file.qualified(callee);
  if (name !== undefined && (functions.has(name) || further.includes(name))) return true;
  if (!callee.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  const object = callee.field('object');
  if (streamMethods.has(method) && object.is('identifier') && isStream(file, object)) return true;
  const maker = makerOf(file, object)?.parent;
  if (maker?.is('call')) {
    const made = file.qualified(maker.field('function'));
    const isUse = asyncHttpClients.has(made ?? '') ? awaitedMethods.has(method) : !notOfTheNetwork.has(method);
    const isLocal = file.enclosingFunction(maker) === file.enclosingFunction(object);
    return isUse && isPatient(file, maker, isLocal) ? true : undefined;
  }
  return awaitedMethods.has(method) ? memberKey(file, object) : undefined;
}

/** A reader or writer that `asyncio.open_connection` gave, in this function. */
function isStream(file: SourceFile, object: Node): boolean {
  const by = file.binding(object)?.by;
  const right = by?.is('assignment') ? by.field('right') : undefined;
  const call = right?.is('await') ? right.firstNamed : undefined;
  return call?.is('call') === true && connections.has(file.qualified(call.field('function')) ?? '');
}

/**
 * A client that is made with `timeout=None`, or where `orUnstated` without any: HTTP clients then fall back on a default,
 * which is worth a hint where client and call stand together, and not at each call of a client that is shared.
 */
function isPatient(file: SourceFile, maker: TypedNode<'call'>, orUnstated: boolean): boolean {
  const made = file.qualified(maker.field('function'));
  if (made === undefined) return false;
  const { keyword, keywords, positional, hasDoubleSplat } = argumentsOf(maker);
  if (hasDoubleSplat) return false;
  if (asyncHttpClients.has(made)) {
    if (['transport', 'app', 'read_timeout', 'conn_timeout'].some((name) => keywords.has(name))) return false;
    return keyword('timeout')?.is('none') ?? orUnstated;
  }
  if (!redisMakers.has(made) || keywords.has('connection_pool')) return false;
  const [url] = positional;
  return !keywords.has('socket_timeout') && !url?.text.includes('socket_timeout');
}

/** The operand of `await`, or what `async with` and `async for` wait for. */
function isWaitedFor(call: Node): boolean {
  const parent = call.parent?.is('as_pattern') ? call.parent.parent : call.parent;
  if (parent?.is('await')) return true;
  return parent?.is('with_item') === true && parent.above('with_statement')?.child('"async"') !== undefined;
}

function statesTimeout(call: TypedNode<'call'>): boolean {
  const { keyword, keywords, hasDoubleSplat } = argumentsOf(call);
  return hasDoubleSplat || (keywords.has('timeout') && keyword('timeout')?.is('none') === false);
}

const limits = new Set([
  'asyncio.timeout',
  'asyncio.timeout_at',
  'async_timeout.timeout',
  'async_timeout.timeout_at',
  'anyio.fail_after',
  'anyio.move_on_after',
  'asyncio.timeouts.timeout',
]);

/** Whether a `with` around a node, in its function, limits the time. */
function isLimited(file: SourceFile, node: Node): boolean {
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.is('function_definition', 'lambda')) return false;
    if (!parent.is('with_statement')) continue;
    const [clause] = parent.namedChildren;
    if (clause?.below('call').some((call) => limits.has(file.qualified(call.field('function')) ?? ''))) return true;
  }
  return false;
}

/** The function of the file that a call starts under a limit: as what `wait_for` waits for, or in a `with` that limits. */
function guardedKey(file: SourceFile, call: TypedNode<'call'>): string | undefined {
  const callee = call.field('function');
  // Most calls are of something else; of the file's own functions, few are called under a limit.
  if (callee.is('identifier') ? ownName(file.qualified(callee)) === undefined : !isMember(callee)) return undefined;
  const outer = call.parent?.parent;
  const isWaited = outer?.is('call') && file.qualified(outer.field('function')) === 'asyncio.wait_for';
  return isWaited || isLimited(file, call) ? namedFunctionKey(file, callee) : undefined;
}
