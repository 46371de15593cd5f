import { z } from 'zod';
import {
  databaseQuery,
  decoratedRoute,
  defineRule,
  layerOf,
  layoutOptions,
  py,
  queryCalls,
  queryInWords,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR812',
  name: 'database-in-route',
  family: 'structure',
  severity: 'error',
  standards: ['backend'],
  summary: 'A route file that queries the database itself',
  advice: 'Move the query to a repository, and let the route call a service',
  why: 'A route translates between HTTP and the application. A query in it cannot be used by another route, a job or a command, cannot be tested without a request, and ties the address of a page to the shape of a table: whoever changes the table has to search all routes for what rests on it.',
  fix: 'none',
  requirements: ['004-052', '004-054', '004-055', '004-057', '004-068'],
  peers: [],
  options: z.strictObject(layoutOptions),
  calls: queryCalls,
  applies: (file, options) => ['routes', 'api'].includes(layerOf(file, options) ?? ''),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from src.models.user import User

        router = APIRouter()


        @router.get("/users")
        async def list_users(session: AsyncSession):
            result = await session.execute(select(User).where(User.is_active))
            #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR812 none: \`session.execute\` queries \`User\` in a route file; move the query to a repository and call it through a service.
            return result.scalars().all()


        @router.get("/users/{user_id}")
        async def get_user(user_id: int, session: AsyncSession):
            statement = select(User).where(User.id == user_id)
            #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR812 none: \`select\` queries \`User\` in a route file; move the query to a repository and call it through a service.
            return await session.scalar(statement)
      `,
      path: 'src/api/routes/users.py',
    },
    {
      bad: py`
        from sqlmodel import func, select

        from app.api.deps import SessionDep
        from app.models import Item


        @router.get("/items")
        def count_items(session: SessionDep, user_id: int):
            statement = (
                select(func.count())
                ^~2 GR812 none: \`select\` queries \`Item\` in a route file; move the query to a repository and call it through a service.
                .where(Item.owner_id == user_id)
                .select_from(Item)
            )
            total = session.exec(select(func.count()).select_from(Item))
            #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR812 none: \`session.exec\` queries \`Item\` in a route file; move the query to a repository and call it through a service.
            return session.exec(statement).one(), total.one()
      `,
      path: 'backend/app/api/routes/items.py',
    },
    {
      bad: py`
        import sqlmodel as sm

        from app.api.deps import SessionDep
        from app.models import Item


        @router.post("/items")
        def create_item(session: SessionDep, payload: ItemCreate):
            owner = session.get(User, payload.owner_id)
            #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR812 none
            item = Item.model_validate(payload)
            session.add(item)
            ^^^^^^^^^^^^^^^^^ GR812 none: \`session.add\` uses the database in a route file; move the query to a repository and call it through a service.
            session.commit()
            session.refresh(item)
            return session.exec(sm.select(Item)).all()
            #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR812 none
      `,
      path: 'backend/app/api/routes/items.py',
    },
    {
      bad: py`
        from sqlalchemy.orm import Session


        @router.get("/users")
        def list_users(db: Session):
            return db.query(User).filter(User.is_active).all()
            #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR812 none
      `,
      path: 'services/accounts/routes.py',
    },
    {
      ok: py`
        from sqlalchemy import select

        from src.models.user import User
        from src.services.user_service import UserService


        @router.post("/users")
        async def create_user(payload: UserCreate, session: AsyncSession, service: UserService):
            async with session.begin():
                user = await service.create(payload)
                await session.flush()
            return user


        @router.get("/files")
        async def get_file(session: ClientSession, select: Select):
            return await session.get("https://example.com"), select(User)
      `,
      path: 'src/api/routes/users.py',
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
        from sqlalchemy import func, select, text


        @router.get("/health/ready")
        async def ready(session: AsyncSession):
            await session.execute(text("SELECT 1"))
            await session.execute(select(func.set_config("app.tenant", "1", True)))
            return {"status": "ready"}
      `,
      path: 'src/api/routes/health.py',
    },
    {
      ok: py`
        from sqlalchemy import select


        @router.get("/users")
        async def list_users(session: AsyncSession):
            return await session.scalars(select(User))
      `,
      path: 'demo/users.py',
    },
  ],
  on: {
    call(call, file, options) {
      const layer = layerOf(file, options);
      if (layer !== 'routes' && layer !== 'api') return undefined;
      const query = databaseQuery(file, call);
      if (!query || (layer === 'api' && !isInHandler(call, file))) return undefined;
      return {
        at: query.at,
        message: `${queryInWords(query)} in a route file; move the query to a repository and call it through a service.`,
      };
    },
  },
});

/** What stands directly below `api/` may be a route file or not: a handler is. */
function isInHandler(call: TypedNode<'call'>, file: SourceFile): boolean {
  const definition = file.enclosingFunction(call);
  const decorated = definition?.parent;
  return (
    decorated?.is('decorated_definition') === true &&
    decorated.children.some((child) => child.is('decorator') && decoratedRoute(file, child) !== undefined)
  );
}
