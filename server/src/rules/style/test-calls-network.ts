import {
  argumentsOf,
  defineRule,
  enclosingTest,
  isTestModule,
  makerOf,
  type Node,
  py,
  type SourceFile,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR960',
  name: 'test-calls-network',
  family: 'style',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A unit test that opens a real connection',
  advice: 'Replace what answers, or make it an integration test',
  why: 'A unit test that reaches over the network is slow, fails when the other side is down, and may change something there. Replace the transport, the client or the database; or put the test among the integration tests, by its folder or its mark. Addresses of this machine are nobody else: they say nothing.',
  fix: 'none',
  requirements: ['004-213'],
  peers: ['pytest-socket'],
  mentions: ['://', 'socket', 'SMTP'],
  calls: () => [...lastNames],
  applies: (file) => isTestModule(file) && !isIntegration.test(file.path),
  examples: [
    {
      bad: py`
        import socket

        import httpx
        import requests
        from sqlalchemy import create_engine


        def test_load_rates():
            assert requests.get("https://api.rates.io/v1").ok
            #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR960 none: \`requests.get\` connects to \`api.rates.io\` from the unit test \`test_load_rates\`; replace what answers, or make it an integration test.
            sock = socket.create_connection(("mail.rates.io", 25))
            #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR960 none: \`socket.create_connection\` connects to \`mail.rates.io\` from the unit test \`test_load_rates\`; replace what answers, or make it an integration test.
            assert sock


        async def test_load_rates_async():
            async with httpx.AsyncClient() as client:
                response = await client.get(f"https://api.rates.io/{year}")
                #                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR960 none
            assert response.is_success


        def test_load_from_database():
            engine = create_engine("postgresql://app@db.internal.net/app")
            #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR960 none
            assert engine.connect()
      `,
      path: 'tests/unit/test_rates.py',
    },
    {
      ok: py`
        import httpx
        import pytest
        import requests
        from fastapi.testclient import TestClient
        from sqlalchemy import create_engine

        from app.main import app


        def test_load_rates(requests_mock):
            requests_mock.get("https://api.rates.io/v1")
            assert requests.get("https://api.rates.io/v1").ok


        def test_load_rates_patched(monkeypatch):
            monkeypatch.setattr(requests, "get", answer)
            assert requests.get("https://api.rates.io/v1").ok


        def test_load_rates_here(live_server):
            assert requests.get("http://localhost:8000/").ok
            assert requests.get(live_server.url).ok


        async def test_load_rates_app():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
                assert await client.get("https://api.rates.io/v1")


        def test_load_rates_client():
            client = TestClient(app)
            assert client.get("https://api.rates.io/v1").is_success
            assert create_engine("sqlite:///:memory:").connect()


        @pytest.mark.integration
        def test_load_rates_live():
            assert requests.get("https://api.rates.io/v1").ok
      `,
      path: 'tests/test_rates.py',
    },
    {
      ok: py`
        import requests
        import responses


        @activate
        def test_load_rates():
            assert requests.get("https://api.rates.io/v1").ok
      `,
      path: 'tests/test_rates.py',
    },
    {
      ok: py`
        import requests


        def test_load_rates():
            assert requests.get("https://api.rates.io/v1").ok
      `,
      path: 'tests/integration/test_rates.py',
    },
    {
      ok: py`
        import requests


        def load():
            return requests.get("https://api.rates.io/v1")


        class Client:
            def get(self, url):
                return requests.get("https://api.rates.io/v1")


        def test_request_without_sending():
            assert requests.Request("GET", "https://api.rates.io/v1").url
      `,
      path: 'tests/test_rates.py',
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
      if (!callee.is('identifier', 'attribute') || !lastNames.has(last)) return undefined;
      const host = hostOf(call, callee, last, file);
      if (host === undefined || here.test(host)) return undefined;
      const test = enclosingTest(call, file);
      if (!test || isReplaced(test, file)) return undefined;
      return {
        at: call,
        message: `\`${callee.text}\` connects to \`${host}\` from the unit test \`${test.field('name').text}\`; replace what answers, or make it an integration test.`,
      };
    },
  },
});

