import { z } from 'zod';
import {
  annotatedClass,
  argumentsOf,
  asyncFunctionAt,
  asyncHttpClients,
  defineRule,
  type Fix,
  isLabel,
  isTestFile,
  madeBy,
  type Node,
  py,
  type SourceFile,
  spellAsyncio,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR509',
  name: 'sequential-awaits',
  family: 'async',
  severity: 'hint',
  standards: ['backend'],
  summary: 'Independent reads are awaited one after the other',
  advice: 'Await them together with `asyncio.gather()`',
  why: 'Two calls that know nothing of each other take as long as both of them when they are awaited in a row, and as long as the slower one when they run together. What uses the same session, connection or client object must stay in a row, and so must whatever changes something.',
  fix: 'unsafe',
  fixSafety: 'The calls overlap from now on: that is wrong when they share a connection or when their order matters.',
  requirements: ['004-245'],
  peers: [],
  options: z.strictObject({
    verbs: z
      .array(z.string())
      .default([
        'count',
        'download',
        'fetch',
        'find',
        'get',
        'list',
        'load',
        'lookup',
        'query',
        'read',
        'retrieve',
        'search',
      ])
      .meta({ description: 'First words of the names of functions that only read.' }),
  }),
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import asyncio

        from app.partners import fetch_rates, fetch_weather


        async def show(city: str) -> tuple[str, str]:
            weather = await fetch_weather(city)
        #             ^^^^^^^^^^^^^^^^^^^^^^^^^ GR509 unsafe: \`fetch_weather()\` and \`fetch_rates()\` do not use each other's results but are awaited one after the other; await them together with \`asyncio.gather()\`.
            rates = await fetch_rates("EUR")
            return weather, rates
      `,
      good: py`
        import asyncio

        from app.partners import fetch_rates, fetch_weather


        async def show(city: str) -> tuple[str, str]:
            weather, rates = await asyncio.gather(fetch_weather(city), fetch_rates("EUR"))
            return weather, rates
      `,
    },
    {
      bad: py`
        from uuid import UUID

        from app import profiles


        async def load_orders(user_id: UUID) -> list[str]: ...


        async def show(user_id: UUID) -> None:
            if user_id:
                orders = await load_orders(user_id)
        #                ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR509 unsafe
                profile = await profiles.get_profile(user_id, with_friends=True)
                friends = await profiles.list_friends_of_the_friends(user_id, with_friends=True)
                print(orders, profile, friends)
      `,
      good: py`
        from uuid import UUID

        from app import profiles
        import asyncio


        async def load_orders(user_id: UUID) -> list[str]: ...


        async def show(user_id: UUID) -> None:
            if user_id:
                orders, profile, friends = await asyncio.gather(
                    load_orders(user_id),
                    profiles.get_profile(user_id, with_friends=True),
                    profiles.list_friends_of_the_friends(user_id, with_friends=True),
                )
                print(orders, profile, friends)
      `,
    },
    {
      bad: py`
        from app.partners import fetch_rates, fetch_weather


        async def show(city: str) -> None:
            weather = await fetch_weather(city)  # slow
        #             ^^^^^^^^^^^^^^^^^^^^^^^^^ GR509 none
            rates = await fetch_rates("EUR")
            print(weather, rates)
      `,
    },
    {
      ok: py`
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.crud import get_items, get_user


        async def show(db: AsyncSession, session, user_id: int) -> None:
            user = await get_user(db, user_id)
            items = await get_items(db, user_id)
            first = await get_user(session, 1)
            second = await get_user(session, 2)
      `,
    },
    {
      ok: py`
        import httpx


        async def show(client: httpx.AsyncClient, repository) -> None:
            first = await client.get("https://one.example/")
            second = await client.get("https://two.example/")
            user = await repository.users.get(1)
            item = await repository.items.get(1)


        class Service:
            async def show(self, user_id: int) -> None:
                user = await self.users.get_user(user_id)
                items = await self.items.get_items(user_id)
      `,
    },
    {
      ok: py`
        import asyncio

        from app.partners import create_order, fetch_rates, fetch_weather, get_or_create_city


        async def show(city: str) -> None:
            weather = await fetch_weather(city)
            rates = await fetch_rates(weather)
            order = await create_order(city)
            fresh = await fetch_rates(city)
            await asyncio.sleep(1)
            later = await fetch_rates(city)
            other = await get_or_create_city(city)
            both = await asyncio.gather(fetch_weather(city), fetch_rates(city))
      `,
    },
    {
      ok: py`
        from app.partners import fetch_rates, fetch_weather


        async def show(city: str) -> None:
            weather = await fetch_weather(city)
            if not weather:
                return
            rates = await fetch_rates(city)
            lines = await fetch_rates(rates := city)
            print(rates)
      `,
    },
    {
      ok: py`
        from app.partners import fetch_rates, fetch_weather


        async def test_partners() -> None:
            weather = await fetch_weather("Paris")
            rates = await fetch_rates("EUR")
      `,
      path: 'tests/test_partners.py',
    },
  ],
  on: {
    await(awaited, file, { verbs }) {
      const first = readOf(file, awaited, verbs);
      if (!first || !asyncFunctionAt(file, awaited)) return undefined;
      const before = readBefore(file, first, verbs);
      if (before && areIndependent(file, [before], first)) return undefined;
      const run = [first];
      for (let next = readAfter(file, first, verbs); next && areIndependent(file, run, next); ) {
        run.push(next);
        next = readAfter(file, next, verbs);
      }
      if (run.length < 2) return undefined;
      const names = run.map((read) => `\`${read.callee.text}()\``);
      const told = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
      return {
        at: awaited,
        message: `${told} do not use each other's results but are awaited one after the other; await them together with \`asyncio.gather()\`.`,
        fix: () => gathered(file, run),
      };
    },
  },
});

