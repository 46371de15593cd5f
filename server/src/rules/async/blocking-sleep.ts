import {
  argumentsOf,
  asyncFunctionAt,
  awaitEdits,
  defineRule,
  type Finding,
  type Fix,
  functionKey,
  isAsync,
  mayAwaitAt,
  type Node,
  namedFunctionKey,
  py,
  type SourceFile,
  spellAsyncio,
  type TypedNode,
} from '../../engine/index.ts';

/** `sleep`: a synchronous function sleeps. `call`: a function of the file is called. `value`: it is passed on uncalled. */
type Told = { is: 'sleep' | 'value'; of: string } | { is: 'call'; of: string; from: 'async' | 'sync' };

export default defineRule<never, Told>({
  code: 'GR501',
  name: 'blocking-sleep',
  family: 'async',
  severity: 'error',
  standards: ['architecture', 'backend'],
  summary: '`time.sleep()` in async code stops the whole event loop',
  advice: 'Use `await asyncio.sleep(…)`',
  why: 'The event loop runs every request of a worker in one thread. `time.sleep()` gives nothing back to it, so for as long as it lasts no other request is answered, no timeout fires and no health check succeeds. `await asyncio.sleep()` pauses only the coroutine that asks for it.',
  fix: 'safe',
  requirements: ['001-007', '001-016', '001-058', '001-093', '004-010', '004-246'],
  peers: ['ASYNC251'],
  mentions: ['sleep'],
  examples: [
    {
      bad: py`
        import time


        async def poll() -> None:
            time.sleep(5)
        #   ^^^^^^^^^^^^^ GR501 safe: \`time.sleep()\` in the \`async def\` \`poll\` stops the event loop; await \`asyncio.sleep()\`.
      `,
      good: py`
        import time
        import asyncio


        async def poll() -> None:
            await asyncio.sleep(5)
      `,
    },
    {
      bad: py`
        import asyncio as aio
        from time import sleep as pause


        class Poller:
            async def poll(self) -> None:
                for delay in (1, 2):
                    pause(delay * 2)
        #           ^^^^^^^^^^^^^^^^ GR501 safe
      `,
      good: py`
        import asyncio as aio
        from time import sleep as pause


        class Poller:
            async def poll(self) -> None:
                for delay in (1, 2):
                    await aio.sleep(delay * 2)
      `,
    },
    {
      bad: py`
        import time


        def back_off(attempt: int) -> None:
            time.sleep(2**attempt)
        #   ^^^^^^^^^^^^^^^^^^^^^^ GR501 none: \`time.sleep()\` in \`back_off\` stops the event loop, since async functions call it directly; make it \`async def\` and await \`asyncio.sleep()\`.


        async def fetch() -> None:
            back_off(1)
      `,
    },
    {
      bad: py`
        import time


        class Client:
            def _wait(self) -> None:
                time.sleep(1)
        #       ^^^^^^^^^^^^^ GR501 none

            async def fetch(self) -> None:
                self._wait()
      `,
    },
    {
      ok: py`
        import asyncio
        import time


        async def poll() -> None:
            await asyncio.sleep(5)


        def wait() -> None:
            time.sleep(5)
      `,
    },
    {
      ok: py`
        import asyncio
        import time


        async def poll() -> None:
            def wait() -> None:
                time.sleep(5)

            await asyncio.to_thread(wait)
            await asyncio.to_thread(lambda: time.sleep(1))
            await asyncio.to_thread(time.sleep, 1)
      `,
    },
    {
      ok: py`
        import asyncio
        import time


        def back_off() -> None:
            time.sleep(1)


        def pause() -> None:
            time.sleep(1)


        async def fetch() -> None:
            back_off()
            await asyncio.to_thread(pause)


        def fetch_in_thread() -> None:
            back_off()
      `,
    },
    {
      ok: py`
        from app.clock import time


        async def poll() -> None:
            time.sleep(5)
      `,
    },
  ],
  on: {
    call(call, file) {
      if (!isSleep(file, call)) return undefined;
      const owner = asyncFunctionAt(file, call);
      if (!owner) return undefined;
      return {
        at: call,
        message: `\`time.sleep()\` in the \`async def\` \`${owner.field('name').text}\` stops the event loop; await \`asyncio.sleep()\`.`,
        fix: () => awaited(file, call),
      };
    },
  },
  collect: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute')) return undefined;
      const passed: { at: Node; data: Told }[] = [];
      const list = call.field('arguments');
      const mayPass = list.is('argument_list') && (list.child('identifier') ?? list.child('attribute')) !== undefined;
      for (const argument of mayPass ? list.children : []) {
        const of = argument.is('identifier', 'attribute') ? namedFunctionKey(file, argument) : undefined;
        if (of !== undefined) passed.push({ at: argument, data: { is: 'value', of } });
      }
      const called = namedFunctionKey(file, callee);
      if (called !== undefined) {
        const from = asyncFunctionAt(file, call) ? 'async' : 'sync';
        return [...passed, { at: call, data: { is: 'call', of: called, from } }];
      }
      if (!isSleep(file, call)) return passed;
      const owner = file.enclosingFunction(call);
      if (!owner?.is('function_definition') || isAsync(owner)) return passed;
      const of = functionKey(file, owner);
      return of === undefined || isDecoratedUnknown(file, owner)
        ? passed
        : [...passed, { at: call, data: { is: 'sleep', of } }];
    },
  },
  file(facts) {
    // Every call is a fact here, so nothing is made for most of them.
    const sleepers = new Set<string>();
    for (const { data } of facts) if (data.is === 'sleep') sleepers.add(data.of);
    if (sleepers.size === 0) return [];
    const blocking = new Set<string>();
    for (const { data } of facts)
      if (data.is === 'call' && data.from === 'async' && sleepers.has(data.of)) blocking.add(data.of);
    for (const { data } of facts)
      if (data.is === 'value' || (data.is === 'call' && data.from === 'sync')) blocking.delete(data.of);
    if (blocking.size === 0) return [];
    return facts.flatMap(({ at, data }): Finding[] => {
      if (data.is !== 'sleep' || !blocking.has(data.of)) return [];
      const name = data.of.slice(data.of.lastIndexOf('.') + 1);
      return [
        {
          at,
          message: `\`time.sleep()\` in \`${name}\` stops the event loop, since async functions call it directly; make it \`async def\` and await \`asyncio.sleep()\`.`,
        },
      ];
    });
  },
});

