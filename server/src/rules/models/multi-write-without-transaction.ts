import {
  argumentsOf,
  baseName,
  defineRule,
  type Edit,
  type Fix,
  isMigration,
  isMigrationPath,
  isTestFile,
  type Kind,
  type Node,
  pendingSessionWrites,
  py,
  type SourceFile,
  sessionCall,
  sessionOf,
  sessionWords,
  type TypedNode,
  transactionOf,
  unitOf,
  wholeLine,
  writtenStatement,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR213',
  name: 'multi-write-without-transaction',
  family: 'models',
  severity: 'error',
  standards: ['production', 'backend'],
  summary: 'Writes that belong together are not in one transaction',
  advice: 'Put them into one `async with db.begin():` block',
  why: 'Each of the writes is final on its own. When the second fails, the first one stays, and the data says something that nobody meant: an order without its lines, money taken and not given.',
  fix: 'unsafe',
  fixSafety:
    '`begin()` fails when the session has a transaction already, as it has after any earlier query, and what is called in the block must not commit by itself.',
  requirements: ['000-075', '000-076', '004-065'],
  peers: [],
  mentions: sessionWords,
  applies: (file) => !isTestFile(file) && !isMigrationPath(file),
  examples: [
    {
      bad: py`
        from sqlalchemy import delete, update
        from sqlalchemy.ext.asyncio import AsyncSession


        async def order(db: AsyncSession, first, second):
            await crud.create(db, first)
        #         ^^^^^^^^^^^^^^^^^^^^^^ GR213 unsafe: \`crud.create\` and \`crud_lines.update\` are not in one transaction: when a later one fails, the earlier stays; put them into one \`async with db.begin():\` block.
            lines = await crud_lines.update(db, second)
            return lines


        async def move(db: AsyncSession, key):
            await db.execute(update(Stock).values(place=key))
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR213 unsafe
            await db.execute(
                delete(Stock).where(Stock.id == key),
            )
      `,
      good: py`
        from sqlalchemy import delete, update
        from sqlalchemy.ext.asyncio import AsyncSession


        async def order(db: AsyncSession, first, second):
            async with db.begin():
                await crud.create(db, first)
                lines = await crud_lines.update(db, second)
            return lines


        async def move(db: AsyncSession, key):
            async with db.begin():
                await db.execute(update(Stock).values(place=key))
                await db.execute(
                    delete(Stock).where(Stock.id == key),
                )
      `,
    },
    {
      bad: py`
        from sqlalchemy.orm import Session


        def register(db: Session, user, team):
            db.add(user)
        #   ^^^^^^^^^^^^ GR213 unsafe: \`db.add(user)\` and \`db.add(team)\` are not in one transaction: when a later one fails, the earlier stays; put them into one \`with db.begin():\` block.
            db.commit()
            team.owner_id = user.id
            db.add(team)
            db.commit()
            return team


        def replace(db: Session, user, other):
            found = db.get(User, other)
            db.delete(found)
        #   ^^^^^^^^^^^^^^^^ GR213 none
            db.commit()
            if user:
                db.add(user)
                db.commit()


        def rename(db: Session, user, name):
            db.add(user)
        #   ^^^^^^^^^^^^ GR213 unsafe: \`db.add\` and a later \`db.add\` are not in one transaction: when a later one fails, the earlier stays; put them into one \`with db.begin():\` block.
            db.commit()
            user.name = name
            db.add(user)
            db.commit()
      `,
      good: py`
        from sqlalchemy.orm import Session


        def register(db: Session, user, team):
            with db.begin():
                db.add(user)
                db.flush()
                team.owner_id = user.id
                db.add(team)
            return team


        def replace(db: Session, user, other):
            found = db.get(User, other)
            db.delete(found)
            db.commit()
            if user:
                db.add(user)
                db.commit()


        def rename(db: Session, user, name):
            with db.begin():
                db.add(user)
                db.flush()
                user.name = name
                db.add(user)
      `,
    },
    {
      // One block, one savepoint, or one explicit commit for all.
      ok: py`
        from sqlalchemy import update
        from sqlalchemy.ext.asyncio import AsyncSession


        async def order(db: AsyncSession, first, second):
            async with db.begin():
                await crud.create(db, first)
                await crud.create(db, second)
            async with db.begin_nested():
                await db.execute(update(Stock))
                await db.execute(update(Order))


        async def both(db: AsyncSession, first, second):
            db.add(first)
            await db.flush()
            db.add(second)
            await db.commit()
            await db.refresh(second)


        async def moved(db: AsyncSession):
            await db.execute(update(Stock))
            await db.execute(update(Order))
            await db.commit()
      `,
    },
    {
      // Only one of them happens.
      ok: py`
        from sqlalchemy.ext.asyncio import AsyncSession


        async def save(db: AsyncSession, item, old):
            if old is None:
                db.add(item)
                await db.commit()
                return item
            await crud.update(db, item)


        async def by_kind(db: AsyncSession, item, kind):
            if kind == "new":
                await crud.create(db, item)
            if kind == "old":
                await crud.update(db, item)


        async def either(db: AsyncSession, item, old):
            try:
                await crud.create(db, item)
            except ValueError:
                await crud.update(db, old)
            if old:
                await crud.get(db, item)


        async def calls(client, first, second):
            await crud.create(client, first)
            await crud.create(client, second)
      `,
    },
    {
      // A repository leaves the transaction to the service that calls it.
      ok: py`
        from sqlalchemy import update
        from sqlalchemy.ext.asyncio import AsyncSession


        class StockRepository:
            async def move(self, db: AsyncSession):
                await db.execute(update(Stock))
                await db.execute(update(Order))


        def outer(db: AsyncSession):
            async def one():
                await crud.create(db, 1)

            async def two():
                await crud.create(db, 2)

            return one, two
      `,
    },
  ],
  on: {
    function_definition(definition, file) {
      const body = definition.field('body');
      const calls = body.belowOutside(nested, 'call');
      if (calls.length < 2 || !calls.some(mayWrite)) return undefined;
      const acts = actsOf(file, calls);
      if (acts.length < 2 || isMigration(file)) return undefined;
      const hasCommit = acts.some((act) => act.kind === 'commit');
      if (!hasCommit && isLeftToCaller(file, definition, acts)) return undefined;
      const path = longest(body, new Map(acts.map((act) => [act.call, act])), hasCommit);
      const [first, second] = path;
      if (!first || !second) return undefined;
      const last = path.at(-1) ?? second;
      const isAsync = definition.child('"async"') !== undefined;
      const opening = `${isAsync ? 'async with' : 'with'} ${first.session}.begin():`;
      return {
        at: first.call,
        message: `${inWords(first, second)} are not in one transaction: when a later one fails, the earlier stays; put them into one \`${opening}\` block.`,
        related: path.slice(1).map((act) => ({ at: act.call, message: `\`${act.name}\` is written on its own` })),
        fix: () => wrapped(file, body, acts, first, last, opening),
      };
    },
  },
});

