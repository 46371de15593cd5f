import { z } from 'zod';
import { defineRule, layerOf, layoutOptions, py, sessionCall } from '../../engine/index.ts';

export default defineRule({
  code: 'GR834',
  name: 'commit-outside-service',
  family: 'structure',
  severity: 'warning',
  standards: ['backend'],
  summary: '`commit()` in a route or a repository',
  advice: 'Commit in the service, which knows when the work is complete',
  why: 'A repository that commits after each write makes it impossible to do two writes or none: the first is stored when the second fails. A route that commits has to know what the service did. Only the service knows where a piece of business begins and ends, so the transaction is its own; a repository flushes when it needs a key.',
  fix: 'none',
  requirements: ['004-065'],
  peers: [],
  options: z.strictObject(layoutOptions),
  mentions: ['commit'],
  calls: ['commit'],
  applies: (file, options) => ['routes', 'repositories'].includes(layerOf(file, options) ?? ''),
  examples: [
    {
      bad: py`
        from sqlalchemy.ext.asyncio import AsyncSession


        class UserRepository:
            def __init__(self, session: AsyncSession):
                self._session = session

            async def create(self, user):
                self._session.add(user)
                await self._session.commit()
                #     ^^^^^^^^^^^^^^^^^^^^^^ GR834 none: \`self._session.commit()\` ends the transaction in a repository; flush here if a key is needed, and commit in the service.
                return user
      `,
      path: 'src/repositories/user_repository.py',
    },
    {
      bad: py`
        @router.post("/items")
        def create_item(session: SessionDep, service: ItemService, payload: ItemCreate):
            item = service.create(payload)
            session.commit()
            ^^^^^^^^^^^^^^^^ GR834 none: \`session.commit()\` ends the transaction in a route; commit in the service that does the work.
            return item
      `,
      path: 'app/api/v1/items.py',
    },
    {
      ok: py`
        class UserService:
            async def create(self, payload):
                user = await self._users.create(payload)
                await self._session.commit()
                return user
      `,
      path: 'src/services/user_service.py',
    },
    {
      ok: py`
        class UserRepository:
            async def create(self, user):
                self._session.add(user)
                await self._session.flush()
                return user
      `,
      path: 'src/repositories/user_repository.py',
    },
    {
      ok: py`
        @router.post("/deployments")
        async def deploy(repository: GitRepository, uow: UnitOfWork):
            repository.index.commit("Deploy")
            await uow.commit()
      `,
      path: 'src/api/routes/deployments.py',
    },
    {
      ok: py`
        def save(session: Session, user):
            session.add(user)
            session.commit()
      `,
      path: 'scripts/repositories/seed.py',
    },
  ],
  on: {
    call(call, file, options) {
      const layer = layerOf(file, options);
      if (layer !== 'routes' && layer !== 'repositories') return undefined;
      const callee = call.field('function');
      if (!callee.is('attribute') || callee.field('attribute').text !== 'commit' || !sessionCall(file, call))
        return undefined;
      return {
        at: call,
        message:
          layer === 'routes'
            ? `\`${callee.text}()\` ends the transaction in a route; commit in the service that does the work.`
            : `\`${callee.text}()\` ends the transaction in a repository; flush here if a key is needed, and commit in the service.`,
      };
    },
  },
});
