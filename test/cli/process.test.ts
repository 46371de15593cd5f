import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CheckPlan, createChecker } from '../../server/src/cli/check-file.ts';
import { runPlan } from '../../server/src/cli/pool.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { normalisePath } from '../../server/src/settings/paths.ts';
import { parser } from '../support/engine.ts';

const program = fileURLToPath(new URL('../../server/src/cli/groundrules.ts', import.meta.url));
const loader = ['--import', import.meta.resolve('tsx')];
const fault = 'try:\n    connect()\nexcept:\n    reconnect()\n';

let root = '';
before(() => {
  root = normalisePath(mkdtempSync(join(tmpdir(), 'groundrules-')));
  // Enough source for a worker to be worth its start, the largest file last.
  for (let index = 0; index < 40; index += 1) {
    const name = `${root}/m${String(index).padStart(2, '0')}.py`;
    writeFileSync(name, fault + `value = "some text that has to be parsed"\n`.repeat(200 + index * 20));
  }
});
after(() => rmSync(root, { recursive: true, force: true }));

function plan(): CheckPlan {
  const files = Array.from({ length: 40 }, (_, index) => {
    const path = `${root}/m${String(index).padStart(2, '0')}.py`;
    return { path, shownPath: path.slice(root.length + 1), size: readFileSync(path).length, settings: 0 };
  });
  return {
    files,
    settings: [{ layers: [{ settings: { select: ['GR402'] }, folder: root }], root, requiresPython: undefined }],
    action: 'report',
    format: 'text',
    statistics: false,
    version: '0',
    documentation: undefined,
  };
}

describe('threads', () => {
  it('share the work and put the results in order', async () => {
    const engine = Promise.resolve({ rules, parser });
    const worker = new URL('../../server/src/cli/worker.ts', import.meta.url);
    const alone = await runPlan(plan(), engine, {});
    const together = await runPlan(plan(), engine, { worker, threads: 3 });
    assert.deepEqual(together, alone);
    assert.equal(together.tally.findings, 40);
    assert.equal(together.outcomes[39]?.output.startsWith('m39.py:3:1: GR402 '), true);
  });

  it('do again what a worker that died had taken', async () => {
    const worker = new URL(
      `data:text/javascript,import { workerData } from 'node:worker_threads'; Atomics.add(workerData.counter, 0, 7); process.exit(3);`,
    );
    const outcome = await runPlan(plan(), delayed({ rules, parser }), { worker, threads: 2 });
    assert.equal(outcome.outcomes.length, 40);
    assert.equal(outcome.tally.findings, 40);
  });

  it('count every file once', () => {
    const checker = createChecker(plan(), { rules, parser });
    const tally = { files: 0, filesWithFindings: 0, findings: 0, fixed: 0, rules: new Map() };
    checker.checkFile(3, tally);
    assert.deepEqual([tally.files, tally.filesWithFindings, tally.findings], [1, 1, 1]);
  });
}).timeout(60_000);

describe('the program', () => {
  it('runs as a process of its own, with workers', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...loader, program, 'check', '--select', 'GR402'], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    assert.equal(stdout.split('\n').filter((line) => line.includes('GR402')).length, 40);
    assert.equal(status, 1);
  });

  it('reads a pipe and leaves 2 for wrong usage', () => {
    const piped = spawnSync(process.execPath, [...loader, program, 'check', '-'], {
      cwd: root,
      input: fault,
      encoding: 'utf8',
    });
    assert.match(piped.stdout, /^-:3:1: GR402 /m);
    const wrong = spawnSync(process.execPath, [...loader, program, 'check', '--frob'], { cwd: root, encoding: 'utf8' });
    assert.deepEqual(
      [wrong.status, wrong.stdout, wrong.stderr],
      [2, '', 'groundrules: unknown option `--frob` of `check`\n'],
    );
  });

  it('ends quietly when nobody reads on', async () => {
    writeFileSync(`${root}/long.py`, fault.repeat(4000));
    const child = spawn(process.execPath, [...loader, program, 'check', 'long.py', '--format', 'json'], { cwd: root });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    await new Promise((resolve) => child.once('close', resolve));
    assert.equal(stderr, '');
  });
}).timeout(60_000);

/** Gives the worker the time to take its files before this thread begins. */
async function delayed<T>(value: T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return value;
}

describe('files outside the working folder', () => {
  it('are seen from the folder that was asked for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'groundrules-'));
    try {
      for (const name of ['tests/utils', 'src']) mkdirSync(join(folder, name), { recursive: true });
      const undocumented = '"""A module."""\n\n\ndef make(): ...\n';
      for (const name of ['tests/utils/user.py', 'src/user.py']) writeFileSync(join(folder, name), undocumented);
      const args = [...loader, program, 'check', folder, '--isolated', '--select', 'GR905', '--format', 'json'];
      const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      const found: { filename: string }[] = JSON.parse(stdout);
      assert.deepEqual(
        found.map(({ filename }) => normalisePath(filename)),
        [normalisePath(join(folder, 'src/user.py'))],
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}).timeout(60_000);
