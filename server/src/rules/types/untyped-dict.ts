import { z } from 'zod';
import {
  aliasedType,
  annotatedClass,
  anyNames,
  argumentsIn,
  baseName,
  defineRule,
  dependsCall,
  fitsPattern,
  isLabel,
  isMigration,
  isTestFile,
  madeBy,
  makerOf,
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
            #         ^^^^ GR305 none: \`load\` returns \`Optional[List[Dict]]\`; use a schema that names the fields.
                return None

            def store(self, payload: "Payload", extra: dict[str, dict[str, t.Any]] | None = None) -> None:
            #   ^^^^^ GR305 none: \`store\` takes \`Payload\` as \`payload\` and takes \`dict[str, dict[str, t.Any]] | None\` as \`extra\`; use schemas that name the fields.
                keep(payload, extra)

        @router.get("/users")
        async def users() -> dict[str, Any]:
        #         ^^^^^ GR305 none: \`users\` returns \`dict[str, Any]\`; use a schema that names the fields.
            return {}
      `,
    },
    {
      // A key of the module's own, a template that is no Jinja's, an argument of the project's own middleware.
      bad: py`
        from slack_bolt import Ack

        from app.bolt import app

        KEY = "name"

        def read_name(values: dict[str, str], row: dict) -> str:
        #   ^^^^^^^^^ GR305 none: \`read_name\` takes \`dict\` as \`row\`; use a schema that names the fields.
            return values[KEY] + row[KEY]

        def show(context: dict) -> str:
        #   ^^^^ GR305 none
            return page.render(context)

        @app.view("report")
        def report(ack: Ack, body: dict, form_data: dict) -> None:
        #   ^^^^^^ GR305 none: \`report\` takes \`dict\` as \`form_data\`; use a schema that names the fields.
            ack()

        def report_later(ack: Ack, body: dict) -> None:
        #   ^^^^^^^^^^^^ GR305 none
            ack()
      `,
    },
    {
      // Keys that differ from call to call, and the arguments of Slack Bolt's listeners.
      ok: py`
        from typing import Any

        from fastapi.templating import Jinja2Templates
        from jinja2 import Environment, Template
        from slack_bolt import App

        app = App()
        environment = Environment()
        pages = Jinja2Templates("pages")

        def text_of(values: dict, key: str) -> str | None:
            value = values.get(key)
            return None if value is None else str(value)

        def pick(values: dict[str, Any], keys: list[str]) -> list[str]:
            return [str(values[key]) for key in keys if key in values]

        def render_mail(text: str, context: dict[str, Any]) -> str:
            return Template(text).render(context)

        def render_page(name: str, context: dict[str, Any]) -> str:
            template = environment.get_template(name)
            return template.render(**context)

        def answer(request: Request, name: str, context: dict[str, Any]) -> Response:
            return pages.TemplateResponse(request, name, context=context)

        @app.action("approve")
        def approve(body: dict, ack) -> None:
            ack(body["actions"])
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
        const { annotation, name } = parameter;
        if (!annotation || isInjected(file, annotation, parameter.default)) continue;
        if (fitsPattern(name, options.ignoreParameters)) continue;
        if (name === 'config' && isModuleService(file)) continue;
        const type = readType(file, annotation);
        if (!untyped(file, type) || hasOtherKeysEachTime(file, definition, name)) continue;
        if (listenerArguments.has(name) && isListener(file, definition)) continue;
        found.push(`takes \`${written(file, type)}\` as \`${name}\``);
      }
      const result = returns && readType(file, returns);
      if (result && untyped(file, result)) found.push(`returns \`${written(file, result)}\``);
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

/**
 * Whether all that a function does with a parameter is to read the key that it is asked for, or to fill a template of Jinja with
 * it. No schema can name such keys.
 */
