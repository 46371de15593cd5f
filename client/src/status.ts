import { Disposable, LanguageStatusSeverity, languages, window, workspace } from 'vscode';
import type { StatusParams } from '../../shared-rules/src/index.ts';
import { pythonDocuments, type Server } from './server.ts';
import { fileUri } from './uris.ts';

export interface StatusItem extends Disposable {
  /** What the server said last of the active file, or undefined when it was not analysed. */
  configuration(): StatusParams | undefined;
}

/** The entry of Groundrules in the language status of a Python file: its findings and the configuration in force. */
export function createStatusItem(server: Server): StatusItem {
  const statuses = new Map<string, StatusParams>();
  const item = languages.createLanguageStatusItem('groundrules.status', pythonDocuments);
  item.name = 'Groundrules';

  const active = () => {
    const document = window.activeTextEditor?.document;
    return document === undefined ? undefined : statuses.get(server.uriOf(document.uri));
  };

  const show = () => {
    const status = active();
    item.busy = server.state === 'starting';
    if (server.state === 'stopped') {
      item.text = 'Groundrules is not running';
      item.detail = '';
      item.severity = LanguageStatusSeverity.Error;
      item.command = { title: 'Restart', command: 'groundrules.restart' };
      return;
    }
    item.text = status === undefined ? 'Not analysed' : findingsText(status.count);
    item.detail = status === undefined ? '' : configurationText(status);
    item.severity = status?.problem === undefined ? LanguageStatusSeverity.Information : LanguageStatusSeverity.Error;
    item.command = { title: 'Open Configuration', command: 'groundrules.openConfiguration' };
  };

  const subscriptions = Disposable.from(
    item,
    server.onStatus((status) => {
      statuses.set(status.uri, status);
      show();
    }),
    server.onFindings((findings) => {
      if (findings.closed === true && statuses.delete(findings.uri)) show();
    }),
    server.onDidChangeState((state) => {
      if (state === 'starting') statuses.clear();
      show();
    }),
    window.onDidChangeActiveTextEditor(show),
  );
  show();
  return { configuration: active, dispose: () => subscriptions.dispose() };
}

function findingsText(count: number): string {
  if (count === 0) return 'No findings';
  return count === 1 ? '1 finding' : `${count} findings`;
}

function configurationText(status: StatusParams): string {
  if (status.configuration === undefined) return status.problem ?? 'No configuration file';
  const path = workspace.asRelativePath(fileUri(status.configuration));
  // The problem itself stands in that file; here it would push the command beside it out of sight.
  return status.problem === undefined ? path : `${path} has an error`;
}
