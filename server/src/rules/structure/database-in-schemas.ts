import { z } from 'zod';
import { calledName, defineRule, isDatabaseCall, isTestCode, matchesAny, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR804',
  name: 'database-in-schemas',
  family: 'structure',
  severity: 'error',
  standards: ['production'],
  summary: 'A schema file that imports a session or calls the database',
  advice: 'Load the data in `crud.py` or the service, and give the schema values',
  why: 'A schema says what data looks like. When it also fetches data, checking a value takes a connection, a test of a field needs a database, and every place that makes such an object runs queries that nobody sees in the code that is read. What is loaded belongs to the code that loads; the schema is given the values.',
  fix: 'none',
  requirements: ['000-008', '000-033'],
  peers: [],
  options: z.strictObject({
    files: z
      .array(z.string())
      .default(['schemas.py', 'schemas'])
      .meta({ description: 'Globs of the files and folders that hold schemas.' }),
  }),
  applies: (file, { files }) => matchesAny(files, file.path) && !isTestCode(file),
  examples: [
    {
      bad: py`
        from pydantic import BaseModel, model_validator
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR804 none: \`AsyncSession\` is imported into a schema file; load the data in \`crud.py\` or the service and give the schema values.

        from app.core.db.database import SessionLocal
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR804 none: \`SessionLocal\` is imported into a schema file; load the data in \`crud.py\` or the service and give the schema values.

        from .models import Orbit


        class OrbitRead(BaseModel):
            id: int
            name: str

            @classmethod
            async def load(cls, db: AsyncSession, id: int) -> "OrbitRead":
                row = await db.execute(select(Orbit).where(Orbit.id == id))
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR804 none: \`db.execute()\` reaches the database from a schema file; load the data in \`crud.py\` or the service and give the schema values.
                return cls.model_validate(row.scalar_one())

            @model_validator(mode="after")
            def is_known(self) -> "OrbitRead":
                with SessionLocal() as db:
                    #^^^^^^^^^^^^^^ GR804 none
                    assert db.get(Orbit, self.id)
                    #      ^^^^^^^^^^^^^^^^^^^^^^ GR804 none
                return self
      `,
      path: 'app/modules/calculation/orbit/schemas.py',
    },
    {
      bad: py`
        from pydantic import BaseModel

        from app.core.db.database import async_get_db
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR804 none

        from .crud import crud_users


        class UserRead(BaseModel):
            id: int

        async def users() -> list[UserRead]:
            async for db in async_get_db():
                #           ^^^^^^^^^^^^^^ GR804 none
                return await crud_users.get_multi(db)
                #            ^^^^^^^^^^^^^^^^^^^^^^^^ GR804 none
      `,
      path: 'app/schemas/user.py',
    },
    {
      ok: py`
        from datetime import datetime
        from typing import TYPE_CHECKING

        from pydantic import BaseModel, ConfigDict, field_validator
        from sqlalchemy import text
        from sqlalchemy.orm import selectinload

        from app.chat.models import ChatSession, Session

        from .models import Orbit


        class SessionRead(BaseModel):
            model_config = ConfigDict(from_attributes=True)

            id: int
            session: str
            created_at: datetime

            @field_validator("session")
            @classmethod
            def select(cls, value: str) -> str:
                return value.strip()


        def insert(text: str, cache: dict[str, str]) -> str | None:
            cache.update({"a": text})
            return cache.get(select(text)) or text.query()


        def select(text: str) -> str:
            return text
      `,
      path: 'app/modules/tracking/chat/schemas.py',
    },
    {
      ok: py`
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession


        async def newest(db: AsyncSession):
            return await db.scalar(select(Orbit))
      `,
      path: 'app/modules/calculation/orbit/crud.py',
    },
    {
      ok: py`
        from sqlalchemy.orm import Session


        def test_round_trip(db: Session):
            assert db.get(Orbit, 1)
      `,
      path: 'tests/schemas/test_orbit.py',
    },
  ],
  on: {
    import_from_statement(statement) {
      const module = statement.field('module_name').text;
      const names = statement
        .fields('name')
        .map((name) => (name.is('aliased_import') ? name.field('name') : name).text)
        .filter((name) => isSessionName(module, name));
      if (names.length === 0) return undefined;
      const told = names.map((name) => `\`${name}\``).join(' and ');
      return {
        at: statement,
        message: `${told} ${names.length > 1 ? 'are' : 'is'} imported into a schema file; load the data in \`crud.py\` or the service and give the schema values.`,
      };
    },
    call(call, file) {
      if (!isDatabaseCall(file, call)) return undefined;
      return {
        at: call,
        message: `\`${calledName(call)}()\` reaches the database from a schema file; load the data in \`crud.py\` or the service and give the schema values.`,
      };
    },
  },
});

/** What opens or is a session, by SQLAlchemy's own names and by those that applications give their database module's. */
function isSessionName(module: string, name: string): boolean {
  if (/^(?:sqlalchemy|sqlmodel)(?:\.|$)/.test(module))
    return /^(?:Async)?Session$|^(?:async_)?(?:sessionmaker|scoped_session)$|^create_(?:async_)?engine$/.test(name);
  if (/^AsyncSession$|^(?:Async|Sync)?(?:Db|DB)?Session(?:Local|Maker|Factory|Dep|Dependency)$/.test(name)) return true;
  if (/^(?:async_)?(?:get|open)_(?:async_)?(?:db|db_session|database_session)$|^session_scope$/.test(name)) return true;
  return (
    /^(?:async_)?(?:get_(?:async_)?session|session_?maker|session_factory)$/.test(name) && isDatabaseModule(module)
  );
}

function isDatabaseModule(module: string): boolean {
  return module.split('.').some((part) => /^(?:db|database|deps|dependencies|session|sessions|engine)$/.test(part));
}
