import { z } from 'zod';
import {
  aliasedType,
  anyNames,
  argumentsIn,
  baseName,
  defineRule,
  dependsCall,
  fitsPattern,
  isMigration,
  isTestFile,
  type Node,
  parametersOf,
  py,
  qualifiedType,
  readType,
  type SourceFile,
  type TypedNode,
  type TypeExpression,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR305',
  name: 'untyped-dict',
  family: 'types',
  severity: 'warning',
  standards: ['production', 'architecture', 'module', 'backend'],
  summary: 'A public function takes or returns a dictionary that says nothing about its content',
  advice: 'Use a Pydantic schema, or a dictionary with a precise value type',
  why: 'With `dict[str, Any]` the signature says that there are keys and keeps to itself which. Nobody validates them, a misspelt key is found in production, and the API documents an object without properties. A schema names the fields, checks them and documents them.',
  fix: 'none',
  requirements: [
    '000-007',
    '000-040',
    '000-041',
    '000-042',
    '000-073',
    '001-006',
    '003-031',
    '003-039',
    '003-049',
    '003-053',
    '004-059',
    '004-075',
  ],
  peers: [],
  options: z.strictObject({
    moduleContract: z
      .array(z.string())
      .default(['contribute_to_synthesis', 'default_config', 'get_profile', 'extract_insights'])
      .meta({
        description: 'Methods of a subclass of `BaseModule` whose dictionaries the contract of modules prescribes.',
      }),
    ignoreParameters: z
      .array(z.string())
      .default(['event_dict'])
      .meta({ description: 'Names of parameters whose type another library fixes; `*` stands for anything.' }),
  }),
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from typing import Any, Mapping

        def calculate(data: dict[str, Any], options: Mapping) -> dict:
        #   ^^^^^^^^^ GR305 none: \`calculate\` takes \`dict[str, Any]\` as \`data\`, takes \`Mapping\` as \`options\` and returns \`dict\`; use schemas that name the fields.
            return dict(data, **options)
      `,
    },
    {
      bad: py`
        import typing as t
        from typing import Any, Dict, List, Optional

        Payload = Dict[str, Any]

        class UserService:
            async def load(self, ids: list[int]) -> Optional[List[Dict]]:
            #         ^^^^ GR305 none: \`load\` returns \`Dict\`; use a schema that names the fields.
                return None

            def store(self, payload: "Payload", extra: dict[str, dict[str, t.Any]] | None = None) -> None:
            #   ^^^^^ GR305 none: \`store\` takes \`Payload\` as \`payload\` and takes \`dict[str, t.Any]\` as \`extra\`; use schemas that name the fields.
                keep(payload, extra)

        @router.get("/users")
        async def users() -> dict[str, Any]:
        #         ^^^^^ GR305 none: \`users\` returns \`dict[str, Any]\`; use a schema that names the fields.
            return {}
      `,
    },
    {
      ok: py`
        from collections.abc import Callable, Mapping
        from pydantic import JsonValue

        def count(words: dict[str, int], config: dict[str, JsonValue], by: Mapping[str, list[str]]) -> dict[int, str]:
            return {}

        def run(handler: Callable[[dict], dict], kinds: type[dict], **options: dict) -> Result:
            return handler(options)

        def scan(rows: "dict[str, int]", dict: object) -> TypedRow:
            return TypedRow(rows)
      `,
    },
    {
      ok: py`
        from typing import Annotated, Any

        from fastapi import Depends
        from pydantic import BaseModel, model_validator

        @router.get("/me")
        async def me(
            user: Annotated[dict, Depends(get_current_user)], admin: dict[str, Any] = Depends(get_admin)
        ) -> User:
            return User(**user)

        class User(BaseModel):
            class Config:
                @staticmethod
                def schema_extra(schema: dict[str, Any]) -> None:
                    schema.pop("title", None)

            @model_validator(mode="before")
            @classmethod
            def fill(cls, data: dict[str, Any]) -> dict[str, Any]:
                return data

            def model_dump(self, **options: Any) -> dict[str, Any]:
                return {}

        def _internal(row: dict[str, Any]) -> dict[str, Any]:
            def inner(row: dict) -> dict:
                return row
            return inner(row)
      `,
    },
    {
      ok: py`
        from typing import Any, Dict, List
        from uuid import UUID

        from app.modules.base import BaseModule

        class NumerologyModule(BaseModule):
            async def contribute_to_synthesis(self, user_id: UUID) -> Dict[str, Any]:
                return {}

            def extract_insights(self, profile: Dict) -> List[str]:
                return []

            def default_config(self) -> Dict[str, Any]:
                return {}
      `,
    },
    {
      path: 'app/modules/numerology/service.py',
      bad: py`
        from typing import Any, Dict

        async def calculate_number(name: str, config: Dict[str, Any]) -> Dict[str, Any]:
        #         ^^^^^^^^^^^^^^^^ GR305 none: \`calculate_number\` returns \`Dict[str, Any]\`; use a schema that names the fields.
            return {"value": config.get("threshold", 10)}
      `,
    },
    {
      path: 'tests/test_users.py',
      ok: py`
        def payload() -> dict:
            return {}
      `,
    },
    {
      ok: py`
        import json
        from typing import Any

        from sqlalchemy.types import TypeDecorator

        class Money(TypeDecorator):
            def process_bind_param(self, value: dict[str, Any], dialect: Dialect) -> str:
                return json.dumps(value)
      `,
    },
  ],
  on: {
    function_definition(definition, file, options) {
      const name = definition.field('name');
      if (name.text.startsWith('_') || !mayNameDict(header(definition))) return undefined;
      if (file.enclosingFunction(definition) || isMigration(file)) return undefined;
      const returns = definition.field('return_type');
      const found: string[] = [];
      for (const parameter of parametersOf(definition)) {
        const { annotation } = parameter;
        if (!annotation || isInjected(file, annotation, parameter.default)) continue;
        if (fitsPattern(parameter.name, options.ignoreParameters)) continue;
        if (parameter.name === 'config' && isModuleService(file)) continue;
        const type = untyped(file, readType(file, annotation));
        if (type) found.push(`takes \`${written(file, type)}\` as \`${parameter.name}\``);
      }
      const result = returns && untyped(file, readType(file, returns));
      if (result) found.push(`returns \`${written(file, result)}\``);
      if (found.length === 0 || isFixedElsewhere(file, definition, options.moduleContract)) return undefined;
      const joined = found.length > 1 ? `${found.slice(0, -1).join(', ')} and ${found.at(-1)}` : found[0];
      const advice = found.length > 1 ? 'schemas that name' : 'a schema that names';
      return { at: name, message: `\`${name.text}\` ${joined}; use ${advice} the fields.` };
    },
  },
});

