import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

/** Every import of every source file: which file, and what it names, resolved to a path where it is relative. */
const imports = ['client/src', 'server/src', 'shared-rules/src', 'snippets'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const from = path.posix.join(folder, file.split(path.sep).join('/'));
      const text = readFileSync(path.join(root, from), 'utf8');
      return [...text.matchAll(/(?:from|import)\s+'(?<target>[^']+)'|import\('(?<lazy>[^']+)'\)/g)].map((match) => {
        const target = match.groups?.target ?? match.groups?.lazy ?? '';
        return { from, to: target.startsWith('.') ? path.posix.join(path.posix.dirname(from), target) : target };
      });
    }),
);

/** Imports that start in a folder and end where they must not. */
function forbidden(from: string, allowed: (to: string) => boolean): string[] {
  return imports
    .filter((edge) => edge.from.startsWith(from) && !allowed(edge.to))
    .map((edge) => `${edge.from} imports ${edge.to}`);
}

const within =
  (...folders: string[]) =>
  (to: string): boolean =>
    folders.some((folder) => to === folder || to.startsWith(folder));

describe('architecture', () => {
  it('finds the imports it judges', () => {
    assert.ok(imports.length > 200);
    assert.ok(
      imports.some(
        (edge) => edge.from === 'server/src/engine/document.ts' && edge.to === 'server/src/engine/syntax/rows.ts',
      ),
    );
  });

  it('shared-rules imports zod and nothing else', () => {
    assert.deepEqual(forbidden('shared-rules/src/', within('shared-rules/', 'zod')), []);
  });

  it('the engine knows neither editor nor disk nor clock', () => {
    const libraries = ['zod', 'picomatch', 'get-east-asian-width'];
    assert.deepEqual(
      forbidden('server/src/engine/', within('server/src/engine/', 'shared-rules/src/', ...libraries)),
      [],
    );
    const impure = readdirSync(path.join(root, 'server/src/engine'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) =>
        /\b(?:process\.(?:env|stdout|stderr|exit|cwd|argv|on)\b|console\.|Date\.now|new Date\(|Math\.random|performance\.)/.test(
          readFileSync(path.join(root, 'server/src/engine', file), 'utf8'),
        ),
      );
    assert.deepEqual(impure, []);
  });

  it('a rule imports the engine’s door, its shared schemas and zod only', () => {
    const door = within(
      'server/src/engine/index.ts',
      'shared-rules/src/index.ts',
      'zod',
      'picomatch',
      'get-east-asian-width',
    );
    const own = (to: string): boolean => door(to) || /^server\/src\/rules\/index\.generated\.ts$/.test(to);
    const wrong = forbidden('server/src/rules/', own).filter(
      (edge) => !edge.startsWith('server/src/rules/index.generated.ts'),
    );
    assert.deepEqual(wrong, []);
  });

  it('nothing imports client, lsp or cli', () => {
    for (const [layer, ...users] of [
      ['client/src/'],
      ['server/src/lsp/', 'server/src/cli/groundrules.ts'],
      ['server/src/cli/'],
    ] as const) {
      const wrong = imports.filter(
        (edge) =>
          edge.to.startsWith(layer) && !edge.from.startsWith(layer) && !users.some((user) => user === edge.from),
      );
      assert.deepEqual(wrong, []);
    }
  });

  it('the client reaches the server only through messages', () => {
    assert.deepEqual(
      imports.filter((edge) => edge.from.startsWith('client/') && edge.to.startsWith('server/')),
      [],
    );
  });
});
