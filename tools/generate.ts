import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { grammarModule } from './generate-grammar.ts';
import { rulesModule } from './generate-rules.ts';

const root = path.join(import.meta.dirname, '..');

/** Every generated file: its path below the repository and its text. Tests compare these with what is committed. */
export async function generatedFiles(): Promise<Map<string, string>> {
  return new Map([
    ['server/src/engine/syntax/grammar.generated.ts', grammarModule()],
    ['server/src/rules/index.generated.ts', rulesModule()],
  ]);
}

export function stale(files: Map<string, string>): string[] {
  return [...files].filter(([file, text]) => current(file) !== text).map(([file]) => file);
}

function current(file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  const files = await generatedFiles();
  for (const file of stale(files)) {
    writeFileSync(path.join(root, file), files.get(file) ?? '');
    process.stdout.write(`wrote ${file}\n`);
  }
}