/** The first test is the cheaper one. */
function mayNameDict(text: string): boolean {
  return /[A-Z]|dict/.test(text) && /\b(?:\w*[dD]ict|\w*Mapping|[A-Z]\w*)\b/.test(text);
}

function header(definition: TypedNode<'function_definition'>): string {
  const returns = definition.field('return_type');
  return `${definition.field('parameters').text} ${returns?.text ?? ''}`;
}

const typing = (names: readonly string[]): string[] =>
  names.flatMap((name) => [`typing.${name}`, `typing_extensions.${name}`, `collections.abc.${name}`]);
const dictionaries = new Set([
  'builtins.dict',
  'collections.OrderedDict',
  'collections.defaultdict',
  ...typing(['Dict', 'Mapping', 'MutableMapping', 'OrderedDict', 'DefaultDict']),
]);
/** Containers whose items are what the function takes or returns. */
const containers = new Set([
  'builtins.list',
  'builtins.tuple',
  'builtins.set',
  'builtins.frozenset',
  ...typing(['List', 'Tuple', 'Sequence', 'MutableSequence', 'Iterable', 'Iterator', 'Collection', 'Generator']),
  ...typing(['AsyncIterable', 'AsyncIterator', 'AsyncGenerator', 'Awaitable', 'Coroutine']),
  ...typing(['Optional', 'Union', 'Annotated']),
]);

