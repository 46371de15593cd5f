import { z } from 'zod';
import {
  defineRule,
  type Fix,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
  without,
} from '../../engine/index.ts';

const options = z.strictObject({
  module: z
    .string()
    .regex(/^\w+(\.\w+)*$/)
    .default('src.app.api.dependencies')
    .meta({
      description:
        'The module that the names are imported from. Only files of its application are examined: those below `src/app` for the default.',
    }),
  names: z
    .array(z.string())
    .default(['get_current_user', 'get_current_active_user', 'get_current_superuser', 'get_optional_user'])
    .meta({ description: 'Names of the dependencies that give the user who calls.' }),
});

export default defineRule({
  code: 'GR605',
  name: 'auth-dependency-origin',
  family: 'api',
  severity: 'warning',
  standards: ['production'],
  summary: 'The dependency for the user who calls comes from another module than agreed',
  advice: 'Import it from the module that the project has agreed on',
  why: 'FastAPI overrides and caches dependencies by identity. A second `get_current_user` elsewhere is another check with other rules: tests that override the one leave the other in force, and a fix for the one does not reach the routes that use the other. One module for all of them keeps that from happening.',
  fix: 'unsafe',
  fixSafety: 'The module has to define the name, and it may be another function than the one imported now.',
  requirements: ['000-069'],
  peers: [],
  options,
  mentions: ({ names }) => names,
  applies: (file, { module }) => concerns(file, module),
  examples: [
    {
      bad: py`
        from fastapi import Depends
        from src.app.core.security import get_current_user
        #                                 ^^^^^^^^^^^^^^^^ GR605 unsafe: \`get_current_user\` is imported from \`src.app.core.security\`; import it from \`src.app.api.dependencies\`.

        from ...core.auth import decode, get_current_user as caller, encode
        #                                ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR605 unsafe
      `,
      good: py`
        from fastapi import Depends
        from src.app.api.dependencies import get_current_user

        from ...core.auth import decode, encode
        from src.app.api.dependencies import get_current_user as caller
      `,
      path: 'src/app/api/v1/users.py',
    },
    {
      bad: py`
        def create_app() -> App:
            from app.auth import (
                decode,
                current_user,
        #       ^^^^^^^^^^^^ GR605 unsafe
            )

            return App(current_user)
      `,
      good: py`
        def create_app() -> App:
            from app.auth import (
                decode,
            )
            from app.deps import current_user

            return App(current_user)
      `,
      path: 'app/main.py',
      options: { module: 'app.deps', names: ['current_user'] },
    },
    {
      ok: py`
        from src.app.api.dependencies import get_current_user
        from app.api.dependencies import get_current_superuser
        from ..dependencies import get_current_active_user
        from .. import dependencies
      `,
      path: 'src/app/api/v1/users.py',
    },
    {
      ok: py`
        from app.api.deps import get_current_user
      `,
      path: 'backend/app/api/users.py',
    },
    {
      ok: py`
        from shop.auth import get_current_user
      `,
      path: 'src/shop/users.py',
    },
    {
      ok: py`
        from ..core.security import get_current_user
      `,
      path: 'src/app/api/dependencies.py',
    },
    {
      ok: py`
        from src.app.core.security import get_current_user
      `,
      path: 'src/tests/test_security.py',
    },
  ],
  on: {
    import_from_statement(statement, file, { module, names }) {
      const imported = statement.fields('name').filter((item) => names.includes(importedName(item)));
      if (imported.length === 0) return undefined;
      const from = statement.field('module_name').text;
      const absolute = absoluteModule(file, from);
      if (isModule(absolute, module)) return undefined;
      return imported.flatMap((item) => {
        const name = importedName(item);
        const real = file.facts.reexport?.(`${absolute}.${name}`);
        if (real !== undefined && isModule(real.slice(0, real.lastIndexOf('.')), module)) return [];
        return [
          {
            at: item,
            message: `\`${name}\` is imported from \`${from}\`; import it from \`${module}\`.`,
            fix: () => imports(file, statement, item, module),
          },
        ];
      });
    },
  },
});

function importedName(item: Node): string {
  return (item.is('aliased_import') ? item.field('name') : item).text;
}

/** Whether a file lies in the package that holds the module's layers (`src.app` of the default), and is neither the module nor a test. */
function concerns(file: { readonly path: string }, module: string): boolean {
  const parts = module.split('.');
  const root = parts.slice(0, Math.max(1, parts.length - 2)).join('/');
  if (isTestFile(file) || !`/${file.path}`.includes(`/${root}/`)) return false;
  const own = module.replaceAll('.', '/');
  return ![`${own}.py`, `${own}/`].some((place) => `/${file.path}`.includes(`/${place}`));
}

/** The module as agreed, or as it is called where the code runs inside one of its outer packages. */
function isModule(name: string, module: string): boolean {
  return name === module || name.endsWith(`.${module}`) || (name.includes('.') && module.endsWith(`.${name}`));
}

/** A relative import's module, as the file's path tells it. */
function absoluteModule(file: SourceFile, from: string): string {
  const dots = /^\.*/.exec(from)?.[0].length ?? 0;
  if (dots === 0) return from;
  const folders = file.path.split('/').slice(0, -dots);
  return [...folders, ...from.slice(dots).split('.')].filter(Boolean).join('.');
}

/** The only name of a statement keeps its place; of several, one is taken out and given a statement of its own. */
function imports(
  file: SourceFile,
  statement: TypedNode<'import_from_statement'>,
  item: Node,
  module: string,
): Fix | undefined {
  const items = statement.fields('name');
  const from = statement.field('module_name');
  const title = `Import from \`${module}\``;
  if (items.length === 1)
    return { title, safety: 'unsafe', edits: [{ start: from.start, end: from.end, text: module }] };
  if (file.lineStart(item.start) !== file.lineStart(item.end)) return undefined;
  const text = `${file.eol}${file.indentAt(statement.start)}from ${module} import ${item.text}`;
  const rest = /^[ \t]*(#[^\r\n]*)?(?=\r?\n|$)/.exec(file.slice(statement.end, statement.end + 1000));
  if (!rest) return undefined;
  const at = statement.end + rest[0].length;
  return { title, safety: 'unsafe', edits: [without(item, items), { start: at, end: at, text }] };
}
