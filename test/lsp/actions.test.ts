import assert from 'node:assert/strict';
import {
  type CodeAction,
  ExecuteCommandRequest,
  HoverRequest,
  ProgressType,
  type Range,
} from 'vscode-languageserver/node';
import { uriOfPath } from '../../server/src/settings/paths.ts';
import { applyTo, at, type Client, startClient } from '../support/client.ts';

const bare = 'try:\n    connect()\nexcept:\n    reconnect()\n';
const reason = '`SystemExit`, `KeyboardInterrupt` and `GeneratorExit` are no longer caught here';
const unsafeTitle = `Catch \`Exception\` (unsafe: ${reason})`;
let count = 0;

describe('language server: code actions', () => {
  let client: Client;

  before(async () => {
    client = await startClient({
      settings: (scope) => ({
        select: ['GR402', 'GR001', 'GR002'],
        fixAllUnsafe: scope?.includes('/unsafe/') ?? false,
        fixAllExclude: scope?.includes('/excluded/') ? ['GR001'] : [],
      }),
    });
  });

  after(async () => assert.equal(await client.stop(), 0));

  /** Opens a document that no other test knows, and waits for its diagnostics. */
  async function open(text: string, folder = 'app', version = 1): Promise<string> {
    count++;
    const uri = uriOfPath(`/work/${folder}/file${count}.py`);
    await client.open(uri, text, 'python', version);
    await client.diagnostics(uri, version);
    return uri;
  }

  /** The text after the action of that title; the action must be one only, and its edit for the open version. */
  async function textAfter(uri: string, text: string, range: Range, title: string): Promise<string> {
    const action = only(await client.actions(uri, range), title);
    const resolved = action.edit ? action : await client.resolve(action);
    const applied = applyTo(text, resolved.edit, uri);
    assert.equal(applied.version, 1);
    return applied.text;
  }

  it('offers each fix, then fix all of the rule, then suppressions', async () => {
    const text = bare + bare;
    const uri = await open(text, 'app', 5);
    const actions = await client.actions(uri, at(2, 3));
    assert.deepEqual(
      actions.map(({ title, kind, isPreferred }) => ({ title, kind, isPreferred })),
      [
        { title: unsafeTitle, kind: 'quickfix', isPreferred: undefined },
        { title: 'Fix all GR402 (bare-except) in this file (unsafe)', kind: 'quickfix', isPreferred: undefined },
        { title: 'Disable GR402 for this line', kind: 'quickfix', isPreferred: undefined },
        { title: 'Disable GR402 for this file', kind: 'quickfix', isPreferred: undefined },
      ],
    );
    const [fix, all] = actions;
    assert.deepEqual(fix?.edit, {
      documentChanges: [{ textDocument: { uri, version: 5 }, edits: [{ range: at(2, 6), newText: ' Exception' }] }],
    });
    assert.deepEqual(
      fix?.diagnostics?.map((diagnostic) => [diagnostic.code, diagnostic.range]),
      [['GR402', at(2, 0, 6)]],
    );
    assert.equal(all?.edit, undefined);
    const resolved = all && (await client.resolve(all));
    assert.deepEqual(applyTo(text, resolved?.edit, uri), {
      text: text.replaceAll('except:', 'except Exception:'),
      version: 5,
    });
  });

  it('offers nothing beside a finding, and all of it where the range touches several', async () => {
    const uri = await open(bare + bare);
    assert.deepEqual(await client.actions(uri, at(1, 4)), []);
    assert.deepEqual(titles(await client.actions(uri, at(2, 6))).slice(0, 1), [unsafeTitle]);
    const everything = { start: { line: 0, character: 0 }, end: { line: 8, character: 0 } };
    assert.deepEqual(titles(await client.actions(uri, everything)), [
      unsafeTitle,
      unsafeTitle,
      'Fix all GR402 (bare-except) in this file (unsafe)',
      'Disable GR402 for this line',
      'Disable GR402 for this file',
      'Disable GR402 for this line',
    ]);
  });

  it('prefers a fix only when it is safe, and offers no suppression of what is said of a suppression', async () => {
    const text = 'total = 1  # noqa: GR402\nother = 2  # noqa: GR999\n';
    const uri = await open(text);
    const [stale, ...more] = await client.actions(uri, at(0, 20));
    assert.deepEqual([stale?.title, stale?.isPreferred, more.length], ['Remove unused `GR402`', true, 0]);
    assert.deepEqual(applyTo(text, stale?.edit, uri), { text: `total = 1\n${text.slice(25)}`, version: 1 });
    const [unknown, ...others] = await client.actions(uri, at(1, 20));
    assert.deepEqual([unknown?.title, unknown?.isPreferred, others.length], ['Remove `GR999`', true, 0]);
  });

  it('fix all of a safe rule does not say that it is unsafe, and fixes what is safe', async () => {
    const text = 'total = 1  # noqa: GR402\nother = 2  # noqa: GR402, F401\n';
    const uri = await open(text);
    assert.equal(
      await textAfter(uri, text, at(0, 20), 'Fix all GR001 (unused-suppression) in this file'),
      'total = 1\nother = 2  # noqa: F401\n',
    );
  });

  describe('disable for this line', () => {
    const title = 'Disable GR402 for this line';
    const cases: [string, string, Range, string][] = [
      ['ends the line', bare, at(2, 0), bare.replace('except:', 'except:  # noqa: GR402')],
      [
        'takes the place of blanks at its end',
        bare.replace('except:', 'except:   '),
        at(2, 0),
        bare.replace('except:', 'except:  # noqa: GR402'),
      ],
      [
        'stands behind another comment',
        bare.replace('except:', 'except:  # never mind'),
        at(2, 0),
        bare.replace('except:', 'except:  # never mind  # noqa: GR402'),
      ],
      [
        'extends what is suppressed there',
        bare.replace('except:', 'except:  # noqa: E722,W1'),
        at(2, 0),
        bare.replace('except:', 'except:  # noqa: E722,W1, GR402'),
      ],
      [
        'leaves CRLF whole',
        bare.replaceAll('\n', '\r\n'),
        at(2, 0),
        bare.replace('except:', 'except:  # noqa: GR402').replaceAll('\n', '\r\n'),
      ],
      [
        'stands behind lines that a backslash joins',
        'try: connect()\nexcept: reconnect(1) + \\\n    2\n',
        at(1, 0),
        'try: connect()\nexcept: reconnect(1) + \\\n    2  # noqa: GR402\n',
      ],
      [
        'stands behind a string of several lines',
        "try: connect()\nexcept: log('''one\ntwo\n''')\nmore()\n",
        at(1, 0),
        "try: connect()\nexcept: log('''one\ntwo\n''')  # noqa: GR402\nmore()\n",
      ],
      [
        'works in the last line',
        'try: connect()\nexcept: pass',
        at(1, 0),
        'try: connect()\nexcept: pass  # noqa: GR402',
      ],
    ];
    for (const [what, text, range, expected] of cases) {
      it(what, async () => {
        const uri = await open(text);
        const result = await textAfter(uri, text, range, title);
        assert.equal(result, expected);
        // It does what it says, and raises no finding of its own.
        await client.change(uri, 2, { text: result });
        assert.deepEqual((await client.diagnostics(uri, 2)).diagnostics, []);
      });
    }
  });

  describe('disable for this file', () => {
    const title = 'Disable GR402 for this file';
    const directive = '# groundrules: noqa: GR402';
    const cases: [string, string, string][] = [
      ['is the first line', bare, `${directive}\n${bare}`],
      ['stands before a docstring', `"""Text."""\n${bare}`, `${directive}\n"""Text."""\n${bare}`],
      ['stands behind a shebang', `#!/usr/bin/env python\n${bare}`, `#!/usr/bin/env python\n${directive}\n${bare}`],
      [
        'stands behind a shebang and an encoding',
        `#!/usr/bin/env python\n# -*- coding: latin-1 -*-\n${bare}`,
        `#!/usr/bin/env python\n# -*- coding: latin-1 -*-\n${directive}\n${bare}`,
      ],
      ['stands behind an encoding', `# coding=utf-8\n${bare}`, `# coding=utf-8\n${directive}\n${bare}`],
      [
        'stands behind an encoding in the second line',
        `# A licence\n# vim: set fileencoding=utf-8 :\n${bare}`,
        `# A licence\n# vim: set fileencoding=utf-8 :\n${directive}\n${bare}`,
      ],
      [
        'stands before a comment that only talks of codings',
        `# A licence\n\n# coding: utf-8\n${bare}`,
        `${directive}\n# A licence\n\n# coding: utf-8\n${bare}`,
      ],
      [
        'has the line breaks of the file',
        `#!/bin/python\r\n${bare.replaceAll('\n', '\r\n')}`,
        `#!/bin/python\r\n${directive}\r\n${bare.replaceAll('\n', '\r\n')}`,
      ],
      [
        'extends the directive that is there',
        `"""Text."""\n# groundrules: noqa: GR101\n${bare}`,
        `"""Text."""\n# groundrules: noqa: GR101, GR402\n${bare}`,
      ],
    ];
    for (const [what, text, expected] of cases) {
      it(what, async () => {
        const uri = await open(text);
        const line = text.split('\n').findIndex((candidate) => candidate.startsWith('except'));
        const result = await textAfter(uri, text, at(line, 0), title);
        assert.equal(result, expected);
        await client.change(uri, 2, { text: result });
        assert.deepEqual(
          (await client.diagnostics(uri, 2)).diagnostics.filter((diagnostic) => diagnostic.code === 'GR402'),
          [],
        );
      });
    }
  });

  describe('source.fixAll.groundrules', () => {
    const text = `${bare}total = 1  # noqa: GR402\n`;
    const safe = `${bare}total = 1\n`;

    it('stands in no lightbulb', async () => {
      const uri = await open(text);
      assert.ok((await client.actions(uri, at(4, 20))).every((action) => action.kind === 'quickfix'));
      assert.deepEqual(await client.actions(uri, at(4, 20), ['refactor', 'source.organizeImports']), []);
    });

    for (const asked of ['source', 'source.fixAll', 'source.fixAll.groundrules', '']) {
      it(`comes when "${asked}" is asked for, and does what is safe`, async () => {
        const uri = await open(text);
        const actions = (await client.actions(uri, at(0, 0), [asked])).filter(({ kind }) => kind !== 'quickfix');
        assert.deepEqual(actions, [
          { title: 'Groundrules: fix all', kind: 'source.fixAll.groundrules', data: { uri, version: 1 } },
        ]);
        assert.deepEqual(applyTo(text, (await client.resolve(only(actions))).edit, uri), { text: safe, version: 1 });
      });
    }

    it('does what is unsafe where the settings say so', async () => {
      const uri = await open(text, 'unsafe');
      const actions = await client.actions(uri, at(0, 0), ['source.fixAll']);
      const expected = safe.replace('except:', 'except Exception:');
      assert.equal(applyTo(text, (await client.resolve(only(actions))).edit, uri).text, expected);
    });

    it('leaves out excluded rules, and is not offered when nothing is left', async () => {
      const uri = await open(text, 'excluded');
      assert.deepEqual(await client.actions(uri, at(0, 0), ['source.fixAll']), []);
    });

    it('changes only the lines that it must', async () => {
      const uri = await open(text);
      const [action] = await client.actions(uri, at(0, 0), ['source.fixAll']);
      assert.deepEqual(action && (await client.resolve(action)).edit?.documentChanges, [
        {
          textDocument: { uri, version: 1 },
          edits: [{ range: { start: at(4, 0).start, end: { line: 5, character: 0 } }, newText: 'total = 1\n' }],
        },
      ]);
    });
  });

  it('refuses to resolve an action for a text that has moved on', async () => {
    const uri = await open(bare + bare);
    const all = only(await client.actions(uri, at(2, 0)), 'Fix all GR402 (bare-except) in this file (unsafe)');
    await client.change(uri, 2, { range: at(0, 0), text: '\n' });
    const modified = { code: -32801, message: 'the text has changed since this action was offered' };
    await assert.rejects(client.resolve(all), modified);
    await client.close(uri);
    await assert.rejects(client.resolve(all), modified);
  });

  it('gives back an action that is none of ours as it came', async () => {
    const action: CodeAction = { title: 'Another', data: { something: 'else' } };
    assert.deepEqual(await client.resolve(action), action);
  });

  it('says over a code in a suppression comment what the rule is about', async () => {
    const uri = await open('try: a()\nexcept: b()  # noqa: E722, gr402\n# groundrules: noqa: GR001\n');
    const hover = (line: number, character: number) =>
      client.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: { line, character } });
    const [start, end] = [27, 32];
    const answer = await hover(1, start + 2);
    assert.deepEqual(answer?.range, at(1, start, end));
    assert.ok(typeof answer.contents === 'object' && 'value' in answer.contents);
    const [head, , advice, , link] = answer.contents.value.split('\n');
    assert.equal(head, '**GR402 bare-except**: A bare `except:` catches even `SystemExit` and `KeyboardInterrupt`.');
    assert.equal(advice, 'Name the exception, or at least catch `Exception`.');
    assert.match(link ?? '', /^\[Documentation\]\(file:\/\/.*\/docs\/rules\/GR402\.md\)$/);
    assert.deepEqual((await hover(1, start))?.range, at(1, start, end));
    assert.deepEqual((await hover(1, end))?.range, at(1, start, end));
    assert.equal(await hover(1, start - 2), null);
    assert.equal(await hover(1, 24), null);
    assert.equal(await hover(0, 2), null);
    assert.deepEqual((await hover(2, 23))?.range, at(2, 21, 26));
  });

  describe('the command fix all', () => {
    const command = 'groundrules.server.fixAll';
    const run = (...given: unknown[]) =>
      client.connection.sendRequest(ExecuteCommandRequest.type, { command, arguments: given, workDoneToken: 'work' });

    it('has the client apply the fixes, and shows its progress', async () => {
      const text = 'total = 1  # noqa: GR402\n';
      const uri = await open(text);
      const progress: unknown[] = [];
      const listening = client.connection.onProgress(new ProgressType<unknown>(), 'work', (value) => {
        progress.push(value);
      });
      assert.equal(await run(uri), null);
      listening.dispose();
      assert.deepEqual(progress, [{ kind: 'begin', title: 'Groundrules: fixing all' }, { kind: 'end' }]);
      const asked = client.applied.at(-1);
      assert.equal(asked?.label, 'Groundrules: fix all');
      assert.deepEqual(applyTo(text, asked?.edit, uri), { text: 'total = 1\n', version: 1 });
    });

    it('asks nothing of the client where nothing is to fix', async () => {
      const before = client.applied.length;
      assert.equal(await run(await open('total = 1\n')), null);
      assert.equal(client.applied.length, before);
    });

    it('says why it failed', async () => {
      const uri = await open('total = 1  # noqa: GR402\n');
      const refused = (message: string) => ({ code: -32803, message });
      await assert.rejects(run('file:///work/closed.py'), refused('the file to fix is not open'));
      await assert.rejects(run(), refused('the file to fix is not open'));
      await assert.rejects(
        client.connection.sendRequest(ExecuteCommandRequest.type, { command: 'groundrules.fly' }),
        refused('there is no command groundrules.fly'),
      );
      client.answerToEdits = { applied: false, failureReason: 'the file is read-only' };
      await assert.rejects(run(uri), refused('the editor did not apply the fixes: the file is read-only'));
      client.answerToEdits = { applied: true };
    });
  });

  it('gives the page of a rule', async () => {
    const ask = (params: unknown) => client.connection.sendRequest('groundrules/ruleDocumentation', params);
    const page = await ask({ code: 'gr402' });
    assert.ok(typeof page === 'object' && page !== null && 'markdown' in page);
    assert.match(String(page.markdown), /^# GR402/);
    await assert.rejects(ask({ code: 'GR999' }), { code: -32803, message: 'no rule has the code GR999' });
    await assert.rejects(ask({}), { code: -32602, message: 'expected { code: string }' });
  });
});

