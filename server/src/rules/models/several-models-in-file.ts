import { z } from 'zod';
import {
  defineRule,
  type Fact,
  type Finding,
  isMappedClass,
  isMigration,
  isMigrationPath,
  isSqlmodelTable,
  isTestFile,
  mappedAttributes,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR226',
  name: 'several-models-in-file',
  family: 'models',
  severity: 'hint',
  standards: ['backend'],
  summary: 'Several large models share a file',
  advice: 'Give each large model a file of its own',
  why: 'A model of many columns brings relationships, constraints and helpers with it. Two of them in one file are searched, reviewed and merged together although they change for different reasons. Small models may well stand side by side.',
  fix: 'none',
  requirements: ['004-085'],
  peers: [],
  options: z.strictObject({
    columns: z.int().min(0).default(10).meta({
      description: 'A model of more columns than this is large: it should be the only such model of its file.',
    }),
  }),
  mentions: ['sqlalchemy', 'sqlmodel', 'table'],
  applies: (file) => !isTestFile(file) && !isMigrationPath(file),
  examples: [
    {
      options: { columns: 2 },
      bad: py`
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import Mapped, mapped_column, relationship

        from app.database import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
            age = Column(Integer)


        class Post(Base):
        #     ^^^^ GR226 none: \`Post\` has 3 columns and shares its file with the model \`User\` (3 columns); give it a file of its own.
            __tablename__ = "post"

            id: Mapped[int] = mapped_column(primary_key=True)
            title: Mapped[str]
            text: Mapped[str]
            author: Mapped["User"] = relationship()


        class Tag(Base):
            __tablename__ = "tag"

            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
            posts: Mapped[list["Post"]] = relationship()
      `,
    },
    {
      options: { columns: 1 },
      bad: py`
        from typing import ClassVar

        from sqlmodel import Field, Relationship, SQLModel


        class Team(SQLModel, table=True):
            kind: ClassVar[str] = "team"
            id: int | None = Field(default=None, primary_key=True)
            name: str
            heroes: list["Hero"] = Relationship(back_populates="team")


        class Hero(SQLModel, table=True):
        #     ^^^^ GR226 none: \`Hero\` has 2 columns and shares its file with the model \`Team\` (2 columns); give it a file of its own.
            id: int | None = Field(default=None, primary_key=True)
            name: str


        class HeroRead(SQLModel):
            id: int
            name: str
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import Mapped, mapped_column

        from app.database import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]


        class Post(Base):
            __tablename__ = "post"

            id: Mapped[int] = mapped_column(primary_key=True)
            title: Mapped[str]
      `,
    },
    {
      options: { columns: 1 },
      ok: py`
        from pydantic import BaseModel
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            __abstract__ = True
            id: Mapped[int] = mapped_column(primary_key=True)
            created: Mapped[str]


        class Named:
            name: Mapped[str]
            label: Mapped[str]


        class User(Base, Named):
            age: Mapped[int]
            mail: Mapped[str]


        class UserRead(BaseModel):
            age: int
            mail: str
      `,
    },
  ],
  collect: {
    class_definition(definition, file): Fact<Model> | undefined {
      if (!definition.field('superclasses') || isMappedClass(file, definition) === false) return undefined;
      if (file.classBindings(definition, '__abstract__').length > 0 || isMigration(file)) return undefined;
      const name = definition.field('name');
      const columns = columnCount(file, definition);
      return columns === 0 ? undefined : { at: name, data: { name: name.text, columns } };
    },
  },
  file(facts, _file, { columns }) {
    const [first, ...others] = facts.filter(({ data }) => data.columns > columns);
    return first
      ? others.map(
          ({ at, data }): Finding => ({
            at,
            message: `\`${data.name}\` has ${data.columns} columns and shares its file with the model \`${first.data.name}\` (${first.data.columns} columns); give it a file of its own.`,
            related: [{ at: first.at, message: `\`${first.data.name}\` is the first large model of the file.` }],
          }),
        )
      : [];
  },
});

interface Model {
  readonly name: string;
  readonly columns: number;
}

/** The columns that a class's own body declares; inherited ones are not what makes it large. */
function columnCount(file: SourceFile, definition: TypedNode<'class_definition'>): number {
  const declared = mappedAttributes(file, definition).filter(
    ({ construct }) => construct !== 'relationship' && construct !== 'Relationship',
  ).length;
  if (!isSqlmodelTable(definition)) return declared;
  return file.classBody(definition).filter((statement) => {
    const assignment = statement.is('expression_statement') ? statement.firstNamed : undefined;
    if (!assignment?.is('assignment')) return false;
    const annotation = assignment.field('type');
    if (!annotation || /\bClassVar\b/.test(annotation.text)) return false;
    const value = assignment.field('right');
    return !(value?.is('call') && /\bRelationship$/.test(value.field('function').text));
  }).length;
}
