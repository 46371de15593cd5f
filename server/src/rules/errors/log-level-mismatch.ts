import { z } from 'zod';
import {
  catchesOnly,
  controlFlow,
  defineRule,
  type Finding,
  type Fix,
  type Handler,
  handlerAround,
  isTestFile,
  type LogCall,
  logCallOf,
  logCallsIn,
  type Node,
  py,
  reraises,
  type SourceFile,
} from '../../engine/index.ts';

const options = z.strictObject({
  successWords: z
    .array(z.string())
    .default(['successful', 'successfully', 'success', 'succeeded', 'completed'])
    .meta({ description: 'Words of a message that tell of a success, so that `error` is the wrong level for it.' }),
  expected: z
    .array(z.string())
    .default([
      ...controlFlow,
      'KeyError',
      'IndexError',
      'AttributeError',
      'LookupError',
      'ImportError',
      'ModuleNotFoundError',
      'FileNotFoundError',
      'FileExistsError',
      'NotImplementedError',
      'TimeoutError',
      'asyncio.TimeoutError',
      'sqlalchemy.exc.NoResultFound',
      'sqlalchemy.orm.exc.NoResultFound',
    ])
    .meta({
      description: 'Exceptions that often mean an ordinary turn of the program; their handlers may log at any level.',
    }),
});

export default defineRule({
  code: 'GR418',
  name: 'log-level-mismatch',
  family: 'errors',
  severity: 'information',
  standards: ['flow', 'backend'],
  summary: 'The level of a log call does not fit what it says',
  advice: 'Log a failure as a warning or an error, and a success as information',
  why: 'Levels are what alarms and searches go by. A failure that is logged as information is in the log and nobody hears of it, since production shows warnings and above; a success logged as an error wakes somebody up, and the third time nobody listens any more.',
  fix: 'unsafe',
  fixSafety: 'The line appears under another level, so filters and alarms on it change.',
  requirements: ['002-003', '004-128'],
  peers: [],
  options,
  mentions: ({ successWords }) => ['except', ...successWords],
  calls: () => [...quiet, ...loud],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def charge(order_id: int) -> None:
            try:
                gateway.charge(order_id)
            except GatewayError as err:
                logger.info("charging %s failed: %s", order_id, err)
        #       ^^^^^^^^^^^ GR418 unsafe: A handler logs its exception with \`info\`, which nobody looks at; use \`warning\`.
            except Exception:
                logger.debug("charging %s failed", order_id)
        #       ^^^^^^^^^^^^ GR418 unsafe: A handler logs its exception with \`debug\`, which nobody looks at; use \`error\`.
            else:
                logger.error("order %s charged successfully", order_id)
        #       ^^^^^^^^^^^^ GR418 unsafe: The message tells of a success, but its level is \`error\`; use \`info\`.
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)


        def charge(order_id: int) -> None:
            try:
                gateway.charge(order_id)
            except GatewayError as err:
                logger.warning("charging %s failed: %s", order_id, err)
            except Exception:
                logger.error("charging %s failed", order_id)
            else:
                logger.info("order %s charged successfully", order_id)
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        def load(key: str) -> str:
            try:
                return cache[key]
            except KeyError:
                logger.debug("%s is not cached", key)
            try:
                return fetch(key)
            except OSError as err:
                logger.info("trying %s again", key)
                raise Unavailable(key) from err
            except UnicodeError as err:
                logger.debug("failed to decode, falling back to bytes: %s", err)
            except ValueError:
                logger.info("the archive said:")
                logger.exception("no value for %s", key)
            logger.info("nothing for %s", key)
            return ""
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        class Channel:
            async def close(self) -> None:
                try:
                    await self.socket.close()
                except OSError as err:
                    logger.debug("closing failed: %s", err)

            def run(self, future, locator) -> None:
                try:
                    self.work()
                except ValueError as err:
                    logger.debug("work failed: %s", err)
                    future.set_exception(err)
                try:
                    self.work()
                except OSError as err:
                    if self._debug:
                        logger.debug("work failed: %s", err)
                try:
                    locator.click()
                except ValueError:
                    logger.info("click failed, falling through to the keyboard")
                try:
                    locator.open()
                except ValueError:
                    logger.info("failed to open it, try to press the arrow")
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        def report(done: bool) -> None:
            logger.error("not completed")
            logger.error("The upload could not be completed successfully")
            logger.error("unsuccessful")
            logger.warning("completed with %d warnings", 3)
            screen.error("completed")
      `,
    },
  ],
  on: {
    call(call, file, given): Finding | undefined {
      const callee = call.field('function');
      const log = logCallOf(call, file);
      if (!log) return undefined;
      const { method } = log;
      const isQuiet = quiet.has(method);
      if (!isQuiet && !loud.has(method)) return undefined;
      const better = isQuiet ? failureLevel(log, file, given.expected) : successLevel(log, given.successWords);
      if (better === undefined) return undefined;
      return {
        at: callee,
        message: isQuiet
          ? `A handler logs its exception with \`${method}\`, which nobody looks at; use \`${better}\`.`
          : `The message tells of a success, but its level is \`${method}\`; use \`${better}\`.`,
        fix: (): Fix | undefined =>
          callee.is('attribute')
            ? {
                title: `Log it with \`${better}\``,
                safety: 'unsafe',
                edits: [{ start: log.methodNode.start, end: log.methodNode.end, text: better }],
              }
            : undefined,
      };
    },
  },
});

