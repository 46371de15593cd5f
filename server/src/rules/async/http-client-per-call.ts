import {
  addedRoute,
  addedRouteCalls,
  argumentsOf,
  defineRule,
  type Finding,
  functionKey,
  httpClients,
  isTestFile,
  lastParts,
  type Node,
  namedFunctionKey,
  py,
  routesOf,
  type SourceFile,
  type Span,
  type TypedNode,
} from '../../engine/index.ts';

/** `made`: a function makes a client for itself. `handler`: a function is added as a route. */
type Told = { is: 'made'; in: string; called: string } | { is: 'handler'; key: string };

export default defineRule<never, Told>({
  code: 'GR513',
  name: 'http-client-per-call',
  family: 'async',
  severity: 'information',
  standards: ['backend'],
  summary: 'An HTTP client is made for every request or every turn of a loop, so no connection is used twice',
  advice: 'Make one client for the application, and use it everywhere',
  why: 'A client is a pool of connections. One that lives for a single request opens a connection, negotiates TLS and throws both away, which often takes longer than the request itself; under load the machine runs out of ports. One client made at start-up, in the lifespan, keeps its connections for the next call.',
  fix: 'none',
  requirements: ['004-242'],
  peers: [],
  mentions: ['httpx', 'requests', 'aiohttp', 'urllib3'],
  calls: [...addedRouteCalls, ...lastParts(httpClients)],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import httpx
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/weather")
        async def read_weather() -> str:
            async with httpx.AsyncClient(timeout=30) as client:
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR513 none: \`httpx.AsyncClient()\` is made for each request of \`read_weather\`, so its connections are never used again; share one client of the application.
                return (await client.get("https://weather.example/")).text
      `,
    },
    {
      bad: py`
        import requests
        from aiohttp import ClientSession
        from fastapi import FastAPI


        async def collect(urls: list[str]) -> None:
            for url in urls:
                async with ClientSession() as session:
        #                  ^^^^^^^^^^^^^^^ GR513 none: \`ClientSession()\` is made in a loop, so its connections are never used again; make one client before it.
                    await session.get(url)
            pages = [requests.Session().get(url) for url in urls]
        #            ^^^^^^^^^^^^^^^^^^ GR513 none


        def read_weather() -> str:
            client = requests.Session()
        #            ^^^^^^^^^^^^^^^^^^ GR513 none: \`requests.Session()\` is made for each request of \`read_weather\`, so its connections are never used again; share one client of the application.
            return client.get("https://weather.example/").text


        app = FastAPI()
        app.add_api_route("/weather", read_weather)
      `,
    },
    {
      ok: py`
        from contextlib import asynccontextmanager

        import httpx
        from fastapi import FastAPI, Request


        @asynccontextmanager
        async def lifespan(app: FastAPI):
            async with httpx.AsyncClient(timeout=30) as client:
                app.state.client = client
                yield


        app = FastAPI(lifespan=lifespan)


        @app.get("/weather")
        async def read_weather(request: Request) -> str:
            return (await request.app.state.client.get("https://weather.example/")).text


        async def collect(urls: list[str]) -> None:
            async with httpx.AsyncClient(timeout=30) as client:
                for url in urls:
                    await client.get(url)
      `,
    },
    {
      ok: py`
        import httpx

        clients: dict[str, httpx.AsyncClient] = {}


        def connect(hosts: list[str]) -> list[httpx.AsyncClient]:
            for host in hosts:
                clients[host] = httpx.AsyncClient(base_url=host)
                client = httpx.AsyncClient(base_url=host)
                clients[f"{host}:443"] = client
            return [httpx.AsyncClient(base_url=host) for host in hosts]
      `,
    },
    {
      ok: py`
        import httpx


        async def collect(proxies: list[str], app) -> None:
            for proxy in proxies:
                async with httpx.AsyncClient(proxy=proxy, timeout=30) as client:
                    await client.get("https://weather.example/")
            for client in (httpx.AsyncClient(timeout=1), httpx.AsyncClient(timeout=2)):
                await client.aclose()
      `,
    },
    {
      ok: py`
        import httpx


        def test_pages(urls):
            for url in urls:
                with httpx.Client() as client:
                    assert client.get(url).is_success
      `,
      path: 'tests/test_pages.py',
    },
  ],
  on: {
    call(call, file) {
      const called = clientOf(file, call);
      if (called === undefined) return undefined;
      if (isInLoop(call))
        return {
          at: call,
          message: `\`${called}()\` is made in a loop, so its connections are never used again; make one client before it.`,
        };
      const owner = file.enclosingFunction(call);
      return owner?.is('function_definition') && routesOf(file, owner).length > 0
        ? perRequest(call, called, owner.field('name').text)
        : undefined;
    },
  },
  collect: {
    call(call, file) {
      const route = addedRoute(file, call);
      if (route) {
        const endpoint = route.arguments.at(1, 'endpoint');
        const key = endpoint && namedFunctionKey(file, endpoint);
        return key === undefined ? undefined : { at: call, data: { is: 'handler', key } };
      }
      const called = clientOf(file, call);
      if (called === undefined || isInLoop(call)) return undefined;
      const owner = file.enclosingFunction(call);
      if (!owner?.is('function_definition') || routesOf(file, owner).length > 0) return undefined;
      const key = functionKey(file, owner);
      return key === undefined ? undefined : { at: call, data: { is: 'made', in: key, called } };
    },
  },
  file(facts) {
    const handlers = new Set(facts.flatMap(({ data }) => (data.is === 'handler' ? [data.key] : [])));
    return facts.flatMap(({ at, data }) =>
      data.is === 'made' && handlers.has(data.in)
        ? [perRequest(at, data.called, data.in.slice(data.in.lastIndexOf('.') + 1))]
        : [],
    );
  },
});

