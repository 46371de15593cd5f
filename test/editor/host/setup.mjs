#!/usr/bin/env node
// Installs the real VS Code into this folder's node_modules: `node test/editor/host/setup.mjs`, or installHost().
import { existsSync, lstatSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, findOrInstallCompiler, missing, run, runCommand } from '../../../tools/environment.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(folder, 'node_modules');

/** The folder of the VS Code server inside the installed modules. */
export const vscodeFolder = path.join(modules, 'code-server', 'lib', 'vscode');

/** The package that carries the Node which the VS Code server runs on; our own may be older. */
const nodeFolder = path.join(modules, `node-linux-${process.arch}`);
export const hostNode = path.join(nodeFolder, 'bin', 'node');

/** The browser driver inside the installed modules. */
export const playwright = path.join(modules, 'playwright-core', 'index.mjs');

/** Installs what is missing of the VS Code server; does nothing when all is there. */
export async function installHost() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw missing(
      'Without a desktop VS Code this runs on Linux only: install VS Code and put "code" on the PATH, or set VSCODE_EXECUTABLE.',
    );
  }
  // The install scripts of code-server would compile a dozen modules that a test host has no use for.
  await ensureInstalled(folder, ['--ignore-scripts']);
  linkModules();
  await buildLogModule();
}

/** The server looks for its modules beside itself, where code-server's own install script would have put them. */
function linkModules() {
  const link = path.join(vscodeFolder, 'node_modules');
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync('../../../../node_modules', link);
}

/** The one compiled module that is worth it: without spdlog every Output channel stays empty. */
async function buildLogModule() {
  if (existsSync(path.join(modules, '@vscode', 'spdlog', 'build', 'Release', 'spdlog.node'))) return;
  if (!findOrInstallCompiler()) {
    throw missing(
      'Building VS Code’s log module needs a C++ compiler: install one (Debian: apt-get install g++ make).',
    );
  }
  const env = {
    ...process.env,
    npm_config_nodedir: nodeFolder, // its headers stand there: node-gyp downloads nothing
    npm_config_ignore_scripts: 'false',
    PATH: `${path.dirname(hostNode)}${path.delimiter}${process.env.PATH}`,
  };
  const args = ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await run('npm', args, { cwd: folder, env }); // npm itself on the server's Node: it tells node-gyp the ABI
  if (code !== 0) throw missing('VS Code’s log module could not be compiled: see the message above.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand(async () => {
    await installHost();
    return 0;
  });
}
