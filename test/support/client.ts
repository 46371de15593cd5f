import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  type ApplyWorkspaceEditParams,
  ApplyWorkspaceEditRequest,
  type ClientCapabilities,
  type CodeAction,
  CodeActionRequest,
  CodeActionResolveRequest,
  type Command,
  ConfigurationRequest,
  createProtocolConnection,
  DidChangeConfigurationNotification,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  type InitializeResult,
  LogMessageNotification,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  type Range,
  type Registration,
  RegistrationRequest,
  ShowMessageNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type TextDocumentContentChangeEvent,
  type TextEdit,
  WorkDoneProgressCreateRequest,
  type WorkspaceEdit,
  type WorkspaceFolder,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { uriOfPath } from '../../server/src/settings/paths.ts';

const root = path.join(import.meta.dirname, '..', '..');
const patience = 20_000;

export interface ClientOptions {
  /** Which bundle speaks: the server's own, the command line's, or a file. */
  program?: string;
  /** Workspace folders, as paths or URIs. */
  folders?: readonly string[];
  capabilities?: ClientCapabilities;
  initializationOptions?: unknown;
  /** What `workspace/configuration` is answered for a resource. */
  settings?: (scope: string | undefined) => unknown;
}

/** A language server that runs in a process of its own, and the editor's side of the conversation. */
export interface Client {
  readonly process: ChildProcess;
  readonly connection: ProtocolConnection;
  readonly initialized: InitializeResult;
  /** Everything that was published, in its order. */
  readonly published: PublishDiagnosticsParams[];
  readonly log: string[];
  readonly shown: string[];
  readonly registrations: Registration[];
  /** What the server asked to apply. It is told what `answer` says. */
  readonly applied: ApplyWorkspaceEditParams[];
  answerToEdits: { applied: boolean; failureReason?: string };
  /** May be replaced at any time; the server is told by `changeSettings`. */
  settings: (scope: string | undefined) => unknown;
  open(uri: string, text: string, languageId?: string, version?: number): Promise<void>;
  change(uri: string, version: number, ...changes: TextDocumentContentChangeEvent[]): Promise<void>;
  close(uri: string): Promise<void>;
  changeSettings(settings?: unknown): Promise<void>;
  /** Waits for the next publication for a document that fits; those before it are passed over. */
  next(uri: string, fits?: (published: PublishDiagnosticsParams) => boolean): Promise<PublishDiagnosticsParams>;
  /** Waits for what is published for a version. */
  diagnostics(uri: string, version: number): Promise<PublishDiagnosticsParams>;
  actions(uri: string, range: Range, only?: string[]): Promise<CodeAction[]>;
  resolve(action: CodeAction): Promise<CodeAction>;
  /** Has `until` look again, after a notification that a test listens to itself. */
  changed(): void;
  /** Waits until something holds. */
  until(holds: () => boolean, what: string): Promise<void>;
  /** A round trip, after which everything that was sent before has been read. */
  settle(): Promise<void>;
  /** Ends the server as the protocol says, and gives its exit code. */
  stop(): Promise<number | null>;
}

/** What VS Code can do, as far as the server cares. */
export const fullCapabilities: ClientCapabilities = {
  workspace: {
    configuration: true,
    workspaceFolders: true,
    applyEdit: true,
    workspaceEdit: { documentChanges: true, resourceOperations: ['rename'] },
    didChangeConfiguration: { dynamicRegistration: true },
    didChangeWatchedFiles: { dynamicRegistration: true },
  },
  window: { workDoneProgress: true },
  textDocument: {
    publishDiagnostics: { versionSupport: true, relatedInformation: true, tagSupport: { valueSet: [1, 2] } },
    codeAction: {
      isPreferredSupport: true,
      dataSupport: true,
      resolveSupport: { properties: ['edit'] },
      codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix', 'source.fixAll'] } },
    },
  },
};

