import {
  argumentsOf,
  baseName,
  defineRule,
  definitionOf,
  isMigration,
  isMigrationPath,
  isScript,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  sqlalchemyName,
  stringValue,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR215',
  name: 'schema-change-outside-migration',
  family: 'models',
  severity: 'warning',
  standards: ['production', 'architecture', 'module', 'backend'],
  summary: 'Application code changes the database schema',
  advice: 'Make the change in an Alembic revision',
  why: '`create_all` makes tables that are missing and never changes one that exists, so databases drift apart from the models and from each other. A migration is reviewed, runs once, in order, and can be taken back.',
  fix: 'none',
  requirements: ['000-077', '001-024', '003-051', '004-086'],
  peers: [],
  mentions: ['create_all', 'drop_all', 'execute', 'exec_driver_sql', 'sqlalchemy', 'sqlmodel'],
  calls: () => [...executors, 'text', 'DDL'],
  applies: (file) =>
    !isTestFile(file) &&
    !isScript(file) &&
    !isMigrationPath(file) &&
    !ownMigrations.test(file.path) &&
    baseName(file) !== 'env.py',
  examples: [
    {
      bad: py`
        import sqlalchemy as sa
        from sqlalchemy import DDL, text

        from app.models import Base, engine, metadata

        ADD_NAME = "ALTER TABLE users ADD COLUMN name text"


        async def start(db, tables):
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
        #                                 ^^^^^^^^^^^^^^^^^^^^^^^^ GR215 none: \`Base.metadata.create_all\` makes the schema from application code; let an Alembic revision do it.
                await connection.execute(text("CREATE INDEX ix_user ON users (name)"))
        #                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR215 none: \`CREATE INDEX\` changes the schema from application code; let an Alembic revision do it.
                await connection.execute(text(ADD_NAME))
        #                                     ^^^^^^^^ GR215 none: \`ALTER TABLE\` changes the schema from application code; let an Alembic revision do it.
            metadata.drop_all(engine, tables=tables)
        #   ^^^^^^^^^^^^^^^^^ GR215 none: \`metadata.drop_all\` drops the schema from application code; let an Alembic revision do it.
            db.exec_driver_sql(f"drop table if exists {tables[0]}")
        #                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR215 none: \`DROP TABLE\` changes the schema from application code; let an Alembic revision do it.
            await db.execute("""
        #                    ^^^~2 GR215 none
                CREATE EXTENSION IF NOT EXISTS vector
            """)
      `,
    },
    {
      path: 'alembic/versions/0001_users.py',
      ok: py`
        from alembic import op
        from sqlalchemy import text

        def upgrade():
            op.execute(text("CREATE INDEX ix_user ON users (name)"))
      `,
    },
    {
      path: 'tests/conftest.py',
      ok: py`
        from app.models import Base, engine

        def tables():
            Base.metadata.create_all(engine)
            yield
            Base.metadata.drop_all(engine)
      `,
    },
    {
      // Rows are not the schema, a temporary table is gone with its connection, and a cache file has no migrations.
      ok: py`
        import sqlite3
        from sqlalchemy import text

        from app.team import service


        def clean(db, connection):
            service.create_all(db, teams=[])
            db.execute(text("TRUNCATE users"))
            db.execute(text("CREATE TEMPORARY TABLE seen (id int)"))
            db.execute(text("CREATE DATABASE app"))
            db.execute(text("SELECT 'DROP TABLE users'"))
            connection.execute("CREATE TABLE cache (key text)")
            print("ALTER TABLE users")


        def compare(connection):
            connection.execute(text("DROP TABLE IF EXISTS wanted"))
            connection.execute(text("CREATE TEMP TABLE wanted (key text)"))
      `,
    },
    {
      bad: py`
        from sqlalchemy import text


        def replace(connection):
            connection.execute(text("DROP TABLE users"))
        #                           ^^^^^^^^^^^^^^^^^^ GR215 none
            connection.execute(text("CREATE TEMP TABLE wanted (key text)"))
      `,
    },
    {
      // A module of the application, unlike Django's own at the top of a project.
      bad: py`
        from app.models import Base


        def create(engine) -> None:
            Base.metadata.create_all(engine)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^ GR215 none
      `,
      path: 'src/app/database/manage.py',
    },
    {
      path: 'app/core/migrations.py',
      ok: py`
        async def m001_names(db):
            await db.execute("ALTER TABLE users ADD COLUMN name text")
      `,
    },
    {
      ok: py`
        class Registry:
            def create_all(self):
                for table in self.tables:
                    table.execute("create a table")


        def run(registry: Registry):
            registry.create_all()
      `,
    },
  ],
  on: {
    attribute(attribute, file) {
      const name = attribute.field('attribute').text;
      if (name !== 'create_all' && name !== 'drop_all') return undefined;
      if (!isMetadata(file, attribute.field('object')) || isMigration(file)) return undefined;
      const does = name === 'create_all' ? 'makes' : 'drops';
      return {
        at: attribute,
        message: `\`${attribute.text}\` ${does} the schema from application code; let an Alembic revision do it.`,
      };
    },
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute')) return undefined;
      const method = callee.is('attribute') ? callee.field('attribute').text : '';
      const executes = executors.has(method);
      if (!executes) {
        const name = sqlalchemyName(file, callee);
        if (name !== 'text' && name !== 'DDL') return undefined;
      }
      const [given] = argumentsOf(call).positional;
      const statement = given && ddl(file, given);
      if (!given || statement === undefined || isMigration(file)) return undefined;
      if (executes && drivers.some((driver) => file.moduleBindings(driver).length > 0)) return undefined;
      if (statement === 'DROP TABLE' && isTemporary(file, given)) return undefined;
      return {
        at: given,
        message: `\`${statement}\` changes the schema from application code; let an Alembic revision do it.`,
      };
    },
  },
});

