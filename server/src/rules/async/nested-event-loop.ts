import {
  asyncFunctionAt,
  defineRule,
  lastParts,
  madeBy,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR520',
  name: 'nested-event-loop',
  family: 'async',
  severity: 'error',
  standards: ['backend'],
  summary: 'An event loop is started inside an `async def`, where one is running already',
  advice: 'Await the coroutine',
  why: 'An `async def` runs in a loop, and a thread has one loop at most: `asyncio.run()` and `run_until_complete()` raise `RuntimeError` there, on every call. The coroutine wants to be awaited; synchronous code that starts a loop of its own belongs in a thread.',
  fix: 'none',
  requirements: ['004-252'],
  peers: [],
  mentions: ['asyncio', 'anyio', 'trio', 'uvloop'],
  calls: () => ['run_until_complete', ...lastParts(functions)],
  examples: [
    {
      bad: py`
        import asyncio


        async def load() -> list[str]: ...


        async def show() -> None:
            print(asyncio.run(load()))
        #         ^^^^^^^^^^^^^^^^^^^ GR520 none: \`asyncio.run()\` raises inside the \`async def\` \`show\`, whose event loop is running already; await the coroutine instead.
      `,
    },
    {
      bad: py`
        import asyncio
        from asyncio import get_running_loop


        async def show() -> None:
            loop = get_running_loop()
            loop.run_until_complete(load())
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR520 none: \`loop.run_until_complete()\` raises inside the \`async def\` \`show\`, whose event loop is running already; await the coroutine instead.
            asyncio.new_event_loop().run_until_complete(load())
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR520 none
      `,
    },
    {
      ok: py`
        import asyncio


        async def load() -> list[str]: ...


        async def show() -> None:
            await load()
            await asyncio.to_thread(asyncio.run, load())
            await asyncio.to_thread(lambda: asyncio.run(load()))


        def main() -> None:
            asyncio.run(show())


        if __name__ == "__main__":
            asyncio.get_event_loop().run_until_complete(show())
      `,
    },
    {
      ok: py`
        import asyncio


        async def show() -> None:
            def work() -> None:
                asyncio.run(load())

            await asyncio.to_thread(work)
      `,
    },
    {
      ok: py`
        import asyncio

        import nest_asyncio

        nest_asyncio.apply()


        async def show() -> None:
            asyncio.run(load())
      `,
    },
    {
      ok: py`
        import asyncio

        import pytest


        async def test_nested() -> None:
            with pytest.raises(RuntimeError):
                asyncio.run(load())
      `,
      path: 'tests/test_nested.py',
    },
    {
      ok: py`
        from app.machines import asyncio


        async def show(machine) -> None:
            asyncio.run(machine)
            machine.run_until_complete(1)
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute', 'identifier') || !startsLoop(file, callee)) return undefined;
      const owner = asyncFunctionAt(file, call);
      // The library makes loops nest.
      if (!owner || file.moduleBindings('nest_asyncio').length > 0 || isExpectedToRaise(call)) return undefined;
      return {
        at: call,
        message: `\`${callee.text}()\` raises inside the \`async def\` \`${owner.field('name').text}\`, whose event loop is running already; await the coroutine instead.`,
      };
    },
  },
});

function startsLoop(file: SourceFile, callee: TypedNode<'attribute' | 'identifier'>): boolean {
  const name = file.qualified(callee);
  if (name !== undefined && functions.has(name)) return true;
  if (!callee.is('attribute') || callee.field('attribute').text !== 'run_until_complete') return false;
  const loop = madeBy(file, callee.field('object'));
  return loop !== undefined && loops.has(loop);
}

/** Below `with pytest.raises(…)`, `with self.assertRaises(…)` and the like. */
function isExpectedToRaise(node: Node): boolean {
  const statement = node.above('with_statement', 'function_definition');
  return statement?.is('with_statement') === true && /raises/i.test(statement.firstNamed?.text ?? '');
}

const functions = new Set(['asyncio.run', 'asyncio.runners.run', 'anyio.run', 'trio.run', 'uvloop.run']);
const loops = new Set([
  'asyncio.get_running_loop',
  'asyncio.get_event_loop',
  'asyncio.new_event_loop',
  'asyncio.AbstractEventLoop',
  'uvloop.new_event_loop',
]);
