import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, codeOf, goTo, lines, openWith, started, type, untilFindingAt, untilFindings } from './support.ts';

describe('squiggles', () => {
  before(started);
  afterEach(closeAll);

  it('appear while one types, move with the text above, and go when the fault is mended', async () => {
    const editor = await openWith('src/app/typed.py', lines('def ring():', '    try:', '        call()', '    '));
    const { uri } = editor.document;
    goTo(editor, 3, 4);
    await type('except:');
    await type(' pass');
    const finding = await untilFindingAt(uri, 'GR402', '3:4-3:10');
    assert.equal(
      finding.message,
      'Bare `except:` also catches `SystemExit` and `KeyboardInterrupt`; name the exception.',
    );
    assert.equal(finding.severity, vscode.DiagnosticSeverity.Error);

    goTo(editor, 0, 0);
    await type('import bell\n');
    await untilFindingAt(uri, 'GR402', '4:4-4:10');
    goTo(editor, 2, 8);
    await type('\n');
    await untilFindingAt(uri, 'GR402', '5:4-5:10');
    await editor.edit((edit) => edit.delete(new vscode.Range(0, 0, 1, 0)));
    await untilFindingAt(uri, 'GR402', '4:4-4:10');

    goTo(editor, 4, 10);
    await type(' OSError');
    await untilFindings(uri, 'GR402', 0);
    assert.equal(editor.document.lineAt(4).text, '    except OSError: pass');
  });

  it('come back with undo', async () => {
    const editor = await openWith('src/app/undone.py', lines('try:', '    call()', 'except:', '    raise'));
    const { uri } = editor.document;
    await untilFindingAt(uri, 'GR402', '2:0-2:6');
    await editor.edit((edit) => edit.insert(new vscode.Position(2, 6), ' OSError'));
    await untilFindings(uri, 'GR402', 0);
    await vscode.commands.executeCommand('undo');
    await untilFindingAt(uri, 'GR402', '2:0-2:6');
  });

  it('link their code to the page of the rule', async () => {
    const editor = await openWith('src/app/linked.py', lines('try:', '    call()', 'except:', '    raise'));
    const { code } = await untilFindingAt(editor.document.uri, 'GR402', '2:0-2:6');
    assert.ok(typeof code === 'object');
    assert.equal(code.value, 'GR402');
    const page = await vscode.workspace.openTextDocument(code.target);
    assert.match(page.getText(), /^# GR402 bare-except$/m);
  });

  it('stand in a document that was never saved, and go when it is closed', async () => {
    const document = await vscode.workspace.openTextDocument({
      language: 'python',
      content: lines('try:', '    call()', 'except:', '    raise'),
    });
    await vscode.window.showTextDocument(document);
    await untilFindingAt(document.uri, 'GR402', '2:0-2:6');
    await closeAll();
    await untilFindings(document.uri, 'GR402', 0);
  });

  it('leave correct code alone', async () => {
    const editor = await openWith(
      'src/app/quiet.py',
      lines('"""Nothing to say."""', '', 'total = 1  # noqa: GR402', 'limit = 2'),
    );
    // The stale suppression proves that the file was analysed.
    const findings = await untilFindings(editor.document.uri, 'GR001', 1);
    const all = vscode.languages.getDiagnostics(editor.document.uri).map(codeOf);
    assert.deepEqual(all, findings.map(codeOf));
  });
});
