import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  ConfigurationRequest,
  createProtocolConnection,
  type DataCallback,
  DiagnosticRefreshRequest,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  type Disposable,
  DocumentDiagnosticRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  Message,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type Range,
  RegistrationRequest,
  ShutdownRequest,
  UnregistrationRequest,
  WorkDoneProgressCreateRequest,
  WorkspaceFoldersRequest,
} from 'vscode-languageserver/node';
import { PromptReader, PromptWriter } from '../../server/src/lsp/stdio.ts';

/** How a server is started, and what it is told. */
export interface ServerCommand {
  name: string;
  command: string;
  args: readonly string[];
  initializationOptions?: Record<string, unknown>;
  /** Answers to `workspace/configuration`, by section. */
  settings?: Record<string, unknown>;
}

/** One answer of a server to one version of a document. */
export interface Answer {
  /** From the moment the change is handed to the connection to the moment the last byte of its diagnostics has arrived. */
  milliseconds: number;
  diagnostics: number;
  /** Bytes that the server wrote in that time. */
  bytes: number;
}

/** A server that runs, and one client that talks with it. */
export interface LspDriver {
  /** `pull` only where a server publishes nothing by itself; it is known once a document was opened. */
  readonly mode: () => 'push' | 'pull';
  open(uri: string, text: string): Promise<Answer>;
  /** Sends one incremental change; undefined when the server did not answer in time. */
  change(uri: string, range: Range, text: string): Promise<Answer | undefined>;
  close(uri: string): Promise<void>;
  /** How often the server published a version again that it had answered. */
  readonly repeats: () => number;
  /** Resident memory of the server process in bytes. */
  residentBytes(): number;
  /** Shuts the server down as the protocol says, and kills it when it does not end within three seconds. */
  stop(): Promise<void>;
}

export interface Patience {
  /** Milliseconds for the answer to one edit. */
  answer: number;
  /** Milliseconds after which a server that published nothing for its first document counts as one that only answers. */
  firstPush: number;
}

