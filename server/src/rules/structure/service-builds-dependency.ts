import { z } from 'zod';
import {
  defineRule,
  layerOf,
  layoutOptions,
  type Node,
  py,
  type SourceFile,
  sessionMakerOf,
  sqlalchemyName,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR835',
  name: 'service-builds-dependency',
  family: 'structure',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A service that makes its own repository or session',
  advice: 'Take it as a parameter of `__init__`, and build it where the service is provided',
  why: 'A service that builds what it works with cannot be given anything else: no test can hand it a repository of its own, two services in one request do not share a transaction, and each knows how a session is configured. What is taken as a parameter is wired once, in a dependency.',
  fix: 'none',
  requirements: ['004-066'],
  peers: [],
  options: z.strictObject(layoutOptions),
  applies: (file, options) => layerOf(file, options) === 'services',
  examples: [
    {
      bad: py`
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

        from src.core.database import SessionLocal, engine
        from src.repositories.user_repository import UserRepository


        class UserService:
            def __init__(self):
                self._session = SessionLocal()
                #               ^^^^^^^^^^^^^^ GR835 none: \`UserService\` makes its session by \`SessionLocal()\`; take it as a parameter of \`__init__\`.
                self._users = UserRepository(self._session)
                #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR835 none: \`UserService\` builds \`UserRepository\` itself; take it as a parameter of \`__init__\`.

            async def count(self):
                async with AsyncSession(engine) as session:
                    #      ^^^^^^^^^^^^^^^^^^^^ GR835 none
                    return await UserRepository(session).count()
                    #            ^^^^^^^^^^^^^^^^^^^^^^^ GR835 none
      `,
      path: 'src/services/user_service.py',
    },
    {
      bad: py`
        from ..repositories import users


        class UserService:
            repository = users.UserRepository()
            #            ^^^^^^^^^^^^^^^^^^^^^^ GR835 none
      `,
      path: 'app/services/user_service.py',
    },
    {
      ok: py`
        from typing import Annotated

        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession

        from src.core.database import get_session
        from src.repositories.user_repository import UserRepository


        class UserService:
            def __init__(self, session: AsyncSession, users: UserRepository):
                self._session = session
                self._users = users

            @classmethod
            def over(cls, session: AsyncSession) -> "UserService":
                return cls(session, UserRepository(session))


        def get_user_service(session: Annotated[AsyncSession, Depends(get_session)]) -> UserService:
            return UserService(session, UserRepository(session))
      `,
      path: 'src/services/user_service.py',
    },
    {
      ok: py`
        from src.repositories.user_repository import UserRepository


        class UserService:
            def __init__(self, session, users: UserRepository | None = None, mails=None):
                self._users = users or UserRepository(session)
                self._mails = mails if mails is not None else MailRepository(session)
                self._client = ClientSession()


        class UnitOfWork:
            async def __aenter__(self):
                self.session = self._maker()
                self.users = UserRepository(self.session)
      `,
      path: 'src/services/user_service.py',
    },
    {
      ok: py`
        class UserRoutes:
            def __init__(self):
                self._users = UserRepository(SessionLocal())
      `,
      path: 'src/api/dependencies.py',
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
      const isRepository = repository.test(last);
      if (!isRepository && !/session/i.test(last)) return undefined;
      const owner = file.enclosingClass(call);
      if (!owner || wiring.test(owner.field('name').text) || isHandedOn(call)) return undefined;
      const name = owner.field('name').text;
      if (isRepository)
        return {
          at: call,
          message: `\`${name}\` builds \`${last}\` itself; take it as a parameter of \`__init__\`.`,
        };
      return makesSession(file, callee)
        ? {
            at: call,
            message: `\`${name}\` makes its session by \`${callee.text}()\`; take it as a parameter of \`__init__\`.`,
          }
        : undefined;
    },
  },
});

const repository = /^_*[A-Z]\w*(?:Repository|Repo)$/;
/** Classes whose business is to put things together. */
const wiring = /UnitOfWork|U[oO]W|Factory|Provider|Container|Registry|Builder/;

function makesSession(file: SourceFile, callee: Node): boolean {
  const name = sqlalchemyName(file, callee);
  if (name !== undefined) return name === 'Session' || name === 'AsyncSession';
  // A maker that was handed in makes sessions for whoever decided on it.
  return callee.is('identifier') && sessionMakerOf(file, callee) !== undefined && !isParameter(file, callee);
}

function isParameter(file: SourceFile, name: TypedNode<'identifier'>): boolean {
  return file.binding(name)?.kind === 'parameter';
}

/** The fallback of a parameter, or what a class method hands to the class it makes. */
function isHandedOn(call: Node): boolean {
  let { parent } = call;
  while (parent?.is('parenthesized_expression')) parent = parent.parent;
  if (parent?.is('boolean_operator', 'conditional_expression')) return true;
  if (parent?.is('keyword_argument')) parent = parent.parent;
  const outer = parent?.is('argument_list') ? parent.parent : undefined;
  if (!outer?.is('call')) return false;
  const callee = outer.field('function');
  return callee.text === 'cls' || /^_*[A-Z]\w*Service$/.test(callee.text);
}