function isSleep(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  // Only a re-export gives an attribute another last name.
  if (callee.is('attribute') && callee.field('attribute').text !== 'sleep' && !file.facts.reexport) return false;
  return file.qualified(callee) === 'time.sleep';
}

function awaited(file: SourceFile, call: TypedNode<'call'>): Fix | undefined {
  const { positional, keywords, hasSplat, hasDoubleSplat, list } = argumentsOf(call);
  if (!list.is('argument_list') || positional.length !== 1 || keywords.size > 0 || hasSplat || hasDoubleSplat)
    return undefined;
  if (!mayAwaitAt(call)) return undefined;
  const sleep = spellAsyncio(file, 'sleep', call);
  if (!sleep) return undefined;
  const callee = call.field('function');
  const [opening, ...closing] = awaitEdits(call);
  return {
    title: `Replace with \`await ${sleep.text}()\``,
    safety: 'safe',
    edits: [
      { start: call.start, end: callee.end, text: `${opening?.text ?? ''}${sleep.text}` },
      ...closing,
      ...sleep.edits,
    ],
  };
}

/** A decorator may run the function elsewhere, in a thread for instance. */
function isDecoratedUnknown(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  return file.decorators(definition).some((decorator) => {
    const name = file.qualified(decorator);
    return name !== 'builtins.staticmethod' && name !== 'builtins.classmethod';
  });
}
