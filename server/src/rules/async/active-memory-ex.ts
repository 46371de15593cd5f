import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  type Edit,
  type Finding,
  type Fix,
  isMadeByOneOf,
  type MadeMember,
  madeBy,
  madeMember,
  makersOfMembers,
  memberKey,
  type Node,
  ownName,
  parametersOf,
  py,
  type SourceFile,
  type Span,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  names: z
    .array(z.string())
    .default(['ActiveMemory', 'get_active_memory'])
    .meta({ description: 'Classes of the store, and functions that return one, by their bare names.' }),
});

/** A call with `ex=` on a member of a class, with the edit of its fix counted from the keyword. */
type Told = MadeMember | { is: 'call'; key: string; called: string; edits: readonly Edit[] };

export default defineRule<typeof options, Told>({
  code: 'GR514',
  name: 'active-memory-ex',
  family: 'async',
  severity: 'error',
  standards: ['production'],
  summary: '`ActiveMemory` is told its expiry as `ex=`',
  advice: 'Pass `ttl=`',
  why: '`ex` is the word of redis; the store has `ttl`. Depending on its version the call fails with a `TypeError` or the keyword vanishes in `**kwargs`, and then what should live for a minute lives for ever.',
  fix: 'safe',
  requirements: ['000-093'],
  peers: [],
  options,
  mentions: ({ names }) => names,
  examples: [
    {
      bad: py`
        from app.core.memory import ActiveMemory


        async def remember(memory: ActiveMemory, name: str) -> None:
            await memory.set("last", name, ex=60)
        #                                  ^^^^^ GR514 safe: \`memory.set()\` of \`ActiveMemory\` takes its expiry as \`ttl\`, not as \`ex\`.
            store = ActiveMemory()
            await store.set_json(
                "last",
                name,
                ex=60,  # a minute
        #       ^^^^^ GR514 safe
            )
      `,
      good: py`
        from app.core.memory import ActiveMemory


        async def remember(memory: ActiveMemory, name: str) -> None:
            await memory.set("last", name, ttl=60)
            store = ActiveMemory()
            await store.set_json(
                "last",
                name,
                ttl=60,  # a minute
            )
      `,
    },
    {
      bad: py`
        from app.core.memory import get_active_memory


        class Cache:
            def __init__(self) -> None:
                self._memory = get_active_memory()

            async def keep(self, key: str, value: str) -> None:
                await self._memory.set(key, value, ex=self.seconds)
        #                                          ^^^^^^^^^^^^^^^ GR514 safe: \`self._memory.set()\` of \`ActiveMemory\` takes its expiry as \`ttl\`, not as \`ex\`.
                await get_active_memory().set(key, value, ex=60)
        #                                                 ^^^^^ GR514 safe
      `,
      good: py`
        from app.core.memory import get_active_memory


        class Cache:
            def __init__(self) -> None:
                self._memory = get_active_memory()

            async def keep(self, key: str, value: str) -> None:
                await self._memory.set(key, value, ttl=self.seconds)
                await get_active_memory().set(key, value, ttl=60)
      `,
    },
    {
      bad: py`
        from app.core.memory import ActiveMemory


        async def remember(memory: ActiveMemory) -> None:
            await memory.set("last", "name", ex=60, ttl=60)
        #                                    ^^^^^ GR514 none
      `,
    },
    {
      ok: py`
        from redis.asyncio import Redis


        async def remember(redis: Redis, name: str) -> None:
            await redis.set("last", name, ex=60)
      `,
    },
    {
      ok: py`
        from app.core.memory import ActiveMemory


        async def remember(memory: ActiveMemory, other, name: str) -> None:
            await memory.set("last", name, ttl=60)
            await memory.publish("last", ex=60)
            await other.set("last", name, ex=60)
      `,
    },
    {
      ok: py`
        class ActiveMemory:
            async def set(self, key: str, value: str, ex: int | None = None) -> None: ...


        async def remember(memory: ActiveMemory) -> None:
            await memory.set("last", "name", ex=60)
      `,
    },
  ],
  on: {
    keyword_argument(argument, file, { names }) {
      const found = expiry(argument);
      if (!found || !isStore(file, found.object, found.method, names)) return undefined;
      return report(argument, found.called, found.edits);
    },
  },
  collect: {
    assignment: (assignment, file) => madeMember(file, assignment),
    keyword_argument(argument, file) {
      const found = expiry(argument);
      if (!found || madeBy(file, found.object) !== undefined) return undefined;
      const key = memberKey(file, found.object);
      return key === undefined
        ? undefined
        : { at: argument, data: { is: 'call', key, called: found.called, edits: found.edits } };
    },
  },
  file(facts, _file, { names }) {
    const makers = makersOfMembers(facts);
    return facts.flatMap(({ at, data }) =>
      data.is === 'call' && isMadeByOneOf(makers.get(data.key), names) ? [report(at, data.called, data.edits)] : [],
    );
  },
});

interface Expiry {
  readonly object: Node;
  readonly method: string;
  readonly called: string;
  /** Counted from the keyword. */
  readonly edits: readonly Edit[];
}

/** `ex=` in a call of `set` or `set_json` of some object. */
function expiry(argument: TypedNode<'keyword_argument'>): Expiry | undefined {
  const name = argument.field('name');
  if (name.text !== 'ex') return undefined;
  const call = argument.parent?.parent;
  const callee = call?.is('call') ? call.field('function') : undefined;
  if (!call?.is('call') || !callee?.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  if (method !== 'set' && method !== 'set_json') return undefined;
  const isFree = !argumentsOf(call).keywords.has('ttl');
  const edits = isFree ? [{ start: 0, end: name.end - name.start, text: 'ttl' }] : [];
  return { object: callee.field('object'), method, called: callee.text, edits };
}

/** An object of one of the classes, unless the class is the file's own and its method does take `ex`. */
function isStore(file: SourceFile, object: Node, method: string, names: readonly string[]): boolean {
  const made = madeBy(file, object) ?? file.qualified(object);
  if (!isMadeByOneOf(made, names)) return false;
  const name = ownName(made);
  const [binding] = name === undefined ? [] : file.moduleBindings(name);
  if (!binding?.by.is('class_definition')) return true;
  const [own] = file.classBindings(binding.by, method);
  return !own?.by.is('function_definition') || parametersOf(own.by).every((parameter) => parameter.name !== 'ex');
}

function report(at: Span, called: string, edits: readonly Edit[]): Finding {
  return {
    at,
    message: `\`${called}()\` of \`ActiveMemory\` takes its expiry as \`ttl\`, not as \`ex\`.`,
    fix: (): Fix | undefined =>
      edits.length === 0
        ? undefined
        : {
            title: 'Replace `ex` with `ttl`',
            safety: 'safe',
            edits: edits.map((edit) => ({ ...edit, start: at.start + edit.start, end: at.start + edit.end })),
          },
  };
}
