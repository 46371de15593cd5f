import { z } from 'zod';
import {
  atStartOf,
  catchesOnly,
  controlFlow,
  defineRule,
  endsWithName,
  failureOf,
  type Handler,
  handlerOf,
  handsOver,
  headOf,
  inHandler,
  isSensitiveName,
  isSilent,
  isTestFile,
  type LoggerKind,
  type Node,
  possibleLogCallOf,
  printsAreProduct,
  py,
  recordsTraceback,
  type SourceFile,
  spellCaught,
  spellLogger,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR406',
  name: 'except-without-log',
  family: 'errors',
  severity: 'warning',
  standards: ['production', 'flow', 'backend'],
  summary: 'A handler goes on after an exception and logs nothing',
  advice: 'Log what failed, with what input, and the exception',
  why: 'A fallback that nobody hears of becomes the normal case: the service answers with defaults for weeks because a key was renamed. One log line with the function, its arguments and the exception makes it visible.',
  fix: 'unsafe',
  fixSafety: 'It adds a log record with the traceback; another level or message may suit better.',
  requirements: ['000-047', '000-048', '000-049', '000-051', '002-004', '002-042', '002-064', '004-129', '004-337'],
  peers: [],
  options: z.strictObject({
    ignore: z
      .array(z.string())
      .default([...controlFlow, 'ImportError', 'ModuleNotFoundError'])
      .meta({ description: 'Qualified names of exceptions that steer the program and need no log.' }),
  }),
  mentions: ['except'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import logging

        LOG = logging.getLogger(__name__)


        def rate(currency: str, day, password, *rest, session: Session):
            try:
                return fetch(currency, day)
            except KeyError:
        #   ^^^^^^^^^^^^^^^ GR406 unsafe: \`except KeyError\` goes on without a log; log \`rate failed\` with the exception.
                return default(currency)
      `,
      good: py`
        import logging

        LOG = logging.getLogger(__name__)


        def rate(currency: str, day, password, *rest, session: Session):
            try:
                return fetch(currency, day)
            except KeyError as err:
                LOG.exception("rate failed (currency=%r, day=%r): %s", currency, day, err)
                return default(currency)
      `,
    },
    {
      bad: py`
        import structlog

        log = structlog.get_logger()


        class Rates:
            async def rate(self, currency):
                try:
                    return await fetch(currency)
                except (KeyError, ValueError) as missing:
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR406 unsafe: \`except (KeyError, ValueError)\` goes on without a log; log \`rate failed\` with the exception.
                    self.missing += 1
                return None
      `,
      good: py`
        import structlog

        log = structlog.get_logger()


        class Rates:
            async def rate(self, currency):
                try:
                    return await fetch(currency)
                except (KeyError, ValueError) as missing:
                    log.exception("rate failed", currency=currency, error=str(missing))
                    self.missing += 1
                return None
      `,
    },
    {
      bad: py`
        from loguru import logger
        from app.log import audit_log

        try:
            connect()
        except OSError: retry()
        ^^^^^^^^^^^^^^ GR406 unsafe
      `,
      good: py`
        from loguru import logger
        from app.log import audit_log

        try:
            connect()
        except OSError as err: logger.exception("Unexpected error: {}", err); retry()
      `,
    },
    {
      bad: py`
        from app.log import logger


        def rate(currency, day=None):
            try:
                return fetch(currency, day)
            except:
        #   ^^^^^^ GR406 unsafe: A bare \`except:\` goes on without a log; log \`rate failed\` with the exception.
                day = today()
      `,
      good: py`
        from app.log import logger


        def rate(currency, day=None):
            try:
                return fetch(currency, day)
            except:
                logger.exception(f"rate failed (currency={currency!r}, day={day!r})")
                day = today()
      `,
    },
    {
      bad: py`
        def rate(currency):
            try:
                return fetch(currency)
            except KeyError as err:
        #   ^^^^^^^^^^^^^^^^^^^^^^ GR406 none
                print(err)
      `,
    },
    {
      bad: py`
        class Mail(Message):
            def send(self, to: str, reply_to, page_html: str, copies: int):
                self.logger.info("sending %d copies", copies)
                try:
                    host = self.sender.split("@")[1]
                except IndexError:
        #       ^^^^^^^^^^^^^^^^^ GR406 unsafe
                    host = self.sender
                return deliver(host, to, page_html)
      `,
      good: py`
        class Mail(Message):
            def send(self, to: str, reply_to, page_html: str, copies: int):
                self.logger.info("sending %d copies", copies)
                try:
                    host = self.sender.split("@")[1]
                except IndexError as err:
                    self.logger.exception(f"send failed (copies={copies!r}): {err}")
                    host = self.sender
                return deliver(host, to, page_html)
      `,
    },
    {
      bad: py`
        import logging


        class Scraper:
            def __init__(self, url):
                self.logger = logging.getLogger(__name__)
                self.url = url


        class StrictScraper(Scraper):
            def names(self):
                try:
                    return self.read().names
                except AttributeError:
        #       ^^^^^^^^^^^^^^^^^^^^^ GR406 unsafe
                    return self.default
      `,
      good: py`
        import logging


        class Scraper:
            def __init__(self, url):
                self.logger = logging.getLogger(__name__)
                self.url = url


        class StrictScraper(Scraper):
            def names(self):
                try:
                    return self.read().names
                except AttributeError as err:
                    self.logger.exception("names failed: %s", err)
                    return self.default
      `,
    },
    {
      ok: py`
        from utils import log


        def generate(modules):
            failed = []
            for module in modules:
                try:
                    write(module)
                except OSError as err:
                    failed.append(module)
                    log.error(f"no module: {err}")
            return failed
      `,
    },
    {
      ok: py`
        def rate(currency):
            try:
                return fetch(currency)
            except KeyError:
                logger.warning("no rate for %s", currency)
                return 1.0
            except ValueError as err:
                return fallback(currency, err)
            except OSError as err:
                raise RateError(currency) from err
      `,
    },
    {
      ok: py`
        import sys

        try:
            import orjson as json
        except ImportError:
            import json

        try:
            first = next(rows)
        except StopIteration:
            first = empty()

        try:
            connect()
        except OSError:
            sys.exit(1)
      `,
    },
    {
      ok: py`
        def rate(currency):
            try:
                return fetch(currency)
            except KeyError:
                self._log_failure(currency)
                return 1.0
            except OSError:
                return None
      `,
    },
    {
      ok: py`
        try:
            connect()
        except OSError as err:
            print(err)
            retry()
      `,
      path: 'scripts/connect.py',
    },
    {
      ok: py`
        import logging


        class Forward(logging.Handler):
            def emit(self, record):
                try:
                    level = self.levels[record.levelname]
                except KeyError:
                    level = record.levelno
                self.sink(level, record.getMessage())
      `,
    },
    {
      ok: py`
        def test_rate():
            try:
                rate(None)
            except KeyError as err:
                assert err.args == (None,)
      `,
      path: 'tests/test_rates.py',
    },
  ],
  on: {
    except_clause(clause, file, options) {
      const handler = handlerOf(clause);
      if (!handler || isSilent(handler) || catchesOnly(handler, options.ignore, file)) return undefined;
      const { calls, raises } = inHandler(handler);
      if (raises.length > 0 || calls.some((call) => mayReport(call, file))) return undefined;
      if (handsOver(handler, file) || recordsTraceback(handler, file) || isInLogHandler(clause, file)) return undefined;
      const prints = calls.some((call) => file.qualified(call.field('function')) === 'builtins.print');
      if (prints && printsAreProduct(clause, file)) return undefined;
      const what = handler.caught
        ? `\`except ${handler.types.length > 1 ? `(${handler.types.map((type) => type.text).join(', ')})` : handler.types[0]?.text}\``
        : 'A bare `except:`';
      return {
        at: headOf(handler),
        message: `${what} goes on without a log; log \`${failureOf(clause, file)}\` with the exception.`,
        // What prints becomes a log call by the fix of GR401; one line is enough.
        fix: () => (prints ? undefined : logLine(handler, file)),
      };
    },
  },
});

