import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { PublishDiagnosticsParams } from 'vscode-languageserver/node';
import manifest from '../../package.json' with { type: 'json' };
import { uriOfPath } from '../../server/src/settings/paths.ts';
import { at, type Client, startClient } from '../support/client.ts';

const only = (...select: string[]) => ({ select });
const bare = 'try:\n    connect()\nexcept:\n    reconnect()\n';

describe('language server: documents and diagnostics', () => {
  let client: Client;
  let folder: string;
  let count = 0;

  before(async () => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'groundrules-lsp-')));
    client = await startClient({ folders: [folder], settings: () => only('GR402', 'GR001') });
  });

  after(async () => {
    assert.equal(await client.stop(), 0);
    rmSync(folder, { recursive: true });
  });

  /** A document that no other test knows. */
  function fresh(): string {
    count++;
    return uriOfPath(path.join(folder, `file${count}.py`));
  }

  it('says what it can do', () => {
    assert.deepEqual(client.initialized, {
      serverInfo: { name: 'groundrules', version: manifest.version },
      capabilities: {
        positionEncoding: 'utf-16',
        textDocumentSync: { openClose: true, change: 2, save: false },
        codeActionProvider: { codeActionKinds: ['quickfix', 'source.fixAll.groundrules'], resolveProvider: true },
        hoverProvider: true,
        executeCommandProvider: { commands: ['groundrules.server.fixAll'], workDoneProgress: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    });
  });

  it('asks a client that can to tell of settings and of configuration files', async () => {
    await client.until(() => client.registrations.length === 2, 'two registrations');
    assert.deepEqual(
      client.registrations.map(({ method, registerOptions }) => ({ method, registerOptions })),
      [
        { method: 'workspace/didChangeConfiguration', registerOptions: { section: 'groundrules' } },
        {
          method: 'workspace/didChangeWatchedFiles',
          registerOptions: {
            watchers: [{ globPattern: '**/groundrules.toml' }, { globPattern: '**/pyproject.toml' }],
          },
        },
      ],
    );
  });

  it('publishes a finding with everything an editor can show of it', async () => {
    const uri = fresh();
    await client.open(uri, `${bare}total = 1  # noqa: GR402\n`, 'python', 7);
    const page = uriOfPath(path.join(import.meta.dirname, '..', '..', 'docs', 'rules', 'GR402.md'));
    assert.deepEqual(await client.diagnostics(uri, 7), {
      uri,
      version: 7,
      diagnostics: [
        {
          range: at(2, 0, 6),
          severity: 1,
          code: 'GR402',
          codeDescription: { href: page },
          source: 'groundrules',
          message: 'Bare `except:` also catches `SystemExit` and `KeyboardInterrupt`; name the exception.',
        },
        {
          range: at(4, 19, 24),
          severity: 2,
          code: 'GR001',
          codeDescription: { href: page.replace('GR402', 'GR001') },
          source: 'groundrules',
          message: 'Nothing on this line is suppressed by GR402; remove the code.',
          tags: [1],
        },
      ],
    });
  });

  it('follows several changes of one notification, each seen by the next', async () => {
    const uri = fresh();
    await client.open(uri, 'value = 1\n');
    assert.deepEqual((await client.diagnostics(uri, 1)).diagnostics, []);
    await client.change(
      uri,
      2,
      { range: at(0, 0), text: 'try:\n    connect()\nexcept' },
      { range: at(2, 6), text: ':\n    reconnect()\n' },
      { range: at(0, 0), text: '# a line above\n' },
    );
    assert.deepEqual(spans(await client.diagnostics(uri, 2)), [at(3, 0, 6)]);
    await client.change(uri, 3, { range: at(3, 6, 6), text: ' OSError' });
    assert.deepEqual(spans(await client.diagnostics(uri, 3)), []);
    await client.change(uri, 4, { range: at(3, 6, 14), text: '' });
    assert.deepEqual(spans(await client.diagnostics(uri, 4)), [at(3, 0, 6)]);
  });

  it('takes whole texts too', async () => {
    const uri = fresh();
    await client.open(uri, bare);
    await client.diagnostics(uri, 1);
    await client.change(uri, 2, { text: `# above\n${bare}` });
    assert.deepEqual(spans(await client.diagnostics(uri, 2)), [at(3, 0, 6)]);
    await client.change(uri, 3, { text: 'value = 1\n' }, { range: at(0, 0), text: bare });
    assert.deepEqual(spans(await client.diagnostics(uri, 3)), [at(2, 0, 6)]);
    await client.change(uri, 4, { text: '' });
    assert.deepEqual(spans(await client.diagnostics(uri, 4)), []);
    await client.change(uri, 5, { text: bare });
    assert.deepEqual(spans(await client.diagnostics(uri, 5)), [at(2, 0, 6)]);
  });

  it('counts lines that end in CRLF', async () => {
    const uri = fresh();
    await client.open(uri, bare.replaceAll('\n', '\r\n'));
    assert.deepEqual(spans(await client.diagnostics(uri, 1)), [at(2, 0, 6)]);
    // A column beyond the line is its end, which lies before the line break.
    await client.change(uri, 2, { range: at(0, 999), text: '  # here' });
    assert.deepEqual(spans(await client.diagnostics(uri, 2)), [at(2, 0, 6)]);
    await client.change(uri, 3, {
      range: { start: { line: 1, character: 0 }, end: { line: 2, character: 0 } },
      text: '',
    });
    await client.change(uri, 4, { range: at(1, 0), text: '    connect()\r\n' });
    assert.deepEqual(spans(await client.diagnostics(uri, 4)), [at(2, 0, 6)]);
  });

  it('counts columns in UTF-16 code units', async () => {
    const uri = fresh();
    const line = "name = '😀😀'; total = 1  # noqa: GR402\n";
    await client.open(uri, line);
    const start = line.indexOf('GR402');
    assert.equal(start, 34);
    assert.deepEqual(spans(await client.diagnostics(uri, 1)), [at(0, start, start + 5)]);
    await client.change(uri, 2, { range: at(0, 8, 10), text: '𝒳y' });
    assert.deepEqual(spans(await client.diagnostics(uri, 2)), [at(0, start + 1, start + 6)]);
  });

  it('takes a range that ends behind the text as one that ends with it', async () => {
    const uri = fresh();
    await client.open(uri, 'value = 1\n');
    await client.diagnostics(uri, 1);
    const everything = { start: { line: 0, character: 0 }, end: { line: 4_000_000, character: 2_147_483_647 } };
    await client.change(uri, 2, { range: everything, text: bare });
    assert.deepEqual(spans(await client.diagnostics(uri, 2)), [at(2, 0, 6)]);
  });

  it('closing clears, and opening again begins anew', async () => {
    const uri = fresh();
    await client.open(uri, bare);
    await client.diagnostics(uri, 1);
    await client.close(uri);
    assert.deepEqual(await client.next(uri), { uri, diagnostics: [] });
    await client.change(uri, 2, { text: bare });
    await client.open(uri, bare, 'python', 1);
    assert.equal((await client.next(uri)).version, 1);
  });

  it('takes a second opening as the truth', async () => {
    const uri = fresh();
    await client.open(uri, bare, 'python', 1);
    await client.open(uri, `\n${bare}`, 'python', 2);
    assert.deepEqual(spans(await client.diagnostics(uri, 2)), [at(3, 0, 6)]);
  });

  it('leaves documents of other languages alone', async () => {
    const uri = uriOfPath(path.join(folder, 'notes.txt'));
    await client.open(uri, bare, 'plaintext');
    await client.change(uri, 2, { text: bare });
    await client.close(uri);
    await client.settle();
    assert.deepEqual(
      client.published.filter((params) => params.uri === uri),
      [],
    );
  });

  it('answers for files that are not open with nothing', async () => {
    const uri = fresh();
    assert.deepEqual(await client.actions(uri, at(0, 0)), []);
    assert.equal(
      await client.connection.sendRequest('textDocument/hover', { textDocument: { uri }, position: at(0, 0).start }),
      null,
    );
  });
});

