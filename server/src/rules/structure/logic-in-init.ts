import { baseName, defineRule, type Fact, type Node, py, rootOf, type SourceFile, unitOf } from '../../engine/index.ts';

export default defineRule({
  code: 'GR803',
  name: 'logic-in-init',
  family: 'structure',
  severity: 'warning',
  standards: ['production'],
  summary: 'An `__init__.py` that does more than import, list `__all__` and name its metadata',
  advice: 'Move it to a module of the package and import it from there',
  why: 'The `__init__.py` of a package runs whenever anything of the package is imported, in whatever order imports happen to run. Code in it makes imports slow, has effects nobody asked for and is where circular imports begin; and nobody looks there for a function. It should say what the package offers: imports, `__all__`, a docstring, a version.',
  fix: 'none',
  requirements: ['000-008', '000-032'],
  peers: ['RUF067'],
  applies: (file) => baseName(file) === '__init__.py',
  examples: [
    {
      bad: py`
        from .service import Service

        __all__ = ["Service", "create"]


        def create():
        #   ^^^^^^ GR803 none: The function \`create\` is defined in \`__init__.py\`; move it to a module of the package and import it here.
            return Service()


        @final
        class Registry:
        #     ^^^^^^^^ GR803 none: The class \`Registry\` is defined in \`__init__.py\`; move it to a module of the package and import it here.
            def add(self, service):
                pass


        service = create()
        ^^^^^^^^^^^^^^^^^^ GR803 none: \`__init__.py\` holds a statement beyond imports, \`__all__\` and metadata; move it to a module of the package.
      `,
      path: 'app/modules/users/__init__.py',
    },
    {
      bad: py`
        try:
            import fast as impl
        except ImportError:
            import slow as impl

            impl.configure()
        #   ^^^^^^^^^^^^^^^^ GR803 none

        for name in impl.names:
        ^^^^~1 GR803 none
            register(name)
      `,
      path: 'app/__init__.py',
    },
    {
      ok: py`
        # Nothing but what the package offers.
        """The users module."""

        from __future__ import annotations

        import contextlib
        import sys
        from importlib.metadata import PackageNotFoundError, version
        from typing import TYPE_CHECKING

        from . import models, schemas
        from .service import *
        from .service import Service

        if TYPE_CHECKING:
            from .types import Profile

        try:
            __version__ = version("users")
        except PackageNotFoundError:
            __version__ = "0.0.0"

        try:
            import orjson
        except ImportError:
            orjson = None

        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib

        with contextlib.suppress(ImportError):
            from . import extras

        UserService = Service
        VERSION = (1, 2, 3)
        __author__: str = "Us"
        __all__ = ["Service", "Profile"]
        __all__ += models.__all__
        __all__.extend(schemas.__all__)
        del sys
      `,
      path: 'app/modules/users/__init__.py',
    },
    {
      ok: py`
        def __getattr__(name):
            import importlib

            return importlib.import_module(f".{name}", __name__)


        def __dir__():
            return ["service"]
      `,
      path: 'app/__init__.py',
    },
    {
      ok: py`
        # This content is auto generated for the tests.
        prefix = "/api"

        users = "/api/users"


        def user(key):
            return f"{prefix}/users/{key}"
      `,
      path: 'tests/routes/__init__.py',
    },
    {
      // Something is generated, but not this file.
      bad: py`
        """Clients of generated code, and automatically generated reports."""

        timeout = 30
        ^^^^^^^^^^^^ GR803 none
      `,
      path: 'app/clients/__init__.py',
    },
    {
      ok: py`
        def create():
            return 1


        service = create()
      `,
      path: 'app/service.py',
    },
  ],
  collect: {
    module(segment, file): Fact<Told> | readonly Fact<Told>[] | undefined {
      const unit = unitOf(segment);
      if (unit.role === 'member') return undefined;
      const logic = segment.namedChildren.flatMap((statement) => logicIn(statement, file));
      // Whether the segment is the first of the file is asked when all is told: it can move.
      return isGenerated(headerOf(unit.text))
        ? [{ at: { start: unit.start, end: unit.start }, data: { is: 'generated' } }, ...logic]
        : logic;
    },
  },
  file(facts, file) {
    // What a generator writes is its own to lay out.
    const { start: top } = file.firstLine();
    if (facts.some(({ at, data }) => data.is === 'generated' && at.start <= top)) return [];
    return facts.flatMap(({ at, data }) => (data.is === 'logic' ? [{ at, message: data.message }] : []));
  },
});

