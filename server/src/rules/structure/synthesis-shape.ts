import { z } from 'zod';
import {
  appended,
  argumentsOf,
  defineRule,
  type Edit,
  type Fix,
  isAsync,
  isModuleClass,
  modulePart,
  moduleRootsOption,
  type Node,
  parametersOf,
  py,
  type SourceFile,
  startsLine,
  stringValue,
  type TypedNode,
  trace,
} from '../../engine/index.ts';

const required = ['module', 'layer', 'data', 'insights', 'metadata'] as const;
type Key = (typeof required)[number];

export default defineRule({
  code: 'GR809',
  name: 'synthesis-shape',
  family: 'structure',
  severity: 'warning',
  standards: ['module'],
  summary: '`contribute_to_synthesis` returns something else than module, layer, data, insights and metadata',
  advice: 'Return the five keys, with the profile as `data` and a `confidence` in `metadata`',
  why: 'The master synthesis reads the contributions of all modules in one loop: whose it is, what was found, the insights in words and how far they can be trusted. A contribution without one of these is left out or breaks the loop for all, and without a confidence a guess weighs as much as a measurement.',
  fix: 'unsafe',
  fixSafety: 'The synthesis gets values that nobody has looked at yet: a confidence of 1.0, a profile calculated anew.',
  requirements: ['003-025', '003-026', '003-027'],
  peers: [],
  options: z.strictObject({ roots: moduleRootsOption }),
  mentions: ['contribute_to_synthesis'],
  examples: [
    {
      bad: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                profile = await self.get_profile(user_id)
                return {
        #       ^^^^^^^~4 GR809 unsafe: The synthesis contribution lacks \`layer\` and \`insights\`, and its \`metadata\` lacks \`confidence\`; return all five keys.
                    "module": self.name,
                    "data": profile.model_dump(),
                    "metadata": {"source": "ephemeris"},
                }
      `,
      good: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                profile = await self.get_profile(user_id)
                return {
                    "module": self.name,
                    "data": profile.model_dump(),
                    "metadata": {"source": "ephemeris", "confidence": 1.0},
                    "layer": self.layer,
                    "insights": self.extract_insights(profile),
                }
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      bad: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                # Nothing is known yet.
                return {}
        #       ^^^^^^^^^ GR809 unsafe: The synthesis contribution lacks \`module\`, \`layer\`, \`data\`, \`insights\` and \`metadata\`; return all five keys.


        class PhaseModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                if user_id is None:
                    return None
        #           ^^^^^^^^^^^ GR809 none: \`contribute_to_synthesis\` returns \`None\`; return a dict with module, layer, data, insights and metadata.
                phase = await calculate_phase(user_id, self.config)
                return {"module": self.name, "layer": self.layer, "data": phase.model_dump(), "insights": [], "metadata": {"confidence": 0.5}}
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR809 none: The synthesis contribution takes its \`data\` from elsewhere than \`get_profile\`; start from the profile.
      `,
      good: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                # Nothing is known yet.
                profile = await self.get_profile(user_id)
                return {"module": self.name, "layer": self.layer, "data": profile, "insights": self.extract_insights(profile), "metadata": {"confidence": 1.0}}


        class PhaseModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                if user_id is None:
                    return None
                phase = await calculate_phase(user_id, self.config)
                return {"module": self.name, "layer": self.layer, "data": phase.model_dump(), "insights": [], "metadata": {"confidence": 0.5}}
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      bad: py`
        class OrbitModule:
            async def contribute_to_synthesis(self, user_id):
                result = dict(module=self.name, layer=self.layer, insights=[])
                result["metadata"] = {}
                return result
        #       ^^^^^^^^^^^^^ GR809 unsafe: The synthesis contribution lacks \`data\`, and its \`metadata\` lacks \`confidence\`; return all five keys.
      `,
      good: py`
        class OrbitModule:
            async def contribute_to_synthesis(self, user_id):
                profile = await self.get_profile(user_id)
                result = dict(module=self.name, layer=self.layer, insights=[], data=profile)
                result["metadata"] = {"confidence": 1.0}
                return result
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      ok: py`
        from app.modules.base import BaseModule


        class OrbitModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                profile = await self.get_profile(user_id)
                metadata = {"confidence": 0.8}
                if not profile:
                    return self.empty_contribution()
                if profile.is_old:
                    return {**self.header(), "data": profile, "insights": [], "metadata": metadata}
                data = profile.model_dump(mode="json")
                found = {"module": self.name, "layer": self.layer, "data": data, "insights": []}
                found["metadata"] = {**metadata}

                def shown() -> dict[str, str]:
                    return {"module": "x"}

                return found


        class PhaseModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> Contribution:
                data, insights = await self.read(user_id)
                if not data:
                    return Contribution(module=self.name)
                return {
                    "module": self.name,
                    "layer": self.layer,
                    "data": data,
                    "insights": insights,
                    "metadata": self.metadata(),
                }


        class MoonModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
                result = {"module": self.name}
                result.update(await self.rest(user_id))
                return result
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      ok: py`
        class Synthesis:
            async def contribute_to_synthesis(self, user_id):
                return {}


        async def contribute_to_synthesis(user_id):
            return {}
      `,
      path: 'app/synthesis/master.py',
    },
    {
      ok: py`
        from abc import abstractmethod


        class CycleModule(BaseModule):
            @abstractmethod
            async def contribute_to_synthesis(self, user_id):
                return {}

            async def get_profile(self, user_id):
                return {}
      `,
      path: 'app/modules/calculation/cycle/module.py',
    },
  ],
  on: {
    return_statement(statement, file, { roots }) {
      const owner = file.enclosingFunction(statement);
      if (!owner?.is('function_definition') || owner.field('name').text !== 'contribute_to_synthesis') return undefined;
      if (file.enclosingFunction(owner)) return undefined;
      const definition = file.enclosingClass(owner);
      if (!definition || !(modulePart(file, 'module', roots) || isModuleClass(file, definition, roots)))
        return undefined;
      if (file.decorators(owner).some((decorator) => decorator.text.endsWith('abstractmethod'))) return undefined;
      const value = statement.firstNamed;
      if (!value || value.is('none', 'list', 'tuple', 'string', 'true', 'false', 'integer', 'float'))
        return {
          at: statement,
          message: `\`contribute_to_synthesis\` returns ${value && value.text.length < 30 ? `\`${value.text}\`` : value ? 'no dict' : 'nothing'}; return a dict with module, layer, data, insights and metadata.`,
        };
      const contribution = readContribution(file, owner, value);
      if (!contribution) return undefined;
      const faults = faultsOf(file, owner, contribution);
      if (faults.told.length === 0) return undefined;
      return {
        at: statement,
        message: `The synthesis contribution ${faults.told.join(', and ')}; ${hasOnlyOtherData(faults) ? 'start from the profile' : 'return all five keys'}.`,
        fix: () => adding(file, owner, statement, contribution, faults),
      };
    },
  },
});

/** What is returned: the literal it is made as, and the value of every key that it gets. */
interface Contribution {
  readonly literal: TypedNode<'dictionary'> | TypedNode<'call'>;
  readonly values: ReadonlyMap<string, Node>;
  /** Something is merged into it that nobody can see, so a missing key may come from there. */
  readonly isOpen: boolean;
}

interface Faults {
  readonly missing: readonly Key[];
  /** The metadata as written, where it lacks a confidence. */
  readonly unsure: TypedNode<'dictionary'> | undefined;
  readonly told: readonly string[];
}

/** Undefined where what is returned cannot be seen: another call, a parameter, several assignments. */
function readContribution(
  file: SourceFile,
  owner: TypedNode<'function_definition'>,
  value: Node,
): Contribution | undefined {
  const binding = value.is('identifier') ? file.binding(value) : undefined;
  if (value.is('identifier') && (!binding?.value || file.enclosingFunction(binding.node) !== owner)) return undefined;
  const literal = binding?.value ?? value;
  const values = new Map<string, Node>();
  let isOpen = false;
  if (literal.is('dictionary')) {
    for (const entry of literal.namedChildren) {
      const key = entry.is('pair') ? stringValue(entry.field('key')) : undefined;
      if (key !== undefined && entry.is('pair')) values.set(key, entry.field('value'));
      else isOpen = true;
    }
  } else if (literal.is('call') && file.qualified(literal.field('function')) === 'builtins.dict') {
    const given = argumentsOf(literal);
    for (const [key, keyword] of given.keywords) values.set(key, keyword.field('value'));
    isOpen = given.hasDoubleSplat || given.positional.length > 0;
  } else return undefined;
  if (!binding) return { literal, values, isOpen };
  for (const use of owner.field('body').below('identifier')) {
    if (use.text !== value.text || use === binding.node || use === value) continue;
    const subscript = use.parent;
    const assignment = subscript?.parent;
    const key = subscript?.is('subscript') ? stringValue(subscript.field('subscript')) : undefined;
    const isSet = assignment?.is('assignment') === true && subscript?.isField('left') === true;
    const given = isSet && assignment?.is('assignment') ? assignment.field('right') : undefined;
    if (key !== undefined && given) values.set(key, given);
    else if (!subscript?.is('subscript') || !use.isField('value') || isSet) isOpen = true;
  }
  return { literal, values, isOpen };
}

function faultsOf(file: SourceFile, owner: TypedNode<'function_definition'>, contribution: Contribution): Faults {
  const { values, isOpen } = contribution;
  const missing = isOpen ? [] : required.filter((key) => !values.has(key));
  const told: string[] = [];
  if (missing.length > 0) {
    const quoted = missing.map((key) => `\`${key}\``);
    told.push(`lacks ${[quoted.slice(0, -1).join(', '), quoted.at(-1)].filter((part) => part).join(' and ')}`);
  }
  const data = values.get('data');
  if (data && isFromElsewhere(file, owner, data)) told.push('takes its `data` from elsewhere than `get_profile`');
  const metadata = dictionaryOf(file, values.get('metadata'));
  const isUnsure = metadata?.namedChildren.every(
    (entry) => entry.is('pair') && !['confidence', undefined].includes(stringValue(entry.field('key'))),
  );
  if (isUnsure) told.push(`${told.length > 0 ? 'its `metadata` lacks' : 'has `metadata` without'} \`confidence\``);
  return { missing, unsure: isUnsure ? metadata : undefined, told };
}

function hasOnlyOtherData({ missing, unsure }: Faults): boolean {
  return missing.length === 0 && unsure === undefined;
}

function dictionaryOf(file: SourceFile, value: Node | undefined): TypedNode<'dictionary'> | undefined {
  if (!value) return undefined;
  if (value.is('dictionary')) return value;
  if (!value.is('identifier')) return undefined;
  const binding = file.binding(value);
  const made = binding?.value;
  if (!made?.is('dictionary') || file.enclosingFunction(made) !== file.enclosingFunction(value)) return undefined;
  // Whoever else has it may put a confidence in.
  const uses = file
    .enclosingFunction(value)
    ?.below('identifier')
    .filter((use) => use.text === value.text);
  return uses?.length === 2 ? made : undefined;
}

/**
 * Whether the data surely does not come from `get_profile`: nothing in the method asks for it, and what the data is made
 * of is neither the module's own doing nor handed the module.
 */
function isFromElsewhere(file: SourceFile, owner: TypedNode<'function_definition'>, data: Node): boolean {
  const body = owner.field('body');
  if (body.below('identifier').some((name) => name.text === 'get_profile')) return false;
  if (data.is('dictionary') && data.namedChildren.length === 0) return true;
  const origins = trace(file, data, { through: receiverOf });
  return origins.length > 0 && origins.every(({ node }) => isForeign(node));
}

/** `profile` of `profile.model_dump()`: what a method makes of a value comes from the value. */
function receiverOf(call: TypedNode<'call'>): readonly Node[] | undefined {
  const callee = call.field('function');
  if (!callee.is('attribute')) return undefined;
  const object = callee.field('object');
  return object.is('identifier') && object.text !== 'self' && object.text !== 'cls' ? [object] : undefined;
}

function isForeign(node: Node): boolean {
  if (node.is('dictionary', 'string', 'integer', 'float', 'none', 'true', 'false')) return true;
  if (!node.is('call') || !node.field('function').is('identifier')) return false;
  const { list } = argumentsOf(node);
  return !list.namedChildren.some((argument) => argument.is('identifier') && argument.text === 'self');
}

function adding(
  file: SourceFile,
  owner: TypedNode<'function_definition'>,
  statement: Node,
  contribution: Contribution,
  faults: Faults,
): Fix | undefined {
  const { missing, unsure } = faults;
  if (missing.length === 0 && !unsure) return undefined;
  const { literal } = contribution;
  const needsProfile = missing.includes('data') || missing.includes('insights');
  const known = needsProfile ? profileIn(file, owner, literal) : undefined;
  const user = parametersOf(owner)[1]?.name;
  const made = literal.parent?.is('assignment') ? literal.parent.parent : statement;
  if (needsProfile && !known && (!user || !isAsync(owner) || !made || !startsLine(made) || isUsed(owner, 'profile')))
    return undefined;
  const profile = known ?? 'profile';
  const texts = {
    module: 'self.name',
    layer: 'self.layer',
    data: profile,
    insights: `self.extract_insights(${profile})`,
    metadata: '{"confidence": 1.0}',
  };
  const edits: Edit[] = [];
  if (needsProfile && !known && made)
    edits.push({
      start: made.start,
      end: made.start,
      text: `profile = await self.get_profile(${user})${file.eol}${file.indentAt(made.start)}`,
    });
  const list = literal.is('call') ? literal.field('arguments') : literal;
  const last = list.namedChildren.at(-1);
  const separator = last && startsLine(last) ? `,${file.eol}${file.indentAt(last.start)}` : ', ';
  const entries = missing.map((key) => (literal.is('call') ? `${key}=${texts[key]}` : `"${key}": ${texts[key]}`));
  if (entries.length > 0) edits.push(...appended(list, entries.join(separator), file.eol));
  if (unsure) edits.push(...appended(unsure, '"confidence": 1.0', file.eol));
  const names = [...missing, ...(unsure ? ['confidence'] : [])].map((key) => `\`${key}\``);
  return {
    title: `Add ${[names.slice(0, -1).join(', '), names.at(-1)].filter((part) => part).join(' and ')}`,
    safety: 'unsafe',
    edits,
  };
}

/** The local name of what `get_profile` gave, where it surely has it before the contribution is made. */
function profileIn(file: SourceFile, owner: TypedNode<'function_definition'>, before: Node): string | undefined {
  for (const assignment of owner.field('body').below('assignment')) {
    const left = assignment.field('left');
    const right = assignment.field('right');
    const call = right?.is('await') ? right.firstNamed : undefined;
    if (!left.is('identifier') || !call?.is('call') || assignment.start > before.start) continue;
    if (call.field('function').text !== 'self.get_profile' || file.enclosingFunction(assignment) !== owner) continue;
    if (file.bindings(left).every((binding) => binding.node === left && !binding.conditional)) return left.text;
  }
  return undefined;
}

function isUsed(owner: TypedNode<'function_definition'>, name: string): boolean {
  return owner.below('identifier').some((use) => use.text === name);
}
