// `npm start`: the extension in a real VS Code, on the sample project or on a folder: `npm start -- FOLDER [--port N]`.
// A desktop VS Code where there is one, else the one that code-server carries, for any browser. Runs until Ctrl+C.
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, findDesktopVSCode, missing, npm, root, run, runCommand } from './environment.mjs';

const startFolder = path.join(root, 'out', 'start');

await runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { port: { type: 'string', default: '0' } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw missing(`--port ${values.port} is no port number.`);
  const folder = positionals[0] === undefined ? sampleCopy() : existingFolder(positionals[0]);
  await ensureInstalled();
  await npmRun('build');
  const desktop = findDesktopVSCode();
  if (desktop !== undefined) return openDesktop(desktop, folder);
  await npmRun('package');
  return serve(folder, port);
});

/** A copy of the sample project to try things on; what was tried stays until the person deletes it. */
function sampleCopy() {
  const copy = path.join(startFolder, 'sample');
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.tmp`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(startFolder, { recursive: true });
  cpSync(path.join(root, 'sample'), unfinished, { recursive: true });
  renameSync(unfinished, copy);
  return copy;
}

/** @param {string} folder */
function existingFolder(folder) {
  const absolute = path.resolve(process.env.INIT_CWD ?? process.cwd(), folder); // where npm was called
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return absolute;
  throw missing(`${absolute} is no folder: give the folder of a Python project, or none for the sample project.`);
}

/** @param {string} script */
async function npmRun(script) {
  const code = await npm(['run', '--silent', script]);
  if (code !== 0) throw missing(`"npm run ${script}" failed: see its message above.`);
}

/**
 * @param {string} program
 * @param {string} folder
 */
function openDesktop(program, folder) {
  console.log(`Opening ${folder} in VS Code (${program}).`);
  return run(program, ['--new-window', `--extensionDevelopmentPath=${root}`, folder]);
}

/**
 * Serves the workbench with the packaged extension installed: without its test driver, the server ignores
 * `extensionDevelopmentPath`. Gives the exit code once a signal, or the server's own end, ends it.
 * @param {string} folder
 * @param {number} port
 */
async function serve(folder, port) {
  const { installHost } = await import('../test/editor/host/setup.mjs');
  const { startServer } = await import('../test/editor/host/server.mjs');
  await installHost();
  const token = randomBytes(12).toString('hex');
  /** @type {(code: number) => void} */
  let end = () => {};
  const ended = new Promise((resolve) => {
    end = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));
  const server = await startServer({
    dataFolder: path.join(startFolder, 'vscode'),
    extensions: [path.join(root, 'dist', 'groundrules.vsix')],
    settings: { 'workbench.startupEditor': 'readme' }, // the sample's says what there is to see
    token,
    port,
    onExit: (code) => {
      console.error(`VS Code ended by itself with ${code}.`);
      end(1);
    },
  });
  console.log(
    `\nGroundrules on ${folder}:\n\n  http://${server.authority}/?tkn=${token}&folder=${encodeURI(folder)}\n`,
  );
  console.log('Open this address in a browser, then src/app/services/order_service.py. Ctrl+C ends it.');
  const code = await ended;
  await server.stop();
  return code;
}
