import { z } from 'zod';
import {
  ancestry,
  argumentsOf,
  defineRule,
  type Fix,
  fitsPattern,
  inheritedConfig,
  isFullyKnown,
  modelConfigs,
  type Node,
  py,
  type SchemaAncestry,
  type SourceFile,
  schemaBase,
  schemaFields,
  spell,
  type TypedNode,
} from '../../engine/index.ts';

type ClassNode = TypedNode<'class_definition'>;

export default defineRule({
  code: 'GR308',
  name: 'read-schema-from-attributes',
  family: 'types',
  severity: 'warning',
  standards: ['module', 'backend'],
  summary: 'A response schema cannot be filled from a database object',
  advice: 'Add `model_config = ConfigDict(from_attributes=True)`',
  why: 'Response schemas are made from ORM objects, and Pydantic reads attributes only when it is told so. Without `from_attributes` the first response that comes from the database fails with a validation error, which no type checker sees.',
  fix: 'safe',
  requirements: ['003-033', '004-078'],
  peers: [],
  options: z.strictObject({
    names: z
      .array(z.string())
      .default(['*Read', '*Response'])
      .meta({ description: 'Names of response schemas; `*` stands for anything.' }),
  }),
  mentions: ['pydantic', 'BaseModel', 'SQLModel'],
  examples: [
    {
      bad: py`
        from pydantic import BaseModel

        class UserRead(BaseModel):
        #     ^^^^^^^^ GR308 safe: The response schema \`UserRead\` does not read attributes; add \`model_config = ConfigDict(from_attributes=True)\`.
            id: int
            name: str
      `,
      good: py`
        from pydantic import BaseModel, ConfigDict

        class UserRead(BaseModel):
            model_config = ConfigDict(from_attributes=True)

            id: int
            name: str
      `,
    },
    {
      bad: py`
        import pydantic

        class UserBase(pydantic.BaseModel):
            name: str

        class UserResponse(UserBase):
        #     ^^^^^^^^^^^^ GR308 safe
            """What the API tells of a user."""

            # Set by the database.
            id: int
      `,
      good: py`
        import pydantic

        class UserBase(pydantic.BaseModel):
            name: str

        class UserResponse(UserBase):
            """What the API tells of a user."""

            model_config = pydantic.ConfigDict(from_attributes=True)

            # Set by the database.
            id: int
      `,
    },
    {
      bad: py`
        from pydantic import BaseModel, ConfigDict

        class UserRead(BaseModel):
        #     ^^^^^^^^ GR308 safe
            model_config = ConfigDict(
                frozen=True,
            )
            id: int

        class OrderRead(BaseModel):
        #     ^^^^^^^^^ GR308 safe
            model_config = {"frozen": True}
            id: int

        class ItemRead(BaseModel):
        #     ^^^^^^^^ GR308 safe
            id: int

            class Config:
                frozen = True
      `,
      good: py`
        from pydantic import BaseModel, ConfigDict

        class UserRead(BaseModel):
            model_config = ConfigDict(
                frozen=True,
                from_attributes=True,
            )
            id: int

        class OrderRead(BaseModel):
            model_config = {"frozen": True, "from_attributes": True}
            id: int

        class ItemRead(BaseModel):
            id: int

            class Config:
                from_attributes = True
                frozen = True
      `,
    },
    {
      bad: py`
        from pydantic import BaseModel, ConfigDict

        class Base(BaseModel):
            id: int

        class UserRead(Base):
        #     ^^^^^^^^ GR308 safe
            pass

        class OrderRead(Base): ...
        #     ^^^^^^^^^ GR308 safe
      `,
      good: py`
        from pydantic import BaseModel, ConfigDict

        class Base(BaseModel):
            id: int

        class UserRead(Base):
            model_config = ConfigDict(from_attributes=True)

        class OrderRead(Base):
            model_config = ConfigDict(from_attributes=True)
      `,
    },
    {
      bad: py`
        from pydantic import BaseModel

        class UserOut(BaseModel):
        #     ^^^^^^^ GR308 safe
            id: int

        class UserRead(BaseModel):
            id: int
      `,
      good: py`
        from pydantic import BaseModel, ConfigDict

        class UserOut(BaseModel):
            model_config = ConfigDict(from_attributes=True)

            id: int

        class UserRead(BaseModel):
            id: int
      `,
      options: { names: ['*Out'] },
    },
    {
      ok: py`
        from pydantic import BaseModel, ConfigDict

        class UserRead(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            id: int

        class AdminRead(UserRead):
            rights: list[str]

        class OrderRead(BaseModel, from_attributes=True):
            id: int

        class ItemRead(BaseModel):
            id: int

            class Config:
                from_attributes = True
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel

        from app.schemas.base import Schema

        class UserRead(Schema):
            id: int

        class OrderRead(BaseModel):
            model_config = {**Schema.model_config}
            id: int

        class UserCreate(BaseModel):
            name: str

        class PlainResponse:
            id: int
      `,
    },
    {
      ok: py`
        from datetime import datetime

        from pydantic import BaseModel

        class ErrorResponse(BaseModel):
            detail: list[str] | None = None

        class TokenResponse(BaseModel):
            user_id: int
            access_token: str

        class UsersResponse(BaseModel):
            items: list[UserRead]
            total: int

        class HypothesisResponse(BaseModel):
            id: str
            created_at: datetime

        class EntryRead(BaseModel):
            id: int
            created_at: str
      `,
    },
    {
      ok: py`
        from pydantic import RootModel
        from pydantic.v1 import BaseModel
        from sqlmodel import SQLModel

        class NamesResponse(RootModel[list[str]]):
            pass

        class OldResponse(BaseModel):
            id: int

        class HeroRead(SQLModel):
            id: int
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel

        class UserResponse(BaseModel):
            id: int

            class Config:
                orm_mode = True
      `,
    },
  ],
  on: {
    class_definition(definition, file, options) {
      const name = definition.field('name');
      if (!fitsPattern(name.text, options.names)) return undefined;
      const family = ancestry(file, definition);
      if (schemaBase(family) !== 'BaseModel' || !isFullyKnown(family)) return undefined;
      const value = inheritedConfig(file, family, 'from_attributes');
      if (value === 'hidden' || (value && !value.is('false'))) return undefined;
      // Version 1's name for it is the business of GR307.
      if (inheritedConfig(file, family, 'orm_mode') !== undefined) return undefined;
      if (!mirrorsRow(family, file)) return undefined;
      return {
        at: name,
        message: `The response schema \`${name.text}\` does not read attributes; add \`model_config = ConfigDict(from_attributes=True)\`.`,
        fix: () => (value ? undefined : readAttributes(definition, family, file)),
      };
    },
  },
});

