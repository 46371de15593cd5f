import {
  argumentsOf,
  defineRule,
  isMigration,
  type Node,
  ownName,
  py,
  type SourceFile,
  sessionClass,
  sessionMakerOf,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR212',
  name: 'session-without-context-manager',
  family: 'models',
  severity: 'warning',
  standards: ['architecture', 'backend'],
  summary: 'A session is made and never entered, so an error leaves it open',
  advice: 'Enter it: `async with session_maker() as session:`',
  why: 'A session holds a connection of the pool until it is closed. Where closing is a line of its own, an exception, a cancelled request or an early return skips it, and after a few of those the pool is empty and everything waits.',
  fix: 'none',
  requirements: ['001-009', '001-018', '004-088', '004-247'],
  peers: ['SIM115'],
  mentions: ['Session', 'sessionmaker', 'session_maker', 'session'],
  examples: [
    {
      bad: py`
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

        from app.database import engine

        session_maker = async_sessionmaker(engine)


        async def load(key):
            session = session_maker()
        #             ^^^^^^^^^^^^^^^ GR212 none: \`session_maker()\` is kept in \`session\` and closed by hand; write \`async with session_maker() as session:\`.
            try:
                return await session.get(User, key)
            finally:
                await session.close()


        async def count():
            session = session_maker()
        #             ^^^^^^^^^^^^^^^ GR212 none: \`session_maker()\` is kept in \`session\` and never entered, so an error leaves its connection open; write \`async with session_maker() as session:\`.
            number = await session.scalar(select(func.count(User.id)))
            await session.close()
            return number


        async def dependency():
            db = AsyncSession(engine)
        #        ^^^^^^^^^^^^^^^^^^^^ GR212 none: \`AsyncSession(engine)\` is yielded and never closed; write \`async with AsyncSession(engine) as db:\`.
            yield db
      `,
    },
    {
      bad: py`
        from sqlalchemy.orm import Session, sessionmaker

        from app.database import SessionLocal, engine

        shared = Session(engine)
        #        ^^^^^^^^^^^^^^^ GR212 none


        def run():
            SessionLocal().execute(statement)
        #   ^^^^^^^^^^^^^^ GR212 none: \`SessionLocal()\` is used and never closed; write \`with SessionLocal() as session:\`.
            load(db=sessionmaker(engine)())
        #           ^^^^^^^^^^^^^^^^^^^^^^ GR212 none: \`sessionmaker(engine)()\` is handed over and never entered, so nothing closes it; write \`with sessionmaker(engine)() as session:\`.
      `,
    },
    {
      ok: py`
        from contextlib import AsyncExitStack, closing

        from sqlalchemy.ext.asyncio import async_sessionmaker

        session_maker = async_sessionmaker(engine)


        async def load(key):
            async with session_maker() as session, session.begin():
                return await session.get(User, key)


        async def later(stack: AsyncExitStack):
            first = session_maker()
            async with first:
                await first.commit()
            second = await stack.enter_async_context(session_maker())
            async with session_maker.begin() as third:
                third.add(second)
      `,
    },
    {
      // A dependency that closes what it yields, and a factory whose caller gets the session.
      ok: py`
        from contextlib import closing

        from app.database import SessionLocal


        def get_db():
            db = SessionLocal()
            try:
                yield db
            finally:
                db.close()


        def get_quiet_db():
            db = SessionLocal()
            try:
                yield db
            finally:
                close_quietly(db)


        def make():
            return SessionLocal()


        def prepared():
            session = SessionLocal()
            session.info["made"] = True
            return session


        def old():
            with closing(SessionLocal()) as db:
                db.commit()
      `,
    },
    {
      ok: py`
        import aiohttp
        import requests
        from sqlalchemy.orm import Session, scoped_session, sessionmaker

        registry = scoped_session(sessionmaker())
        session = requests.Session()
        inner = Session(bind=connection)


        class UnitOfWork:
            async def __aenter__(self):
                self.session = self.session_factory()
                return self

            async def __aexit__(self, *error):
                await self.session.close()


        async def load(url):
            client = aiohttp.ClientSession()
            registry().commit()
      `,
    },
  ],
  on: {
    call(call, file) {
      const evidence = made(file, call);
      if (!evidence || isMigration(file)) return undefined;
      const fate = fateOf(file, call);
      if (!fate) return undefined;
      const isAsync = evidence.driver === 'async' || (evidence.driver === undefined && isInAsync(file, call));
      const how = `${isAsync ? 'async with' : 'with'} ${call.text} as ${fate.name ?? 'session'}:`;
      const instead = call.text.includes('\n') ? 'enter it by `with`' : `write \`${how}\``;
      const name = call.text.includes('\n') ? call.field('function').text : call.text;
      return { at: call, message: `\`${name}\` is ${fate.told}; ${instead}.` };
    },
  },
});

/** The session that a call makes: by a session's class or by a maker, not by a registry that keeps them itself. */
function made(file: SourceFile, call: TypedNode<'call'>) {
  const callee = call.field('function');
  if (!mayMakeSession(file, callee)) return undefined;
  const maker = sessionMakerOf(file, callee);
  if (maker) return maker.scoped ? undefined : maker;
  // Not by its name alone: `get_session()` may give a session that somebody else closes.
  const evidence = sessionClass(file.qualified(callee));
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (!evidence?.sure || isBoundToConnection(call) || /scoped_session$/.test(file.qualified(callee) ?? name))
    return undefined;
  return evidence;
}