/** The dictionary without content in a type; undefined when there is none. */
function untyped(file: SourceFile, type: TypeExpression, seen: readonly string[] = []): TypeExpression | undefined {
  switch (type.kind) {
    case 'name': {
      if (dictionaries.has(qualifiedType(file, type) ?? '')) return type;
      const alias = seen.includes(type.name) ? undefined : aliasedType(file, type);
      return alias && untyped(file, alias, [...seen, type.name]) ? type : undefined;
    }
    case 'generic': {
      const base = qualifiedType(file, type.base) ?? '';
      if (dictionaries.has(base)) {
        const value = type.arguments.at(-1);
        if (!value || type.arguments.length < 2) return undefined;
        if (anyNames.has(qualifiedType(file, value) ?? '')) return type;
        return untyped(file, value, seen);
      }
      return containers.has(base) ? firstOf(type.arguments) : undefined;
    }
    case 'union':
      return firstOf(type.members);
    default:
      return undefined;
  }
  function firstOf(parts: readonly TypeExpression[]): TypeExpression | undefined {
    for (const part of parts) {
      const found = untyped(file, part, seen);
      if (found) return found;
    }
    return undefined;
  }
}

function written(file: SourceFile, type: TypeExpression): string {
  return file.slice(type.start, type.end).replace(/\s+/g, ' ');
}

/** A dependency fills the parameter: what it returns is its own matter. */
function isInjected(file: SourceFile, annotation: Node, initial: Node | undefined): boolean {
  if (dependsCall(file, initial)) return true;
  if (!annotation.text.includes('(')) return false;
  return annotation.below('call').some((call) => dependsCall(file, call) !== undefined);
}

/** The pattern of module services takes the configuration as the database holds it; GR832 speaks of its type. */
function isModuleService(file: SourceFile): boolean {
  return baseName(file) === 'service.py' && /(^|\/)modules\/[^/]+\/service\.py$/.test(file.path);
}

/** Decorators that fix what a function takes and returns. */
const fixing =
  /^(?:pydantic(?:\.\w+)*\.(?:model_validator|root_validator|validator|field_validator|model_serializer|field_serializer|computed_field)|sqlalchemy\..*|typing\.overload|typing\.override|typing_extensions\.override|pytest\..*|celery\..*)$/;

/** Ancestors that define no method which takes or returns dictionaries, beside `model_…`. */
const plain =
  /^(?:pydantic|pydantic_settings|sqlmodel|abc|enum|typing|typing_extensions|builtins|dataclasses|<module>)\./;
const pydanticMethods = /^(?:model_\w+|dict|json|copy|schema|construct|settings_customise_sources)$/;

/** Whether somebody else decides the signature: a decorator, a base class from elsewhere, the contract of modules. */
function isFixedElsewhere(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  contract: readonly string[],
): boolean {
  const name = definition.field('name').text;
  const decided = file.decorators(definition).some((decorator) => {
    const expression = decorator.is('call') ? decorator.field('function') : decorator;
    return fixing.test(file.qualified(expression) ?? '');
  });
  if (decided) return true;
  const owner = file.enclosingClass(definition);
  if (!owner) return false;
  // Pydantic calls what stands in a `Config`.
  if (owner.field('name').text.startsWith('_') || (owner.field('name').text === 'Config' && file.enclosingClass(owner)))
    return true;
  const bases = file.bases(owner);
  const written = owner.field('superclasses');
  const positional = written ? argumentsIn(written).positional : [];
  if (bases.some((base) => base?.endsWith('.BaseModule')) && contract.includes(name)) return true;
  if (bases.some((base) => base?.startsWith('pydantic') || base?.startsWith('sqlmodel')) && pydanticMethods.test(name))
    return true;
  if (positional.length > 0 && bases.includes(undefined)) return true;
  return bases.some((base) => base !== undefined && !plain.test(base) && !isOfWorkspace(file, base));
}

/** A base that the team wrote itself can be changed with its method: one imported relatively, or from the file's own package. */
function isOfWorkspace(file: SourceFile, name: string): boolean {
  if (name.startsWith('.')) return true;
  const folders = file.path.split('/').slice(0, -1);
  const [root = ''] = name.split('.');
  return folders.includes(root);
}
