import {
  argumentsOf,
  defineRule,
  isMigration,
  type Node,
  py,
  type SourceFile,
  sessionCall,
  sessionReads,
  type TypedNode,
  writtenStatement,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR214',
  name: 'query-in-loop',
  family: 'models',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A query is awaited once for every turn of a loop',
  advice: 'Load the rows by one query with `in_()`, or the related ones by `selectinload`',
  why: 'Each turn waits for the network and the database: a list of a hundred costs a hundred and one queries instead of two, and nobody sees it while the list of the developer has three entries.',
  fix: 'none',
  requirements: ['004-095', '004-096', '004-234'],
  peers: [],
  mentions: ['await'],
  examples: [
    {
      bad: py`
        from sqlalchemy import insert, select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models import Post, Tag, User


        async def load(db: AsyncSession, users, ids):
            for user in users:
                posts = await db.execute(select(Post).where(Post.user_id == user.id))
        #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR214 none: \`db.execute\` is awaited for every turn of the loop; load all rows by one query with \`in_()\`, or the related ones by \`selectinload\`.
            found = [await db.get(User, key) for key in ids]
        #            ^^^^^^^^^^^^^^^^^^^^^^^ GR214 none: \`db.get\` is awaited for every turn of the loop; load all rows by one query with \`in_()\`, or the related ones by \`selectinload\`.
            for name in users:
                await db.execute(insert(Tag).values(name=name))
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR214 none: \`db.execute\` writes in every turn of the loop; write all rows by one statement, or \`add_all\` them.
            return posts, found
      `,
    },
    {
      bad: py`
        class Teams:
            async def members(self, teams):
                for team in teams:
                    key = team.lead_id
                    lead = await self.user_repository.get_by_id(key)
        #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR214 none: \`self.user_repository.get_by_id\` is awaited for every turn of the loop; load all rows by one query with \`in_()\`, or the related ones by \`selectinload\`.
                    yield lead
                while teams:
                    team = teams.pop()
                    await UserRepository(self.db).update(team)
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR214 none
      `,
    },
    {
      // One query for what is looped over, one for many at a time, and the dependency's own loop.
      ok: py`
        from itertools import batched

        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession


        async def load(db: AsyncSession, ids):
            for user in await db.scalars(select(User).where(User.id.in_(ids))):
                print(user.name)
            names = [user.name for user in (await db.scalars(select(User))).all()]
            for part in batched(ids, 500):
                await db.execute(select(User).where(User.id.in_(part)))
            async for session in get_db():
                await session.execute(select(User))
            return names
      `,
    },
    {
      // Waiting, trying again and reading page by page are not one query an entry.
      ok: py`
        import asyncio

        from sqlalchemy import select, text
        from sqlalchemy.ext.asyncio import AsyncSession


        async def wait(db: AsyncSession, key):
            while True:
                job = await db.get(Job, key)
                await asyncio.sleep(1)
            for attempt in range(3):
                try:
                    await db.execute(text("SELECT 1"))
                    return job
                except OSError:
                    await asyncio.sleep(attempt)
            start = 0
            while start is not None:
                rows = await db.scalars(select(User).offset(start).limit(100))
                start = start + 100 if rows else None
      `,
    },
    {
      ok: py`
        async def fetch(session: ClientSession, redis, repos, user_repository):
            for repo in repos:
                await session.get(repo.url)
                await redis.get(repo.key)
                await repo.get_issues()
                await user_repository.get_many(repo.ids)

                async def later():
                    return await user_repository.get_by_id(repo.id)
      `,
    },
  ],
  on: {
    await(awaited, file) {
      let inner = awaited.firstNamed;
      while (inner?.is('parenthesized_expression')) inner = inner.firstNamed;
      // \`(await db.execute(…)).scalars()\` awaits the inner call, \`await db.scalars(…)\` the outer.
      if (!inner?.is('call')) return undefined;
      const callee = inner.field('function');
      if (!callee.is('attribute')) return undefined;
      const method = callee.field('attribute').text;
      if (!sessionReads.has(method) && !queryMethod.test(method)) return undefined;
      const loops = loopsAround(awaited);
      if (loops.length === 0 || isMigration(file)) return undefined;
      const writes = queryKind(file, inner, callee, method);
      if (writes === undefined) return undefined;
      const own = ownLoop(loops, inner, callee);
      if (!own) return undefined;
      const what = callee.text.includes('\n') ? method : callee.text;
      return {
        at: awaited,
        message: writes
          ? `\`${what}\` writes in every turn of the loop; write all rows by one statement, or \`add_all\` them.`
          : `\`${what}\` is awaited for every turn of the loop; load all rows by one query with \`in_()\`, or the related ones by \`selectinload\`.`,
      };
    },
  },
});

/** Whether a call reads (false) or writes (true) in a database; undefined where it does neither, or many rows at once. */
function queryKind(
  file: SourceFile,
  call: TypedNode<'call'>,
  callee: TypedNode<'attribute'>,
  method: string,
): boolean | undefined {
  if (sessionReads.has(method)) {
    const made = sessionCall(file, call);
    const [first] = argumentsOf(call).positional;
    if (made) {
      const isKeyed = method !== 'get' && method !== 'get_one';
      // Clients of HTTP are called sessions too; a row is got by its class.
      if (made.evidence.sure || isKeyed || /^(?:\w+\.)*[A-Z]\w*$/.test(first?.text ?? ''))
        return writtenStatement(file, call) !== undefined;
      return undefined;
    }
  }
  if (!queryMethod.test(method) || manyAtOnce.test(method)) return undefined;
  const receiver = callee.field('object');
  const holder = receiver.is('call') ? receiver.field('function') : receiver;
  const name = holder.is('attribute') ? holder.field('attribute').text : holder.text;
  if (!holder.is('attribute', 'identifier') || !repository.test(name)) return undefined;
  return writing.test(method);
}

