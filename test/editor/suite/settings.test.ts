import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  diagnosticsOf,
  inWorkspace,
  lines,
  open,
  openWith,
  placeOf,
  setSetting,
  started,
  until,
  untilFinding,
  untilFindings,
} from './support.ts';

const faulty = lines('try:', '    call()', 'except:', '    raise');

describe('settings', () => {
  before(started);
  afterEach(async () => {
    for (const name of ['ignore', 'severity', 'enable', 'maxFindings'])
      await setSetting(`groundrules.${name}`, undefined);
    await closeAll();
  });

  it('change what is reported at once', async () => {
    const { uri } = (await openWith('src/app/live.py', faulty)).document;
    await untilFindings(uri, 'GR402', 1);
    await setSetting('groundrules.ignore', ['GR402']);
    await untilFindings(uri, 'GR402', 0);
    await setSetting('groundrules.ignore', undefined);
    await untilFindings(uri, 'GR402', 1);
  });

  it('change the severity', async () => {
    const { uri } = (await openWith('src/app/severe.py', faulty)).document;
    await untilFindings(uri, 'GR402', 1);
    await setSetting('groundrules.severity', { GR4: 'information' });
    await until(
      'the new severity',
      async () => (await untilFinding(uri, 'GR402')).severity === vscode.DiagnosticSeverity.Information,
    );
  });

  it('turn everything off and on', async () => {
    const { uri } = (await openWith('src/app/enabled.py', faulty)).document;
    await untilFindings(uri, 'GR402', 1);
    await setSetting('groundrules.enable', false);
    await until('silence', () => diagnosticsOf(uri).length === 0);
    await setSetting('groundrules.enable', true);
    await untilFindings(uri, 'GR402', 1);
  });

  it('cut a long list, and the last line of it says how much is missing', async () => {
    const { uri } = (await openWith('src/app/many.py', faulty.repeat(5))).document;
    await untilFindings(uri, 'GR402', 5);
    const all = diagnosticsOf(uri).length;
    await setSetting('groundrules.maxFindings', 3);
    await until('the cut list', () => diagnosticsOf(uri).length === 3);
    const messages = diagnosticsOf(uri).map(({ message }) => message);
    const rest = `${all - 2} more findings in this file are not shown; raise groundrules.maxFindings to see them.`;
    assert.ok(messages.includes(rest), messages.join('\n'));
  });
});

describe('a configuration file', () => {
  const good = lines('[tool.groundrules]', 'ignore = ["GR402"]');
  const broken = lines('[tool.groundrules]', 'ignore = ["GR402"');
  const wrong = lines('[tool.groundrules]', 'ignroe = ["GR402"]');
  const without = lines('[tool.groundrules]');
  const pyproject = 'broken/pyproject.toml';

  before(started);
  afterEach(async () => {
    await closeAll();
    await vscode.workspace.fs.delete(inWorkspace('broken'), { recursive: true });
  });

  /** A finding that no configuration here turns off: when it moves, the file was analysed anew. */
  const canary = 'total = 1  # noqa: GR101\n';

  it('that breaks is told of in its place, and the last good one stays in force', async () => {
    await vscode.workspace.fs.writeFile(inWorkspace(pyproject), Buffer.from(good));
    const editor = await openWith('broken/app.py', canary + faulty);
    const { uri } = editor.document;
    await untilFindings(uri, 'GR001', 1);
    await untilFindings(uri, 'GR402', 0);

    await vscode.workspace.fs.writeFile(inWorkspace(pyproject), Buffer.from(broken));
    const [problem] = await until('the problem', () => {
      const found = diagnosticsOf(inWorkspace(pyproject));
      return found.length > 0 && found;
    });
    assert.equal(problem?.severity, vscode.DiagnosticSeverity.Error);
    assert.notEqual(problem?.message, '');

    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), canary));
    await untilFindings(uri, 'GR001', 2);
    await untilFindings(uri, 'GR402', 0);

    await vscode.workspace.fs.writeFile(inWorkspace(pyproject), Buffer.from(without));
    await until('the end of the problem', () => diagnosticsOf(inWorkspace(pyproject)).length === 0);
    await untilFindings(uri, 'GR402', 1);
  });

  it('is followed while it is typed, before it is saved', async () => {
    await vscode.workspace.fs.writeFile(inWorkspace(pyproject), Buffer.from(good));
    const { uri } = (await openWith('broken/app.py', canary + faulty)).document;
    await untilFindings(uri, 'GR001', 1);
    await untilFindings(uri, 'GR402', 0);

    const editor = await open(pyproject);
    const all = new vscode.Range(0, 0, 9, 0);
    await editor.edit((edit) => edit.replace(all, wrong));
    const [problem] = await until('the misspelt key', () => {
      const found = diagnosticsOf(editor.document.uri);
      return found.length > 0 && found;
    });
    assert.ok(problem);
    assert.equal(placeOf(problem.range), '1:0-1:6');
    assert.match(problem.message, /ignroe.*ignore/);
    await untilFindings(uri, 'GR402', 0);

    await editor.edit((edit) => edit.replace(all, without));
    await until('the end of the problem', () => diagnosticsOf(editor.document.uri).length === 0);
    await untilFindings(uri, 'GR402', 1);
    await closeAll();
  });
});
