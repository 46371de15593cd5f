import {
  ancestry,
  defineRule,
  type Fix,
  joinInsertions,
  type Node,
  namesInType,
  py,
  qualifiedType,
  readType,
  type SourceFile,
  schemaBase,
  spell,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR314',
  name: 'property-without-computed-field',
  family: 'types',
  severity: 'information',
  standards: ['backend'],
  summary: 'A property of a Pydantic model is missing from its output',
  advice: 'Add `@computed_field` above `@property`',
  why: 'Pydantic serialises fields and computed fields. A plain property can be read in Python and is silently absent from the response and from its JSON schema, which is noticed when a client asks for it.',
  fix: 'unsafe',
  fixSafety: 'The value appears in every output of the model, and reading it happens whenever the model is serialised.',
  requirements: ['004-081'],
  peers: [],
  examples: [
    {
      bad: py`
        from pydantic import BaseModel

        class User(BaseModel):
            first: str
            last: str

            @property
            ^^^^^^^^^ GR314 unsafe: Property \`full_name\` is missing from the output of \`User\`; add \`@computed_field\`.
            def full_name(self) -> str:
                return f"{self.first} {self.last}"
      `,
      good: py`
        from pydantic import BaseModel, computed_field

        class User(BaseModel):
            first: str
            last: str

            @computed_field
            @property
            def full_name(self) -> str:
                return f"{self.first} {self.last}"
      `,
    },
    {
      bad: py`
        import pydantic

        class Base(pydantic.BaseModel):
            id: int

        class Order(Base):
            total: int

            @property
            ^^^^^^^^^ GR314 unsafe
            def lines(self) -> list[dict[str, int]] | None:
                return None

            @property
            ^^^^^^^^^ GR314 none
            def net(self):
                return self.total - 1
      `,
      good: py`
        import pydantic

        class Base(pydantic.BaseModel):
            id: int

        class Order(Base):
            total: int

            @pydantic.computed_field
            @property
            def lines(self) -> list[dict[str, int]] | None:
                return None

            @property
            def net(self):
                return self.total - 1
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel

        class UserPatchRequest(BaseModel):
            name: str | None = None

            @property
            def has_name(self) -> bool:
                return "name" in self.model_fields_set

        class MailSettings(BaseModel):
            host: str

            @property
            def url(self) -> str:
                return f"smtp://{self.host}"
      `,
    },
    {
      path: 'app/core/settings/databases.py',
      ok: py`
        from abc import ABC
        from pathlib import Path
        from pydantic import BaseModel
        from pydantic_settings import BaseSettings

        class Database(ABC): ...

        class SqliteDatabase(Database, BaseModel):
            folder: Path

            @property
            def url(self) -> str:
                return f"sqlite:///{self.folder}/app.db"

        class PostgresDatabase(Database, BaseSettings):
            host: str = "localhost"

            @property
            def url(self) -> str:
                return f"postgresql://{self.host}/app"
      `,
    },
    {
      // The settings that users make are no settings of the program.
      path: 'app/settings/schemas.py',
      bad: py`
        from pydantic import BaseModel

        class Theme(BaseModel):
            color: str

            @property
            ^^^^^^^^^ GR314 unsafe
            def is_dark(self) -> bool:
                return self.color == "black"
      `,
      good: py`
        from pydantic import BaseModel, computed_field

        class Theme(BaseModel):
            color: str

            @computed_field
            @property
            def is_dark(self) -> bool:
                return self.color == "black"
      `,
    },
    {
      ok: py`
        from functools import cached_property
        from logging import Logger
        from pydantic import BaseModel, computed_field

        class User(BaseModel):
            name: str

            @computed_field
            @property
            def upper(self) -> str:
                return self.name.upper()

            @computed_field
            @cached_property
            def lower(self) -> str:
                return self.name.lower()

            @property
            def _secret(self) -> str:
                return self.name

            @property
            def logger(self) -> Logger:
                return make(self.name)
      `,
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings
        from sqlmodel import SQLModel

        class Settings(BaseSettings):
            host: str

            @property
            def url(self) -> str:
                return self.host

        class Hero(SQLModel, table=True):
            name: str

            @property
            def title(self) -> str:
                return self.name

        class Plain:
            @property
            def title(self) -> str:
                return ""
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel, RootModel

        def property(function: Function) -> Function:
            return function

        class User(BaseModel):
            @property
            def title(self) -> str:
                return ""

        class Users(RootModel[list[str]]):
            @property
            def size(self) -> int:
                return len(self.root)
      `,
    },
  ],
  on: {
    decorator(decorator, file) {
      const name = decorator.firstNamed;
      if (!name?.is('identifier') || name.text !== 'property') return undefined;
      const decorated = decorator.parent;
      const method = decorated?.is('decorated_definition') ? decorated.field('definition') : undefined;
      if (!method?.is('function_definition') || file.decorators(method).length !== 1) return undefined;
      if (method.field('name').text.startsWith('_') || file.enclosingFunction(method)) return undefined;
      const owner = file.enclosingClass(method);
      if (!owner || owner.field('name').text.startsWith('_') || notSent.test(owner.field('name').text))
        return undefined;
      const above = ancestry(file, owner);
      const base = schemaBase(above);
      if ((base !== 'BaseModel' && base !== 'SQLModel') || above.own.some(isTable)) return undefined;
      if (isOfSettings(file)) return undefined;
      if (file.qualified(name) !== 'builtins.property') return undefined;
      const returns = method.field('return_type');
      if (returns && !isOutput(file, returns)) return undefined;
      return {
        at: decorator,
        message: `Property \`${method.field('name').text}\` is missing from the output of \`${owner.field('name').text}\`; add \`@computed_field\`.`,
        fix: () => (returns ? compute(file, decorator) : undefined),
      };
    },
  },
});