/** Starts a server in `folder` and initialises it; throws when it does not start. */
export async function startServer(
  server: ServerCommand,
  folder: string,
  patience: Patience = { answer: 60_000, firstPush: 20_000 },
): Promise<LspDriver> {
  const child = spawn(server.command, [...server.args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => {
    errors.push(chunk.toString('utf8'));
    errors.splice(0, errors.length - 20);
  });
  const died = new Promise<never>((_, reject) => {
    child.on('error', (error) => reject(new Error(`${server.name} did not start: ${error.message}`)));
    child.on('exit', (code, signal) =>
      reject(new Error(`${server.name} ended (${signal ?? `exit code ${code}`}). ${errors.join('').trim()}`)),
    );
  });
  // Whoever awaits an answer sees the rejection; between two calls nobody does, and that is no fault.
  died.catch(() => undefined);
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);

  let bytes = 0;
  let latest = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    latest = performance.now();
  });
  // What a client then makes of an answer is its own affair, and would hide what the servers differ in: the time that
  // counts is that of the chunk with its last byte. For the same reason the client sends without waiting for its turn.
  const arrivals = new WeakMap<object, number>();
  const connection = createProtocolConnection(
    new TimedReader(child.stdout, (content) => arrivals.set(content, latest)),
    new PromptWriter(child.stdin),
  );
  answerTheServer(connection, server);

  const versions = new Map<string, number>();
  let mode: 'push' | 'pull' = 'push';
  let repeats = 0;
  let waiting: { uri: string; resolve: (answer: { diagnostics: number; arrived: number }) => void } | undefined;
  connection.onNotification(PublishDiagnosticsNotification.type, (published) => {
    if (mode === 'pull') return;
    const late = published.version !== undefined && published.version < (versions.get(published.uri) ?? 1);
    // A server that gives no version is taken at its word: with one change under way it can mean no other.
    if (waiting === undefined || published.uri !== waiting.uri || late) {
      repeats += 1;
      return;
    }
    waiting.resolve({ diagnostics: published.diagnostics.length, arrived: arrivalOf(published) });
    waiting = undefined;
  });

  /** Sends, and waits for the diagnostics of that version; undefined when `limit` milliseconds went by. */
  async function measure(uri: string, limit: number, send: () => Promise<void>): Promise<Answer | undefined> {
    const bytesBefore = bytes;
    const pushed = new Promise<{ diagnostics: number; arrived: number }>((resolve) => {
      waiting = { uri, resolve };
    });
    const started = performance.now();
    const sent = send();
    // A server that ends while it is written to is reported by `died`.
    sent.catch(() => undefined);
    const answered = mode === 'push' ? pushed : sent.then(() => pull(uri));
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), limit);
    });
    const answer = await Promise.race([answered, tooLate, died]);
    clearTimeout(timer);
    await sent;
    if (answer === undefined) return undefined;
    return { milliseconds: answer.arrived - started, diagnostics: answer.diagnostics, bytes: bytes - bytesBefore };
  }

  async function pull(uri: string): Promise<{ diagnostics: number; arrived: number }> {
    const report = await connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri } });
    return { diagnostics: report.kind === 'full' ? report.items.length : 0, arrived: arrivalOf(report) };
  }

  function arrivalOf(content: object): number {
    return arrivals.get(content) ?? performance.now();
  }

  connection.listen();
  const rootUri = pathToFileURL(folder).href;
  const initialized = await Promise.race([
    connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      clientInfo: { name: 'groundrules-bench' },
      rootUri,
      workspaceFolders: [{ uri: rootUri, name: 'bench' }],
      initializationOptions: server.initializationOptions,
      // Pull diagnostics are not offered, so that every server that can publish does publish.
      capabilities: {
        general: { positionEncodings: ['utf-16'] },
        workspace: { configuration: true, workspaceFolders: true },
        window: { workDoneProgress: true },
        textDocument: {
          synchronization: { dynamicRegistration: false },
          publishDiagnostics: {
            versionSupport: true,
            relatedInformation: true,
            codeDescriptionSupport: true,
            dataSupport: true,
            tagSupport: { valueSet: [1, 2] },
          },
        },
      },
    }),
    died,
  ]);
  const offersPull = initialized.capabilities.diagnosticProvider !== undefined;
  await connection.sendNotification(InitializedNotification.type, {});

  return {
    mode: () => mode,
    repeats: () => repeats,
    residentBytes: () => residentBytes(child),

    async open(uri, text) {
      versions.set(uri, 1);
      const send = () =>
        connection.sendNotification(DidOpenTextDocumentNotification.type, {
          textDocument: { uri, languageId: 'python', version: 1, text },
        });
      const first = mode === 'push' && offersPull;
      const pushed = await measure(uri, first ? patience.firstPush : patience.answer, send);
      if (pushed !== undefined) return pushed;
      if (!offersPull) throw new Error(`${server.name} published nothing for a document that was opened.`);
      mode = 'pull';
      const pulled = await measure(uri, patience.answer, async () => {});
      if (pulled === undefined) throw new Error(`${server.name} did not answer textDocument/diagnostic.`);
      return pulled;
    },

    change(uri, range, text) {
      const version = (versions.get(uri) ?? 1) + 1;
      versions.set(uri, version);
      return measure(uri, patience.answer, () =>
        connection.sendNotification(DidChangeTextDocumentNotification.type, {
          textDocument: { uri, version },
          contentChanges: [{ range, text }],
        }),
      );
    },

    async close(uri) {
      versions.delete(uri);
      await connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
    },

    async stop() {
      process.removeListener('exit', killWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return connection.dispose();
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
      const goodbye = connection
        .sendRequest(ShutdownRequest.type)
        .then(() => connection.sendNotification(ExitNotification.type))
        .catch(() => child.kill('SIGKILL'));
      await Promise.race([goodbye, ended]);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(kill);
      connection.dispose();
    },
  };
}

/** Tells of what each message carries, the moment it is read. */
class TimedReader extends PromptReader {
  readonly #carries: (content: object) => void;

  constructor(stream: Readable, carries: (content: object) => void) {
    super(stream);
    this.#carries = carries;
  }

  override listen(callback: DataCallback): Disposable {
    return super.listen((message) => {
      const content = Message.isNotification(message)
        ? message.params
        : Message.isResponse(message)
          ? message.result
          : undefined;
      if (typeof content === 'object' && content !== null) this.#carries(content);
      callback(message);
    });
  }
}

/** The requests that servers make of an editor; an unanswered one would stall some of them. */
function answerTheServer(connection: ProtocolConnection, server: ServerCommand): void {
  connection.onRequest(ConfigurationRequest.type, (asked) =>
    asked.items.map((item) => (item.section === undefined ? null : (server.settings?.[item.section] ?? null))),
  );
  connection.onRequest(RegistrationRequest.type, () => undefined);
  connection.onRequest(UnregistrationRequest.type, () => undefined);
  connection.onRequest(WorkDoneProgressCreateRequest.type, () => undefined);
  connection.onRequest(WorkspaceFoldersRequest.type, () => null);
  connection.onRequest(DiagnosticRefreshRequest.type, () => undefined);
  // Anything else a server tells us (logs, status) is read and dropped.
  connection.onUnhandledNotification(() => undefined);
}

/** From `/proc` on Linux, from `ps` elsewhere; both count in KiB. */
function residentBytes(child: ChildProcess): number {
  if (process.platform === 'linux') {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
  }
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' }).trim()) * 1024;
}