/** Two writes as a message tells them apart: by what is called, or else by what it is called with. */
function inWords(first: Act, second: Act): string {
  if (first.name !== second.name) return `\`${first.name}\` and \`${second.name}\``;
  const [one, other] = [first.call.text, second.call.text];
  const isShort = [one, other].every((text) => text.length <= longestTold && !text.includes('\n'));
  return one !== other && isShort ? `\`${one}\` and \`${other}\`` : `\`${first.name}\` and a later \`${second.name}\``;
}

const longestTold = 60;

/** A call that writes, or ends what was written, on a session. */
interface Act {
  readonly kind: 'write' | 'commit' | 'rollback';
  readonly call: TypedNode<'call'>;
  readonly name: string;
  readonly session: string;
  /** Written by \`add\` and the like: nothing until it is committed. */
  readonly isPending: boolean;
}

const nested: readonly Kind[] = ['function_definition', 'lambda', 'class_definition'];

function mayWrite(call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  if (!callee.is('attribute')) return false;
  const method = callee.field('attribute').text;
  return pendingSessionWrites.has(method) || method === 'execute' || method === 'exec' || crudWrite.test(method);
}

/** What a function's calls do to sessions, in order; those in a \`begin()\` block are left out. */
function actsOf(file: SourceFile, calls: readonly TypedNode<'call'>[]): Act[] {
  return calls.flatMap((call): Act[] => {
    const callee = call.field('function');
    if (!callee.is('attribute')) return [];
    const method = callee.field('attribute').text;
    const kind = method === 'commit' || method === 'rollback' ? method : 'write';
    if (kind === 'write' && !mayWrite(call)) return [];
    const name = callee.text;
    if (kind !== 'write' || pendingSessionWrites.has(method) || method === 'execute' || method === 'exec') {
      const made = sessionCall(file, call);
      const isPending = pendingSessionWrites.has(method);
      if (made && (kind !== 'write' || isPending || writtenStatement(file, call)))
        return isInTransaction(call) ? [] : [{ kind, call, name, session: made.session.text, isPending }];
    }
    if (!crudWrite.test(method) || !crudPath.test(callee.field('object').text)) return [];
    const given = argumentsOf(call);
    const values = [...given.positional, ...[...given.keywords.values()].map((keyword) => keyword.field('value'))];
    const session = values.find((value) => value.is('identifier', 'attribute') && sessionOf(file, value));
    if (!session || given.keyword('commit')?.is('false') || isInTransaction(call)) return [];
    return [{ kind: 'write', call, name, session: session.text, isPending: false }];
  });
}

