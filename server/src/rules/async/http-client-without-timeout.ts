import { z } from 'zod';
import {
  appended,
  argumentsOf,
  defineRule,
  type Edit,
  type Finding,
  type Fix,
  isTestFile,
  lastParts,
  madeBy,
  memberKey,
  type Node,
  py,
  type SourceFile,
  spell,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  seconds: z.number().positive().default(30).meta({ description: 'The timeout that the fix writes, in seconds.' }),
});

/**
 * A member of a class that holds a `requests` session, one whose adapters may have timeouts, and a call through one with
 * the edits of its fix, counted from the call and with `@` for the seconds.
 */
type Told =
  | { is: 'session' | 'adapted'; key: string }
  | { is: 'call'; key: string; called: string; edits: readonly Edit[] };

export default defineRule<typeof options, Told>({
  code: 'GR511',
  name: 'http-client-without-timeout',
  family: 'async',
  severity: 'warning',
  standards: ['backend'],
  summary: 'An HTTP client or call states no timeout',
  advice: 'Pass `timeout=30`; for aiohttp `timeout=aiohttp.ClientTimeout(total=30)`',
  why: 'A partner that accepts the connection and then says nothing holds the caller: with `requests` for ever, with aiohttp for five minutes. Enough of such calls, and the whole service waits for somebody else. A stated timeout turns an outage elsewhere into an error that can be handled.',
  fix: 'unsafe',
  fixSafety: 'A call that takes longer fails from now on.',
  requirements: ['004-240', '004-250'],
  peers: ['S113', 'pylint W3101'],
  options,
  mentions: ['requests', 'httpx', 'aiohttp'],
  calls: () => ['mount', ...sessionMethods, ...lastParts(calls.keys())],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import httpx
        import requests

        answer = requests.get("https://example.org/")
        #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR511 unsafe: \`requests.get()\` has no timeout, so it may wait for ever; pass \`timeout=30\`.
        other = requests.request(
        #       ^~3 GR511 unsafe
            "GET",
            "https://example.org/",
        )
        client = httpx.AsyncClient()
        #        ^^^^^^^^^^^^^^^^^^^ GR511 unsafe: \`httpx.AsyncClient()\` states no timeout; pass \`timeout=30\`.
        page = httpx.get("https://example.org/", timeout=None)
        #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR511 unsafe: \`httpx.get()\` has no timeout, so it may wait for ever; pass \`timeout=30\`.
      `,
      good: py`
        import httpx
        import requests

        answer = requests.get("https://example.org/", timeout=30)
        other = requests.request(
            "GET",
            "https://example.org/",
            timeout=30,
        )
        client = httpx.AsyncClient(timeout=30)
        page = httpx.get("https://example.org/", timeout=30)
      `,
    },
    {
      bad: py`
        import aiohttp
        from aiohttp import ClientSession


        async def fetch(url: str) -> str:
            async with ClientSession(raise_for_status=True) as session:
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR511 unsafe: \`ClientSession()\` states no timeout; pass \`timeout=ClientTimeout(total=30)\`.
                async with session.get(url) as answer:
                    return await answer.text()
      `,
      good: py`
        import aiohttp
        from aiohttp import ClientSession


        async def fetch(url: str) -> str:
            async with ClientSession(raise_for_status=True, timeout=aiohttp.ClientTimeout(total=30)) as session:
                async with session.get(url) as answer:
                    return await answer.text()
      `,
    },
    {
      bad: py`
        import requests


        class Client:
            def __init__(self) -> None:
                self.session = requests.Session()

            def fetch(self, url: str) -> str:
                return self.session.get(url).text
        #              ^^^^^^^^^^^^^^^^^^^^^ GR511 unsafe: \`self.session.get()\` has no timeout, so it may wait for ever; pass \`timeout=10\`.


        def fetch(url: str) -> str:
            with requests.Session() as session:
                return session.get(url).text
        #              ^^^^^^^^^^^^^^^^ GR511 unsafe
      `,
      good: py`
        import requests


        class Client:
            def __init__(self) -> None:
                self.session = requests.Session()

            def fetch(self, url: str) -> str:
                return self.session.get(url, timeout=10).text


        def fetch(url: str) -> str:
            with requests.Session() as session:
                return session.get(url, timeout=10).text
      `,
      options: { seconds: 10 },
    },
    {
      ok: py`
        import aiohttp
        import httpx
        import requests

        session = requests.Session()
        answer = session.get("https://example.org/", timeout=5)
        other = requests.post("https://example.org/", timeout=(3, 30))
        client = httpx.Client(timeout=httpx.Timeout(10))
        page = client.get("https://example.org/")
        pool = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
      `,
    },
    {
      ok: py`
        import requests


        def fetch(url: str, **settings: object) -> requests.Response:
            return requests.get(url, **settings)
      `,
    },
    {
      ok: py`
        import httpx
        import requests
        from httpx import ASGITransport

        from app.adapters import TimeoutAdapter
        from app.main import app

        client = httpx.AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


        def fetch(url: str) -> requests.Response:
            session = requests.Session()
            session.mount("https://", TimeoutAdapter(30))
            return session.get(url)
      `,
    },
    {
      bad: py`
        import httpx


        async def fetch(url: str) -> str:
            async with httpx.AsyncClient() as client:
        #              ^^^^^^^^^^^^^^^^^^^ GR511 unsafe
                await client.head(url)
                return (await client.get(url, timeout=5)).text
      `,
      good: py`
        import httpx


        async def fetch(url: str) -> str:
            async with httpx.AsyncClient(timeout=30) as client:
                await client.head(url)
                return (await client.get(url, timeout=5)).text
      `,
    },
    {
      ok: py`
        import httpx


        async def fetch(url: str) -> str:
            async with httpx.AsyncClient(headers={"x": "1"}) as client:
                await client.head(url, timeout=2)
                return (await client.get(url, timeout=5)).text
      `,
    },
    {
      ok: py`
        import httpx


        def test_health(url: str) -> None:
            assert httpx.get(url).is_success
      `,
      path: 'tests/test_health.py',
    },
    {
      ok: py`
        from app.clients import requests


        def fetch(url: str) -> str:
            return requests.get(url)
      `,
    },
  ],
  on: {
    call(call, file, { seconds }) {
      const callee = call.field('function');
      if (!callee.is('attribute', 'identifier')) return undefined;
      const name = file.qualified(callee);
      const library = name === undefined ? sessionCall(file, callee) : calls.get(name);
      if (library === undefined) return undefined;
      const { hasDoubleSplat, keyword, keywords } = argumentsOf(call);
      const timeout = keyword('timeout');
      if (hasDoubleSplat || (timeout && !timeout.is('none'))) return undefined;
      if (library === 'httpx' && !timeout && hasOwnTransport(file, keyword('transport'), keywords)) return undefined;
      if (library === 'aiohttp' && (keywords.has('read_timeout') || keywords.has('conn_timeout'))) return undefined;
      if (!timeout && isTimedByCalls(call)) return undefined;
      const value = library === 'aiohttp' ? `${prefixOf(callee.text)}ClientTimeout(total=${seconds})` : String(seconds);
      return {
        at: call,
        message: messageOf(callee.text, timeout !== undefined || library === 'requests', value),
        fix: () => stated(file, call, library, seconds),
      };
    },
  },
  collect: {
    assignment(assignment, file) {
      const left = assignment.field('left');
      const right = assignment.field('right');
      if (!left.is('attribute') || !right?.is('call')) return undefined;
      const made = file.qualified(right.field('function'));
      if (made === undefined || !sessions.has(made)) return undefined;
      const key = memberKey(file, left);
      return key === undefined ? undefined : { at: assignment, data: { is: 'session', key } };
    },
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute')) return undefined;
      const method = callee.field('attribute').text;
      const isMount = method === 'mount';
      if (!isMount && !sessionMethods.has(method)) return undefined;
      const key = memberKey(file, callee.field('object'));
      if (key === undefined) return undefined;
      if (isMount) return isPlainAdapter(file, call) ? undefined : { at: call, data: { is: 'adapted', key } };
      const { hasDoubleSplat, keyword } = argumentsOf(call);
      const timeout = keyword('timeout');
      if (hasDoubleSplat || (timeout && !timeout.is('none'))) return undefined;
      const edits = edited(file, call, '@').map(({ start, end, text }) => ({
        start: start - call.start,
        end: end - call.start,
        text,
      }));
      return { at: call, data: { is: 'call', key, called: callee.text, edits } };
    },
  },
  file(facts, file, { seconds }) {
    const held = new Set(facts.flatMap(({ data }) => (data.is === 'session' ? [data.key] : [])));
    for (const { data } of facts) if (data.is === 'adapted') held.delete(data.key);
    return facts.flatMap(({ at, data }): Finding[] => {
      if (data.is !== 'call' || !held.has(data.key)) return [];
      const fix = (): Fix => ({
        title: titleOf(String(seconds)),
        safety: 'unsafe',
        edits: data.edits.map(({ start, end, text }) => ({
          start: at.start + start,
          end: at.start + end,
          text: text.replace('@', String(seconds)).replaceAll(/\r?\n/g, file.eol),
        })),
      });
      return [{ at, message: messageOf(data.called, true, String(seconds)), fix }];
    });
  },
});

