import {
  argumentsOf,
  asyncFunctionAt,
  defineRule,
  type Edit,
  type Finding,
  type Fix,
  madeBy,
  makerOf,
  memberKey,
  type Node,
  ownName,
  py,
  type SourceFile,
  type Span,
  spellAsyncio,
  type TypedNode,
} from '../../engine/index.ts';

/** `lock`: a member is a thread lock. `held`: a lock of the module or a member is held, in an `async def` or not. */
type Told =
  | { is: 'lock'; key: string; made: string }
  | { is: 'held'; key: string; made: string | undefined; written: string; owner: string | undefined; awaits: boolean };

export default defineRule<never, Told>({
  code: 'GR519',
  name: 'thread-lock-in-async',
  family: 'async',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A lock for threads is held in an `async def`',
  advice: 'Use `asyncio.Lock` with `async with`',
  why: 'A thread lock that is taken stops the thread, and with it the event loop and every request of the worker. If its holder is another task of the same loop that awaits something meanwhile, nobody will ever release it: the worker hangs for good. An `asyncio.Lock` lets the loop go on while a task waits for it.',
  fix: 'unsafe',
  fixSafety:
    'An `asyncio.Lock` guards tasks of one event loop only, no longer threads; other modules that use it have to change too.',
  requirements: ['004-251'],
  peers: [],
  mentions: ['threading'],
  calls: ['acquire'],
  examples: [
    {
      bad: py`
        import asyncio
        import threading

        lock = threading.Lock()


        async def count(name: str) -> None:
            with lock:
        #        ^^^^ GR519 unsafe: The \`async def\` \`count\` holds \`lock\`, a \`threading.Lock\`, while it awaits: a second task that wants it stops the event loop for good; use an \`asyncio.Lock\`.
                await asyncio.sleep(1)


        async def reset() -> None:
            with lock:
        #        ^^^^ GR519 unsafe: The \`async def\` \`reset\` holds \`lock\`, a \`threading.Lock\`: waiting for it stops the event loop; use an \`asyncio.Lock\`.
                print("reset")
      `,
      good: py`
        import asyncio
        import threading

        lock = asyncio.Lock()


        async def count(name: str) -> None:
            async with lock:
                await asyncio.sleep(1)


        async def reset() -> None:
            async with lock:
                print("reset")
      `,
    },
    {
      bad: py`
        from threading import Lock, RLock


        class Counter:
            def __init__(self) -> None:
                self._lock = Lock()
                self._again = RLock()

            async def add(self) -> None:
                with self._lock:
        #            ^^^^^^^^^^ GR519 unsafe: The \`async def\` \`add\` holds \`self._lock\`, a \`threading.Lock\`: waiting for it stops the event loop; use an \`asyncio.Lock\`.
                    self.count += 1

            async def save(self) -> None:
                self._again.acquire()
        #       ^^^^^^^^^^^^^^^^^^^^^ GR519 none: The \`async def\` \`save\` holds \`self._again\`, a \`threading.RLock\`: waiting for it stops the event loop; use an \`asyncio.Lock\`.
                self._again.release()
      `,
      good: py`
        from threading import Lock, RLock
        import asyncio


        class Counter:
            def __init__(self) -> None:
                self._lock = asyncio.Lock()
                self._again = RLock()

            async def add(self) -> None:
                async with self._lock:
                    self.count += 1

            async def save(self) -> None:
                self._again.acquire()
                self._again.release()
      `,
    },
    {
      bad: py`
        import threading


        async def work() -> None:
            slots = threading.Semaphore(3)
            with slots, open("name") as file:
        #        ^^^^^ GR519 none: The \`async def\` \`work\` holds \`slots\`, a \`threading.Semaphore\`: waiting for it stops the event loop; use an \`asyncio.Semaphore\`.
                file.read()
      `,
    },
    {
      bad: py`
        import threading

        lock = threading.Lock()


        async def work(job) -> None:
            with lock:
        #        ^^^^ GR519 none
                await job()


        def work_in_thread() -> None:
            with lock:
                print("done")
      `,
    },
    {
      ok: py`
        import asyncio

        lock = asyncio.Lock()


        async def count() -> None:
            async with lock:
                await asyncio.sleep(1)
      `,
    },
    {
      ok: py`
        import asyncio
        import threading

        lock = threading.Lock()
        events: list[str] = []


        def write_in_thread(event: str) -> None:
            with lock:
                events.append(event)


        async def write(event: str) -> None:
            with lock:
                events.append(event)
            await asyncio.to_thread(write_in_thread, event)


        class Waiter:
            def __init__(self) -> None:
                self._lock = threading.Lock()

            async def wait(self) -> None:
                with self._lock:
                    self.count = 1

            @classmethod
            def stop(cls) -> None:
                instance = cls.instance()
                with instance._lock:
                    instance.count = 0
      `,
    },
    {
      ok: py`
        import threading

        from app.locks import Lock

        own = Lock()
        lock = threading.Lock()


        async def work(given) -> None:
            with own, given:
                print("work")
            if lock.acquire(blocking=False):
                lock.release()
            fresh = threading.Lock()
            fresh.acquire()

            def in_thread() -> None:
                with lock:
                    print("done")
      `,
    },
  ],
  on: {
    with_item: (item, file) => localFinding(file, heldBy(file, item)),
  },
  collect: {
    assignment(assignment, file) {
      const left = assignment.field('left');
      const key = left.is('attribute') ? memberKey(file, left) : undefined;
      const made = key === undefined ? undefined : threadLock(madeBy(file, assignment.field('right')));
      return key === undefined || made === undefined ? undefined : { at: assignment, data: { is: 'lock', key, made } };
    },
    with_item: (item, file) => told(file, heldBy(file, item)),
    call: (call, file) => told(file, heldBy(file, call)),
  },
  file(facts, file) {
    const locks = new Map(facts.flatMap(({ data }) => (data.is === 'lock' ? [[data.key, data.made]] : [])));
    const inThreads = new Set(
      facts.flatMap(({ data }) => (data.is === 'held' && data.owner === undefined ? [data.key] : [])),
    );
    return facts.flatMap(({ at, data }): Finding[] => {
      if (data.is !== 'held' || data.owner === undefined) return [];
      const made = data.made ?? locks.get(data.key);
      // A short section that threads share as well is what a thread lock is for.
      const isInThreads = inThreads.has(data.key) || inThreads.has(data.key.replace(/^.*(?=\.)/, '*'));
      if (made === undefined || (isInThreads && !data.awaits)) return [];
      return [finding(at, { ...data, made, owner: data.owner }, () => asyncLock(file, data.written))];
    });
  },
});