/** The loops whose every turn runs a place, innermost first; a function ends them. */
function loopsAround(place: Node): Node[] {
  const loops: Node[] = [];
  let child = place;
  for (let node = place.parent; node; node = node.parent) {
    if (node.is('function_definition', 'lambda', 'class_definition')) break;
    if (node.is('for_statement', 'while_statement')) {
      const turns =
        node.field('body')?.row === child.row ||
        (node.is('while_statement') && node.field('condition')?.row === child.row);
      if (turns) loops.push(node);
    } else if (node.is('list_comprehension', 'set_comprehension', 'dictionary_comprehension', 'generator_expression')) {
      const first = node.namedChildren.find((part) => part.is('for_in_clause'));
      if (!(first?.row === child.row && first.is('for_in_clause') && first.field('right')?.contains(place)))
        loops.push(node);
    }
    child = node;
  }
  return loops;
}

/** The innermost loop whose entries the call asks about, one at a time. */
function ownLoop(loops: readonly Node[], call: TypedNode<'call'>, callee: TypedNode<'attribute'>): Node | undefined {
  const used = new Set(
    [...call.field('arguments').below('identifier'), ...callee.field('object').below('identifier')].map(
      (name) => name.text,
    ),
  );
  const receiver = callee.field('object');
  const base = receiver.is('identifier') ? receiver.text : undefined;
  for (const loop of loops) {
    if (isResourceLoop(loop)) continue;
    const bound = boundBy(loop);
    // What the loop itself gives is no session or repository of the function.
    if (base !== undefined && bound.has(base)) return undefined;
    if (!turnsOverEntries(loop, call)) continue;
    if ([...used].some((name) => bound.has(name))) return manyTaken(call, bound) ? undefined : loop;
  }
  return undefined;
}

/** `async for session in get_session():` runs once. */
function isResourceLoop(loop: Node): boolean {
  if (!loop.is('for_statement') || !loop.child('"async"')) return false;
  const left = loop.field('left').text;
  return /(?:^|_)(?:db|session|conn|connection)$/.test(left);
}

/** Names that a loop binds anew in each turn. */
function boundBy(loop: Node): Set<string> {
  const names = new Set<string>();
  const add = (target: Node | undefined): void => {
    if (target?.is('identifier')) names.add(target.text);
    for (const name of target?.below('identifier') ?? []) names.add(name.text);
  };
  if (loop.is('for_statement')) add(loop.field('left'));
  for (const clause of loop.is('for_statement', 'while_statement') ? [] : loop.namedChildren)
    if (clause.is('for_in_clause')) add(clause.field('left'));
  if (loop.is('for_statement', 'while_statement'))
    for (const assignment of loop
      .field('body')
      .belowOutside(['function_definition', 'lambda', 'class_definition'], 'assignment'))
      if (assignment.field('left').is('identifier', 'pattern_list', 'tuple_pattern')) add(assignment.field('left'));
  return names;
}

/** Loops that try again, wait, or go page by page do not turn over entries. */
function turnsOverEntries(loop: Node, call: TypedNode<'call'>): boolean {
  if (loop.is('while_statement')) {
    if (loop.field('condition').is('true', 'integer')) return false;
    return !/\b(?:sleep|wait|wait_for)\s*\(|\.offset\(|\.limit\(|\blimit=|\boffset=|\bcursor\b/.test(
      loop.text.slice(0, 4000),
    );
  }
  if (loop.is('for_statement')) {
    const right = loop.field('right');
    if (right?.is('call')) {
      const name = right.field('function').text;
      if (/batch|chunk|page/i.test(name)) return false;
      if (name === 'range') return argumentsOf(right).positional.length < 3 && !/\.offset\(|\boffset=/.test(call.text);
    }
  }
  return true;
}

/** `in_(part)` already asks for many entries at once. */
function manyTaken(call: TypedNode<'call'>, bound: ReadonlySet<string>): boolean {
  return call.below('call').some((inner) => {
    const callee = inner.field('function');
    if (!callee.is('attribute') || !/^(?:in_|any_|notin_|not_in)$/.test(callee.field('attribute').text)) return false;
    return inner
      .field('arguments')
      .below('identifier')
      .some((name) => bound.has(name.text));
  });
}

const queryMethod =
  /^(?:get|find|fetch|list|load|read|exists|count|select|query|search|create|update|delete|add|insert|upsert|save|remove)(?:_|$)/;
const writing = /^(?:create|update|delete|add|insert|upsert|save|remove)(?:_|$)/;
const manyAtOnce = /(?:_|^)(?:many|bulk|batch|multi|multiple)(?:_|$)|_by_ids$/;
const repository = /(?:^|_)(?:repo|repository|repositories|crud|dao)$|^crud_|(?:Repository|Repo|CRUD|DAO)$/;