function perRequest(at: Span, called: string, handler: string): Finding {
  return {
    at,
    message: `\`${called}()\` is made for each request of \`${handler}\`, so its connections are never used again; share one client of the application.`,
  };
}

/** How a client's maker is written, when the client is used here and not kept, and could be shared. */
function clientOf(file: SourceFile, call: TypedNode<'call'>): string | undefined {
  const callee = call.field('function');
  if (!callee.is('attribute', 'identifier')) return undefined;
  const name = file.qualified(callee);
  if (name === undefined || !httpClients.has(name)) return undefined;
  const { keywords, hasDoubleSplat } = argumentsOf(call);
  if (hasDoubleSplat || particular.some((keyword) => isOfThisCall(keywords.get(keyword)))) return undefined;
  return isUsedOnlyHere(file, call) ? callee.text : undefined;
}

/** Settings that only the client has, not a request of it. With a value of this very call the client cannot be shared. */
const particular = ['app', 'cert', 'connector', 'cookie_jar', 'mounts', 'proxies', 'proxy', 'transport', 'verify'];

function isOfThisCall(argument: TypedNode<'keyword_argument'> | undefined): boolean {
  return argument?.field('value').is('true', 'false', 'none', 'string', 'integer') === false;
}

/** Entered by `with`, called at once, or bound to a name of which only attributes are used. */
function isUsedOnlyHere(file: SourceFile, call: TypedNode<'call'>): boolean {
  const { parent } = call;
  if (parent?.is('attribute')) return true;
  if (parent?.is('with_item')) return true;
  const pattern = parent?.is('as_pattern') ? parent : undefined;
  if (pattern) return pattern.parent?.is('with_item') === true;
  if (!parent?.is('assignment')) return false;
  const target = parent.field('left');
  const owner = file.enclosingFunction(call);
  if (!target.is('identifier') || !owner?.is('function_definition')) return false;
  return owner
    .below('identifier')
    .every(
      (use) =>
        use === target ||
        use.text !== target.text ||
        (use.parent?.is('attribute') === true && use.isField('object')) ||
        use.parent?.is('with_item') === true,
    );
}

/** Whether a node runs on each turn of a loop or comprehension of its function. */
function isInLoop(node: Node): boolean {
  let child = node;
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.is('function_definition', 'lambda', 'class_definition')) return false;
    if (parent.is('for_statement', 'while_statement') && child.isField('body')) return true;
    if (
      parent.is('list_comprehension', 'set_comprehension', 'dictionary_comprehension', 'generator_expression') &&
      child.isField('body')
    )
      return true;
    child = parent;
  }
  return false;
}