function compute(file: SourceFile, decorator: TypedNode<'decorator'>): Fix | undefined {
  const spelling = spell(file, 'pydantic', 'computed_field', decorator);
  if (!spelling) return undefined;
  const { start } = decorator;
  const indent = file.indentAt(start);
  return {
    title: `Add \`@${spelling.text}\``,
    safety: 'unsafe',
    edits: joinInsertions([{ start, end: start, text: `@${spelling.text}${file.eol}${indent}` }, ...spelling.edits]),
  };
}

/** Whether every name in a type is of something that Pydantic can serialise, as far as its module tells. */
function isOutput(file: SourceFile, annotation: Node): boolean {
  const type = readType(file, annotation);
  const names = namesInType(type);
  if (names.length === 0) return false;
  return names.every((name) => {
    const qualified = qualifiedType(file, name) ?? '';
    if (qualified.startsWith('builtins.')) return !notOutput.has(qualified);
    return /^(datetime|decimal|uuid|pydantic|ipaddress)\./.test(qualified) || typingNames.test(qualified);
  });
}

/** What comes in, and what configures the program, has no output that somebody could miss a value in. */
const notSent = /(?:Request|Create|Update|Upsert|Patch|Settings|Config|Configuration)$/;

/** A file of settings, as its path and its imports tell: what stands there beside `BaseSettings` is held by them. */
function isOfSettings(file: SourceFile): boolean {
  if (!/(?:^|\/)(?:settings|config|configuration)(?:\/|\.py$)/.test(file.path)) return false;
  return [...file.moduleBindings('BaseSettings'), ...file.moduleBindings('pydantic_settings')].some(
    ({ target }) => target?.split('.')[0] === 'pydantic_settings',
  );
}

const notOutput = new Set(['builtins.object', 'builtins.type', 'builtins.memoryview', 'builtins.slice']);
const typingNames =
  /^(?:typing|typing_extensions)\.(?:Annotated|Dict|FrozenSet|List|Literal|Mapping|Optional|Sequence|Set|Tuple|Union|Any)$|^collections\.abc\.(?:Mapping|Sequence|Set)$/;

function isTable(definition: TypedNode<'class_definition'>): boolean {
  return (
    definition
      .field('superclasses')
      ?.namedChildren.some((child) => child.is('keyword_argument') && child.field('name').text === 'table') ?? false
  );
}
