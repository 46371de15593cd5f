import {
  type Dirent,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import ignore, { type Ignore } from 'ignore';
import { isWindowsPath, normalisePath, parentFolder, relativePath, resolvePath } from '../settings/paths.ts';
import { reasonOf } from './files.ts';

export interface Discovered {
  /** Python files, each once, sorted by path; sizes in bytes. */
  files: { path: string; size: number }[];
  /** What could not be looked into, and why. */
  skipped: { path: string; reason: string }[];
  /** Arguments that name nothing. */
  missing: string[];
}

/**
 * Finds the Python files (`.py`, `.pyi`) that the arguments stand for. A file that is named is taken whatever it is
 * called; a folder is walked, without what `excludesEntry` refuses and what git ignores. Symbolic links to folders are
 * not followed, so nothing goes in circles; links to files are, unless the file itself is found too.
 */
export function discoverFiles(
  paths: readonly string[],
  folder: string,
  excludesEntry: (path: string) => boolean,
): Discovered {
  const found = new Map<string, number>();
  const links = new Map<string, { target: string; size: number }>();
  const walk: Walk = { found, links, skipped: [], excludesEntry };
  const missing: string[] = [];
  for (const given of paths) {
    const path = resolvePath(folder, given);
    let stat: Stats;
    try {
      stat = statSync(path);
    } catch {
      missing.push(given);
      continue;
    }
    if (stat.isDirectory()) walkFolder(path, ignoresAbove(path), walk);
    else if (lstatSync(path).isSymbolicLink()) addLink(path, walk);
    else found.set(path, stat.size);
  }
  const targets = new Set<string>();
  for (const [path, { target, size }] of [...links].sort(byPath)) {
    // Of a file and several links to it one is looked at, and fixed: itself, else the first link.
    if (found.has(target) || targets.has(target)) continue;
    targets.add(target);
    found.set(path, size);
  }
  return {
    files: [...found].sort(byPath).map(([path, size]) => ({ path, size })),
    skipped: walk.skipped,
    missing,
  };
}

interface Walk {
  found: Map<string, number>;
  links: Map<string, { target: string; size: number }>;
  skipped: { path: string; reason: string }[];
  excludesEntry: (path: string) => boolean;
}

/** The patterns of one ignore file and the folder they are relative to. */
interface IgnoreFile {
  folder: string;
  patterns: Ignore;
}

function walkFolder(folder: string, ignoresOfParents: readonly IgnoreFile[], walk: Walk): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    walk.skipped.push({ path: folder, reason: `cannot be read: ${reasonOf(error)}` });
    return;
  }
  let ignores = ignoresOfParents;
  if (entries.some((entry) => entry.name === '.gitignore')) {
    ignores = [...ignores, ...readIgnoreFile(`${folder}/.gitignore`, folder)];
  }
  for (const entry of entries) {
    const path = folder.endsWith('/') ? folder + entry.name : `${folder}/${entry.name}`;
    const isFolder = entry.isDirectory();
    if (!isFolder && !/\.pyi?$/.test(entry.name)) continue;
    if (walk.excludesEntry(path) || isIgnored(path, isFolder, ignores)) continue;
    if (isFolder) walkFolder(path, ignores, walk);
    else if (entry.isFile()) addFile(path, walk);
    else if (entry.isSymbolicLink()) addLink(path, walk);
  }
}

function addFile(path: string, walk: Walk): void {
  try {
    walk.found.set(path, statSync(path).size);
  } catch (error) {
    walk.skipped.push({ path, reason: `cannot be read: ${reasonOf(error)}` });
  }
}

function addLink(path: string, walk: Walk): void {
  try {
    const stat = statSync(path);
    if (stat.isFile()) walk.links.set(path, { target: normalisePath(realpathSync(path)), size: stat.size });
  } catch (error) {
    walk.skipped.push({ path, reason: `cannot be read: ${reasonOf(error)}` });
  }
}

/** The last pattern that says something decides; deeper ignore files come later. */
function isIgnored(path: string, isFolder: boolean, ignores: readonly IgnoreFile[]): boolean {
  for (let index = ignores.length - 1; index >= 0; index -= 1) {
    const file = ignores[index];
    const relative = file === undefined ? undefined : relativePath(file.folder, path);
    if (file === undefined || relative === undefined || relative === '') continue;
    const { ignored, unignored } = file.patterns.test(isFolder ? `${relative}/` : relative);
    if (ignored) return true;
    if (unignored) return false;
  }
  return false;
}

/**
 * The ignore files above a folder, up to the root of its repository. A folder that git ignores itself and that was
 * named all the same is walked: then the patterns above it do not count.
 */
function ignoresAbove(folder: string): IgnoreFile[] {
  const above: IgnoreFile[] = [];
  let isRepository = isRepositoryRoot(folder);
  for (let at: string | undefined = folder; at !== undefined && !isRepository; ) {
    at = parentFolder(at);
    if (at === undefined) return [];
    above.unshift(...readIgnoreFile(`${at}/.gitignore`, at));
    isRepository = isRepositoryRoot(at);
    if (isRepository) above.unshift(...readIgnoreFile(`${at}/.git/info/exclude`, at));
  }
  if (above.length === 0 && isRepository) return readIgnoreFile(`${folder}/.git/info/exclude`, folder);
  return isIgnored(folder, true, above) ? [] : above;
}

function isRepositoryRoot(folder: string): boolean {
  return existsSync(`${folder}/.git`);
}

function readIgnoreFile(path: string, folder: string): IgnoreFile[] {
  try {
    const patterns = ignore({ ignorecase: isWindowsPath(folder), allowRelativePaths: false });
    return [{ folder, patterns: patterns.add(readFileSync(path, 'utf8')) }];
  } catch {
    // There is none, or git could not read it either.
    return [];
  }
}

function byPath([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
