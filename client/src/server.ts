import { type Event, EventEmitter, type ExtensionContext, type LogOutputChannel, Uri, window, workspace } from 'vscode';
import {
  CloseAction,
  type DocumentSelector,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from 'vscode-languageclient/node';
import {
  FindingsParams,
  findingsMethod,
  type InitializationOptions,
  RuleDocumentation,
  type RuleDocumentationParams,
  ruleDocumentationMethod,
  StatusParams,
  serverCommands,
  statusMethod,
} from '../../shared-rules/src/index.ts';
import { crashGuard } from './crashes.ts';
import { explicitSettings } from './settings.ts';
import { traceChannel } from './trace.ts';

/** Schemes of documents whose text the server can work on; it never needs the file behind them. */
const schemes = ['file', 'untitled', 'vscode-vfs'];

/** The documents that Groundrules analyses. */
export const pythonDocuments = schemes.map((scheme) => ({ scheme, language: 'python' }));

const configurationFiles = ['**/pyproject.toml', '**/groundrules.toml'];

const documentSelector: DocumentSelector = [
  ...pythonDocuments,
  ...schemes.flatMap((scheme) => configurationFiles.map((pattern) => ({ scheme, pattern }))),
];

/** This client shows the checklist, has the commands that code actions name, and serves the rules' pages itself. */
const initializationOptions = {
  checklist: true,
  commands: true,
  documentation: 'groundrules-rule:/{code}.md',
} satisfies InitializationOptions;

const crashLimit = 5;
const crashWindow = 3 * 60 * 1000;

export type ServerState = 'starting' | 'running' | 'stopped';

/** The language server as the rest of the client sees it. */
export interface Server {
  readonly state: ServerState;
  readonly onDidChangeState: Event<ServerState>;
  readonly onStatus: Event<StatusParams>;
  readonly onFindings: Event<FindingsParams>;
  /** Starts the server; a failure is shown to the user, the promise is always kept. */
  start(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Applies every fix that fix-all may apply in a document. */
  fixAll(document: Uri): Promise<void>;
  /** The page of a rule as Markdown. */
  ruleDocumentation(code: string): Promise<string>;
  /** The document's URI as the server's notifications spell it. */
  uriOf(document: Uri): string;
}

/** Makes the client of `dist/server.mjs`; nothing runs before `start`. */
export function createServer(context: ExtensionContext, output: LogOutputChannel, trace: LogOutputChannel): Server {
  const guard = crashGuard(crashLimit, crashWindow);
  const states = new EventEmitter<ServerState>();
  const statuses = new EventEmitter<StatusParams>();
  const findings = new EventEmitter<FindingsParams>();
  const watchers = configurationFiles.map((pattern) => workspace.createFileSystemWatcher(pattern));
  const tracing = traceChannel(trace);
  let state: ServerState = 'stopped';

  const module = context.asAbsolutePath('dist/server.mjs');
  // Over stdio the server sends diagnostics as it has them written down; over IPC Node would write them anew each time.
  // One thread behind the server's own: V8 would start four, and they take from a keystroke what cores they find.
  const options = { cwd: context.extensionPath, execArgv: ['--v8-pool-size=1'] };
  const run = { module, transport: TransportKind.stdio, options };
  const debug = { ...run, options: { ...options, execArgv: [...options.execArgv, '--nolazy', '--inspect=6009'] } };
  const client = new LanguageClient(
    'groundrules',
    'Groundrules',
    { run, debug },
    {
      documentSelector,
      initializationOptions,
      outputChannel: output,
      traceOutputChannel: tracing,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      diagnosticCollectionName: 'groundrules',
      synchronize: { configurationSection: 'groundrules', fileEvents: watchers },
      middleware: {
        workspace: {
          // The server pulls what it needs for each resource; the change itself carries no settings.
          didChangeConfiguration: (_sections, next) => next(undefined),
          async configuration(params, token, next) {
            const answers = await next(params, token);
            if (!Array.isArray(answers)) return answers;
            return params.items.map((item, index) => {
              if (item.section !== 'groundrules') return answers[index];
              return explicitSettings(item.scopeUri === undefined ? undefined : Uri.parse(item.scopeUri));
            });
          },
        },
      },
      initializationFailedHandler(error) {
        output.error(`The server did not initialise: ${messageOf(error)}`);
        return false;
      },
      errorHandler: {
        error(error) {
          // Writes to a server that has just ended fail before its end is known: `closed` decides, with the whole story.
          const message = `The connection to the server has an error: ${error.message}`;
          return { action: ErrorAction.Continue, message, handled: true };
        },
        closed() {
          if (guard.crashed(Date.now())) {
            const message = 'The server ended unexpectedly and is started again.';
            return { action: CloseAction.Restart, message, handled: true };
          }
          const message = `The Groundrules server ended unexpectedly ${crashLimit} times within 3 minutes and is not started again.`;
          void sayStopped(message);
          return { action: CloseAction.DoNotRestart, message, handled: true };
        },
      },
    },
  );

  async function sayStopped(message: string): Promise<void> {
    const answer = await window.showErrorMessage(message, 'Restart', 'Show Output');
    if (answer === 'Restart') await restart();
    if (answer === 'Show Output') output.show();
  }

  async function start(): Promise<void> {
    try {
      await client.start();
    } catch (error) {
      output.error(`The server could not be started: ${messageOf(error)}`);
    }
  }

  async function restart(): Promise<void> {
    guard.reset();
    if (client.isRunning()) await client.stop();
    await start();
  }

  client.onDidChangeState(({ newState }) => {
    state = newState === State.Running ? 'running' : newState === State.Starting ? 'starting' : 'stopped';
    states.fire(state);
  });
  client.onNotification(statusMethod, (params: unknown) => {
    const parsed = StatusParams.safeParse(params);
    if (parsed.success) statuses.fire(parsed.data);
    else output.error(`The server sent a status that is not understood: ${parsed.error.message}`);
  });
  client.onNotification(findingsMethod, (params: unknown) => {
    const parsed = FindingsParams.safeParse(params);
    if (parsed.success) findings.fire(parsed.data);
    else output.error(`The server sent findings that are not understood: ${parsed.error.message}`);
  });
  context.subscriptions.push(states, statuses, findings, tracing, ...watchers);

  return {
    get state() {
      return state;
    },
    onDidChangeState: states.event,
    onStatus: statuses.event,
    onFindings: findings.event,
    start,
    restart,
    async stop() {
      if (client.isRunning()) await client.stop();
    },
    async fixAll(document) {
      const uri = client.code2ProtocolConverter.asUri(document);
      await client.sendRequest(ExecuteCommandRequest.type, { command: serverCommands.fixAll, arguments: [uri] });
    },
    async ruleDocumentation(code) {
      const params: RuleDocumentationParams = { code };
      return RuleDocumentation.parse(await client.sendRequest<unknown>(ruleDocumentationMethod, params)).markdown;
    },
    uriOf: (document) => client.code2ProtocolConverter.asUri(document),
  };
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