/**
 * Whether the fields of a schema tell that it shows a row of the database: it has a key of the types that databases
 * give. What has none (`TokenResponse`, `ErrorResponse`, a list of items) is made by the code that answers, and so is
 * what has text for a key or a time: Pydantic would not turn a number, a UUID or a `datetime` into it.
 */
function mirrorsRow(family: SchemaAncestry, file: SourceFile): boolean {
  const fields = family.own.flatMap((one) => schemaFields(file, one));
  if (fields.some(({ name, annotation }) => /_(at|on)$/.test(name) && /\bstr\b/.test(annotation.text))) return false;
  return fields.some(
    ({ name, annotation }) => /^(id|uuid|pk)$/.test(name) && /\b(int|UUID[1-8]?|PositiveInt)\b/.test(annotation.text),
  );
}

function readAttributes(definition: ClassNode, family: SchemaAncestry, file: SourceFile): Fix | undefined {
  const title = 'Read attributes: `from_attributes=True`';
  const configs = modelConfigs(file, definition).filter((config) => config.form !== 'keywords');
  const [config] = configs;
  if (configs.length > 1) return undefined;
  switch (config?.form) {
    case undefined: {
      // An ancestor's `class Config` and a `model_config` of one's own cannot be used together.
      const hasOldForm = family.own.some((one) => modelConfigs(file, one).some((other) => other.form === 'class'));
      const edits = hasOldForm ? undefined : addConfig(definition, file);
      return edits && { title, safety: 'safe', edits };
    }
    case 'call': {
      const { list } = argumentsOf(config.node);
      const edit = append(list, '")"', 'from_attributes=True', file);
      return edit && { title, safety: 'safe', edits: [edit] };
    }
    case 'dictionary': {
      const edit = append(config.node, '"}"', '"from_attributes": True', file);
      return edit && { title, safety: 'safe', edits: [edit] };
    }
    case 'class': {
      const first = config.node.field('body').namedChildren[0];
      if (!first || file.lineStart(first.start) <= config.node.start) return undefined;
      if (first.is('pass_statement', 'expression_statement') && !first.firstNamed?.is('assignment')) return undefined;
      const start = file.lineStart(first.start);
      const text = `${file.indentAt(first.start)}from_attributes = True${file.eol}`;
      return { title, safety: 'safe', edits: [{ start, end: start, text }] };
    }
    default:
      return undefined;
  }
}

