import { z } from 'zod';
import {
  ancestry,
  defineRule,
  type Fix,
  fitsPattern,
  isFullyKnown,
  joinInsertions,
  modulePart,
  moduleRootsOption,
  type Node,
  py,
  type SourceFile,
  schemaBase,
  schemaFields,
  spell,
  startsLine,
  type TypedNode,
} from '../../engine/index.ts';

/** What every answer about a stored result holds, in the order in which it is written. */
const required = ['id', 'user_id', 'data', 'created_at'] as const;

export default defineRule({
  code: 'GR831',
  name: 'read-schema-shape',
  family: 'structure',
  severity: 'information',
  standards: ['module'],
  summary: 'A module’s `…Read` schema that lacks `id`, `user_id`, `data` or `created_at`',
  advice: 'Declare the four fields, with the calculated values as a typed `data`',
  why: 'Whatever a module stores is read through the same kind of answer: which record it is, whose it is, what was calculated and when. The interface and the synthesis rely on that and treat every module alike. A schema that leaves one out, or spreads the calculated values over its top level, needs a special case in each of them.',
  fix: 'unsafe',
  fixSafety: 'What the schema is made of must have the new fields, or it no longer validates.',
  requirements: ['003-032'],
  peers: [],
  options: z.strictObject({
    roots: moduleRootsOption,
    names: z
      .array(z.string())
      .default(['*Read'])
      .meta({ description: 'Names of the schemas that answer with a stored result; `*` stands for anything.' }),
  }),
  applies: (file, { roots }) => modulePart(file, 'schemas', roots) !== undefined,
  examples: [
    {
      bad: py`
        from pydantic import BaseModel


        class OrbitData(BaseModel):
            angle: float


        class OrbitRead(BaseModel):
        #     ^^^^^^^^^ GR831 unsafe: \`OrbitRead\` lacks \`user_id\`, \`data\` and \`created_at\`; declare them, so that it reads like every module’s answer.
            """What the API answers."""

            id: int
      `,
      good: py`
        from pydantic import BaseModel
        from uuid import UUID
        from datetime import datetime


        class OrbitData(BaseModel):
            angle: float


        class OrbitRead(BaseModel):
            """What the API answers."""

            id: int
            user_id: UUID
            data: OrbitData
            created_at: datetime
      `,
      path: 'app/modules/calculation/orbit/schemas.py',
    },
    {
      bad: py`
        import datetime as dt
        import uuid

        from pydantic import AwareDatetime, BaseModel


        class NightRead(BaseModel):
        #     ^^^^^^^^^ GR831 unsafe: \`NightRead\` lacks \`id\`, \`data\` and \`created_at\`; declare them, so that it reads like every module’s answer.
            user_id: uuid.UUID
            score: float  # 0 to 1

            def is_good(self) -> bool:
                return self.score > 0.5


        class DreamRead(BaseModel):
        #     ^^^^^^^^^ GR831 unsafe
            pass
      `,
      good: py`
        import datetime as dt
        import uuid

        from pydantic import AwareDatetime, BaseModel


        class NightRead(BaseModel):
            user_id: uuid.UUID
            score: float  # 0 to 1
            id: int
            created_at: AwareDatetime

            def is_good(self) -> bool:
                return self.score > 0.5


        class DreamRead(BaseModel):
            id: int
            user_id: uuid.UUID
            created_at: AwareDatetime
      `,
      path: 'app/modules/tracking/sleep/schemas.py',
    },
    {
      ok: py`
        from datetime import datetime
        from uuid import UUID

        from pydantic import BaseModel, ConfigDict


        class OrbitData(BaseModel):
            angle: float


        class Stored(BaseModel):
            id: int
            created_at: datetime


        class OrbitRead(Stored):
            model_config = ConfigDict(from_attributes=True)

            user_id: UUID
            data: OrbitData


        class OrbitCreate(BaseModel):
            data: OrbitData
      `,
      path: 'app/modules/calculation/orbit/schemas.py',
    },
    {
      ok: py`
        from enum import Enum
        from typing import Protocol

        from app.schemas.base import StoredResult


        class OrbitRead(StoredResult):
            angle: float


        class CanRead(Protocol):
            def read(self) -> str: ...


        class MayRead(Enum):
            YES = 1
      `,
      path: 'app/modules/calculation/orbit/schemas.py',
    },
    {
      ok: py`
        from pydantic import BaseModel


        class UserRead(BaseModel):
            id: int
            name: str
      `,
      path: 'app/schemas/user.py',
    },
  ],
  on: {
    class_definition(definition, file, { names }) {
      const name = definition.field('name');
      if (!fitsPattern(name.text, names)) return undefined;
      const family = ancestry(file, definition);
      const base = schemaBase(family);
      if ((base !== 'BaseModel' && base !== 'SQLModel') || !isFullyKnown(family)) return undefined;
      const declared = new Set(family.own.flatMap((one) => schemaFields(file, one).map((field) => field.name)));
      const missing = required.filter((field) => !declared.has(field));
      if (missing.length === 0) return undefined;
      return {
        at: name,
        message: `\`${name.text}\` lacks ${listed(missing)}; declare ${missing.length > 1 ? 'them' : 'it'}, so that it reads like every module’s answer.`,
        fix: () => declaring(file, definition, missing),
      };
    },
  },
});