const quiet = new Set(['debug', 'info', 'trace']);
const loud = new Set(['error', 'critical', 'fatal']);

/** The level for a failure: an error where nobody knows what it is, a warning where the code expected it. */
function failureLevel(log: LogCall, file: SourceFile, expected: readonly string[]): string | undefined {
  const handler = handlerAround(log.call);
  if (!handler || reraises(handler) || handler.types.some((type) => isExpected(type, file, expected))) return undefined;
  if (handler.body.below('raise_statement').length > 0) return undefined;
  if (catchesOnly(handler, expected, file)) return undefined;
  const isTold = logCallsIn(handler, file).some((other) => other.level !== 'debug' && other.level !== 'info');
  if (isTold || !isAboutFailure(log, handler)) return undefined;
  if (isForDebugging(log.call) || isPassedOn(handler, file) || onlyCloses(handler.body)) return undefined;
  return isBroad(handler, file) ? 'error' : 'warning';
}

function isExpected(type: Node, file: SourceFile, expected: readonly string[]): boolean {
  const name = file.qualified(type)?.replace(/^builtins\./, '');
  const last = type.text.slice(type.text.lastIndexOf('.') + 1);
  return (name !== undefined && expected.includes(name)) || /(?:NotFound|Exists|Cancelled|Skip)(?:Error)?$/.test(last);
}

function isBroad(handler: Handler, file: SourceFile): boolean {
  return (
    handler.types.length === 0 ||
    handler.types.some((type) => /^builtins\.(?:Base)?Exception$/.test(file.qualified(type) ?? ''))
  );
}

/** The log names the exception, or says that something failed. */
function isAboutFailure(log: LogCall, handler: Handler): boolean {
  const alias = handler.alias?.text;
  const text = log.message?.text.toLowerCase() ?? '';
  // The code goes another way that it has for this case.
  if (
    /fall(?:ing|s)? ?-?(?:back|through)|ignor|skip|retr(?:y|ies)|\btry(?:ing)? (?:to|the|another|again|next|once)\b/.test(
      text,
    )
  )
    return false;
  if (
    alias !== undefined &&
    log.call
      .field('arguments')
      .below('identifier')
      .some((name) => name.text === alias)
  )
    return true;
  return /fail|error|exception|could ?n[o']t|cannot|can't|unable|invalid|not reach/.test(text);
}

/** `if self._debug:`: the code asks for the level itself. */
function isForDebugging(call: Node): boolean {
  for (let above = call.parent; above && !above.is('except_clause'); above = above.parent)
    if (above.is('if_statement', 'elif_clause') && /debug|verbose/i.test(above.field('condition').text)) return true;
  return false;
}

/** The exception is given to somebody else, who tells of it: `future.set_exception(err)`. */
function isPassedOn(handler: Handler, file: SourceFile): boolean {
  const alias = handler.alias?.text;
  if (alias === undefined) return false;
  const logs = new Set(logCallsIn(handler, file).map((log) => log.call.start));
  return handler.body.below('call').some(
    (call) =>
      !logs.has(call.start) &&
      /(^|[._])(set_exception|set_error|fail|\w*fatal_error|\w*exception_handler|on_error|handle_\w+|report_\w+|record_\w+)$/.test(
        call.field('function').text,
      ) &&
      call
        .field('arguments')
        .below('identifier')
        .some((name) => name.text === alias),
  );
}

/** What was tried is only to tidy up: nothing is lost when it fails. */
function onlyCloses(body: Node): boolean {
  const attempt = body.parent?.parent;
  if (!attempt?.is('try_statement')) return false;
  const [first, second] = attempt.field('body').namedChildren.filter((child) => !child.is('comment'));
  if (!first?.is('expression_statement') || second) return false;
  const inner = first.firstNamed;
  const call = inner?.is('await') ? inner.firstNamed : inner;
  return (
    (call?.is('call') &&
      /\.(a?close|__a?exit__|disconnect|shutdown|dispose|unlink|cleanup)$/.test(call.field('function').text)) ??
    false
  );
}

function successLevel(log: LogCall, words: readonly string[]): string | undefined {
  if (!log.message?.is('string', 'concatenated_string') || handlerAround(log.call)) return undefined;
  const text = log.message.text.toLowerCase();
  if (negative.test(text)) return undefined;
  return words.some((word) => new RegExp(`(?:^|[^a-z])${word.toLowerCase()}(?:[^a-z]|$)`).test(text))
    ? 'info'
    : undefined;
}

const negative =
  /fail|error|exception|\bnot?\b|n't|cannot|unable|without|never|invalid|missing|denied|reject|unsuccess|incomplete|before|after|until|only|but|however|wrong|expected|already/;