/** `name = await read(…)`, a statement of its own. */
interface Read {
  readonly statement: Node;
  readonly target: Node;
  readonly isAnnotated: boolean;
  readonly call: TypedNode<'call'>;
  readonly callee: TypedNode<'attribute' | 'identifier'>;
}

function readOf(file: SourceFile, awaited: TypedNode<'await'>, verbs: readonly string[]): Read | undefined {
  const assignment = awaited.parent;
  const statement = assignment?.parent;
  if (!assignment?.is('assignment') || !awaited.isField('right') || !statement?.is('expression_statement'))
    return undefined;
  const target = assignment.field('left');
  const call = awaited.firstNamed;
  if (!target.is('identifier') || !call?.is('call')) return undefined;
  const callee = call.field('function');
  if (!callee.is('attribute', 'identifier') || !isReading(callee, verbs) || !isSomebodyElse(file, callee))
    return undefined;
  const isPlain =
    call.below('await', 'named_expression', 'yield', 'lambda', 'list_splat', 'dictionary_splat').length === 0;
  return isPlain && statement.namedChildren.length === 1
    ? { statement, target, isAnnotated: assignment.field('type') !== undefined, call, callee }
    : undefined;
}

function isReading(callee: TypedNode<'attribute' | 'identifier'>, verbs: readonly string[]): boolean {
  const name = (callee.is('attribute') ? callee.field('attribute') : callee).text.replace(/^_+/, '');
  const [verb = ''] = name.split('_');
  return verbs.includes(verb) && !/_(or|and)_|_next(_|$)/.test(name);
}

/** A function of a module, an imported object's method, or one of a known client: nothing that hides a shared object. */
function isSomebodyElse(file: SourceFile, callee: TypedNode<'attribute' | 'identifier'>): boolean {
  if (callee.is('attribute')) {
    const object = callee.field('object');
    const made = madeBy(file, object);
    if (made !== undefined && asyncHttpClients.has(made)) return true;
    return object.is('identifier') && file.binding(object)?.kind === 'import';
  }
  const binding = file.binding(callee);
  if (binding?.kind === 'import') return true;
  return binding?.kind === 'function' && !file.enclosingFunction(binding.by);
}

function readAfter(file: SourceFile, read: Read, verbs: readonly string[]): Read | undefined {
  return neighbour(file, read.statement.next, 'next', verbs);
}

function readBefore(file: SourceFile, read: Read, verbs: readonly string[]): Read | undefined {
  return neighbour(file, read.statement.previous, 'previous', verbs);
}

function neighbour(
  file: SourceFile,
  from: Node | undefined,
  direction: 'next' | 'previous',
  verbs: readonly string[],
): Read | undefined {
  let node = from;
  while (node?.is('comment')) node = node[direction];
  const assignment = node?.is('expression_statement') ? node.firstNamed : undefined;
  const value = assignment?.is('assignment') ? assignment.field('right') : undefined;
  return value?.is('await') ? readOf(file, value, verbs) : undefined;
}

