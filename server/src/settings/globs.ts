import picomatch from 'picomatch';
import { baseName, isWindowsPath, relativePath } from './paths.ts';

/** Tells whether a path matches; see `compileGlob` for the two readings. */
export interface PathGlob {
  /** True when the glob matches the path itself or a folder above it. */
  covers(path: string): boolean;
  /** True when the glob matches the path itself. */
  matches(path: string): boolean;
}

/**
 * A glob of a configuration file that stands in `folder`, for absolute, normalised paths. Without a slash it is about a
 * name anywhere below the folder (`test_*.py`, `migrations`), with one about the path from the folder on
 * (`src/legacy/*`). Names that begin with a dot match like any other; case counts except on Windows. `!` in front turns
 * the glob round. What is outside the folder never matches.
 */
export function compileGlob(glob: string, folder: string): PathGlob {
  const negated = glob.startsWith('!');
  const windows = isWindowsPath(folder);
  const body = (negated ? glob.slice(1) : glob).replaceAll(windows ? '\\' : '/', '/').replace(/^(\.\/)+|\/+$/g, '');
  const inFolder = relativePath(folder, body);
  const pattern = (inFolder ?? body).replace(/^\/+/, '');
  const byName = !body.includes('/');
  const isMatch = picomatch(pattern, { dot: true, nonegate: true, windows: false, nocase: windows });
  const matchesRelative = (relative: string) => isMatch(byName ? baseName(relative) : relative);
  const matches = (path: string) => {
    const relative = relativePath(folder, path);
    return relative !== undefined && relative !== '' && matchesRelative(relative) !== negated;
  };
  const covers = (path: string) => {
    const relative = relativePath(folder, path);
    if (relative === undefined || relative === '') return false;
    return prefixes(relative).some(matchesRelative) !== negated;
  };
  return { covers, matches };
}

/** `a/b/c.py` → `a`, `a/b`, `a/b/c.py`. */
function prefixes(relative: string): string[] {
  const names = relative.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
