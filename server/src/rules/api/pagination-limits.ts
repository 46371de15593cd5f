import { z } from 'zod';
import {
  appended,
  argumentsOf,
  defineRule,
  type Edit,
  type Finding,
  type Fix,
  isTestFile,
  type Node,
  type Parameter,
  parametersOf,
  py,
  routesOf,
  type SourceFile,
  spell,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  names: z
    .array(z.string())
    .default(['limit', 'page_size', 'per_page', 'size'])
    .meta({ description: 'Names of parameters that say how many items a page has.' }),
  default: z.int().positive().default(20).meta({ description: 'How many items a page has unless asked otherwise.' }),
  maximum: z.int().positive().default(100).meta({ description: 'How many items may be asked for.' }),
});

type Options = z.output<typeof options>;

export default defineRule({
  code: 'GR608',
  name: 'pagination-limits',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: 'A page size has another default than agreed, or no upper bound',
  advice: 'Declare it with `Query(le=100)` and the default 20',
  why: 'A page size without an upper bound is no pagination: `?limit=1000000` loads the table after all, and any caller can send it. One default for all lists lets clients rely on it.',
  fix: 'unsafe',
  fixSafety:
    'Requests that ask for more are refused with 422, and a new default changes what those that ask for nothing get.',
  requirements: ['004-239'],
  peers: [],
  options,
  mentions: ({ names }) => names,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter, Query

        router = APIRouter()


        @router.get("/users")
        async def list_users(skip: int = 0, limit: int = 100) -> list[User]:
        #                                   ^^^^^^^^^^^^^^^^ GR608 unsafe: The page size \`limit\` has the default 100 and no upper bound; give it the default 20 and \`le=100\`.
            return await users.all(skip, limit)


        @router.get("/roles")
        async def list_roles(page_size: int = Query(20, ge=1, le=500)) -> list[Role]:
        #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR608 unsafe: The page size \`page_size\` may be as much as 500; give it \`le=100\`.
            return await roles.all(page_size)
      `,
      good: py`
        from fastapi import APIRouter, Query
        from typing import Annotated

        router = APIRouter()


        @router.get("/users")
        async def list_users(skip: int = 0, limit: Annotated[int, Query(le=100)] = 20) -> list[User]:
            return await users.all(skip, limit)


        @router.get("/roles")
        async def list_roles(page_size: int = Query(20, ge=1, le=100)) -> list[Role]:
            return await roles.all(page_size)
      `,
    },
    {
      bad: py`
        from typing import Annotated

        from fastapi import Query


        def paging(
            page: int = 1,
            per_page: Annotated[int, Query(ge=1)] = 50,
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR608 unsafe
            size: int = Query(default=10, le=100),
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR608 unsafe: The page size \`size\` has the default 10; give it the default 20.
            limit: int | None = Query(None),
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR608 unsafe
        ) -> Page: ...
      `,
      good: py`
        from typing import Annotated

        from fastapi import Query


        def paging(
            page: int = 1,
            per_page: Annotated[int, Query(ge=1, le=100)] = 20,
            size: int = Query(default=20, le=100),
            limit: int | None = Query(20, le=100),
        ) -> Page: ...
      `,
    },
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users")
        async def list_users(limit) -> list[User]:
        #                    ^^^^^ GR608 none: The page size \`limit\` has no default and no upper bound; give it the default 50 and \`le=200\`.
            return await users.all(limit)
      `,
      options: { default: 50, maximum: 200 },
    },
    {
      ok: py`
        from typing import Annotated

        from fastapi import APIRouter, Path, Query

        router = APIRouter()


        @router.get("/users")
        async def list_users(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[User]:
            return await users.all(limit)


        @router.get("/roles")
        async def list_roles(limit: int = Query(default=settings.page_size, le=settings.page_limit)) -> list[Role]:
            return await roles.all(limit)


        @router.get("/tags")
        async def list_tags(limit: PageSize, size: int = Query(**bounds), per_page: int = Query(20, lt=101)) -> list[Tag]:
            return await tags.all(limit)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Depends, Path, Query

        router = APIRouter()


        def paging(page: int = 1, limit: int = Query(20, gt=0)) -> Paging:
            return Paging(page, min(limit, settings.page_limit))


        def first(items: list[str], limit: int = 100) -> list[str]:
            return items[:limit]


        @router.post("/boxes")
        async def create_box(size: int) -> Box:
            return await boxes.create(size)


        @router.get("/shirts/{size}")
        async def read_shirt(size: int, limit: Limits = Depends(limits)) -> Shirt:
            return await shirts.get(size)


        @router.get("/hats")
        async def list_hats(size: str = "M", limit: Small = Small.few) -> list[Hat]:
            return await hats.all(size)
      `,
    },
  ],
  on: {
    parameters(parameters, file, chosen) {
      const definition = parameters.parent;
      if (!definition?.is('function_definition')) return undefined;
      const sizes = parametersOf(definition).filter(({ name }) => chosen.names.includes(name));
      if (sizes.length === 0) return undefined;
      const routes = routesOf(file, definition);
      const isList = routes.some(({ methods }) => methods.includes('get'));
      const inPath = new Set(
        routes.flatMap(({ path }) => [...(path ?? '').matchAll(/\{(\w+)/g)].map(([, name]) => name)),
      );
      return sizes.flatMap((size) => (inPath.has(size.name) ? [] : check(file, definition, size, isList, chosen)));
    },
  },
});

function check(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  size: Parameter,
  isList: boolean,
  chosen: Options,
): Finding[] {
  const query = queryOf(file, size);
  if (!query && !isList) return [];
  const type = size.annotation;
  const isPlain = !type || type.text === 'int' || /^(Optional\[int\]|int \| None)$/.test(type.text);
  if (!query && !isPlain) return [];
  const given = query && argumentsOf(query);
  if (given?.hasDoubleSplat || given?.hasSplat) return [];
  const isDefault = query !== undefined && query === size.default;
  const standing =
    isDefault && given
      ? (given.at(0, 'default') ?? (given.keyword('default_factory') ? query : undefined))
      : size.default;
  const first = defaultProblem(standing, chosen.default);
  const bound = given?.keyword('le') ?? given?.keyword('lt');
  const allowed = bound === undefined ? undefined : integer(bound);
  const most = allowed === undefined ? undefined : allowed - (given?.keywords.has('le') ? 0 : 1);
  const second =
    bound === undefined
      ? isCapped(file, definition, size.name)
        ? undefined
        : 'no upper bound'
      : most !== undefined && most > chosen.maximum
        ? `more than ${most}`
        : undefined;
  if (first === undefined && second === undefined) return [];
  const wanted = [first && `the default ${chosen.default}`, second && `\`le=${chosen.maximum}\``].filter(Boolean);
  const said =
    second?.startsWith('more') === true
      ? `may be as much as ${most}${first ? ` and has ${first}` : ''}`
      : `has ${[first, second].filter(Boolean).join(' and ')}`;
  return [
    {
      at: size.node,
      message: `The page size \`${size.name}\` ${said}; give it ${wanted.join(' and ')}.`,
      fix: () => fixed(file, definition, size, query, first !== undefined, second !== undefined, chosen),
    },
  ];
}

/** `min(limit, 100)` in the body bounds what was asked for. */
function isCapped(file: SourceFile, definition: TypedNode<'function_definition'>, name: string): boolean {
  return definition
    .field('body')
    .below('call')
    .some(
      (call) =>
        file.qualified(call.field('function')) === 'builtins.min' &&
        argumentsOf(call).positional.some((argument) => argument.is('identifier') && argument.text === name),
    );
}

/** What is wrong with a default, undefined when it is right or cannot be read. */
function defaultProblem(value: Node | undefined, wanted: number): string | undefined {
  if (!value || value.text === '...') return 'no default';
  if (value.is('none')) return 'the default None';
  const number = integer(value);
  return number === undefined || number === wanted ? undefined : `the default ${number}`;
}

function integer(node: Node): number | undefined {
  const text = node.text.replaceAll('_', '');
  return node.is('integer') && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The call of `Query` that declares a parameter: its default, or within `Annotated`. */
function queryOf(file: SourceFile, parameter: Parameter): TypedNode<'call'> | undefined {
  const calls = [
    ...(parameter.default?.is('call') ? [parameter.default] : []),
    ...(parameter.annotation?.below('call') ?? []),
  ];
  return calls.find((call) => queryNames.has(file.qualified(call.field('function')) ?? ''));
}

const queryNames = new Set(['fastapi.Query', 'fastapi.param_functions.Query', 'fastapi.params.Query']);

function fixed(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  size: Parameter,
  query: TypedNode<'call'> | undefined,
  setsDefault: boolean,
  setsBound: boolean,
  chosen: Options,
): Fix | undefined {
  const edits = query
    ? inQuery(file, size, query, setsDefault, setsBound, chosen)
    : around(file, definition, size, setsDefault, setsBound, chosen);
  return edits && { title: `Bound \`${size.name}\``, safety: 'unsafe', edits };
}

function inQuery(
  file: SourceFile,
  size: Parameter,
  query: TypedNode<'call'>,
  setsDefault: boolean,
  setsBound: boolean,
  chosen: Options,
): Edit[] | undefined {
  const given = argumentsOf(query);
  const edits: Edit[] = [];
  const added: string[] = [];
  if (setsDefault) {
    const standing = query === size.default ? given.at(0, 'default') : size.default;
    if (standing) edits.push({ start: standing.start, end: standing.end, text: String(chosen.default) });
    else if (query === size.default && given.keywords.size === 0) added.push(String(chosen.default));
    else if (query === size.default) added.push(`default=${chosen.default}`);
    else return undefined;
  }
  if (setsBound) {
    const bound = given.keywords.get('le') ?? given.keywords.get('lt');
    if (bound) edits.push({ start: bound.start, end: bound.end, text: `le=${chosen.maximum}` });
    else added.push(`le=${chosen.maximum}`);
  }
  return added.length === 0 ? edits : [...edits, ...appended(given.list, added.join(', '), file.eol)];
}

/** A plain parameter becomes `Annotated[int, Query(le=…)] = …`; one without a default may stand before such, so it is left. */
function around(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  size: Parameter,
  setsDefault: boolean,
  setsBound: boolean,
  chosen: Options,
): Edit[] | undefined {
  const { annotation } = size;
  const standing = size.default;
  if (!annotation || !standing || !file.targets('3.9')) return undefined;
  const edits: Edit[] = setsDefault ? [{ start: standing.start, end: standing.end, text: String(chosen.default) }] : [];
  if (!setsBound) return edits;
  const annotated = spell(file, 'typing', 'Annotated', definition);
  const query = spell(file, 'fastapi', 'Query', definition);
  if (!annotated || !query) return undefined;
  return [
    ...edits,
    { start: annotation.start, end: annotation.start, text: `${annotated.text}[` },
    { start: annotation.end, end: annotation.end, text: `, ${query.text}(le=${chosen.maximum})]` },
    ...annotated.edits,
    ...query.edits,
  ];
}
