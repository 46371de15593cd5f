import { z } from 'zod';
import {
  asyncFunctionAt,
  type Binding,
  defineRule,
  type Fix,
  isAwaited,
  isMadeByOneOf,
  type Node,
  ownName,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR506',
  name: 'bus-used-before-initialize',
  family: 'async',
  severity: 'error',
  standards: ['production'],
  summary: 'An event bus is used in the scope that makes it, without an awaited `initialize()` before',
  advice: 'Await `initialize()` before the first `publish` or `subscribe`',
  why: 'A bus that is made is not yet connected. What is published before `initialize()` has run is lost or raises, and what is subscribed may be forgotten when the connection comes up: an order that nobody carries out, without an error at the place where it was given.',
  fix: 'unsafe',
  fixSafety: 'The bus connects from now on, and what goes wrong there arrives here.',
  requirements: ['000-056'],
  peers: [],
  options: z.strictObject({
    names: z
      .array(z.string())
      .default(['EventBus'])
      .meta({ description: 'Classes of event buses, by their bare names.' }),
  }),
  mentions: ['publish', 'subscribe'],
  calls: ['publish', 'subscribe'],
  examples: [
    {
      bad: py`
        from app.core.events import EventBus


        async def announce(user: str) -> None:
            bus = EventBus("redis://")
            await bus.publish("user.created", user)
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR506 unsafe: \`bus.publish()\` runs before any \`await bus.initialize()\`, so the \`EventBus\` is not connected yet; initialize it first.
            await bus.publish("user.greeted", user)
      `,
      good: py`
        from app.core.events import EventBus


        async def announce(user: str) -> None:
            bus = EventBus("redis://")
            await bus.initialize()
            await bus.publish("user.created", user)
            await bus.publish("user.greeted", user)
      `,
    },
    {
      bad: py`
        from app.core import events


        async def announce(user: str) -> None:
            own = events.EventBus()
            own.initialize()
            own.subscribe("user.created", print)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR506 none
            late = events.EventBus()
            late.subscribe("user.created", print)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR506 none: \`late.subscribe()\` runs before any \`await late.initialize()\`, so the \`EventBus\` is not connected yet; initialize it first.
            await late.initialize()
      `,
    },
    {
      ok: py`
        from app.core.events import EventBus


        async def announce(user: str, given: EventBus) -> None:
            bus = EventBus()
            if not bus.connected:
                await bus.initialize()
            await bus.publish("user.created", user)
            await given.publish("user.created", user)
      `,
    },
    {
      ok: py`
        from app.core.events import EventBus, connect

        shared = EventBus()
        shared.subscribe("user.created", print)


        async def announce(user: str) -> None:
            bus = EventBus()
            await connect(bus)
            await bus.publish("user.created", user)
            async with EventBus() as other:
                await other.publish("user.created", user)
            third = await EventBus.connected()
            await third.publish("user.created", user)
      `,
    },
    {
      ok: py`
        class EventBus:
            def subscribe(self, name: str) -> None: ...


        class Bus: ...


        def main() -> None:
            bus = EventBus()
            bus.subscribe("user.created")
            other = Bus()
            other.subscribe("user.created")
      `,
    },
  ],
  on: {
    call(call, file, { names }) {
      const callee = call.field('function');
      if (!callee.is('attribute')) return undefined;
      const method = callee.field('attribute').text;
      if (method !== 'publish' && method !== 'subscribe') return undefined;
      const object = callee.field('object');
      const binding = object.is('identifier') ? file.binding(object) : undefined;
      if (!binding || !isBusMadeHere(file, binding, call, names)) return undefined;
      const name = object.text;
      const uses = usesOf(file, binding, name);
      const before = uses.filter((use) => use.start < object.start);
      if (before.some((use) => !isPlainUse(use) || isInitialized(use) || isTraffic(file, use, call))) return undefined;
      const made = file.qualified(makerOf(binding))?.split('.').at(-1);
      return {
        at: call,
        message: `\`${callee.text}()\` runs before any \`await ${name}.initialize()\`, so the \`${made}\` is not connected yet; initialize it first.`,
        fix: () => (uses.some(isInitializing) ? undefined : initialized(file, binding, name)),
      };
    },
  },
});

/** A name that is bound once, to a new bus, in the scope of the call. */
function isBusMadeHere(file: SourceFile, binding: Binding, call: Node, names: readonly string[]): boolean {
  const maker = makerOf(binding);
  if (!maker || (binding.annotation !== undefined && binding.kind !== 'assignment')) return false;
  // A bus of the module is initialized by somebody else: nothing can be awaited there.
  const owner = file.enclosingFunction(call);
  if (!owner || file.enclosingFunction(binding.node) !== owner) return false;
  const made = file.qualified(maker);
  const last = made?.split('.').at(-1);
  if (!isMadeByOneOf(made, names) || last === undefined || !names.includes(last)) return false;
  const own = ownName(made);
  const [definition] = own === undefined ? [] : file.moduleBindings(own);
  if (!definition?.by.is('class_definition')) return true;
  return file.classBindings(definition.by, 'initialize').length > 0;
}

function makerOf(binding: Binding): Node | undefined {
  return binding.kind === 'assignment' && binding.value?.is('call') ? binding.value.field('function') : undefined;
}

/** The uses of a name in the function that binds it. */
function usesOf(file: SourceFile, binding: Binding, name: string): TypedNode<'identifier'>[] {
  const owner = file.enclosingFunction(binding.node);
  return (owner?.below('identifier') ?? []).filter(
    (use) => use.text === name && use.start > binding.node.start && file.binding(use) === binding,
  );
}

/** An attribute of the bus is used. Anything else may hand it to somebody who initializes it. */
function isPlainUse(use: Node): boolean {
  return use.parent?.is('attribute') === true && use.isField('object');
}

function isInitializing(use: Node): boolean {
  const attribute = use.parent;
  return attribute?.is('attribute') === true && attribute.field('attribute').text === 'initialize';
}

function isInitialized(use: Node): boolean {
  const call = use.parent?.parent;
  return isInitializing(use) && call !== undefined && isAwaited(call);
}

/** An earlier `publish` or `subscribe`: that is where it is reported. */
function isTraffic(file: SourceFile, use: Node, call: Node): boolean {
  const attribute = use.parent;
  return (
    attribute?.is('attribute') === true &&
    ['publish', 'subscribe'].includes(attribute.field('attribute').text) &&
    file.enclosingFunction(use) === file.enclosingFunction(call)
  );
}

function initialized(file: SourceFile, binding: Binding, name: string): Fix | undefined {
  const statement = binding.by.is('assignment') ? binding.by.parent : undefined;
  if (!statement?.is('expression_statement') || !asyncFunctionAt(file, statement)) return undefined;
  const rest = /^[ \t]*(?:#[^\n]*)?(?=\r?\n)/.exec(file.slice(statement.end, statement.end + 1000));
  if (!rest || file.slice(file.lineStart(statement.start), statement.start).trim() !== '') return undefined;
  const at = statement.end + rest[0].replace(/\r$/, '').length;
  const text = `${file.eol}${file.indentAt(statement.start)}await ${name}.initialize()`;
  return { title: `Insert \`await ${name}.initialize()\``, safety: 'unsafe', edits: [{ start: at, end: at, text }] };
}
