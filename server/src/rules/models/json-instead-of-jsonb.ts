import {
  argumentsOf,
  constructOf,
  defineRule,
  type Fact,
  type Finding,
  type Fix,
  isMigration,
  type Node,
  py,
  type SourceFile,
  type Span,
  spellInstead,
  sqlalchemyName,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR235',
  name: 'json-instead-of-jsonb',
  family: 'models',
  severity: 'information',
  standards: ['backend'],
  summary: 'A `JSON` column where the database is PostgreSQL',
  advice: 'Declare the column as `JSONB`',
  why: 'PostgreSQL keeps `json` as the text that was sent: every read parses it anew, it cannot be compared, and no index reaches inside. `jsonb` is stored parsed and can be asked by `@>` and `?` through a GIN index.',
  fix: 'unsafe',
  fixSafety:
    'The column type changes, so the table needs a migration. `jsonb` does not keep white space, the order of keys or repeated keys.',
  requirements: ['004-236'],
  peers: [],
  mentions: ['JSON'],
  calls: ['Column', 'mapped_column', 'Field'],
  examples: [
    {
      bad: py`
        from sqlalchemy import JSON
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import Mapped, mapped_column

        from app.database import Base


        class Event(Base):
            __tablename__ = "event"

            id: Mapped[str] = mapped_column(UUID, primary_key=True)
            payload: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
        #                                                      ^^^^ GR235 unsafe: \`JSON\` is stored as text in PostgreSQL and cannot be indexed; declare the column as \`JSONB\`.
            meta: Mapped[dict[str, object]] = mapped_column("metadata", JSON(none_as_null=True))
        #                                                               ^^^^ GR235 unsafe
      `,
      good: py`
        from sqlalchemy import JSON
        from sqlalchemy.dialects.postgresql import UUID, JSONB
        from sqlalchemy.orm import Mapped, mapped_column

        from app.database import Base


        class Event(Base):
            __tablename__ = "event"

            id: Mapped[str] = mapped_column(UUID, primary_key=True)
            payload: Mapped[dict[str, object]] = mapped_column(JSONB, default=dict)
            meta: Mapped[dict[str, object]] = mapped_column("metadata", JSONB(none_as_null=True))
      `,
    },
    {
      // The import goes with its last use.
      bad: py`
        from sqlalchemy import (
            JSON,
            Column,
            String,
        )
        from sqlalchemy.dialects.postgresql import TSVECTOR

        from app.database import Base


        class Signal(Base):
            name = Column(String)
            raw = Column(JSON)
        #                ^^^^ GR235 unsafe
            search_vector = Column(TSVECTOR)
      `,
      good: py`
        from sqlalchemy import (
            Column,
            String,
        )
        from sqlalchemy.dialects.postgresql import TSVECTOR, JSONB

        from app.database import Base


        class Signal(Base):
            name = Column(String)
            raw = Column(JSONB)
            search_vector = Column(TSVECTOR)
      `,
    },
    {
      bad: py`
        from sqlalchemy import Column
        from sqlalchemy.dialects.postgresql import JSON

        raw = Column(JSON(astext_type=Text()))
        #            ^^^^ GR235 unsafe
      `,
      good: py`
        from sqlalchemy import Column
        from sqlalchemy.dialects.postgresql import JSONB

        raw = Column(JSONB(astext_type=Text()))
      `,
    },
    {
      bad: py`
        import sqlalchemy as sa
        from sqlalchemy.dialects import postgresql

        metadata = sa.MetaData()
        events = sa.Table(
            "events",
            metadata,
            sa.Column("payload", postgresql.JSON(astext_type=sa.Text())),
        #                        ^^^^^^^^^^^^^^^ GR235 unsafe: \`postgresql.JSON\` is stored as text in PostgreSQL and cannot be indexed; declare the column as \`JSONB\`.
        )
      `,
      good: py`
        import sqlalchemy as sa
        from sqlalchemy.dialects import postgresql

        metadata = sa.MetaData()
        events = sa.Table(
            "events",
            metadata,
            sa.Column("payload", postgresql.JSONB(astext_type=sa.Text())),
        )
      `,
    },
    {
      bad: py`
        from sqlmodel import JSON, Column, Field, SQLModel, create_engine

        engine = create_engine("postgresql+psycopg://localhost/app")


        class Event(SQLModel, table=True):
            id: int = Field(primary_key=True)
            payload: dict[str, str] = Field(sa_column=Column(JSON))
        #                                                    ^^^^ GR235 unsafe
            extra: dict[str, str] = Field(sa_type=JSON)
        #                                         ^^^^ GR235 unsafe
      `,
      good: py`
        from sqlmodel import JSON, Column, Field, SQLModel, create_engine
        from sqlalchemy.dialects.postgresql import JSONB

        engine = create_engine("postgresql+psycopg://localhost/app")


        class Event(SQLModel, table=True):
            id: int = Field(primary_key=True)
            payload: dict[str, str] = Field(sa_column=Column(JSONB))
            extra: dict[str, str] = Field(sa_type=JSONB)
      `,
    },
    {
      ok: py`
        from sqlalchemy import JSON
        from sqlalchemy.dialects.postgresql import JSONB
        from sqlalchemy.orm import Mapped, mapped_column

        from app.database import Base


        class Event(Base):
            payload: Mapped[dict[str, object]] = mapped_column(JSONB)
            extra: Mapped[dict[str, object]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
      `,
    },
    {
      // Nothing in the file tells which database it is for.
      ok: py`
        from sqlalchemy import JSON
        from sqlalchemy.orm import Mapped, mapped_column

        from app.database import Base


        class Event(Base):
            payload: Mapped[dict[str, object]] = mapped_column(JSON)
      `,
    },
    {
      ok: py`
        from sqlalchemy import JSON, Column, Integer, create_engine
        from sqlalchemy.dialects.postgresql import UUID

        engine = create_engine("sqlite://" if TESTING else "postgresql+asyncpg://localhost/app")
        payload = Column(JSON)
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_events.py',
      ok: py`
        import sqlalchemy as sa
        from alembic import op
        from sqlalchemy.dialects import postgresql

        revision = "0123456789ab"
        down_revision = None


        def upgrade() -> None:
            op.add_column("events", sa.Column("payload", postgresql.JSON()))
      `,
    },
  ],
  collect: {
    import_from_statement(statement, file) {
      const module = statement.field('module_name').text;
      const names = statement.fields('name').map((name) => name.text.split(/\s/)[0] ?? '');
      return evidence(file, statement, module, names);
    },
    import_statement(statement, file) {
      const modules = statement.fields('name').map((name) => name.text.split(/\s/)[0] ?? '');
      return modules.flatMap((module) => evidence(file, statement, module, []) ?? []);
    },
    string(literal): Fact<Told> | undefined {
      if (literal.end - literal.start > 300) return undefined;
      const [, database] =
        /^[rbfu]*["']{1,3}(postgres(?:ql)?|sqlite|mysql|mariadb|oracle|mssql)(?:\+\w+)?:\/\//i.exec(literal.text) ?? [];
      if (database === undefined) return undefined;
      return { at: literal, data: { is: database.startsWith('postgres') ? 'postgresql' : 'other' } };
    },
    call(call, file): readonly Fact<Told>[] | undefined {
      const construct = constructOf(file, call);
      if (construct !== 'Column' && construct !== 'mapped_column' && construct !== 'Field') return undefined;
      const { positional, keyword } = argumentsOf(call);
      const types = construct === 'Field' ? [keyword('sa_type')] : [...positional.slice(0, 2), keyword('type_')];
      return types.flatMap((type) => {
        const name = type?.is('call') ? type.field('function') : type;
        return name && isJson(file, name) ? [{ at: name, data: { is: 'column', type: name.text } }] : [];
      });
    },
  },
  file(facts, file) {
    if (!facts.some(({ data }) => data.is === 'column') || isMigration(file)) return [];
    if (!facts.some(({ data }) => data.is === 'postgresql') || facts.some(({ data }) => data.is === 'other')) return [];
    return facts.flatMap(({ at, data }): Finding[] =>
      data.is === 'column'
        ? [
            {
              at,
              message: `\`${data.type}\` is stored as text in PostgreSQL and cannot be indexed; declare the column as \`JSONB\`.`,
              fix: () => withJsonb(file, at),
            },
          ]
        : [],
    );
  },
});

