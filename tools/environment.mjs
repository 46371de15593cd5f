// What the commands of this repository need from the machine: found, installed where that is possible, or named in one
// sentence. Runs with plain Node before node_modules exists, so it imports nothing but Node itself.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. (`import.meta.dirname` came only with Node 20.11.) */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const missingPart = 'MissingPart';

/**
 * An error whose message is the one sentence a person needs to read: what is missing and how to get it.
 * @param {string} sentence
 */
export function missing(sentence) {
  const error = new Error(sentence);
  error.name = missingPart;
  return error;
}

/**
 * Runs a command's main function. Its number is the exit code; a missing part ends it with its one sentence and code 1.
 * @param {() => Promise<number>} main
 */
export async function runCommand(main) {
  try {
    requireNode20();
    process.exitCode = await main();
  } catch (error) {
    if (!isForThePerson(error)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/**
 * Whether the message alone says what to do: a missing part, or a switch that does not exist.
 * @param {unknown} error
 * @returns {error is Error}
 */
function isForThePerson(error) {
  if (!(error instanceof Error)) return false;
  return error.name === missingPart || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'));
}

/** Throws when this is an older Node than the project runs on. */
export function requireNode20() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) {
    throw missing(
      `Groundrules needs Node 20 or later, and this is Node ${process.versions.node}: install a newer one.`,
    );
  }
}

/**
 * Makes a folder's node_modules what its package-lock.json says; does nothing when it already is.
 * @param {string} [folder]
 * @param {string[]} [flags] further flags of `npm ci`
 */
export async function ensureInstalled(folder = root, flags = []) {
  if (isInstalled(folder)) return;
  const modules = path.join(folder, 'node_modules');
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // npm would empty the folder that the link leads to, which belongs to another checkout.
    throw missing(`${modules} is a link to modules of another version: run "npm ci" there, or remove the link.`);
  }
  console.error(`Installing the modules of ${path.relative(process.cwd(), folder) || 'this project'} …`);
  const code = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error', ...flags], { cwd: folder });
  if (code !== 0) throw missing(`"npm ci" failed in ${folder}: see its message above.`);
}

/**
 * Whether every module that package-lock.json asks for stands in node_modules in that version. Modification times
 * would not do: git sets them on every checkout.
 * @param {string} folder
 */
function isInstalled(folder) {
  const installed = path.join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const wanted = packagesOf(path.join(folder, 'package-lock.json'));
  const present = packagesOf(installed);
  return Object.entries(wanted).every(
    ([name, entry]) => name === '' || entry.optional === true || present[name]?.version === entry.version,
  );
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages ?? {};
}

/** The path of a Python 3 (`PYTHON` in the environment, else from the PATH), or throws. */
export function findPython3() {
  const candidates = [process.env.PYTHON, findOnPath(['python3']), findOnPath(['python'])];
  const python = candidates.find((candidate) => candidate !== undefined && isPython3(candidate));
  if (python === undefined) {
    throw missing('The tests need Python 3: install it (Debian: apt-get install python3) or set PYTHON to its path.');
  }
  return python;
}

/** @param {string} candidate */
function isPython3(candidate) {
  const probe = spawnSync(candidate, ['-c', 'import sys; print(sys.version_info[0])'], { encoding: 'utf8' });
  return probe.stdout?.trim() === '3';
}

/** The path of a Chromium, Chrome or Edge (`CHROMIUM` in the environment, else found, else installed), or throws. */
export function findOrInstallChromium() {
  const chosen = process.env.CHROMIUM;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw missing(`CHROMIUM names ${chosen}, which is no program: set it to a Chromium, Chrome or Edge.`);
  }
  const found = findChromium() ?? (installDebianPackages(['chromium']) ? findChromium() : undefined);
  if (found !== undefined) return found;
  throw missing(
    'The editor tests need Chromium, Chrome or Edge: install one (Debian: apt-get install chromium) or set CHROMIUM to its path.',
  );
}

function findChromium() {
  const onPath = findOnPath([
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'chrome',
    'microsoft-edge',
    'microsoft-edge-stable',
    'msedge',
  ]);
  return onPath ?? usualChromiumPlaces().find(isExecutable);
}

function usualChromiumPlaces() {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (process.platform !== 'win32') return [];
  const programs = [process.env.ProgramFiles, process.env['ProgramFiles(x86)'], process.env.LOCALAPPDATA];
  return programs
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => [
      path.join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
      path.join(folder, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
    ]);
}

/** The path of Neovim (found on the PATH, else installed), or throws. */
export function findOrInstallNeovim() {
  const found = findOnPath(['nvim']) ?? (installDebianPackages(['neovim']) ? findOnPath(['nvim']) : undefined);
  if (found !== undefined) return found;
  throw missing('The tests need Neovim: install it (Debian: apt-get install neovim) so that "nvim" is on the PATH.');
}

/** Whether C++ can be compiled here, after an attempt to install what that takes. */
export function findOrInstallCompiler() {
  const here = () => findOnPath(['make']) !== undefined && findOnPath(['g++', 'c++', 'clang++']) !== undefined;
  return here() || (installDebianPackages(['g++', 'make']) && here());
}

/**
 * Installs packages of Debian or Ubuntu; false where this is neither, or the user is not root, or apt-get failed.
 * @param {string[]} packages
 */
function installDebianPackages(packages) {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) return false;
  console.error(`Installing ${packages.join(', ')} with apt-get …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return [
    ['update', '--quiet=2'],
    ['install', '--yes', '--quiet=2', '--no-install-recommends', ...packages],
  ].every((args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 2, 2] }).status === 0);
}

/**
 * The program file of a desktop VS Code: `VSCODE_EXECUTABLE`, else the one behind `code` on the PATH; undefined where
 * there is none that can open a window. `code` itself is only a script that starts it and does not wait.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 * @returns {string | undefined}
 */
export function findDesktopVSCode(env = process.env, platform = process.platform) {
  const chosen = env.VSCODE_EXECUTABLE;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw missing(`VSCODE_EXECUTABLE names ${chosen}, which is no program: set it to the program file of a VS Code.`);
  }
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return undefined;
  const script = findOnPath(['code'], env);
  if (script === undefined) return undefined;
  const bin = path.dirname(realpathSync(script));
  const places = {
    darwin: ['../../../MacOS/Electron', '../../../MacOS/Code'],
    win32: ['../Code.exe'],
  };
  return (platform === 'darwin' || platform === 'win32' ? places[platform] : ['../code'])
    .map((place) => path.resolve(bin, place))
    .find(isExecutable);
}

/**
 * The first of the named programs on the PATH.
 * @param {string[]} names
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined}
 */
export function findOnPath(names, env = process.env) {
  const folders = (env.PATH ?? env.Path ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  return names
    .flatMap((name) => folders.flatMap((folder) => endings.map((ending) => path.join(folder, name + ending))))
    .find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs npm, the same one that runs this command where npm started it.
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function npm(args, options = {}) {
  const running = process.env.npm_execpath;
  if (running?.endsWith('.js')) return run(process.execPath, [running, ...args], options);
  return run('npm', args, { shell: process.platform === 'win32', ...options });
}

/**
 * Runs a program with this process's input and output; gives its exit code, 1 when a signal ended it.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
