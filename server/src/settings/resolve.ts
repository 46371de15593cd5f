import {
  defaultMaxFileSize,
  type ProjectSettings,
  type PythonVersion,
  pythonVersions,
  type RuleCard,
  type Severity,
  type StandardId,
  standardIds,
} from '../../../shared-rules/src/index.ts';
import { compileGlob, type PathGlob } from './globs.ts';
import { baseName, relativePath } from './paths.ts';

/** Settings from one place. `folder` is what its globs are relative to: the configuration file's or the workspace's. */
export interface SettingsLayer {
  settings: ProjectSettings;
  folder: string;
}

export interface SettingsSources {
  cards: readonly SettingsCard[];
  /** The one that counts most first. */
  layers: readonly SettingsLayer[];
  /** The folder whose environments and caches are left alone: the project's, the workspace's. Above it any name is good. */
  root: string;
  requiresPython?: PythonVersion | undefined;
}

export type SettingsCard = Pick<RuleCard, 'code' | 'severity' | 'standards'>;

/** Settings of a file, everything defaulted. Paths are absolute and normalised (`paths.ts`). */
export interface ResolvedSettings {
  /** The oldest Python the code must run on. */
  targetVersion: PythonVersion;
  /** False when nobody says what the code must run on, so that `targetVersion` is a guess. */
  targetKnown: boolean;
  standards: ReadonlySet<StandardId>;
  maxFileSize: number;
  /** Whether fix-all and fix-on-save apply unsafe fixes too. */
  fixAllUnsafe: boolean;
  /** Codes of the rules that run in a file. Files with the same rules get the same set object. */
  rulesFor(path: string): ReadonlySet<string>;
  isEnabled(code: string, path: string): boolean;
  severityOf(card: SettingsCard): Severity;
  /** The severity that somebody set for a rule; undefined leaves it to the rule. */
  setSeverityOf(code: string): Severity | undefined;
  /** The options set for a rule, camelCase, as written: the rule's own schema fills in the rest. */
  optionsOf(code: string): Record<string, unknown>;
  /** True when the file, or a folder above it, is one to leave alone. */
  isExcluded(path: string): boolean;
  /** Like `isExcluded` for one file or folder that a walk has reached; the folders above it do not count. */
  excludesEntry(path: string): boolean;
  /** Whether fix-all may apply a rule's fix of this safety. */
  fixAllAllows(code: string, safety: 'safe' | 'unsafe'): boolean;
}

/** Folders that hold no code of the team: environments, caches, what is built or installed. */
export const defaultExcludes = [
  '.bzr',
  '.direnv',
  '.eggs',
  '.git',
  '.git-rewrite',
  '.hg',
  '.ipynb_checkpoints',
  '.mypy_cache',
  '.nox',
  '.pants.d',
  '.pyenv',
  '.pytest_cache',
  '.pytype',
  '.ruff_cache',
  '.svn',
  '.tox',
  '.venv',
  '.vscode',
  '__pycache__',
  '__pypackages__',
  '_build',
  'buck-out',
  'build',
  'dist',
  'env',
  'node_modules',
  'site-packages',
  'venv',
] as const;

/** What the code must run on where nobody says so: the default of Ruff, which most users run beside this. */
export const defaultTargetVersion: PythonVersion = '3.10';

/**
 * Joins layers, the one that counts most first: command line, committed file, editor. `standards`, `severity` and
 * `rules` join key by key; of other settings the first layer that has one gives it. Rule selection stacks as Ruff's
 * does: `select` in a layer replaces what the layers below it selected, `ignore` alone takes rules away from that; within
 * a layer the longest selector wins, and `ignore` wins over an equally long `select`. A rule whose standards are all
 * off never runs.
 */
