import { z } from 'zod';
import { defineRule, modulePlace, moduleRootsOption, type Node, py, type SourceFile } from '../../engine/index.ts';

const packages = ['celery', 'rq', 'dramatiq'];

export default defineRule({
  code: 'GR830',
  name: 'other-task-queue',
  family: 'structure',
  severity: 'information',
  standards: ['module'],
  summary: 'A module that queues its jobs with Celery, RQ or Dramatiq',
  advice: 'Write the job as an async function for ARQ in the module’s `tasks.py`',
  why: 'The modules’ jobs run in ARQ’s worker: async, on the application’s own event loop, with the sessions and clients the rest of the code uses. A second queue brings a second worker, a second way to retry and a second place to look when a job did not run, and its synchronous tasks cannot await the services.',
  fix: 'none',
  requirements: ['003-012'],
  peers: ['TID251'],
  options: z.strictObject({
    roots: moduleRootsOption,
    queues: z
      .array(z.string())
      .default(packages)
      .meta({ description: 'Packages of task queues that modules must not use.' }),
  }),
  mentions: ({ queues }) => queues.flatMap((queue) => [queue, `${queue.charAt(0).toUpperCase()}${queue.slice(1)}`]),
  applies: (file, { roots }) => !['tests', undefined].includes(modulePlace(file.path, roots)?.part),
  examples: [
    {
      bad: py`
        from celery import shared_task
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR830 none: The module \`steps\` imports \`celery\`; write its jobs as async functions for ARQ.

        from app.core.celery_app import worker
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR830 none: The module \`steps\` imports \`app.core.celery_app\`, a Celery application by its name; write its jobs as async functions for ARQ.


        @shared_task
        def count_steps(user_id: int) -> None: ...
      `,
      path: 'app/modules/tracking/steps/tasks.py',
    },
    {
      bad: py`
        import dramatiq, rq.job
        ^^^^^^^^^^^^^^^^^^^^^^^ GR830 none: The module \`steps\` imports \`dramatiq\` and \`rq.job\`; write its jobs as async functions for ARQ.


        def later() -> None:
            from rq import Queue
        #   ^^^^^^^^^^^^^^^^^^^^ GR830 none
      `,
      path: 'app/modules/tracking/steps/service.py',
    },
    {
      bad: py`
        import huey
        ^^^^^^^^^^^ GR830 none
      `,
      path: 'app/modules/tracking/steps/tasks.py',
      options: { queues: ['huey'] },
    },
    {
      ok: py`
        from arq import cron
        from arq.connections import RedisSettings

        from .celery_import import read_export
        from .models import Celery

        # Was a celery task once.
        HOURS = cron(read_export, hour=3)
      `,
      path: 'app/modules/tracking/steps/tasks.py',
    },
    {
      ok: py`
        from celery import Celery

        app = Celery("worker")
      `,
      path: 'app/core/worker.py',
    },
    {
      ok: py`
        from celery import shared_task
      `,
      path: 'app/modules/tracking/steps/tests/test_steps.py',
    },
  ],
  on: {
    import_statement(statement, file, { roots, queues }) {
      const names = statement
        .fields('name')
        .map((name) => (name.is('aliased_import') ? name.field('name') : name).text)
        .filter((name) => isOf(name, queues));
      return names.length > 0 ? imported(statement, file, roots, names) : undefined;
    },
    import_from_statement(statement, file, { roots, queues }) {
      const module = statement.field('module_name').text;
      if (isOf(module, queues)) return imported(statement, file, roots, [module]);
      const name = statement.fields('name').find((one) => isApplication(one, queues));
      const queue = queues.find(
        (one) =>
          module.split('.').some((part) => namesApplication(part, one)) ||
          (name && namesApplication(nameOf(name), one)),
      );
      if (queue === undefined) return undefined;
      const title = `${queue.charAt(0).toUpperCase()}${queue.slice(1)}`;
      return imported(statement, file, roots, [module], `, a ${title} application by its name`);
    },
  },
});

function isOf(module: string, queues: readonly string[]): boolean {
  const root = module.split('.', 1)[0] ?? '';
  return queues.includes(root);
}

function nameOf(name: Node): string {
  return (name.is('aliased_import') ? name.field('name') : name)?.text ?? '';
}

function isApplication(name: Node, queues: readonly string[]): boolean {
  return queues.some((queue) => namesApplication(nameOf(name), queue));
}

/** `celery_app`, `celery_worker`, `app_celery`: how applications call the queue that another file of theirs sets up. */
function namesApplication(name: string, queue: string): boolean {
  return (
    name === queue ||
    name === `${queue}_app` ||
    name === `${queue}_worker` ||
    name === `${queue}_broker` ||
    name === `app_${queue}`
  );
}

function imported(statement: Node, file: SourceFile, roots: readonly string[], names: readonly string[], told = '') {
  const place = modulePlace(file.path, roots);
  if (!place) return undefined;
  return {
    at: statement,
    message: `The module \`${place.name}\` imports ${names.map((name) => `\`${name}\``).join(' and ')}${told}; write its jobs as async functions for ARQ.`,
  };
}