const classes = new Set(['threading.Lock', 'threading.RLock', 'threading.Semaphore', 'threading.BoundedSemaphore']);

function threadLock(made: string | undefined): string | undefined {
  if (made === 'threading.Condition') return made;
  return made !== undefined && classes.has(made) ? made : undefined;
}

interface Held {
  readonly at: Node;
  readonly lock: Node;
  readonly awaits: boolean;
}

/** What `with lock:` or `lock.acquire()` holds. An acquire that does not wait is none. */
function heldBy(file: SourceFile, node: TypedNode<'with_item'> | TypedNode<'call'>): Held | undefined {
  if (node.is('with_item')) {
    const lock = node.field('value');
    const statement = node.above('with_statement');
    if (!lock.is('identifier', 'attribute') || !statement || statement.child('"async"')) return undefined;
    const awaits = statement.field('body').belowOutside(['function_definition', 'lambda', 'class_definition'], 'await');
    return { at: lock, lock, awaits: awaits.length > 0 };
  }
  const callee = node.field('function');
  if (!callee.is('attribute') || callee.field('attribute').text !== 'acquire' || node.parent?.is('await'))
    return undefined;
  const { positional, keywords } = argumentsOf(node);
  if (positional.length > 0 || keywords.size > 0) return undefined;
  return file.enclosingFunction(node) && { at: node, lock: callee.field('object'), awaits: false };
}

