import { z } from 'zod';
import {
  defineRule,
  dottedName,
  isMainGuard,
  isMigration,
  isMigrationPath,
  isScript,
  isTestFile,
  lastParts,
  matchesAny,
  type Node,
  py,
} from '../../engine/index.ts';

const options = z.strictObject({
  setupModules: z
    .array(z.string())
    .default([
      '**/core/log*.py',
      '**/logging.py',
      '**/logging_config.py',
      '**/logging/**',
      '**/logger/**',
      'main.py',
      'app.py',
      'asgi.py',
      'wsgi.py',
      '__main__.py',
      'gunicorn_conf.py',
    ])
    .meta({ description: 'Globs of the modules that may configure logging: its own module and the entry points.' }),
});

export default defineRule<typeof options, string>({
  code: 'GR420',
  name: 'logging-configured-elsewhere',
  family: 'errors',
  severity: 'warning',
  standards: ['backend'],
  summary: 'Logging is configured outside the core logging module',
  advice: 'Configure logging in `core/logging.py` and call that from the entry point',
  why: 'Logging has one configuration a process. A module that makes its own decides by the order of imports: the first `basicConfig` wins, `dictConfig` silences the loggers that exist. Then half of the lines have no request id, and nobody finds out which import is to blame.',
  fix: 'none',
  requirements: ['004-119'],
  peers: [],
  options,
  mentions: ['basicConfig', 'dictConfig', 'fileConfig'],
  calls: () => lastParts(configurers),
  applies: (file, { setupModules }) =>
    !matchesAny(setupModules, file.path) && !isTestFile(file) && !isScript(file) && !isMigrationPath(file),
  examples: [
    {
      bad: py`
        import logging
        from logging.config import dictConfig

        logging.basicConfig(level=logging.INFO)
        ^^^^^^^^^^^^^^^^^^^ GR420 none


        def start() -> None:
            dictConfig({"version": 1})
        #   ^^^^^^^^^^ GR420 none: \`dictConfig\` configures logging for the whole process from here; do it in \`core/logging.py\` and call that from the entry point.
      `,
      path: 'app/services/billing.py',
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        if __name__ == "__main__":
            logging.basicConfig(level=logging.INFO)
      `,
      path: 'app/services/billing.py',
    },
    {
      ok: py`
        import logging.config

        logging.config.dictConfig({"version": 1})
      `,
      path: 'app/core/logging.py',
    },
    {
      ok: py`
        import logging

        logging.basicConfig(level=logging.INFO)
      `,
      path: 'app/main.py',
    },
    {
      ok: py`
        from logging.config import fileConfig

        fileConfig(config.config_file_name)
      `,
      path: 'alembic/env.py',
    },
    {
      ok: py`
        from logging.config import fileConfig

        fileConfig(config.config_file_name, disable_existing_loggers=False)
      `,
      path: 'backend/alembic_tenants/env.py',
    },
    {
      ok: py`
        import logging

        logging.basicConfig(level=logging.INFO)
      `,
      path: 'scripts/seed.py',
    },
    {
      ok: py`
        from app.charts import basicConfig, dictConfig

        basicConfig(level=1)
        dictConfig({"version": 1})
      `,
    },
    {
      ok: py`
        import logging

        logging.basicConfig(level=logging.INFO)
      `,
      path: 'app/telemetry.py',
      options: { setupModules: ['telemetry.py'] },
    },
  ],
  collect: {
    call(call, file) {
      const callee = call.field('function');
      if (callee.is('attribute') && !/Config$/.test(callee.field('attribute').text)) return undefined;
      const name = dottedName(callee, file);
      if (name === undefined || !configurers.has(name)) return undefined;
      return isInMain(call) || isMigration(file) ? undefined : { at: callee, data: callee.text };
    },
    if_statement(statement, file) {
      // A file that can be run is an entry point itself.
      if (!isMainGuard(statement) || file.enclosingFunction(statement)) return undefined;
      return { at: statement.field('condition'), data: '' };
    },
  },
  file(facts) {
    if (facts.some(({ data }) => data === '')) return [];
    return facts.map(({ at, data }) => ({
      at,
      message: `\`${data}\` configures logging for the whole process from here; do it in \`core/logging.py\` and call that from the entry point.`,
    }));
  },
});

const configurers = new Set(['logging.basicConfig', 'logging.config.dictConfig', 'logging.config.fileConfig']);

/** In a function named `main`: then the file is an entry point too. */
function isInMain(call: Node): boolean {
  return call.above('function_definition')?.field('name').text === 'main';
}
