import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Snippet } from '../shared-rules/src/snippet.ts';
import { snippets } from '../snippets/index.ts';

/**
 * The files that package.json contributes to VS Code: path from the repository's root → text. The same sources give
 * the same bytes.
 *
 * @throws Error when two snippets of a language share a name, since one would hide the other.
 */
export function generateSnippetFiles(sources: readonly Snippet[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const language of ['python', 'json'] as const) {
    const entries = sources.filter((snippet) => snippet.language === language);
    const contributed = Object.fromEntries(entries.map((snippet) => [snippet.name, contribution(snippet)]));
    if (Object.keys(contributed).length < entries.length) throw new Error(`two ${language} snippets share a name`);
    files.set(`snippets/${language}.json`, `${JSON.stringify(contributed, null, 2)}\n`);
  }
  return files;
}

function contribution({ prefix, description, body }: Snippet) {
  return { prefix, description, isFileTemplate: true, body };
}

/** Written beside and renamed, so that a reader never sees half a file. */
function writeAtomically(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = join(import.meta.dirname, '..');
  for (const [path, text] of generateSnippetFiles(snippets)) writeAtomically(join(root, path), text);
}