/** Starts `dist/server.mjs`, `dist/cli.mjs` or another file as a language server. */
export function startProcess(program = 'server'): ChildProcess {
  const file = path.isAbsolute(program) ? program : path.join(root, 'dist', `${program}.mjs`);
  if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first.`);
  const args = program === 'cli' ? [file, 'lsp', '--stdio'] : [file, '--stdio'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.removeListener('exit', end));
  return child;
}

/** The exit code of a process that ends by itself. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return within(new Promise((resolve) => child.once('exit', (code) => resolve(code))), 'the server did not end');
}

export function connect(child: ChildProcess): ProtocolConnection {
  assert.ok(child.stdout && child.stdin);
  // A server that ends while it is written to is what some tests are about.
  child.stdin.on('error', () => undefined);
  return createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
}

export async function startClient(options: ClientOptions = {}): Promise<Client> {
  const child = startProcess(options.program);
  const connection = connect(child);
  const published: PublishDiagnosticsParams[] = [];
  const log: string[] = [];
  const shown: string[] = [];
  const registrations: Registration[] = [];
  const applied: ApplyWorkspaceEditParams[] = [];
  const seen = new Map<string, number>();
  const listeners = new Set<() => void>();
  const folders: WorkspaceFolder[] = (options.folders ?? []).map((folder) => ({
    uri: folder.includes(':') && !/^[a-z]:/i.test(folder) ? folder : uriOfPath(folder),
    name: path.basename(folder),
  }));

  connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
    published.push(params);
    notify();
  });
  connection.onNotification(LogMessageNotification.type, ({ message }) => {
    log.push(message);
    notify();
  });
  connection.onNotification(ShowMessageNotification.type, ({ message }) => {
    shown.push(message);
    notify();
  });
  connection.onRequest(ConfigurationRequest.type, ({ items }) =>
    Promise.all(items.map((item) => (item.section === 'groundrules' ? client.settings(item.scopeUri) : null))),
  );
  connection.onRequest(RegistrationRequest.type, (params) => {
    registrations.push(...params.registrations);
    notify();
  });
  connection.onRequest(WorkDoneProgressCreateRequest.type, () => undefined);
  connection.onRequest(ApplyWorkspaceEditRequest.type, (params) => {
    applied.push(params);
    notify();
    return client.answerToEdits;
  });
  connection.onUnhandledNotification(() => undefined);
  connection.listen();

  function notify(): void {
    for (const listener of listeners) listener();
  }

  async function until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return;
    let listener: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      listener = () => {
        if (holds()) resolve();
      };
      listeners.add(listener);
    });
    try {
      await within(held, what);
    } finally {
      if (listener) listeners.delete(listener);
    }
  }

  const initialized = await within(
    connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: folders[0]?.uri ?? null,
      workspaceFolders: folders,
      capabilities: options.capabilities ?? fullCapabilities,
      initializationOptions: options.initializationOptions,
    }),
    'the server did not initialise',
  );
  await connection.sendNotification(InitializedNotification.type, {});

  const client: Client = {
    process: child,
    connection,
    initialized,
    published,
    log,
    shown,
    registrations,
    applied,
    answerToEdits: { applied: true },
    settings: options.settings ?? (() => null),
    open: (uri, text, languageId = 'python', version = 1) =>
      connection.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri, languageId, version, text },
      }),
    change: (uri, version, ...contentChanges) =>
      connection.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri, version },
        contentChanges,
      }),
    close: (uri) => connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } }),
    changeSettings: (settings = null) =>
      connection.sendNotification(DidChangeConfigurationNotification.type, { settings }),
    async next(uri, fits = () => true) {
      const find = () =>
        published.findIndex((params, index) => index >= (seen.get(uri) ?? 0) && params.uri === uri && fits(params));
      await until(() => find() >= 0, `nothing fitting was published for ${uri}`);
      const index = find();
      seen.set(uri, index + 1);
      const found = published[index];
      assert.ok(found);
      return found;
    },
    diagnostics: (uri, version) => client.next(uri, (params) => params.version === version),
    async actions(uri, range, only) {
      const answer = await connection.sendRequest(CodeActionRequest.type, {
        textDocument: { uri },
        range,
        context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
      });
      return (answer ?? []).filter(isAction);
    },
    changed: notify,
    resolve: (action) => connection.sendRequest(CodeActionResolveRequest.type, action),
    until,
    async settle() {
      await connection.sendRequest(CodeActionRequest.type, {
        textDocument: { uri: 'file:///nowhere.py' },
        range: at(0, 0),
        context: { diagnostics: [] },
      });
    },
    async stop() {
      await within(connection.sendRequest(ShutdownRequest.type), 'the server did not shut down');
      await connection.sendNotification(ExitNotification.type);
      const code = await exitOf(child);
      connection.dispose();
      return code;
    },
  };
  return client;
}

/** A range within one line, or the empty one at a place. */
export function at(line: number, character: number, endCharacter = character): Range {
  return { start: { line, character }, end: { line, character: endCharacter } };
}

/** The text after an edit of one document, with the version that the edit is for. */
export function applyTo(text: string, edit: WorkspaceEdit | undefined, uri: string): { text: string; version: number } {
  assert.ok(edit?.documentChanges, 'the edit is versioned');
  const [change] = edit.documentChanges;
  assert.ok(change && 'textDocument' in change && edit.documentChanges.length === 1);
  assert.equal(change.textDocument.uri, uri);
  const edits = change.edits.filter((one): one is TextEdit => 'newText' in one && typeof one.newText === 'string');
  assert.equal(edits.length, change.edits.length);
  const version = change.textDocument.version;
  assert.ok(version !== null);
  return { text: TextDocument.applyEdits(TextDocument.create(uri, 'python', 0, text), edits), version };
}

function isAction(action: CodeAction | Command): action is CodeAction {
  return typeof action.command !== 'string';
}

async function within<T>(work: Promise<T>, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`After ${patience / 1000} seconds: ${complaint}.`)), patience);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
