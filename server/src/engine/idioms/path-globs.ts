import picomatch from 'picomatch';

/**
 * Whether a path below the configuration's folder matches one of the globs. A glob without a slash is about the name of
 * the file or of a folder above it (`seed_*.py`, `scripts`), with one about the path from the folder on.
 */
export function matchesAny(globs: readonly string[], path: string): boolean {
  return globs.length > 0 && matcherOf(globs)(path);
}

// Options live as long as the configured rule, and so do their matchers.
const matchers = new WeakMap<readonly string[], (path: string) => boolean>();

function matcherOf(globs: readonly string[]): (path: string) => boolean {
  const known = matchers.get(globs);
  if (known) return known;
  const tests = globs.map((glob) => {
    const isMatch = picomatch(glob.replace(/^\.\//, '').replace(/\/$/, '/**'), { dot: true });
    return glob.includes('/') ? isMatch : (path: string) => path.split('/').some((name) => isMatch(name));
  });
  const made = (path: string) => tests.some((test) => test(path));
  matchers.set(globs, made);
  return made;
}
