import { ancestry, defineRule, ownModule, py, schemaBase, schemaFields } from '../../engine/index.ts';

interface Schema {
  readonly name: string;
  /** What it derives from beside Pydantic's own classes. */
  readonly family: readonly string[];
  /** `name: annotation` of the fields it declares. */
  readonly fields: readonly string[];
}

export default defineRule({
  code: 'GR315',
  name: 'duplicated-schema-fields',
  family: 'types',
  severity: 'hint',
  standards: ['backend'],
  summary: 'Two schemas declare the same fields and share no base',
  advice: 'Move the fields into a common base schema',
  why: 'The create, update and response schemas of one thing agree in most of their fields. Written out in each of them they drift apart: a limit is raised in one and forgotten in the other. A base schema states them once.',
  fix: 'none',
  requirements: ['004-082'],
  peers: [],
  mentions: ['pydantic', 'sqlmodel'],
  examples: [
    {
      bad: py`
        from pydantic import BaseModel, Field

        class UserCreate(BaseModel):
            name: str
            email: str
            tags: list[str] = Field(default_factory=list)
            password: str

        class UserRead(BaseModel):
        #     ^^^^^^^^ GR315 none: \`UserRead\` repeats 3 fields of \`UserCreate\` (\`name\`, \`email\`, \`tags\`); move them into a common base schema.
            id: int
            name: str
            email: str
            tags: list[ str ]
      `,
    },
    {
      bad: py`
        from sqlmodel import SQLModel

        class A(SQLModel):
            a: int
            b: int
            c: int
            d: int
            e: int

        class B(SQLModel):
        #     ^ GR315 none: \`B\` repeats 5 fields of \`A\` (\`a\`, \`b\`, \`c\` and 2 more); move them into a common base schema.
            a: int
            b: int
            c: int
            d: int
            e: int
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel

        class UserBase(BaseModel):
            name: str
            email: str
            age: int

        class UserCreate(UserBase):
            name: str
            email: str
            age: int

        class UserRead(UserBase):
            name: str
            email: str
            age: int
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel

        class UserCreate(BaseModel):
            name: str
            email: str
            age: int

        class UserUpdate(BaseModel):
            name: str | None = None
            email: str | None = None
            age: int

        class Order(BaseModel):
            name: str
            email: str
      `,
    },
    {
      ok: py`
        from dataclasses import dataclass
        from pydantic_settings import BaseSettings
        from sqlmodel import SQLModel

        class User(SQLModel, table=True):
            name: str
            email: str
            age: int

        class UserRead(SQLModel):
            name: str
            email: str
            age: int

        @dataclass
        class Row:
            name: str
            email: str
            age: int

        class Settings(BaseSettings):
            name: str
            email: str
            age: int
      `,
    },
  ],
  collect: {
    class_definition(definition, file) {
      if (!definition.field('superclasses')?.firstNamed) return undefined;
      const above = ancestry(file, definition);
      const base = schemaBase(above);
      if (base === undefined || base === 'BaseSettings') return undefined;
      const isTable = above.own.some((own) =>
        own.field('superclasses')?.namedChildren.some((child) => child.text.replace(/\s/g, '') === 'table=True'),
      );
      if (isTable) return undefined;
      const fields = schemaFields(file, definition).map(
        (field) => `${field.name}: ${field.annotation.text.replace(/\s/g, '')}`,
      );
      if (fields.length < shared) return undefined;
      const name = definition.field('name');
      const family = [
        ...above.own.map((own) => `${ownModule}.${own.field('name').text}`),
        ...above.foreign.filter((foreign) => !/^(pydantic|sqlmodel|typing|typing_extensions|abc)\./.test(foreign)),
      ];
      return { at: name, data: { name: name.text, family, fields } satisfies Schema };
    },
  },
  file(facts) {
    return facts.flatMap((fact, index) => {
      for (const { data: earlier } of facts.slice(0, index)) {
        const equal = fact.data.fields.filter((field) => earlier.fields.includes(field));
        if (equal.length < shared || fact.data.family.some((name) => earlier.family.includes(name))) continue;
        const names = equal.map((field) => `\`${field.slice(0, field.indexOf(':'))}\``);
        const listed =
          names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
        return [
          {
            at: fact.at,
            message: `\`${fact.data.name}\` repeats ${equal.length} fields of \`${earlier.name}\` (${listed}); move them into a common base schema.`,
          },
        ];
      }
      return [];
    });
  },
});

/** So many equal fields are no coincidence. */
const shared = 3;
