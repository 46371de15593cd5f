import type { SourceFile } from '../file.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node } from '../syntax/node.ts';
import { matchesAny } from './path-globs.ts';
import type { SchemaAncestry } from './schemas.ts';
import { endsWithName } from './sensitive.ts';

/** Names that read as configuration: a name fits when it is one of them or ends with one (`batch_size`, `RETRY_LIMIT`). */
export const configurationNames: readonly string[] = [
  'threshold',
  'thresholds',
  'cutoff',
  'tolerance',
  'limit',
  'limits',
  'timeout',
  'interval',
  'ttl',
  'size',
  'retries',
  'attempts',
  'backoff',
  'weight',
  'weights',
  'strategy',
  'algorithm',
  'max_tokens',
  'max_workers',
  'max_connections',
  'temperature',
];

/** Whether a name reads as configuration; what counts or measures something at hand (`file_size`, `old_limit`) does not. */
export function readsAsConfiguration(name: string, names: readonly string[] = configurationNames): boolean {
  const lower = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/^_+|_+$/g, '')
    .replace(/_(?:seconds|secs|sec|ms|minutes|hours|days|bytes|mb|kb)$/, '');
  return endsWithName(lower, names);
}

/** Globs of the modules that may read the environment, if nothing else is set. */
export const settingsModules: readonly string[] = [
  'config.py',
  'settings.py',
  '*_settings.py',
  'config',
  'settings',
  'gunicorn_conf.py',
  'gunicorn.conf.py',
];

/** Whether the file is a settings module by its path. */
export function isSettingsModule(file: { readonly path: string }, globs: readonly string[] = settingsModules): boolean {
  return matchesAny(globs, file.path);
}

/** The class of pydantic-settings, and of Pydantic's version 1, that settings classes derive from. */
export const settingsBases: ReadonlySet<string> = new Set([
  'pydantic_settings.BaseSettings',
  'pydantic_settings.main.BaseSettings',
  'pydantic.BaseSettings',
  'pydantic.v1.BaseSettings',
  'pydantic.env_settings.BaseSettings',
]);

/** Whether a class is known to derive from `BaseSettings`. */
export function isSettingsClass(family: SchemaAncestry): boolean {
  return family.foreign.some((name) => settingsBases.has(name));
}

/** A place where the process's environment is read or changed. */
export interface EnvironmentUse {
  readonly node: Node;
  /** The variable's name, where it is a literal. */
  readonly name: string | undefined;
  /** The node of that name. */
  readonly key: Node | undefined;
  readonly writes: boolean;
}

/**
 * One variable of the environment read or changed: `os.environ["X"]`, `os.environ.get("X")`, `os.getenv("X")`,
 * `"X" in os.environ`. What takes the environment as a whole, such as a copy for a child process, is none.
 */
export function environmentUse(node: Node, file: SourceFile): EnvironmentUse | undefined {
  if (node.is('subscript')) {
    if (!isEnvironment(node.field('value'), file)) return undefined;
    const key = node.fields('subscript')[0];
    const { parent } = node;
    const writes =
      parent?.is('delete_statement') === true ||
      (parent?.is('assignment', 'augmented_assignment') === true && node.isField('left'));
    return { node, key, name: stringValue(key), writes };
  }
  if (node.is('comparison_operator')) {
    const [key, container] = node.namedChildren;
    if (!container || node.namedChildren.length !== 2 || !isEnvironment(container, file)) return undefined;
    if (!node.children.some((child) => child.kind === '"in"' || child.text === 'not in')) return undefined;
    return { node, key, name: stringValue(key), writes: false };
  }
  if (!node.is('call')) return undefined;
  const callee = node.field('function');
  if (callee.is('attribute') && environmentMethods.has(callee.field('attribute').text)) {
    if (!isEnvironment(callee.field('object'), file)) return undefined;
    const method = callee.field('attribute').text;
    const key = argumentsOf(node).at(0, 'key');
    const isStatement = node.parent?.is('expression_statement') === true;
    return { node, key, name: stringValue(key), writes: method !== 'get' && isStatement };
  }
  if (callee.is('identifier') || (callee.is('attribute') && getters.has(callee.field('attribute').text))) {
    const name = file.qualified(callee);
    const reads = name === 'os.getenv' || name === 'os.getenvb';
    if (!reads && name !== 'os.putenv' && name !== 'os.unsetenv') return undefined;
    const key = argumentsOf(node).at(0, 'key');
    return { node, key, name: stringValue(key), writes: !reads };
  }
  return undefined;
}

/** Words of which a file must hold one before `environmentUse` finds anything. */
export const environmentWords: readonly string[] = ['environ', 'environb', 'getenv', 'getenvb', 'putenv', 'unsetenv'];

const environmentMethods = new Set(['get', 'pop', 'setdefault']);
const getters = new Set(['getenv', 'getenvb', 'putenv', 'unsetenv']);

/** What calls that use the environment are called: for the `calls` of rules about them. */
export const environmentCalls: readonly string[] = [...environmentMethods, ...getters];

function isEnvironment(node: Node, file: SourceFile): boolean {
  if (!node.is('identifier', 'attribute')) return false;
  const name = file.qualified(node);
  return name === 'os.environ' || name === 'os.environb';
}

/** The value of an expression made of number literals: `10 * 1024 * 1024`, `10_000_000`, `-1`. */
export function constantNumber(node: Node | undefined): number | undefined {
  if (!node) return undefined;
  if (node.is('parenthesized_expression')) return constantNumber(node.firstNamed);
  if (node.is('integer', 'float')) {
    const value = Number(node.text.replaceAll('_', ''));
    return Number.isNaN(value) ? undefined : value;
  }
  if (node.is('unary_operator')) {
    const value = constantNumber(node.field('argument'));
    return value === undefined ? undefined : node.field('operator').text === '-' ? -value : value;
  }
  if (!node.is('binary_operator')) return undefined;
  const left = constantNumber(node.field('left'));
  const right = constantNumber(node.field('right'));
  if (left === undefined || right === undefined) return undefined;
  switch (node.field('operator').text) {
    case '*':
      return left * right;
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '**':
      return left ** right;
    case '<<':
      return left * 2 ** right;
    default:
      return undefined;
  }
}
