import type { ProjectSettings, PythonVersion } from '../../../shared-rules/src/index.ts';
import { type ConfigurationKind, type KnownRules, parseConfiguration, type SettingsProblem } from './parse.ts';
import { baseName, parentFolder } from './paths.ts';

/** What the search needs of a disk. The server puts the open documents in front of it, tests a map. */
export interface FileSystem {
  /** The text of a file; undefined when there is no such file. Throws when there is one that cannot be read. */
  readFile(path: string): string | undefined;
}

/** A configuration file as it counts now. */
export interface ConfigurationFile {
  path: string;
  /** What its globs are relative to. */
  folder: string;
  /** The text that `problems` have their places in. */
  text: string;
  /** In force: of the last text without a problem, or of the good parts when there never was one. */
  settings: ProjectSettings | undefined;
  requiresPython: PythonVersion | undefined;
  problems: SettingsProblem[];
}

export interface NearestConfiguration {
  /** The nearest file with settings, or undefined when there is none. */
  file: ConfigurationFile | undefined;
  /** From the nearest pyproject.toml that says so, which may be another file. */
  requiresPython: PythonVersion | undefined;
}

/** Remembers configuration files and which of them is nearest; it forgets only what it is told to. */
export interface ConfigurationCache {
  /** The configuration for a file (not a folder). Paths are absolute and normalised. */
  nearest(path: string): NearestConfiguration;
  /** One configuration file, whatever its name; undefined when there is no such file. */
  read(path: string): ConfigurationFile | undefined;
  /** Every configuration file that was read and is still remembered, by path. */
  files(): ConfigurationFile[];
  /** Forgets one file that changed, came or went; without a path all of them. The last good settings are kept. */
  invalidate(path?: string): void;
}

/** File names that hold a configuration, in the order in which they count within a folder. */
export const configurationNames = ['groundrules.toml', 'pyproject.toml'] as const;

/** See `ConfigurationCache`. `known` is what `parseConfiguration` checks rule codes and options against. */
export function createConfigurationCache(fileSystem: FileSystem, known: KnownRules): ConfigurationCache {
  const files = new Map<string, ConfigurationFile | undefined>();
  const lastGood = new Map<string, Pick<ConfigurationFile, 'settings' | 'requiresPython'>>();
  const folders = new Map<string, NearestConfiguration>();

  function read(path: string): ConfigurationFile | undefined {
    if (files.has(path)) return files.get(path);
    const file = load(path);
    files.set(path, file);
    return file;
  }

  function load(path: string): ConfigurationFile | undefined {
    const place = { path, folder: parentFolder(path) ?? path };
    let text: string | undefined;
    try {
      text = fileSystem.readFile(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const inForce = lastGood.get(path) ?? { settings: undefined, requiresPython: undefined };
      return { ...place, text: '', ...inForce, problems: [{ start: 0, end: 0, message: `cannot be read: ${reason}` }] };
    }
    if (text === undefined) {
      lastGood.delete(path);
      return undefined;
    }
    const { settings, requiresPython, problems } = parseConfiguration(text, kindOfFile(path), known);
    if (problems.length === 0) lastGood.set(path, { settings, requiresPython });
    const inForce = lastGood.get(path) ?? { settings, requiresPython };
    return { ...place, text, ...inForce, problems };
  }

  function nearestFrom(folder: string): NearestConfiguration {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const own = configurationNames.map((name) => read(folder.endsWith('/') ? folder + name : `${folder}/${name}`));
    const file = own.find((candidate) => candidate?.settings !== undefined);
    const requiresPython = own.find((candidate) => candidate?.requiresPython !== undefined)?.requiresPython;
    const parent = parentFolder(folder);
    const above =
      parent === undefined || (file !== undefined && requiresPython !== undefined) ? undefined : nearestFrom(parent);
    const nearest = { file: file ?? above?.file, requiresPython: requiresPython ?? above?.requiresPython };
    folders.set(folder, nearest);
    return nearest;
  }

  return {
    nearest: (path) => nearestFrom(parentFolder(path) ?? path),
    read,
    files: () =>
      [...files.values()].filter((file) => file !== undefined).sort((one, other) => (one.path < other.path ? -1 : 1)),
    invalidate(path) {
      folders.clear();
      if (path === undefined) files.clear();
      else files.delete(path);
    },
  };
}

/** `pyproject.toml` keeps settings in a table, any other file at its top. */
export function kindOfFile(path: string): ConfigurationKind {
  return baseName(path) === 'pyproject.toml' ? 'pyproject' : 'groundrules';
}
