import { z } from 'zod';
import {
  argumentsOf,
  calledName,
  defineRule,
  externalCall,
  isGuarded,
  isTestFile,
  matchesAny,
  type Node,
  py,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  services: z
    .array(z.string())
    .default(['**/services/*.py', 'service.py', '*_service.py'])
    .meta({ description: 'Globs of the files that hold services.' }),
});

export default defineRule({
  code: 'GR417',
  name: 'external-call-unguarded',
  family: 'errors',
  severity: 'hint',
  standards: ['backend', 'flow'],
  summary: 'A service calls another system without a `try` around it',
  advice: 'Catch the errors of that system and raise one of the application’s own',
  why: 'Networks, databases and disks fail in ordinary operation. A service that lets their errors through makes its callers know every library it uses, and where none of them does, the client gets a bare 500 for what could have been a clear answer.',
  fix: 'none',
  requirements: ['002-064', '004-141', '004-146'],
  peers: [],
  options,
  mentions: [
    'requests',
    'httpx',
    'aiohttp',
    'urlopen',
    'open',
    'execute',
    'commit',
    'Session',
    'session',
    'db',
    'Path',
  ],
  applies: (file, { services }) => matchesAny(services, file.path) && !isTestFile(file),
  examples: [
    {
      bad: py`
        import httpx
        from sqlalchemy.ext.asyncio import AsyncSession


        class WeatherService:
            def __init__(self, session: AsyncSession) -> None:
                self.session = session

            async def fetch(self, city: str) -> str:
                answer = httpx.get(f"/cities/{city}", timeout=30)
        #                ^^^^^^^^^ GR417 none: \`httpx.get\` can fail, and no \`try\` stands around it in \`fetch\`; catch what it raises and raise an exception of the application.
                return httpx.get(answer.text).text

            async def save(self) -> None:
                await self.session.commit()
        #             ^^^^^^^^^^^^^^^^^^^ GR417 none
      `,
      path: 'app/services/weather.py',
    },
    {
      ok: py`
        import httpx


        class WeatherService:
            async def fetch(self, city: str) -> str:
                try:
                    answer = httpx.get(f"/cities/{city}", timeout=30)
                except httpx.HTTPError as err:
                    raise WeatherError(city) from err
                return answer.text
      `,
      path: 'app/services/weather.py',
    },
    {
      ok: py`
        import asyncio

        import httpx


        async def warm(urls: list[str]) -> list[httpx.Response]:
            async def ask(client: httpx.AsyncClient, url: str) -> httpx.Response:
                return await client.head(url)

            async def load(client: httpx.AsyncClient, url: str) -> httpx.Response:
                return await client.get(url)

            async with httpx.AsyncClient(timeout=30) as client:
                tasks = [asyncio.create_task(ask(client, url)) for url in urls]
                answers = await limited_gather(10, *tasks, ignore_exceptions=True)
                pages = await asyncio.gather(*(load(client, url) for url in urls), return_exceptions=True)
            return [answer for answer in [*answers, *pages] if isinstance(answer, httpx.Response)]
      `,
      path: 'app/services/weather.py',
    },
    {
      bad: py`
        import asyncio

        import httpx


        async def warm(urls: list[str]) -> list[httpx.Response]:
            async def ask(client: httpx.AsyncClient, url: str) -> httpx.Response:
                return await client.head(url)
        #                    ^^^^^^^^^^^ GR417 none

            async def load(client: httpx.AsyncClient, url: str) -> httpx.Response:
                return await client.get(url)
        #                    ^^^^^^^^^^ GR417 none

            async with httpx.AsyncClient(timeout=30) as client:
                first = await ask(client, urls[0])
                answers = await asyncio.gather(*(ask(client, url) for url in urls), return_exceptions=True)
                pages = await asyncio.gather(*(load(client, url) for url in urls))
            return [first, *answers, *pages]
      `,
      path: 'app/services/weather.py',
    },
    {
      ok: py`
        import httpx


        def fetch(city: str) -> str:
            return httpx.get(f"/cities/{city}", timeout=30).text
      `,
      path: 'app/clients.py',
    },
    {
      ok: py`
        class WeatherService:
            async def fetch(self, city: str, cache, session) -> str:
                self.cache.get(city)
                session.commit()
                self.rows.delete(city)
                return cache.open(city)
      `,
      path: 'app/services/weather.py',
    },
  ],
  on: {
    function_definition(definition, file) {
      const calls = definition.field('body')?.belowOutside(nested, 'call') ?? [];
      const call = calls.find((one) => externalCall(one, file) !== undefined && !isGuarded(one));
      if (!call || isGathered(definition)) return undefined;
      return {
        at: call.field('function'),
        message: `\`${calledName(call)}\` can fail, and no \`try\` stands around it in \`${definition.field('name').text}\`; catch what it raises and raise an exception of the application.`,
      };
    },
  },
});

const nested = ['function_definition', 'lambda', 'class_definition'] as const;

/**
 * Whether a function in a function is only called for a gather that takes exceptions for results, on the spot or by a
 * name in between: `gather(…, return_exceptions=True)`.
 */
function isGathered(definition: TypedNode<'function_definition'>): boolean {
  const outer = definition.above('function_definition');
  const name = definition.field('name');
  if (!outer || definition.above('class_definition', 'function_definition') !== outer) return false;
  const uses = usesOf(name, outer);
  return uses.length > 0 && uses.every((use) => use.isField('function') && isHandedToGather(use, outer));
}

/** Where else a name stands in a function. */
function usesOf(name: Node, outer: Node): Node[] {
  return outer.below('identifier').filter((use) => use.text === name.text && use.row !== name.row);
}

/** Whether the value that an expression is part of ends up in the arguments of a gather. */
function isHandedToGather(expression: Node, outer: Node, isNamed = false): boolean {
  for (let around = expression.parent; around; around = around.parent) {
    if (around.is('call') && takesExceptions(around)) return true;
    if (around.is('assignment')) {
      const target = around.field('left');
      if (isNamed || !target.is('identifier')) return false;
      const uses = usesOf(target, outer);
      return uses.length > 0 && uses.every((use) => isHandedToGather(use, outer, true));
    }
    // Who awaits it gets the exception.
    if (around.is('await', 'block', 'lambda')) return false;
  }
  return false;
}

function takesExceptions(call: TypedNode<'call'>): boolean {
  const { keyword } = argumentsOf(call);
  return (keyword('return_exceptions') ?? keyword('ignore_exceptions'))?.is('true') === true;
}