/**
 * Most calls are ruled out by a name. Of a name that the file itself binds, only its value tells, unless it is a function or
 * a class: it may be a maker. Only a re-export gives an attribute another last name.
 */
function mayMakeSession(file: SourceFile, callee: Node): boolean {
  if (callee.is('attribute'))
    return ofSession.test(callee.field('attribute').text) || file.facts.reexport !== undefined;
  if (!callee.is('identifier')) return true;
  const name = file.qualified(callee);
  if (name !== undefined && ownName(name) === undefined) return ofSession.test(name) || ofSession.test(callee.text);
  const kind = file.binding(callee)?.kind;
  return kind !== undefined && kind !== 'function' && kind !== 'class';
}

const ofSession = /session/i;

/** A session on a connection that somebody else holds: closing it gives nothing back. */
function isBoundToConnection(call: TypedNode<'call'>): boolean {
  return /conn/i.test(argumentsOf(call).at(0, 'bind')?.text ?? '');
}

interface Fate {
  readonly told: string;
  readonly name?: string;
}

/** What becomes of a session that nobody enters; undefined where it is entered, closed or given to the caller. */
function fateOf(file: SourceFile, call: TypedNode<'call'>): Fate | undefined {
  let value: Node = call;
  while (value.parent?.is('parenthesized_expression', 'await')) value = value.parent;
  const { parent } = value;
  if (!parent) return undefined;
  if (parent.is('assignment') && parent.field('right')?.row === value.row) return fateOfName(file, parent);
  if (parent.is('expression_statement')) return { told: 'made and never entered' };
  if (parent.is('yield')) return { told: 'yielded and never closed' };
  if (parent.is('attribute')) {
    const used = parent.parent;
    return used?.is('call') && !/^_*a?(?:enter|close)|^begin$/.test(parent.field('attribute').text)
      ? { told: 'used and never closed' }
      : undefined;
  }
  const argument = parent.is('keyword_argument') ? parent : value;
  const receiver = argument.parent?.is('argument_list') ? argument.parent.parent : undefined;
  if (!receiver?.is('call')) return undefined;
  if (keepers.test(receiver.field('function').text) || receiver.parent?.is('with_item', 'as_pattern')) return undefined;
  return { told: 'handed over and never entered, so nothing closes it' };
}

function fateOfName(file: SourceFile, assignment: TypedNode<'assignment'>): Fate | undefined {
  const left = assignment.field('left');
  const owner = file.enclosingFunction(assignment);
  const leaves = 'never entered, so an error leaves its connection open';
  if (left.is('attribute')) {
    const holder = file.enclosingClass(assignment);
    if (left.field('object').text !== 'self' || !holder) return { told: `kept in \`${left.text}\` and ${leaves}` };
    const closes = closers.some((name) => file.classBindings(holder, name).length > 0);
    return closes ? undefined : { told: `kept in \`${left.text}\` and ${leaves}` };
  }
  if (!left.is('identifier')) return undefined;
  const name = left.text;
  const kept: Fate = { told: `kept in \`${name}\` and ${leaves}`, name };
  if (!owner?.is('function_definition')) return kept;
  let isYielded = false;
  let isClosed = false;
  let isClosedAtLast = false;
  for (const use of owner.field('body').below('identifier')) {
    if (use.text !== name || use.row === left.row) continue;
    const { parent } = use;
    if (parent?.is('with_item') || (parent?.is('as_pattern') && parent.parent?.is('with_item'))) return undefined;
    if (
      parent?.is('return_statement') ||
      (parent?.is('tuple', 'expression_list') && parent.parent?.is('return_statement'))
    )
      return undefined;
    if (parent?.is('yield') || (parent?.is('expression_list', 'tuple') && parent.parent?.is('yield'))) isYielded = true;
    if (parent?.is('attribute') && /^a?close$|^remove$/.test(parent.field('attribute').text)) {
      isClosed = true;
      isClosedAtLast ||= use.above('finally_clause') !== undefined;
    }
    const argument = parent?.is('keyword_argument') ? parent.parent : parent;
    const receiver = argument?.is('argument_list') ? argument.parent : undefined;
    if (receiver?.is('call') && keepers.test(receiver.field('function').text)) return undefined;
    // A helper that closes it, whatever else it does.
    if (receiver?.is('call') && (use.above('finally_clause') || /close/i.test(receiver.field('function').text)))
      isClosed = true;
    if (parent?.is('assignment') && parent.field('right')?.row === use.row && !parent.field('left').is('identifier'))
      return undefined;
  }
  if (isYielded) return isClosed ? undefined : { told: 'yielded and never closed', name };
  return isClosedAtLast ? { told: `kept in \`${name}\` and closed by hand`, name } : kept;
}

function isInAsync(file: SourceFile, node: Node): boolean {
  return file.enclosingFunction(node)?.child('"async"') !== undefined;
}

/** Calls that see to the closing of what they are given. */
const keepers =
  /(?:^|\.)(?:a?closing|enter_context|enter_async_context|push|push_async_exit|callback|addCleanup|addfinalizer)$/;
const closers = ['__exit__', '__aexit__', 'close', 'aclose', 'shutdown', 'tearDown', 'asyncTearDown', 'teardown'];
