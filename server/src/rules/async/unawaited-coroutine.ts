import { z } from 'zod';
import {
  asyncFunctionAt,
  decoratedRoute,
  defineRule,
  type Finding,
  type Fix,
  functionKey,
  isAsync,
  isGenerator,
  madeBy,
  namedFunctionKey,
  ownName,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  publishers: z
    .array(z.string())
    .default(['bus.publish', 'event_bus.publish', 'message_bus.publish', 'get_event_bus().publish'])
    .meta({
      description:
        'Coroutine methods that are known by the end of their spelling, leading underscores aside: `bus.publish` stands for `self._bus.publish` too.',
    }),
});

/** `function`: one of the file, and whether a call of it makes a coroutine. `dropped`: a call whose result nobody keeps. */
type Told = { is: 'function'; key: string; coroutine: boolean } | { is: 'dropped'; key: string; called: string };

export default defineRule<typeof options, Told>({
  code: 'GR505',
  name: 'unawaited-coroutine',
  family: 'async',
  severity: 'error',
  standards: ['production'],
  summary: 'A coroutine is made and dropped: what it should do never happens',
  advice: 'Await it, or keep it as a task',
  why: 'Calling an `async def` runs nothing; it returns a coroutine that waits to be awaited. Dropped, the event is never published and the mail never sent, and all that tells of it is a `RuntimeWarning` in a log at some later time.',
  fix: 'unsafe',
  fixSafety: 'What was never done is done from now on: the function waits for it, and its exceptions arrive here.',
  requirements: ['000-058'],
  peers: ['reportUnusedCoroutine'],
  options,
  mentions: ['async '],
  examples: [
    {
      bad: py`
        async def send_mail(user: str) -> None: ...


        async def register(user: str) -> None:
            send_mail(user)
        #   ^^^^^^^^^^^^^^^ GR505 unsafe: \`send_mail()\` is an \`async def\`: without \`await\` this call does nothing.
      `,
      good: py`
        async def send_mail(user: str) -> None: ...


        async def register(user: str) -> None:
            await send_mail(user)
      `,
    },
    {
      bad: py`
        class Orders:
            async def create(self, name: str) -> None:
                self._check(name)
        #       ^^^^^^^^^^^^^^^^^ GR505 unsafe: \`self._check()\` is an \`async def\`: without \`await\` this call does nothing.

                async def undo() -> None: ...

                undo()
        #       ^^^^^^ GR505 unsafe

            async def _check(self, name: str) -> None: ...
      `,
      good: py`
        class Orders:
            async def create(self, name: str) -> None:
                await self._check(name)

                async def undo() -> None: ...

                await undo()

            async def _check(self, name: str) -> None: ...
      `,
    },
    {
      bad: py`
        class Orders:
            async def create(self, name: str) -> None:
                self._event_bus.publish("order.created", name)
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR505 unsafe: \`self._event_bus.publish()\` is a coroutine: without \`await\` nothing is published.
      `,
      good: py`
        class Orders:
            async def create(self, name: str) -> None:
                await self._event_bus.publish("order.created", name)
      `,
    },
    {
      ok: py`
        import asyncio


        async def send_mail(user: str) -> None: ...


        async def register(user: str) -> asyncio.Task[None]:
            await send_mail(user)
            coroutine = send_mail(user)
            await asyncio.gather(send_mail(user), coroutine)
            return asyncio.create_task(send_mail(user))


        def main() -> None:
            asyncio.run(send_mail("ada"))
      `,
    },
    {
      ok: py`
        from collections.abc import AsyncIterator

        from app.tasks import background


        def audit(user: str) -> None: ...


        async def lines() -> AsyncIterator[str]:
            yield "line"


        @background
        async def send_mail(user: str) -> None: ...


        async def register(user: str) -> None:
            audit(user)
            lines()
            send_mail(user)
      `,
    },
    {
      ok: py`
        class Bus:
            def publish(self, name: str) -> None: ...


        async def register(bus: Bus, topic: str) -> None:
            bus.publish("user.created")
            await topic.bus.publish("user.created")


        def announce(bus) -> None:
            bus.publish("user.created")
      `,
    },
  ],
  on: {
    expression_statement(statement, file, { publishers }) {
      const call = droppedCall(statement);
      if (!call || !asyncFunctionAt(file, statement)) return undefined;
      const callee = call.field('function');
      if (callee.is('identifier')) {
        const binding = file.binding(callee);
        const made = binding?.kind === 'function' && binding.by.is('function_definition') ? binding.by : undefined;
        // A function in this function; those of the module and of classes are told as facts.
        if (!made || !file.enclosingFunction(made) || !makesCoroutine(file, made)) return undefined;
        return report(call, callee.text, false);
      }
      if (!callee.is('attribute')) return undefined;
      const spelt = callee.text.replaceAll(/\s/g, '').replaceAll(/(^|\.)_+/g, '$1');
      if (!publishers.some((name) => spelt === name || spelt.endsWith(`.${name}`))) return undefined;
      return isOwnAndSynchronous(file, callee) ? undefined : report(call, callee.text, true);
    },
  },
  collect: {
    function_definition(definition, file) {
      const key = functionKey(file, definition);
      if (key === undefined) return undefined;
      return { at: definition, data: { is: 'function', key, coroutine: makesCoroutine(file, definition) } };
    },
    expression_statement(statement, file) {
      const call = droppedCall(statement);
      if (!call || !asyncFunctionAt(file, statement)) return undefined;
      const callee = call.field('function');
      const key = namedFunctionKey(file, callee);
      return key === undefined ? undefined : { at: call, data: { is: 'dropped', key, called: callee.text } };
    },
  },
  file(facts) {
    const coroutines = new Set<string>();
    for (const { data } of facts) if (data.is === 'function' && data.coroutine) coroutines.add(data.key);
    if (coroutines.size === 0) return [];
    for (const { data } of facts) if (data.is === 'function' && !data.coroutine) coroutines.delete(data.key);
    const findings: Finding[] = [];
    for (const { at, data } of facts)
      if (data.is === 'dropped' && coroutines.has(data.key)) findings.push(report(at, data.called, false));
    return findings;
  },
});

