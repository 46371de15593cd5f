import { z } from 'zod';
import {
  ancestry,
  annotatedClass,
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
  py,
  type SourceFile,
  type Span,
  schemaBase,
  type TypedNode,
  without,
} from '../../engine/index.ts';

const options = z.strictObject({
  names: z
    .array(z.string())
    .default(['ActiveMemory', 'get_active_memory'])
    .meta({ description: 'Classes of the store, and functions that return one, by their bare names.' }),
});

/** A call of the wrong method on a member of a class, with what its fix edits, counted from the call. */
type Told = MadeMember | ({ is: 'call'; key: string } & Misuse);

export default defineRule<typeof options, Told>({
  code: 'GR515',
  name: 'active-memory-json',
  family: 'async',
  severity: 'error',
  standards: ['production'],
  summary: '`ActiveMemory` stores a value with the method for the other kind of value',
  advice: 'Use `set_json` and `get_json` for Pydantic models, `set` and `get` for everything else',
  why: '`set_json` asks the value for its own JSON, which only a Pydantic model can give; a list or a number fails there. `set` keeps what it is given, so a model that went in as an object does not come out as one. Value and method have to agree, and reading has to agree with writing.',
  fix: 'unsafe',
  fixSafety:
    'The value is stored in another form, so everything that reads or writes the same key has to change with it.',
  requirements: ['000-092'],
  peers: [],
  options,
  mentions: ({ names }) => names,
  calls: () => [...methods.keys()],
  examples: [
    {
      bad: py`
        from app.core.memory import ActiveMemory


        async def remember(memory: ActiveMemory, names: list[str]) -> None:
            await memory.set_json("names", names, ttl=60)
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe: \`memory.set_json()\` is for Pydantic models, and \`names\` is none; use \`set()\`.
            await memory.set_json("count", value=len(names))
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe
            known = await memory.get_json("names", list[str])
        #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe: \`memory.get_json()\` is for Pydantic models, and \`list[str]\` is none; use \`get()\`.
      `,
      good: py`
        from app.core.memory import ActiveMemory


        async def remember(memory: ActiveMemory, names: list[str]) -> None:
            await memory.set("names", names, ttl=60)
            await memory.set("count", value=len(names))
            known = await memory.get("names")
      `,
    },
    {
      bad: py`
        from pydantic import BaseModel

        from app.core.memory import get_active_memory


        class Profile(BaseModel):
            name: str


        async def remember(profile: Profile, name: str) -> None:
            memory = get_active_memory()
            await memory.set("profile", profile)
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe: \`memory.set()\` does not keep Pydantic models, and \`profile\` is one; use \`set_json()\`.
            await memory.set("profile", Profile(name=name), ttl=60)
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe
            await memory.set_json("profile", profile.model_dump())
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe
      `,
      good: py`
        from pydantic import BaseModel

        from app.core.memory import get_active_memory


        class Profile(BaseModel):
            name: str


        async def remember(profile: Profile, name: str) -> None:
            memory = get_active_memory()
            await memory.set_json("profile", profile)
            await memory.set_json("profile", Profile(name=name), ttl=60)
            await memory.set("profile", profile.model_dump())
      `,
    },
    {
      bad: py`
        from app.core.memory import ActiveMemory


        class Cache:
            def __init__(self, memory: ActiveMemory) -> None:
                self.memory = memory

            async def keep(self) -> None:
                names = [name for name in self.names]
                await self.memory.set_json("names", names)
        #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe: \`self.memory.set_json()\` is for Pydantic models, and \`names\` is none; use \`set()\`.
                found: dict[str, int] = await self.memory.get_json("counts")
        #                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR515 unsafe: \`self.memory.get_json()\` is for Pydantic models, and \`dict[str, int]\` is none; use \`get()\`.
      `,
      good: py`
        from app.core.memory import ActiveMemory


        class Cache:
            def __init__(self, memory: ActiveMemory) -> None:
                self.memory = memory

            async def keep(self) -> None:
                names = [name for name in self.names]
                await self.memory.set("names", names)
                found: dict[str, int] = await self.memory.get("counts")
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel

        from app.core.memory import ActiveMemory
        from app.schemas import Order


        class Profile(BaseModel):
            name: str


        async def remember(memory: ActiveMemory, profile: Profile, order: Order, thing) -> None:
            await memory.set_json("profile", profile)
            await memory.set_json("order", order)
            await memory.set_json("thing", thing)
            await memory.set("order", order)
            await memory.set("name", profile.name)
            await memory.set("names", ["ada"])
            await memory.set("profile", profile.model_dump_json())
            known = await memory.get_json("profile", Profile)
            names = await memory.get("names")
      `,
    },
    {
      ok: py`
        from app.store import Store


        async def remember(store: Store, other) -> None:
            await store.set_json("names", ["ada"])
            await other.set_json("names", ["ada"])
      `,
    },
  ],
  on: {
    call(call, file, { names }) {
      const callee = methodOf(call);
      if (!callee) return undefined;
      const object = callee.field('object');
      if (!isMadeByOneOf(madeBy(file, object) ?? file.qualified(object), names)) return undefined;
      const misuse = misuseOf(file, call, callee);
      return misuse && report(call, misuse);
    },
  },
  collect: {
    assignment: (assignment, file) => madeMember(file, assignment),
    call(call, file) {
      const callee = methodOf(call);
      const object = callee?.field('object');
      if (!callee || !object || madeBy(file, object) !== undefined) return undefined;
      const key = memberKey(file, object);
      const misuse = key === undefined ? undefined : misuseOf(file, call, callee);
      return key === undefined || !misuse ? undefined : { at: call, data: { is: 'call', key, ...misuse } };
    },
  },
  file(facts, _file, { names }) {
    const makers = makersOfMembers(facts);
    return facts.flatMap(({ at, data }) =>
      data.is === 'call' && isMadeByOneOf(makers.get(data.key), names) ? [report(at, data)] : [],
    );
  },
});