describe('language server: code actions for a client that can do little', () => {
  let client: Client;

  before(async () => {
    client = await startClient({
      capabilities: {},
      initializationOptions: {
        commands: true,
        documentation: 'groundrules-rule:/{code}.md',
        settings: { select: ['GR402', 'GR001'] },
      },
    });
  });

  after(async () => assert.equal(await client.stop(), 0));

  it('sends edits at once and without versions, prefers nothing, and names the commands that exist', async () => {
    const uri = 'file:///work/app/little.py';
    await client.open(uri, `total = 1  # noqa: GR402\nother = 1  # noqa: GR402\n${bare}`);
    const { diagnostics } = await client.diagnostics(uri, 1);
    assert.deepEqual(diagnostics[0]?.codeDescription, { href: 'groundrules-rule:/GR001.md' });
    const [fix, all, documentation] = await client.actions(uri, at(0, 20));
    const edit = (line: number) => ({ range: at(line, 9, 24), newText: '' });
    assert.deepEqual(fix?.edit, { changes: { [uri]: [edit(0)] } });
    assert.equal(fix?.isPreferred, undefined);
    assert.deepEqual(all?.edit, {
      changes: {
        [uri]: [{ range: { start: at(0, 0).start, end: at(2, 0).end }, newText: 'total = 1\nother = 1\n' }],
      },
    });
    assert.deepEqual(documentation?.command, {
      title: 'Show documentation for GR001',
      command: 'groundrules.showRuleDocumentation',
      arguments: ['GR001'],
    });
    const [source] = await client.actions(uri, at(0, 0), ['source.fixAll']);
    assert.deepEqual(source?.edit, all?.edit);
    assert.deepEqual(client.registrations, []);
  });

  it('does not ask it to apply an edit', async () => {
    await assert.rejects(
      client.connection.sendRequest(ExecuteCommandRequest.type, {
        command: 'groundrules.server.fixAll',
        arguments: ['file:///work/app/little.py'],
      }),
      { code: -32803, message: 'this editor does not let the server change a file' },
    );
  });
});

