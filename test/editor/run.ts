// Runs the editor tests in the real VS Code: `node --import tsx test/editor/run.ts [--vsix FILE] [--shots] [--grep TEXT]`.
// A desktop VS Code where there is one, else the one that code-server carries. The last line is the result as JSON.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { z } from 'zod';
import { findDesktopVSCode, findOrInstallChromium, missing, root, run, runCommand } from '../../tools/environment.mjs';
import { installHost } from './host/setup.mjs';

const Result = z.object({ tests: z.number(), passes: z.number(), failures: z.number() });
type Result = z.infer<typeof Result>;

const editorFolder = path.join(root, 'test', 'editor');
const outFolder = path.join(root, 'out', 'editor');
const resultFile = path.join(outFolder, 'result.json');
const sample = path.join(root, 'sample');

await runCommand(async () => {
  const { values: options } = parseArgs({
    options: {
      vsix: { type: 'string' },
      extension: { type: 'string', default: root },
      shots: { type: 'boolean', default: false },
      grep: { type: 'string' },
    },
  });
  const vsix = options.vsix === undefined ? undefined : path.resolve(options.vsix);
  const extension = path.resolve(options.extension);
  if (options.grep !== undefined) process.env.EDITOR_GREP = options.grep;
  if (options.shots) return takeShots(vsix, extension);

  await bundleSuite();
  const developed = vsix === undefined ? extension : writeDriver();
  const desktop = findDesktopVSCode();
  const env = { EDITOR_RESULT: resultFile };
  if (desktop === undefined) await runInHost(vsix, developed, env);
  else await runOnDesktop(desktop, vsix, developed, env);

  const { tests, passes, failures } = readResult();
  // Without a result the run broke off, and a run without tests proves nothing: both are failures.
  const failed = tests === 0 ? 1 : failures;
  console.log(JSON.stringify({ suite: 'editor', passed: passes, failed }));
  return failed === 0 ? 0 : 1;
});

/** One CommonJS file per suite file, since the extension host loads no TypeScript. */
async function bundleSuite(): Promise<void> {
  rmSync(outFolder, { recursive: true, force: true });
  const suite = path.join(editorFolder, 'suite');
  const tests = readdirSync(suite).filter((file) => file.endsWith('.test.ts'));
  await build({
    entryPoints: ['index.ts', ...tests].map((file) => path.join(suite, file)),
    outdir: outFolder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

/** `extensionTestsPath` needs an extension under development; beside a packaged one this empty one is it. */
function writeDriver(): string {
  const folder = path.join(outFolder, 'driver');
  mkdirSync(folder, { recursive: true });
  const manifest = { name: 'driver', publisher: 'groundrules-tests', version: '0.0.1', engines: { vscode: '^1.91.0' } };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

async function runInHost(vsix: string | undefined, developed: string, env: Record<string, string>): Promise<void> {
  await installHost();
  findOrInstallChromium();
  const shim = path.join(editorFolder, 'host', 'code-shim.mjs');
  await start(shim, developed, [sample, ...(vsix === undefined ? [] : [`--vsix=${vsix}`])], env);
}

async function runOnDesktop(
  desktop: string,
  vsix: string | undefined,
  developed: string,
  env: Record<string, string>,
): Promise<void> {
  // A short path: VS Code puts its socket into the user-data folder, and the system bounds a socket's path.
  const temporary = mkdtempSync(path.join(tmpdir(), 'groundrules-'));
  const profile = [
    `--user-data-dir=${path.join(temporary, 'user')}`,
    `--extensions-dir=${path.join(temporary, 'extensions')}`,
  ];
  const workspace = path.join(temporary, 'sample');
  cpSync(sample, workspace, { recursive: true });
  try {
    if (vsix !== undefined) {
      const [program = desktop, ...args] = resolveCliArgsFromVSCodeExecutablePath(desktop);
      const isScript = process.platform === 'win32';
      const install = ['--install-extension', vsix, ...profile];
      const { status } = spawnSync(
        isScript ? `"${program}"` : program,
        [...args.filter((arg) => !/^--(user-data|extensions)-dir=/.test(arg)), ...install].map((arg) =>
          isScript ? `"${arg}"` : arg,
        ),
        { stdio: 'inherit', shell: isScript },
      );
      if (status !== 0) throw missing(`VS Code could not install ${vsix}: see its message above.`);
    }
    await start(desktop, developed, [workspace, ...profile], env);
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs the suite; that it failed is told by its result file, which says more than the exit code. */
async function start(
  vscodeExecutablePath: string,
  extensionDevelopmentPath: string,
  launchArgs: string[],
  extensionTestsEnv: Record<string, string>,
): Promise<void> {
  const extensionTestsPath = path.join(outFolder, 'index.cjs');
  try {
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath,
      extensionTestsPath,
      launchArgs,
      extensionTestsEnv,
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    const result = readResult();
    // A run that ended badly is no success, whatever was counted before.
    if (result.failures === 0) writeFileSync(resultFile, JSON.stringify({ ...result, failures: 1 }));
  }
}

function readResult(): Result {
  try {
    return Result.parse(JSON.parse(readFileSync(resultFile, 'utf8')));
  } catch {
    return { tests: 0, passes: 0, failures: 1 };
  }
}

/** Screenshots need a page to drive, so they are always taken in the code-server host. */
async function takeShots(vsix: string | undefined, extension: string): Promise<number> {
  await installHost();
  findOrInstallChromium();
  const out = path.join(editorFolder, 'shots');
  rmSync(out, { recursive: true, force: true });
  const host = path.join(editorFolder, 'host', 'vscode-host.mjs');
  const subject = vsix === undefined ? ['--ext', extension] : ['--vsix', vsix];
  const drive = ['--drive', path.join(editorFolder, 'shots.ts'), '--out', out];
  return run(process.execPath, ['--import', 'tsx', host, '--workspace', sample, ...subject, ...drive]);
}
