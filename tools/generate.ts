import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Rule } from '../server/src/engine/index.ts';
import { snippets } from '../snippets/index.ts';
import { documentationFiles, readStandards } from './generate-docs.ts';
import { grammarModule } from './generate-grammar.ts';
import { manifest } from './generate-manifest.ts';
import { rulesModule } from './generate-rules.ts';
import { generateSnippetFiles } from './generate-snippets.ts';

const root = path.join(import.meta.dirname, '..');
const rulesIndex = 'server/src/rules/index.generated.ts';

/** Generated files that the others are made from: the grammar's types and the list of rules. */
export function sources(): Map<string, string> {
  return new Map([
    ['server/src/engine/syntax/grammar.generated.ts', grammarModule()],
    [rulesIndex, rulesModule()],
  ]);
}

/** Every other generated file: path from the repository's root → text. The same sources give the same bytes. */
export function products(rules: readonly Rule[]): Map<string, string> {
  const catalogue = rules.map((rule) => rule.card);
  const packageJson = z.record(z.string(), z.unknown()).parse(JSON.parse(current('package.json') ?? '{}'));
  return new Map([
    ...documentationFiles(rules, readStandards()),
    ['shared-rules/catalogue.json', `${JSON.stringify(catalogue, null, 2)}\n`],
    ...generateSnippetFiles(snippets),
    ['package.json', `${JSON.stringify(manifest(packageJson, catalogue), null, 2)}\n`],
  ]);
}

/** What is not as it would be generated, pages of rules that are gone included. */
export function stale(files: ReadonlyMap<string, string>): string[] {
  const orphans = files.has('docs/rules/README.md')
    ? readdirSync(path.join(root, 'docs', 'rules'), { withFileTypes: true })
        .map((entry) => `docs/rules/${entry.name}`)
        .filter((file) => !files.has(file))
    : [];
  return [...[...files].filter(([file, text]) => current(file) !== text).map(([file]) => file), ...orphans];
}

function current(file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), 'utf8');
  } catch {
    return undefined;
  }
}

/** Written beside and renamed, so that a reader never sees half a file. */
function write(files: ReadonlyMap<string, string>): void {
  mkdirSync(path.join(root, 'docs', 'rules'), { recursive: true });
  for (const file of stale(files)) {
    const target = path.join(root, file);
    const text = files.get(file);
    if (text === undefined) rmSync(target);
    else {
      writeFileSync(`${target}.new`, text);
      renameSync(`${target}.new`, target);
    }
    process.stdout.write(`${text === undefined ? 'removed' : 'wrote'} ${file}\n`);
  }
}

async function loadRules(): Promise<readonly Rule[]> {
  const { rules } = await import(pathToFileURL(path.join(root, rulesIndex)).href);
  return rules;
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  const check = process.argv.includes('--check');
  const first = sources();
  if (!check) write(first);
  const files = new Map([...first, ...products(await loadRules())]);
  if (check) {
    const outdated = stale(files);
    if (outdated.length > 0) process.stderr.write(`Stale: ${outdated.join(', ')}. Run npm run generate.\n`);
    process.exitCode = outdated.length > 0 ? 1 : 0;
  } else write(files);
}
