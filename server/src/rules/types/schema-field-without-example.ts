import { z } from 'zod';
import {
  ancestry,
  appended,
  argumentsOf,
  type CallArguments,
  defineRule,
  type Fix,
  fitsPattern,
  isMigration,
  isMigrationPath,
  isScript,
  isTestFile,
  joinInsertions,
  literalType,
  type Node,
  parametersOf,
  py,
  qualifiedType,
  readType,
  type SchemaField,
  type SourceFile,
  schemaBase,
  schemaField,
  spell,
  type TypedNode,
  type TypeExpression,
  valueType,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR311',
  name: 'schema-field-without-example',
  family: 'types',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A field of a request schema shows no example',
  advice: 'Add `Field(examples=[…])`',
  why: 'The documentation that FastAPI makes shows a request that can be tried out. Without examples it is filled with `"string"` and `0`, which the API then refuses, and readers learn nothing of the format that is meant.',
  fix: 'unsafe',
  fixSafety: 'The example is made from the type and the name of the field; write one that your API accepts.',
  requirements: ['004-283'],
  peers: [],
  options: z.strictObject({
    names: z
      .array(z.string())
      .default(['*Create', '*Update', '*Patch', '*Request', '*In', '*Input'])
      .meta({ description: 'Names of the schemas that describe requests; `*` stands for anything.' }),
  }),
  // Tests, migrations and tools have models of their own that no request is made of.
  applies: (file) => !isTestFile(file) && !isMigrationPath(file) && !isScript(file),
  mentions: ['pydantic', 'sqlmodel'],
  examples: [
    {
      bad: py`
        from uuid import UUID
        from pydantic import BaseModel, Field

        class UserCreate(BaseModel):
            name: str
            ^^^^ GR311 unsafe: Field \`name\` of \`UserCreate\` has no example; add \`Field(examples=["Name"])\`.
            age: int = Field(ge=18, le=99)
            ^^^ GR311 unsafe: Field \`age\` of \`UserCreate\` has no example; add \`Field(examples=[18])\`.
            active: bool = True
            ^^^^^^ GR311 unsafe
            team: UUID | None = None
            ^^^^ GR311 unsafe
            code: str = Field(pattern="^[A-Z]{3}$")
            ^^^^ GR311 none: Field \`code\` of \`UserCreate\` has no example; add \`Field(examples=[…])\`.
      `,
      good: py`
        from uuid import UUID
        from pydantic import BaseModel, Field

        class UserCreate(BaseModel):
            name: str = Field(examples=["Name"])
            age: int = Field(ge=18, le=99, examples=[18])
            active: bool = Field(default=True, examples=[True])
            team: UUID | None = Field(default=None, examples=["3fa85f64-5717-4562-b3fc-2c963f66afa6"])
            code: str = Field(pattern="^[A-Z]{3}$")
      `,
    },
    {
      bad: py`
        from datetime import date
        from typing import Annotated, Literal
        from pydantic import BaseModel, EmailStr

        class SearchRequest(BaseModel):
            email: EmailStr
            ^^^^^ GR311 unsafe
            tags: list[str] = []
            ^^^^ GR311 unsafe
            since: Annotated[date, "start"]
            ^^^^^ GR311 unsafe
            order: Literal["asc", "desc"] = "asc"
            ^^^^^ GR311 unsafe
            limits: dict[str, float]
            ^^^^^^ GR311 unsafe
      `,
      good: py`
        from datetime import date
        from typing import Annotated, Literal
        from pydantic import BaseModel, EmailStr, Field

        class SearchRequest(BaseModel):
            email: EmailStr = Field(examples=["user@example.com"])
            tags: list[str] = Field(default=[], examples=[["Tags"]])
            since: Annotated[date, "start"] = Field(examples=["2024-01-31"])
            order: Literal["asc", "desc"] = Field(default="asc", examples=["asc"])
            limits: dict[str, float] = Field(examples=[{"key": 1.5}])
      `,
    },
    {
      bad: py`
        from typing import Annotated
        from pydantic import BaseModel, Field

        class PageInput(BaseModel):
            size: Annotated[int, Field(gt=0)] = 10
            ^^^^ GR311 unsafe
      `,
      good: py`
        from typing import Annotated
        from pydantic import BaseModel, Field

        class PageInput(BaseModel):
            size: Annotated[int, Field(gt=0, examples=[10])] = 10
      `,
    },
    {
      ok: py`
        from typing import Annotated
        from pydantic import BaseModel, Field

        class UserCreate(BaseModel):
            name: str = Field(examples=["Ada"])
            age: Annotated[int, Field(examples=[36])]
            old: str = Field(json_schema_extra={"example": "x"})
            more: str = Field(**common)
            address: Address
            kind: Kind = Kind.PLAIN

        class User(BaseModel):
            name: str

        class UserRead(BaseModel):
            name: str
      `,
    },
    {
      // The route takes the form, and makes the schema of it.
      ok: py`
        from typing import Annotated
        from fastapi import Form
        from pydantic import BaseModel

        class LoginRequest(BaseModel):
            username: str
            password: str

        class LoginRequestForm:
            def __init__(self, username: str = Form(""), password: str = Form("")):
                self.username = username
                self.password = password

        class TokenRequest(BaseModel):
            code: str

        class TokenRequestForm:
            def __init__(self, code: Annotated[str, Form()]):
                self.code = code
      `,
    },
    {
      bad: py`
        from pydantic import BaseModel

        class TokenRequest(BaseModel):
            code: str
            ^^^^ GR311 unsafe

        class TokenRequestForm:
            def __init__(self, request: TokenRequest):
                self.request = request
      `,
      good: py`
        from pydantic import BaseModel, Field

        class TokenRequest(BaseModel):
            code: str = Field(examples=["Code"])

        class TokenRequestForm:
            def __init__(self, request: TokenRequest):
                self.request = request
      `,
    },
    {
      path: 'app/scripts/seed.py',
      ok: py`
        from pydantic import BaseModel

        class SeedRequest(BaseModel):
            name: str
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel, ConfigDict

        class UserCreate(BaseModel):
            model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ada"}]})
            name: str

        class UserUpdate(BaseModel):
            model_config = settings
            name: str

        class Create:
            name: str
      `,
    },
  ],
  on: {
    assignment(assignment, file, { names }) {
      const left = assignment.field('left');
      if (!assignment.field('type') || !left.is('identifier') || file.enclosingFunction(assignment)) return undefined;
      const owner = file.enclosingClass(assignment);
      if (!owner || !fitsPattern(owner.field('name').text, names) || isMigration(file)) return undefined;
      const field = schemaField(file, assignment);
      if (!field) return undefined;
      const calls = fieldCalls(file, field);
      if (calls.some(showsExample)) return undefined;
      const type = plainType(file, readType(file, field.annotation));
      if (!isReadable(file, type)) return undefined;
      const above = ancestry(file, owner);
      const base = schemaBase(above);
      if ((base !== 'BaseModel' && base !== 'SQLModel') || above.own.some((own) => mayShowExamples(file, own)))
        return undefined;
      if (comesByForm(file, owner.field('name').text)) return undefined;
      const example = base === 'BaseModel' ? exampleOf(file, field, type, calls) : undefined;
      return {
        at: left,
        message: `Field \`${field.name}\` of \`${owner.field('name').text}\` has no example; add \`Field(examples=[${example ?? '…'}])\`.`,
        fix: () => (example === undefined ? undefined : show(file, field, example)),
      };
    },
  },
});

