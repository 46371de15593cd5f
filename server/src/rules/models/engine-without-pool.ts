import { z } from 'zod';
import {
  appended,
  argumentsOf,
  baseName,
  defineRule,
  definitionOf,
  isMigration,
  isMigrationPath,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  sqlalchemyName,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR217',
  name: 'engine-without-pool',
  family: 'models',
  severity: 'information',
  standards: ['backend'],
  summary: 'The engine is made without a word about its connection pool',
  advice: 'State `pool_size` and `pool_pre_ping`',
  why: 'Five connections and ten more at a peak are what everybody gets who says nothing. Under load the sixteenth request waits, and after a database restart the first requests fail on dead connections. What the pool is like should be decided.',
  fix: 'unsafe',
  fixSafety: 'The right size depends on the workers and on what the database allows.',
  requirements: ['004-089', '004-230'],
  peers: [],
  options: z.strictObject({
    settings: z
      .array(z.string())
      .default(['pool_size', 'max_overflow', 'pool_pre_ping', 'pool_recycle', 'pool_timeout', 'poolclass', 'pool'])
      .meta({ description: 'Arguments of which one at least has to be stated.' }),
  }),
  mentions: ['create_async_engine'],
  calls: ['create_async_engine'],
  applies: (file) => !isTestFile(file) && !isMigrationPath(file) && !/(^|\/)scripts?\//.test(file.path),
  examples: [
    {
      bad: py`
        from sqlalchemy.ext.asyncio import create_async_engine

        from app.settings import settings

        engine = create_async_engine(settings.database_url, echo=False)
        #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR217 unsafe: \`create_async_engine\` is told nothing about its connection pool; state \`pool_size\` and \`pool_pre_ping\`.
        replica = create_async_engine(
        #         ^^^^^^^^^^^^^^^^^^^^~2 GR217 unsafe
            "postgresql+asyncpg://replica/app",
        )
      `,
      good: py`
        from sqlalchemy.ext.asyncio import create_async_engine

        from app.settings import settings

        engine = create_async_engine(settings.database_url, echo=False, pool_size=5, pool_pre_ping=True)
        replica = create_async_engine(
            "postgresql+asyncpg://replica/app",
            pool_size=5, pool_pre_ping=True,
        )
      `,
    },
    {
      options: { settings: ['pool_size'] },
      bad: py`
        from sqlalchemy.ext import asyncio as sa

        engine = sa.create_async_engine(URL, pool_pre_ping=True)
        #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR217 unsafe
      `,
      good: py`
        from sqlalchemy.ext import asyncio as sa

        engine = sa.create_async_engine(URL, pool_pre_ping=True, pool_size=5)
      `,
    },
    {
      ok: py`
        import asyncio

        from sqlalchemy.ext.asyncio import create_async_engine


        async def main() -> None:
            engine = create_async_engine(DATABASE_URL)
            await show(engine)


        asyncio.run(main())
      `,
      path: 'scripts/show.py',
    },
    {
      ok: py`
        from sqlalchemy.ext.asyncio import create_async_engine
        from sqlalchemy.pool import NullPool

        one = create_async_engine(URL, pool_size=20)
        two = create_async_engine(URL, poolclass=NullPool)
        three = create_async_engine(URL, **options)
        four = create_async_engine(*arguments)
      `,
    },
    {
      // SQLite has a file and no connections worth pooling.
      ok: py`
        from sqlalchemy import URL
        from sqlalchemy.ext.asyncio import create_async_engine

        PATH = "sqlite+aiosqlite:///./app.db"

        one = create_async_engine("sqlite+aiosqlite://")
        two = create_async_engine(PATH)
        three = create_async_engine(f"sqlite+aiosqlite:///{path}")
        four = create_async_engine(URL.create("sqlite+aiosqlite", database="app.db"))
        five = create_async_engine(settings.SQLITE_URL)
      `,
    },
    {
      path: 'tests/conftest.py',
      ok: py`
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(URL)
      `,
    },
  ],
  on: {
    call(call, file, { settings }) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute') || sqlalchemyName(file, callee) !== 'create_async_engine')
        return undefined;
      const given = argumentsOf(call);
      if (given.hasSplat || given.hasDoubleSplat || !given.list.is('argument_list')) return undefined;
      if (settings.some((name) => given.keywords.has(name)) || given.keywords.has('poolclass')) return undefined;
      if (isSqlite(file, given.at(0, 'url')) || isMigration(file)) return undefined;
      if (baseName(file) === 'env.py') return undefined;
      return {
        at: call,
        message: `\`${callee.text}\` is told nothing about its connection pool; state ${stated(settings)}.`,
        fix: () => added(file, call, settings),
      };
    },
  },
});

function stated(settings: readonly string[]): string {
  const asked = Object.keys(usual).filter((name) => settings.includes(name));
  const names = asked.length > 0 ? asked : settings.slice(0, 2);
  return names.map((name) => `\`${name}\``).join(' and ');
}

function added(file: SourceFile, call: TypedNode<'call'>, settings: readonly string[]) {
  const given = argumentsOf(call);
  const missing = Object.entries(usual).filter(([name]) => settings.includes(name) && !given.keywords.has(name));
  if (missing.length === 0) return undefined;
  const text = missing.map(([name, value]) => `${name}=${value}`).join(', ');
  return {
    title: `Add \`${text}\``,
    safety: 'unsafe' as const,
    edits: appended(call.field('arguments'), text, file.eol),
  };
}

/** Whether a URL says that it is SQLite's, by its text, a constant of the file, or the name of what holds it. */
function isSqlite(file: SourceFile, url: Node | undefined): boolean {
  if (!url) return false;
  const made = url.is('identifier') ? definitionOf(file, url) : undefined;
  const binding = url.is('identifier') ? file.binding(url) : undefined;
  const value = made ?? binding?.value ?? url;
  if (value.is('call')) return isSqlite(file, argumentsOf(value).at(0, 'drivername')) || /sqlite/i.test(url.text);
  const text = stringValue(value);
  return /sqlite/i.test(text ?? value.text) || /sqlite/i.test(url.text);
}

/** What is usually stated: SQLAlchemy's own size, written down, and a test of each connection before it is used. */
const usual = { pool_size: '5', pool_pre_ping: 'True' };
