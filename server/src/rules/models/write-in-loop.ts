import {
  argumentsOf,
  defineRule,
  isMigration,
  isMigrationPath,
  isTestFile,
  type Node,
  py,
  reachingBindings,
  type SourceFile,
  sessionCall,
  sessionWords,
  type TypedNode,
  writtenStatement,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR234',
  name: 'write-in-loop',
  family: 'models',
  severity: 'information',
  standards: ['backend'],
  summary: 'Rows are written one by one in a loop',
  advice: 'Collect the objects and hand them over at once: `add_all(…)`, or one statement with a list of rows',
  why: 'Each `execute` in a loop is a round trip to the database: a thousand rows wait a thousand times. Given a list, SQLAlchemy sends rows in batches. With `add`, the loop hides that one set of objects is meant, which `add_all` says in one line.',
  fix: 'none',
  requirements: ['004-234'],
  peers: [],
  mentions: sessionWords,
  calls: ['add', 'execute', 'exec'],
  applies: (file) => !isTestFile(file) && !isMigrationPath(file),
  examples: [
    {
      bad: py`
        from sqlalchemy import insert
        from sqlalchemy.ext.asyncio import AsyncSession


        async def store(session: AsyncSession, names: list[str]) -> None:
            for name in names:
                session.add(User(name=name))
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR234 none: \`session.add\` is called for each item of the loop; collect the objects and call \`session.add_all\` once.
            for name in names:
                if name:
                    await session.execute(insert(User).values(name=name))
        #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR234 none: This inserts one row for each item of the loop; execute the \`insert\` once with a list of rows.
            await session.commit()
      `,
    },
    {
      bad: py`
        from sqlalchemy.orm import Session


        class UserRepository:
            def __init__(self, session: Session) -> None:
                self.session = session

            def store(self, names: list[str]) -> None:
                for name in names:
                    user = User(name=name)
                    user.normalise()
                    self.session.add(user)
        #           ^^^^^^^^^^^^^^^^^^^^^^ GR234 none: \`self.session.add\` is called for each item of the loop; collect the objects and call \`self.session.add_all\` once.
                self.session.commit()
      `,
    },
    {
      ok: py`
        from sqlalchemy import insert
        from sqlalchemy.orm import Session


        def store(session: Session, names: list[str]) -> None:
            session.add_all(User(name=name) for name in names)
            session.execute(insert(User), [{"name": name} for name in names])
            for name in names:
                print(name)
            session.add(Log(count=len(names)))
      `,
    },
    {
      // Each item needs the database: its key, a look whether it is there, a transaction or an error of its own.
      ok: py`
        from sqlalchemy import insert, select
        from sqlalchemy.orm import Session


        def store(session: Session, names: list[str]) -> None:
            for name in names:
                user = User(name=name)
                session.add(user)
                session.flush()
                print(user.id)
            for name in names:
                if session.scalar(select(User).where(User.name == name)) is None:
                    session.add(User(name=name))
            for name in names:
                try:
                    session.execute(insert(User).values(name=name))
                except IntegrityError:
                    print(name)
            for name in names:
                key = session.execute(insert(User).values(name=name)).inserted_primary_key
                print(key)
            for name in names:
                with Session(engine) as own:
                    own.add(User(name=name))
                    own.commit()
            while names:
                session.add(User(name=names.pop()))
      `,
    },
    {
      // What a query on the session gave is in the session, whether it is added or not.
      ok: py`
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session


        def normalise(session: Session) -> None:
            recipes = session.query(Recipe).filter(Recipe.slug.is_(None)).all()
            for recipe in recipes:
                recipe.slug = slugify(recipe.name)
                session.add(recipe)
            for position, recipe in enumerate(session.query(Recipe)):
                recipe.position = position
                session.add(recipe)
            session.commit()


        async def close(session: AsyncSession) -> None:
            result = await session.execute(select(Account))
            for account in result.scalars():
                account.is_open = False
                session.add(account)
            for account in (await session.scalars(select(Account))).all():
                account.is_open = False
                session.add(account)
      `,
    },
    {
      // Made of what was loaded, or loaded by another session.
      bad: py`
        from sqlalchemy.orm import Session


        def copy(session: Session, db_session: Session) -> None:
            for recipe in session.query(Recipe).all():
                db_session.add(recipe)
        #       ^^^^^^^^^^^^^^^^^^^^^^ GR234 none
            for recipe in session.query(Recipe).all():
                recipe = Recipe(name=recipe.name)
                session.add(recipe)
        #       ^^^^^^^^^^^^^^^^^^^ GR234 none
      `,
    },
    {
      ok: py`
        def collect(session: set[str], names: list[str], basket: Basket) -> None:
            for name in names:
                session.add(name)
                basket.add(name)
      `,
    },
    {
      path: 'tests/test_users.py',
      ok: py`
        from sqlalchemy.orm import Session


        def fill(session: Session) -> None:
            for name in ("a", "b"):
                session.add(User(name=name))
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute')) return undefined;
      const method = callee.field('attribute').text;
      if (method !== 'add' && method !== 'execute' && method !== 'exec') return undefined;
      const loop = loopOf(call);
      if (!loop) return undefined;
      const written = sessionCall(file, call);
      if (!written || isMigration(file)) return undefined;
      if (method !== 'add' && !/\binsert\b/i.test(writtenStatement(file, call)?.text ?? '')) return undefined;
      if (method === 'add' && isLoadedHere(file, argumentsOf(call).at(0, 'instance'), written.session.text))
        return undefined;
      if (!isUnused(call) || isBoundIn(file, written.session, loop) || needsEachItem(loop, call, written.session.text))
        return undefined;
      const session = written.session.text;
      return {
        at: call,
        message:
          method === 'add'
            ? `\`${session}.add\` is called for each item of the loop; collect the objects and call \`${session}.add_all\` once.`
            : 'This inserts one row for each item of the loop; execute the `insert` once with a list of rows.',
      };
    },
  },
});

