import { z } from 'zod';
import {
  defineRule,
  type Handler,
  handlerOf,
  handsOver,
  headOf,
  py,
  recordsTraceback,
  reraises,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR404',
  name: 'broad-except',
  family: 'errors',
  severity: 'warning',
  standards: ['production', 'architecture', 'backend'],
  summary: 'A handler for every exception neither re-raises nor logs the traceback',
  advice: 'Catch what the call can raise, or log with the traceback and go on',
  why: '`except Exception` also catches the misspelt attribute and the missing argument. Unless the exception goes on or its traceback is written down, such a fault looks like a failure that was expected, and nobody finds it.',
  fix: 'none',
  requirements: ['000-045', '000-046', '001-061', '001-094', '001-126', '004-146', '004-337'],
  peers: ['BLE001', 'pylint W0718'],
  options: z.strictObject({
    outermost: z
      .array(z.string())
      .default([])
      .meta({ description: 'Names of functions that are the last place an exception can reach, such as `main`.' }),
  }),
  mentions: ['except'],
  examples: [
    {
      bad: py`
        def total(order):
            try:
                return add(order)
            except Exception as err:
        #   ^^^^^^^^^^^^^^^^^^^^^^^ GR404 none: \`except Exception\` hides every kind of fault here; catch what can be handled, re-raise it, or log it with its traceback.
                return {"error": str(err)}
      `,
    },
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)

        try:
            connect()
        except (OSError, BaseException):
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR404 none
            logger.error("no connection", exc_info=False)
      `,
    },
    {
      bad: py`
        def run(job):
            try:
                job()
            except Exception as err:
        #   ^^^^^^^^^^^^^^^^^^^^^^^ GR404 none: \`except Exception\` turns every kind of fault into \`Exception\` here; catch what can be handled, or raise with \`from\` so that the cause is kept.
                raise Exception("Error")


        def stop(job):
            try:
                job()
            except Exception:
        #   ^^^^^^^^^^^^^^^^ GR404 none: \`except Exception\` turns every kind of fault into \`errors.StopError\` here; catch what can be handled, or raise with \`from\` so that the cause is kept.
                job.stopped = False
                raise errors.StopError from None
      `,
    },
    {
      bad: py`
        def main():
            try:
                serve()
            except Exception:
        #   ^^^^^^^^^^^^^^^^ GR404 none
                def later():
                    raise
                stop(later)
      `,
    },
    {
      ok: py`
        def handle(error: Exception) -> None:
            try:
                render(error)
            except Exception as exc:
                count(exc)
                raise exc from None
      `,
    },
    {
      ok: py`
        import logging

        log = logging.getLogger(__name__)


        def total(order):
            try:
                return add(order)
            except Exception:
                log.exception("no total for %s", order.id)
                return None
      `,
    },
    {
      ok: py`
        def total(order):
            try:
                return add(order)
            except Exception as err:
                order.fail()
                raise OrderError(order.id) from err
      `,
    },
    {
      ok: py`
        def total(order, logger):
            try:
                return add(order)
            except Exception as err:
                logger.warning("no total", exc_info=err)
            try:
                return add(order)
            except ValueError as err:
                return {"error": str(err)}
      `,
    },
    {
      ok: py`
        from utils import log


        def total(order):
            try:
                return add(order)
            except Exception:
                log.exception("no total")
                return None
      `,
    },
    {
      ok: py`
        async def work(future):
            try:
                future.set_result(await compute())
            except Exception as err:
                future.set_exception(err)
      `,
    },
    {
      ok: py`
        def main():
            try:
                serve()
            except Exception as err:
                show(f"{err}")
      `,
      options: { outermost: ['main'] },
    },
    {
      ok: py`
        from app.errors import Exception

        try:
            connect()
        except Exception:
            reconnect()
      `,
    },
  ],
  on: {
    except_clause(clause, file, options) {
      const handler = handlerOf(clause);
      const broad = handler?.types
        .map((type) => file.qualified(type))
        .find((name) => name === 'builtins.Exception' || name === 'builtins.BaseException');
      if (!handler || !broad) return undefined;
      if (reraises(handler) || recordsTraceback(handler, file) || handsOver(handler, file)) return undefined;
      const definition = file.enclosingFunction(clause);
      if (definition?.is('function_definition') && options.outermost.includes(definition.field('name').text))
        return undefined;
      const other = raisedAtEnd(handler);
      const advice =
        other === undefined
          ? 'hides every kind of fault here; catch what can be handled, re-raise it, or log it with its traceback'
          : `turns every kind of fault into ${other} here; catch what can be handled, or raise with \`from\` so that the cause is kept`;
      return { at: headOf(handler), message: `\`except ${broad.slice('builtins.'.length)}\` ${advice}.` };
    },
  },
});

/**
 * What a handler that ends in a `raise` raises: such a handler hides nothing, but nobody can tell one fault from
 * another.
 */
function raisedAtEnd(handler: Handler): string | undefined {
  const last = handler.body.namedChildren.at(-1);
  const raised = last?.is('raise_statement') ? last.firstNamed : undefined;
  if (!raised) return undefined;
  const raisedClass = raised.is('call') ? raised.field('function') : raised;
  return /^(?:\w+\.)*_*[A-Z]\w*$/.test(raisedClass.text) ? `\`${raisedClass.text}\`` : 'another exception';
}
