import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  dottedName,
  type Fact,
  type Finding,
  type Fix,
  isMigration,
  logCalls,
  matchesAny,
  type Node,
  py,
  type SourceFile,
  type Span,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  setupModules: z
    .array(z.string())
    .default(['**/logging.py', '**/logging_config.py', '**/logger.py', '**/log.py', '**/logging/**', '**/logger/**'])
    .meta({ description: 'Globs of the modules that set logging up and may take any logger.' }),
});
type Options = z.output<typeof options>;

export default defineRule<typeof options, Told>({
  code: 'GR409',
  name: 'logger-name',
  family: 'errors',
  severity: 'information',
  standards: ['production', 'flow', 'backend'],
  summary: 'A logger that is not named after its module',
  advice: 'Name it `__name__`',
  why: 'Loggers form a tree by their names. One named `__name__` stands where its module stands, so that levels can be set for a package and every record says where it comes from; one with a name of its own is outside the tree, and without a name it is the root itself.',
  fix: 'unsafe',
  fixSafety: 'Configuration that names the old logger no longer reaches this one.',
  requirements: ['000-050', '002-063', '004-127'],
  peers: ['LOG002'],
  options,
  mentions: ['getLogger'],
  calls: ['getLogger'],
  examples: [
    {
      bad: py`
        import logging

        logger = logging.getLogger("billing")
        #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR409 unsafe: The logger \`billing\` is not named after this module; use \`logging.getLogger(__name__)\`.
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)
      `,
    },
    {
      bad: py`
        from logging import getLogger as get


        class Service:
            log = get()
        #         ^^^^^ GR409 unsafe: \`get()\` is the root logger; use \`get(__name__)\`.
      `,
      good: py`
        from logging import getLogger as get


        class Service:
            log = get(__name__)
      `,
    },
    {
      bad: py`
        import logging


        def run():
            log = logging.getLogger(name='run')
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR409 unsafe
            log.info("started")
      `,
      good: py`
        import logging


        def run():
            log = logging.getLogger(name=__name__)
            log.info("started")
      `,
    },
    {
      bad: py`
        import logging

        log = logging.getLogger(__file__)
        #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR409 unsafe: The logger \`__file__\` is not named after this module; use \`logging.getLogger(__name__)\`.
      `,
      good: py`
        import logging

        log = logging.getLogger(__name__)
      `,
    },
    {
      bad: py`
        import logging

        logger = logging.getLogger("charges")
        #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR409 unsafe: The logger names its module by hand; use \`logging.getLogger(__name__)\`.
        audit = logging.getLogger("app.billing.charges")
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR409 unsafe: The logger names its module by hand; use \`logging.getLogger(__name__)\`.
        other = logging.getLogger("billing")
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR409 unsafe: The logger \`billing\` is not named after this module; use \`logging.getLogger(__name__)\`.
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)
        audit = logging.getLogger(__name__)
        other = logging.getLogger(__name__)
      `,
      path: 'src/app/billing/charges.py',
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)
        audit = logging.getLogger(f"{__name__}.audit")
        other = logging.getLogger(name)
      `,
    },
    {
      ok: py`
        import logging

        logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
        logging.getLogger().addHandler(handler)


        def quiet():
            root = logging.getLogger()
            root.handlers.clear()
            root.setLevel("INFO")
            for noisy in (logging.getLogger("httpx"), logging.getLogger("botocore")):
                noisy.propagate = False
      `,
    },
    {
      ok: py`
        import logging

        root = logging.getLogger()
      `,
      path: 'app/core/logging.py',
    },
    {
      ok: py`
        import logging

        weather = logging.getLogger("weatherlib")
        weather.setLevel(logging.WARNING)
        logging.getLogger("weatherlib.cache").propagate = False
      `,
    },
    {
      bad: py`
        import logging

        log = logging.getLogger("billing")
        #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR409 unsafe
        log.setLevel(logging.INFO)
        root = logging.getLogger( )
        #      ^^^^^^^^^^^^^^^^^^^^ GR409 unsafe


        def charge(amount):
            log.info("charging %s", amount)
            root.info("charging")
      `,
      good: py`
        import logging

        log = logging.getLogger(__name__)
        log.setLevel(logging.INFO)
        root = logging.getLogger(__name__)


        def charge(amount):
            log.info("charging %s", amount)
            root.info("charging")
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger("alembic.runtime.migration")

        revision = "7cc3fcc116c1"
        down_revision = None
      `,
      path: 'alembic/versions/7cc3fcc116c1_add_orders.py',
    },
    {
      ok: py`
        from app.log import getLogger

        logger = getLogger("billing")
      `,
    },
  ],
  on: {
    call(call, file, options) {
      // What a module keeps for itself may be configured a statement later: `file` looks at both.
      return keptAs(call, file) === undefined ? misnamed(call, file, options) : undefined;
    },
  },
  collect: {
    call(call, file, options): Fact<Told> | undefined {
      const name = keptAs(call, file);
      const found = name === undefined ? undefined : misnamed(call, file, options);
      if (name === undefined || !found) return undefined;
      const { start } = call;
      const { message, isList } = found;
      const { start: from, end: to } = found.written;
      return { at: call, data: { is: 'made', name, message, from: from - start, to: to - start, isList } };
    },
    attribute(attribute, file): Fact<Told> | undefined {
      const object = attribute.field('object');
      if (!object.is('identifier')) return undefined;
      const used = attribute.field('attribute').text;
      const is = settings.has(used) ? 'configured' : logs.has(used) ? 'written' : undefined;
      if (!is || !file.bindings(object).some(({ value }) => value && isGetLogger(value, file))) return undefined;
      return { at: attribute, data: { is, name: object.text } };
    },
  },
  file(facts) {
    const names = (is: Told['is']): Set<string> =>
      new Set(facts.flatMap(({ data }) => (data.is === is ? [data.name] : [])));
    const configured = names('configured');
    const written = names('written');
    return facts.flatMap(({ at, data }): Finding[] => {
      if (data.is !== 'made' || (configured.has(data.name) && !written.has(data.name))) return [];
      const { message, from, to, isList } = data;
      const { start } = at;
      return [{ at, message, fix: () => nameFix({ start: start + from, end: start + to }, isList) }];
    });
  },
});

/** A logger that the module keeps, and what is done with it; offsets are those of what the fix replaces, within the call. */
type Told =
  | { is: 'made'; name: string; message: string; from: number; to: number; isList: boolean }
  | { is: 'configured' | 'written'; name: string };

const logs = new Set(logCalls);

function isGetLogger(value: Node, file: SourceFile): boolean {
  return value.is('call') && dottedName(value.field('function'), file) === 'logging.getLogger';
}

/** The name that the module keeps a logger by: `log` of `log = logging.getLogger("x")` outside functions and classes. */
function keptAs(call: TypedNode<'call'>, file: SourceFile): string | undefined {
  const { parent } = call;
  if (!parent?.is('assignment') || file.enclosingFunction(call) || file.enclosingClass(call)) return undefined;
  const target = parent.field('left');
  return target.is('identifier') ? target.text : undefined;
}

function misnamed(
  call: TypedNode<'call'>,
  file: SourceFile,
  options: Options,
): (Finding & { written: Span; isList: boolean }) | undefined {
  if (!isGetLogger(call, file)) return undefined;
  const callee = call.field('function');
  const { positional, keywords, keyword, hasSplat, hasDoubleSplat, list } = argumentsOf(call);
  if (hasSplat || hasDoubleSplat || positional.length + keywords.size > 1) return undefined;
  const argument = positional[0] ?? keyword('name');
  // `__file__` and `__cached__` are paths, whose dots cut them into levels that nobody meant.
  const isPath = argument !== undefined && /^__(?:file|cached)__$/.test(argument.text);
  if (argument && !isPath && stringValue(argument) === undefined) return undefined;
  // Alembic loads a revision under a name made of its file's, which stands nowhere in the tree of loggers.
  if (matchesAny(options.setupModules, file.path) || isConfigured(call, file) || isMigration(file)) return undefined;
  const name = isPath ? argument.text : argument && stringValue(argument);
  const written = argument ?? list;
  return {
    at: call,
    message: name
      ? `The logger ${isModuleName(name, file) ? 'names its module by hand' : `\`${name}\` is not named after this module`}; use \`${callee.text}(__name__)\`.`
      : `\`${call.text}\` is the root logger; use \`${callee.text}(__name__)\`.`,
    written,
    isList: !argument,
    fix: () => nameFix(written, !argument),
  };
}

function nameFix({ start, end }: Span, isList: boolean): Fix {
  return {
    title: 'Name the logger `__name__`',
    safety: 'unsafe',
    edits: [{ start, end, text: isList ? '(__name__)' : '__name__' }],
  };
}

const settings = new Set([
  'setLevel',
  'addHandler',
  'removeHandler',
  'addFilter',
  'removeFilter',
  'handlers',
  'filters',
  'propagate',
  'disabled',
  'level',
  'hasHandlers',
  'isEnabledFor',
  'getEffectiveLevel',
  'manager',
  'parent',
]);

/**
 * Whether the logger is taken to be configured, not to be written to: its settings are used on the spot, or all uses of the local name
 * that holds it are settings; an argument or an element of a list is somebody else's business.
 */
function isConfigured(call: TypedNode<'call'>, file: SourceFile): boolean {
  const { parent } = call;
  if (!parent) return false;
  if (parent.is('attribute')) return settings.has(parent.field('attribute').text);
  if (parent.is('argument_list', 'tuple', 'list', 'set', 'pair', 'for_statement', 'comparison_operator')) return true;
  if (!parent.is('assignment')) return false;
  const target = parent.field('left');
  const definition = file.enclosingFunction(call);
  if (!definition || !target.is('identifier')) return false;
  const uses = definition.below('identifier').filter((use) => use.text === target.text && use.row !== target.row);
  return uses.length > 0 && uses.every((use) => isSetting(use));
}

/**
 * Whether a name is the file's own, as its path tells: `charges` or `app.billing.charges` in
 * `src/app/billing/charges.py`.
 */
function isModuleName(name: string, file: SourceFile): boolean {
  const module = file.path.replace(/(?:\/__init__)?\.py$/, '').replaceAll('/', '.');
  return module === name || module.endsWith(`.${name}`);
}

function isSetting(use: Node): boolean {
  const { parent } = use;
  return parent?.is('attribute') === true && settings.has(parent.field('attribute').text);
}
