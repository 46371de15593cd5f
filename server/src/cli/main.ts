import { readFileSync } from 'node:fs';
import type { ProjectSettings } from '../../../shared-rules/src/index.ts';
import type { Rule } from '../engine/index.ts';
import { type ConfigurationCache, type ConfigurationFile, createConfigurationCache } from '../settings/nearest.ts';
import { selectorProblem, unknownRule } from '../settings/parse.ts';
import { normalisePath, parentFolder, relativePath, resolvePath } from '../settings/paths.ts';
import {
  type ResolvedSettings,
  resolveSettings,
  type SettingsLayer,
  type SettingsSources,
} from '../settings/resolve.ts';
import { knownRulesOf } from '../settings/rule-sets.ts';
import { type CheckArguments, parseArguments, usage } from './arguments.ts';
import type { EngineParts as Engine } from './check-file.ts';
import { type CheckPlan, createChecker, type PlannedFile } from './check-file.ts';
import { discoverFiles } from './discover.ts';
import { decodeSource, reasonOf } from './files.ts';
import { type PoolOptions, runPlan } from './pool.ts';
import { formatOf } from './report/formats.ts';
import { createPlaces } from './report/places.ts';
import { statisticsJson, statisticsText } from './report/statistics.ts';
import { emptyTally } from './report/tally.ts';
import { count } from './report/text.ts';
import type { Tally } from './report/types.ts';
import { ruleList, rulesJson } from './rules.ts';

/** What the command line needs of the world around it. */
export interface Surroundings extends PoolOptions {
  /** The working folder. */
  folder: string;
  version: string;
  /** The folder of the rules' pages, when they are published. */
  documentation?: string | undefined;
  /** The documentation of a rule, as Markdown. */
  page(rule: Rule): string;
  write(text: string): void;
  writeError(text: string): void;
  readInput(): Promise<Buffer>;
  /** Made when something is to be analysed. */
  engine(): Promise<Engine>;
  /** The rules alone: nothing has to be loaded for them. */
  rules: Engine['rules'];
  startLanguageServer(): Promise<void>;
}

/** 0: nothing found; 1: findings (with `--diff`: changes); 2: wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2;

/** Runs `groundrules` with these arguments. Gives the exit code; undefined while the language server goes on. */
export async function runCommandLine(argv: readonly string[], around: Surroundings): Promise<ExitCode | undefined> {
  const read = parseArguments(argv);
  if ('problem' in read) return refuse(around, read.problem);
  switch (read.command) {
    case 'version':
      around.write(`groundrules ${around.version}\n`);
      return 0;
    case 'help':
      around.write(usage);
      return 0;
    case 'rules': {
      const cards = around.rules.map((rule) => rule.card);
      around.write(read.format === 'json' ? rulesJson(cards) : ruleList(cards));
      return 0;
    }
    case 'rule': {
      const { code } = read;
      const rule = around.rules.find(({ card }) => card.code === code.toUpperCase() || card.name === code);
      if (rule === undefined) return refuse(around, unknownRule(code, { cards: around.rules.map(({ card }) => card) }));
      around.write(around.page(rule));
      return 0;
    }
    case 'lsp':
      await around.startLanguageServer();
      return undefined;
    default:
      try {
        return await check(read, around);
      } catch (error) {
        // A missing part of the installation, or a mistake of ours: neither is a finding.
        return refuse(around, reasonOf(error));
      }
  }
}

