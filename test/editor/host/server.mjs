// The VS Code server as a child process: started, listened to, stopped with everything it started.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { missing } from '../../../tools/environment.mjs';
import { hostNode, vscodeFolder } from './setup.mjs';

/** Nothing that asks the network, moves the layout or writes files by itself. */
const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'git.enabled': false,
  'files.autoSave': 'off',
};

const quietSwitches = [
  '--disable-telemetry',
  '--disable-experiments',
  '--disable-workspace-trust',
  '--disable-getting-started-override',
  '--disable-update-check',
];

/**
 * @typedef {object} ServerOptions
 * @property {string} dataFolder settings, extensions and logs; made when absent
 * @property {string[]} [extensions] .vsix files to install first
 * @property {Record<string, unknown>} [settings] of the user, beside those that keep VS Code quiet
 * @property {string} [token] what a browser must bring in `?tkn=`; without it anyone on this machine may connect
 * @property {number} [port] 0, the default, takes a free one
 * @property {string[]} [switches] further switches of the server
 * @property {NodeJS.ProcessEnv} [env] the environment of the server and of the extension hosts
 * @property {(text: string) => void} [onOutput] hears everything the server prints
 * @property {(code: number | null) => void} [onExit] hears that it ended by itself
 */

/**
 * Starts a server on 127.0.0.1 and resolves once it listens.
 * @param {ServerOptions} options
 * @returns {Promise<{ authority: string, group: number, stop: () => Promise<void> }>} `group` is its process group
 */
export async function startServer(options) {
  const { dataFolder, extensions = [], settings = {}, token, port = 0, switches = [], onOutput, onExit } = options;
  // No gallery: the server would query a public one for every extension it knows.
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, ...options.env, EXTENSIONS_GALLERY: '{}' };
  delete env.VSCODE_IPC_HOOK_CLI;
  const base = [path.join(vscodeFolder, 'out', 'server-main.js'), '--accept-server-license-terms'];
  base.push('--server-data-dir', dataFolder);
  writeSettings(dataFolder, settings);
  for (const file of extensions) installExtension(base, file, env);

  const tokenSwitches = token === undefined ? ['--without-connection-token'] : ['--connection-token', token];
  const server = spawn(
    hostNode,
    [...base, '--host', '127.0.0.1', '--port', String(port), ...tokenSwitches, ...quietSwitches, ...switches],
    { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }, // detached: a process group that ends as one
  );
  let stopping = false;

  async function stop() {
    stopping = true;
    if (server.pid === undefined) return;
    const ended = server.exitCode !== null || server.signalCode !== null;
    const exit = ended ? Promise.resolve() : new Promise((resolve) => server.once('exit', resolve));
    signalGroup(server.pid, 'SIGTERM');
    await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 3000))]);
    signalGroup(server.pid, 'SIGKILL'); // extension host, language server, watchers
  }

  const listening = await new Promise((resolve, reject) => {
    let output = '';
    let resolved = false;
    /** @param {Buffer} chunk */
    const hear = (chunk) => {
      onOutput?.(String(chunk));
      if (resolved) return;
      output += chunk;
      const match = /agent listening on (\d+)/.exec(output);
      if (match === null) return;
      resolved = true;
      resolve(match[1]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('error', reject);
    server.once('exit', (code) => {
      if (!resolved) reject(new Error(`The VS Code server ended with ${code}:\n${output.slice(-3000)}`));
      else if (!stopping) onExit?.(code);
    });
  });
  return { authority: `127.0.0.1:${listening}`, group: server.pid ?? 0, stop };
}

/**
 * Written once: what a person changes in the settings of `npm start` stays.
 * @param {string} dataFolder
 * @param {Record<string, unknown>} settings
 */
function writeSettings(dataFolder, settings) {
  const folder = path.join(dataFolder, 'data', 'User');
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }, null, 2), {
      flag: 'wx',
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/**
 * @param {string[]} base
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 */
function installExtension(base, file, env) {
  const args = [...base, '--install-extension', path.resolve(file), '--force'];
  const { status, stdout, stderr } = spawnSync(hostNode, args, { env, encoding: 'utf8' });
  if (status !== 0) throw missing(`VS Code could not install ${file}:\n${stdout}${stderr}`);
}

/**
 * @param {number} leader
 * @param {NodeJS.Signals} signal
 */
function signalGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody of the group is left.
  }
}
