import { defineRule, lastParts, madeBy, type Node, py, type SourceFile, type TypedNode } from '../../engine/index.ts';

export default defineRule({
  code: 'GR512',
  name: 'dangling-task',
  family: 'async',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A task that nobody keeps may be collected before it is done, and its exception is lost',
  advice: 'Keep the task in a set until it is done, or use a `TaskGroup`',
  why: 'The event loop holds its tasks by weak references only. A task whose last strong reference is gone can be garbage-collected in the middle of its work, silently; and nobody sees the exception of a task that nobody asks. A set that the task leaves in `add_done_callback`, or an `asyncio.TaskGroup`, keeps it alive.',
  fix: 'none',
  requirements: ['004-249'],
  peers: ['RUF006'],
  mentions: ['create_task', 'ensure_future'],
  calls: () => lastParts(functions),
  examples: [
    {
      bad: py`
        import asyncio


        async def notify(user: str) -> None:
            asyncio.create_task(send_mail(user))
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR512 none: Nobody keeps the task that \`asyncio.create_task()\` returns, so it may vanish before it is done; keep it in a set until it is done, or start it in a \`TaskGroup\`.
            asyncio.ensure_future(send_mail(user))
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR512 none
            loop = asyncio.get_running_loop()
            loop.create_task(send_mail(user))
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR512 none: Nobody keeps the task that \`loop.create_task()\` returns, so it may vanish before it is done; keep it in a set until it is done, or start it in a \`TaskGroup\`.
            asyncio.get_event_loop().create_task(send_mail(user))
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR512 none
      `,
    },
    {
      bad: py`
        from asyncio import create_task


        async def notify(user: str) -> None:
            task = create_task(send_mail(user))
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR512 none: Nobody reads \`task\`, so the task of \`create_task()\` may vanish before it is done; keep it in a set until it is done, or start it in a \`TaskGroup\`.
      `,
    },
    {
      ok: py`
        import asyncio

        tasks: set[asyncio.Task[None]] = set()


        async def notify(user: str) -> None:
            task = asyncio.create_task(send_mail(user))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
      `,
    },
    {
      ok: py`
        import asyncio


        class Worker:
            async def start(self) -> None:
                self.task = asyncio.create_task(self.run())
                await asyncio.gather(asyncio.create_task(self.run()), asyncio.create_task(self.run()))
                other = asyncio.create_task(self.run())
                await other

            def spawn(self) -> asyncio.Task[None]:
                return asyncio.create_task(self.run())
      `,
    },
    {
      ok: py`
        import asyncio


        async def notify_all(users: list[str]) -> None:
            async with asyncio.TaskGroup() as group:
                for user in users:
                    group.create_task(send_mail(user))
      `,
    },
    {
      ok: py`
        import asyncio
        from contextlib import asynccontextmanager

        from app.queue import create_task


        @asynccontextmanager
        async def lifespan(app):
            task = asyncio.create_task(poll())
            create_task("poll")
            app.tasks.create_task("poll")
            yield
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute', 'identifier') || !makesTask(file, callee)) return undefined;
      const remedy = 'keep it in a set until it is done, or start it in a `TaskGroup`';
      if (call.parent?.is('expression_statement'))
        return {
          at: call,
          message: `Nobody keeps the task that \`${callee.text}()\` returns, so it may vanish before it is done; ${remedy}.`,
        };
      const name = unreadName(file, call);
      if (name === undefined) return undefined;
      return {
        at: call,
        message: `Nobody reads \`${name}\`, so the task of \`${callee.text}()\` may vanish before it is done; ${remedy}.`,
      };
    },
  },
});

function makesTask(file: SourceFile, callee: TypedNode<'attribute' | 'identifier'>): boolean {
  const name = file.qualified(callee);
  if (name !== undefined && functions.has(name)) return true;
  if (!callee.is('attribute') || callee.field('attribute').text !== 'create_task') return false;
  const loop = madeBy(file, callee.field('object'));
  return loop !== undefined && loops.has(loop);
}

const functions = new Set(['asyncio.create_task', 'asyncio.ensure_future']);
const loops = new Set([
  'asyncio.get_running_loop',
  'asyncio.get_event_loop',
  'asyncio.new_event_loop',
  'asyncio.AbstractEventLoop',
]);

/**
 * The local name that a call is assigned to and that nothing reads. A generator's locals live until it is resumed to its
 * end, as in a lifespan: there the name keeps the task.
 */
function unreadName(file: SourceFile, call: Node): string | undefined {
  const assignment = call.parent;
  if (!assignment?.is('assignment') || !call.isField('right')) return undefined;
  const target = assignment.field('left');
  const owner = file.enclosingFunction(call);
  if (!target.is('identifier') || !owner?.is('function_definition')) return undefined;
  const body = owner.field('body');
  if (body.below('yield', 'global_statement', 'nonlocal_statement').length > 0) return undefined;
  const others = body.below('identifier').filter((other) => other !== target && other.text === target.text);
  return others.every((other) => other.parent?.is('assignment') && other.isField('left')) ? target.text : undefined;
}
