import { calledName, defineRule, externalCall, isScript, isTestFile, logCallOf, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR421',
  name: 'external-call-not-logged',
  family: 'errors',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A function calls another system over HTTP and logs nothing',
  advice: 'Log the request and a summary of the answer',
  why: 'When two systems disagree about what was said, the log decides. A line with the method, the address, the status and the duration is enough to see which of them failed, and when it began.',
  fix: 'none',
  requirements: ['004-131'],
  peers: [],
  mentions: ['requests', 'httpx', 'aiohttp', 'urlopen'],
  applies: (file) => !isTestFile(file) && !isScript(file),
  examples: [
    {
      bad: py`
        import httpx


        async def fetch(city: str) -> str:
            async with httpx.AsyncClient(timeout=30) as client:
                answer = await client.get(f"/cities/{city}")
        #                      ^^^^^^^^^^ GR421 none: \`fetch\` calls another system with \`client.get\` and logs nothing; log the request and a summary of the answer.
            return answer.text
      `,
    },
    {
      ok: py`
        import logging

        import httpx

        logger = logging.getLogger(__name__)


        async def fetch(city: str) -> str:
            async with httpx.AsyncClient(timeout=30) as client:
                answer = await client.get(f"/cities/{city}")
            logger.info("weather of %s: %s", city, answer.status_code)
            return answer.text
      `,
    },
    {
      ok: py`
        from app.clients import requests


        def fetch(cache, city: str) -> str:
            cache.get(city)
            return requests.get(city)
      `,
    },
    {
      ok: py`
        import httpx


        def test_fetch() -> None:
            assert httpx.get("/cities").is_success
      `,
      path: 'tests/test_weather.py',
    },
    {
      ok: py`
        import httpx


        class BlockSuite:
            def test_logo(self, url):
                assert httpx.get(url).status_code == 200
      `,
    },
    {
      ok: py`
        import httpx


        def fetch(city: str) -> str:
            return httpx.get(f"/cities/{city}", timeout=30).text


        if __name__ == "__main__":
            print(fetch("Oslo"))
      `,
    },
    {
      ok: py`
        import httpx


        def locales() -> list[str]:
            return httpx.get("/locales", timeout=30).json()
      `,
      path: 'dev/code-generation/locales.py',
    },
    {
      ok: py`
        import httpx


        def client() -> httpx.Client:
            return httpx.Client(timeout=30)
      `,
    },
  ],
  on: {
    function_definition(definition, file) {
      if (definition.field('name').text.startsWith('test_')) return undefined;
      const calls = definition.field('body')?.belowOutside(['function_definition', 'class_definition'], 'call') ?? [];
      const call = calls.find((one) => externalCall(one, file) === 'http');
      if (!call || calls.some((one) => logCallOf(one, file)) || file.isRunByHand()) return undefined;
      return {
        at: call.field('function'),
        message: `\`${definition.field('name').text}\` calls another system with \`${calledName(call)}\` and logs nothing; log the request and a summary of the answer.`,
      };
    },
  },
});
