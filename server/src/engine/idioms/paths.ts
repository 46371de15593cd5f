import type { SourceFile } from '../file.ts';

/** What a file is for, as its path tells. Paths are relative to the configuration's folder. */

/** A test module, a conftest, or anything below a `tests` or `test` folder. */
export function isTestFile(file: { readonly path: string }): boolean {
  return /(^|\/)tests?\//.test(file.path) || /(^|\/)(test_[^/]*|[^/]*_test|conftest)\.pyi?$/.test(file.path);
}

/** An Alembic environment or revision: by its path, or by the two names that Alembic reads from a revision. */
export function isMigration(file: SourceFile): boolean {
  return (
    /(^|\/)(alembic|migrations)\/(versions\/[^/]+|env)\.py$/.test(file.path) ||
    /(^|\/)versions\/[0-9a-f]{8,}_[^/]*\.py$/.test(file.path) ||
    (file.moduleBindings('down_revision').length > 0 && file.moduleBindings('revision').length > 0)
  );
}

/** A script, command line, tool or example: code whose standard output is its product. */
export function isScript(file: { readonly path: string }): boolean {
  return (
    /(^|\/)(scripts?|bin|tools?|cli|commands|management\/commands|examples?|docs|benchmarks?|noxfile|tasks)\//.test(
      file.path,
    ) || /(^|\/)(cli|__main__|manage|setup|noxfile|conf|main_cli)\.py$/.test(file.path)
  );
}

/** The base name with its extension. */
export function baseName(file: { readonly path: string }): string {
  return file.path.slice(file.path.lastIndexOf('/') + 1);
}