describe('language server: documents while the settings are asked for', () => {
  let client: Client;
  let release: (settings: unknown) => void;

  beforeEach(async () => {
    const held = new Promise<unknown>((resolve) => {
      release = resolve;
    });
    client = await startClient({ settings: () => held });
  });

  afterEach(async () => assert.equal(await client.stop(), 0));

  it('keeps changes that come before the answer, and publishes only for the text that then stands', async () => {
    const uri = 'file:///work/app/late.py';
    await client.open(uri, 'value = "😀"\r\n');
    await client.change(uri, 2, { range: at(0, 999), text: '\r\ntry:\r\n    connect()' });
    await client.change(
      uri,
      3,
      { range: at(2, 99), text: '\r\nexcept:\r\n    pass' },
      { range: at(0, 9, 11), text: 'x' },
      { range: at(7000, 0), text: '# end' },
    );
    await client.settle();
    assert.equal(client.published.length, 0);
    release(only('GR402'));
    assert.deepEqual(spans(await client.next(uri)), [at(3, 0, 6)]);
    assert.deepEqual(
      client.published.map((params) => params.version),
      [3],
    );
    await client.change(uri, 4, { range: at(5, 0, 5), text: '' }, { range: at(3, 6), text: ' OSError' });
    assert.deepEqual(spans(await client.diagnostics(uri, 4)), []);
  });

  it('says nothing of a file that was closed meanwhile', async () => {
    const uri = 'file:///work/app/gone.py';
    await client.open(uri, bare);
    await client.close(uri);
    release(only('GR402'));
    await client.open('file:///work/app/other.py', bare);
    await client.diagnostics('file:///work/app/other.py', 1);
    assert.deepEqual(
      client.published.filter((params) => params.uri === uri),
      [{ uri, diagnostics: [] }],
    );
  });

  it('says what belongs to the second opening of a file that was closed meanwhile', async () => {
    const uri = 'file:///work/app/again.py';
    await client.open(uri, bare, 'python', 1);
    await client.close(uri);
    await client.open(uri, `\n\n${bare}`, 'python', 2);
    release(only('GR402'));
    assert.deepEqual(spans(await client.next(uri, (params) => params.version !== undefined)), [at(4, 0, 6)]);
    await client.settle();
    assert.deepEqual(
      client.published.map((params) => params.version),
      [undefined, 2],
    );
  });
});

function spans(published: PublishDiagnosticsParams) {
  return published.diagnostics.map((diagnostic) => diagnostic.range);
}
