import type { WorkspaceFolder } from 'vscode-languageserver';
import { URI } from 'vscode-uri';
import { normalisePath, pathOfUri, relativePath, resolvePath } from '../settings/paths.ts';

/**
 * The path that a document's globs, folder and configuration are looked up by. A file's is its own. An untitled document
 * counts as a new file of `home`. Documents of other schemes get a path that no disk has, so that none of its
 * configuration files is taken for theirs; among themselves such paths behave like any other.
 */
export function placeOf(uri: string, home: string | undefined): string {
  const file = pathOfUri(uri);
  if (file !== undefined) return file;
  const { scheme, authority, path } = lenientUri(uri);
  if (scheme === 'untitled' && authority === '') {
    const named = path.replace(/^\/(?=[A-Za-z]:)/, '');
    if (named.startsWith('/') || home !== undefined) return resolvePath(home ?? '/', named);
  }
  return normalisePath(`/${scheme}:${authority}/${path}`);
}

/** The innermost workspace folder that holds a path. */
export function folderOfPlace(
  place: string,
  folders: readonly WorkspaceFolder[],
  home: string | undefined,
): string | undefined {
  return folders
    .map((folder) => placeOf(folder.uri, home))
    .filter((folder) => relativePath(folder, place) !== undefined)
    .sort((left, right) => right.length - left.length)[0];
}

/** The first workspace folder on a disk, which untitled documents count to. */
export function homeOf(folders: readonly WorkspaceFolder[]): string | undefined {
  return folders.map((folder) => pathOfUri(folder.uri)).find((folder) => folder !== undefined);
}

function lenientUri(uri: string): Pick<URI, 'scheme' | 'authority' | 'path'> {
  try {
    return URI.parse(uri, true);
  } catch {
    return { scheme: 'unknown', authority: '', path: uri };
  }
}
