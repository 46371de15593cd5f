import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, groundrules, open, until } from './support.ts';

describe('the extension', () => {
  after(closeAll);

  it('is known to VS Code under its identifier', () => {
    assert.equal(groundrules().id, 'groundrules.groundrules');
  });

  it('activates when a Python file is opened', async () => {
    const editor = await open('src/app/main.py');
    assert.equal(editor.document.languageId, 'python');
    await until('the activation', () => groundrules().isActive);
  });

  it('registers every command that it contributes', async () => {
    const commands: { command: string }[] = groundrules().packageJSON.contributes?.commands ?? [];
    const present = await vscode.commands.getCommands(true);
    const absent = commands.map((entry) => entry.command).filter((command) => !present.includes(command));
    assert.deepEqual(absent, []);
  });
});
