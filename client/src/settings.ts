import { type Uri, workspace } from 'vscode';
import { EditorSettings } from '../../shared-rules/src/index.ts';

const keys = Object.keys(EditorSettings.shape);

/**
 * The `groundrules.` settings that somebody set for a resource. Defaults of the manifest are left out: VS Code has one
 * for every setting (an empty list for `select`), and the server must tell them from what a person chose.
 */
export function explicitSettings(scope: Uri | undefined): Record<string, unknown> {
  const configuration = workspace.getConfiguration('groundrules', scope ?? null);
  return Object.fromEntries(
    keys
      .filter((key) => isSet(configuration.inspect(key)))
      .map((key) => [key, configuration.get<unknown>(key)])
      .filter(([, value]) => value !== null && value !== ''),
  );
}

function isSet(inspection: ReturnType<ReturnType<typeof workspace.getConfiguration>['inspect']>): boolean {
  return (
    inspection?.globalValue !== undefined ||
    inspection?.workspaceValue !== undefined ||
    inspection?.workspaceFolderValue !== undefined
  );
}