function titles(actions: readonly CodeAction[]): string[] {
  return actions.map((action) => action.title);
}

/** The one action of a title, or the only one. */
function only(actions: readonly CodeAction[], title?: string): CodeAction {
  const fitting = actions.filter((action) => title === undefined || action.title === title);
  assert.equal(fitting.length, 1, `one action ${title ?? ''} among: ${titles(actions).join(', ')}`);
  const [action] = fitting;
  assert.ok(action);
  return action;
}

describe('language server: code actions that move a file', () => {
  const folder = '/work/my äpp/modules/calculation/orbit';
  const uri = uriOfPath(`${folder}/test_orbit.py`);
  const settings = () => ({ select: ['GR806'], fixAllUnsafe: true });

  it('are offered, and left alone by fix all', async () => {
    const client = await startClient({ folders: ['/work'], settings });
    await client.open(uri, 'def test_orbit():\n    assert orbit(1) == 2\n');
    await client.diagnostics(uri, 1);
    const actions = await client.actions(uri, at(0, 0));
    assert.deepEqual(
      actions.map(({ title }) => title),
      [
        'Move to `my äpp/modules/calculation/orbit/tests/` (unsafe: What imports the file, or is imported by it relatively, has to be changed by hand)',
        'Disable GR806 for this line',
        'Disable GR806 for this file',
      ],
    );
    assert.deepEqual(actions[0]?.edit, {
      documentChanges: [
        {
          kind: 'rename',
          oldUri: uri,
          newUri: uriOfPath(`${folder}/tests/test_orbit.py`),
          options: { overwrite: false },
        },
      ],
    });
    assert.deepEqual(await client.actions(uri, at(0, 0), ['source.fixAll']), []);
    assert.equal(await client.stop(), 0);
  });

  it('are not offered to a client that cannot move files', async () => {
    const capabilities = { workspace: { configuration: true, workspaceEdit: { documentChanges: true } } };
    const client = await startClient({ folders: ['/work'], settings, capabilities });
    await client.open(uri, 'def test_orbit():\n    assert orbit(1) == 2\n');
    await client.diagnostics(uri, 1);
    const actions = await client.actions(uri, at(0, 0));
    assert.deepEqual(
      actions.map(({ title }) => title),
      ['Disable GR806 for this line', 'Disable GR806 for this file'],
    );
    assert.equal(await client.stop(), 0);
  });
});