async function check(options: CheckArguments, around: Surroundings): Promise<ExitCode> {
  const folder = normalisePath(around.folder);
  const cards = around.rules.map((rule) => rule.card);
  for (const [option, list] of [
    ['--select', options.select],
    ['--ignore', options.ignore],
  ] as const) {
    for (const selector of list ?? []) {
      const problem = selectorProblem(selector, { cards });
      if (problem !== undefined) return refuse(around, `\`${option}\`: ${problem}`);
    }
  }
  // The parser is compiled beside this thread; meanwhile the files are looked for.
  const engine = around.engine();
  engine.catch(() => undefined);
  const configurations = createConfigurationCache({ readFile: readFileIfThere }, knownRulesOf(around.rules));
  const settings = createSettingsTable(options, folder, configurations, around);
  if ('problem' in settings) return refuse(around, settings.problem);

  const fromInput = options.paths[0] === '-';
  const inputPath = resolvePath(folder, options.stdinFilename ?? 'stdin.py');
  const discovered = fromInput
    ? { files: [], skipped: [], missing: [] }
    : discoverFiles(options.paths, folder, (path) => settings.resolved(path).excludesEntry(path));
  const [missing] = discovered.missing;
  if (missing !== undefined) return refuse(around, `no such file or folder: \`${missing}\``);
  const shown = (path: string) => relativePath(folder, path) ?? path;
  const files = (fromInput ? [{ path: inputPath, size: 0 }] : discovered.files).map(
    ({ path, size }): PlannedFile => ({ path, shownPath: shown(path), size, settings: settings.indexOf(path) }),
  );
  // Every configuration that counts for a file has been read by now.
  const broken = configurations.files().filter((file) => file.problems.length > 0);
  if (broken.length > 0) {
    around.writeError(broken.map((file) => configurationProblems(file, shown(file.path))).join(''));
    return 2;
  }
  if (files.length === 0) around.writeError('groundrules: no Python files found\n');
  for (const { path, reason } of discovered.skipped) around.writeError(`${shown(path)}: ${reason}\n`);
  const plan: CheckPlan = {
    files,
    settings: settings.sources,
    action: options.fix ? 'fix' : options.diff ? 'diff' : 'report',
    format: options.format,
    statistics: options.statistics,
    version: around.version,
    documentation: around.documentation,
  };
  return fromInput ? checkInput(plan, options, engine, around) : checkFiles(plan, engine, around);
}

async function checkFiles(plan: CheckPlan, engine: Promise<Engine>, around: Surroundings): Promise<ExitCode> {
  const { outcomes, tally } = await runPlan(plan, engine, around);
  for (const [index, { problem }] of outcomes.entries()) {
    if (problem !== undefined) around.writeError(`${plan.files[index]?.shownPath}: ${problem}\n`);
  }
  const outputs = outcomes.map(({ output }) => output).filter((output) => output !== '');
  writeReport(plan, outputs, tally, around.rules, around.write);
  if (plan.action !== 'diff') return tally.findings === 0 ? 0 : 1;
  around.writeError(
    outputs.length === 0
      ? 'Nothing to fix.\n'
      : `Would fix ${count(tally.fixed, 'finding')} in ${count(outputs.length, 'file')}.\n`,
  );
  return outputs.length === 0 ? 0 : 1;
}

/** Standard input: with `--fix` the fixed text goes to standard output, and the report beside it to standard error. */
async function checkInput(
  plan: CheckPlan,
  options: CheckArguments,
  engine: Promise<Engine>,
  around: Surroundings,
): Promise<ExitCode> {
  const [planned] = plan.files;
  if (planned === undefined) throw new RangeError('the plan has no file');
  const source = decodeSource(await around.readInput());
  if ('skipped' in source) return refuse(around, `standard input ${source.skipped}`);
  // Without a name it has the settings of the working folder, and `-` stands where its path would.
  const file = options.stdinFilename === undefined ? { ...planned, shownPath: '-' } : planned;
  const tally = emptyTally();
  const checker = createChecker(plan, await engine);
  const { output, text, problem } = checker.checkText(file, source.text, tally);
  if (problem !== undefined) around.writeError(`${file.shownPath}: ${problem}\n`);
  const outputs = output === '' ? [] : [output];
  if (plan.action === 'fix') around.write(text);
  writeReport(plan, outputs, tally, around.rules, plan.action === 'fix' ? around.writeError : around.write);
  return plan.action === 'diff' ? (output === '' ? 0 : 1) : tally.findings === 0 ? 0 : 1;
}

