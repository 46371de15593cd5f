import {
  annotatedSession,
  defineRule,
  dependsCall,
  docstringOf,
  type Fact,
  functionKey,
  isMigration,
  isMigrationPath,
  isTestFile,
  type Node,
  namedFunctionKey,
  parametersOf,
  py,
  routesOf,
  type SourceFile,
  sessionCall,
  sessionWords,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR228',
  name: 'write-without-commit',
  family: 'models',
  severity: 'warning',
  standards: ['architecture'],
  summary: 'What is written to a session is neither flushed nor committed',
  advice: 'Commit, flush, or write inside `session.begin()`',
  why: '`add` and `delete` only note what is to be done. When the session is closed without a commit, everything is rolled back and nobody is told: the request answers 200 and the row is not there. A flush at least sends it and lets the caller, who owns the transaction, commit.',
  fix: 'none',
  requirements: ['001-020'],
  peers: [],
  mentions: sessionWords,
  applies: (file) => !isTestFile(file) && !isMigrationPath(file),
  examples: [
    {
      bad: py`
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

        maker = async_sessionmaker(create_async_engine(URL))


        async def register(name: str) -> None:
            async with maker() as session:
                session.add(User(name=name))
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR228 none: \`register\` writes to \`session\` but neither commits nor flushes it, so nothing may be stored; commit, or write inside \`begin()\`.
                session.add(Log(name=name))


        async def create_user(db: AsyncSession, name: str) -> "User":
            user = User(name=name)
            db.add(user)
        #   ^^^^^^^^^^^^ GR228 none: \`create_user\` writes to \`db\` but neither commits nor flushes it, so nothing may be stored; commit, or write inside \`begin()\`.
            return user
      `,
    },
    {
      bad: py`
        from typing import Annotated

        from fastapi import APIRouter, Depends
        from sqlalchemy.orm import Session

        router = APIRouter()


        def get_db():
            with Session(engine) as session:
                yield session


        @router.post("/users")
        def create_user(name: str, db: Session = Depends(get_db)) -> None:
            db.add(User(name=name))
        #   ^^^^^^^^^^^^^^^^^^^^^^^ GR228 none


        class Users:
            def __init__(self, session: Session) -> None:
                self.session = session

            def remove(self, user: "User") -> None:
                self.session.delete(user)
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^ GR228 none
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import Session, sessionmaker

        maker = sessionmaker(engine)


        def first(session: Session, user: "User") -> None:
            session.add(user)
            session.commit()


        def second(session: Session, user: "User") -> None:
            session.add(user)
            session.flush()


        def third(user: "User") -> None:
            with maker.begin() as session:
                session.add(user)


        def fourth(session: Session, user: "User") -> None:
            with session.begin():
                session.add(user)


        def fifth(session: Session, user: "User") -> None:
            check(session)
            session.add(user)
            finish(session)
      `,
    },
    {
      // The dependency commits, or stands elsewhere; below, the decorator may commit.
      ok: py`
        from fastapi import APIRouter, Depends
        from sqlalchemy.orm import Session

        from app.database import get_session

        router = APIRouter()


        def get_db():
            with Session(engine) as session:
                yield session
                session.commit()


        @router.post("/users")
        def create_user(name: str, db: Session = Depends(get_db)) -> None:
            db.add(User(name=name))


        @router.post("/groups")
        def create_group(name: str, db: Session = Depends(get_session)) -> None:
            db.add(Group(name=name))
      `,
    },
    {
      ok: py`
        from sqlalchemy import event
        from sqlalchemy.orm import Session

        from app.database import transactional


        @transactional
        def store(session: Session, user: "User") -> None:
            session.add(user)


        @event.listens_for(Session, "before_flush")
        def audit(session: Session, context, instances) -> None:
            session.add(Audit())
      `,
    },
    {
      // Helpers of functions that commit, and a unit of work.
      ok: py`
        from sqlalchemy.orm import Session


        def add_tags(session: Session, tags: list["Tag"]) -> None:
            session.add(tags[0])


        def create_post(session: Session, post: "Post") -> None:
            add_tags(session, post.tags)
            session.commit()


        def _note(session: Session, note: "Note") -> None:
            session.add(note)


        class UnitOfWork:
            def __init__(self, session: Session) -> None:
                self.session = session

            def add(self, user: "User") -> None:
                self.session.add(user)

            def __exit__(self, *error: object) -> None:
                self.session.commit()


        def store_user__no_commit(session: Session, user: "User") -> None:
            session.add(user)


        def remove_user(session: Session, user: "User") -> None:
            """Remove a user; the caller commits."""
            session.delete(user)


        def open_session() -> Session:
            session = Session(engine)
            session.add(Visit())
            return session
      `,
    },
    {
      ok: py`
        def remember(session: set[str], name: str, db) -> None:
            session.add(name)
            db.add(name)
      `,
    },
  ],
  collect: {
    call(call, file): Fact<Told> | undefined {
      const callee = call.field('function');
      if (settles.test(nameOf(callee))) return settled(file, call);
      const method = callee.is('attribute') ? callee.field('attribute').text : '';
      if (method === 'add' || method === 'delete' || method === 'add_all') {
        const write = unsettledWrite(file, call);
        if (write) return { at: call, data: write };
      }
      return handsOver(call) ? called(file, callee, call) : undefined;
    },
  },
  file(facts, file) {
    const writes = facts.filter(({ data }) => data.is === 'write');
    if (writes.length === 0 || isMigration(file)) return [];
    const settledFunctions = new Set(facts.flatMap(({ data }) => (data.is === 'settles' ? [data.key] : [])));
    const settledClasses = new Set(facts.flatMap(({ data }) => (data.is === 'settles' ? [data.owner] : [])));
    const helpers = new Set(facts.flatMap(({ data }) => (data.is === 'called' ? [data.key] : [])));
    const seen = new Set<string>();
    return facts.flatMap(({ at, data }) => {
      if (data.is !== 'write' || seen.has(data.key)) return [];
      if (data.from === 'dependency' && (data.by === undefined || settledFunctions.has(data.by))) return [];
      if (data.from === 'parameter' && helpers.has(data.key)) return [];
      if (data.from === 'object' && (helpers.has(data.key) || settledClasses.has(data.by))) return [];
      seen.add(data.key);
      return [
        {
          at,
          message: `\`${data.name}\` writes to \`${data.session}\` but neither commits nor flushes it, so nothing may be stored; commit, or write inside \`begin()\`.`,
        },
      ];
    });
  },
});

