import { z } from 'zod';
import {
  appended,
  argumentsOf,
  busOfCall,
  defineRule,
  type Edit,
  type Finding,
  type Fix,
  isAsync,
  isAwaited,
  isModuleClass,
  madeSession,
  modulePart,
  moduleRootsOption,
  type Node,
  py,
  type SourceFile,
  sessionOf,
  startsLine,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

/** What a unit tells: who subscribes to the bus, and which methods a method names. */
interface Told {
  readonly is: 'subscribes' | 'names';
  /** The method it stands in; empty for a statement of the file's top. */
  readonly from: string;
  /** The bus, or the method that is named. */
  readonly what: string;
}

export default defineRule({
  code: 'GR808',
  name: 'module-initialize',
  family: 'structure',
  severity: 'error',
  standards: ['production', 'module'],
  summary: 'A module’s `initialize` that leaves out one of its steps, or a subscription made elsewhere',
  advice:
    'Await `super().initialize()`, load the active configuration or the default, leave the session loop, subscribe, set `initialized`',
  why: 'Every module starts the same way, and the application counts on it. Without the base’s part the module is not registered; without the active row it calculates with numbers that nobody can change; a session loop that goes on holds its connection; and who subscribes elsewhere is called before there is a configuration, or twice.',
  fix: 'unsafe',
  fixSafety:
    'The module starts differently: the step that was left out now runs, and what goes wrong in it arrives here.',
  requirements: ['000-003', '000-035', '000-036', '003-002', '003-020', '003-021', '003-022', '003-023', '003-024'],
  peers: [],
  options: z.strictObject({
    roots: moduleRootsOption,
    configuration: z
      .array(z.string())
      .default(['SystemConfiguration'])
      .meta({ description: 'Names of the table that holds the modules’ configurations.' }),
  }),
  mentions: ['initialize', 'subscribe'],
  calls: ['subscribe'],
  examples: [
    {
      bad: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            name = "orbit"

            async def initialize(self) -> None:
        #             ^^^^^^^^^^ GR808 unsafe: \`initialize\` of \`OrbitModule\` does not await \`super().initialize()\`; await it first.
        #             ^^^^^^^^^^ GR808 unsafe: \`initialize\` of \`OrbitModule\` does not leave the loop over \`async_get_db()\`, which gives one session; end its body with \`break\`.
        #             ^^^^^^^^^^ GR808 unsafe: \`initialize\` of \`OrbitModule\` does not set \`self.initialized\`; set it last.
                """Load the configuration."""
                async for db in async_get_db():
                    result = await db.execute(
                        select(SystemConfiguration).where(
                            SystemConfiguration.module_name == self.name,
                            SystemConfiguration.is_active.is_(True),
                        )
                    )
                    row = result.scalar_one_or_none()
                    self.config = row.config if row else self.default_config()  # the row wins
      `,
      good: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            name = "orbit"

            async def initialize(self) -> None:
                """Load the configuration."""
                await super().initialize()
                async for db in async_get_db():
                    result = await db.execute(
                        select(SystemConfiguration).where(
                            SystemConfiguration.module_name == self.name,
                            SystemConfiguration.is_active.is_(True),
                        )
                    )
                    row = result.scalar_one_or_none()
                    self.config = row.config if row else self.default_config()  # the row wins
                    break
                self.initialized = True
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      bad: py`
        from app.models.system import SystemConfiguration as Row
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def initialize(self) -> None:
        #             ^^^^^^^^^^ GR808 unsafe: \`initialize\` of \`OrbitModule\` calls \`super().initialize()\` without awaiting it; await it.
        #             ^^^^^^^^^^ GR808 unsafe: \`initialize\` of \`OrbitModule\` loads a \`Row\` without asking for \`is_active\`; add the condition.
        #             ^^^^^^^^^^ GR808 unsafe: \`initialize\` of \`OrbitModule\` does not fall back to \`self.default_config()\` when there is no row; use it then.
                super().initialize()
                async with session_maker() as db:
                    row = await db.scalar(select(Row).where(Row.module_name == self.name))
                    self.config = row.config
                self.initialized = True
      `,
      good: py`
        from app.models.system import SystemConfiguration as Row
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def initialize(self) -> None:
                await super().initialize()
                async with session_maker() as db:
                    row = await db.scalar(select(Row).where(Row.module_name == self.name, Row.is_active.is_(True)))
                    self.config = row.config if row else self.default_config()
                self.initialized = True
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      bad: py`
        from app.modules.base import BaseModule

        event_bus.subscribe("user.updated", log_event)
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR808 none


        class OrbitModule(BaseModule):
            def __init__(self) -> None:
                event_bus.subscribe("user.created", self.handle)
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR808 none: \`event_bus.subscribe()\` runs in \`__init__\`; subscribe in \`initialize\`.

            def initialize(self) -> None:
        #       ^^^^^^^^^^ GR808 none: \`initialize\` of \`OrbitModule\` is not async, so it cannot await \`super().initialize()\`; make it \`async def\` and await that first.
        #       ^^^^^^^^^^ GR808 none: \`initialize\` of \`OrbitModule\` does not load its configuration; select the active \`SystemConfiguration\` row of its name, and fall back to \`self.default_config()\`.
                self.config = self.default_config()
                self._wire()
                self.initialized = True

            def _wire(self) -> None:
                event_bus.subscribe("user.updated", self.handle)
      `,
      path: 'app/modules/tracking/orbit/module.py',
    },
    {
      ok: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def initialize(self) -> None:
                await super().initialize()
                async for db in async_get_db():
                    result = await db.execute(
                        select(SystemConfiguration).where(
                            SystemConfiguration.module_name == self.name,
                            SystemConfiguration.is_active == True,
                        )
                    )
                    config = result.scalar_one_or_none()
                    self.config = config.config if config else self.default_config()
                    break
                await event_bus.initialize()
                event_bus.subscribe("user.updated", self.handle_event)
                self.initialized = True

            async def handle_event(self, payload: dict[str, JsonValue]) -> None:
                await event_bus.publish("orbit.calculated", payload)
                self.stream.subscribe(payload)
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      ok: py`
        from app.modules.base import BaseModule
        from app.modules.cycle import CycleModule


        class OrbitModule(BaseModule):
            async def initialize(self) -> None:
                await super().initialize()
                self.config = await load_config(self.name) or self.default_config()
                self._subscribe()
                self.initialized = True

            def _subscribe(self) -> None:
                self.bus.subscribe("user.updated", self.handle)


        class PhaseModule(CycleModule):
            async def initialize(self) -> None:
                self.ready = True


        class MoonModule(OrbitModule):
            async def initialize(self) -> None:
                await super().initialize()
                self.moon = 1
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      ok: py`
        from mmengine.model import BaseModule


        class Backbone(BaseModule):
            def initialize(self):
                self.weights = 1

            def listen(self):
                event_bus.subscribe("x", self.initialize)
      `,
      path: 'app/vision/backbone.py',
    },
    {
      ok: py`
        class EventBus:
            async def initialize(self) -> None:
                self.ready = True


        async def initialize() -> None:
            bus.subscribe("user.updated", print)
      `,
      path: 'app/core/events.py',
    },
  ],
  on: {
    function_definition(definition, file, { roots, configuration }) {
      const name = definition.field('name');
      if (name.text !== 'initialize' || file.enclosingFunction(definition)) return undefined;
      const owner = file.enclosingClass(definition);
      if (!owner || !isModuleClass(file, owner, roots)) return undefined;
      if (file.decorators(definition).some((decorator) => decorator.text.endsWith('abstractmethod'))) return undefined;
      const start: Start = { file, definition, owner: owner.field('name').text, configuration };
      // What a class of the file between it and BaseModule does is done by `super().initialize()`.
      const [base] = file.bases(owner);
      const isDirect = base?.endsWith('BaseModule') === true;
      return [
        ...superAwaited(start),
        ...(isDirect ? [...configurationLoaded(start), ...loopLeft(start), ...initializedSet(start)] : loopLeft(start)),
      ];
    },
  },
  collect: {
    call(call, file, { roots }) {
      const callee = call.field('function');
      if (!callee.is('attribute') || callee.field('attribute').text !== 'subscribe') return undefined;
      const bus = busOfCall(call);
      if (bus === undefined || !modulePart(file, 'module', roots)) return undefined;
      const from = methodAround(file, call);
      const owner = file.enclosingClass(call);
      const isTop = from === undefined && !owner;
      if (!isTop && !(from && owner && isModuleClass(file, owner, roots))) return undefined;
      return subscribing(call, from ?? '', bus);
    },
    attribute(attribute, file, { roots }) {
      if (!modulePart(file, 'module', roots) || attribute.field('object').text !== 'self') return undefined;
      const from = methodAround(file, attribute);
      return from === undefined ? undefined : naming(attribute, from);
    },
  },
  file(facts) {
    if (!facts.some(({ data }) => data.is === 'subscribes')) return [];
    // A method that `initialize` names, directly or through others, is part of it.
    const reached = new Set(['initialize']);
    for (let before = 0; before < reached.size; ) {
      before = reached.size;
      for (const { data } of facts) if (data.is === 'names' && reached.has(data.from)) reached.add(data.what);
    }
    return facts
      .filter(({ data }) => data.is === 'subscribes' && !reached.has(data.from))
      .map(({ at, data }) => ({
        at,
        message: `\`${data.what}.subscribe()\` runs ${data.from === '' ? 'when the file is imported' : `in \`${data.from}\``}; subscribe in \`initialize\`.`,
      }));
  },
});