type Told = { readonly is: 'generated' } | { readonly is: 'logic'; readonly message: string };

/** The comments and the docstring that a file begins with. */
function headerOf(text: string): string {
  return leading.exec(text)?.[0] ?? '';
}

/** Whether a header says that the file is generated, not only that something is. */
function isGenerated(header: string): boolean {
  return /generated/i.test(header) && generated.some((pattern) => pattern.test(header));
}

const leading = /^\ufeff?(?:[ \t]*(?:#.*)?\r?\n)*(?:#.*|"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')?/;
const generated = [
  /\b(?:file|module|package|code|content)\s+(?:is|was|has\s+been)\s+auto(?:matically)?[-\s]?generated\b/i,
  /^[#"'\s]*(?:@generated\b|auto(?:matically)?[- ]?generated[ \t]*(?:$|[.,:;!\r"']|(?:by|from|file|module|code|content)\b))/im,
  /\bgenerated\b[\s\S]{0,200}\bdo\s+not\s+(?:edit|modify|change)\b/i,
  /\bdo\s+not\s+(?:edit|modify|change)\b[\s\S]{0,200}\bgenerated\b/i,
];

function logicIn(statement: Node, file: SourceFile): Fact<Told>[] {
  if (statement.isBroken && !statement.is('function_definition', 'class_definition', 'decorated_definition')) return [];
  if (statement.is(...harmless)) return [];
  if (statement.is('decorated_definition')) return logicIn(statement.field('definition'), file);
  if (statement.is('function_definition', 'class_definition')) {
    const name = statement.field('name');
    // PEP 562: how a package imports what it offers when it is asked for.
    if (statement.is('function_definition') && (name.text === '__getattr__' || name.text === '__dir__')) return [];
    const what = statement.is('function_definition') ? 'function' : 'class';
    return [
      {
        at: name,
        data: {
          is: 'logic',
          message: `The ${what} \`${name.text}\` is defined in \`__init__.py\`; move it to a module of the package and import it here.`,
        },
      },
    ];
  }
  if (statement.is('if_statement', 'try_statement', 'with_statement'))
    return statement
      .belowOutside(['block'], 'block')
      .flatMap((block) => block.namedChildren.flatMap((inner) => logicIn(inner, file)));
  if (statement.is('expression_statement')) {
    const [value] = statement.namedChildren;
    if (!value || isHarmlessExpression(value, file)) return [];
  }
  return [
    {
      at: statement,
      data: {
        is: 'logic',
        message:
          '`__init__.py` holds a statement beyond imports, `__all__` and metadata; move it to a module of the package.',
      },
    },
  ];
}

const harmless = [
  'import_statement',
  'import_from_statement',
  'future_import_statement',
  'pass_statement',
  'raise_statement',
  'delete_statement',
] as const;

const metadata = /^(__\w+__|version(_info|_tuple)?|author|license|copyright|default_app_config)$/i;

function isHarmlessExpression(value: Node, file: SourceFile): boolean {
  if (value.is('string', 'concatenated_string', 'ellipsis')) return true;
  if (value.is('call')) return value.field('function').text.startsWith('__all__.');
  if (!value.is('assignment', 'augmented_assignment')) return false;
  const target = value.field('left');
  if (target.is('identifier') && metadata.test(target.text)) return true;
  if (!value.is('assignment')) return false;
  const given = value.field('right');
  // A second name for something imported, or the placeholder of an import that failed.
  if (!given || given.is('none', 'true', 'false')) return true;
  if (!given.is('identifier', 'attribute')) return false;
  const root = rootOf(given);
  return root.is('identifier') && file.bindings(root).some((binding) => binding.kind === 'import');
}