function writeReport(
  plan: CheckPlan,
  outputs: readonly string[],
  tally: Tally,
  rules: Engine['rules'],
  write: (text: string) => void,
): void {
  if (plan.action === 'diff') {
    for (const output of outputs) write(output);
    return;
  }
  if (plan.statistics) {
    write(plan.format === 'json' ? statisticsJson(tally) : statisticsText(tally));
    return;
  }
  const format = formatOf(
    plan,
    rules.map((rule) => rule.card),
  );
  // A report may be larger than a string can be: it goes out in large pieces.
  let piece = format.begin;
  for (const [index, output] of outputs.entries()) {
    piece += index === 0 ? output : format.between + output;
    if (piece.length < 1_000_000) continue;
    write(piece);
    piece = '';
  }
  write(piece + format.end(tally));
}

interface SettingsTable {
  /** One for every configuration in use. */
  sources: Omit<SettingsSources, 'cards'>[];
  indexOf(path: string): number;
  resolved(path: string): ResolvedSettings;
}

/** Finds and resolves the settings of files; files below one configuration share them. */
function createSettingsTable(
  options: CheckArguments,
  folder: string,
  configurations: ConfigurationCache,
  around: Surroundings,
): SettingsTable | { problem: string } {
  const cards = around.rules.map((rule) => rule.card);
  const sources: Omit<SettingsSources, 'cards'>[] = [];
  const resolved: ResolvedSettings[] = [];
  const indexes = new Map<string, number>();
  let explicit: ConfigurationFile | undefined;
  if (options.config !== undefined) {
    explicit = configurations.read(resolvePath(folder, options.config));
    if (explicit === undefined) return { problem: `no such configuration file: \`${options.config}\`` };
    if (explicit.settings === undefined && explicit.problems.length === 0) {
      return { problem: `\`${options.config}\` has no table \`[tool.groundrules]\`` };
    }
  }
  const asked = options.paths.map((path) => resolvePath(folder, path));
  // A file elsewhere is seen from the folder that was asked for, since what it is for is told by the folders above it.
  const rootOf = (path: string, usual: string): string =>
    [usual, ...asked].find((root) => relativePath(root, path)) ?? parentFolder(path) ?? usual;
  const indexOf = (path: string): number => {
    const nearest = options.isolated
      ? { file: undefined, requiresPython: undefined }
      : explicit === undefined
        ? configurations.nearest(path)
        : { file: explicit, requiresPython: explicit.requiresPython ?? configurations.nearest(path).requiresPython };
    const root = rootOf(path, explicit === undefined ? (nearest.file?.folder ?? folder) : folder);
    const key = `${nearest.file?.path} ${nearest.requiresPython} ${root}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const layers: SettingsLayer[] = [{ settings: settingsOf(options), folder }];
    if (nearest.file?.settings !== undefined)
      layers.push({ settings: nearest.file.settings, folder: nearest.file.folder });
    const index = sources.push({ layers, root, requiresPython: nearest.requiresPython }) - 1;
    resolved.push(resolveSettings({ cards, layers, root, requiresPython: nearest.requiresPython }));
    indexes.set(key, index);
    return index;
  };
  return {
    sources,
    indexOf,
    resolved(path) {
      const settings = resolved[indexOf(path)];
      if (settings === undefined) throw new RangeError(`no settings for ${path}`);
      return settings;
    },
  };
}

/** The command line as a layer above the configuration file. */
function settingsOf({ select, ignore, unsafeFixes }: CheckArguments): ProjectSettings {
  return {
    ...(select === undefined ? {} : { select }),
    ...(ignore === undefined ? {} : { ignore }),
    ...(unsafeFixes ? { fixAllUnsafe: true } : {}),
  };
}

function configurationProblems(file: ConfigurationFile, shownPath: string): string {
  const place = createPlaces(file.text);
  return file.problems
    .map(({ start, message }) => {
      const { row, column } = place(start);
      return `${shownPath}:${row}:${column}: ${message}\n`;
    })
    .join('');
}

function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Error(reasonOf(error));
  }
}

function refuse(around: Surroundings, problem: string): 2 {
  around.writeError(`groundrules: ${problem}\n`);
  return 2;
}