/** `Base.metadata`, a `MetaData()` of the file, or an imported `metadata`. */
function isMetadata(file: SourceFile, object: Node): boolean {
  if (object.is('attribute')) return object.field('attribute').text === 'metadata';
  if (!object.is('identifier')) return false;
  const made = definitionOf(file, object);
  if (made?.is('call')) return sqlalchemyName(file, made.field('function')) === 'MetaData';
  return /^(?:\w+_)?metadata$/.test(object.text) && file.binding(object)?.kind !== 'parameter';
}

/** What a text does to the schema: `CREATE TABLE`; undefined for every other text. */
function ddl(file: SourceFile, given: Node): string | undefined {
  const binding = given.is('identifier') ? file.binding(given) : undefined;
  const value = binding?.kind === 'assignment' ? binding.value : given;
  if (!value?.is('string', 'concatenated_string')) return undefined;
  const text = stringValue(value) ?? value.text.replace(/^[a-zA-Z]*["']+/, '');
  const [, verb, kind] = schemaChange.exec(text.slice(0, 200)) ?? [];
  return verb && kind ? `${verb} ${kind}`.toUpperCase() : undefined;
}

/** Whether a function drops a table that it makes as a temporary one. */
function isTemporary(file: SourceFile, given: Node): boolean {
  const table = dropped.exec(given.text.slice(0, 200))?.[1];
  const definition = file.enclosingFunction(given);
  if (table === undefined || !definition?.is('function_definition')) return false;
  return definition
    .field('body')
    .below('string')
    .some((text) => [...text.text.matchAll(temporary)].some((made) => made[1]?.toLowerCase() === table.toLowerCase()));
}

const dropped = /drop\s+table\s+(?:if\s+exists\s+)?(\w+)/i;
const temporary = /create\s+temp(?:orary)?\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)/gi;
/** A project's own migrations, run by something else than Alembic. */
const ownMigrations = /(^|\/)migrations?(\.py$|\/)/;
const schemaChange =
  /^(?:\s|--[^\n]*\n)*(create|alter|drop)\s+(?:or\s+replace\s+|unique\s+|unlogged\s+|foreign\s+(?=table)|materialized\s+(?=view))*(table|index|view|schema|type|sequence|extension|trigger|function|policy|domain|column)\b/i;
const executors = new Set(['execute', 'exec_driver_sql', 'executescript']);
/** Modules of embedded databases: what is made in their files belongs to no migration. */
const drivers = ['sqlite3', 'aiosqlite', 'duckdb'];
