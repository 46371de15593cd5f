import { z } from 'zod';
import {
  type ColumnFact,
  columnIndexCalls,
  columnsWithoutIndex,
  defineRule,
  type Fact,
  indexFact,
  isMappedClass,
  isMigration,
  isSqlmodelTable,
  mappedAnnotation,
  opaqueTableArguments,
  py,
  unindexedColumn,
  withIndex,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR218',
  name: 'tenant-column-without-index',
  family: 'models',
  severity: 'warning',
  standards: ['architecture'],
  summary: 'A tenant column has no index',
  advice: 'Add `index=True` to the column, or an `Index(…)` that names it',
  why: 'Row level security adds the tenant to every query. Without an index the database reads the rows of all tenants to give those of one, and a large tenant slows everybody down. Which names are tenant columns is said by the option `columns`; take out those that mean something else in your models.',
  fix: 'unsafe',
  fixSafety: 'The database gets the index only by a migration.',
  requirements: ['001-036'],
  peers: [],
  options: z.strictObject({
    columns: z
      .array(z.string())
      .default(['creator_id', 'tenant_id'])
      .meta({ description: 'Names of the columns that hold the tenant.' }),
  }),
  mentions: ({ columns }) => columns,
  calls: columnIndexCalls,
  examples: [
    {
      bad: py`
        from uuid import UUID

        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Note(Base):
            __tablename__ = "note"

            id: Mapped[int] = mapped_column(primary_key=True)
            creator_id: Mapped[UUID] = mapped_column(nullable=False)
        #                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR218 unsafe: \`creator_id\` is a tenant column by the option \`columns\` and has no index, so a query that filters by it reads all rows; add \`index=True\`.


        class Session(Base):
            __tablename__ = "session"

            tenant_id: Mapped[UUID]
        #   ^^^^^^^^^^^^^^^^^^^^^^^ GR218 unsafe: \`tenant_id\` is a tenant column by the option \`columns\` and has no index, so a query that filters by it reads all rows; add \`index=True\`.


        class TenantMixin:
            tenant_id = Column(Integer)
        #               ^^^^^^^^^^^^^^^ GR218 unsafe
      `,
      good: py`
        from uuid import UUID

        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Note(Base):
            __tablename__ = "note"

            id: Mapped[int] = mapped_column(primary_key=True)
            creator_id: Mapped[UUID] = mapped_column(nullable=False, index=True)


        class Session(Base):
            __tablename__ = "session"

            tenant_id: Mapped[UUID] = mapped_column(index=True)


        class TenantMixin:
            tenant_id = Column(Integer, index=True)
      `,
    },
    {
      options: { columns: ['owner_id'] },
      bad: py`
        from sqlmodel import Field, SQLModel


        class Note(SQLModel, table=True):
            owner_id: int = Field(foreign_key="user.id")
        #                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR218 unsafe
            tenant_id: int = Field()
      `,
      good: py`
        from sqlmodel import Field, SQLModel


        class Note(SQLModel, table=True):
            owner_id: int = Field(foreign_key="user.id", index=True)
            tenant_id: int = Field()
      `,
    },
    {
      ok: py`
        from sqlalchemy import Index
        from sqlalchemy.orm import Mapped, mapped_column


        class Note(Base):
            __table_args__ = (Index("ix_note_tenant", "tenant_id", "created_at"),)

            tenant_id: Mapped[int] = mapped_column()
            creator_id: Mapped[int] = mapped_column(index=True)


        class Tenant(Base):
            tenant_id: Mapped[int] = mapped_column(primary_key=True)
            owner_id: Mapped[int] = mapped_column()
      `,
    },
    {
      // Schemas and plain classes have no columns.
      ok: py`
        from dataclasses import dataclass

        from pydantic import BaseModel, Field
        from sqlmodel import SQLModel


        class NoteIn(BaseModel):
            tenant_id: int
            creator_id: int = Field()


        class NoteBase(SQLModel):
            tenant_id: int


        @dataclass
        class Context:
            tenant_id: int
      `,
    },
  ],
  collect: {
    call(call, file, { columns }) {
      const index = indexFact(file, call);
      if (index) return index;
      const attribute = unindexedColumn(file, call);
      if (!attribute || !columns.includes(attribute.name) || isMigration(file)) return undefined;
      return { at: call, data: column(attribute.owner.field('name').text, attribute.name, withIndex(file, call)) };
    },
    assignment(statement, file, { columns }): Fact<ColumnFact> | undefined {
      const left = statement.field('left');
      if (!left.is('identifier')) return undefined;
      const opaque = opaqueTableArguments(file, statement);
      if (opaque || !columns.includes(left.text)) return opaque;
      const annotation = statement.field('type');
      const owner = file.enclosingClass(statement);
      if (statement.field('right') || !annotation || !owner || file.enclosingFunction(statement)) return undefined;
      const name = owner.field('name').text;
      if (isMigration(file)) return undefined;
      if (mappedAnnotation(file, annotation)?.wrapper === 'Mapped') {
        const known = file.binding(statement, 'mapped_column')?.target?.startsWith('sqlalchemy.') === true;
        const at = annotation.end - statement.start;
        const edits = known ? [{ from: at, to: at, text: ' = mapped_column(index=True)' }] : [];
        return { at: statement, data: column(name, left.text, edits) };
      }
      if (!isSqlmodelTable(owner) || isMappedClass(file, owner) !== true) return undefined;
      return { at: statement, data: column(name, left.text, []) };
    },
  },
  file: (facts) => columnsWithoutIndex(facts),
});

function column(owner: string, name: string, edits: (ColumnFact & { kind: 'column' })['edits']): ColumnFact {
  return {
    kind: 'column',
    owner,
    name,
    message: `\`${name}\` is a tenant column by the option \`columns\` and has no index, so a query that filters by it reads all rows; add \`index=True\`.`,
    edits,
  };
}