/** A log handler that logs what it cannot write would be called with that record again. */
function isInLogHandler(clause: Node, file: SourceFile): boolean {
  const owner = file.enclosingClass(clause);
  return owner !== undefined && file.bases(owner).some((base) => base !== undefined && logHandlers.test(base));
}

const logHandlers = /^logging\.(?:handlers\.)?\w*Handler$/;

/** Calls that log, end the program, or whose name says that they tell somebody. */
function mayReport(call: TypedNode<'call'>, file: SourceFile): boolean {
  if (possibleLogCallOf(call, file)) return true;
  const callee = call.field('function');
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (
    /(?:^|_)(?:log|logs|logger|logging|report|reports|echo|secho|notify|capture|audit|warn|exit|abort|fail|skip)(?:_|$)/i.test(
      name,
    )
  )
    return true;
  return callee.is('attribute') && /(?:^|\.)(?:parser|ap|argparser)\.error$/.test(callee.text);
}

function logLine(handler: Handler, file: SourceFile) {
  const logger = spellLogger(file, handler.body);
  if (!logger) return undefined;
  const caught = spellCaught(handler, file);
  const call = exceptionCall(logger.kind, failureOf(handler.clause, file), parametersOf(handler, file), caught?.text);
  const edit = atStartOf(handler, `${logger.text}.exception(${call})`, file);
  return (
    edit && {
      title: 'Log the exception',
      safety: 'unsafe' as const,
      edits: [...logger.edits, ...(caught?.edits ?? []), edit],
    }
  );
}

