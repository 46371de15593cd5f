import { z } from 'zod';
import { argumentsIn, defineRule, isTestFile, matchesAny, py, type Span } from '../../engine/index.ts';

const options = z.strictObject({
  modules: z
    .array(z.string())
    .default(['exceptions.py', 'exceptions'])
    .meta({ description: 'Globs of the modules that hold the exceptions of the application.' }),
});

interface Told {
  readonly name: string;
  /** Names of the file's own classes among the bases. */
  readonly own: readonly string[];
  readonly direct: string | undefined;
}

export default defineRule<typeof options, Told>({
  code: 'GR415',
  name: 'exception-outside-hierarchy',
  family: 'errors',
  severity: 'warning',
  standards: ['backend', 'architecture'],
  summary: 'An exception class stands outside the application’s hierarchy',
  advice: 'Define it in `exceptions.py`, derived from the application’s base exception',
  why: 'Handlers turn exceptions into answers by their base class. One that derives straight from `Exception` is met by no such handler, so its text or a bare 500 reaches the client; and one that is defined where it is raised is found by nobody who looks for what can go wrong.',
  fix: 'none',
  requirements: ['001-011', '004-135', '004-136'],
  peers: [],
  options,
  mentions: ['Exception', 'BaseException'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        class PaymentError(Exception):
        #     ^^^^^^^^^^^^ GR415 none: \`PaymentError\` derives straight from \`Exception\`; define it in \`exceptions.py\`, derived from the application’s base exception.
            """The gateway refused."""


        class Refused(PaymentError):
            pass
      `,
      path: 'app/services/payment.py',
    },
    {
      bad: py`
        class AppError(Exception):
            """What every error of the application derives from."""


        class NotFound(AppError):
            pass


        class Conflict(Exception):
        #     ^^^^^^^^ GR415 none: \`Conflict\` derives straight from \`Exception\` though the exceptions here derive from \`AppError\`; derive it from that.
            pass
      `,
      path: 'app/core/exceptions.py',
    },
    {
      ok: py`
        from app.core.exceptions import AppError


        class PaymentError(AppError):
            pass


        class WrongAmount(ValueError):
            pass


        class _Stop(Exception):
            pass


        class Registry:
            Exception = None
      `,
      path: 'app/services/payment.py',
    },
    {
      ok: py`
        class AppError(Exception):
            pass


        class NotFound(AppError):
            pass
      `,
      path: 'app/exceptions.py',
    },
    {
      ok: py`
        class Broken(Exception):
            pass
      `,
      path: 'tests/test_broken.py',
    },
    {
      ok: py`
        from app.base import Exception


        class Broken(Exception):
            pass
      `,
    },
    {
      ok: py`
        class AppError(Exception):
            code = "app_error"


        class BaseServiceError(Exception):
            pass
      `,
      path: 'app/core/errors.py',
    },
    {
      ok: py`
        class Broken(Exception):
            pass
      `,
      path: 'app/faults.py',
      options: { modules: ['faults.py'] },
    },
  ],
  on: {
    class_definition(definition, file, { modules }) {
      const superclasses = definition.field('superclasses');
      if (!superclasses) return undefined;
      const name = definition.field('name');
      const direct = argumentsIn(superclasses).positional.find((base) => isPlain(file.qualified(base)));
      if (!direct || isBase.test(name.text) || matchesAny(modules, file.path)) return undefined;
      return {
        at: name,
        message: `\`${name.text}\` derives straight from \`${direct.text}\`; define it in \`exceptions.py\`, derived from the application’s base exception.`,
      };
    },
  },
  collect: {
    class_definition(definition, file) {
      const superclasses = definition.field('superclasses');
      if (!superclasses || file.enclosingFunction(definition)) return undefined;
      const name = definition.field('name');
      const { positional } = argumentsIn(superclasses);
      const own = positional.flatMap((base) =>
        base.is('identifier') && file.binding(base)?.kind === 'class' ? [base.text] : [],
      );
      const direct = positional.find((base) => isPlain(file.qualified(base)))?.text;
      return direct === undefined && own.length === 0
        ? undefined
        : { at: name, data: { name: name.text, own, direct } };
    },
  },
  file(facts, file, { modules }) {
    if (!matchesAny(modules, file.path)) return [];
    const used = new Set(facts.flatMap(({ data }) => data.own));
    const bases = facts.filter(({ data }) => data.direct !== undefined && used.has(data.name));
    const [base] = bases;
    // Without a base that others derive from, or with several, nobody can tell what the hierarchy is.
    if (!base || bases.length > 1) return [];
    return facts.flatMap(({ at, data }: { at: Span; data: Told }) =>
      data.direct === undefined || data.name === base.data.name || data.own.length > 0
        ? []
        : [
            {
              at,
              message: `\`${data.name}\` derives straight from \`${data.direct}\` though the exceptions here derive from \`${base.data.name}\`; derive it from that.`,
            },
          ],
    );
  },
});

/** Private classes, and the application's base exception itself. */
const isBase = /^_|^(?:App|Application|Base|Domain|Project)\w*?(?:Error|Exception)$|(?:Base|Root)(?:Error|Exception)$/;

function isPlain(name: string | undefined): boolean {
  return name === 'builtins.Exception' || name === 'builtins.BaseException';
}