interface Misuse {
  readonly called: string;
  readonly value: string;
  readonly wanted: string;
  readonly edits: readonly Edit[];
}

const methods = new Map([
  ['set', 'set_json'],
  ['set_json', 'set'],
  ['get_json', 'get'],
]);

function methodOf(call: TypedNode<'call'>): TypedNode<'attribute'> | undefined {
  const callee = call.field('function');
  return callee.is('attribute') && methods.has(callee.field('attribute').text) ? callee : undefined;
}

function misuseOf(file: SourceFile, call: TypedNode<'call'>, callee: TypedNode<'attribute'>): Misuse | undefined {
  const method = callee.field('attribute');
  const wanted = methods.get(method.text);
  const given = argumentsOf(call);
  if (wanted === undefined || given.hasSplat) return undefined;
  const rename = { start: method.start - call.start, end: method.end - call.start, text: wanted };
  if (method.text !== 'get_json') {
    const value = given.at(1, 'value');
    const wrong = method.text === 'set' ? 'model' : 'plain';
    if (!value || sortOfValue(file, value) !== wrong) return undefined;
    return { called: callee.text, value: shortened(value), wanted, edits: [rename] };
  }
  const [, second] = given.list.namedChildren;
  const asked = second?.is('keyword_argument') ? second.field('value') : second;
  if (second && asked) {
    if (sortOfType(file, asked) !== 'plain') return undefined;
    const { start, end, text } = without(second, given.list.namedChildren);
    const removal = { start: start - call.start, end: end - call.start, text };
    return { called: callee.text, value: shortened(asked), wanted, edits: [rename, removal] };
  }
  const annotation = annotationOver(call);
  if (!annotation || sortOfType(file, annotation) !== 'plain') return undefined;
  return { called: callee.text, value: shortened(annotation), wanted, edits: [rename] };
}

/** The annotation of the name that takes an awaited call: `names: list[str] = await …`. */
function annotationOver(call: Node): Node | undefined {
  const value = call.parent?.is('await') ? call.parent : call;
  const assignment = value.parent;
  return assignment?.is('assignment') && value.isField('right') ? assignment.field('type') : undefined;
}

type Sort = 'model' | 'plain';

/** Whether a value is a Pydantic model, or surely none. */
function sortOfValue(file: SourceFile, value: Node, depth = 0): Sort | undefined {
  if (depth > 4) return undefined;
  if (value.is('parenthesized_expression')) return value.firstNamed && sortOfValue(file, value.firstNamed, depth + 1);
  if (value.is(...plainKinds)) return 'plain';
  if (value.is('identifier')) {
    const binding = file.binding(value);
    if (binding?.annotation) return sortOfType(file, binding.annotation);
    return binding?.kind === 'assignment' && binding.value ? sortOfValue(file, binding.value, depth + 1) : undefined;
  }
  if (!value.is('call')) return undefined;
  const callee = value.field('function');
  const made = sortOfType(file, callee);
  if (made) return made;
  if (!callee.is('attribute')) return plainFunctions.has(file.qualified(callee) ?? '') ? 'plain' : undefined;
  const method = callee.field('attribute').text;
  const object = callee.field('object');
  if (modelMakers.has(method)) return sortOfType(file, object);
  if (method === 'model_copy') return sortOfValue(file, object, depth + 1);
  return method === 'model_dump' || method === 'model_dump_json' ? 'plain' : undefined;
}

const plainKinds = [
  'list',
  'dictionary',
  'set',
  'tuple',
  'list_comprehension',
  'dictionary_comprehension',
  'set_comprehension',
  'string',
  'concatenated_string',
  'integer',
  'float',
  'true',
  'false',
] as const;

const modelMakers = new Set(['model_validate', 'model_validate_json', 'model_construct']);
const plainFunctions = new Set(['builtins.len', 'builtins.sorted', 'builtins.sum', 'builtins.round', 'builtins.repr']);
const plainTypes = new Set(
  ['list', 'dict', 'set', 'frozenset', 'tuple', 'str', 'int', 'float', 'bool', 'bytes']
    .map((name) => `builtins.${name}`)
    .concat('typing.List', 'typing.Dict', 'typing.Set', 'typing.Tuple'),
);

/** Whether a type is a Pydantic class of the file, or a builtin one. */
function sortOfType(file: SourceFile, type: Node): Sort | undefined {
  const named = annotatedClass(file, type);
  const name = file.qualified(named);
  if (name === undefined || !named) return undefined;
  if (plainTypes.has(name)) return 'plain';
  const own = ownName(name);
  const [binding] = own === undefined ? [] : file.moduleBindings(own);
  const definition = binding?.by.is('class_definition') ? binding.by : undefined;
  return definition && schemaBase(ancestry(file, definition)) ? 'model' : undefined;
}

function shortened(node: Node): string {
  const text = node.text.replaceAll(/\s+/g, ' ');
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

function report(at: Span, { called, value, wanted, edits }: Misuse): Finding {
  return {
    at,
    message:
      wanted === 'set_json'
        ? `\`${called}()\` does not keep Pydantic models, and \`${value}\` is one; use \`set_json()\`.`
        : `\`${called}()\` is for Pydantic models, and \`${value}\` is none; use \`${wanted}()\`.`,
    fix: (): Fix => ({
      title: `Use \`${wanted}()\``,
      safety: 'unsafe',
      edits: edits.map((edit) => ({ ...edit, start: at.start + edit.start, end: at.start + edit.end })),
    }),
  };
}
