import { type PythonVersion, pythonVersions } from '../../../shared-rules/src/index.ts';

/**
 * The oldest Python that a `requires-python` admits: PEP 440 (`>=3.10,<4`) and Poetry's own forms (`^3.10`, `~3.10`,
 * `3.10 || 3.12`). Where it admits none that we know (`>=3.99`), the newest known; undefined when it cannot be read.
 */
export function lowestSupportedPython(specifier: string): PythonVersion | undefined {
  const alternatives = specifier.split('||').map((alternative) => readClauses(alternative));
  if (alternatives.some((clauses) => clauses === undefined)) return undefined;
  const admitted = pythonVersions.find((version) => {
    const [, minor = 0] = version.split('.').map(Number);
    return alternatives.some((clauses) =>
      clauses?.every((clause) => admitsSeries(clause, versionNumber([3, minor]), versionNumber([3, minor + 1]))),
    );
  });
  if (admitted !== undefined) return admitted;
  return alternatives.some((clauses) => clauses?.every((clause) => clause.from >= versionNumber([3])))
    ? pythonVersions.at(-1)
    : undefined;
}

/** Versions from `from` up to but not including `until`; `outside` turns that round (`!=`). */
interface Clause {
  from: number;
  until: number;
  outside: boolean;
}

function admitsSeries(clause: Clause, from: number, until: number): boolean {
  if (clause.outside) return !(clause.from <= from && until <= clause.until);
  return clause.from < until && from < clause.until;
}

function readClauses(text: string): Clause[] | undefined {
  const clauses: Clause[] = [];
  for (const part of text.trim().split(/\s*,\s*|\s+(?=[<>=!~^])/)) {
    if (part === '' || part === '*') continue;
    const clause = readClause(part);
    if (clause === undefined) return undefined;
    clauses.push(clause);
  }
  return clauses;
}

function readClause(text: string): Clause | undefined {
  const match = /^(===?|!=|~=|<=|>=|<|>|\^|~)?\s*v?(\d+(?:\.\d+){0,2})(?:(\.\*)|[a-z0-9.+-]*)$/i.exec(text);
  if (match === null) return undefined;
  const [, operator = '', number = '', wildcard] = match;
  const parts = number.split('.').map(Number);
  const from = versionNumber(parts);
  const after = (length: number) => versionNumber(increment(parts.slice(0, Math.max(1, length))));
  const between = (start: number, until: number): Clause => ({ from: start, until, outside: false });
  switch (operator) {
    case '>=':
      return between(from, Number.POSITIVE_INFINITY);
    case '>':
      return between(from + 1, Number.POSITIVE_INFINITY);
    case '<':
      return between(0, from);
    case '<=':
      return between(0, from + 1);
    case '~=':
      return between(from, after(parts.length - 1));
    case '^':
      return between(from, after(1));
    case '~':
      return between(from, after(2));
    case '!=':
      return { from, until: wildcard === undefined ? from + 1 : after(parts.length), outside: true };
    default:
      return between(from, wildcard === undefined ? from + 1 : after(parts.length));
  }
}

function increment(parts: number[]): number[] {
  return [...parts.slice(0, -1), (parts.at(-1) ?? 0) + 1];
}

function versionNumber([major = 0, minor = 0, patch = 0]: number[]): number {
  return (major * 1000 + minor) * 1000 + patch;
}
