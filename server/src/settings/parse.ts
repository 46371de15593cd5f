import type { z } from 'zod';
import {
  EditorSettings,
  ProjectSettings,
  type PythonVersion,
  type RuleCard,
  RuleOptions,
  RuleSelector,
} from '../../../shared-rules/src/index.ts';
import { kindOf, problemsOf, type ValueProblem } from './issues.ts';
import { lowestSupportedPython } from './requires-python.ts';
import { didYouMean } from './suggest.ts';
import { nodeAt, readToml, type Span, type TomlNode } from './toml.ts';

/** One thing that is wrong with a configuration file, where it is: offsets in UTF-16 code units. */
export interface SettingsProblem extends Span {
  message: string;
}

export interface ParsedConfiguration {
  /** What the file sets, without the parts that have a problem; undefined when it has no table of ours. */
  settings: ProjectSettings | undefined;
  /** The oldest Python that the project supports, when the file says so. */
  requiresPython: PythonVersion | undefined;
  problems: SettingsProblem[];
}

/** `pyproject` holds settings in `[tool.groundrules]`, `groundrules` at its top. */
export type ConfigurationKind = 'pyproject' | 'groundrules';

/** What there is to set about rules; the engine knows it, so it is handed in. */
export interface KnownRules {
  cards: readonly Pick<RuleCard, 'code' | 'name'>[];
  /** What is wrong with the options of a rule; keys are camelCase. `problemsOf(schema, value)` gives just this. */
  checkOptions(code: string, value: Record<string, unknown>): readonly ValueProblem[];
}

/** Reads the text of a `pyproject.toml` or `groundrules.toml`. Never throws: what is wrong is in `problems`. */
export function parseConfiguration(text: string, kind: ConfigurationKind, known: KnownRules): ParsedConfiguration {
  const document = readToml(text);
  if ('problem' in document) return { settings: undefined, requiresPython: undefined, problems: [document.problem] };
  const requiresPython = kind === 'pyproject' ? readRequiresPython(document.root) : undefined;
  const table = kind === 'pyproject' ? nodeAt(document.root, ['tool', 'groundrules']) : document.root;
  if (table === undefined) return { settings: undefined, requiresPython, problems: [] };
  if (!isRecord(table.value)) {
    const message = `\`tool.groundrules\`: expected a table, not ${kindOf(table.value)}`;
    return { settings: undefined, requiresPython, problems: [{ ...table.span, message }] };
  }
  const { settings, problems } = readSettings(table.value, ProjectSettings, known, kebabCase);
  return {
    settings: ProjectSettings.parse(settings),
    requiresPython,
    problems: problems.map((problem) => ({ ...spanOfProblem(table, problem), message: problem.message })),
  };
}

/**
 * Reads what an editor sends for the section `groundrules`, camelCase keys. Wrong parts are left out and named in
 * `problems`, so that one slip in the editor's settings does not turn the others off. `null` means not set.
 */
export function parseEditorSettings(
  value: unknown,
  known: KnownRules,
): { settings: EditorSettings; problems: ValueProblem[] } {
  if (value === null || value === undefined) return { settings: {}, problems: [] };
  if (!isRecord(value)) {
    return { settings: {}, problems: [{ path: [], at: 'value', message: `expected a table, not ${kindOf(value)}` }] };
  }
  const given = Object.fromEntries(Object.entries(value).filter(([, setting]) => setting !== null));
  const { settings, problems } = readSettings(given, EditorSettings, known, (key) => key);
  return { settings: EditorSettings.parse(settings), problems };
}

/** Checks settings key by key; the good keys are kept. */
function readSettings(
  table: Record<string, unknown>,
  schema: z.ZodObject,
  known: KnownRules,
  spell: (key: string) => string,
): { settings: Record<string, unknown>; problems: ValueProblem[] } {
  const settings: Record<string, unknown> = {};
  const problems: ValueProblem[] = [];
  const keys = new Map(Object.keys(schema.shape).map((key) => [spell(key), key]));
  for (const [name, raw] of Object.entries(table)) {
    const key = keys.get(name);
    if (key === undefined) {
      problems.push({ path: [name], at: 'key', message: `unknown option \`${name}\`${didYouMean(name, keys.keys())}` });
      continue;
    }
    const { value, problems: faults } =
      key === 'rules'
        ? readRuleOptions(raw, known, spell)
        : { value: raw, problems: checkValue(key, raw, schema, known) };
    problems.push(...faults.map((fault) => ({ ...fault, path: [name, ...fault.path], message: named(name, fault) })));
    if (value !== undefined && problemsOf(schema.shape[key], value).length === 0) settings[key] = value;
  }
  return { settings, problems };
}

function checkValue(key: string, value: unknown, schema: z.ZodObject, known: KnownRules): ValueProblem[] {
  const problems = problemsOf(schema.shape[key], value);
  return [...problems.map((problem) => withRuleHint(problem, value, known)), ...unknownSelectors(key, value, known)];
}

