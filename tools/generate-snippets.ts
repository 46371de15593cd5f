import type { Snippet } from '../shared-rules/src/snippet.ts';

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
