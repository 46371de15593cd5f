import type { SourceFile } from '../file.ts';

/** What a file is for, as its path tells. Paths are relative to the configuration's folder. */

/** A test module, a conftest, or anything below a `tests` or `test` folder. */
export const isTestFile = byPath(
  (path) => /(^|\/)tests?\//.test(path) || /(^|\/)(test_[^/]*|[^/]*_test|conftest)\.pyi?$/.test(path),
);

/** An Alembic environment or revision: by its path, or by the two names that Alembic reads from a revision. */
export function isMigration(file: SourceFile): boolean {
  return (
    isMigrationPath(file) ||
    (file.moduleBindings('down_revision').length > 0 && file.moduleBindings('revision').length > 0)
  );
}

/** An Alembic environment or revision by its path alone, which is all that `applies` knows. */
export const isMigrationPath = byPath(
  (path) =>
    /(^|\/)(alembic(_\w+)?|migrations)\/(versions\/[^/]+|env)\.py$/.test(path) ||
    /(^|\/)versions\/[0-9a-f]{8,}_[^/]*\.py$/.test(path),
);

/** What the compiler of Protocol Buffers writes, whose names, lines and length nobody chooses. */
export const isGeneratedPath = byPath((path) => /_pb2(_grpc)?\.pyi?$/.test(path));

/**
 * A script, command line, tool, generator of code or example: code whose standard output is its product. Django's
 * `manage.py` stands at the top of a project; one further down is a module of the application.
 */
export const isScript = byPath(
  (path) =>
    scriptFolder.test(path) ||
    /(^|\/)(cli|__main__|setup|noxfile|conf|main_cli)\.py$/.test(path) ||
    /^([^/]+\/)?manage\.py$/.test(path),
);

const scriptFolder =
  /(^|\/)(scripts?|bin|tools?|cli|commands|management\/commands|examples?|docs|benchmarks?|noxfile|tasks|dev|code[-_]?gen(eration)?)\//;

/** The base name with its extension. */
export function baseName(file: { readonly path: string }): string {
  return file.path.slice(file.path.lastIndexOf('/') + 1);
}

/** A test of paths that remembers its last answer, since checks ask about one file many times in a row. */
export function byPath(test: (path: string) => boolean): (file: { readonly path: string }) => boolean {
  let known: string | undefined;
  let answer = false;
  return ({ path }) => {
    if (path !== known) {
      answer = test(path);
      known = path;
    }
    return answer;
  };
}
