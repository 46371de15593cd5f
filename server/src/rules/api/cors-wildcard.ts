import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  type Edit,
  type Fix,
  type Node,
  py,
  type SourceFile,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR611',
  name: 'cors-wildcard',
  family: 'api',
  severity: 'error',
  standards: ['backend'],
  summary: 'CORS lets every website read the answers',
  advice: 'List the allowed origins in the settings',
  why: 'CORS is what keeps a page from elsewhere from reading answers with the visitor\'s browser. `"*"` turns that off, and together with `allow_credentials=True` Starlette even answers each origin by its own name, cookies included. The origins of a deployment belong in its settings.',
  fix: 'unsafe',
  fixSafety: 'The setting must exist and list the origins of the front ends, or browsers refuse the answers.',
  requirements: ['004-159'],
  peers: ['Sonar S5122'],
  options: z.strictObject({
    setting: z
      .string()
      .default('allowed_origins')
      .meta({ description: 'The setting with the origins, which the fix reads.' }),
  }),
  mentions: ['allow_origin'],
  examples: [
    {
      bad: py`
        from fastapi import FastAPI
        from fastapi.middleware.cors import CORSMiddleware

        from app.core.config import settings

        app = FastAPI()
        app.add_middleware(
            CORSMiddleware,
            allow_origins=["*"],
        #   ^^^^^^^^^^^^^^^^^^^ GR611 unsafe: \`allow_origins=["*"]\` lets every website call this API with its visitors' browsers; list the origins in the settings.
            allow_credentials=True,
        )
      `,
      good: py`
        from fastapi import FastAPI
        from fastapi.middleware.cors import CORSMiddleware

        from app.core.config import settings

        app = FastAPI()
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_credentials=True,
        )
      `,
    },
    {
      bad: py`
        from app.core.config import settings as config
        from app.main import app
        from starlette.middleware import Middleware
        from starlette.middleware.cors import CORSMiddleware

        middleware = [Middleware(CORSMiddleware, allow_origin_regex=r"^.*$")]
        #                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR611 unsafe: \`allow_origin_regex=r"^.*$"\` lets every website call this API with its visitors' browsers; list the origins in the settings.
        wrapped = CORSMiddleware(app, allow_origins="*", allow_origin_regex=config.ORIGINS)
        #                             ^^^^^^^^^^^^^^^^^ GR611 unsafe
      `,
      good: py`
        from app.core.config import settings as config
        from app.main import app
        from starlette.middleware import Middleware
        from starlette.middleware.cors import CORSMiddleware

        middleware = [Middleware(CORSMiddleware, allow_origins=config.CORS_ORIGINS)]
        wrapped = CORSMiddleware(app, allow_origins=config.CORS_ORIGINS, allow_origin_regex=config.ORIGINS)
      `,
      options: { setting: 'CORS_ORIGINS' },
    },
    {
      bad: py`
        from fastapi.middleware.cors import CORSMiddleware

        origins = ["http://localhost:3000", "*"]


        def set_up(app) -> None:
            app.add_middleware(CORSMiddleware, allow_origins=origins)
        #                                      ^^^^^^^^^^^^^^^^^^^^^ GR611 none: \`allow_origins=origins\` lets every website call this API with its visitors' browsers; list the origins in the settings.
      `,
    },
    {
      ok: py`
        from fastapi.middleware.cors import CORSMiddleware

        from app.core.config import settings
        from app.main import app

        app.add_middleware(
            CORSMiddleware,
            allow_origins=["https://app.example.org"],
            allow_origin_regex=r"https://.*\.example\.org",
            allow_methods=["*"],
            allow_headers=["*"],
        )
        app.add_middleware(CORSMiddleware, allow_origins=settings.allowed_origins)
        app.add_middleware(CORSMiddleware, allow_origins=["*"] if settings.debug else settings.allowed_origins)
      `,
    },
    {
      ok: py`
        from app.main import app
        from app.middleware import CORSMiddleware, OriginLog

        app.add_middleware(OriginLog, allow_origins=["*"])
        app.add_middleware(CORSMiddleware, allow_origins=["*"])
      `,
    },
  ],
  on: {
    keyword_argument(argument, file, { setting }) {
      const name = argument.field('name').text;
      if (name !== 'allow_origins' && name !== 'allow_origin_regex') return undefined;
      const call = argument.parent?.parent;
      if (!call?.is('call') || !setsUpCors(file, call)) return undefined;
      const value = argument.field('value');
      const isOpen = name === 'allow_origins' ? holdsStar(file, value) : matchesAll(file, value);
      if (!isOpen) return undefined;
      return {
        at: argument,
        message: `\`${argument.text.replaceAll(/\s*\n\s*/g, ' ')}\` lets every website call this API with its visitors' browsers; list the origins in the settings.`,
        fix: () => fromSettings(file, call, argument, setting),
      };
    },
  },
});

const corsMiddleware = new Set(['fastapi.middleware.cors.CORSMiddleware', 'starlette.middleware.cors.CORSMiddleware']);

/** `CORSMiddleware(…)` itself, or a call that is handed the class: `add_middleware`, `Middleware`. */
function setsUpCors(file: SourceFile, call: TypedNode<'call'>): boolean {
  return [call.field('function'), ...argumentsOf(call).positional].some((node) =>
    corsMiddleware.has(file.qualified(node) ?? ''),
  );
}

function holdsStar(file: SourceFile, value: Node): boolean {
  const literal = literalOf(file, value);
  if (!literal) return false;
  if (literal.is('list', 'tuple', 'set')) return literal.namedChildren.some((child) => stringValue(child) === '*');
  return stringValue(literal) === '*';
}

function matchesAll(file: SourceFile, value: Node): boolean {
  const pattern = stringValue(literalOf(file, value));
  if (pattern === undefined) return false;
  return /^(https\?:\/\/|https:\/\/|\(https\?\|http\):\/\/)?\.[*+]\??$/.test(
    pattern
      .replace(/^\^/, '')
      .replace(/\$$/, '')
      .replace(/^\((\.[*+])\)$/, '$1'),
  );
}

/** The value itself, or the one literal that a name stands for. */
function literalOf(file: SourceFile, value: Node): Node | undefined {
  if (!value.is('identifier')) return value;
  const binding = file.binding(value);
  return binding?.kind === 'assignment' ? binding.value : undefined;
}

/** Only where the file already has the settings at hand; where they come from elsewhere cannot be guessed. */
function fromSettings(
  file: SourceFile,
  call: TypedNode<'call'>,
  argument: TypedNode<'keyword_argument'>,
  setting: string,
): Fix | undefined {
  const settings = settingsName(file, call);
  if (settings === undefined) return undefined;
  const text = `${settings}.${setting}`;
  const isRegex = argument.field('name').text === 'allow_origin_regex';
  if (isRegex && argumentsOf(call).keywords.has('allow_origins')) return undefined;
  const value = argument.field('value');
  const edit: Edit = isRegex
    ? { start: argument.start, end: argument.end, text: `allow_origins=${text}` }
    : { start: value.start, end: value.end, text };
  return { title: `Read the origins from \`${text}\``, safety: 'unsafe', edits: [edit] };
}

/** The name by which a file has its settings: `settings`, or what `settings` is imported as. */
function settingsName(file: SourceFile, at: Node): string | undefined {
  for (const name of ['settings', 'config']) {
    const binding = file.binding(at, name);
    if (!binding || binding.typeOnly) continue;
    if (
      name === 'settings'
        ? binding.kind !== 'class' && binding.kind !== 'function'
        : binding.target?.endsWith('.settings')
    )
      return name;
  }
  return undefined;
}