export function resolveSettings({ cards, layers, root, requiresPython }: SettingsSources): ResolvedSettings {
  const first = <Key extends keyof ProjectSettings>(key: Key): ProjectSettings[Key] | undefined =>
    layers.find((layer) => layer.settings[key] !== undefined)?.settings[key];
  const standards = new Set(
    standardIds.filter(
      (id) => layers.find((layer) => layer.settings.standards?.[id] !== undefined)?.settings.standards?.[id] ?? true,
    ),
  );
  const selected = selectRules(cards, layers, standards);
  const rulesFor = perFileRules(selected, layers);
  const excludes = excludeGlobs(layers);
  const defaults = new Set<string>(defaultExcludes);
  const fixAllUnsafe = first('fixAllUnsafe') ?? false;
  const fixAllExclude = first('fixAllExclude') ?? [];
  return {
    targetVersion: first('targetVersion') ?? requiresPython ?? defaultTargetVersion,
    targetKnown: (first('targetVersion') ?? requiresPython) !== undefined,
    standards,
    maxFileSize: first('maxFileSize') ?? defaultMaxFileSize,
    fixAllUnsafe,
    rulesFor,
    isEnabled: (code, path) => rulesFor(path).has(code),
    severityOf: (card) => setSeverityOf(card.code, layers) ?? card.severity,
    setSeverityOf: (code) => setSeverityOf(code, layers),
    optionsOf: (code) => Object.assign({}, ...layers.map((layer) => layer.settings.rules?.[code] ?? {}).reverse()),
    isExcluded: (path) =>
      (relativePath(root, path) ?? '').split('/').some((name) => defaults.has(name)) ||
      excludes.some((glob) => glob.covers(path)),
    excludesEntry: (path) => defaults.has(baseName(path)) || excludes.some((glob) => glob.matches(path)),
    fixAllAllows: (code, safety) =>
      (safety === 'safe' || fixAllUnsafe) && !fixAllExclude.some((selector) => selects(selector, code)),
  };
}

/** True when the selector (`ALL`, `GR1`, `GR101`) stands for the code. */
export function selects(selector: string, code: string): boolean {
  return selector === 'ALL' || code.startsWith(selector);
}

/** The smaller of two versions by age, not by spelling: `3.9` is older than `3.10`. */
export function isOlder(version: PythonVersion, than: PythonVersion): boolean {
  return pythonVersions.indexOf(version) < pythonVersions.indexOf(than);
}

function specificity(selector: string): number {
  return selector === 'ALL' ? 0 : selector.length;
}

/** The length of the longest selector of a list that stands for the code; -1 when none does. */
function bestMatch(selectors: readonly string[] | undefined, code: string): number {
  let best = -1;
  for (const selector of selectors ?? []) if (selects(selector, code)) best = Math.max(best, specificity(selector));
  return best;
}

function selectRules(
  cards: readonly SettingsCard[],
  layers: readonly SettingsLayer[],
  standards: ReadonlySet<StandardId>,
): ReadonlySet<string> {
  const codes = new Set<string>();
  for (const card of cards) {
    if (card.standards.length > 0 && !card.standards.some((id) => standards.has(id))) continue;
    let runs = true;
    for (const { settings } of layers.toReversed()) {
      const chosen = bestMatch(settings.select, card.code);
      const dropped = bestMatch(settings.ignore, card.code);
      if (settings.select !== undefined) runs = chosen > dropped;
      else if (dropped >= 0) runs = false;
    }
    if (runs) codes.add(card.code);
  }
  return codes;
}

/** Sets are made once for every combination of matching globs: there are few, and files are many. */
function perFileRules(
  selected: ReadonlySet<string>,
  layers: readonly SettingsLayer[],
): (path: string) => ReadonlySet<string> {
  const layer = layers.find(({ settings }) => settings.perFileIgnores !== undefined);
  const entries: { glob: PathGlob; ignored: readonly string[] }[] = Object.entries(
    layer?.settings.perFileIgnores ?? {},
  ).map(([glob, ignored]) => ({ glob: compileGlob(glob, layer?.folder ?? '/'), ignored }));
  if (entries.length === 0) return () => selected;
  const sets = new Map<string, ReadonlySet<string>>();
  return (path) => {
    const matching = entries.filter(({ glob }) => glob.covers(path));
    if (matching.length === 0) return selected;
    const key = matching.map((entry) => entries.indexOf(entry)).join();
    const known = sets.get(key);
    if (known !== undefined) return known;
    const ignored = matching.flatMap((entry) => entry.ignored);
    const rules = new Set([...selected].filter((code) => !ignored.some((selector) => selects(selector, code))));
    sets.set(key, rules);
    return rules;
  };
}

function excludeGlobs(layers: readonly SettingsLayer[]): PathGlob[] {
  const layer = layers.find(({ settings }) => settings.exclude !== undefined);
  return (layer?.settings.exclude ?? []).map((glob) => compileGlob(glob, layer?.folder ?? '/'));
}

function setSeverityOf(code: string, layers: readonly SettingsLayer[]): Severity | undefined {
  for (const { settings } of layers) {
    const selectors = Object.keys(settings.severity ?? {}).filter((selector) => selects(selector, code));
    const best = selectors.sort((one, other) => specificity(other) - specificity(one))[0];
    const severity = best === undefined ? undefined : settings.severity?.[best];
    if (severity !== undefined) return severity;
  }
  return undefined;
}