/** A lock that is a local of the function that holds it. */
function localFinding(file: SourceFile, held: Held | undefined): Finding | undefined {
  // Nobody else can have acquired a lock that the function itself has made.
  if (!held?.lock.is('identifier') || held.at.is('call')) return undefined;
  const owner = asyncFunctionAt(file, held.at);
  const made = owner && threadLock(madeBy(file, held.lock));
  const binding = made === undefined ? undefined : file.binding(held.lock);
  if (!owner || made === undefined || !binding || file.enclosingFunction(binding.node) !== owner) return undefined;
  const isInThreads = owner
    .below('identifier')
    .some((use) => use.text === held.lock.text && file.enclosingFunction(use) !== owner);
  if (isInThreads && !held.awaits) return undefined;
  const facts = { made, written: held.lock.text, owner: owner.field('name').text, awaits: held.awaits };
  return finding(held.at, facts, () => undefined);
}

function told(file: SourceFile, held: Held | undefined): { at: Span; data: Told } | undefined {
  if (!held) return undefined;
  const { lock, at, awaits } = held;
  const member = memberKey(file, lock);
  const made = threadLock(madeBy(file, lock));
  const key = member ?? (made === undefined ? foreignKey(lock) : ownName(file.qualified(lock)));
  if (key === undefined) return undefined;
  const owner = asyncFunctionAt(file, at)?.field('name').text;
  return { at, data: { is: 'held', key, made, written: lock.text, owner, awaits } };
}

/** `instance._lock`: nobody can tell of which class, so it counts for every member of that name. */
function foreignKey(lock: Node): string | undefined {
  return lock.is('attribute') ? `*.${lock.field('attribute').text}` : undefined;
}

function finding(
  at: Span,
  held: { made: string; written: string; owner: string; awaits: boolean },
  fix: () => Fix | undefined,
): Finding {
  const instead = held.made === 'threading.RLock' ? 'asyncio.Lock' : held.made.replace('threading', 'asyncio');
  const harm = held.awaits
    ? ', while it awaits: a second task that wants it stops the event loop for good'
    : ': waiting for it stops the event loop';
  return {
    at,
    message: `The \`async def\` \`${held.owner}\` holds \`${held.written}\`, a \`${held.made}\`${harm}; use an \`${instead}\`.`,
    fix,
  };
}

/**
 * Makes the lock an async one, where the whole file uses it in `with` statements of async functions only. Before Python
 * 3.10 a lock belongs to the loop that was current when it was made, so there nothing is offered.
 */
function asyncLock(file: SourceFile, written: string): Fix | undefined {
  if (!file.targets('3.10')) return undefined;
  const isMember = written.startsWith('self.');
  const name = isMember ? written.slice('self.'.length) : written;
  if (!/^\w+$/.test(name)) return undefined;
  const edits: Edit[] = [];
  let constructed: Node | undefined;
  for (const unit of file.units) {
    if (!unit.text.includes(name)) continue;
    for (const identifier of unit.root.below('identifier')) {
      if (identifier.text !== name) continue;
      const attribute = identifier.parent?.is('attribute') && identifier.isField('attribute');
      if (Boolean(attribute) !== isMember) return undefined;
      const use = attribute ? identifier.parent : identifier;
      const place = use?.parent;
      if (!use || !place || (attribute && use.text !== written)) return undefined;
      if (place.is('assignment') && use.isField('left') && !place.field('type')) {
        if (constructed) return undefined;
        constructed = makerOf(file, place.field('right'));
        if (!constructed) return undefined;
        continue;
      }
      const statement = place.is('with_item') ? place.above('with_statement') : undefined;
      const isAlone =
        statement &&
        statement.below('with_item').filter((item) => item.above('with_statement') === statement).length === 1;
      if (!statement || !isAlone || !asyncFunctionAt(file, statement)) return undefined;
      edits.push({ start: statement.start, end: statement.start, text: 'async ' });
    }
  }
  const made = file.qualified(constructed);
  if (!constructed || made === undefined || !convertible.has(made)) return undefined;
  const lock = spellAsyncio(file, made.slice('threading.'.length), constructed);
  if (!lock) return undefined;
  return {
    title: `Use \`${lock.text}\` with \`async with\``,
    safety: 'unsafe',
    edits: [{ start: constructed.start, end: constructed.end, text: lock.text }, ...edits, ...lock.edits],
  };
}

const convertible = new Set(['threading.Lock', 'threading.Semaphore', 'threading.BoundedSemaphore']);
