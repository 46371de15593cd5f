import { z } from 'zod';
import {
  aliasedType,
  ancestry,
  defineRule,
  fitsPattern,
  isAsync,
  isFullyKnown,
  modulePart,
  moduleRootsOption,
  parametersOf,
  py,
  qualifiedType,
  readType,
  type SourceFile,
  schemaBase,
  type TypedNode,
  type TypeExpression,
  valueType,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR832',
  name: 'service-signature',
  family: 'structure',
  severity: 'information',
  standards: ['module'],
  summary: 'A module’s service function that is not async, takes no typed config, or returns no schema',
  advice: 'Write it as `async def calculate_…(source, config: …) -> …Data`; make a mere helper private',
  why: 'A module awaits its calculations, hands them the configuration that the database holds and passes their results on as schemas. A function with another shape has its tunables written into it, blocks when it later needs to wait, or returns a dictionary that every caller has to know by heart.',
  fix: 'none',
  requirements: ['003-038'],
  peers: [],
  options: z.strictObject({
    roots: moduleRootsOption,
    parameters: z
      .array(z.string())
      .default(['config', '*_config', 'settings'])
      .meta({ description: 'Names of the parameter that takes the configuration; `*` stands for anything.' }),
  }),
  applies: (file, { roots }) => modulePart(file, 'service', roots) !== undefined,
  examples: [
    {
      bad: py`
        from .schemas import OrbitData, OrbitInput


        def calculate_orbit(source, config) -> dict[str, float]:
        #   ^^^^^^^^^^^^^^^ GR832 none: \`calculate_orbit\` is not async, takes no typed \`config\` and returns no schema; a module’s service function does all three.
            return {"angle": 1.0}


        async def calculate_phase(source: OrbitInput) -> OrbitData:
        #         ^^^^^^^^^^^^^^^ GR832 none: \`calculate_phase\` takes no typed \`config\`; a module’s service function does.
            return OrbitData(angle=1.0)


        async def angles_of(source: OrbitInput, config: dict[str, float]) -> list[float] | None:
        #         ^^^^^^^^^ GR832 none: \`angles_of\` returns no schema; a module’s service function does.
            return [1.0]


        def shift(source: OrbitInput, config: dict[str, float]) -> OrbitData:
        #   ^^^^^ GR832 none: \`shift\` is not async; a module’s service function is.
            return OrbitData(angle=source.angle)
      `,
      path: 'app/modules/calculation/orbit/service.py',
    },
    {
      bad: py`
        from dataclasses import dataclass
        from typing import Any, TypedDict


        class Angles(TypedDict):
            angle: float


        @dataclass
        class Pair:
            left: float


        Values = dict[str, Any]


        async def a(config: OrbitConfig) -> Angles: ...
        #         ^ GR832 none
        async def b(config: OrbitConfig) -> "Pair": ...
        #         ^ GR832 none
        async def c(config: OrbitConfig) -> Values: ...
        #         ^ GR832 none
        async def d(config: OrbitConfig) -> list[bytes]: ...
        #         ^ GR832 none
        async def e(config: OrbitConfig): ...
        #         ^ GR832 none
        async def f(config: OrbitConfig) -> None: ...
        #         ^ GR832 none
      `,
      path: 'app/modules/calculation/orbit/service.py',
    },
    {
      ok: py`
        from collections.abc import AsyncIterator
        from typing import Annotated, Optional

        from pydantic import BaseModel
        from pydantic.dataclasses import dataclass

        from . import models
        from .schemas import ConfigValue, OrbitConfig, OrbitData, OrbitInput
        from .types import Result


        class Span(BaseModel):
            start: float


        @dataclass
        class Pair:
            left: float


        async def calculate_orbit(source: OrbitInput, config: dict[str, ConfigValue]) -> OrbitData: ...


        async def calculate_span(source: OrbitInput, orbit_config: OrbitConfig) -> Span | None: ...


        async def calculate_all(source: OrbitInput, *, limits: OrbitConfig) -> dict[str, list[OrbitData]]: ...


        async def calculate_pair(source: OrbitInput, settings: OrbitConfig) -> Optional["Pair"]: ...


        async def calculate_steps(config: OrbitConfig) -> AsyncIterator[Span]: ...


        async def calculate_other(**options: float) -> Result: ...


        async def calculate_row(config: OrbitConfig) -> list[models.OrbitSummary]: ...


        def _half(angle: float) -> float:
            def inner(x):
                return x / 2

            return inner(angle)


        class Cache:
            def get(self, key: str) -> float: ...


        def get_orbit_service() -> "OrbitService": ...
      `,
      path: 'app/modules/calculation/orbit/service.py',
    },
    {
      ok: py`
        def total(prices):
            return sum(prices)
      `,
      path: 'app/services/orders/service.py',
    },
    {
      ok: py`
        def degrees(angle: float) -> float:
            return angle % 360
      `,
      path: 'app/modules/calculation/orbit/brain/calculator.py',
    },
  ],
  on: {
    function_definition(definition, file, { parameters }) {
      const name = definition.field('name');
      if (name.text.startsWith('_') || file.enclosingFunction(definition) || file.enclosingClass(definition))
        return undefined;
      if (file.decorators(definition).some((decorator) => overloads.has(file.qualified(decorator) ?? '')))
        return undefined;
      // Who provides the service itself, as a dependency of FastAPI, calculates nothing.
      if (/Service\W*$/.test(definition.field('return_type')?.text ?? '')) return undefined;
      const lacks: string[] = [];
      if (!isAsync(definition)) lacks.push('is not async');
      if (!takesConfig(definition, parameters)) lacks.push('takes no typed `config`');
      if (!mayReturnSchema(file, definition)) lacks.push('returns no schema');
      if (lacks.length === 0) return undefined;
      const verb =
        lacks.length === 3 ? 'does all three' : lacks.length === 2 ? 'does both' : isAsync(definition) ? 'does' : 'is';
      return {
        at: name,
        message: `\`${name.text}\` ${[lacks.slice(0, -1).join(', '), lacks.at(-1)].filter((part) => part).join(' and ')}; a module’s service function ${verb}.`,
      };
    },
  },
});