/** Whether the configuration of a schema holds examples for the whole of it, or what it holds cannot be told. */
function mayShowExamples(file: SourceFile, definition: TypedNode<'class_definition'>): boolean {
  const configs = [...file.classBindings(definition, 'model_config'), ...file.classBindings(definition, 'Config')];
  return configs.some(({ by, value }) => {
    const stated = by.is('class_definition') ? by : value;
    if (!stated?.is('class_definition', 'call', 'dictionary')) return true;
    return stated.text.includes('schema_extra') || stated.below('dictionary_splat').length > 0;
  });
}

/** Whether another class of the file takes what a schema holds from a form: `LoginRequestForm` beside `LoginRequest`. */
function comesByForm(file: SourceFile, schema: string): boolean {
  const [form] = file.moduleBindings(`${schema}Form`);
  if (!form?.by.is('class_definition')) return false;
  const [maker] = file.classBindings(form.by, '__init__');
  if (!maker?.by.is('function_definition')) return false;
  return parametersOf(maker.by).some(({ annotation, default: value }) =>
    [value, ...(annotation?.below('call') ?? [])].some(
      (call) => call?.is('call') && formNames.has(file.qualified(call.field('function')) ?? ''),
    ),
  );
}

const formNames = new Set(['fastapi.Form', 'fastapi.param_functions.Form']);
const fieldNames = new Set(['pydantic.Field', 'pydantic.fields.Field', 'sqlmodel.Field']);