/** `[rules.GR202]`: rules that do not exist and options that a rule does not have are named and left out. */
function readRuleOptions(
  raw: unknown,
  known: KnownRules,
  spell: (key: string) => string,
): { value: RuleOptions | undefined; problems: ValueProblem[] } {
  if (!isRecord(raw)) return { value: undefined, problems: problemsOf(RuleOptions, raw) };
  const value: RuleOptions = {};
  const problems: ValueProblem[] = [];
  for (const [code, options] of Object.entries(raw)) {
    if (!known.cards.some((card) => card.code === code)) {
      problems.push({ path: [code], at: 'key', message: unknownRule(code, known) });
      continue;
    }
    if (!isRecord(options)) {
      problems.push({ path: [code], at: 'value', message: `expected a table, not ${kindOf(options)}` });
      continue;
    }
    const entries: { name: string; key: string; option: unknown }[] = [];
    for (const [name, option] of Object.entries(options)) {
      const key = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
      if (spell(key) === name || !/[A-Z]/.test(name)) {
        entries.push({ name, key, option });
        continue;
      }
      // The rule's schema would take `maxDepth`, but a TOML file has one style of keys.
      const message = `unknown option \`${name}\`; did you mean \`${spell(key)}\`?`;
      problems.push({ path: [code, name], at: 'key', message });
    }
    const faults = known.checkOptions(code, Object.fromEntries(entries.map(({ key, option }) => [key, option])));
    const faulty = new Set(faults.map((fault) => fault.path[0]));
    value[code] = Object.fromEntries(
      entries.filter(({ key }) => !faulty.has(key)).map(({ key, option }) => [key, option]),
    );
    for (const fault of faults) {
      const name = entries.find(({ key }) => key === fault.path[0])?.name;
      const path = name === undefined ? fault.path : [name, ...fault.path.slice(1)];
      const message = fault.message.replace(/`([a-z]+[A-Z]\w*)`/g, (_, key: string) => `\`${spell(key)}\``);
      problems.push({ ...fault, path: [code, ...path], message });
    }
  }
  return { value, problems };
}

function unknownSelectors(key: string, value: unknown, known: KnownRules): ValueProblem[] {
  const problems: ValueProblem[] = [];
  const check = (selector: unknown, path: string[], at: 'key' | 'value') => {
    if (typeof selector !== 'string' || !/^GR\d{0,3}$/.test(selector)) return;
    if (known.cards.some((card) => card.code.startsWith(selector))) return;
    problems.push({ path, at, message: unknownRule(selector, known) });
  };
  const checkList = (list: unknown, path: string[]) => {
    if (!Array.isArray(list)) return;
    for (const [index, selector] of list.entries()) check(selector, [...path, String(index)], 'value');
  };
  if (key === 'select' || key === 'ignore' || key === 'fixAllExclude') checkList(value, []);
  if (key === 'severity' && isRecord(value)) for (const code of Object.keys(value)) check(code, [code], 'key');
  if (key === 'perFileIgnores' && isRecord(value)) {
    for (const [glob, list] of Object.entries(value)) checkList(list, [glob]);
  }
  return problems;
}

/** What is wrong with a selector that does not come from a file, or undefined. */
export function selectorProblem(selector: string, known: Pick<KnownRules, 'cards'>): string | undefined {
  const [problem] = problemsOf(RuleSelector, selector);
  if (problem !== undefined) return withRuleHint(problem, selector, known).message;
  if (selector === 'ALL' || known.cards.some((card) => card.code.startsWith(selector))) return undefined;
  return unknownRule(selector, known);
}

/** `unknown rule …`, with the code that is probably meant; a rule's name stands for its code. */
export function unknownRule(code: string, known: Pick<KnownRules, 'cards'>): string {
  const named = known.cards.find((card) => card.name === code);
  if (named !== undefined) return `unknown rule \`${code}\`; did you mean \`${named.code}\`?`;
  const candidates = known.cards.flatMap((card) => (code.startsWith('GR') ? [card.code] : [card.name, card.code]));
  return /^GR\d{0,2}$/.test(code)
    ? `no rule begins with \`${code}\``
    : `unknown rule \`${code}\`${didYouMean(code, candidates)}`;
}

/** Where a rule's name stands for its code, or a code is in lower case, the message says which code is meant. */
function withRuleHint(problem: ValueProblem, root: unknown, known: Pick<KnownRules, 'cards'>): ValueProblem {
  let word: unknown = problem.at === 'key' ? problem.path.at(-1) : root;
  if (problem.at === 'value') {
    for (const key of problem.path)
      word = typeof word === 'object' && word !== null ? Reflect.get(word, key) : undefined;
  }
  if (typeof word !== 'string') return problem;
  const text = word;
  const meant = known.cards.find((card) => card.name === text || card.code === text.toUpperCase());
  return meant === undefined || meant.code === text
    ? problem
    : { ...problem, message: `${problem.message}; did you mean \`${meant.code}\`?` };
}

function named(option: string, fault: ValueProblem): string {
  return fault.message.startsWith('unknown') || fault.message.startsWith('no rule')
    ? fault.message
    : `\`${[option, ...fault.path.filter((part) => !/^\d+$/.test(part))].join('.')}\`: ${fault.message}`;
}

function spanOfProblem(table: TomlNode, problem: ValueProblem): Span {
  for (let length = problem.path.length; length > 0; length -= 1) {
    const node = nodeAt(table, problem.path.slice(0, length));
    if (node === undefined) continue;
    const span = problem.at === 'key' && length === problem.path.length ? node.key : node.span;
    return { start: span.start, end: span.end };
  }
  return { start: table.span.start, end: table.span.end };
}

/** `project.requires-python`, else Poetry's own place for it. One that cannot be read is left to the packaging tools. */
function readRequiresPython(root: TomlNode): PythonVersion | undefined {
  const project = nodeAt(root, ['project', 'requires-python'])?.value;
  if (typeof project === 'string') return lowestSupportedPython(project);
  const poetry = nodeAt(root, ['tool', 'poetry', 'dependencies', 'python'])?.value;
  const version = isRecord(poetry) ? poetry.version : poetry;
  return typeof version === 'string' ? lowestSupportedPython(version) : undefined;
}

/** `perFileIgnores` → `per-file-ignores`. */
export function kebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
