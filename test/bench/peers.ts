import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { python } from './corpus.ts';
import type { ServerCommand } from './lsp-driver.ts';

const run = promisify(execFile);
const onWindows = process.platform === 'win32';

export interface Peers {
  ruff: { executable: string; version: string };
  pyright: { script: string; version: string };
}

/**
 * Ruff from `GROUNDRULES_BENCH_RUFF`, the PATH or `cache`, where it is installed when it is nowhere; Pyright likewise
 * from `GROUNDRULES_BENCH_PYRIGHT` (its `langserver.index.js`) or `cache`. Throws a sentence that says what is missing.
 */
export async function findPeers(cache: string): Promise<Peers> {
  await mkdir(cache, { recursive: true });
  const executable = await findRuff(cache);
  const script = await findPyright(cache);
  const ruffVersion = (await run(executable, ['--version'])).stdout.trim().replace(/^ruff /, '');
  const pyrightCli = path.join(path.dirname(script), 'index.js');
  const pyrightVersion = (await run(process.execPath, [pyrightCli, '--version'])).stdout
    .trim()
    .replace(/^pyright /, '');
  return { ruff: { executable, version: ruffVersion }, pyright: { script, version: pyrightVersion } };
}

/** `ruff server` with every rule that is not a preview, whatever the machine's own Ruff configuration says. */
export function ruffServer(peers: Peers): ServerCommand {
  return {
    name: `Ruff ${peers.ruff.version}`,
    command: peers.ruff.executable,
    args: ['server'],
    initializationOptions: {
      settings: { configurationPreference: 'editorOnly', lint: { enable: true, select: ['ALL'] }, logLevel: 'error' },
    },
  };
}

export function pyrightServer(peers: Peers): ServerCommand {
  return {
    name: `Pyright ${peers.pyright.version}`,
    command: process.execPath,
    args: [peers.pyright.script, '--stdio'],
    settings: { python: {}, 'python.analysis': { diagnosticMode: 'openFilesOnly' }, pyright: {} },
  };
}

async function findRuff(cache: string): Promise<string> {
  const named = process.env.GROUNDRULES_BENCH_RUFF;
  if (named !== undefined) return named;
  if (await starts('ruff', ['--version'])) return 'ruff';
  const environment = path.join(cache, 'ruff');
  const installed = path.join(environment, onWindows ? 'Scripts/ruff.exe' : 'bin/ruff');
  if (await exists(installed)) return installed;
  try {
    await run(python, ['-m', 'venv', environment]);
    await run(path.join(environment, onWindows ? 'Scripts/python.exe' : 'bin/python'), [
      '-m',
      'pip',
      'install',
      'ruff',
    ]);
  } catch (error) {
    throw new Error(`Ruff is missing and could not be installed with ${python} -m venv and pip: ${firstLine(error)}`);
  }
  return installed;
}

async function findPyright(cache: string): Promise<string> {
  const named = process.env.GROUNDRULES_BENCH_PYRIGHT;
  if (named !== undefined) return named;
  const prefix = path.join(cache, 'pyright');
  const installed = path.join(prefix, 'node_modules/pyright/langserver.index.js');
  if (await exists(installed)) return installed;
  try {
    await mkdir(prefix, { recursive: true });
    await run('npm', ['install', 'pyright', '--prefix', prefix, '--no-audit', '--no-fund'], { shell: onWindows });
  } catch (error) {
    throw new Error(`Pyright is missing and could not be installed with npm: ${firstLine(error)}`);
  }
  return installed;
}

async function starts(command: string, args: string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .split('\n')
    .slice(0, 2)
    .join(' ');
}
