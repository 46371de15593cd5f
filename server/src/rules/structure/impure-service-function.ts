import { z } from 'zod';
import {
  argumentsOf,
  busOfCall,
  calledName,
  defineRule,
  environmentUse,
  externalCall,
  ioCall,
  isDatabaseCall,
  modulePart,
  moduleRootsOption,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR827',
  name: 'impure-service-function',
  family: 'structure',
  severity: 'information',
  standards: ['production'],
  summary: 'A module’s service function that does I/O or keeps state outside itself',
  advice: 'Take what it needs as parameters, return what it finds, and let the module class load and store',
  why: 'The functions of `service.py` calculate: the same input gives the same result, so a known case is a test of one line and a result can be trusted to be reproducible. A function that reads a database, calls another system or remembers something between calls can only be tested with all of that in place, and gives another answer when it is called in another order.',
  fix: 'none',
  requirements: ['000-024'],
  peers: [],
  options: z.strictObject({ roots: moduleRootsOption }),
  applies: (file, { roots }) => modulePart(file, 'service', roots) !== undefined,
  examples: [
    {
      bad: py`
        import os

        import httpx
        from sqlalchemy.ext.asyncio import AsyncSession

        from .config import settings
        from .crud import crud_orbit

        LIMITS = {"low": 1.0}
        calls = 0
        _seen = {}


        async def load_orbit(db: AsyncSession, id: int) -> OrbitData:
        #         ^^^^^^^^^^ GR827 none: The service function \`load_orbit\` calls \`crud_orbit.get()\` and calls \`db.commit()\`; hand it what it needs and let the module class do that.
            row = await crud_orbit.get(db, id=id)
            await db.commit()
            return OrbitData.model_validate(row)


        def fetch(url: str) -> OrbitData:
        #   ^^^^^ GR827 none: The service function \`fetch\` calls \`httpx.get()\`; hand it what it needs and let the module class do that.
            return OrbitData(angle=httpx.get(url, timeout=30).json()["angle"])


        def count(name: str) -> int:
        #   ^^^^^ GR827 none: The service function \`count\` declares \`calls\` global and changes \`LIMITS\`, which the module keeps; hand it what it needs and let the module class do that.
            global calls
            calls += 1
            LIMITS[name] = calls
            return calls


        def remember(name: str) -> bool:
        #   ^^^^^^^^ GR827 none: The service function \`remember\` uses \`_seen\`, which the module keeps; hand it what it needs and let the module class do that.
            return name in _seen


        async def tell(payload: dict[str, str]) -> None:
        #         ^^^^ GR827 none: The service function \`tell\` calls \`event_bus.publish()\` and reads \`TOPIC\` from the environment; hand it what it needs and let the module class do that.
            await event_bus.publish(os.environ["TOPIC"], payload)


        def learn(name: str) -> None:
        #   ^^^^^ GR827 none: The service function \`learn\` changes \`LIMITS\`, which the module keeps and changes \`settings\`, which the module imports; hand it what it needs and let the module class do that.
            LIMITS.update({name: 1.0})
            settings.verbose = True
      `,
      path: 'app/modules/calculation/orbit/service.py',
    },
    {
      ok: py`
        import logging
        from datetime import UTC, datetime

        from .schemas import OrbitData, OrbitInput

        logger = logging.getLogger(__name__)

        LIMITS = {"low": 1.0}
        NAMES = ["a", "b"]
        calls = 0


        async def calculate_orbit(source: OrbitInput, config: dict[str, float]) -> OrbitData:
            limit = config.get("limit", LIMITS["low"])
            found = dict(LIMITS)
            found["high"] = 2.0
            found.update(low=limit)
            calls = 1
            calls += 1
            names = []
            names.append(NAMES[0])
            source.angle = 2.0
            logger.debug("Orbit of %s", source.user_id)
            session = source.session
            return OrbitData(angle=session.angle, at=datetime.now(UTC), names=names)


        def shift(LIMITS: dict[str, float]) -> dict[str, float]:
            LIMITS["low"] = 0.0
            return LIMITS


        class Cache:
            async def load(self, db: AsyncSession) -> None:
                await db.execute(query)
      `,
      path: 'app/modules/calculation/orbit/service.py',
    },
    {
      ok: py`
        import httpx


        async def poll(url: str) -> str:
            async with httpx.AsyncClient() as client:
                return (await client.get(url)).text
      `,
      path: 'app/modules/tracking/orbit/tasks.py',
    },
    {
      ok: py`
        async def load(db: AsyncSession) -> None:
            await db.execute(query)
      `,
      path: 'app/services/orbit/service.py',
    },
  ],
  on: {
    function_definition(definition, file) {
      if (file.enclosingFunction(definition) || file.enclosingClass(definition)) return undefined;
      const effects = effectsOf(file, definition);
      const told = [...new Set(effects.map((effect) => effect.told))];
      if (told.length === 0) return undefined;
      const [first, second, ...more] = told;
      const list = [first, more.length > 0 ? `${second} (and ${more.length} more)` : second].filter((part) => part);
      const name = definition.field('name');
      return {
        at: name,
        message: `The service function \`${name.text}\` ${list.join(' and ')}; hand it what it needs and let the module class do that.`,
        related: effects.map((effect) => ({ at: effect.at, message: `Here it ${effect.told}.` })),
      };
    },
  },
});