type Library = 'requests' | 'httpx' | 'aiohttp';

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request'];

const calls = new Map<string, Library>([
  ...methods.map((method): [string, Library] => [`requests.${method}`, 'requests']),
  ...methods.map((method): [string, Library] => [`requests.api.${method}`, 'requests']),
  ...[...methods, 'stream', 'Client', 'AsyncClient'].map((name): [string, Library] => [`httpx.${name}`, 'httpx']),
  ['aiohttp.ClientSession', 'aiohttp'],
  ['aiohttp.client.ClientSession', 'aiohttp'],
  ['aiohttp.request', 'aiohttp'],
]);

const sessions = new Set(['requests.Session', 'requests.session', 'requests.sessions.Session']);
const sessionMethods = new Set(methods);

/** Transports that do go to the network; others answer in the same process or have timeouts of their own. */
const networkTransports = new Set(['httpx.HTTPTransport', 'httpx.AsyncHTTPTransport']);

function messageOf(called: string, forever: boolean, value: string): string {
  return forever
    ? `\`${called}()\` has no timeout, so it may wait for ever; pass \`timeout=${value}\`.`
    : `\`${called}()\` states no timeout; pass \`timeout=${value}\`.`;
}

function titleOf(value: string): string {
  return `Add \`timeout=${value}\``;
}