function isInTransaction(call: Node): boolean {
  for (let node = call.parent; node && !node.is('function_definition', 'lambda'); node = node.parent)
    if (node.is('with_statement') && transactionOf(node)) return true;
  return false;
}

/** A layer below the services, or a function that flushes, writes in the transaction of whoever calls it. */
function isLeftToCaller(file: SourceFile, definition: TypedNode<'function_definition'>, acts: readonly Act[]): boolean {
  if (acts.some((act) => act.name.includes('crud'))) return false;
  const owner = file.enclosingClass(definition)?.field('name').text ?? '';
  if (/(?:Repository|Repo|DAO|CRUD)$|^CRUD/.test(owner)) return true;
  if (
    /(?:^|\/)(?:repositories|repository|repos|dao|crud|models|queries|db|database)\//.test(file.path) ||
    baseName(file) === 'crud.py'
  )
    return true;
  return definition
    .field('body')
    .belowOutside(nested, 'call')
    .some((call) => /\.flush$/.test(call.field('function').text));
}

interface State {
  readonly done: readonly Act[];
  readonly pending: Act | undefined;
}

/** The writes of the path through a body that makes most of them, each final on its own. */
function longest(body: Node, acts: ReadonlyMap<Node, Act>, hasCommit: boolean): readonly Act[] {
  let best: readonly Act[] = [];
  finish(walk(body, { done: [], pending: undefined }));
  return best;

  function keep(state: State): State {
    if (state.done.length > best.length) best = state.done;
    return state;
  }

  /** A write that nothing commits any more is final by itself, unless it only waits for a flush. */
  function finish(state: State | undefined): void {
    if (state?.pending && !state.pending.isPending) keep({ done: [...state.done, state.pending], pending: undefined });
  }

  /** The state behind a statement; undefined where nothing runs on. */
  function walk(node: Node, state: State): State | undefined {
    if (node.is('block')) {
      let current: State | undefined = state;
      for (const statement of node.namedChildren) {
        if (!current) return undefined;
        current = walk(statement, current);
      }
      return current;
    }
    if (node.is('function_definition', 'class_definition', 'decorated_definition')) return state;
    if (node.is('if_statement')) {
      const alternatives = node.fields('alternative');
      const ends = [node.field('consequence'), ...alternatives].map((branch) => walk(bodyOf(branch), state));
      if (!alternatives.some((branch) => branch.is('else_clause'))) ends.push(state);
      return joined(ends);
    }
    if (node.is('match_statement')) {
      const clauses = node.below('case_clause').map((clause) => walk(bodyOf(clause), state));
      return joined([...clauses, state]);
    }
    if (node.is('try_statement')) {
      const clauses = node.namedChildren.filter((child) => child.is('except_clause'));
      const tried = walk(node.field('body'), state);
      const otherwise = node.namedChildren.find((child) => child.is('else_clause'));
      const ends = [tried && otherwise ? walk(bodyOf(otherwise), tried) : tried];
      for (const clause of clauses) ends.push(walk(bodyOf(clause), { done: state.done, pending: undefined }));
      const after = joined(ends);
      const last = node.namedChildren.find((child) => child.is('finally_clause'));
      return last ? after && walk(bodyOf(last), after) : after;
    }
    if (node.is('for_statement', 'while_statement')) return joined([walk(node.field('body'), state), state]);
    if (node.is('with_statement')) return walk(node.field('body'), state);
    const after = node.belowOutside(nested, 'call').reduce((current, call) => applied(current, acts.get(call)), state);
    if (node.is('return_statement')) finish(after);
    return node.is('return_statement', 'raise_statement', 'continue_statement', 'break_statement') ? undefined : after;
  }

  function applied(state: State, act: Act | undefined): State {
    if (!act) return state;
    if (act.kind === 'rollback') return { done: state.done, pending: undefined };
    if (act.kind === 'commit')
      return keep(
        state.pending ? { done: [...possible(state.done, state.pending), state.pending], pending: undefined } : state,
      );
    if (hasCommit || act.isPending) return { done: state.done, pending: state.pending ?? act };
    return keep({ done: [...possible(state.done, act), act], pending: undefined });
  }

  function joined(states: readonly (State | undefined)[]): State | undefined {
    return states.reduce(
      (most, state) => (!most || (state && state.done.length > most.done.length) ? (state ?? most) : most),
      undefined,
    );
  }
}

