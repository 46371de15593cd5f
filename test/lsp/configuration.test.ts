import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  FileChangeType,
  type FileEvent,
  ProgressType,
  type PublishDiagnosticsParams,
  WorkDoneProgressCreateRequest,
} from 'vscode-languageserver/node';
import { normalisePath, uriOfPath } from '../../server/src/settings/paths.ts';
import { findingsMethod, statusMethod } from '../../shared-rules/src/index.ts';
import { at, type Client, startClient } from '../support/client.ts';

const bare = 'try:\n    connect()\nexcept:\n    reconnect()\n';
const naive = 'from datetime import datetime\n\nnow = datetime.utcnow()\n';

describe('language server: settings', () => {
  let folder: string;
  let client: Client | undefined;

  beforeEach(() => {
    folder = normalisePath(realpathSync(mkdtempSync(path.join(os.tmpdir(), 'groundrules-lsp-'))));
  });

  afterEach(async () => {
    if (client) assert.equal(await client.stop(), 0);
    client = undefined;
    rmSync(folder, { recursive: true });
  });

  function write(name: string, text: string): string {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return uriOfPath(file);
  }

  const uriOf = (name: string): string => uriOfPath(`${folder}/${name}`);

  /** Opens a file and gives its first diagnostics. */
  async function opened(server: Client, name: string, text: string): Promise<PublishDiagnosticsParams> {
    await server.open(uriOf(name), text);
    return server.diagnostics(uriOf(name), 1);
  }

  async function watched(server: Client, ...names: string[]): Promise<void> {
    const changes: FileEvent[] = names.map((name) => ({ uri: uriOf(name), type: FileChangeType.Changed }));
    await server.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes });
  }

  it('are asked for by resource, so that two folders can differ', async () => {
    const server = await startClient({
      folders: [`${folder}/one`, `${folder}/two`],
      settings: (scope) =>
        scope?.includes('/one/') ? { select: ['GR402'] } : { select: ['GR402'], severity: { GR402: 'hint' } },
    });
    client = server;
    assert.deepEqual(severities(await opened(server, 'one/a.py', bare)), [['GR402', 1]]);
    assert.deepEqual(severities(await opened(server, 'two/a.py', bare)), [['GR402', 4]]);
  });

  it('change live, for every open file, with one question and with progress', async () => {
    let questions = 0;
    const server = await startClient({ folders: [folder] });
    client = server;
    server.settings = () => ({ select: ['GR402'] });
    await opened(server, 'a.py', bare);
    await opened(server, 'b.py', bare);
    const progress: unknown[] = [];
    server.connection.onRequest(WorkDoneProgressCreateRequest.type, ({ token }) => {
      server.connection.onProgress(new ProgressType<unknown>(), token, (value) => {
        progress.push(value);
      });
    });
    server.settings = () => {
      questions++;
      return { select: ['GR402'], severity: { GR4: 'information' } };
    };
    await server.changeSettings();
    assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 3]]);
    assert.deepEqual(severities(await server.next(uriOf('b.py'))), [['GR402', 3]]);
    await server.settle();
    assert.equal(questions, 2);
    assert.deepEqual(progress, [
      { kind: 'begin', title: 'Groundrules: analysing open files', percentage: 0 },
      { kind: 'report', percentage: 50 },
      { kind: 'report', percentage: 100 },
      { kind: 'end' },
    ]);
  });

  it('that were asked for last count, whichever are answered first', async () => {
    const server = await startClient({ folders: [folder], settings: () => ({ select: ['GR402'] }) });
    client = server;
    await opened(server, 'a.py', bare);
    let releaseOld: ((settings: unknown) => void) | undefined;
    server.settings = () =>
      new Promise((resolve) => {
        releaseOld = resolve;
      });
    await server.changeSettings();
    await server.settle();
    server.settings = () => ({ select: ['GR402'], severity: { GR402: 'hint' } });
    await server.changeSettings();
    assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 4]]);
    assert.ok(releaseOld);
    releaseOld({ ignore: ['ALL'] });
    await server.change(uriOf('a.py'), 2, { range: at(0, 0), text: '\n' });
    assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 4]]);
  });

  it('that the editor fails to give are those it gave before', async () => {
    const server = await startClient({
      folders: [folder],
      settings: () => ({ select: ['GR402'], severity: { GR402: 'hint' } }),
    });
    client = server;
    await opened(server, 'a.py', bare);
    server.settings = () => Promise.reject(new Error('the settings are on fire'));
    await server.changeSettings();
    assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 4]]);
    assert.ok(server.log.some((message) => message.includes('The editor did not give the settings')));
    assert.ok(severities(await opened(server, 'b.py', bare)).some(([code]) => code === 'GR402'));
  });

  it('that are wrong are named in the log, and the others hold', async () => {
    const server = await startClient({
      folders: [folder],
      settings: () => ({ select: ['GR402'], maxFindings: 'many', severity: { GR402: 'hint' } }),
    });
    client = server;
    assert.deepEqual(severities(await opened(server, 'a.py', bare)), [['GR402', 4]]);
    assert.deepEqual(server.log, [
      'Setting groundrules.maxFindings: `maxFindings`: expected a number, not the string `many`',
    ]);
  });

  it('come with initializationOptions, or are sent, where the client cannot be asked', async () => {
    const server = await startClient({
      folders: [folder],
      capabilities: {},
      initializationOptions: { settings: { select: ['GR402'] } },
    });
    client = server;
    assert.deepEqual(severities(await opened(server, 'a.py', bare)), [['GR402', 1]]);
    await server.changeSettings({ groundrules: { select: ['GR402'], severity: { GR402: 'warning' } } });
    assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 2]]);
    await server.changeSettings({ other: {} });
    assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 2]]);
  });

  it('limit how much is published, and the last one tells how much more there is', async () => {
    const server = await startClient({ folders: [folder], settings: () => ({ select: ['GR402'], maxFindings: 3 }) });
    client = server;
    assert.equal((await opened(server, 'three.py', bare.repeat(3))).diagnostics.length, 3);
    const many = (await opened(server, 'five.py', bare.repeat(5))).diagnostics;
    assert.deepEqual(many.map(({ range, code, severity, message }) => ({ range, code, severity, message })).slice(2), [
      {
        range: at(0, 0),
        code: undefined,
        severity: 3,
        message: '3 more findings in this file are not shown; raise groundrules.maxFindings to see them.',
      },
    ]);
    assert.deepEqual(
      many.slice(0, 2).map((diagnostic) => diagnostic.range),
      [at(2, 0, 6), at(6, 0, 6)],
    );
    await server.change(uriOf('five.py'), 2, { text: bare.repeat(4) });
    const fewer = await server.diagnostics(uriOf('five.py'), 2);
    assert.match(String(fewer.diagnostics.at(-1)?.message), /^2 more findings/);
  });

  it('leave large files alone, and say so in them', async () => {
    const server = await startClient({ folders: [folder], settings: () => ({ select: ['GR402'], maxFileSize: 60 }) });
    client = server;
    const large = `${bare}# ${'é'.repeat(20)}\n`;
    const { diagnostics } = await opened(server, 'large.py', large);
    assert.deepEqual(diagnostics, [
      {
        range: at(0, 0),
        severity: 3,
        source: 'groundrules',
        message: `This file has ${Buffer.byteLength(large)} bytes and is not analysed; raise max-file-size (now 60) to have it analysed.`,
      },
    ]);
    await server.change(uriOf('large.py'), 2, { range: at(4, 2, 22), text: '' });
    assert.deepEqual(severities(await server.diagnostics(uriOf('large.py'), 2)), [['GR402', 1]]);
  });

  it('can turn the server off for a folder', async () => {
    const server = await startClient({ folders: [folder], settings: () => ({ enable: false }) });
    client = server;
    assert.deepEqual((await opened(server, 'a.py', bare)).diagnostics, []);
    assert.deepEqual(await server.actions(uriOf('a.py'), at(2, 0)), []);
    server.settings = () => ({ select: ['GR402'] });
    await server.changeSettings();
    assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 1]]);
  });

  it('of the committed file count before the editor’s', async () => {
    write(
      'groundrules.toml',
      [
        'select = ["GR402", "GR101"]',
        'exclude = ["generated"]',
        '[severity]',
        'GR402 = "hint"',
        '[per-file-ignores]',
        '"tests/*" = ["GR402"]',
        '',
      ].join('\n'),
    );
    const server = await startClient({
      folders: [folder],
      settings: () => ({ select: ['GR402'], severity: { GR402: 'error' } }),
    });
    client = server;
    assert.deepEqual(severities(await opened(server, 'app/a.py', bare)), [['GR402', 4]]);
    assert.deepEqual(severities(await opened(server, 'tests/test_a.py', bare + naive)), [['GR101', 1]]);
    assert.deepEqual((await opened(server, 'generated/a.py', bare)).diagnostics, []);
    assert.deepEqual((await opened(server, '.venv/lib/a.py', bare)).diagnostics, []);
  });

  it('turn whole standards off', async () => {
    write('pyproject.toml', '[tool.groundrules.standards]\nproduction = false\n');
    const server = await startClient({ folders: [folder] });
    client = server;
    const codes = severities(await opened(server, 'a.py', bare)).map(([code]) => code);
    assert.ok(!codes.includes('GR402'), String(codes));
  });

  it('take the oldest Python from requires-python', async () => {
    write('old/pyproject.toml', '[project]\nrequires-python = ">=3.9"\n[tool.groundrules]\nselect = ["GR101"]\n');
    write('new/pyproject.toml', '[project]\nrequires-python = ">=3.12"\n[tool.groundrules]\nselect = ["GR101"]\n');
    const server = await startClient({ folders: [folder] });
    client = server;
    const fixOf = async (name: string): Promise<string> => {
      await opened(server, name, naive);
      const [fix] = await server.actions(uriOf(name), at(2, 10));
      return JSON.stringify(fix?.edit);
    };
    assert.match(await fixOf('old/a.py'), /timezone\.utc/);
    assert.match(await fixOf('new/a.py'), /UTC/);
  });

  it('come from the file that the editor names, and a missing one is said', async () => {
    write('team.toml', 'select = ["GR402"]\n[severity]\nGR402 = "hint"\n');
    write('pyproject.toml', '[tool.groundrules]\nselect = []\n');
    const server = await startClient({
      folders: [folder],
      settings: (scope) => ({ configuration: scope?.endsWith('a.py') ? 'team.toml' : 'none.toml' }),
      initializationOptions: { checklist: true },
    });
    client = server;
    const statuses = statusesOf(server);
    assert.deepEqual(severities(await opened(server, 'a.py', bare)), [['GR402', 4]]);
    await server.until(() => statuses.length === 1, 'a status');
    assert.equal(statuses[0]?.configuration, `${folder}/team.toml`);
    assert.deepEqual((await opened(server, 'b.py', bare)).diagnostics, []);
    await server.until(() => statuses.length === 2, 'another status');
    assert.equal(statuses[1]?.problem, 'the configuration file none.toml does not exist');
  });

  describe('with a fault in the configuration file', () => {
    const good = '[project]\nname = "x"\n\n[tool.groundrules]\nselect = ["GR402"]\nseverity = { GR402 = "hint" }\n';
    const bad = good.replace('"hint"', '"loud"');
    const fault = {
      range: at(5, 21, 27),
      severity: 1,
      source: 'groundrules',
      message: '`severity.GR402`: expected one of `error`, `warning`, `information`, `hint`, not the string `loud`',
    };

    it('say so at its place, keep the last good ones, and clear it when it is mended', async () => {
      const uri = write('pyproject.toml', good);
      const server = await startClient({ folders: [folder] });
      client = server;
      assert.deepEqual(severities(await opened(server, 'a.py', bare)), [['GR402', 4]]);
      write('pyproject.toml', bad);
      await watched(server, 'pyproject.toml');
      assert.deepEqual(await server.next(uri), { uri, diagnostics: [fault] });
      assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 4]]);
      write('pyproject.toml', '[tool.groundrules\n');
      await watched(server, 'pyproject.toml');
      assert.equal((await server.next(uri)).diagnostics[0]?.range.start.line, 0);
      assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 4]]);
      write('pyproject.toml', good.replace('"hint"', '"warning"'));
      await watched(server, 'pyproject.toml');
      assert.deepEqual(await server.next(uri), { uri, diagnostics: [] });
      assert.deepEqual(severities(await server.next(uriOf('a.py'))), [['GR402', 2]]);
    });

    it('follow what is typed into the open file, with its version, before it is saved', async () => {
      const uri = write('pyproject.toml', good);
      const server = await startClient({ folders: [folder] });
      client = server;
      await opened(server, 'a.py', bare);
      await server.open(uri, good, 'toml', 1);
      await server.change(uri, 2, { range: at(5, 22, 26), text: 'loud' });
      assert.deepEqual(await server.next(uri), { uri, version: 2, diagnostics: [fault] });
      await server.change(uri, 3, { range: at(5, 22, 26), text: 'information' });
      assert.deepEqual((await server.next(uri)).diagnostics, []);
      assert.deepEqual(
        severities(await server.next(uriOf('a.py'), (params) => params.diagnostics[0]?.severity === 3)),
        [['GR402', 3]],
      );
      // The disk does not count while the file is open, and counts again when it is closed.
      write('pyproject.toml', bad);
      await watched(server, 'pyproject.toml');
      await server.close(uri);
      assert.deepEqual(await server.next(uri, (params) => params.diagnostics.length > 0), {
        uri,
        diagnostics: [fault],
      });
    });

    it('say so too when it is the file that is opened first', async () => {
      const uri = write('groundrules.toml', '');
      const server = await startClient({ folders: [folder] });
      client = server;
      await server.open(uri, 'select = ["GR77", "XX"]\nunknwon = 1\n', 'toml', 4);
      const { version, diagnostics } = await server.next(uri);
      assert.equal(version, 4);
      assert.deepEqual(
        diagnostics.map((diagnostic) => diagnostic.range),
        [at(0, 10, 16), at(0, 18, 22), at(1, 0, 7)],
      );
    });
  });

  it('are read again for every file that is opened where nobody watches the disk', async () => {
    const server = await startClient({ folders: [folder], capabilities: {} });
    client = server;
    write('groundrules.toml', 'select = ["GR402"]\n');
    assert.deepEqual(severities(await opened(server, 'a.py', bare)), [['GR402', 1]]);
    write('groundrules.toml', 'select = ["GR402"]\nseverity = { GR402 = "hint" }\n');
    assert.deepEqual(severities(await opened(server, 'b.py', bare)), [['GR402', 4]]);
  });

  it('know folders that come and go', async () => {
    const server = await startClient({ folders: [`${folder}/one`], settings: () => ({ configuration: 'team.toml' }) });
    client = server;
    write('two/team.toml', 'select = ["GR402"]\n');
    await opened(server, 'two/deep/a.py', naive);
    await server.connection.sendNotification(DidChangeWorkspaceFoldersNotification.type, {
      event: { added: [{ uri: uriOf('two'), name: 'two' }], removed: [{ uri: uriOf('one'), name: 'one' }] },
    });
    assert.deepEqual((await server.next(uriOf('two/deep/a.py'))).diagnostics, []);
  });

  it('warn once when the native parser is wanted and cannot be had, and go on with the other', async () => {
    // Away from node_modules the bundle finds no native module.
    const dist = path.join(import.meta.dirname, '..', '..', 'dist');
    cpSync(dist, folder, { recursive: true });
    const server = await startClient({
      program: path.join(folder, 'server.mjs'),
      folders: [folder],
      settings: () => ({ select: ['GR402'], parser: 'native' }),
    });
    client = server;
    assert.deepEqual(severities(await opened(server, 'a.py', bare)), [['GR402', 1]]);
    assert.deepEqual(severities(await opened(server, 'b.py', bare)), [['GR402', 1]]);
    await server.settle();
    assert.equal(server.shown.length, 1);
    assert.match(server.shown[0] ?? '', /^The native parser cannot be loaded, so the WebAssembly one is used\./);
  });

  it('tell the checklist what ran and what it found, and when a file is closed', async () => {
    write('pyproject.toml', '[tool.groundrules]\nselect = ["GR402", "GR101"]\n');
    const server = await startClient({ folders: [folder], initializationOptions: { checklist: true } });
    client = server;
    const statuses = statusesOf(server);
    const findings = notificationsOf(server, findingsMethod);
    const uri = uriOf('a.py');
    await opened(server, 'a.py', bare);
    await server.until(() => findings.length === 1, 'findings');
    const message = 'Bare `except:` also catches `SystemExit` and `KeyboardInterrupt`; name the exception.';
    assert.deepEqual(findings[0], {
      uri,
      version: 1,
      rules: { GR101: [], GR402: [{ line: 2, character: 0, endLine: 2, endCharacter: 6, message }] },
    });
    assert.deepEqual(statuses, [
      {
        uri,
        count: 1,
        configuration: `${folder}/pyproject.toml`,
        standards: ['production', 'architecture', 'flow', 'module', 'backend'],
        parser: 'wasm',
      },
    ]);
    await server.change(uri, 2, { text: 'value = 1\n' });
    await server.close(uri);
    await server.until(() => findings.length === 2, 'the closing');
    assert.deepEqual(findings[1], { uri, version: 2, rules: {}, closed: true });
    // Closed while its findings were due: the next opening must not be forgotten.
    await server.open(uri, bare, 'python', 3);
    await server.until(() => findings.length === 3, 'findings again');
    assert.deepEqual(statuses.length, 2);
    assert.deepEqual(server.registrations, []);
  });

  it('hold for documents that lie on no disk', async () => {
    write('pyproject.toml', '[tool.groundrules]\nselect = ["GR402"]\nseverity = { GR402 = "hint" }\n');
    const server = await startClient({
      folders: [folder, 'vscode-vfs://github/team/project'],
      settings: () => ({ select: ['GR402'] }),
    });
    client = server;
    const published = async (uri: string) => {
      await server.open(uri, bare);
      return severities(await server.diagnostics(uri, 1));
    };
    // An untitled file counts to the first folder.
    assert.deepEqual(await published('untitled:Untitled-1'), [['GR402', 4]]);
    assert.deepEqual(await published('vscode-vfs://github/team/project/app.py'), [['GR402', 1]]);
    const toml = 'vscode-vfs://github/team/project/groundrules.toml';
    await server.open(toml, 'severity = { GR402 = "warning" }\n', 'toml');
    const uri = 'vscode-vfs://github/team/project/app.py';
    assert.deepEqual(severities(await server.next(uri)), [['GR402', 2]]);
    await server.change(toml, 2, { text: 'sverity = 1\n' });
    assert.deepEqual((await server.next(toml)).diagnostics[0]?.range, at(0, 0, 7));
    for (const strange of ['weird', 'http://[::1', 'file://', '%%%', 'file:///c%3A/proj/app.py', 'file:///C:/a/b.py'])
      assert.deepEqual(await published(strange), [['GR402', 1]], strange);
  });

  it('know Windows paths', async () => {
    const server = await startClient({
      folders: ['file:///c%3A/proj'],
      settings: () => ({ select: ['GR402'], exclude: ['old/*'], perFileIgnores: { 'tests/**': ['GR402'] } }),
    });
    client = server;
    const published = async (uri: string) => {
      await server.open(uri, bare);
      return severities(await server.diagnostics(uri, 1));
    };
    assert.deepEqual(await published('file:///c%3A/proj/app.py'), [['GR402', 1]]);
    assert.deepEqual(await published('file:///C%3A/Proj/tests/unit/test_app.py'), []);
    assert.deepEqual(await published('file:///C:/proj/old/app.py'), []);
    assert.deepEqual(await published('file://server/share/app.py'), [['GR402', 1]]);
  });
});

function severities(published: PublishDiagnosticsParams): [unknown, unknown][] {
  return published.diagnostics.map((diagnostic) => [diagnostic.code, diagnostic.severity]);
}

function notificationsOf(server: Client, method: string): unknown[] {
  const received: unknown[] = [];
  server.connection.onNotification(method, (params: unknown) => {
    received.push(params);
    server.changed();
  });
  return received;
}

function statusesOf(server: Client): { configuration?: unknown; problem?: unknown }[] {
  const received: { configuration?: unknown; problem?: unknown }[] = [];
  server.connection.onNotification(statusMethod, (params: { configuration?: unknown; problem?: unknown }) => {
    received.push(params);
    server.changed();
  });
  return received;
}
