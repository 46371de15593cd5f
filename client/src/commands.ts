import { commands, Disposable, type LogOutputChannel, Uri, ViewColumn, window, workspace } from 'vscode';
import type { StatusParams } from '../../shared-rules/src/index.ts';
import { catalogue } from './catalogue.ts';
import { showRuleDocumentation } from './documentation.ts';
import { messageOf, type Server } from './server.ts';
import { fileUri } from './uris.ts';

export interface CommandParts {
  readonly server: Server;
  readonly output: LogOutputChannel;
  /** The state of the active file. */
  configuration(): StatusParams | undefined;
}

/** Registers the commands of the command palette; those of the checklist are registered with its view. */
export function registerCommands({ server, output, configuration }: CommandParts): Disposable {
  return Disposable.from(
    commands.registerCommand('groundrules.fixAll', () => fixAll(server)),
    commands.registerCommand('groundrules.restart', () => server.restart()),
    commands.registerCommand('groundrules.showOutput', () => output.show()),
    commands.registerCommand('groundrules.showRuleDocumentation', (code: unknown) => chooseRule(code)),
    commands.registerCommand('groundrules.openSettings', () =>
      commands.executeCommand('workbench.action.openSettings', '@ext:groundrules.groundrules'),
    ),
    commands.registerCommand('groundrules.openConfiguration', () => openConfiguration(configuration())),
  );
}

async function fixAll(server: Server): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document?.languageId !== 'python') {
    void window.showInformationMessage('Open a Python file to fix its findings.');
    return;
  }
  try {
    await server.fixAll(document.uri);
  } catch (error) {
    void window.showErrorMessage(`The findings could not be fixed: ${messageOf(error)}`);
  }
}

/** Shows the page of `code`, or lets the user choose among all rules. */
async function chooseRule(code: unknown): Promise<void> {
  if (typeof code === 'string' && /^GR\d{3}$/.test(code)) return showRuleDocumentation(code);
  return pickRule(catalogue.map((card) => card.code));
}

/** Lets the user choose among some rules, and shows the page of the one chosen; one rule needs no choice. */
export async function pickRule(codes: readonly string[]): Promise<void> {
  const [only] = codes;
  if (only !== undefined && codes.length === 1) return showRuleDocumentation(only);
  const chosen = await window.showQuickPick(
    catalogue
      .filter((card) => codes.includes(card.code))
      .map((card) => ({ label: card.code, description: card.name, detail: card.summary })),
    { placeHolder: 'Rule whose documentation to show', matchOnDescription: true, matchOnDetail: true },
  );
  if (chosen !== undefined) await showRuleDocumentation(chosen.label);
}

async function openConfiguration(status: StatusParams | undefined): Promise<void> {
  if (status?.configuration !== undefined) {
    await window.showTextDocument(fileUri(status.configuration));
    return;
  }
  const folder = activeFolder();
  const create = 'Create groundrules.toml';
  const settings = 'Open Settings';
  const answer = await window.showInformationMessage(
    'No configuration file is in force here: the rules run with their defaults and the settings of the editor.',
    ...(folder === undefined ? [settings] : [create, settings]),
  );
  if (answer === settings) await commands.executeCommand('groundrules.openSettings');
  if (answer === create && folder !== undefined) await createConfiguration(folder);
}

/** Opens `groundrules.toml` of the folder: the file, or a new document that becomes the file when it is saved. */
async function createConfiguration(folder: Uri): Promise<void> {
  const file = Uri.joinPath(folder, 'groundrules.toml');
  const exists = await workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
  await window.showTextDocument(exists ? file : file.with({ scheme: 'untitled' }), { viewColumn: ViewColumn.Active });
}

function activeFolder(): Uri | undefined {
  const document = window.activeTextEditor?.document;
  const folder = document === undefined ? undefined : workspace.getWorkspaceFolder(document.uri);
  return (folder ?? workspace.workspaceFolders?.[0])?.uri;
}
