import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import path from 'node:path';
import {
  CancellationTokenSource,
  CodeActionRequest,
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  IPCMessageReader,
  IPCMessageWriter,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  ShutdownRequest,
} from 'vscode-languageserver/node';
import { at, type Client, connect, exitOf, startClient, startProcess } from '../support/client.ts';

const bare = 'try:\n    connect()\nexcept:\n    reconnect()\n';
const uri = 'file:///work/app/file.py';

describe('language server: its life', () => {
  for (const program of ['server', 'cli']) {
    it(`dist/${program}.mjs speaks over stdio and ends with 0 after a shutdown`, async () => {
      const client = await startClient({ program, settings: () => ({ select: ['GR402'] }) });
      await client.open(uri, bare);
      assert.equal((await client.diagnostics(uri, 1)).diagnostics[0]?.code, 'GR402');
      assert.equal(await client.stop(), 0);
    });
  }

  it('ends with 1 when it is told to exit without a shutdown', async () => {
    const client = await startClient();
    await client.connection.sendNotification(ExitNotification.type);
    assert.equal(await exitOf(client.process), 1);
  });

  it('ends with 1 when its input closes, and with 0 when it was shut down before', async () => {
    const rude = await startClient();
    rude.process.stdin?.end();
    assert.equal(await exitOf(rude.process), 1);
    const polite = await startClient();
    await polite.connection.sendRequest(ShutdownRequest.type);
    polite.process.stdin?.end();
    assert.equal(await exitOf(polite.process), 0);
  });

  it('speaks over IPC, and ends with 1 when the editor is gone', async () => {
    const child = fork(path.join(import.meta.dirname, '..', '..', 'dist', 'server.mjs'), ['--node-ipc']);
    const connection = createProtocolConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
    connection.listen();
    const { serverInfo } = await connection.sendRequest(InitializeRequest.type, {
      processId: null,
      rootUri: null,
      capabilities: {},
    });
    assert.equal(serverInfo?.name, 'groundrules');
    const published = new Promise<PublishDiagnosticsParams>((resolve) => {
      connection.onNotification(PublishDiagnosticsNotification.type, resolve);
    });
    await connection.sendNotification(InitializedNotification.type, {});
    const textDocument = { uri, languageId: 'python', version: 3, text: bare };
    await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
    const { diagnostics, version } = await published;
    const found = diagnostics.find(({ code }) => code === 'GR402');
    assert.deepEqual([version, found?.range], [3, at(2, 0, 6)]);
    child.disconnect();
    assert.equal(await exitOf(child), 1);
    connection.dispose();
  });

  it('ends with 1 when its input closes before anything was said', async () => {
    const child = startProcess();
    child.stdin?.end();
    assert.equal(await exitOf(child), 1);
  });

  it('ends quietly when its input closes while it waits for the settings', async () => {
    const client = await startClient({ settings: () => new Promise(() => undefined) });
    await client.open(uri, bare);
    await client.changeSettings();
    await client.settle();
    client.process.stdin?.end();
    assert.equal(await exitOf(client.process), 1);
    assert.deepEqual(client.log, []);
  });

  it('says nothing more after a shutdown', async () => {
    const client = await startClient({
      settings: () => ({ select: ['GR402'] }),
      initializationOptions: { checklist: true },
    });
    await client.open(uri, bare);
    await client.diagnostics(uri, 1);
    await client.connection.sendRequest(ShutdownRequest.type);
    const before = client.published.length;
    await client.change(uri, 2, { text: bare });
    await client.connection.sendNotification(ExitNotification.type);
    assert.equal(await exitOf(client.process), 0);
    assert.equal(client.published.length, before);
  });

  it('initialises with a client that says almost nothing, and names options that it does not understand', async () => {
    const child = startProcess();
    const connection = connect(child);
    const log: unknown[] = [];
    connection.onNotification('window/logMessage', (params: unknown) => {
      log.push(params);
    });
    connection.listen();
    const { capabilities } = await connection.sendRequest(InitializeRequest.type, {
      processId: null,
      rootUri: null,
      capabilities: {},
      initializationOptions: { checklist: 'yes' },
    });
    assert.equal(capabilities.hoverProvider, true);
    await connection.sendRequest(ShutdownRequest.type);
    await connection.sendNotification(ExitNotification.type);
    assert.equal(await exitOf(child), 0);
    assert.deepEqual(log, [
      {
        type: 2,
        message:
          'The initializationOptions are not understood: ✖ Invalid input: expected boolean, received string\n  → at checklist',
      },
    ]);
  });
});

