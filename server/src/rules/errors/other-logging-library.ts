import { z } from 'zod';
import { defineRule, type Finding, type Node, py } from '../../engine/index.ts';

const options = z.strictObject({
  libraries: z
    .array(z.string())
    .default(['loguru', 'structlog', 'logbook', 'eliot', 'twiggy', 'picologging'])
    .meta({ description: 'Packages that stand in for the standard library’s logging.' }),
});

export default defineRule({
  code: 'GR411',
  name: 'other-logging-library',
  family: 'errors',
  severity: 'warning',
  standards: ['backend'],
  summary: 'Another library than `logging` writes the logs',
  advice: 'Use `logging.getLogger(__name__)`',
  why: 'Frameworks and libraries log through the standard library. A second logging library has its own levels, formats and files beside it, so the lines of one request lie in two places, and a handler that masks secrets in one of them does nothing in the other.',
  fix: 'none',
  requirements: ['002-002', '004-118'],
  peers: [],
  options,
  mentions: ({ libraries }) => libraries,
  examples: [
    {
      bad: py`
        import structlog as log
        #      ^^^^^^^^^^^^^^^^ GR411 none: \`structlog\` is not the standard library’s logging; use \`logging.getLogger(__name__)\`.
        import os, loguru
        #          ^^^^^^ GR411 none
        from loguru import logger
        #    ^^^^^^ GR411 none: \`loguru\` is not the standard library’s logging; use \`logging.getLogger(__name__)\`.
        from structlog.stdlib import BoundLogger
        #    ^^^^^^^^^^^^^^^^ GR411 none
      `,
    },
    {
      bad: py`
        from acme_logs import logger
        #    ^^^^^^^^^ GR411 none
        from loguru import logger as other
      `,
      options: { libraries: ['acme_logs'] },
    },
    {
      ok: py`
        import logging
        from logging.handlers import RotatingFileHandler

        from app.loguru import logger
        from .loguru import logger as other
      `,
    },
    {
      ok: py`
        import eliotron
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from loguru import Logger
      `,
    },
  ],
  on: {
    import_statement(statement, _file, { libraries }) {
      return statement.fields('name').flatMap((name): Finding[] => {
        const module = name.is('aliased_import') ? name.field('name') : name;
        return libraries.includes(rootOf(module)) && !isTypeOnly(statement) ? [reportAt(name, module)] : [];
      });
    },
    import_from_statement(statement, _file, { libraries }) {
      const module = statement.field('module_name');
      if (!module.is('dotted_name') || !libraries.includes(rootOf(module)) || isTypeOnly(statement)) return undefined;
      return reportAt(module, module);
    },
  },
});

function rootOf(module: Node): string {
  const { text } = module;
  const dot = text.indexOf('.');
  return dot < 0 ? text : text.slice(0, dot);
}

function isTypeOnly(statement: Node): boolean {
  const condition = statement.above('if_statement')?.field('condition');
  return condition !== undefined && /(?:^|\.)TYPE_CHECKING$/.test(condition.text);
}

function reportAt(at: Node, module: Node): Finding {
  return {
    at,
    message: `\`${rootOf(module)}\` is not the standard library’s logging; use \`logging.getLogger(__name__)\`.`,
  };
}
