import * as assert from 'node:assert/strict';
import { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as vscode from 'vscode';
import { closeAll, lines, openWith, started, until, untilFindings } from './support.ts';

const faulty = lines('try:', '    call()', 'except:', '    raise');

// Node tells of every process that it starts: the way to the server's process that needs no door in the product.
const channel = 'child_process';
const servers: ChildProcess[] = [];

function hear(message: unknown): void {
  if (typeof message !== 'object' || message === null || !('process' in message)) return;
  if (message.process instanceof ChildProcess) servers.push(message.process);
}

/** The server that was started last and runs. */
function serverProcess(): ChildProcess | undefined {
  return servers.findLast((child) => {
    const isServer = (child.spawnargs ?? []).some((argument) => /dist[\\/]server\.mjs$/.test(argument));
    return isServer && child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  });
}

/** Kills the server as a crash would, and waits for its end. */
async function killServer(): Promise<void> {
  const child = await until('the server’s process', serverProcess);
  child.kill('SIGKILL');
  await until('the server’s end', () => child.exitCode !== null || child.signalCode !== null);
}

describe('the server', () => {
  before(async () => {
    await started();
    subscribe(channel, hear);
    // The first server was started before anybody listened.
    await vscode.commands.executeCommand('groundrules.restart');
  });
  afterEach(closeAll);
  after(() => unsubscribe(channel, hear));

  it('reports again after a restart by command', async () => {
    const { uri } = (await openWith('src/app/restarted.py', faulty)).document;
    await untilFindings(uri, 'GR402', 1);
    const before = await until('the server’s process', serverProcess);
    await vscode.commands.executeCommand('groundrules.restart');
    await until('another process', () => serverProcess()?.pid !== before.pid && serverProcess());
    await untilFindings(uri, 'GR402', 1);
    await until('an orderly end', () => before.exitCode === 0);
  });

  it('that is killed comes back and reports what is typed then', async () => {
    const editor = await openWith('src/app/killed.py', faulty);
    const { uri } = editor.document;
    await untilFindings(uri, 'GR402', 1);
    await killServer();
    await untilFindings(uri, 'GR402', 0);
    await untilFindings(uri, 'GR402', 1);
    await editor.edit((edit) => edit.insert(new vscode.Position(4, 0), faulty));
    await untilFindings(uri, 'GR402', 2);
  });

  it('that is killed five times stays down until it is asked for', async () => {
    await vscode.commands.executeCommand('groundrules.restart'); // forgets the crashes of the test before
    const editor = await openWith('src/app/gone.py', faulty);
    const { uri } = editor.document;
    for (let crash = 0; crash < 5; crash += 1) {
      await untilFindings(uri, 'GR402', 1);
      await killServer();
    }
    await untilFindings(uri, 'GR402', 0);
    assert.equal(serverProcess(), undefined);
    await vscode.commands.executeCommand('groundrules.restart');
    await untilFindings(uri, 'GR402', 1);
    await editor.edit((edit) => edit.insert(new vscode.Position(4, 0), faulty));
    await untilFindings(uri, 'GR402', 2);
  });
});
