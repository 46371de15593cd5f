import {
  argumentsOf,
  defineRule,
  type Edit,
  type Handler,
  handlerAround,
  logCallOf,
  logsTraceback,
  type Node,
  py,
  recordsTraceback,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR407',
  name: 'error-log-without-traceback',
  family: 'errors',
  severity: 'warning',
  standards: ['flow', 'backend'],
  summary: 'An error logged in a handler without the traceback',
  advice: 'Add `exc_info=True`, or call `exception`',
  why: 'The message of an exception says what went wrong; only the traceback says where. Inside a handler it is at hand for one more argument, and afterwards it is gone.',
  fix: 'safe',
  requirements: ['002-004', '002-076', '004-129', '004-338'],
  peers: ['TRY400', 'G201'],
  mentions: ['except'],
  calls: ['error'],
  examples: [
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)

        try:
            connect()
        except OSError as err:
            logger.error(f"no connection: {err}")
        #   ^^^^^^^^^^^^ GR407 safe: \`logger.error\` in a handler loses the traceback; add \`exc_info=True\`.
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)

        try:
            connect()
        except OSError as err:
            logger.error(f"no connection: {err}", exc_info=True)
      `,
    },
    {
      bad: py`
        import structlog

        log = structlog.get_logger()


        def load(path):
            try:
                return read(path)
            except OSError:
                if path:
                    log.error(
        #           ^^^^^^^^^ GR407 safe
                        "unreadable",
                        path=path,  # as given
                    )
                raise
      `,
      good: py`
        import structlog

        log = structlog.get_logger()


        def load(path):
            try:
                return read(path)
            except OSError:
                if path:
                    log.error(
                        "unreadable",
                        path=path,  # as given
                        exc_info=True,
                    )
                raise
      `,
    },
    {
      bad: py`
        from loguru import logger

        try:
            connect()
        except OSError as err:
            logger.error("no connection: {}", err)
        #   ^^^^^^^^^^^^ GR407 safe: \`logger.error\` in a handler loses the traceback; call \`exception\`.
      `,
      good: py`
        from loguru import logger

        try:
            connect()
        except OSError as err:
            logger.exception("no connection: {}", err)
      `,
    },
    {
      bad: py`
        class Client:
            def open(self):
                try:
                    connect()
                except OSError:
                    self.logger.error("no connection")
        #           ^^^^^^^^^^^^^^^^^ GR407 safe: \`self.logger.error\` in a handler loses the traceback; call \`exception\`.
      `,
      good: py`
        class Client:
            def open(self):
                try:
                    connect()
                except OSError:
                    self.logger.exception("no connection")
      `,
    },
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def load(path):
            try:
                return read(path)
            except OSError as err:
                logger.error("unreadable: %s", path)
        #       ^^^^^^^^^^^^ GR407 safe
                if path.is_link:
                    logger.error(err)
                try:
                    return read(path.backup)
                except OSError:
                    logger.error("no backup")
        #           ^^^^^^^^^^^^ GR407 safe
            except ValueError as err:
                if path.is_link:
                    logger.error("unreadable link: %s", path)
        #           ^^^^^^^^^^^^ GR407 safe
                else:
                    logger.error("unreadable: %s", path)
        #           ^^^^^^^^^^^^ GR407 safe
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)


        def load(path):
            try:
                return read(path)
            except OSError as err:
                logger.error("unreadable: %s", path, exc_info=True)
                if path.is_link:
                    logger.error(err)
                try:
                    return read(path.backup)
                except OSError:
                    logger.error("no backup", exc_info=True)
            except ValueError as err:
                if path.is_link:
                    logger.error("unreadable link: %s", path, exc_info=True)
                else:
                    logger.error("unreadable: %s", path, exc_info=True)
      `,
    },
    {
      ok: py`
        from app.core import log


        def read(path):
            try:
                return path.read_text()
            except OSError:
                log.error("unreadable")
                raise
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)

        try:
            connect()
        except OSError as err:
            logger.exception("no connection")
            logger.error("tried %s", err)
        else:
            logger.error("a connection")
      `,
    },
    {
      ok: py`
        import logging
        import traceback

        logger = logging.getLogger(__name__)


        def load(path, **context):
            try:
                return read(path)
            except KeyError as err:
                logger.error("unreadable", exc_info=err)
            except ValueError:
                logger.error("unreadable: %s", traceback.format_exc())
            except OSError:
                logger.error("unreadable", **context)
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)

        try:
            connect()
        except OSError:
            def report():
                logger.error("no connection")

            on_exit(lambda: logger.error("no connection"))
            on_exit(report)
      `,
    },
    {
      ok: py`
        try:
            connect()
        except OSError:
            parser.error("no connection")
            messages.error(request, "no connection")
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      const handler = handlerAround(call);
      if (!handler) return undefined;
      const log = logCallOf(call, file);
      if (log?.method !== 'error' || argumentsOf(call).keywords.has('exc_info')) return undefined;
      if (logsTraceback(log, file) || recordsTraceback(handler, file) || followsError(call, handler, file))
        return undefined;
      const keyword = log.kind === 'std' || log.kind === 'structlog';
      return {
        at: callee,
        message: `\`${callee.text}\` in a handler loses the traceback; ${keyword ? 'add `exc_info=True`' : 'call `exception`'}.`,
        fix: () => {
          if (!keyword) {
            const edit = { start: log.methodNode.start, end: log.methodNode.end, text: 'exception' };
            return { title: 'Call `exception`', safety: 'safe', edits: [edit] };
          }
          const edit = withArgument(call, 'exc_info=True', file);
          return edit && { title: 'Add `exc_info=True`', safety: 'safe', edits: [edit] };
        },
      };
    },
  },
});

/**
 * Whether the handler has always logged an error by then: one traceback is enough, and the first log is the one to
 * carry it.
 */
function followsError(call: Node, handler: Handler, file: SourceFile): boolean {
  let child = call;
  for (let around = call.parent; around && child.row !== handler.body.row; around = around.parent) {
    if (around.is('block')) {
      for (const statement of around.namedChildren) {
        if (statement.start >= child.start) break;
        const logged = statement.is('expression_statement') ? statement.firstNamed : undefined;
        if (!logged?.is('call') || argumentsOf(logged).keywords.has('exc_info')) continue;
        if (logCallOf(logged, file)?.method === 'error') return true;
      }
    }
    child = around;
  }
  return false;
}

/** The edit that adds an argument at the end of a call, in the call's layout. */
function withArgument(call: TypedNode<'call'>, argument: string, file: SourceFile): Edit | undefined {
  const list = call.field('arguments');
  const closing = list.child('")"');
  if (!list.is('argument_list') || !closing) return undefined;
  const last = list.namedChildren.at(-1);
  if (!last) return { start: closing.start, end: closing.start, text: argument };
  const comma = list.children.find((child) => child.kind === '","' && child.start >= last.end);
  if (!comma) return { start: last.end, end: last.end, text: `, ${argument}` };
  const lineStart = file.lineStart(closing.start);
  if (lineStart <= comma.start || file.slice(lineStart, closing.start).trim() !== '')
    return { start: comma.end, end: comma.end, text: ` ${argument},` };
  return { start: lineStart, end: lineStart, text: `${file.indentAt(last.start)}${argument},${file.eol}` };
}