interface Start {
  readonly file: SourceFile;
  readonly definition: TypedNode<'function_definition'>;
  /** The class's name. */
  readonly owner: string;
  readonly configuration: readonly string[];
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;

function superAwaited({ file, definition, owner }: Start): Finding[] {
  const at = definition.field('name');
  const body = definition.field('body');
  const calls = body.belowOutside(nested, 'call').filter((call) => isBasesInitialize(file, call));
  if (calls.some(isAwaited)) return [];
  if (!isAsync(definition))
    return [
      {
        at,
        message: `\`initialize\` of \`${owner}\` is not async, so it cannot await \`super().initialize()\`; make it \`async def\` and await that first.`,
      },
    ];
  const [call] = calls;
  if (call)
    return [
      {
        at,
        message: `\`initialize\` of \`${owner}\` calls \`super().initialize()\` without awaiting it; await it.`,
        fix: () =>
          call.parent?.is('expression_statement')
            ? fixOf('Await `super().initialize()`', [{ start: call.start, end: call.start, text: 'await ' }])
            : undefined,
      },
    ];
  return [
    {
      at,
      message: `\`initialize\` of \`${owner}\` does not await \`super().initialize()\`; await it first.`,
      fix: () => {
        const [first, second] = body.namedChildren;
        if (!first || !startsLine(first)) return undefined;
        const line = 'await super().initialize()';
        const edits = !isDocstring(first)
          ? [{ start: first.start, end: first.start, text: `${line}${file.eol}${file.indentAt(first.start)}` }]
          : second && startsLine(second)
            ? [{ start: second.start, end: second.start, text: `${line}${file.eol}${file.indentAt(second.start)}` }]
            : lineBehind(file, first, line);
        return fixOf('Insert `await super().initialize()`', edits);
      },
    },
  ];
}

/** `super().initialize()`, or `BaseModule.initialize(self)`. */
function isBasesInitialize(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  if (!callee.is('attribute') || callee.field('attribute').text !== 'initialize') return false;
  const object = callee.field('object');
  if (object.is('call')) return file.qualified(object.field('function')) === 'builtins.super';
  return argumentsOf(call).positional[0]?.text === 'self' && /^[A-Z]/.test(object.text);
}

function configurationLoaded(start: Start): Finding[] {
  const { file, definition, owner, configuration } = start;
  const at = definition.field('name');
  const body = definition.field('body');
  const rows = body.below('identifier', 'attribute').filter((name) => namesOneOf(file, name, configuration));
  const [row] = rows;
  if (!row) {
    if (body.belowOutside(nested, 'call', 'for_statement', 'with_statement').some((node) => mayLoad(file, node)))
      return [];
    return [
      {
        at,
        message: `\`initialize\` of \`${owner}\` does not load its configuration; select the active \`${configuration[0] ?? 'SystemConfiguration'}\` row of its name, and fall back to \`self.default_config()\`.`,
      },
    ];
  }
  const words = new Set(body.below('identifier').map((name) => name.text));
  const found: Finding[] = [];
  const lacking = [
    ...(words.has('module_name') ? [] : ['module_name']),
    ...(words.has('is_active') || words.has('active') ? [] : ['is_active']),
  ];
  if (lacking.length > 0)
    found.push({
      at,
      message: `\`initialize\` of \`${owner}\` loads a \`${row.text}\` without asking for ${lacking.map((word) => `\`${word}\``).join(' and ')}; add the condition${lacking.length > 1 ? 's' : ''}.`,
      fix: () => conditioned(file, body, row, lacking),
    });
  if (!words.has('default_config'))
    found.push({
      at,
      message: `\`initialize\` of \`${owner}\` does not fall back to \`self.default_config()\` when there is no row; use it then.`,
      fix: () => fallingBack(file, body),
    });
  return found;
}