/** The calls of `Field` that describe a field: its value, and those in `Annotated`. */
function fieldCalls(file: SourceFile, field: SchemaField): TypedNode<'call'>[] {
  const calls = field.annotation.below('call');
  if (field.value?.is('call')) calls.push(field.value);
  return calls.filter((call) => fieldNames.has(file.qualified(call.field('function')) ?? ''));
}

function showsExample(call: TypedNode<'call'>): boolean {
  const given = argumentsOf(call);
  if (given.hasDoubleSplat) return true;
  return ['examples', 'example', 'json_schema_extra', 'schema_extra', 'exclude'].some((name) => given.keyword(name));
}

function show(file: SourceFile, field: SchemaField, example: string): Fix | undefined {
  const argument = `examples=[${example}]`;
  const title = `Add \`${argument}\``;
  const [call] = fieldCalls(file, field);
  if (call) return { title, safety: 'unsafe', edits: appended(call.field('arguments'), argument, file.eol) };
  const { value, annotation } = field;
  const spelling = spell(file, 'pydantic', 'Field', annotation);
  if (!spelling) return undefined;
  if (!value) {
    const { end } = annotation;
    const text = ` = ${spelling.text}(${argument})`;
    return { title, safety: 'unsafe', edits: joinInsertions([{ start: end, end, text }, ...spelling.edits]) };
  }
  if (value.is('call') || file.commentsIn(value).length > 0) return undefined;
  const { start, end } = value;
  return {
    title,
    safety: 'unsafe',
    edits: joinInsertions([
      { start, end: start, text: `${spelling.text}(default=` },
      { start: end, end, text: `, ${argument})` },
      ...spelling.edits,
    ]),
  };
}

/** The type without `Annotated` and `None`; where several are left, the first. */
function plainType(file: SourceFile, type: TypeExpression): TypeExpression {
  const value = valueType(file, type);
  if (value.kind === 'union') {
    const first = value.members.find((member) => member.kind !== 'none');
    return first ? plainType(file, first) : value;
  }
  if (value.kind === 'generic') {
    const base = qualifiedType(file, value.base);
    const [first] = value.arguments;
    if (first && (base === 'typing.Optional' || base === 'typing.Union')) return plainType(file, first);
  }
  return value;
}

const scalars = new Map([
  ['builtins.int', '1'],
  ['builtins.float', '1.5'],
  ['builtins.bool', 'True'],
  ['decimal.Decimal', '"9.99"'],
  ['datetime.datetime', '"2024-01-31T12:00:00Z"'],
  ['datetime.date', '"2024-01-31"'],
  ['datetime.time', '"12:00:00"'],
  ['datetime.timedelta', '"PT1H"'],
  ['uuid.UUID', '"3fa85f64-5717-4562-b3fc-2c963f66afa6"'],
  ['pydantic.UUID4', '"3fa85f64-5717-4562-b3fc-2c963f66afa6"'],
  ['pydantic.EmailStr', '"user@example.com"'],
  ['pydantic.HttpUrl', '"https://example.com"'],
  ['pydantic.AnyUrl', '"https://example.com"'],
  ['pydantic.AnyHttpUrl', '"https://example.com"'],
  ['pydantic.PositiveInt', '1'],
  ['pydantic.NonNegativeInt', '1'],
  ['pydantic.PositiveFloat', '1.5'],
  ['pydantic.NonNegativeFloat', '1.5'],
]);
const texts = new Set(['builtins.str', 'pydantic.SecretStr', 'pydantic.StrictStr']);
const lists = new Set(['builtins.list', 'builtins.set', 'typing.List', 'typing.Set', 'typing.Sequence']);
const dictionaries = new Set(['builtins.dict', 'typing.Dict']);
const literals = new Set(['typing.Literal', 'typing_extensions.Literal']);

