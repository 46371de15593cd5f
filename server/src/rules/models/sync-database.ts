import {
  annotatedClass,
  argumentsOf,
  baseName,
  defineRule,
  definitionOf,
  type Fact,
  type Fix,
  isMigration,
  isMigrationPath,
  isScript,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  sessionMakerMadeBy,
  sessionOf,
  spellAll,
  sqlalchemyName,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

interface Use {
  readonly kind: 'use';
  readonly name: string;
  readonly text: string;
  /** The function whose parameter or body it stands in. */
  readonly inside: readonly string[];
  /** One name is enough to make it asynchronous. */
  readonly isEnough: boolean;
}

/** A function that \`run_sync\` runs, or an event calls: there the synchronous session is right. */
interface Bridge {
  readonly kind: 'bridge';
  readonly name: string;
}

/** A function of the file that is called with a session. */
interface Called {
  readonly kind: 'called';
  readonly name: string;
  readonly inside: readonly string[];
}

type SyncFact = Fact<Use | Bridge | Called>;

export default defineRule({
  code: 'GR211',
  name: 'sync-database',
  family: 'models',
  severity: 'warning',
  standards: ['architecture', 'backend'],
  summary: 'The database is used through SQLAlchemy’s synchronous interface',
  advice: 'Use `create_async_engine`, `async_sessionmaker` and `AsyncSession`',
  why: 'A synchronous query holds the thread it runs on. In an asynchronous service that is the event loop, so one slow query stops every request; in a thread pool it is one of forty threads, after which everything waits.',
  fix: 'unsafe',
  fixSafety: 'What is done with it has to be awaited, and the database’s URL has to name an asynchronous driver.',
  requirements: ['001-007', '001-008', '001-015', '004-010', '004-020', '004-070', '004-088'],
  peers: [],
  mentions: ['create_engine', 'sessionmaker', 'Session', 'scoped_session'],
  applies: (file) => !isTestFile(file) && !isScript(file) && !isMigrationPath(file) && baseName(file) !== 'env.py',
  examples: [
    {
      bad: py`
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
        from sqlalchemy.orm import Session, sessionmaker

        old = create_engine("postgresql://localhost/app")
        #     ^^^^^^^^^^^^^ GR211 none: \`create_engine\` makes a synchronous engine; use \`create_async_engine\` and await what is done with it.
        other = create_engine("postgresql+asyncpg://localhost/app")
        #       ^^^^^^^^^^^^^ GR211 unsafe
        engine = create_async_engine("postgresql+asyncpg://localhost/app")
        make = sessionmaker(bind=engine, expire_on_commit=False)
        #      ^^^^^^^^^^^^ GR211 unsafe: \`sessionmaker\` makes synchronous sessions; use \`async_sessionmaker\` and await what is done with it.


        async def count(db: Session) -> int:
        #                   ^^^^^^^ GR211 unsafe: \`Session\` is the synchronous session; use \`AsyncSession\` and await what is done with it.
            return await db.scalar(statement)


        def load(db: Session) -> int:
        #            ^^^^^^^ GR211 none
            with Session(old) as session:
        #        ^^^^^^^ GR211 none
                return session.scalar(statement)
      `,
      good: py`
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine, async_sessionmaker
        from sqlalchemy.orm import Session, sessionmaker

        old = create_engine("postgresql://localhost/app")
        other = create_async_engine("postgresql+asyncpg://localhost/app")
        engine = create_async_engine("postgresql+asyncpg://localhost/app")
        make = async_sessionmaker(bind=engine, expire_on_commit=False)


        async def count(db: AsyncSession) -> int:
            return await db.scalar(statement)


        def load(db: Session) -> int:
            with Session(old) as session:
                return session.scalar(statement)
      `,
    },
    {
      bad: py`
        from typing import Annotated

        from fastapi import Depends
        from sqlmodel import Session, create_engine

        engine = create_engine(str(settings.url))
        #        ^^^^^^^^^^^^^ GR211 none


        def get_db():
            with Session(engine) as session:
        #        ^^^^^^^ GR211 none
                yield session


        SessionDep = Annotated[Session, Depends(get_db)]
        #                      ^^^^^^^ GR211 none
      `,
    },
    {
      // What \`run_sync\` runs gets a synchronous session, and events are those of the synchronous classes.
      ok: py`
        from sqlalchemy import event
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
        from sqlalchemy.orm import Session, sessionmaker

        engine = create_async_engine(url)
        old_style = sessionmaker(engine, class_=AsyncSession)


        def walk(session: Session) -> list[str]:
            return [user.name for user in session.scalars(statement)]


        async def names(db: AsyncSession) -> list[str]:
            return await db.run_sync(walk)


        @event.listens_for(Session, "before_flush")
        def stamp(session: Session, context, instances) -> None:
            isinstance(session, Session)


        def raise_rating(session: Session, rating: Rating) -> None:
            session.add(marked(session, rating))


        def marked(session: Session, rating: Rating) -> Recipe:
            return session.get(Recipe, rating.recipe_id) or marked(session, rating.other)


        @event.listens_for(Rating, "after_insert")
        def rate(mapper, connection, rating: Rating) -> None:
            session = Session(bind=connection)
            raise_rating(session, rating)
      `,
    },
    {
      // A helper of a listener that is called elsewhere too.
      bad: py`
        from sqlalchemy import event
        from sqlalchemy.orm import Session


        def raise_rating(session: Session, rating: Rating) -> None:
        #                         ^^^^^^^ GR211 none
            session.add(rating)


        @event.listens_for(Rating, "after_insert")
        def rate(mapper, connection, rating: Rating) -> None:
            raise_rating(Session(bind=connection), rating)


        def rate_again(db: Session, rating: Rating) -> None:
        #                  ^^^^^^^ GR211 none
            raise_rating(db, rating)
      `,
    },
    {
      path: 'alembic/env.py',
      ok: py`
        from sqlalchemy import create_engine

        with create_engine(url).connect() as connection:
            migrate(connection)
      `,
    },
    {
      // What is run before the service starts has no event loop yet.
      ok: py`
        from sqlmodel import Session, select

        from app.core.db import engine


        def init() -> None:
            with Session(engine) as session:
                session.exec(select(1))


        if __name__ == "__main__":
            init()
      `,
      path: 'app/pre_start.py',
    },
    {
      ok: py`
        from requests import Session
        from app.engines import create_engine


        def load(session: Session):
            create_engine("v8")
            return Session()
      `,
    },
  ],
  collect: {
    call(call, file): SyncFact | readonly SyncFact[] | undefined {
      const callee = call.field('function');
      if (callee.is('attribute')) {
        const method = callee.field('attribute').text;
        if (method === 'run_sync') return bridges(call, 0);
        // Only a re-export gives an attribute another last name.
        if (method !== 'listen' && !counterparts.has(method) && !file.facts.reexport) return undefined;
      }
      const name = sqlalchemyName(file, callee.is('subscript') ? callee.field('value') : callee);
      if (name === undefined) return calledWithSession(file, call);
      if (name === 'listen') return bridges(call, 2);
      if (!counterparts.has(name)) return undefined;
      if (name === 'sessionmaker' && sessionMakerMadeBy(file, call)?.driver !== 'sync') return undefined;
      if (isMigration(file)) return undefined;
      return use(file, callee, name, isCallEnough(file, call, name));
    },
    type(type, file): SyncFact | undefined {
      const named = annotatedClass(file, type);
      if (!named || type.parent?.is('type_parameter') || sqlalchemyName(file, named) !== 'Session') return undefined;
      return !isMigration(file) ? use(file, named, 'Session', isAwaited(type)) : undefined;
    },
    subscript(subscript, file): SyncFact | undefined {
      // `SessionDep = Annotated[Session, Depends(get_db)]`
      if (!subscript.parent?.is('assignment') || !subscript.isField('right')) return undefined;
      const named = annotatedClass(file, subscript);
      if (!named || !subscript.contains(named) || named.row === subscript.field('value').row) return undefined;
      if (sqlalchemyName(file, named) !== 'Session' || isMigration(file)) return undefined;
      return use(file, named, 'Session', false);
    },
    decorator(decorator, file): SyncFact | undefined {
      const call = decorator.firstNamed;
      if (!call?.is('call') || sqlalchemyName(file, call.field('function')) !== 'listens_for') return undefined;
      const definition = decorator.parent?.field('definition');
      const name = definition?.is('function_definition') ? definition.field('name').text : undefined;
      return name === undefined ? undefined : { at: decorator, data: { kind: 'bridge', name } };
    },
  },
  file(facts, file) {
    if (facts.length === 0 || file.isRunByHand()) return [];
    const bridged = bridgedIn(facts);
    return facts.flatMap(({ at, data }) => {
      if (data.kind !== 'use' || data.inside.some((name) => bridged.has(name))) return [];
      const counterpart = counterparts.get(data.name) ?? '';
      const what = kinds.get(data.name) ?? '';
      return [
        {
          at,
          message: `\`${data.text}\` ${what}; use \`${counterpart}\` and await what is done with it.`,
          fix: () => (data.isEnough ? renamed(file, at.start, at.end, counterpart) : undefined),
        },
      ];
    });
  },
});

/** Functions that are handed a synchronous session: by `run_sync`, by an event, or only by functions that are. */
function bridgedIn(facts: readonly SyncFact[]): Set<string> {
  const bridged = new Set(facts.flatMap(({ data }) => (data.kind === 'bridge' ? [data.name] : [])));
  if (bridged.size === 0) return bridged;
  const calls = facts.flatMap(({ data }) => (data.kind === 'called' ? [data] : []));
  for (let before = -1; before < bridged.size; ) {
    before = bridged.size;
    const elsewhere = new Set(
      calls
        .filter(({ name, inside }) => !inside.some((outer) => outer === name || bridged.has(outer)))
        .map((call) => call.name),
    );
    for (const { name } of calls) if (!elsewhere.has(name)) bridged.add(name);
  }
  return bridged;
}

function calledWithSession(file: SourceFile, call: TypedNode<'call'>): SyncFact | undefined {
  const callee = call.field('function');
  if (!callee.is('identifier') || file.binding(callee)?.kind !== 'function') return undefined;
  const { positional, keywords } = argumentsOf(call);
  const given = [...positional, ...[...keywords.values()].map((keyword) => keyword.field('value'))];
  if (!given.some((argument) => argument.is('identifier', 'attribute', 'call') && sessionOf(file, argument)))
    return undefined;
  return { at: call, data: { kind: 'called', name: callee.text, inside: around(file, call) } };
}

function use(file: SourceFile, at: Node, name: string, isEnough: boolean): Fact<Use> {
  return { at, data: { kind: 'use', name, text: at.text, inside: around(file, at), isEnough } };
}

/** The names of the functions around a place. */
function around(file: SourceFile, at: Node): string[] {
  const inside: string[] = [];
  for (let node = at.parent; node; node = node.parent)
    if (node.is('function_definition')) inside.push(node.field('name').text);
  const holder = file.enclosingFunction(at);
  if (holder?.is('lambda') && isRunSync(holder)) inside.push(lambdaInRunSync);
  return inside;
}

function bridges(call: TypedNode<'call'>, position: number): Fact<Bridge>[] {
  const given = argumentsOf(call).positional[position];
  if (!given) return [];
  const name = given.is('attribute') ? given.field('attribute').text : given.is('identifier') ? given.text : undefined;
  return [{ at: call, data: { kind: 'bridge', name: name ?? lambdaInRunSync } }];
}

function isRunSync(lambda: Node): boolean {
  const call = lambda.parent?.parent;
  return call?.is('call') === true && /\.run_sync$/.test(call.field('function').text);
}

/** Whether another name alone makes a call asynchronous: what it is given and what is done with it already are. */
function isCallEnough(file: SourceFile, call: TypedNode<'call'>, name: string): boolean {
  const given = argumentsOf(call);
  if (name === 'create_engine')
    return (
      asyncDriver.test(stringValue(given.at(0, 'url')) ?? '') &&
      !['poolclass', 'module', 'strategy'].some((key) => given.keywords.has(key))
    );
  const bind = given.at(0, 'bind');
  const made = bind && definitionOf(file, bind);
  const isAsyncEngine =
    made?.is('call') === true && sqlalchemyName(file, made.field('function')) === 'create_async_engine';
  if (name === 'sessionmaker') return isAsyncEngine && !given.keywords.has('autocommit');
  return isAsyncEngine && call.above('with_statement')?.child('"async"') !== undefined;
}

/** Whether a parameter's methods are all awaited, so that only its annotation is wrong. */
function isAwaited(type: TypedNode<'type'>): boolean {
  const parameter = type.parent;
  if (!parameter?.is('typed_parameter', 'typed_default_parameter')) return false;
  const definition = parameter.above('function_definition');
  const name = parameter.is('typed_default_parameter') ? parameter.field('name') : parameter.firstNamed;
  if (!definition?.child('"async"') || !name?.is('identifier') || !definition.field('parameters').contains(parameter))
    return false;
  const uses = definition
    .field('body')
    .below('identifier')
    .filter((one) => one.text === name.text);
  return uses.length > 0 && uses.every((one) => isAwaitedUse(one));
}

function isAwaitedUse(name: Node): boolean {
  const attribute = name.parent;
  const call = attribute?.parent;
  if (!attribute?.is('attribute') || !call?.is('call')) return false;
  const method = attribute.field('attribute').text;
  return method === 'add' || method === 'add_all' || call.parent?.is('await') === true;
}

function renamed(file: SourceFile, start: number, end: number, counterpart: string): Fix | undefined {
  const unit = file.units[file.unitIndexAt(start)];
  const at = unit?.root.below('identifier', 'attribute').find((node) => node.start === start && node.end === end);
  const spelled = at && spellAll(file, [['sqlalchemy.ext.asyncio', counterpart]], at);
  const [text] = spelled?.texts ?? [];
  if (!spelled || text === undefined) return undefined;
  return { title: `Use \`${text}\``, safety: 'unsafe', edits: [{ start, end, text }, ...spelled.edits] };
}

const lambdaInRunSync = '<lambda>';
const counterparts = new Map([
  ['create_engine', 'create_async_engine'],
  ['sessionmaker', 'async_sessionmaker'],
  ['Session', 'AsyncSession'],
]);
const kinds = new Map([
  ['create_engine', 'makes a synchronous engine'],
  ['sessionmaker', 'makes synchronous sessions'],
  ['Session', 'is the synchronous session'],
]);
const asyncDriver = /^\w+\+(?:asyncpg|aiosqlite|aiomysql|asyncmy|psycopg_async|aioodbc|oracledb_async):/;
