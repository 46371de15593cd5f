// `npm test`: installs what is missing, builds, runs every test. The last line is `N passed, N failed`.
// For developers: `node tools/test.mjs --only=static|unit|editor|window|vsix`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  ensureInstalled,
  findDesktopVSCode,
  findOrInstallChromium,
  findOrInstallNeovim,
  findPython3,
  missing,
  npm,
  root,
  run,
  runCommand,
} from './environment.mjs';

/** @typedef {{ passed: number, failed: number }} Totals */

const vsixFile = path.join(root, 'dist', 'groundrules.vsix');
const maximumVsixSize = 5_000_000;

/** @type {Record<string, () => Promise<Totals>>} */
const stages = {
  static: checkStatically,
  unit: runUnitTests,
  editor: runEditorTests,
  window: runWindowTests,
  vsix: runEditorTestsOnPackage,
};

await runCommand(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const { only } = values;
  if (only !== undefined && !Object.hasOwn(stages, only)) {
    throw missing(`--only=${only} is no stage: give one of ${Object.keys(stages).join(', ')}.`);
  }
  const chosen = Object.entries(stages).filter(([name]) => only === undefined || only === name);
  // First of all, so that a machine that lacks something says so in its first second and not in its tenth minute.
  requireParts(chosen.map(([name]) => name));
  await ensureInstalled();
  console.log('\n=== build');
  if ((await npm(['run', '--silent', 'build'])) !== 0) {
    console.log('The build failed, so nothing was tested.\n0 passed, 1 failed');
    return 1;
  }
  const total = { passed: 0, failed: 0 };
  for (const [name, stage] of chosen) {
    console.log(`\n=== ${name}`);
    const { passed, failed } = await stage();
    if (passed + failed === 0) console.log(`The stage "${name}" ran no test, which counts as a failure.`);
    total.passed += passed;
    total.failed += passed + failed === 0 ? 1 : failed;
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
});

/**
 * Finds or installs what the stages need of the machine, and tells the tests where it is.
 * @param {string[]} names
 */
function requireParts(names) {
  if (names.includes('unit')) {
    process.env.PYTHON = findPython3();
    findOrInstallNeovim();
  }
  const inVSCode = names.includes('editor') || names.includes('vsix');
  // The window is driven in a browser, also where there is a desktop VS Code.
  if (names.includes('window') || (inVSCode && findDesktopVSCode() === undefined)) {
    process.env.CHROMIUM = findOrInstallChromium();
  }
}

/** What needs no running code: generated files are what their sources give, types hold, formatting and lints pass. */
async function checkStatically() {
  const plain = process.stdout.isTTY ? [] : ['--colors=off']; // Biome colours its output wherever CI is set
  return sum([
    await check('generated files are fresh', () => npm(['run', '--silent', 'generate', '--', '--check'])),
    await check('types', () => npm(['exec', '--no', '--', 'tsc', '-p', '.'])),
    await check('formatting and lints', () => npm(['exec', '--no', '--', 'biome', 'ci', ...plain])),
  ]);
}

async function runUnitTests() {
  const totalsFile = path.join(root, 'out', 'unit-totals.json');
  mkdirSync(path.dirname(totalsFile), { recursive: true });
  rmSync(totalsFile, { force: true });
  const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const settings = ['--timeout', '60000', '--forbid-pending', '--forbid-only'];
  const files = ['--ignore', 'test/editor/**', 'test/**/*.test.ts'];
  const reporter = ['--reporter', path.join(root, 'test', 'reporter.mjs')];
  const code = await run(process.execPath, ['--import', 'tsx', mocha, ...settings, ...reporter, ...files], {
    env: { ...process.env, TEST_TOTALS: totalsFile },
  });
  if (!existsSync(totalsFile)) {
    console.log('Mocha ended before its first test, which counts as a failure.');
    return { passed: 0, failed: 1 };
  }
  /** @type {{ passes: number, failures: number, complete: boolean }} */
  const totals = JSON.parse(readFileSync(totalsFile, 'utf8'));
  if (!totals.complete) console.log('Mocha broke off in the middle of its run, which counts as a failure.');
  // Mocha fails without a failed test where a skipped one is forbidden, or something was thrown between tests.
  const unexplained = !totals.complete || (code !== 0 && totals.failures === 0);
  return { passed: totals.passes, failed: totals.failures + (unexplained ? 1 : 0) };
}

function runEditorTests() {
  return runEditorSuite([]);
}

function runWindowTests() {
  return runEditorSuite(['--shots']);
}

async function runEditorTestsOnPackage() {
  rmSync(vsixFile, { force: true });
  const packaging = await check('the package is made', () => npm(['run', '--silent', 'package']));
  if (packaging.failed > 0) return packaging;
  const faults = packageFaults();
  for (const fault of faults) console.log(fault);
  return sum([
    packaging,
    await check('the package is small and runs on every platform', async () => faults.length),
    await runEditorSuite(['--vsix', vsixFile]),
  ]);
}

/** What is wrong with the packaged extension: too large, or holding a module compiled for one platform. */
function packageFaults() {
  const { size } = statSync(vsixFile);
  const native = zipEntries(readFileSync(vsixFile)).filter((name) => /\.(node|so|dll|dylib|exe)$/.test(name));
  return [
    ...(size < maximumVsixSize ? [] : [`The package has ${size} bytes; ${maximumVsixSize} are allowed.`]),
    ...native.map((name) => `The package holds the compiled ${name}.`),
  ];
}

/**
 * The names in a zip file, from its central directory (APPNOTE 4.3.12).
 * @param {Buffer} zip
 */
function zipEntries(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const names = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(at + 28);
    names.push(zip.toString('utf8', at + 46, at + 46 + nameLength));
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return names;
}

/**
 * Runs test/editor/run.ts, showing its output, and reads the totals from its last line.
 * @param {string[]} args
 * @returns {Promise<Totals>}
 */
function runEditorSuite(args) {
  const entry = path.join(root, 'test', 'editor', 'run.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', entry, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const line = output.trimEnd().split('\n').at(-1) ?? '';
      const match = /^\{"suite":"editor","passed":(\d+),"failed":(\d+)\}$/.exec(line);
      const totals = { passed: Number(match?.[1] ?? 0), failed: Number(match?.[2] ?? 0) };
      if (totals.failed === 0 && code !== 0) totals.failed = 1;
      resolve(totals);
    });
  });
}

/**
 * One check as one test.
 * @param {string} name
 * @param {() => Promise<number>} task gives 0 when all is well
 * @returns {Promise<Totals>}
 */
async function check(name, task) {
  const passed = (await task()) === 0;
  console.log(`  ${passed ? '✔' : '✘'} ${name}`);
  return passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** @param {Totals[]} parts */
function sum(parts) {
  return parts.reduce((all, part) => ({ passed: all.passed + part.passed, failed: all.failed + part.failed }));
}