/** A type of which an example can be written down here; a schema in a schema shows its own. */
function isReadable(file: SourceFile, type: TypeExpression): boolean {
  if (type.kind === 'name') {
    const name = qualifiedType(file, type) ?? '';
    return scalars.has(name) || texts.has(name);
  }
  if (type.kind !== 'generic') return false;
  const base = qualifiedType(file, type.base) ?? '';
  if (literals.has(base)) return true;
  if (!lists.has(base) && !dictionaries.has(base)) return false;
  return type.arguments.every((argument) => isReadable(file, plainType(file, argument)));
}

/** An example as Python code; undefined when the field's constraints ask for more than the type. */
function exampleOf(
  file: SourceFile,
  field: SchemaField,
  type: TypeExpression,
  calls: readonly TypedNode<'call'>[],
): string | undefined {
  const defaultValue =
    calls.length > 0 && field.value?.is('call') ? argumentsOf(field.value).at(0, 'default') : field.value;
  if (defaultValue && literalType(defaultValue) && defaultValue.text !== '""') return defaultValue.text;
  const limits = calls.map(argumentsOf);
  if (limits.some((given) => given.keyword('pattern') ?? given.keyword('regex') ?? given.keyword('multiple_of')))
    return undefined;
  const isNumber = type.kind === 'name' && /^builtins\.(?:int|float)$/.test(qualifiedType(file, type) ?? '');
  const limited = limits.some((given) =>
    ['ge', 'gt', 'le', 'lt', 'min_length', 'max_length', 'max_digits'].some((name) => given.keyword(name)),
  );
  if (!limited) return exampleOfType(file, type, field.name);
  if (isNumber) return numberWithin(limits);
  const text = exampleOfType(file, type, field.name);
  const isText = type.kind === 'name' && texts.has(qualifiedType(file, type) ?? '');
  return isText && text && fitsLength(text.length - 2, limits) ? text : undefined;
}

function exampleOfType(file: SourceFile, type: TypeExpression, name: string): string | undefined {
  if (type.kind === 'name') {
    const qualified = qualifiedType(file, type) ?? '';
    return texts.has(qualified) ? textExample(name) : scalars.get(qualified);
  }
  if (type.kind !== 'generic') return undefined;
  const base = qualifiedType(file, type.base) ?? '';
  if (literals.has(base)) {
    const [first] = type.arguments;
    return first && file.slice(first.start, first.end);
  }
  const last = type.arguments.at(-1);
  const inner = last && exampleOfType(file, plainType(file, last), name);
  if (inner === undefined) return undefined;
  if (lists.has(base)) return `[${inner}]`;
  const [key] = type.arguments;
  const isText = key !== undefined && texts.has(qualifiedType(file, key) ?? '');
  return isText ? `{"key": ${inner}}` : undefined;
}

function textExample(name: string): string {
  if (/(^|_)e?mail$/.test(name)) return '"user@example.com"';
  if (/(^|_)(url|uri|link|website)$/.test(name)) return '"https://example.com"';
  const words = name.replaceAll('_', ' ').trim();
  return `"${words.slice(0, 1).toUpperCase()}${words.slice(1)}"`;
}

/** The bound that is allowed itself, or the whole number beside one that is not. */
function numberWithin(limits: readonly CallArguments[]): string | undefined {
  const bound = (name: string): number | undefined => {
    const node = limits.map((given) => given.keyword(name)).find((value) => value !== undefined);
    return number(node);
  };
  const atLeast = bound('ge');
  const above = bound('gt');
  const atMost = bound('le');
  const below = bound('lt');
  const chosen =
    atLeast ?? (above === undefined ? (atMost ?? (below === undefined ? undefined : below - 1)) : above + 1);
  if (chosen === undefined) return undefined;
  const fits =
    (above === undefined || chosen > above) &&
    (atMost === undefined || chosen <= atMost) &&
    (below === undefined || chosen < below);
  return fits ? String(chosen) : undefined;
}

function fitsLength(length: number, limits: readonly CallArguments[]): boolean {
  return limits.every((given) => {
    const least = given.keyword('min_length');
    const most = given.keyword('max_length');
    return (
      (!least || length >= (number(least) ?? Number.POSITIVE_INFINITY)) && (!most || length <= (number(most) ?? -1))
    );
  });
}

function number(node: Node | undefined): number | undefined {
  if (!node || !/^-?\d+(\.\d+)?$/.test(node.text)) return undefined;
  return Number(node.text);
}
