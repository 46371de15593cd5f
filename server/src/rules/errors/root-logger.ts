import { defineRule, logCallOf, py, rootLogCalls, spellLogger } from '../../engine/index.ts';

export default defineRule({
  code: 'GR410',
  name: 'root-logger',
  family: 'errors',
  severity: 'warning',
  standards: ['production', 'backend'],
  summary: 'A function of `logging` writes to the root logger',
  advice: "Call the module's own logger",
  why: 'Records of the root logger carry no module name, cannot be turned down for one package, and the first of them quietly installs a handler of its own, which is how doubled log lines come about.',
  fix: 'unsafe',
  fixSafety: "Records go out under the module's name, and `logging` no longer installs a handler by itself.",
  requirements: ['000-050', '004-127'],
  peers: ['LOG015'],
  mentions: ['logging'],
  calls: rootLogCalls,
  examples: [
    {
      bad: py`
        import logging


        def save(user_id):
            logging.info("saved %s", user_id)
        #   ^^^^^^^^^^^^ GR410 unsafe: \`logging.info\` writes to the root logger; use the module's own, \`logging.getLogger(__name__)\`.
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)


        def save(user_id):
            logger.info("saved %s", user_id)
      `,
    },
    {
      bad: py`
        from logging import getLogger, warn

        LOG = getLogger(__name__)


        def save():
            warn("slow")
        #   ^^^^ GR410 unsafe
      `,
      good: py`
        from logging import getLogger, warn

        LOG = getLogger(__name__)


        def save():
            LOG.warning("slow")
      `,
    },
    {
      bad: py`
        import logging as std
        from loguru import logger

        std.error("no %s", name)
        ^^^^^^^^^ GR410 none
        std.error("none")
        ^^^^^^^^^ GR410 unsafe
      `,
      good: py`
        import logging as std
        from loguru import logger

        std.error("no %s", name)
        logger.error("none")
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)
        logger.info("started")
        logging.basicConfig(level=logging.INFO)
        logging.captureWarnings(True)
      `,
    },
    {
      ok: py`
        from app import logging

        logging.info("started")
      `,
    },
    {
      ok: py`
        def run(logging):
            logging.info("started")
      `,
    },
  ],
  on: {
    call(call, file) {
      const log = logCallOf(call, file);
      if (!log?.root) return undefined;
      const callee = call.field('function');
      return {
        at: callee,
        message: `\`${callee.text}\` writes to the root logger; use the module's own, \`logging.getLogger(__name__)\`.`,
        fix: () => {
          const logger = spellLogger(file, call);
          if (!logger) return undefined;
          const plain =
            log.message !== undefined && log.values.length === 0 && call.field('arguments').namedChildren.length === 1;
          if (logger.kind !== 'std' && !(plain && log.level)) return undefined;
          const method = log.method === 'warn' ? 'warning' : log.method === 'fatal' ? 'critical' : log.method;
          return {
            title: `Log to \`${logger.text}\``,
            safety: 'unsafe',
            edits: [...logger.edits, { start: callee.start, end: callee.end, text: `${logger.text}.${method}` }],
          };
        },
      };
    },
  },
});
