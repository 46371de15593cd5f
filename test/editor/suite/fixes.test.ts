import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  apply,
  closeAll,
  codeActions,
  goTo,
  lines,
  openWith,
  quickFix,
  setSetting,
  started,
  until,
  untilFinding,
  untilFindings,
} from './support.ts';

const disabled = /^Disable|^Show documentation/;

describe('fixes', () => {
  before(started);
  afterEach(closeAll);

  /** Applies the quick fix of the file's only finding of a rule and gives the text, once the finding is gone. */
  async function fixed(editor: vscode.TextEditor, code: string, title: RegExp): Promise<string> {
    const { document } = editor;
    await apply(await quickFix(document.uri, await untilFinding(document.uri, code), title));
    await untilFindings(document.uri, code, 0);
    return document.getText();
  }

  it('make utcnow() a time that knows its zone, in the import style of the file', async () => {
    const editor = await openWith(
      'src/app/stamp.py',
      lines(
        '"""Stamps."""',
        '',
        'from datetime import datetime',
        '',
        '',
        'def stamp() -> datetime:',
        '    """Return the time."""',
        '    return datetime.utcnow()',
      ),
    );
    assert.equal(
      await fixed(editor, 'GR101', /^Replace with `datetime\.now\(UTC\)`/),
      lines(
        '"""Stamps."""',
        '',
        'from datetime import datetime, UTC',
        '',
        '',
        'def stamp() -> datetime:',
        '    """Return the time."""',
        '    return datetime.now(UTC)',
      ),
    );
  });

  it('add lazy="select" to a relationship, keeping the layout of the call', async () => {
    const head = [
      '"""Trees."""',
      '',
      'from sqlalchemy.orm import Mapped, mapped_column, relationship',
      '',
      'from app.models.base import Base',
      '',
      '',
      'class Tree(Base):',
      '    """One tree."""',
      '',
      '    __tablename__ = "trees"',
      '',
      '    id: Mapped[int] = mapped_column(primary_key=True)',
    ];
    const editor = await openWith(
      'src/app/models/tree.py',
      lines(
        ...head,
        '    apples: Mapped[list["Apple"]] = relationship(',
        '        "Apple",',
        '        back_populates="tree",',
        '    )',
      ),
    );
    assert.equal(
      await fixed(editor, 'GR202', /^Add `lazy="select"`/),
      lines(
        ...head,
        '    apples: Mapped[list["Apple"]] = relationship(',
        '        "Apple",',
        '        back_populates="tree",',
        '        lazy="select",',
        '    )',
      ),
    );
  });

  it('make print() a call of the module’s logger, which they add', async () => {
    const editor = await openWith(
      'src/app/printed.py',
      lines(
        '"""Prints."""',
        '',
        'import json',
        '',
        '',
        'def tell(count: int) -> str:',
        '    """Tell a count."""',
        '    print("sold", count)',
        '    return json.dumps(count)',
      ),
    );
    assert.equal(
      await fixed(editor, 'GR401', /logger/),
      lines(
        '"""Prints."""',
        '',
        'import json',
        'import logging',
        '',
        'logger = logging.getLogger(__name__)',
        '',
        '',
        'def tell(count: int) -> str:',
        '    """Tell a count."""',
        '    logger.info("sold %s", count)',
        '    return json.dumps(count)',
      ),
    );
  });

  it('say why they are unsafe, and are preferred only when they are safe', async () => {
    const editor = await openWith(
      'src/app/unsafe.py',
      lines('try:', '    call()', 'except:', '    raise', 'total = 1  # noqa: GR402'),
    );
    const { uri } = editor.document;
    const unsafe = await quickFix(uri, await untilFinding(uri, 'GR402'), /^Catch `Exception` \(unsafe: .*`SystemExit`/);
    assert.notEqual(unsafe.isPreferred, true);
    const [safe] = (
      await codeActions(uri, (await untilFinding(uri, 'GR001')).range, vscode.CodeActionKind.QuickFix)
    ).filter((action) => !disabled.test(action.title));
    assert.equal(safe?.isPreferred, true);
  });

  it('mend every place of one rule at once', async () => {
    const editor = await openWith(
      'src/app/twice.py',
      lines('try:', '    call()', 'except:', '    raise', 'try:', '    ring()', 'except:', '    raise'),
    );
    const { uri } = editor.document;
    const [first] = await untilFindings(uri, 'GR402', 2);
    assert.ok(first);
    await apply(await quickFix(uri, first, 'Fix all GR402 (bare-except) in this file (unsafe)'));
    await untilFindings(uri, 'GR402', 0);
    assert.equal(
      editor.document.getText(),
      lines(
        'try:',
        '    call()',
        'except Exception:',
        '    raise',
        'try:',
        '    ring()',
        'except Exception:',
        '    raise',
      ),
    );
  });

  it('disable a rule for a line', async () => {
    const editor = await openWith('src/app/disabled.py', lines('try:', '    call()', 'except:', '    raise'));
    const { uri } = editor.document;
    await apply(await quickFix(uri, await untilFinding(uri, 'GR402'), 'Disable GR402 for this line'));
    await untilFindings(uri, 'GR402', 0);
    assert.equal(editor.document.lineAt(2).text, 'except:  # noqa: GR402');
    await untilFindings(uri, 'GR001', 0);
  });

  it('disable a rule for a file', async () => {
    const editor = await openWith('src/app/disabled_file.py', lines('try:', '    call()', 'except:', '    raise'));
    const { uri } = editor.document;
    await apply(await quickFix(uri, await untilFinding(uri, 'GR402'), 'Disable GR402 for this file'));
    await untilFindings(uri, 'GR402', 0);
    assert.equal(editor.document.lineAt(0).text, '# groundrules: noqa: GR402');
  });
});

describe('fix all', () => {
  const untidy = lines('try:', '    call()  # noqa: GR402', 'except:', '    raise', 'total = 1  # noqa: E501, GR402');
  const tidy = lines('try:', '    call()', 'except:', '    raise', 'total = 1  # noqa: E501');

  before(started);
  afterEach(async () => {
    await setSetting('editor.codeActionsOnSave', undefined);
    await setSetting('groundrules.fixAllUnsafe', undefined);
    await closeAll();
  });

  it('runs on save where the setting asks for it, and leaves what is not safe', async () => {
    await setSetting('editor.codeActionsOnSave', { 'source.fixAll.groundrules': 'explicit' });
    const editor = await openWith('src/app/saved.py', untidy);
    const { document } = editor;
    await untilFindings(document.uri, 'GR001', 2);
    // A save that comes while VS Code still registers providers runs without code actions, as every save does then.
    await until('the fixes of a save', async () => {
      goTo(editor, document.lineCount - 1, 0);
      await editor.edit((edit) => edit.insert(new vscode.Position(document.lineCount - 1, 0), '\n'));
      await document.save();
      return document.getText().trimEnd() === tidy.trimEnd();
    });
    const onDisk = new TextDecoder().decode(await vscode.workspace.fs.readFile(document.uri));
    assert.equal(onDisk.trimEnd(), tidy.trimEnd());
    await untilFindings(document.uri, 'GR001', 0);
    await untilFindings(document.uri, 'GR402', 1);
  });

  it('does not run on save where nobody asked for it', async () => {
    const editor = await openWith('src/app/saved_as_is.py', untidy);
    await untilFindings(editor.document.uri, 'GR001', 2);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'import bell\n'));
    await editor.document.save();
    const onDisk = new TextDecoder().decode(await vscode.workspace.fs.readFile(editor.document.uri));
    assert.equal(onDisk, `import bell\n${untidy}`);
  });

  it('runs as a command', async () => {
    const editor = await openWith('src/app/commanded.py', untidy);
    await untilFindings(editor.document.uri, 'GR001', 2);
    await vscode.commands.executeCommand('groundrules.fixAll');
    await untilFindings(editor.document.uri, 'GR001', 0);
    assert.equal(editor.document.getText(), tidy);
  });

  it('takes unsafe fixes along where the setting says so', async () => {
    const editor = await openWith('src/app/unsafe_too.py', untidy);
    await untilFindings(editor.document.uri, 'GR001', 2);
    await setSetting('groundrules.fixAllUnsafe', true);
    await until('the unsafe fix', async () => {
      await vscode.commands.executeCommand('groundrules.fixAll');
      return editor.document.getText().includes('\nexcept Exception:\n');
    });
    await untilFindings(editor.document.uri, 'GR402', 0);
  });
});