function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  return [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter((part) => part).join(' and ');
}

/** The fields with the types that can be told; `data` only where the file has the schema of its values. */
function declaring(
  file: SourceFile,
  definition: TypedNode<'class_definition'>,
  missing: readonly (typeof required)[number][],
): Fix | undefined {
  const body = file.classBody(definition);
  const fields = schemaFields(file, definition);
  const after = fields.at(-1)?.node.parent ?? body.find(isDocstring);
  const [placeholder] = body;
  const isEmpty = body.length === 1 && placeholder !== undefined && isPlaceholder(placeholder);
  const at = isEmpty ? placeholder : (after ?? placeholder);
  if (!at || !startsLine(at)) return undefined;

  const lines: string[] = [];
  const edits = [];
  for (const field of missing) {
    const type = typeOf(file, definition, field);
    if (!type) continue;
    lines.push(`${field}: ${type.text}`);
    edits.push(...type.edits);
  }
  if (lines.length === 0) return undefined;
  const indent = file.indentAt(at.start);
  const text = lines.join(`${file.eol}${indent}`);
  const place = isEmpty
    ? { start: at.start, end: at.end, text }
    : after
      ? behind(file, after, `${file.eol}${after === fields.at(-1)?.node.parent ? '' : file.eol}${indent}${text}`)
      : { start: at.start, end: at.start, text: `${text}${file.eol}${indent}` };
  const names = lines.map((line) => `\`${line}\``);
  return {
    title: `Declare ${[names.slice(0, -1).join(', '), names.at(-1)].filter((part) => part).join(' and ')}`,
    safety: 'unsafe',
    edits: [...joinInsertions(edits), place],
  };
}

/** Behind a statement and the comment beside it. */
function behind(file: SourceFile, statement: Node, text: string) {
  const rest = /^[ \t]*(?:#[^\r\n]*)?/.exec(file.slice(statement.end, statement.end + 1000))?.[0] ?? '';
  const at = statement.end + (rest.includes('#') ? rest.length : 0);
  return { start: at, end: at, text };
}

function typeOf(file: SourceFile, definition: TypedNode<'class_definition'>, field: (typeof required)[number]) {
  if (field === 'id') return { text: 'int', edits: [] };
  if (field === 'user_id') return spell(file, 'uuid', 'UUID', definition);
  if (field === 'created_at') {
    const aware = file.moduleBindings('AwareDatetime').some((one) => one.target === 'pydantic.AwareDatetime');
    return aware ? { text: 'AwareDatetime', edits: [] } : spell(file, 'datetime', 'datetime', definition);
  }
  const name = `${definition.field('name').text.replace(/Read$/, '')}Data`;
  const [data, ...others] = file.moduleBindings(name);
  const isAbove = data && others.length === 0 && !data.typeOnly && data.node.end <= definition.start;
  return isAbove ? { text: name, edits: [] } : undefined;
}

function isDocstring(statement: Node): boolean {
  return statement.is('expression_statement') && statement.firstNamed?.is('string') === true;
}

function isPlaceholder(statement: Node): boolean {
  return (
    statement.is('pass_statement') ||
    (statement.is('expression_statement') && statement.firstNamed?.is('ellipsis') === true)
  );
}