/** The writes that may have happened when another one does: not those below `kind == 1` where it is below `kind == 2`. */
function possible(done: readonly Act[], act: Act): readonly Act[] {
  const here = conditionsOf(act.call);
  return done.filter((other) =>
    [...conditionsOf(other.call)].every(([name, value]) => (here.get(name) ?? value) === value),
  );
}

/** What the conditions around a place say names are equal to. */
function conditionsOf(place: Node): Map<string, string> {
  const found = new Map<string, string>();
  for (let node = place.parent; node && !node.is('function_definition', 'lambda'); node = node.parent) {
    if (!node.is('if_statement') || !node.field('consequence').contains(place)) continue;
    const condition = node.field('condition');
    const [left, right] = condition.namedChildren;
    if (condition.is('comparison_operator') && condition.child('"=="') && left && right)
      found.set(left.text, right.text);
  }
  return found;
}

function bodyOf(clause: Node): Node {
  return clause.is('block') ? clause : (clause.namedChildren.filter((child) => child.is('block')).at(-1) ?? clause);
}

/** The statements from the first write to the last in one block, with what commits in between turned into a flush. */
function wrapped(
  file: SourceFile,
  body: Node,
  acts: readonly Act[],
  first: Act,
  last: Act,
  opening: string,
): Fix | undefined {
  const from = statementOf(first.call);
  const statements = from?.parent?.is('block') ? from.parent.namedChildren : [];
  const commit = acts.find((act) => act.kind === 'commit' && act.call.start > last.call.start);
  const end = statementOf((commit ?? last).call);
  const start = from ? statements.indexOf(from) : -1;
  const stop = end ? statements.indexOf(end) : -1;
  if (!from || !end || start < 0 || stop < start) return undefined;
  const inside = statements.slice(start, stop + 1);
  const span = { start: file.lineStart(from.start), end: end.end };
  const unit = unitOf(from);
  if (acts.some((act) => act.session !== first.session)) return undefined;
  if (file.slice(span.start, from.start).trim() !== '') return undefined;
  // Any earlier query begins a transaction of its own, in which begin() fails.
  const isUsed = body
    .belowOutside(nested, 'call')
    .some((call) => call.start < from.start && mentions(call, first.session));
  if (isUsed || body.below('identifier').some((name) => name.text === 'begin' && name.start < from.start))
    return undefined;
  const strings = inside.flatMap((statement) => (statement.is('string') ? [statement] : statement.below('string')));
  if (strings.some((string) => string.text.includes('\n'))) return undefined;
  if (
    inside.some(
      (statement) => statement.below('return_statement', 'yield', 'break_statement', 'continue_statement').length > 0,
    )
  )
    return undefined;
  if (acts.some((act) => act.kind === 'rollback' && act.call.start > from.start && act.call.end < end.end))
    return undefined;
  const edits: Edit[] = [];
  const removed: Edit[] = [];
  for (const act of acts) {
    if (act.kind !== 'commit' || act.call.start < from.start || act.call.end > end.end) continue;
    const statement = statementOf(act.call);
    if (!statement?.is('expression_statement') || !statements.includes(statement)) return undefined;
    const callee = act.call.field('function');
    if (act === commit) {
      const [line] = wholeLine(file, statement);
      if (!line) return undefined;
      removed.push(line);
    } else if (callee.is('attribute')) {
      const method = callee.field('attribute');
      edits.push({ start: method.start, end: method.end, text: 'flush' });
    }
  }
  const indent = file.indentAt(from.start);
  const step = indent.includes('\t') ? '\t' : '    ';
  edits.push({ start: span.start, end: span.start, text: `${indent}${opening}${file.eol}${step}` });
  const text = file.slice(span.start, span.end);
  for (const match of text.matchAll(/\n(?=[^\r\n])/g)) {
    const at = span.start + match.index + 1;
    if (at > unit.start + unit.text.length || removed.some((line) => line.start <= at && at < line.end)) continue;
    edits.push({ start: at, end: at, text: step });
  }
  return { title: `Put into \`${opening.slice(0, -1)}\``, safety: 'unsafe', edits: [...edits, ...removed] };
}

function statementOf(call: Node): Node | undefined {
  let node: Node | undefined = call;
  while (node && !node.parent?.is('block')) node = node.parent;
  return node;
}

function mentions(call: TypedNode<'call'>, session: string): boolean {
  const callee = call.field('function');
  if (callee.is('attribute') && callee.field('object').text === session) return true;
  return (
    argumentsOf(call).positional.some((argument) => argument.text === session) ||
    [...argumentsOf(call).keywords.values()].some((keyword) => keyword.field('value').text === session)
  );
}

const crudWrite = /^(?:create|update|delete|insert|upsert|remove|save|add)(?:_|$)/;
const crudPath = /(?:^|[._])crud(?:[._]|$)|^CRUD/i;