function report(at: Finding['at'], called: string, publishes: boolean): Finding {
  return {
    at,
    message: publishes
      ? `\`${called}()\` is a coroutine: without \`await\` nothing is published.`
      : `\`${called}()\` is an \`async def\`: without \`await\` this call does nothing.`,
    fix: (): Fix => ({
      title: `Await \`${called}()\``,
      safety: 'unsafe',
      edits: [{ start: at.start, end: at.start, text: 'await ' }],
    }),
  };
}

/** The call that is all of a statement. */
function droppedCall(statement: TypedNode<'expression_statement'>): TypedNode<'call'> | undefined {
  const only = statement.firstNamed;
  return only?.is('call') && statement.namedChildren.length === 1 ? only : undefined;
}

/** An `async def` without `yield`, and without a decorator that may change what a call returns. */
function makesCoroutine(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  if (!isAsync(definition) || isGenerator(definition)) return false;
  const decorated = definition.parent;
  if (!decorated?.is('decorated_definition')) return true;
  return decorated.namedChildren.every((decorator) => {
    if (!decorator.is('decorator') || decoratedRoute(file, decorator)) return true;
    const expression = decorator.firstNamed;
    const name = file.qualified(expression?.is('call') ? expression.field('function') : expression);
    return name !== undefined && transparent.has(name);
  });
}

const transparent = new Set([
  'abc.abstractmethod',
  'builtins.classmethod',
  'builtins.staticmethod',
  'functools.wraps',
  'tenacity.retry',
  'typing.override',
  'typing_extensions.override',
]);

/** A publisher of a class of this file whose method is a plain `def`. */
function isOwnAndSynchronous(file: SourceFile, callee: TypedNode<'attribute'>): boolean {
  const name = ownName(madeBy(file, callee.field('object')));
  const [binding] = name === undefined ? [] : file.moduleBindings(name);
  if (!binding?.by.is('class_definition')) return false;
  const methods = file.classBindings(binding.by, callee.field('attribute').text);
  return methods.some(({ by }) => by.is('function_definition') && !isAsync(by));
}
