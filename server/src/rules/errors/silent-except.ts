import { z } from 'zod';
import {
  atStartOf,
  catchesOnly,
  controlFlow,
  defineRule,
  failureOf,
  handlerOf,
  headOf,
  isSilent,
  py,
  spellLogger,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR403',
  name: 'silent-except',
  family: 'errors',
  severity: 'error',
  standards: ['production', 'flow', 'backend'],
  summary: 'A handler swallows the exception and does nothing',
  advice: 'Log the exception, handle it, or let it go on',
  why: 'An exception that is caught and dropped leaves no trace: the data is wrong, the request half done, and nothing in the logs says when or why. A line in the log costs nothing and is all that is left to look at afterwards.',
  fix: 'unsafe',
  fixSafety: 'It adds a log record with the traceback; another level or message may suit better.',
  requirements: ['000-043', '002-042', '002-064', '004-129', '004-337'],
  peers: ['S110', 'S112', 'pylint W0702'],
  options: z.strictObject({
    controlFlow: z
      .array(z.string())
      .default([...controlFlow])
      .meta({ description: 'Qualified names of exceptions that steer the program and need no log.' }),
  }),
  mentions: ['except'],
  examples: [
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def load(path):
            try:
                return read(path)
            except OSError:
        #   ^^^^^^^^^^^^^^ GR403 unsafe: \`except OSError\` swallows the exception without a trace; log it, handle it, or let it go on.
                pass
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)


        def load(path):
            try:
                return read(path)
            except OSError:
                logger.exception("load failed")
      `,
    },
    {
      bad: py`
        """Rates."""

        import os


        def rate(text):
            try:
                return float(text)
            except (TypeError, ValueError) as err:
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR403 unsafe
                # No rate.
                return None
      `,
      good: py`
        """Rates."""

        import os
        import logging

        logger = logging.getLogger(__name__)


        def rate(text):
            try:
                return float(text)
            except (TypeError, ValueError) as err:
                # No rate.
                logger.exception("rate failed")
                return None
      `,
    },
    {
      bad: py`
        from loguru import logger

        for name in names:
            try:
                render(name)
            except TemplateError: continue
        #   ^^^^^^^^^^^^^^^^^^^^ GR403 unsafe
      `,
      good: py`
        from loguru import logger

        for name in names:
            try:
                render(name)
            except TemplateError: logger.exception("Unexpected error"); continue
      `,
    },
    {
      bad: py`
        try:
            import orjson
        except ImportError:
        ^^^^^^^^^^^^^^^^^^ GR403 unsafe
            ...
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)

        try:
            import orjson
        except ImportError:
            logger.exception("Unexpected error")
      `,
    },
    {
      bad: py`
        logger = None


        def f(_logger, log):
            try:
                g()
            except:
        #   ^^^^^^ GR403 unsafe: A bare \`except:\` swallows the exception without a trace; log it, handle it, or let it go on.
                return {"rows": [], "total": 0}
      `,
      good: py`
        logger = None


        def f(_logger, log):
            try:
                g()
            except:
                _logger.exception("f failed")
                return {"rows": [], "total": 0}
      `,
    },
    {
      ok: py`
        def load(path):
            try:
                return read(path)
            except OSError:
                logger.exception("could not read %s", path)
                return None
      `,
    },
    {
      ok: py`
        def load(path):
            try:
                return read(path)
            except OSError:
                return fallback(path)
      `,
    },
    {
      ok: py`
        import asyncio
        from contextlib import suppress


        async def stop(task):
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            with suppress(OSError):
                close()
      `,
    },
  ],
  on: {
    except_clause(clause, file, options) {
      const handler = handlerOf(clause);
      if (!handler || !isSilent(handler) || catchesOnly(handler, options.controlFlow, file)) return undefined;
      const what = handler.caught
        ? `\`except ${handler.types.length > 1 ? `(${handler.types.map((type) => type.text).join(', ')})` : handler.types[0]?.text}\``
        : 'A bare `except:`';
      return {
        at: headOf(handler),
        message: `${what} swallows the exception without a trace; log it, handle it, or let it go on.`,
        fix: () => {
          const logger = spellLogger(file, handler.body);
          const [first] = handler.body.namedChildren;
          if (!logger || !first) return undefined;
          const statement = `${logger.text}.exception("${failureOf(clause, file)}")`;
          const edit = first.is('pass_statement', 'expression_statement')
            ? { start: first.start, end: first.end, text: statement }
            : atStartOf(handler, statement, file);
          return edit && { title: 'Log the exception', safety: 'unsafe', edits: [...logger.edits, edit] };
        },
      };
    },
  },
});