interface Effect {
  readonly at: Node;
  readonly told: string;
}

function effectsOf(file: SourceFile, definition: TypedNode<'function_definition'>): Effect[] {
  const changed = new Set<string>();
  const found: Effect[] = [];
  for (const node of definition.field('body').below(...telling)) {
    const told = node.is('identifier') ? undefined : effectOf(file, node, changed);
    if (told !== undefined) found.push({ at: node, told });
  }
  for (const use of definition.field('body').below('identifier')) {
    if (changed.has(use.text) || !keptInEmpty(file, use)) continue;
    changed.add(use.text);
    found.push({ at: use, told: `uses \`${use.text}\`, which the module keeps` });
  }
  return found;
}

const telling = [
  'call',
  'subscript',
  'global_statement',
  'assignment',
  'augmented_assignment',
  'delete_statement',
] as const;

function effectOf(
  file: SourceFile,
  node: TypedNode<(typeof telling)[number]>,
  changed: Set<string>,
): string | undefined {
  if (node.is('global_statement')) {
    const names = node.namedChildren.map((name) => name.text);
    for (const name of names) changed.add(name);
    return `declares ${names.map((name) => `\`${name}\``).join(' and ')} global`;
  }
  const environment = environmentUse(node, file);
  if (environment)
    return `${environment.writes ? 'changes' : 'reads'} ${environment.name === undefined ? 'a variable of' : `\`${environment.name}\` from`} the environment`;
  if (node.is('call')) {
    const mutated = mutatedBy(file, node);
    if (mutated !== undefined) {
      if (changed.has(mutated)) return undefined;
      changed.add(mutated);
      return `changes \`${mutated}\`, which the module keeps`;
    }
    const reaches =
      ioCall(file, node) !== undefined ||
      externalCall(node, file) !== undefined ||
      isDatabaseCall(file, node) ||
      (busOfCall(node) !== undefined && !node.field('function').text.endsWith('.initialize'));
    return reaches ? `calls \`${calledName(node)}()\`` : undefined;
  }
  const targets = node.is('delete_statement')
    ? node.namedChildren
    : node.is('assignment', 'augmented_assignment')
      ? [node.field('left')]
      : [];
  for (const target of targets) {
    const root = target.is('subscript', 'attribute') ? rootOf(target) : undefined;
    const kept = root && !changed.has(root.text) ? keptByModule(file, root) : undefined;
    if (!root || !kept) continue;
    changed.add(root.text);
    return `changes \`${root.text}\`, which the module ${kept}`;
  }
  return undefined;
}

/** The name that a chain of attributes and subscripts starts at. */
function rootOf(target: Node): TypedNode<'identifier'> | undefined {
  let root: Node | undefined = target;
  while (root?.is('subscript', 'attribute')) root = root.firstNamed;
  return root?.is('identifier') ? root : undefined;
}

/** How the module comes by what a name means in all its functions; undefined for what is the function's own. */
function keptByModule(file: SourceFile, name: TypedNode<'identifier'>): 'keeps' | 'imports' | undefined {
  const bindings = file.bindings(name);
  const own = file.moduleBindings(name.text);
  const isOwn = bindings.every(
    (binding) => own.includes(binding) && ['assignment', 'import', 'class'].includes(binding.kind),
  );
  if (bindings.length === 0 || !isOwn) return undefined;
  return bindings.some((binding) => binding.kind === 'import') ? 'imports' : 'keeps';
}

/** The name of the module's own container that a call changes: `CACHE.update(…)`. */
function mutatedBy(file: SourceFile, call: TypedNode<'call'>): string | undefined {
  const callee = call.field('function');
  if (!callee.is('attribute') || !mutators.has(callee.field('attribute').text)) return undefined;
  const object = callee.field('object');
  return object.is('identifier') && containerOf(file, object) ? object.text : undefined;
}

/** A container of the module that is empty at first can only be there to be filled. */
function keptInEmpty(file: SourceFile, name: TypedNode<'identifier'>): boolean {
  const container = containerOf(file, name);
  if (!container) return false;
  return container.is('call') ? argumentsOf(container).positional.length === 0 : container.namedChildren.length === 0;
}

function containerOf(file: SourceFile, name: TypedNode<'identifier'>): Node | undefined {
  const [binding, ...others] = file.bindings(name);
  if (!binding?.value || others.length > 0 || !file.moduleBindings(name.text).includes(binding)) return undefined;
  const { value } = binding;
  if (value.is('dictionary', 'list', 'set')) return value;
  if (!value.is('call') || argumentsOf(value).keywords.size > 0) return undefined;
  const maker = file.qualified(value.field('function')) ?? '';
  if (!containers.has(maker)) return undefined;
  return value;
}

const containers = new Set([
  'builtins.dict',
  'builtins.list',
  'builtins.set',
  'collections.defaultdict',
  'collections.OrderedDict',
  'collections.deque',
  'collections.Counter',
]);

const mutators = new Set(
  'add append appendleft clear discard extend insert pop popitem popleft remove setdefault update'.split(' '),
);
