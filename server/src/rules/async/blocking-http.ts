import {
  asyncFunctionAt,
  defineRule,
  httpMethods,
  lastParts,
  madeBy,
  makerOf,
  type Node,
  py,
  type SourceFile,
  syncHttpCalls,
  syncHttpClients,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR502',
  name: 'blocking-http',
  family: 'async',
  severity: 'error',
  standards: ['architecture', 'backend'],
  summary: 'A synchronous HTTP call in an `async def` stops the event loop until the answer is there',
  advice: 'Use `httpx.AsyncClient` or `aiohttp` and await the call',
  why: 'While `requests`, `urllib` or a synchronous `httpx` client waits for another server, the event loop waits with it: every request of the worker stands still for as long as the slowest partner takes. An async client gives the loop back while it waits.',
  fix: 'none',
  requirements: ['001-007', '001-012', '001-058', '001-093', '004-010', '004-246'],
  peers: ['ASYNC210', 'ASYNC212'],
  mentions: ['requests', 'httpx', 'urlopen'],
  calls: [...httpMethods, ...lastParts([...syncHttpCalls, ...syncHttpClients])],
  examples: [
    {
      bad: py`
        import httpx
        import requests
        from urllib.request import urlopen


        async def fetch(url: str) -> bytes:
            answer = requests.get(url, timeout=30)
        #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR502 none: \`requests.get()\` waits for the network inside the \`async def\` \`fetch\` and stops the event loop; await an async client such as \`httpx.AsyncClient\`.
            other = httpx.post(url, timeout=30)
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR502 none
            with urlopen(url) as page:
        #        ^^^^^^^^^^^^ GR502 none: \`urllib.request.urlopen()\` waits for the network inside the \`async def\` \`fetch\` and stops the event loop; await an async client such as \`httpx.AsyncClient\`.
                return page.read() + answer.content + other.content
      `,
    },
    {
      bad: py`
        import httpx


        async def fetch(url: str) -> str:
            with httpx.Client(timeout=30) as client:
        #        ^^^^^^^^^^^^^^^^^^^^^^^^ GR502 none: \`httpx.Client\` is a synchronous client, so its calls stop the event loop of the \`async def\` \`fetch\`; use an async client such as \`httpx.AsyncClient\`.
                return client.get(url).text
      `,
    },
    {
      bad: py`
        import requests

        session = requests.Session()


        class Client:
            http: requests.Session

            async def fetch(self, url: str) -> str:
                first = session.get(url, timeout=30)
        #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR502 none: \`session.get()\` waits for the network inside the \`async def\` \`fetch\` and stops the event loop; await an async client such as \`httpx.AsyncClient\`.
                return first.text + self.http.get(url, timeout=30).text
        #                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR502 none
      `,
    },
    {
      ok: py`
        import httpx


        async def fetch(url: str) -> str:
            async with httpx.AsyncClient(timeout=30) as client:
                answer = await client.get(url)
            return answer.text
      `,
    },
    {
      ok: py`
        import asyncio

        import requests


        def fetch(url: str) -> str:
            return requests.get(url, timeout=30).text


        async def fetch_in_thread(url: str) -> str:
            await asyncio.to_thread(requests.get, url, timeout=30)
            await asyncio.to_thread(lambda: requests.get(url, timeout=30))
            return await asyncio.to_thread(fetch, url)
      `,
    },
    {
      ok: py`
        import httpx
        import requests


        async def explain(request: httpx.Request, client: httpx.AsyncClient) -> str:
            response = await client.send(request)
            if response.status_code == requests.codes.ok:
                return str(httpx.URL(response.url))
            raise requests.HTTPError(response.reason_phrase)
      `,
    },
    {
      ok: py`
        from app.clients import requests


        async def fetch(url: str) -> str:
            return requests.get(url)
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute', 'identifier')) return undefined;
      const name = file.qualified(callee);
      const isMethod = callee.is('attribute') && httpMethods.has(callee.field('attribute').text);
      if (!isMethod && (name === undefined || (!syncHttpCalls.has(name) && !syncHttpClients.has(name))))
        return undefined;
      const report = (says: (owner: string) => string) => {
        const owner = asyncFunctionAt(file, call)?.field('name').text;
        return owner === undefined ? undefined : { at: call, message: says(owner) };
      };
      if (name !== undefined) {
        if (syncHttpCalls.has(name)) return report((owner) => waits(name, owner));
        if (syncHttpClients.has(name))
          return report(
            (owner) =>
              `\`${name}\` is a synchronous client, so its calls stop the event loop of the \`async def\` \`${owner}\`; use an async client such as \`httpx.AsyncClient\`.`,
          );
      }
      if (!isMethod) return undefined;
      const object = callee.field('object');
      const made = madeBy(file, object);
      if (made === undefined || !syncHttpClients.has(made) || isMadeInAsync(file, object)) return undefined;
      return report((owner) => waits(callee.text, owner));
    },
  },
});

function waits(name: string, owner: string): string {
  return `\`${name}()\` waits for the network inside the \`async def\` \`${owner}\` and stops the event loop; await an async client such as \`httpx.AsyncClient\`.`;
}

/** Where the client itself is made in an `async def`, that is what reports. */
function isMadeInAsync(file: SourceFile, object: Node): boolean {
  const maker = makerOf(file, object);
  const made = maker?.parent;
  return made?.is('call') === true && asyncFunctionAt(file, made) !== undefined;
}
