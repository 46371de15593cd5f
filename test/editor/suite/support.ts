// Waiting and asking, for tests inside the extension host.
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { GroundrulesApi } from '../../../client/src/extension.ts';

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
export function groundrules(): vscode.Extension<GroundrulesApi> {
  const extension = vscode.extensions.getExtension<GroundrulesApi>('groundrules.groundrules');
  assert.ok(extension, 'the extension groundrules.groundrules is not installed');
  return extension;
}

/** The extension's interface, once its server answers. */
export async function started(): Promise<GroundrulesApi> {
  const api = await groundrules().activate();
  await api.ready;
  return api;
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

/**
 * Shows a file of the opened folder in an editor, as a click in the explorer does. (A document that is opened through
 * `openTextDocument` stays open for minutes after its editor is closed.)
 */
export async function open(file: string): Promise<vscode.TextEditor> {
  const uri = inWorkspace(file);
  await vscode.commands.executeCommand('vscode.open', uri, { preview: false });
  return until(`the editor of ${file}`, () => {
    const editor = vscode.window.activeTextEditor;
    return editor?.document.uri.toString() === uri.toString() && editor;
  });
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

/**
 * Waits until a file has so many findings of a rule, and gives them. The other rules are left out, so that a test of
 * one thing does not fail because a rule is added.
 */
export async function untilFindings(uri: vscode.Uri, code: string, count: number): Promise<vscode.Diagnostic[]> {
  const now = () => diagnosticsOf(uri).filter((diagnostic) => codeOf(diagnostic) === code);
  try {
    return await until(`${count} findings of ${code}`, () => now().length === count && now());
  } catch {
    const all = diagnosticsOf(uri).map((diagnostic) => `${codeOf(diagnostic)}@${placeOf(diagnostic.range)}`);
    throw new assert.AssertionError({
      message: `findings of ${code} in ${vscode.workspace.asRelativePath(uri)}, where there are: ${all.join(' ')}`,
      actual: now().length,
      expected: count,
      operator: 'equal',
    });
  }
}

/** Waits for the only finding of a rule in a file. */
export async function untilFinding(uri: vscode.Uri, code: string): Promise<vscode.Diagnostic> {
  const [finding] = await untilFindings(uri, code, 1);
  assert.ok(finding);
  return finding;
}

/** Waits until the only finding of a rule covers exactly this range, written as `placeOf` writes it. */
export async function untilFindingAt(uri: vscode.Uri, code: string, place: string): Promise<vscode.Diagnostic> {
  let seen: string[] = [];
  try {
    return await until(`${code} at ${place}`, () => {
      const findings = diagnosticsOf(uri).filter((diagnostic) => codeOf(diagnostic) === code);
      seen = findings.map((finding) => placeOf(finding.range));
      return seen.length === 1 && seen[0] === place && findings[0];
    });
  } catch {
    throw new assert.AssertionError({ message: code, actual: seen.join(' '), expected: place, operator: 'equal' });
  }
}

/** A range as `line:character-line:character`, counted from 0. */
export function placeOf({ start, end }: vscode.Range): string {
  return `${start.line}:${start.character}-${end.line}:${end.character}`;
}

/**
 * Waits for the quick fix of a finding whose title is the given one, or matches. VS Code gives an empty answer when any
 * extension registers a provider while the request runs, so one empty answer means nothing.
 */
export async function quickFix(
  uri: vscode.Uri,
  finding: vscode.Diagnostic,
  title: string | RegExp,
): Promise<vscode.CodeAction> {
  let titles: string[] = [];
  try {
    return await until(`the quick fix ${title}`, async () => {
      const actions = await codeActions(uri, finding.range, vscode.CodeActionKind.QuickFix);
      titles = actions.map((action) => action.title);
      return actions.find((action) => (typeof title === 'string' ? action.title === title : title.test(action.title)));
    });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}; offered: ${titles.join(' | ')}`);
  }
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

/** Types a text at the cursor of the active editor, character by character as a keyboard does. */
export async function type(text: string): Promise<void> {
  for (const character of text) await vscode.commands.executeCommand('type', { text: character });
}

/** Puts the cursor of an editor at a place; both count from 0. */
export function goTo(editor: vscode.TextEditor, line: number, character: number): void {
  const place = new vscode.Position(line, character);
  editor.selection = new vscode.Selection(place, place);
}

/** Sets a setting of the opened folder, or takes it away, and waits until VS Code has it in force. */
export async function setSetting(name: string, value: unknown): Promise<void> {
  const current = () => vscode.workspace.getConfiguration().inspect(name)?.workspaceValue;
  await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Workspace);
  await until(`the setting ${name}`, () => JSON.stringify(current()) === JSON.stringify(value));
}

/** Lines as the text of a file. */
export function lines(...texts: string[]): string {
  return `${texts.join('\n')}\n`;
}

/** Closes every editor and forgets unsaved text, so that the next test starts from the disk. */
export async function closeAll(): Promise<void> {
  while (vscode.window.activeTextEditor?.document.isDirty) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