type Told =
  | {
      readonly is: 'write';
      readonly key: string;
      readonly name: string;
      readonly session: string;
      /** Where the function has its session from: made there, a parameter, FastAPI's injection, or `self`. */
      readonly from: 'own' | 'parameter' | 'dependency' | 'object';
      /** The dependency, where the file defines it, or the class. */
      readonly by: string | undefined;
    }
  | { readonly is: 'settles'; readonly key: string; readonly owner: string | undefined }
  | { readonly is: 'called'; readonly key: string };

type Definition = TypedNode<'function_definition'>;

/** Methods and functions that end a transaction or send what is pending, whatever they belong to. */
const settles = /commit|flush|^begin|^atomic|transaction/i;

function nameOf(callee: Node): string {
  return callee.is('attribute') ? callee.field('attribute').text : callee.is('identifier') ? callee.text : '';
}

function settled(file: SourceFile, call: TypedNode<'call'>): Fact<Told> | undefined {
  const within = file.enclosingFunction(call);
  const key = within?.is('function_definition') ? functionKey(file, within) : undefined;
  if (key === undefined) return undefined;
  return { at: call, data: { is: 'settles', key, owner: file.enclosingClass(call)?.field('name').text } };
}

/** Calls that are given something that may be a session; whoever calls so owns the transaction. */
function handsOver(call: TypedNode<'call'>): boolean {
  const list = call.field('arguments');
  // Most arguments hold none of the words, and a text is cheaper to look at than nodes.
  return (
    list.is('argument_list') &&
    /session|db|connection/i.test(list.text) &&
    list.namedChildren.some((argument) => {
      const value = argument.is('keyword_argument') ? argument.field('value') : argument;
      return value.is('identifier', 'attribute') && /(?:session|db|connection)$/i.test(value.text);
    })
  );
}

function called(file: SourceFile, callee: Node, call: Node): Fact<Told> | undefined {
  const key = namedFunctionKey(file, callee);
  return key === undefined ? undefined : { at: call, data: { is: 'called', key } };
}

