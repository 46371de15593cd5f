import { z } from 'zod';
import { calledName, defineRule, externalCall, isGuarded, isTestFile, matchesAny, py } from '../../engine/index.ts';

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
      if (!call) return undefined;
      return {
        at: call.field('function'),
        message: `\`${calledName(call)}\` can fail, and no \`try\` stands around it in \`${definition.field('name').text}\`; catch what it raises and raise an exception of the application.`,
      };
    },
  },
});

const nested = ['function_definition', 'lambda', 'class_definition'] as const;
