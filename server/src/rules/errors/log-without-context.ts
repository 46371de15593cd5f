import {
  argumentsOf,
  catchesOnly,
  controlFlow,
  defineRule,
  type Handler,
  handlerAround,
  isTestFile,
  type LogCall,
  logCallOf,
  logCallsIn,
  type Node,
  parametersOf,
  py,
  type SourceFile,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR416',
  name: 'log-without-context',
  family: 'errors',
  severity: 'information',
  standards: ['production', 'flow', 'backend'],
  summary: 'An error log that says of nothing and nobody in particular',
  advice: 'Log what the function was working on: its arguments, an id, the exception',
  why: 'The log says that a payment failed; it does not say which. Whoever reads it at night has ten thousand payments to choose from. The values are at hand where the message is written, and nowhere else later.',
  fix: 'none',
  requirements: ['000-048', '000-049', '002-004', '002-075', '002-076', '004-124', '004-134'],
  peers: [],
  mentions: ['except'],
  calls: () => [...levels],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def charge(order_id: int, amount: float) -> None:
            try:
                gateway.charge(order_id, amount)
            except GatewayError:
                logger.exception("charging failed")
        #       ^^^^^^^^^^^^^^^^ GR416 none: This log of an error names no value; add what it is about, such as \`order_id\` and \`amount\`.
                raise
            except OSError as err:
                logger.warning("gateway is away", exc_info=True)
        #       ^^^^^^^^^^^^^^ GR416 none
      `,
    },
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def sync() -> None:
            try:
                connect()
            except OSError as err:
                logger.error("no connection " "to the archive")
        #       ^^^^^^^^^^^^ GR416 none: This log of an error names no value; add what it is about, such as \`err\`.
      `,
    },
    {
      bad: py`
        class Exporter:
            def dump(self) -> list[Row]:
                try:
                    repair(self.session)
                except Exception:
                    self.logger.error("repairing failed, going on with the export")
        #           ^^^^^^^^^^^^^^^^^ GR416 none: This log of an error names no value; add what it is about, at least the exception that was caught.
                return read(self.session)
      `,
    },
    {
      ok: py`
        import logging

        import structlog

        logger = logging.getLogger(__name__)
        log = structlog.get_logger()


        def charge(order_id: int) -> None:
            logger.error("charging is switched off")
            try:
                gateway.charge(order_id)
            except GatewayError as err:
                logger.exception("charging %s failed", order_id)
                logger.error(f"charging {order_id} failed")
                logger.error("charging failed", extra={"order_id": order_id})
                logger.error("charging failed: " + str(err))
                logger.warning(message)
                log.error("charging failed", order_id=order_id)
                log.bind(order_id=order_id).error("charging failed")
                logger.info("next order")
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)

        try:
            import orjson
        except ImportError:
            logger.warning("orjson is not installed")


        def serve() -> None:
            try:
                run()
            except KeyboardInterrupt:
                logger.warning("stopped")
      `,
    },
    {
      ok: py`
        async def watch(browser_context, work_queue, celery_app, call_next, timeout) -> None:
            try:
                await browser_context.start(work_queue, celery_app, call_next, timeout)
            except Exception as error:
                logger.warning("starting failed", exc_info=True)
                if is_fatal(error):
                    raise


        def read(bearer_token: str) -> None:
            try:
                decode(bearer_token)
            except OSError:
                logger.error("the token could not be read")


        def validate() -> None:
            try:
                run()
            except ValueError as error:
                logger.exception("validation failed")
                answer(error)
      `,
    },
    {
      ok: py`
        def charge(order_id: int, report) -> None:
            try:
                gateway.charge(order_id)
            except OSError:
                report.error("charging failed")


        def refund(order_id: int) -> None:
            try:
                gateway.refund(order_id)
            except OSError:
                logger.error("refunding %s failed", order_id)
                logger.exception("traceback:")
      `,
    },
    {
      ok: py`
        import structlog

        log = structlog.get_logger()


        def charge(order_id: int) -> None:
            own = log.bind(order_id=order_id)
            try:
                gateway.charge(order_id)
            except GatewayError:
                own.error("charging failed")
            except OSError:
                log.error("charging failed", order_id=order_id)
                if not mail.is_ready:
                    log.warning("no mail is set up, nobody is told")


        def refresh(shutdown_event) -> None:
            while not shutdown_event.wait(60):
                try:
                    rates.load()
                except OSError:
                    log.exception("the rates could not be loaded")
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      const log = logCallOf(call, file);
      if (!log || !levels.has(log.method) || log.values.length > 0 || !log.message || !isPlainText(log.message))
        return undefined;
      const { keywords, hasDoubleSplat, hasSplat } = argumentsOf(call);
      if (hasDoubleSplat || hasSplat || [...keywords.keys()].some((name) => !aboutTheTraceback.has(name)))
        return undefined;
      // A logger that was derived from another carries its context with it.
      if (callee.is('attribute') && log.kind !== 'std' && isDerived(callee.field('object'), file)) return undefined;
      const handler = handlerAround(call);
      if (!handler) return undefined;
      if (logCallsIn(handler, file).some((other) => other.call !== call && namesValue(other))) return undefined;
      // A traceback tells of the exception by itself.
      const hasTraceback = keywords.has('exc_info') || log.method.endsWith('exception');
      const atHand = valuesAtHand(call, file, hasTraceback ? undefined : handler.alias?.text);
      if (atHand.length === 0 && (hasTraceback || saysItAll(handler, file) || isGivenSecret(call, file)))
        return undefined;
      const kind = log.level === 'warning' ? 'a warning' : 'an error';
      const example = atHand.length > 0 ? `such as ${listed(atHand)}` : 'at least the exception that was caught';
      return { at: callee, message: `This log of ${kind} names no value; add what it is about, ${example}.` };
    },
  },
});

const levels = new Set([
  'warning',
  'warn',
  'error',
  'exception',
  'critical',
  'fatal',
  'awarning',
  'aerror',
  'aexception',
  'acritical',
]);
const aboutTheTraceback = new Set(['exc_info', 'stack_info', 'stacklevel']);

function isPlainText(message: Node): boolean {
  if (message.is('parenthesized_expression')) return message.firstNamed ? isPlainText(message.firstNamed) : false;
  if (message.is('concatenated_string')) return message.namedChildren.every(isPlainText);
  return message.is('string') && !message.child('interpolation');
}

/** Another log of the same handler has the values. */
function namesValue(log: LogCall): boolean {
  if (log.values.length > 0 || (log.message !== undefined && !isPlainText(log.message))) return true;
  const { keywords, hasDoubleSplat } = argumentsOf(log.call);
  return hasDoubleSplat || [...keywords.keys()].some((name) => !aboutTheTraceback.has(name));
}

/** `log.bind(order_id=1)`, on the spot or under a name of its own. */
function isDerived(logger: Node, file: SourceFile): boolean {
  const made = logger.is('identifier') ? file.binding(logger)?.value : logger;
  if (!made?.is('call')) return false;
  const callee = made.field('function');
  return logger !== made ? callee.is('attribute') && /^(?:bind|new|opt)$/.test(callee.field('attribute').text) : true;
}

/** Whether what was caught can only mean one thing, so that the message says it without the exception. */
function saysItAll(handler: Handler, file: SourceFile): boolean {
  return catchesOnly(handler, [...controlFlow, 'ImportError', 'ModuleNotFoundError'], file);
}

/** Whether the function was given a secret, which the text of an exception may repeat. */
function isGivenSecret(call: Node, file: SourceFile): boolean {
  const definition = file.enclosingFunction(call);
  return (
    definition?.is('function_definition') === true && parametersOf(definition).some(({ name }) => isSecret.test(name))
  );
}

/** What the function was given, and the exception where the handler names it. */
function valuesAtHand(call: Node, file: SourceFile, alias: string | undefined): string[] {
  const definition = file.enclosingFunction(call);
  const given = definition?.is('function_definition')
    ? parametersOf(definition).flatMap(({ name }) => (isTool.test(name) || isSecret.test(name) ? [] : [name]))
    : [];
  return [...given.slice(0, 2), ...(alias === undefined ? [] : [alias])];
}

/** Parameters that are tools of the function, not what it works on. */
const isTool =
  /^(self|cls|args|kwargs|call_next|_.*)$|(^|_)(app|db|session|request|response|tasks|settings|config|logger|client|conn|connection|context|ctx|executor|queue|loop|pool|engine|handler|callback|factory|func|fn|reference|browser|page|playwright|lock|reader|writer|relay|adapter|sock|socket|stop|fallback|frame|signum|(?:stop|shutdown|exit|cancel)(?:ping|ed)?_?event|service|repo|repository|provider|manager|cache|redis|websocket|ws|timeout|limit|batch_size|interval|initializer|initargs|prompt)$/;

/** What no log may hold. */
const isSecret = /token|password|passwd|secret|credential|api_?key|authorization|cookie|bearer|jwt|otp|pin$|card|ssn/i;

function listed(names: readonly string[]): string {
  const shown = names.map((name) => `\`${name}\``);
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}` : (shown[0] ?? '');
}
