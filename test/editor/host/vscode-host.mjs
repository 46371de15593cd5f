#!/usr/bin/env node
// The real VS Code (server, workbench and extension host) with a headless Chromium as its window.
//   --workspace DIR                  the folder to open; a copy is, so that it stays untouched
//   --ext DIR …                      extensions under development
//   --vsix FILE …                    packaged extensions to install
//   --tests MODULE                   run this mocha entry in the extension host; exit code 0 only with its passing result
//   --drive SCRIPT [--out DIR]       run its default export on the workbench; see workbench.mjs
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, parseArgs } from 'node:util';
import { findOrInstallChromium, missing, runCommand } from '../../../tools/environment.mjs';
import { startServer } from './server.mjs';
import { installHost, playwright } from './setup.mjs';
import { workbenchOf } from './workbench.mjs';

/** @type {import('node:util').ParseArgsConfig['options']} */
const definitions = {
  ext: { type: 'string', multiple: true, default: [] },
  vsix: { type: 'string', multiple: true, default: [] },
  workspace: { type: 'string' },
  tests: { type: 'string' },
  drive: { type: 'string' },
  out: { type: 'string', default: 'shots' },
  timeout: { type: 'string', default: '900' },
  verbose: { type: 'boolean', default: false },
};

/** What VS Code itself says in every run. */
const noise =
  /^(Resolv(ing|ed) connection token|Creating a socket|\[reconnection-grace|Updating additional builtin|\[Service Worker\] registration|\[AgentHost|\[AccountPolicyGate|Ignoring fetching additional builtin|Canceled: Canceled)/;

const chromiumSwitches = [
  '--no-sandbox', // root has none, and CI is root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

await runCommand(async () => {
  const { values: options } = parseArgs({ options: definitions });
  const { workspace, tests, drive } = options;
  if (typeof workspace !== 'string' || (tests === undefined) === (drive === undefined)) {
    throw missing('Usage: vscode-host.mjs --workspace DIR [--ext DIR] [--vsix FILE] (--tests MODULE | --drive SCRIPT)');
  }
  await installHost();
  const code = await host(workspace, /** @type {HostOptions} */ (options));
  // Chromium and the server's pipes may linger; what had to be cleaned up is.
  process.exit(code);
});

/**
 * @typedef {{ ext: string[], vsix: string[], tests?: string, drive?: string, out: string, timeout: string, verbose: boolean }} HostOptions
 */

/**
 * Runs the tests or the drive script; gives the exit code after everything is stopped and cleaned away.
 * @param {string} workspace
 * @param {HostOptions} options
 */
async function host(workspace, options) {
  const began = Date.now();
  /** @param {...unknown} args */
  const log = (...args) => console.error(`[vscode ${((Date.now() - began) / 1000).toFixed(1)} s] ${format(...args)}`);
  const temporary = mkdtempSync(path.join(tmpdir(), 'groundrules-editor-'));
  const opened = path.join(temporary, 'workspace');
  const home = path.join(temporary, 'home');
  const run = path.join(temporary, 'run');
  cpSync(path.resolve(workspace), opened, { recursive: true });
  mkdirSync(home);
  mkdirSync(run, { mode: 0o700 });
  process.env.TMPDIR = run; // for Chromium's profile and the sockets of VS Code
  const resultFile = process.env.EDITOR_RESULT ?? path.join(temporary, 'result.json');
  rmSync(resultFile, { force: true });

  /** @type {Awaited<ReturnType<typeof startServer>> | undefined} */
  let server;
  /** @type {{ close(): Promise<void> } | undefined} */
  let browser;
  /** @type {(code: number, why: string) => void} */
  let end = () => {};
  const ended = new Promise((resolve) => {
    end = (code, why) => {
      log('%s', why);
      resolve(code);
    };
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(130, signal));
  const timer = setTimeout(() => end(3, `no end after ${options.timeout} s`), Number(options.timeout) * 1000);

  async function open() {
    server = await startServer({
      dataFolder: path.join(temporary, 'server'),
      extensions: options.vsix,
      // Without the smoke-test driver a built VS Code ignores extensionDevelopmentPath.
      switches: ['--enable-smoke-test-driver'],
      env: { HOME: home, XDG_RUNTIME_DIR: run, EDITOR_RESULT: resultFile },
      onOutput: (text) => options.verbose && process.stderr.write(text),
      onExit: (code) => end(2, `the server ended by itself with ${code}`),
    });
    const { chromium } = await import(pathToFileURL(playwright).href);
    const launched = await chromium.launch({ executablePath: findOrInstallChromium(), args: chromiumSwitches });
    browser = launched;
    const context = await launched.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce', // a picture of something half faded in tells nothing
    });
    const page = await context.newPage();
    const { authority } = server;
    await listen(page, authority);
    await page.goto(`http://${authority}/?folder=${encodeURIComponent(opened)}&payload=${payload(authority)}`);
    log('VS Code is open');
    return page;
  }

  /**
   * @param {any} page
   * @param {string} authority
   */
  async function listen(page, authority) {
    await page.exposeFunction('codeAutomationLog', (/** @type {string} */ _type, /** @type {unknown[]} */ args) => {
      const line = format(...args);
      if (options.verbose || !noise.test(line)) console.log(line);
    });
    await page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => {
      // A killed extension host ends with 0 too: green only with the result that the entry writes last.
      const result = readResult(resultFile);
      const passed = code === 0 && result !== undefined && result.tests > 0 && result.failures === 0;
      if (passed) end(0, `${result.passes} tests passed`);
      else end(code || 4, `the extension host ended with ${code}; its result: ${JSON.stringify(result)}`);
    });
    page.on('crash', () => end(2, 'the page crashed'));
    page.on('pageerror', (/** @type {Error} */ error) => log('page error: %s', error.message));
    page.on('requestfailed', (/** @type {{ url(): string }} */ request) => {
      const { host } = new URL(request.url());
      // Files for web views have this made-up host; a service worker answers, and nothing goes out.
      if (host !== authority && !host.endsWith('.vscode-resource.vscode-cdn.net'))
        log('a request to the outside: %s', request.url());
    });
  }

  /** @param {string} authority */
  function payload(authority) {
    /** @param {string} file */
    const remote = (file) => `vscode-remote://${authority}${path.resolve(file)}`;
    const entries = [
      ...options.ext.map((folder) => ['extensionDevelopmentPath', remote(folder)]),
      ...(options.tests === undefined ? [] : [['extensionTestsPath', remote(options.tests)]]),
      ['skipWelcome', 'true'],
      ['skipReleaseNotes', 'true'],
    ];
    return encodeURIComponent(JSON.stringify(entries));
  }

  /**
   * @param {any} page
   * @param {string} script
   */
  async function driveWorkbench(page, script) {
    const out = path.resolve(options.out);
    mkdirSync(out, { recursive: true });
    const workbench = workbenchOf(page, { folder: opened, out, group: server?.group ?? 0, log });
    const { default: scenes } = await import(pathToFileURL(path.resolve(script)).href);
    try {
      end(await scenes(workbench), 'the drive script ended');
    } catch (error) {
      await workbench.shot('failure').catch(() => {});
      throw error;
    }
  }

  open()
    .then((page) => (options.drive === undefined ? undefined : driveWorkbench(page, options.drive)))
    .catch((error) =>
      end(error?.name === 'MissingPart' ? 1 : 2, error?.name === 'MissingPart' ? error.message : format(error)),
    );
  const code = await ended;
  clearTimeout(timer);
  await browser?.close().catch(() => {});
  await server?.stop();
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  return code;
}

/**
 * @param {string} file
 * @returns {{ tests: number, passes: number, failures: number } | undefined}
 */
function readResult(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
