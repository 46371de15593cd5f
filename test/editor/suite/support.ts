// Waiting and asking, for tests inside the extension host.
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

const patience = 20_000;

/**
 * Asks until the answer is neither undefined nor false, and gives it; throws with `what` after 20 seconds.
 * Everything in the editor arrives when it arrives: no test sleeps a fixed time.
 */
export async function until<Answer>(
  what: string,
  ask: () => Answer | undefined | false | PromiseLike<Answer | undefined | false>,
): Promise<Answer> {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`Waited ${patience / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The extension under test; throws when VS Code does not know it. */
export function groundrules(): vscode.Extension<unknown> {
  const extension = vscode.extensions.getExtension('groundrules.groundrules');
  assert.ok(extension, 'the extension groundrules.groundrules is not installed');
  return extension;
}

/** The URI of a file of the opened sample project. */
export function inWorkspace(file: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no folder is open');
  return vscode.Uri.joinPath(folder.uri, file);
}

/** Writes a file of the opened folder and shows it in an editor. */
export async function openWith(file: string, text: string): Promise<vscode.TextEditor> {
  await vscode.workspace.fs.writeFile(inWorkspace(file), Buffer.from(text, 'utf8'));
  return open(file);
}

/** Shows a file of the opened folder in an editor. */
export async function open(file: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(inWorkspace(file)));
}

/** Groundrules' diagnostics of a file, in the order of the text; those of other extensions are left out. */
export function diagnosticsOf(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter((diagnostic) => diagnostic.source?.toLowerCase() === 'groundrules')
    .sort((a, b) => a.range.start.compareTo(b.range.start));
}

/** The code of a diagnostic (`GR101`), whether or not it carries a link. */
export function codeOf(diagnostic: vscode.Diagnostic): string {
  const { code } = diagnostic;
  return String(typeof code === 'object' ? code.value : code);
}

/** Waits until the codes of a file's diagnostics, in the order of the text, are exactly these. */
export async function untilCodes(uri: vscode.Uri, codes: readonly string[]): Promise<vscode.Diagnostic[]> {
  const now = () => diagnosticsOf(uri).map(codeOf).join(' ');
  try {
    return await until(`the diagnostics ${codes.join(' ')}`, () => now() === codes.join(' ') && diagnosticsOf(uri));
  } catch {
    throw new assert.AssertionError({
      message: 'diagnostics',
      actual: now(),
      expected: codes.join(' '),
      operator: 'equal',
    });
  }
}

/**
 * Waits for the quick fix of this title. VS Code gives an empty answer when any extension registers a provider while
 * the request runs, so one empty answer means nothing.
 */
export async function quickFix(uri: vscode.Uri, range: vscode.Range, title: string): Promise<vscode.CodeAction> {
  return until(`the quick fix "${title}"`, async () =>
    (await codeActions(uri, range, vscode.CodeActionKind.QuickFix)).find((action) => action.title === title),
  );
}

/** The code actions of a kind as they come back at this moment. */
export async function codeActions(
  uri: vscode.Uri,
  range: vscode.Range,
  kind: vscode.CodeActionKind,
): Promise<vscode.CodeAction[]> {
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[] | undefined>(
    'vscode.executeCodeActionProvider',
    uri,
    range,
    kind.value,
    100, // resolve them: an edit may come only then
  );
  return actions ?? [];
}

/** Does what choosing the action in the menu does: its edit, then its command. */
export async function apply(action: vscode.CodeAction): Promise<void> {
  if (action.edit !== undefined)
    assert.ok(await vscode.workspace.applyEdit(action.edit), `"${action.title}" was refused`);
  if (action.command !== undefined) {
    await vscode.commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
  }
}

/** Closes every editor and forgets unsaved text, so that the next test starts from the disk. */
export async function closeAll(): Promise<void> {
  while (vscode.window.activeTextEditor?.document.isDirty) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