function namesOneOf(file: SourceFile, name: Node, wanted: readonly string[]): boolean {
  if (name.parent?.is('attribute') && name.isField('attribute')) return false;
  const last = name.is('attribute') ? name.field('attribute')?.text : name.text;
  if (last !== undefined && wanted.includes(last)) return true;
  const qualified = name.is('identifier') ? file.qualified(name) : undefined;
  return qualified !== undefined && wanted.includes(qualified.slice(qualified.lastIndexOf('.') + 1));
}

/** Whether something may load the configuration where it cannot be seen from here: another function, a session. */
function mayLoad(file: SourceFile, node: Node): boolean {
  if (node.is('for_statement', 'with_statement')) return node.child('"async"') !== undefined;
  if (!node.is('call') || isBasesInitialize(file, node) || busOfCall(node) !== undefined) return false;
  const callee = node.field('function');
  if (callee.text === 'self.default_config' || file.qualified(callee)?.startsWith('builtins.')) return false;
  const target = node.above('assignment')?.field('left').text;
  return isAwaited(node) || target === 'self.config' || /conf|settings|setup|load/i.test(callee.text);
}

/** The conditions added to the one `where` of the query. */
function conditioned(file: SourceFile, body: Node, row: Node, lacking: readonly string[]): Fix | undefined {
  const [where, ...others] = body.below('call').filter((call) => {
    const callee = call.field('function');
    return callee.is('attribute') && /^(?:where|filter)$/.test(callee.field('attribute').text) && callee.contains(row);
  });
  if (!where || others.length > 0) return undefined;
  const texts = lacking.map((word) =>
    word === 'is_active' ? `${row.text}.is_active.is_(True)` : `${row.text}.module_name == self.name`,
  );
  const list = where.field('arguments');
  const last = list.namedChildren.at(-1);
  const separator = last && startsLine(last) ? `,${file.eol}${file.indentAt(last.start)}` : ', ';
  return fixOf(`Ask for ${lacking.map((word) => `\`${word}\``).join(' and ')}`, [
    ...appended(list, texts.join(separator), file.eol),
  ]);
}

/** `self.config = row.config` becomes `self.config = row.config if row else self.default_config()`. */
function fallingBack(file: SourceFile, body: Node): Fix | undefined {
  const [assignment, ...others] = body
    .below('assignment')
    .filter((candidate) => candidate.field('left').text === 'self.config');
  const value = assignment?.field('right');
  if (!value?.is('attribute') || others.length > 0) return undefined;
  const row = value.field('object');
  if (!row.is('identifier')) return undefined;
  const loaded = file.binding(row)?.value;
  const call = loaded?.is('await') ? loaded.firstNamed : loaded;
  // `scalar_one()` raises where there is no row: a condition behind it would never be false.
  const callee = call?.is('call') ? call.field('function') : undefined;
  if (!callee?.is('attribute') || !mayGiveNone.has(callee.field('attribute').text)) return undefined;
  return fixOf('Fall back to `self.default_config()`', [
    { start: value.end, end: value.end, text: ` if ${row.text} else self.default_config()` },
  ]);
}

const mayGiveNone = new Set(['scalar', 'scalar_one_or_none', 'one_or_none', 'first', 'get']);

function loopLeft({ file, definition, owner }: Start): Finding[] {
  return definition
    .field('body')
    .belowOutside(nested, 'for_statement')
    .flatMap((loop) => {
      const right = loop.field('right');
      const isSession = (right.is('call') && madeSession(file, right)) || sessionOf(file, loop.field('left'));
      if (!loop.child('"async"') || !isSession || isLeft(loop)) return [];
      return [
        {
          at: definition.field('name'),
          message: `\`initialize\` of \`${owner}\` does not leave the loop over \`${right.text}\`, which gives one session; end its body with \`break\`.`,
          fix: () => {
            const last = loop.field('body').namedChildren.at(-1);
            return last && fixOf('Leave the loop with `break`', lineBehind(file, last, 'break'));
          },
        },
      ];
    });
}