const verbs = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];
/** Functions that connect, and where among their arguments the address stands. */
const functions = new Map<string, number>([
  ...['requests', 'requests.api', 'httpx'].flatMap((module) => [
    ...verbs.map((verb): [string, number] => [`${module}.${verb}`, 0]),
    [`${module}.request`, 1] satisfies [string, number],
  ]),
  ['httpx.stream', 1],
  ['urllib.request.urlopen', 0],
  ['urllib.request.urlretrieve', 0],
  ['socket.create_connection', 0],
  ['smtplib.SMTP', 0],
  ['smtplib.SMTP_SSL', 0],
  ['sqlalchemy.create_engine', 0],
  ['sqlalchemy.ext.asyncio.create_async_engine', 0],
  ['psycopg.connect', 0],
  ['psycopg2.connect', 0],
  ['asyncpg.connect', 0],
  ['asyncpg.create_pool', 0],
  ['redis.from_url', 0],
  ['redis.asyncio.from_url', 0],
  ['pymongo.MongoClient', 0],
]);
const clients = new Set([
  'requests.Session',
  'requests.session',
  'httpx.Client',
  'httpx.AsyncClient',
  'aiohttp.ClientSession',
]);
const clientMethods = new Map([...verbs.map((verb): [string, number] => [verb, 0]), ['request', 1], ['stream', 1]]);
const lastNames = new Set([
  ...clientMethods.keys(),
  ...[...functions.keys()].map((name) => name.slice(name.lastIndexOf('.') + 1)),
]);

const isIntegration =
  /(^|\/)(integration|integrations|e2e|end_to_end|functional|acceptance|system|live|smoke|network|external)[^/]*\//;
/** Hosts that are this machine, or stand for nothing. */
const here =
  /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1\]?|test|testserver|base|mock\w*|[^.]*|.*\.(test|invalid|localhost|local|example))$/i;

function hostOf(call: TypedNode<'call'>, callee: Node, last: string, file: SourceFile): string | undefined {
  const { at } = argumentsOf(call);
  const place = functions.get(file.qualified(callee) ?? '');
  if (place !== undefined) return hostIn(at(place, place === 0 && /engine|mongo/i.test(last) ? 'host' : 'url'));
  const method = clientMethods.get(last);
  if (method === undefined || !callee.is('attribute')) return undefined;
  const url = at(method, 'url');
  const host = hostIn(url);
  if (host === undefined) return undefined;
  const maker = makerOf(file, callee.field('object'));
  if (!maker || !clients.has(file.qualified(maker) ?? '')) return undefined;
  const made = maker.parent;
  if (made?.is('call')) {
    const given = argumentsOf(made);
    const replaced = ['transport', 'app', 'mounts', 'connector'].some((keyword) => given.keywords.has(keyword));
    if (replaced || given.hasDoubleSplat) return undefined;
  }
  return host;
}

/** The host of an address that is written out, at least up to the host. */
function hostIn(address: Node | undefined): string | undefined {
  if (!address) return undefined;
  if (address.is('tuple')) {
    const [host] = address.namedChildren;
    return stringValue(host);
  }
  if (!address.is('string', 'concatenated_string')) return undefined;
  const text = stringValue(address) ?? address.child('string_content')?.text ?? '';
  if (/^sqlite/.test(text)) return undefined;
  const [, host] = /^[\w+]+:\/\/(?:[^@/\s]*@)?(\[[^\]]*\]|[^:/?#\s{}]+)(?=[:/?#]|$)/.exec(text) ?? [];
  return host ?? (/^[\w-]+(\.[\w-]+)+$/.test(text) ? text : undefined);
}

const replacing =
  /respx|responses|requests?_?mock|httpx_?mock|aioresponses|vcr|cassette|betamax|patch|httpretty|pook|mock|stub|fake|integration|network|e2e|live|external|online|internet|socket/i;

/** Whether something in or around a test replaces what answers, or says that it is no unit test. */
function isReplaced(test: TypedNode<'function_definition'>, file: SourceFile): boolean {
  if (replacing.test(test.field('parameters').text) || replacing.test(test.field('name').text)) return true;
  const owner = file.enclosingClass(test);
  const decorators = [...file.decorators(test), ...(owner ? file.decorators(owner) : [])];
  if (decorators.some((decorator) => replacing.test(decorator.text))) return true;
  const marks = [...file.moduleBindings('pytestmark'), ...(owner ? file.classBindings(owner, 'pytestmark') : [])];
  if (marks.some((mark) => !mark.value || replacing.test(mark.value.text))) return true;
  if (libraries.some((library) => file.moduleBindings(library).length > 0)) return true;
  return test
    .field('body')
    .below('call')
    .some((call) =>
      /patch|mock|respx|responses\.|setattr|vcr|aioresponses|raises|fake|stub/i.test(call.field('function').text),
    );
}

const libraries = [
  'respx',
  'responses',
  'requests_mock',
  'httpretty',
  'vcr',
  'aioresponses',
  'pook',
  'betamax',
  'pytest_httpx',
];
