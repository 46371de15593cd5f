import {
  argumentsOf,
  asyncFunctionAt,
  defineRule,
  type Fix,
  py,
  type SourceFile,
  spell,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR508',
  name: 'get-event-loop',
  family: 'async',
  severity: 'warning',
  standards: ['architecture'],
  summary: '`asyncio.get_event_loop()` in an `async def`, where a loop is always running',
  advice: 'Use `asyncio.get_running_loop()`',
  why: 'Outside of a coroutine `get_event_loop()` may make a loop that nobody runs, and from Python 3.14 on it raises there. `get_running_loop()` says what is meant: the loop that runs this coroutine. Both return the same loop inside an `async def`, so nothing else changes.',
  fix: 'safe',
  requirements: [],
  peers: [],
  mentions: ['get_event_loop'],
  calls: ['get_event_loop'],
  examples: [
    {
      bad: py`
        import asyncio


        async def work() -> None:
            loop = asyncio.get_event_loop()
        #          ^^^^^^^^^^^^^^^^^^^^^^^^ GR508 safe: The loop is already running in the \`async def\` \`work\`; use \`asyncio.get_running_loop()\`.
            await loop.run_in_executor(None, print)
      `,
      good: py`
        import asyncio


        async def work() -> None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, print)
      `,
    },
    {
      bad: py`
        import asyncio as aio
        from asyncio import get_event_loop


        async def work() -> float:
            return get_event_loop().time() - aio.get_event_loop().time()
        #          ^^^^^^^^^^^^^^^^ GR508 safe
        #                                    ^^^^^^^^^^^^^^^^^^^^ GR508 safe
      `,
      good: py`
        import asyncio as aio
        from asyncio import get_event_loop


        async def work() -> float:
            return aio.get_running_loop().time() - aio.get_running_loop().time()
      `,
    },
    {
      bad: py`
        from asyncio import get_event_loop


        async def work() -> float:
            return get_event_loop().time()
        #          ^^^^^^^^^^^^^^^^ GR508 safe
      `,
      good: py`
        from asyncio import get_event_loop, get_running_loop


        async def work() -> float:
            return get_running_loop().time()
      `,
    },
    {
      ok: py`
        import asyncio


        def main() -> None:
            loop = asyncio.get_event_loop()
            loop.run_until_complete(asyncio.sleep(1))
      `,
    },
    {
      ok: py`
        import asyncio

        from app.loops import get_event_loop


        async def work() -> None:
            asyncio.get_running_loop()
            get_event_loop()
            asyncio.get_event_loop_policy().get_event_loop()
            run_in_thread(lambda: asyncio.get_event_loop())
      `,
    },
  ],
  on: {
    call(call, file) {
      if (file.qualified(call.field('function')) !== 'asyncio.get_event_loop') return undefined;
      const owner = asyncFunctionAt(file, call);
      if (!owner || argumentsOf(call).positional.length > 0) return undefined;
      return {
        at: call,
        message: `The loop is already running in the \`async def\` \`${owner.field('name').text}\`; use \`asyncio.get_running_loop()\`.`,
        fix: () => running(file, call),
      };
    },
  },
});

function running(file: SourceFile, call: TypedNode<'call'>): Fix | undefined {
  const callee = call.field('function');
  const title = 'Replace with `get_running_loop()`';
  if (callee.is('attribute')) {
    const { start, end } = callee.field('attribute');
    return { title, safety: 'safe', edits: [{ start, end, text: 'get_running_loop' }] };
  }
  const name = spell(file, 'asyncio', 'get_running_loop', call);
  if (!name) return undefined;
  return { title, safety: 'safe', edits: [{ start: callee.start, end: callee.end, text: name.text }, ...name.edits] };
}
