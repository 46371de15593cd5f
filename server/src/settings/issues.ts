import { z } from 'zod';
import { didYouMean } from './suggest.ts';

/** What is wrong with one part of a value, in plain words; `at` says whether its key or its value is to be marked. */
export interface ValueProblem {
  path: string[];
  at: 'key' | 'value';
  message: string;
}

/** Checks a value against a schema. `spell` gives the name the user writes for a key of the schema (kebab-case). */
export function problemsOf(
  schema: z.ZodType,
  value: unknown,
  spell: (key: string) => string = (key) => key,
): ValueProblem[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  const object = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  const candidates = object instanceof z.ZodObject ? Object.keys(object.shape).map(spell) : [];
  return result.error.issues.flatMap((issue) => describeIssue(issue, value, candidates));
}

/** Names what a value is, for `expected …, not …`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'object') return 'a table';
  if (typeof value === 'boolean') return `\`${value}\``;
  return `${typeof value === 'string' ? 'the string' : 'the number'} \`${value}\``;
}

function describeIssue(issue: z.core.$ZodIssue, root: unknown, candidates: string[]): ValueProblem[] {
  const path = issue.path.map(String);
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        at: 'key',
        message: `unknown option \`${key}\`${path.length === 0 ? didYouMean(key, candidates) : ''}`,
      }));
    case 'invalid_type':
      return [{ path, at: 'value', message: `expected ${expectedKind(issue.expected)}, not ${kindOf(value)}` }];
    case 'invalid_value': {
      const values = issue.values.map(String);
      const list = values.map((allowed) => `\`${allowed}\``).join(', ');
      const hint = typeof value === 'string' ? didYouMean(value, values) : '';
      return [{ path, at: 'value', message: `expected one of ${list}, not ${kindOf(value)}${hint}` }];
    }
    case 'invalid_key':
      return [{ path, at: 'key', message: `\`${path.at(-1)}\`: ${issue.issues[0]?.message ?? issue.message}` }];
    case 'invalid_format':
      return [{ path, at: 'value', message: `${kindOf(value)}: ${issue.message}` }];
    case 'too_small':
      return [
        {
          path,
          at: 'value',
          message: `expected ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}, not ${kindOf(value)}`,
        },
      ];
    case 'too_big':
      return [
        {
          path,
          at: 'value',
          message: `expected ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}, not ${kindOf(value)}`,
        },
      ];
    default:
      return [{ path, at: 'value', message: issue.message }];
  }
}

const expectedKinds: Record<string, string> = {
  string: 'a string',
  boolean: '`true` or `false`',
  array: 'a list',
  record: 'a table',
  object: 'a table',
  number: 'a number',
  int: 'a whole number',
};

function expectedKind(expected: string): string {
  return expectedKinds[expected] ?? expected;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}
