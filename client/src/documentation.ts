import { commands, Disposable, EventEmitter, Uri, workspace } from 'vscode';
import { messageOf, type Server } from './server.ts';

const scheme = 'groundrules-rule';

/** Serves the pages of rules as read-only Markdown documents, written by the server. */
export function registerRuleDocumentation(server: Server): Disposable {
  const changed = new EventEmitter<Uri>();
  const failed = new Set<string>();
  const provider = workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const code = uri.path.replace(/^\/|\.md$/g, '');
      failed.delete(uri.toString());
      try {
        return await server.ruleDocumentation(code);
      } catch (error) {
        failed.add(uri.toString());
        return `# ${code}\n\nThe page could not be loaded: ${messageOf(error)}\n`;
      }
    },
  });
  const retry = server.onDidChangeState((state) => {
    if (state !== 'running') return;
    for (const uri of failed) changed.fire(Uri.parse(uri));
  });
  return Disposable.from(provider, retry, changed);
}

/** Opens the page of a rule in the Markdown preview. */
export async function showRuleDocumentation(code: string): Promise<void> {
  await commands.executeCommand('markdown.showPreview', Uri.from({ scheme, path: `/${code}.md` }));
}
