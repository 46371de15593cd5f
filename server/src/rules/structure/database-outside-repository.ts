import { z } from 'zod';
import {
  type DatabaseQuery,
  databaseQuery,
  defineRule,
  type Finding,
  isInLayerPackage,
  isMigration,
  isScript,
  isTestCode,
  type Layer,
  type LayoutOptions,
  layoutOptions,
  type ModulePlace,
  modulePlace,
  moduleRootsOption,
  placeOf,
  py,
  queryCalls,
  queryInWords,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({ ...layoutOptions, modules: moduleRootsOption });

/** What a file tells before it is known whether its workspace has the layers. */
interface Data {
  /** Undefined for the import that shows the layers. */
  readonly message: string | undefined;
}

export default defineRule<typeof options, Data>({
  code: 'GR814',
  name: 'database-outside-repository',
  family: 'structure',
  severity: 'warning',
  standards: ['backend', 'architecture'],
  summary: 'A database query outside the repositories',
  advice: 'Move the query to a repository, and call that',
  why: 'When all queries stand in repositories, one place says how a thing is stored, which rows a tenant may see and what is loaded with it. A query elsewhere escapes all three: it is the one that is forgotten when a column changes, that loads row by row, or that has no tenant in its condition.',
  fix: 'none',
  requirements: ['001-060', '004-052', '004-068'],
  peers: [],
  options,
  calls: queryCalls,
  applies: (file, options) => mayHoldQueries(file, options),
  examples: [
    {
      bad: py`
        from sqlalchemy import select, update
        from sqlalchemy.ext.asyncio import AsyncSession

        from src.models.user import User


        class UserService:
            def __init__(self, session: AsyncSession):
                self._session = session

            async def active(self):
                rows = await self._session.scalars(select(User).where(User.is_active))
                #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR814 none: \`self._session.scalars\` queries \`User\` in a service; move the query to a repository.
                return list(rows)

            async def rename(self, user_id, name):
                statement = update(User).where(User.id == user_id).values(name=name)
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR814 none
                async with self._session.begin():
                    await self._session.execute(statement)
      `,
      path: 'src/services/user_service.py',
    },
    {
      bad: py`
        from sqlalchemy.orm import Session

        from app.models import User


        def get_current_user(session: Session, token: str):
            return session.get(User, token)
            #      ^^^^^^^^^^^^^^^^^^^^^^^^ GR814 none: \`session.get\` queries \`User\` in a dependency; move the query to a repository.
      `,
      path: 'app/api/deps.py',
    },
    {
      bad: py`
        from sqlalchemy import select

        from src.core.database import get_session
        from src.models.order import Order


        async def report():
            async with get_session() as session:
                return await session.scalars(select(Order))
                #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR814 none: \`session.scalars\` queries \`Order\` outside the repositories; move the query to one.
      `,
      path: 'src/workers/report.py',
    },
    {
      bad: py`
        from sqlalchemy import select


        async def calculate(db, user_id):
            return await db.scalar(select(Profile))
            #            ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR814 none: \`db.scalar\` queries \`Profile\` in a module outside its \`crud.py\`; move the query there.
      `,
      path: 'app/modules/calculation/numerology/service.py',
    },
    {
      ok: py`
        from sqlalchemy import select

        from src.models.user import User


        class UserRepository:
            async def list(self):
                return await self.session.scalars(select(User))
      `,
      path: 'src/repositories/user_repository.py',
    },
    {
      ok: py`
        from sqlalchemy import select


        async def active(session):
            return await session.scalars(select(User))
      `,
      path: 'services/accounts/crud.py',
    },
    {
      ok: py`
        from sqlalchemy.ext.asyncio import AsyncSession

        from src.repositories.user_repository import UserRepository


        class UserService:
            def __init__(self, session: AsyncSession, users: UserRepository):
                self._session = session
                self._users = users

            async def rename(self, user_id, name):
                async with self._session.begin():
                    user = await self._users.get(user_id)
                    await self._users.rename(user, name)
                await self._session.flush()
                await self._session.commit()
      `,
      path: 'src/services/user_service.py',
    },
    {
      ok: py`
        from app.modules.base import BaseModule
        from sqlalchemy import select


        class NumerologyModule(BaseModule):
            async def initialize(self):
                await super().initialize()
                async for db in async_get_db():
                    result = await db.execute(select(SystemConfiguration))
                    self.config = result.scalar_one_or_none()
                    break
      `,
      path: 'app/modules/calculation/numerology/module.py',
    },
    {
      ok: py`
        from sqlalchemy import text


        async def set_tenant(session, tenant_id):
            await session.execute(text("SELECT set_config('app.tenant_id', :id, true)"), {"id": tenant_id})
      `,
      path: 'src/core/database.py',
    },
    {
      ok: py`
        from sqlalchemy import func, select
        from sqlalchemy.orm import column_property


        class User(Base):
            __tablename__ = "users"
            orders = column_property(select(func.count(Order.id)).scalar_subquery())

            @total.inplace.expression
            @classmethod
            def _total(cls):
                return select(func.sum(Order.amount))
      `,
      path: 'src/models/user.py',
    },
    {
      ok: py`
        from sqlalchemy import select

        from src.dispatch.database.core import DbSession


        def get(db_session: DbSession):
            return db_session.scalars(select(Incident))
      `,
      path: 'src/dispatch/incident/service.py',
    },
    {
      ok: py`
        from sqlalchemy import select

        from shop.server.services.base import Service


        async def expired(db):
            return await db.scalars(select(Flow))
      `,
      path: 'src/shop/server/clean-up/flows.py',
    },
    {
      ok: py`
        from sqlalchemy import select

        from src.repositories import users


        def upgrade():
            op.get_bind().execute(select(User))
      `,
      path: 'src/alembic/versions/3f2a9c81d0aa_names.py',
    },
  ],
  on: {
    call(call, file, given) {
      const place = placeOf(file, given);
      if (place) return place.layer && layerNames.has(place.layer) ? queryIn(file, call, place.layer) : undefined;
      const module = modulePlace(file.path, given.modules);
      if (!module || !isModuleCode(module)) return undefined;
      const query = queryOf(file, call);
      if (!query || isInitialize(call, file)) return undefined;
      return {
        at: query.at,
        message: `${queryInWords(query)} in a module outside its \`crud.py\`; move the query there.`,
      };
    },
  },
  // Below a root, but in no layer: only where the file itself takes something from the layers are they there.
  collect: {
    import_from_statement(statement, file, given) {
      const place = placeOf(file, given);
      if (!place || place.layer) return undefined;
      const module = statement.field('module_name').text;
      const showsLayers =
        isInLayerPackage(module, 'services', given) ||
        isInLayerPackage(module, 'repositories', given) ||
        /^src\.(?:models|schemas|core)\./.test(module);
      return showsLayers ? { at: statement, data: { message: undefined } } : undefined;
    },
    call(call, file, given) {
      const place = placeOf(file, given);
      if (!place || place.layer) return undefined;
      const query = queryOf(file, call);
      if (!query) return undefined;
      return {
        at: query.at,
        data: { message: `${queryInWords(query)} outside the repositories; move the query to one.` },
      };
    },
  },
  file(facts) {
    if (facts.every(({ data }) => data.message !== undefined)) return [];
    return facts.flatMap(({ at, data }) => (data.message === undefined ? [] : [{ at, message: data.message }]));
  },
});

function mayHoldQueries(
  file: { readonly path: string },
  given: LayoutOptions & { readonly modules: readonly string[] },
): boolean {
  if (isTestCode(file) || isScript(file)) return false;
  const place = placeOf(file, given);
  if (place) return place.layer === undefined || layerNames.has(place.layer);
  const module = modulePlace(file.path, given.modules);
  return module !== undefined && isModuleCode(module);
}

/** A file of a module that has to leave queries to its `crud.py` or repositories. */
function isModuleCode({ part, inside }: ModulePlace): boolean {
  return part !== 'crud' && part !== 'tests' && !ofRepository.test(inside);
}

function queryIn(file: SourceFile, call: TypedNode<'call'>, layer: Layer): Finding | undefined {
  const query = queryOf(file, call);
  if (!query || (layer === 'models' && isMapping(call, file))) return undefined;
  return {
    at: query.at,
    message: `${queryInWords(query)} in ${layerNames.get(layer)}; move the query to a repository.`,
  };
}

function queryOf(file: SourceFile, call: TypedNode<'call'>): DatabaseQuery | undefined {
  const query = databaseQuery(file, call);
  return query && !isMigration(file) ? query : undefined;
}

/** A module reads its configuration row when it is initialised. */
function isInitialize(call: TypedNode<'call'>, file: SourceFile): boolean {
  const definition = file.enclosingFunction(call);
  return definition?.is('function_definition') === true && definition.field('name').text === 'initialize';
}

/** A statement that is part of the mapping: of a column property, a hybrid's expression, a view. */
function isMapping(call: TypedNode<'call'>, file: SourceFile): boolean {
  const definition = file.enclosingFunction(call);
  if (!definition?.is('function_definition')) return true;
  return file
    .decorators(definition)
    .some((decorator) => /expression|declared_attr|hybrid|comparator/.test(decorator.text));
}

/** The layers with queries that do not belong there. Routes are another rule's. */
const layerNames = new Map<Layer, string>([
  ['api', 'an API file'],
  ['dependencies', 'a dependency'],
  ['services', 'a service'],
  ['models', 'a model file'],
  ['schemas', 'a schema file'],
  ['core', 'a core file'],
]);

/** A module may have repositories of its own. */
const ofRepository = /^repositor(?:y|ies)(?:\/|\.py$)|_repository\.py$/;