const overloads = new Set(['typing.overload', 'typing_extensions.overload']);

/** An annotated parameter by the name or the type of a configuration; `**kwargs` may hold one. */
function takesConfig(definition: TypedNode<'function_definition'>, names: readonly string[]): boolean {
  if (definition.field('parameters').below('dictionary_splat_pattern').length > 0) return true;
  return parametersOf(definition).some(
    ({ name, annotation }) =>
      annotation !== undefined &&
      (fitsPattern(name, names) || /(?:Config|Configuration|Settings)\W*$/.test(annotation.text)),
  );
}

function mayReturnSchema(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  const type = definition.field('return_type');
  return type !== undefined && mayBeSchema(file, readType(file, type));
}

/** False only where the type is known to hold no schema: builtins, the standard library, tables, plain classes of the file. */
function mayBeSchema(file: SourceFile, expression: TypeExpression, depth = 0): boolean {
  const type = valueType(file, expression);
  if (depth > 6) return true;
  switch (type.kind) {
    case 'none':
      return false;
    case 'union':
      return type.members.some((member) => mayBeSchema(file, member, depth + 1));
    case 'generic': {
      const base = qualifiedType(file, type.base);
      if (base !== undefined && containers.test(base))
        return type.arguments.some((argument) => mayBeSchema(file, argument, depth + 1));
      return mayBeSchema(file, type.base, depth + 1);
    }
    case 'name': {
      const alias = aliasedType(file, type);
      if (alias) return mayBeSchema(file, alias, depth + 1);
      const name = qualifiedType(file, type);
      const binding = type.name.includes('.') ? undefined : file.binding(type.anchor, type.name);
      if (binding?.kind === 'class' && binding.by.is('class_definition')) return mayBeOwnSchema(file, binding.by);
      return name === undefined || !plain.test(name);
    }
    default:
      return type.kind === 'list' || type.kind === 'other';
  }
}

function mayBeOwnSchema(file: SourceFile, definition: TypedNode<'class_definition'>): boolean {
  const family = ancestry(file, definition);
  if (schemaBase(family)) return true;
  const isPydantic = file
    .decorators(definition)
    .some((one) => /^pydantic\./.test(file.qualified(one.is('call') ? one.field('function') : one) ?? ''));
  return isPydantic || !(isFullyKnown(family) || family.foreign.some((name) => plain.test(name)));
}

/** Types that say nothing of what they hold: that is in their arguments. */
const containers =
  /^builtins\.(?:dict|list|tuple|set|frozenset|type)$|^(?:typing|typing_extensions|collections|collections\.abc)\.\w+$/;

const plain =
  /^(?:builtins|typing|typing_extensions|collections|datetime|decimal|fractions|uuid|enum|pathlib|numpy|pandas|dataclasses)\.|^pydantic\.(?:JsonValue|Json)$/;