/** The `for` loop whose body runs a call for each item; none where an error is handled for each, or something else runs it. */
function loopOf(call: Node): TypedNode<'for_statement'> | undefined {
  let child = call;
  for (let parent = call.parent; parent; parent = parent.parent) {
    if (parent.is('for_statement')) {
      if (parent.field('body').row !== child.row) return undefined;
      return parent.child('"async"') ? undefined : parent;
    }
    if (parent.is('try_statement', 'while_statement', 'function_definition', 'lambda', 'class_definition'))
      return undefined;
    child = parent;
  }
  return undefined;
}

/** Nothing is done with what the call gives. */
function isUnused(call: Node): boolean {
  const holder = call.parent?.is('await') ? call.parent.parent : call.parent;
  return holder?.is('expression_statement') === true;
}

/** An object that a loop takes from a query on a session is in that session: adding it does nothing, in a loop or at once. */
function isLoadedHere(file: SourceFile, added: Node | undefined, session: string): boolean {
  if (!added?.is('identifier')) return false;
  const bindings = reachingBindings(file, added);
  return (
    bindings.length > 0 &&
    bindings.every(({ by }) => by.is('for_statement') && isQueried(file, by.field('right'), session))
  );
}

/** Whether an expression is what a query on a session gives: the call itself, what is chained to it, or a name for it. */
function isQueried(file: SourceFile, expression: Node | undefined, session: string, depth = 0): boolean {
  if (!expression || depth > 12) return false;
  const isInner = (inner: Node | undefined): boolean => isQueried(file, inner, session, depth + 1);
  if (expression.is('parenthesized_expression', 'await')) return isInner(expression.firstNamed);
  if (expression.is('identifier')) {
    const bindings = reachingBindings(file, expression);
    return bindings.length > 0 && bindings.every(({ kind, value }) => kind === 'assignment' && isInner(value));
  }
  if (!expression.is('call')) return false;
  const callee = expression.field('function');
  if (callee.is('attribute')) {
    const asked = asking.has(callee.field('attribute').text) ? sessionCall(file, expression) : undefined;
    return asked ? asked.session.text === session : isInner(callee.field('object'));
  }
  return (
    callee.is('identifier') &&
    wrappers.has(file.qualified(callee) ?? '') &&
    isInner(argumentsOf(expression).positional[0])
  );
}

const asking = new Set(['query', 'execute', 'exec', 'scalars', 'stream', 'stream_scalars']);
const wrappers = new Set(['list', 'tuple', 'sorted', 'reversed', 'enumerate'].map((name) => `builtins.${name}`));

/** The session is opened for each item. */
function isBoundIn(file: SourceFile, session: Node, loop: Node): boolean {
  return session.is('identifier') && file.bindings(session).some((binding) => loop.contains(binding.node));
}

/** Whether the loop asks the database, or ends a transaction, for each item, so that the writes cannot be put off. */
function needsEachItem(loop: TypedNode<'for_statement'>, write: Node, session: string): boolean {
  return loop
    .field('body')
    .below('call')
    .some((call) => {
      if (call === write) return false;
      const callee = call.field('function');
      if (callee.is('attribute') && callee.field('object').text === session)
        return !harmless.has(callee.field('attribute').text);
      // What is given the session may do anything with it.
      return call.field('arguments').namedChildren.some((argument) => {
        const value = argument.is('keyword_argument') ? argument.field('value') : argument;
        return value.text === session;
      });
    });
}

const harmless = new Set(['add', 'add_all', 'expunge', 'delete']);