function exceptionCall(
  kind: LoggerKind,
  failure: string,
  names: readonly string[],
  caught: string | undefined,
): string {
  if (kind === 'structlog') {
    const keywords = names.filter((name) => name !== 'event' && name !== 'error' && name !== 'exc_info');
    return [
      `"${failure}"`,
      ...keywords.map((name) => `${name}=${name}`),
      ...(caught === undefined ? [] : [`error=str(${caught})`]),
    ].join(', ');
  }
  const inline = kind === 'unknown';
  const shown = (name: string): string => {
    if (inline) return `${name}={${name}!r}`;
    return kind === 'loguru' ? `${name}={!r}` : `${name}=%r`;
  };
  const input = names.length > 0 ? ` (${names.map(shown).join(', ')})` : '';
  const placeholder = inline ? `{${caught}}` : kind === 'loguru' ? '{}' : '%s';
  const text = `${failure}${input}${caught === undefined ? '' : `: ${placeholder}`}`;
  if (inline) return `${text.includes('{') ? 'f' : ''}"${text}"`;
  return [`"${text}"`, ...names, ...(caught === undefined ? [] : [caught])].join(', ');
}

/**
 * The parameters worth a place in the message: no receiver, nothing sensitive, no page, and no object that holds more
 * than a value.
 */
function parametersOf(handler: Handler, file: SourceFile): string[] {
  const definition = file.enclosingFunction(handler.clause);
  if (!definition?.is('function_definition')) return [];
  const parameters = definition.field('parameters')?.namedChildren ?? [];
  return parameters.flatMap((parameter, index) => {
    const name = parameter.is('identifier')
      ? parameter
      : parameter.is('typed_parameter')
        ? parameter.firstNamed
        : parameter.is('default_parameter', 'typed_default_parameter')
          ? parameter.field('name')
          : undefined;
    if (!name?.is('identifier') || (index === 0 && /^(?:self|cls|mcs)$/.test(name.text))) return [];
    if (name.text.startsWith('_') || isSensitiveName(name.text) || objects.has(name.text)) return [];
    if (endsWithName(name.text, addresses) || endsWithName(name.text, contents)) return [];
    const annotation = parameter.is('typed_parameter', 'typed_default_parameter')
      ? parameter.field('type').text
      : undefined;
    return annotation === undefined || plainTypes.test(annotation) ? [name.text] : [];
  });
}

const objects = new Set([
  'db',
  'session',
  'request',
  'response',
  'app',
  'client',
  'conn',
  'connection',
  'background_tasks',
]);

/** Whom a message goes to, which is an address as a rule: `to`, `reply_to`. */
const addresses: readonly string[] = ['to', 'cc', 'bcc', 'recipient', 'recipients', 'address', 'addresses', 'mail'];
/** What may be a page long, and hold anything. */
const contents: readonly string[] = ['html', 'body', 'content', 'contents', 'data', 'text', 'payload'];
const plainTypes =
  /^(?:Optional\[)?(?:(?:str|int|float|bool|date|datetime|Decimal|UUID|uuid\.UUID|Path|None)(?:\s*\|\s*|\]?$))+$/;