/** The edits that give a class without configuration one: behind the docstring, before what else it says. */
function addConfig(definition: ClassNode, file: SourceFile): Fix['edits'] | undefined {
  const config = spell(file, 'pydantic', 'ConfigDict', definition);
  const colon = definition.child('":"');
  const body = file.classBody(definition);
  const [first, second] = body;
  if (!config || !colon || !first) return undefined;
  const { eol } = file;
  const line = `model_config = ${config.text}(from_attributes=True)`;
  const isOneLine = !file.slice(colon.end, first.start).includes('\n');
  const indent = isOneLine ? `${file.indentAt(definition.start)}    ` : file.indentAt(first.start);
  const isEmpty = first.is('pass_statement') || (first.is('expression_statement') && first.firstNamed?.is('ellipsis'));
  if (isOneLine) {
    if (!isEmpty || second) return undefined;
    return [{ start: colon.end, end: first.end, text: `${eol}${indent}${line}` }, ...config.edits];
  }
  if (isEmpty && !second) return [{ start: first.start, end: first.end, text: line }, ...config.edits];
  const isDocstring = first.is('expression_statement') && first.firstNamed?.is('string', 'concatenated_string');
  if (!isDocstring) {
    const start = lineAfter(file, colon.end, first.start);
    return [{ start, end: start, text: `${indent}${line}${eol}${eol}` }, ...config.edits];
  }
  // A comment or a semicolon behind the docstring stays with it.
  const rest = file.slice(first.end, second?.start ?? first.end + 2);
  if (second && !rest.includes('\n')) return undefined;
  const tail = /^[^\n\r]*/.exec(rest)?.[0] ?? '';
  const start = first.end + (second ? tail.length : 0);
  const blank = second && !/^[^\n]*\n[ \t]*\r?\n/.test(rest) ? eol : '';
  return [{ start, end: start, text: `${eol}${eol}${indent}${line}${blank}` }, ...config.edits];
}

/** The offset of the line after the one that `offset` is on; not beyond `limit`. */
function lineAfter(file: SourceFile, offset: number, limit: number): number {
  const break_ = file.slice(offset, limit).indexOf('\n');
  return break_ < 0 ? file.lineStart(limit) : offset + break_ + 1;
}

/** The edit that adds an entry at the end of a list in brackets, in its own layout. */
function append(list: Node, closing: '")"' | '"}"', entry: string, file: SourceFile): Fix['edits'][number] | undefined {
  const close = list.child(closing);
  const last = list.namedChildren.at(-1);
  if (!close) return undefined;
  if (!last) return { start: close.start, end: close.start, text: entry };
  const comma = list.children.find((child) => child.kind === '","' && child.start >= last.end);
  const isMultiline = file.slice(last.end, close.start).includes('\n');
  if (!isMultiline) {
    const at = comma?.end ?? last.end;
    return { start: at, end: at, text: comma ? ` ${entry},` : `, ${entry}` };
  }
  const indent = file.indentAt(last.start);
  if (comma) return { start: comma.end, end: comma.end, text: `${file.eol}${indent}${entry},` };
  return { start: last.end, end: last.end, text: `,${file.eol}${indent}${entry}` };
}