function isLeft(loop: TypedNode<'for_statement'>): boolean {
  const body = loop.field('body');
  return (
    body.belowOutside(nested, 'return_statement', 'raise_statement').length > 0 ||
    body.belowOutside([...nested, 'for_statement', 'while_statement'], 'break_statement').length > 0
  );
}

function initializedSet({ file, definition, owner }: Start): Finding[] {
  const body = definition.field('body');
  const isSet =
    body.below('assignment').some((assignment) => /^self\._?initialized\b/.test(assignment.field('left').text)) ||
    body.below('call').some((call) => stringValue(argumentsOf(call).positional[1]) === 'initialized');
  if (isSet) return [];
  return [
    {
      at: definition.field('name'),
      message: `\`initialize\` of \`${owner}\` does not set \`self.initialized\`; set it last.`,
      fix: () => {
        const last = body.namedChildren.at(-1);
        if (!last || last.is('return_statement', 'raise_statement')) return undefined;
        return fixOf('Set `self.initialized`', lineBehind(file, last, 'self.initialized = True'));
      },
    },
  ];
}

/** A line of its own behind a statement and the comment beside it; none where the statement does not start its line. */
function lineBehind(file: SourceFile, statement: Node, line: string): Edit[] {
  if (!startsLine(statement)) return [];
  // The grammar counts the carriage return of a last line to the block that it ends.
  const end = statement.end - (statement.text.endsWith('\r') ? 1 : 0);
  const rest = /^[ \t]*(?:#[^\r\n]*)?/.exec(file.slice(end, end + 1000))?.[0] ?? '';
  const at = end + (rest.includes('#') ? rest.length : 0);
  return [{ start: at, end: at, text: `${file.eol}${file.indentAt(statement.start)}${line}` }];
}

function fixOf(title: string, edits: readonly Edit[]): Fix | undefined {
  return edits.length > 0 ? { title, safety: 'unsafe', edits } : undefined;
}

function isDocstring(statement: Node): boolean {
  return statement.is('expression_statement') && statement.firstNamed?.is('string') === true;
}

/** The name of the method or function of the top that a node stands in, however deep; undefined outside all. */
function methodAround(file: SourceFile, node: Node): string | undefined {
  let outermost: string | undefined;
  for (let owner = file.enclosingFunction(node); owner; owner = file.enclosingFunction(owner))
    if (owner.is('function_definition')) outermost = owner.field('name').text;
  return outermost;
}

function subscribing(at: Node, from: string, what: string): { at: Node; data: Told } {
  return { at, data: { is: 'subscribes', from, what } };
}

function naming(at: TypedNode<'attribute'>, from: string): { at: Node; data: Told } {
  return { at, data: { is: 'names', from, what: at.field('attribute').text } };
}
