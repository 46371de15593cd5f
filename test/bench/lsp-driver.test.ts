import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { type LspDriver, startServer } from './lsp-driver.ts';

const uri = 'file:///folder/file.py';
const at = (line: number, character: number) => ({ start: { line, character }, end: { line, character } });

describe('bench: LSP driver', function () {
  this.timeout(20_000);
  let driver: LspDriver | undefined;

  afterEach(async () => {
    await driver?.stop();
    driver = undefined;
  });

  async function start(manner: string): Promise<LspDriver> {
    const script = path.join(import.meta.dirname, 'scripted-server.ts');
    const server = { name: 'Scripted', command: process.execPath, args: ['--import', 'tsx', script, manner] };
    driver = await startServer(server, path.join(import.meta.dirname), { answer: 300, firstPush: 300 });
    return driver;
  }

  for (const manner of ['push', 'pull']) {
    it(`counts the diagnostics of each version of a server that answers by ${manner}`, async () => {
      const started = await start(manner);
      assert.equal((await started.open(uri, 'x\ny\n')).diagnostics, 1);
      assert.equal(started.mode(), manner);
      const second = await started.change(uri, at(1, 1), 'x');
      assert.equal(second?.diagnostics, 2);
      assert.ok(second.milliseconds > 0 && second.bytes > 100, JSON.stringify(second));
      const third = await started.change(uri, { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } }, '');
      assert.equal(third?.diagnostics, 1);
      assert.equal(started.repeats(), 0);
    });
  }

  it('does not take the diagnostics of an older version for the answer', async () => {
    const started = await start('late');
    assert.equal((await started.open(uri, 'x\n')).diagnostics, 1);
    assert.equal((await started.change(uri, at(0, 1), 'x'))?.diagnostics, 2);
    assert.equal(started.repeats(), 2);
  });

  it('gives up on a server that does not answer', async () => {
    const started = await start('silent');
    await started.open(uri, 'x\n');
    assert.equal(await started.change(uri, at(0, 1), 'x'), undefined);
  });

  it('says that a server ended', async () => {
    const started = await start('crash');
    await started.open(uri, 'x\n');
    await assert.rejects(started.change(uri, at(0, 1), 'x'), /^Error: Scripted ended \(exit code 3\)\./);
  });

  it('says that a server does not start', async () => {
    const server = { name: 'Nothing', command: path.join(os.tmpdir(), 'no-such-server'), args: [] };
    await assert.rejects(startServer(server, os.tmpdir()), /^Error: Nothing did not start: /);
  });

  it('reads the memory of the server process', async () => {
    const started = await start('push');
    assert.ok(started.residentBytes() > 10_000_000, String(started.residentBytes()));
  });
});