/** A write whose own function neither settles the session nor hands it on. */
function unsettledWrite(file: SourceFile, call: TypedNode<'call'>): Extract<Told, { is: 'write' }> | undefined {
  const definition = file.enclosingFunction(call);
  if (!definition?.is('function_definition')) return undefined;
  const written = sessionCall(file, call);
  if (!written?.evidence.sure) return undefined;
  const key = functionKey(file, definition);
  const name = definition.field('name').text;
  if (key === undefined || (name.startsWith('_') && !name.startsWith('__')) || leavesCommit(file, definition))
    return undefined;
  if (mayBeSettled(file, definition)) return undefined;
  const session = written.session.text;
  if (isHandedOn(definition, session, call)) return undefined;
  const source = sourceOf(file, definition, written.session);
  return source && { is: 'write', key, name, session, ...source };
}

/** The function says that its caller commits: `add_user_no_commit`, or in its docstring. */
function leavesCommit(file: SourceFile, definition: Definition): boolean {
  return /commit/i.test(definition.field('name').text) || /commit/i.test(docstringOf(definition, file)?.text ?? '');
}

/** The function commits, flushes or begins, or a decorator of it may. */
function mayBeSettled(file: SourceFile, definition: Definition): boolean {
  const routes = routesOf(file, definition).map(({ call }) => call);
  const isKnown = (decorator: Node): boolean =>
    routes.some((route) => route === decorator) ||
    /^(?:builtins\.(?:static|class)method|typing\.override)$/.test(file.qualified(decorator) ?? '');
  if (!file.decorators(definition).every(isKnown)) return true;
  return definition.below('call').some((call) => settles.test(nameOf(call.field('function'))));
}

/** What stands before a write runs after it where both are in one loop. */
function isAroundLoop(node: Node, write: Node): boolean {
  for (
    let loop = write.above('for_statement', 'while_statement');
    loop;
    loop = loop.above('for_statement', 'while_statement')
  )
    if (loop.contains(node)) return true;
  return false;
}

/** After a write the session leaves the function: returned, yielded, given to a call, or kept in something. */
function isHandedOn(definition: Definition, session: string, write: Node): boolean {
  const isSession = (node: Node | undefined): boolean => node?.text === session;
  return definition
    .field('body')
    .below('identifier', 'attribute')
    .some((node) => {
      if (!isSession(node) || (node.start < write.start && !isAroundLoop(node, write))) return false;
      const holder = node.parent;
      if (holder?.is('attribute')) return false;
      if (holder?.is('assignment')) return isSession(holder.field('right'));
      return (
        holder?.is(
          'argument_list',
          'keyword_argument',
          'return_statement',
          'yield',
          'tuple',
          'list',
          'pair',
          'expression_list',
        ) === true
      );
    });
}

function sourceOf(
  file: SourceFile,
  definition: Definition,
  session: Node,
): Pick<Extract<Told, { is: 'write' }>, 'from' | 'by'> | undefined {
  if (session.is('attribute')) {
    const owner = file.enclosingClass(session);
    return session.field('object').text === 'self' && owner
      ? { from: 'object', by: owner.field('name').text }
      : undefined;
  }
  if (!session.is('identifier')) return undefined;
  const parameter = parametersOf(definition).find((candidate) => candidate.name === session.text);
  if (!parameter) {
    const binding = file.binding(session);
    return binding && definition.contains(binding.node) ? { from: 'own', by: undefined } : undefined;
  }
  const depends = dependsCall(file, parameter.default) ?? annotatedDepends(file, parameter.annotation);
  if (depends) {
    const [dependency] = depends.field('arguments').namedChildren;
    return { from: 'dependency', by: dependency && namedFunctionKey(file, dependency) };
  }
  // A route's parameter is injected, even where it does not show here.
  if (routesOf(file, definition).length > 0) return undefined;
  const isPlain = parameter.annotation?.is('identifier', 'attribute', 'union_type', 'binary_operator') === true;
  const isAlias = parameter.annotation?.is('identifier') && file.binding(parameter.annotation)?.kind === 'assignment';
  return isPlain && !isAlias && annotatedSession(file, parameter.annotation)
    ? { from: 'parameter', by: undefined }
    : undefined;
}

/** The `Depends(…)` in an `Annotated[…]`, also behind an alias of the file. */
function annotatedDepends(file: SourceFile, annotation: Node | undefined): TypedNode<'call'> | undefined {
  const alias = annotation?.is('identifier') ? file.binding(annotation) : undefined;
  const stated = alias?.kind === 'assignment' ? alias.value : annotation;
  return stated?.below('call').find((call) => dependsCall(file, call) !== undefined);
}