describe('language server: nonsense', () => {
  let client: Client;

  before(async () => {
    client = await startClient({ settings: () => ({ select: ['GR402'] }) });
  });

  after(async () => assert.equal(await client.stop(), 0));

  it('survives 50 notifications of which none makes sense, and keeps the text that it had', async () => {
    await client.open(uri, bare);
    await client.diagnostics(uri, 1);
    const random = randomNumbers(20_250_101);
    const pick = <T>(values: readonly T[]): T | undefined => values[Math.floor(random() * values.length)];
    const methods = [
      'textDocument/didOpen',
      'textDocument/didChange',
      'textDocument/didClose',
      'workspace/didChangeWatchedFiles',
      'workspace/didChangeConfiguration',
      'workspace/didChangeWorkspaceFolders',
      '$/setTrace',
      '$/progress',
      'groundrules/unknown',
      'no method at all',
    ];
    const pieces: unknown[] = [
      null,
      -1,
      1.5,
      'text',
      '',
      [],
      {},
      [null],
      true,
      { uri: 5 },
      { line: -1, character: 'x' },
    ];
    for (let index = 0; index < 50; index++) {
      const params = {
        textDocument: pick([{ uri, version: pick(pieces) }, { uri: pick(pieces), version: 2 }, pick(pieces)]),
        contentChanges: pick([
          [{ range: { start: pick(pieces), end: pick(pieces) }, text: 'nonsense' }],
          [{ text: pick([5, null, {}]) }],
          pick(pieces),
        ]),
        changes: pick(pieces),
        event: pick(pieces),
        settings: pick(pieces),
      };
      const method = pick(methods) ?? '';
      // A close that makes sense would rightly close the file.
      if (method === 'textDocument/didClose') params.textDocument = pick([null, 5, { uri: 5 }]);
      await client.connection.sendNotification(method, params);
    }
    await client.settle();
    await client.change(uri, 9, { range: at(0, 0), text: '\n' });
    assert.deepEqual(
      (await client.diagnostics(uri, 9)).diagnostics.map((diagnostic) => diagnostic.range),
      [at(3, 0, 6)],
    );
  });

  it('answers requests that make no sense with an error, and goes on', async () => {
    for (const method of ['textDocument/codeAction', 'textDocument/hover', 'workspace/executeCommand'])
      for (const params of [{}, { textDocument: null }, { textDocument: { uri }, range: 5, position: null }])
        await assert.rejects(
          client.connection.sendRequest(method, params),
          Error,
          `${method} ${JSON.stringify(params)}`,
        );
    await assert.rejects(client.connection.sendRequest('textDocument/fly', {}), { code: -32601 });
    await client.settle();
  });

  it('survives what is no JSON', async () => {
    client.process.stdin?.write('Content-Length: 9\r\n\r\n{"jsonrpc');
    await client.change(uri, 10, { range: at(0, 0), text: '\n' });
    assert.equal((await client.diagnostics(uri, 10)).diagnostics.length, 1);
  });

  it('answers a request that is cancelled while it waits as one that was cancelled', async () => {
    const large = 'file:///work/app/large.py';
    await client.open(large, 'value = 1\n');
    await client.diagnostics(large, 1);
    // The analysis of this text is under way when request and cancellation arrive.
    const changing = client.change(large, 2, { text: bare.repeat(5000) });
    const source = new CancellationTokenSource();
    const params = { textDocument: { uri: large }, range: at(2, 0), context: { diagnostics: [] } };
    const answer = client.connection.sendRequest(CodeActionRequest.type, params, source.token);
    source.cancel();
    await assert.rejects(answer, { code: -32800 });
    await changing;
    const { diagnostics } = await client.diagnostics(large, 2);
    assert.equal(diagnostics.length, 1000);
    assert.equal(
      diagnostics.at(-1)?.message,
      '4001 more findings in this file are not shown; raise groundrules.maxFindings to see them.',
    );
  });
});

/** The same numbers every time (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