/** `requests` for a method of a session that is no member of a class: a name, or the session's own call. */
function sessionCall(file: SourceFile, callee: TypedNode<'attribute' | 'identifier'>): Library | undefined {
  if (!callee.is('attribute') || !sessionMethods.has(callee.field('attribute').text)) return undefined;
  const object = callee.field('object');
  const made = madeBy(file, object);
  if (made === undefined || !sessions.has(made)) return undefined;
  const owner = file.enclosingFunction(callee);
  const isAdapted = (owner?.below('call') ?? []).some((call) => {
    const method = call.field('function');
    return (
      method.is('attribute') &&
      method.field('attribute').text === 'mount' &&
      method.field('object').text === object.text &&
      !isPlainAdapter(file, call)
    );
  });
  return isAdapted ? undefined : 'requests';
}

/** `session.mount(prefix, HTTPAdapter(…))`: an adapter that retries, but has no timeout. */
function isPlainAdapter(file: SourceFile, call: TypedNode<'call'>): boolean {
  return madeBy(file, argumentsOf(call).at(1, 'adapter')) === 'requests.adapters.HTTPAdapter';
}

function hasOwnTransport(
  file: SourceFile,
  transport: Node | undefined,
  keywords: ReadonlyMap<string, unknown>,
): boolean {
  if (keywords.has('app')) return true;
  if (!transport) return false;
  const made = madeBy(file, transport);
  return made === undefined || !networkTransports.has(made);
}

/** `with httpx.Client() as client:` whose calls all state their own timeout, and which nobody else gets. */
function isTimedByCalls(constructed: TypedNode<'call'>): boolean {
  const pattern = constructed.parent;
  const target = pattern?.is('as_pattern') ? pattern.children.at(-1)?.firstNamed : undefined;
  const body = target?.is('identifier') ? target.above('with_statement')?.field('body') : undefined;
  const uses = body?.below('identifier').filter(({ text }) => text === target?.text) ?? [];
  return uses.length > 0 && uses.every((use) => statesTimeout(use));
}

function statesTimeout(use: Node): boolean {
  const method = use.parent;
  const call = method?.is('attribute') && use.isField('object') ? method.parent : undefined;
  if (!call?.is('call') || !method?.isField('function')) return false;
  const timeout = argumentsOf(call).keyword('timeout');
  return timeout !== undefined && !timeout.is('none');
}

/** `aiohttp.` for `aiohttp.ClientSession`. */
function prefixOf(callee: string): string {
  return callee.slice(0, callee.lastIndexOf('.') + 1);
}

function stated(file: SourceFile, call: TypedNode<'call'>, library: Library, seconds: number): Fix | undefined {
  const timeout = library === 'aiohttp' ? spell(file, 'aiohttp', 'ClientTimeout', call) : { text: '', edits: [] };
  if (!timeout) return undefined;
  const value = library === 'aiohttp' ? `${timeout.text}(total=${seconds})` : String(seconds);
  const edits = edited(file, call, value);
  return edits.length === 0
    ? undefined
    : { title: titleOf(value), safety: 'unsafe', edits: [...edits, ...timeout.edits] };
}

/** Writes the value in the place of `timeout=None`, or as a new argument. */
function edited(file: SourceFile, call: TypedNode<'call'>, value: string): readonly Edit[] {
  const { keyword, list } = argumentsOf(call);
  const none = keyword('timeout');
  if (none) return [{ start: none.start, end: none.end, text: value }];
  return list.is('argument_list') ? appended(list, `timeout=${value}`, file.eol) : [];
}