type Told = { readonly is: 'postgresql' | 'other' } | { readonly is: 'column'; readonly type: string };

/** The generic type, or PostgreSQL's own; other dialects' JSON is right where it is. */
function isJson(file: SourceFile, name: Node): boolean {
  if (!name.is('identifier', 'attribute') || sqlalchemyName(file, name) !== 'JSON') return false;
  return !/\.dialects\.(?!postgresql\.)/.test(file.qualified(name) ?? '');
}

/** What an import tells of the database that the file is written for. */
function evidence(file: SourceFile, statement: Node, module: string, names: readonly string[]): Fact<Told> | undefined {
  const paths = module === 'sqlalchemy.dialects' ? names.map((name) => `${module}.${name}`) : [module];
  for (const path of paths) {
    const [, dialect] = /^sqlalchemy\.dialects\.(\w+)/.exec(path) ?? [];
    if (dialect !== undefined && !file.enclosingFunction(statement))
      return { at: statement, data: { is: dialect === 'postgresql' ? 'postgresql' : 'other' } };
    const [root = ''] = path.split('.');
    if (drivers.has(root)) return { at: statement, data: { is: 'postgresql' } };
    if (otherDrivers.has(root)) return { at: statement, data: { is: 'other' } };
  }
  return undefined;
}

const drivers = new Set(['asyncpg', 'psycopg', 'psycopg2', 'pg8000']);
const otherDrivers = new Set([
  'aiosqlite',
  'sqlite3',
  'pymysql',
  'aiomysql',
  'asyncmy',
  'MySQLdb',
  'oracledb',
  'pyodbc',
]);

function withJsonb(file: SourceFile, at: Span): Fix | undefined {
  const name = file.units[file.unitIndexAt(at.start)]?.root
    .below('identifier', 'attribute')
    .find((node) => node.start === at.start && node.end === at.end);
  const spelled = name && spellInstead(file, name, ['sqlalchemy.dialects.postgresql', 'JSONB'], name);
  if (!spelled) return undefined;
  return {
    title: `Declare as \`${spelled.text}\``,
    safety: 'unsafe',
    edits: [{ start: at.start, end: at.end, text: spelled.text }, ...spelled.edits],
  };
}
