import { z } from 'zod';
import {
  appended,
  argumentsOf,
  type CallArguments,
  defineRule,
  type Fix,
  isScript,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  setting: z
    .string()
    .regex(/^\w+(\.\w+)*$/)
    .default('settings.DEBUG')
    .meta({ description: 'The expression that is true where the documentation is served; the fix writes it.' }),
});

export default defineRule({
  code: 'GR612',
  name: 'docs-in-production',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'The interactive documentation is served in every environment',
  advice: 'Let `docs_url` and `redoc_url` depend on a setting',
  why: 'FastAPI serves `/docs` and `/redoc` unless it is told not to. In production they hand every visitor the complete list of endpoints with their parameters, the internal ones included, and a form to try them with. Development wants them, so they depend on a setting.',
  fix: 'unsafe',
  fixSafety: 'The setting has to exist; where it is false the pages are gone.',
  requirements: ['004-011', '004-012', '004-013', '004-014', '004-281'],
  peers: [],
  options,
  mentions: ['FastAPI'],
  calls: ['FastAPI'],
  applies: (file) => !isNoService(file),
  examples: [
    {
      bad: py`
        from app.config import settings
        from fastapi import FastAPI

        app = FastAPI(title=settings.NAME)
        #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR612 unsafe: \`docs_url\` and \`redoc_url\` are served in every environment; let them depend on a setting such as \`settings.DEBUG\`.
        inner = FastAPI(
        #       ^^^^^^^^~3 GR612 unsafe: \`redoc_url\` is served in every environment; let it depend on a setting such as \`settings.DEBUG\`.
            docs_url="/docs" if settings.DEBUG else None,
            redoc_url="/documentation",
        )
      `,
      good: py`
        from app.config import settings
        from fastapi import FastAPI

        app = FastAPI(title=settings.NAME, docs_url="/docs" if settings.DEBUG else None, redoc_url="/redoc" if settings.DEBUG else None)
        inner = FastAPI(
            docs_url="/docs" if settings.DEBUG else None,
            redoc_url="/documentation" if settings.DEBUG else None,
        )
      `,
    },
    {
      bad: py`
        import fastapi

        DOCS = "/docs"


        def create_app() -> fastapi.FastAPI:
            return fastapi.FastAPI(docs_url=DOCS, redoc_url=None)
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR612 none
      `,
    },
    {
      bad: py`
        import fastapi as fa


        def create_app(config: Config) -> fa.FastAPI:
            return fa.FastAPI(redoc_url=None)
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR612 unsafe
      `,
      good: py`
        import fastapi as fa


        def create_app(config: Config) -> fa.FastAPI:
            return fa.FastAPI(redoc_url=None, docs_url="/docs" if config.docs else None)
      `,
      options: { setting: 'config.docs' },
    },
    {
      ok: py`
        from app.config import settings
        from fastapi import FastAPI

        app = FastAPI(
            docs_url="/docs" if settings.DEBUG else None,
            redoc_url="/redoc" if settings.DEBUG else None,
        )
        quiet = FastAPI(docs_url=None, redoc_url=None)
        named = FastAPI(docs_url=settings.docs_url, redoc_url=None)
        hidden = FastAPI(openapi_url="/openapi.json" if settings.DEBUG else None)
        given = FastAPI(**settings.fastapi)
        without_schema = FastAPI(openapi_url="")
      `,
    },
    {
      ok: py`
        from app.web import FastAPI as Own
        from app.config import urls

        app = Own()


        class FastAPI: ...


        other = FastAPI()
      `,
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()
      `,
      path: 'tests/test_app.py',
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()
      `,
      path: 'scripts/proxy.py',
    },
  ],
  on: {
    call(call, file, { setting }) {
      const name = file.qualified(call.field('function'));
      if (name !== 'fastapi.FastAPI' && name !== 'fastapi.applications.FastAPI') return undefined;
      const given = argumentsOf(call);
      if (given.hasDoubleSplat || (given.keyword('openapi_url') && !isFixed(file, given.keyword('openapi_url'))))
        return undefined;
      const open = pages.filter(([keyword]) => isFixed(file, given.keyword(keyword)));
      if (open.length === 0) return undefined;
      const names = open.map(([keyword]) => `\`${keyword}\``).join(' and ');
      const [are, them] = open.length > 1 ? ['are', 'them'] : ['is', 'it'];
      return {
        at: call,
        message: `${names} ${are} served in every environment; let ${them} depend on a setting such as \`${setting}\`.`,
        fix: () => fixed(file, call, given, open, setting),
      };
    },
  },
});

/** A test's application is never deployed, nor is that of a script or an example. */
function isNoService(file: { readonly path: string }): boolean {
  return isTestFile(file) || isScript(file);
}

/** The keywords with what FastAPI takes for them when they are left out. */
const pages: readonly (readonly [string, string])[] = [
  ['docs_url', '/docs'],
  ['redoc_url', '/redoc'],
];

/** Left out, a string, or a name of the file for one. `None` and an empty string mean no page. */
function isFixed(file: SourceFile, value: Node | undefined): boolean {
  if (!value) return true;
  const literal = value.is('identifier') ? file.binding(value)?.value : value;
  return Boolean(stringValue(literal));
}

/** Offered where the first name of the setting is known at the call; a literal keeps its own path. */
function fixed(
  file: SourceFile,
  call: TypedNode<'call'>,
  given: CallArguments,
  open: readonly (readonly [string, string])[],
  setting: string,
): Fix | undefined {
  const [root = setting] = setting.split('.');
  if (!file.bindings(call, root).some((binding) => !binding.typeOnly)) return undefined;
  const condition = ` if ${setting} else None`;
  const stated = open.flatMap(([keyword]) => given.keyword(keyword) ?? []);
  const added = open.filter(([keyword]) => !given.keyword(keyword));
  const text = added.map(([keyword, path]) => `${keyword}="${path}"${condition}`).join(', ');
  return {
    title: `Serve the documentation only with \`${setting}\``,
    safety: 'unsafe',
    edits: [
      ...stated.map((value) => ({ start: value.end, end: value.end, text: condition })),
      ...(text === '' ? [] : appended(given.list, text, file.eol)),
    ],
  };
}
