import { type ExtensionContext, window } from 'vscode';
import { type ChecklistApi, createChecklistView } from './checklist/view.ts';
import { registerCommands } from './commands.ts';
import { registerRuleDocumentation } from './documentation.ts';
import { createServer, type Server } from './server.ts';
import { createStatusItem } from './status.ts';

/** What other extensions, and the project's own editor tests, may use. */
export interface GroundrulesApi {
  /** Settled when the server answered for the first time, or could not be started. */
  readonly ready: Promise<void>;
  readonly checklist: ChecklistApi;
}

let server: Server | undefined;

/** Called by VS Code once, when the first activation event happens. */
export function activate(context: ExtensionContext): GroundrulesApi {
  const output = window.createOutputChannel('Groundrules', { log: true });
  const trace = window.createOutputChannel('Groundrules Trace', { log: true });
  const started = createServer(context, output, trace);
  server = started;

  const status = createStatusItem(started);
  const checklist = createChecklistView(started, output);
  context.subscriptions.push(
    output,
    trace,
    status,
    checklist,
    registerRuleDocumentation(started),
    registerCommands({ server: started, output, configuration: status.configuration }),
  );
  return { ready: started.start(), checklist };
}

/** Called by VS Code when the window closes: lets the server shut down in order. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}