/** Whether a read may run beside those before it: it uses none of their results, and no object of theirs. */
function areIndependent(file: SourceFile, before: readonly Read[], read: Read): boolean {
  return before.every((earlier) => {
    if (earlier.target.text === read.target.text) return false;
    const used = namesIn(read.call);
    if (used.some((name) => name.text === earlier.target.text)) return false;
    if (namesIn(earlier.call).some((name) => name.text === read.target.text)) return false;
    if (isInstance(file, earlier.callee) && objectText(earlier.callee) === objectText(read.callee)) return false;
    // Two unknown objects may be one, or share one.
    return [earlier, read].some(({ call }) => valuesIn(call).every((value) => isHarmless(file, value)));
  });
}

function objectText(callee: TypedNode<'attribute' | 'identifier'>): string | undefined {
  return callee.is('attribute') ? callee.field('object').text : undefined;
}

/** A method of something that is made: a client, or an imported object rather than a module. */
function isInstance(file: SourceFile, callee: TypedNode<'attribute' | 'identifier'>): boolean {
  if (!callee.is('attribute')) return false;
  const object = callee.field('object');
  return madeBy(file, object) !== undefined || sessionName.test(object.text);
}

function namesIn(call: Node): TypedNode<'identifier'>[] {
  return call.below('identifier').filter((name) => !isLabel(name));
}

/** The names that the arguments are built of. */
function valuesIn(call: TypedNode<'call'>): TypedNode<'identifier'>[] {
  const { list } = argumentsOf(call);
  return namesIn(list);
}

const sessionName =
  /(^|_)(db|session|conn|connection|client|cursor|tx|transaction|uow|redis|browser|page|engine|pool)$/i;

/** A value that two calls may share: a plain one by its annotation or name. */
function isHarmless(file: SourceFile, value: TypedNode<'identifier'>): boolean {
  if (value.parent?.is('attribute')) return plainName.test(value.parent.field('attribute').text);
  if (sessionName.test(value.text)) return false;
  const binding = file.binding(value);
  if (!binding) return false;
  if (binding.annotation) {
    const name = file.qualified(annotatedClass(file, binding.annotation));
    return name !== undefined && plainTypes.has(name);
  }
  if (binding.value?.is('string', 'integer', 'float', 'true', 'false')) return true;
  return plainName.test(value.text);
}

const plainName = /(^|_)(city|date|id|ids|key|limit|name|offset|path|query|slug|url|uuid)$/i;

const plainTypes = new Set([
  'builtins.bool',
  'builtins.bytes',
  'builtins.float',
  'builtins.frozenset',
  'builtins.int',
  'builtins.str',
  'builtins.tuple',
  'datetime.date',
  'datetime.datetime',
  'datetime.timedelta',
  'decimal.Decimal',
  'pathlib.Path',
  'uuid.UUID',
]);

/** The longest line that the fix writes in one piece. */
const lineLength = 100;

function gathered(file: SourceFile, run: readonly Read[]): Fix | undefined {
  const [first] = run;
  const last = run.at(-1);
  const gather = first && spellAsyncio(file, 'gather', first.call);
  if (!first || !last || !gather || run.some((read) => read.isAnnotated)) return undefined;
  const { start } = first.statement;
  const { end } = last.statement;
  const comments = file.commentsIn({ start, end });
  if (comments.length > 0) return undefined;
  const targets = run.map((read) => read.target.text).join(', ');
  const calls = run.map((read) => read.call.text);
  const indent = file.indentAt(start);
  const head = `${targets} = await ${gather.text}(`;
  const joined = `${head}${calls.join(', ')})`;
  const step = indent.includes('\t') ? '\t' : '    ';
  const inLines = calls.map((call) => `${indent}${step}${call},`).join(file.eol);
  const fits = indent.length + joined.length <= lineLength && !joined.includes('\n');
  return {
    title: `Await together with \`${gather.text}()\``,
    safety: 'unsafe',
    edits: [{ start, end, text: fits ? joined : `${head}${file.eol}${inLines}${file.eol}${indent})` }, ...gather.edits],
  };
}