function hasOtherKeysEachTime(file: SourceFile, definition: TypedNode<'function_definition'>, name: string): boolean {
  const uses = definition
    .field('body')
    .below('identifier')
    .filter((use) => use.text === name && !isLabel(use));
  return uses.length > 0 && uses.every((use) => isReadByVariable(file, use) || isRendered(file, use));
}

/** `values[key]`, `values.get(key)` and `key in values`, where `key` is a parameter or goes through a loop. */
function isReadByVariable(file: SourceFile, use: Node): boolean {
  const { parent } = use;
  if (parent?.is('subscript')) {
    if (!use.isField('value') || parent.isField('left')) return false;
    return parent.fields('subscript').every((key) => isVariable(file, key));
  }
  if (parent?.is('comparison_operator')) {
    const [key, values, ...others] = parent.namedChildren;
    const operators = parent.fields('operators').map((operator) => operator.text);
    if (!key || values !== use || others.length > 0) return false;
    return operators.every((operator) => /^(?:not\s+)?in$/.test(operator)) && isVariable(file, key);
  }
  const call = parent?.parent;
  if (!parent?.is('attribute') || parent.field('attribute').text !== 'get' || !call?.is('call')) return false;
  const [key] = argumentsIn(call.field('arguments')).positional;
  return key !== undefined && parent.isField('function') && isVariable(file, key);
}

function isVariable(file: SourceFile, key: Node): boolean {
  const kind = key.is('identifier') ? file.binding(key)?.kind : undefined;
  return kind === 'parameter' || kind === 'loop';
}

/** Whether a value is handed to a template of Jinja. */
function isRendered(file: SourceFile, use: Node): boolean {
  const argument = use.parent?.is('dictionary_splat', 'keyword_argument') ? use.parent : use;
  const call = argument.parent?.is('argument_list') ? argument.parent.parent : undefined;
  const method = call?.is('call') ? call.field('function') : undefined;
  if (!method?.is('attribute')) return false;
  const object = method.field('object');
  switch (method.field('attribute').text) {
    case 'render':
    case 'render_async':
      return isTemplate(file, object);
    case 'TemplateResponse':
      return templating.has(madeBy(file, object) ?? '');
    default:
      return false;
  }
}

function isTemplate(file: SourceFile, object: Node): boolean {
  const maker = makerOf(file, object);
  if (!maker) return false;
  if (templates.has(file.qualified(maker) ?? '')) return true;
  if (!maker.is('attribute') || !findingMethods.has(maker.field('attribute').text)) return false;
  return templating.has(madeBy(file, maker.field('object')) ?? '');
}

const templates = new Set(['jinja2.Template', 'jinja2.environment.Template']);
const findingMethods = new Set(['get_template', 'select_template', 'get_or_select_template', 'from_string']);
const templating = new Set([
  'jinja2.Environment',
  'jinja2.environment.Environment',
  'jinja2.sandbox.SandboxedEnvironment',
  'fastapi.templating.Jinja2Templates',
  'starlette.templating.Jinja2Templates',
]);

/** The arguments that Slack Bolt gives a listener by their names, as far as they are dictionaries. */
const listenerArguments = new Set([
  'action',
  'body',
  'command',
  'event',
  'message',
  'options',
  'payload',
  'shortcut',
  'step',
  'view',
]);

/** Whether Slack Bolt calls a function: an application of its own decorates it, or something that takes Bolt's objects beside. */
function isListener(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  const decorators = file.decorators(definition);
  if (decorators.length === 0) return false;
  const isOfBolt = (name: string | undefined): boolean => name?.startsWith('slack_bolt.') === true;
  return (
    decorators.some((decorator) => {
      const expression = decorator.is('call') ? decorator.field('function') : decorator;
      return expression.is('attribute') && isOfBolt(madeBy(file, expression.field('object')));
    }) ||
    parametersOf(definition).some(({ annotation }) => {
      const named = annotation && annotatedClass(file, annotation);
      return isOfBolt(named && file.qualified(named));
    })
  );
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
