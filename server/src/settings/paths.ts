import { URI } from 'vscode-uri';

/**
 * Paths inside the server have one spelling: absolute, `/` between names, a lower-case drive letter, no `.` or `..`.
 * Whether a path is a Windows one shows in its shape (`c:/…` or `//server/share/…`), so that everything here behaves
 * alike on every platform and Node takes the result as it is.
 */

/** The path of a `file:` URI, or undefined for any other scheme (`untitled:`, `vscode-vfs:` …) and for what is no URI. */
export function pathOfUri(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    const { authority, path } = URI.parse(uri, true);
    return normalisePath(authority !== '' ? `//${authority}${path}` : path.replace(/^\/(?=[A-Za-z]:)/, ''));
  } catch {
    return undefined;
  }
}

/** The `file:` URI of an absolute path, spelt and escaped as VS Code spells it (`file:///c%3A/…`). */
export function uriOfPath(path: string): string {
  const normal = normalisePath(path);
  const share = /^\/\/([^/]+)(\/.*)?$/.exec(normal);
  if (share !== null) return URI.from({ scheme: 'file', authority: share[1] ?? '', path: share[2] ?? '/' }).toString();
  return URI.from({ scheme: 'file', path: normal.startsWith('/') ? normal : `/${normal}` }).toString();
}

/** True for `c:\…`, `C:/…`, `\\server\share` and `//server/share`, on whatever platform this runs. */
export function isWindowsPath(path: string): boolean {
  return /^([A-Za-z]:([\\/]|$)|\\\\|\/\/[^/])/.test(path);
}

/** The one spelling of an absolute path; see the top of this file. */
export function normalisePath(path: string): string {
  const windows = isWindowsPath(path);
  const slashed = windows
    ? path.replaceAll('\\', '/').replace(/^\/\/[?.]\/(UNC(?=\/))?/i, (_, unc) => (unc ? '/' : ''))
    : path;
  const root = rootOf(slashed);
  const names: string[] = [];
  for (const name of slashed.slice(root.length).split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') names.pop();
    else names.push(name);
  }
  const drive = windows && /^[A-Za-z]:/.test(root) ? root.toLowerCase() : root;
  return drive + names.join('/');
}

/** `path` seen from `folder`, without a leading slash; the empty string for the folder itself, undefined outside it. */
export function relativePath(folder: string, path: string): string | undefined {
  const start = folder.endsWith('/') ? folder : `${folder}/`;
  const alike = isWindowsPath(folder) ? (text: string) => text.toLowerCase() : (text: string) => text;
  if (alike(path) === alike(folder) || alike(`${path}/`) === alike(start)) return '';
  return alike(path.slice(0, start.length)) === alike(start) ? path.slice(start.length) : undefined;
}

/** The folder that holds `path`, or undefined at a root. */
export function parentFolder(path: string): string | undefined {
  const root = rootOf(path);
  if (path.length <= root.length) return undefined;
  const slash = path.lastIndexOf('/');
  return slash < root.length ? root : path.slice(0, slash);
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `path` when it is absolute, else `path` below `folder`; normalised either way. */
export function resolvePath(folder: string, path: string): string {
  return normalisePath(
    path.startsWith('/') || isWindowsPath(path) ? path : joinPath(folder, path, isWindowsPath(folder)),
  );
}

function joinPath(folder: string, path: string, windows: boolean): string {
  return `${folder}/${windows ? path.replaceAll('\\', '/') : path}`;
}

/** `/`, `c:/` or `//server/share/`: the part of a path that has no parent. */
function rootOf(path: string): string {
  if (/^[A-Za-z]:/.test(path)) return `${path.slice(0, 2)}/`;
  const share = /^\/\/[^/]+(\/[^/]+)?/.exec(path);
  if (share !== null) return `${share[0]}/`;
  return '/';
}
