import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type CancellationToken,
  CodeActionKind,
  type Connection,
  type Diagnostic,
  DiagnosticSeverity,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  MessageType,
  PublishDiagnosticsNotification,
  ResponseError,
  ShowMessageNotification,
  TextDocumentSyncKind,
  type WorkspaceFolder,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { z } from 'zod';
import manifest from '../../../package.json' with { type: 'json' };
import {
  defaultMaxFindings,
  type EditorSettings,
  type FindingsParams,
  findingsMethod,
  InitializationOptions,
  RuleDocumentationParams,
  ruleDocumentationMethod,
  type StatusParams,
  serverCommands,
  statusMethod,
} from '../../../shared-rules/src/index.ts';
import type { ParserPort, Reported, RuleSet } from '../engine/index.ts';
import { pageOf, pagesFolder } from '../host/pages.ts';
import { loadParser } from '../host/parser.ts';
import { rules } from '../rules/index.generated.ts';
import { configurationNames, createConfigurationCache } from '../settings/nearest.ts';
import { parseEditorSettings } from '../settings/parse.ts';
import { baseName, parentFolder, relativePath, resolvePath, uriOfPath } from '../settings/paths.ts';
import { type ResolvedSettings, resolveSettings } from '../settings/resolve.ts';
import { createRuleSets, knownRulesOf } from '../settings/rule-sets.ts';
import { type ActionClient, codeActions, executeCommands, fixAllEdits, fixAllKind, resolveAction } from './actions.ts';
import { source, toWorkspaceEdit } from './convert.ts';
import { hoverAt } from './hover.ts';
import { ActionData, Changed, Closed, Folders, Opened, WatchedFiles } from './notifications.ts';
import { type FileSettings, OpenFile } from './open-file.ts';
import { folderOfPlace, homeOf, placeOf } from './places.ts';
import { showProgress } from './progress.ts';
import type { PromptWriter } from './stdio.ts';
import { type WarmUpText, warmUp } from './warm-up.ts';

const nothing = Buffer.alloc(0);
const findingsDelay = 60;
const configurationDelay = 150;
const publishes = `{"jsonrpc":"2.0","method":"${PublishDiagnosticsNotification.method}","params":`;
/** Settings that were resolved once are kept for the next time; a person who types in a toml file makes many. */
const mostResolved = 50;

/**
 * Runs one language-server session on a connection. All state of the session lives in here. `writer` is what the
 * connection writes with, where that takes text.
 */
export function startSession(connection: Connection, writer?: PromptWriter): { isShutDown(): boolean } {
  const files = new Map<string, OpenFile>();
  /** Open configuration files: what is on the screen counts, saved or not. */
  const openConfigurations = new Map<string, TextDocument>();
  const reportedConfigurations = new Set<string>();
  const knownRules = knownRulesOf(rules);
  const cards = rules.map((rule) => rule.card);
  const byCode = new Map(rules.map((rule) => [rule.card.code, rule]));
  const configurations = createConfigurationCache({ readFile: readConfiguration }, knownRules);
  const resolvedByKey = new Map<string, { resolved: ResolvedSettings; setOf: (path: string) => RuleSet }>();
  /** The settings that an editor gave last for a file: in force when it fails to answer. */
  const lastSettings = new WeakMap<OpenFile, EditorSettings>();
  const dueFindings = new Map<string, NodeJS.Timeout>();
  const said = new Set<string>();
  const stop = new AbortController();
  let folders: readonly WorkspaceFolder[] = [];
  let home: string | undefined;
  let options = InitializationOptions.parse({});
  let pullsSettings = false;
  let reportsProgress = false;
  let appliesEdits = false;
  let watchesFiles = false;
  let registers = { settings: false, files: false };
  let rounds = 0;
  /** When there was something to do last, by `performance.now()`. */
  let lastMessage = 0;
  let configurationTimer: NodeJS.Timeout | undefined;
  let client: ActionClient = {
    versionedEdits: false,
    renames: false,
    preferred: false,
    resolvesEdits: false,
    commands: false,
    relatedInformation: false,
    documentation: () => undefined,
  };

  connection.onInitialize((params): InitializeResult => {
    const given = InitializationOptions.safeParse(params.initializationOptions ?? {});
    if (given.success) options = given.data;
    else connection.console.warn(`The initializationOptions are not understood: ${z.prettifyError(given.error)}`);
    const { workspace, window } = params.capabilities;
    setFolders(params.workspaceFolders ?? (params.rootUri ? [{ uri: params.rootUri, name: '' }] : []));
    client = clientOf(params, options);
    pullsSettings = workspace?.configuration ?? false;
    reportsProgress = window?.workDoneProgress ?? false;
    appliesEdits = workspace?.applyEdit ?? false;
    // Our own client tells of settings and files without being asked to.
    registers = {
      settings: !options.checklist && (workspace?.didChangeConfiguration?.dynamicRegistration ?? false),
      files: !options.checklist && (workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false),
    };
    watchesFiles = options.checklist || registers.files;
    // The parser is compiled while the client gets ready, so that the first file does not wait for it.
    inBackground(() => loadParser('wasm', () => undefined));
    return {
      serverInfo: { name: 'groundrules', version: manifest.version },
      capabilities: {
        positionEncoding: 'utf-16',
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: false },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind], resolveProvider: true },
        hoverProvider: true,
        executeCommandProvider: { commands: executeCommands, workDoneProgress: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });

  connection.onInitialized((): void => {
    // The file that the editor was opened for comes next.
    lastMessage = performance.now();
    if (registers.settings)
      inBackground(() =>
        connection.client.register(DidChangeConfigurationNotification.type, { section: 'groundrules' }),
      );
    if (registers.files)
      inBackground(() =>
        connection.client.register(DidChangeWatchedFilesNotification.type, {
          watchers: configurationNames.map((name) => ({ globPattern: `**/${name}` })),
        }),
      );
    // Only now, because the library puts its own handler there when it reads the client's capabilities.
    connection.onNotification(DidChangeWorkspaceFoldersNotification.method, (params: unknown) => {
      const { event } = Folders.parse(params);
      const gone = new Set(event.removed.map((folder) => folder.uri));
      setFolders([...folders.filter((folder) => !gone.has(folder.uri)), ...event.added]);
      reconfigure();
    });
    inBackground(async () =>
      warmUp(await loadParser('wasm', () => undefined), rules, latestText, () => lastMessage, stop.signal),
    );
  });

  connection.onDidOpenTextDocument((params) => {
    lastMessage = performance.now();
    const { uri, version, text, languageId } = Opened.parse(params).textDocument;
    if (isConfiguration(uri)) {
      openConfigurations.set(uri, TextDocument.create(uri, languageId, version, text));
      configurationChanged(uri);
      return;
    }
    if (languageId !== 'python') return;
    if (!watchesFiles) configurations.invalidate();
    const file = new OpenFile(uri, version, text);
    files.set(uri, file);
    inBackground(() => configure([file]));
  });

  connection.onDidChangeTextDocument((params) => {
    lastMessage = performance.now();
    const { textDocument, contentChanges } = Changed.parse(params);
    const { uri, version } = textDocument;
    const file = files.get(uri);
    if (file) {
      file.change(version, contentChanges);
      publish(file);
      return;
    }
    const configuration = openConfigurations.get(uri);
    if (!configuration) return;
    const changes = contentChanges.map(({ range, text }) => (range ? { range, text } : { text }));
    openConfigurations.set(uri, TextDocument.update(configuration, changes, version));
    configurationChanged(uri);
  });

  connection.onDidCloseTextDocument((params) => {
    const { uri } = Closed.parse(params).textDocument;
    if (openConfigurations.delete(uri)) configurationChanged(uri);
    const file = files.get(uri);
    if (!file) return;
    files.delete(uri);
    clearTimeout(dueFindings.get(uri));
    dueFindings.delete(uri);
    sendDiagnostics({ uri, diagnostics: [] });
    if (options.checklist) {
      const closed: FindingsParams = { uri, version: file.version, rules: {}, closed: true };
      inBackground(() => connection.sendNotification(findingsMethod, closed));
    }
  });

  connection.onDidChangeWatchedFiles((params) => {
    const { changes } = WatchedFiles.parse(params);
    if (changes.some((change) => !openConfigurations.has(change.uri))) configurationChanged(undefined);
  });

  connection.onDidChangeConfiguration((params) => {
    const settings: unknown = params?.settings;
    if (!pullsSettings && typeof settings === 'object' && settings !== null && 'groundrules' in settings)
      options = { ...options, settings: settings.groundrules };
    reconfigure();
  });

  connection.onCodeAction((params, token) => {
    lastMessage = performance.now();
    refuseCancelled(token);
    const file = files.get(params.textDocument.uri);
    return file ? codeActions(file, params, client) : [];
  });

  connection.onCodeActionResolve((action, token) => {
    refuseCancelled(token);
    const data = ActionData.safeParse(action.data);
    return data.success ? resolveAction(files.get(data.data.uri), action, data.data, client) : action;
  });

  connection.onHover(({ textDocument, position }) => {
    const document = files.get(textDocument.uri)?.document;
    return document && hoverAt(document, position, (code) => byCode.get(code)?.card, client.documentation);
  });

  connection.onExecuteCommand(async ({ command, arguments: given }, token, progress) => {
    if (command !== serverCommands.fixAll) throw failed(`there is no command ${command}`);
    const uri = z.string().safeParse(given?.[0]);
    const file = uri.success ? files.get(uri.data) : undefined;
    if (!file) throw failed('the file to fix is not open');
    if (!appliesEdits) throw failed('this editor does not let the server change a file');
    progress.begin('Groundrules: fixing all');
    try {
      const edits = fixAllEdits(file);
      refuseCancelled(token);
      if (edits.length === 0) return null;
      const answer = await connection.workspace.applyEdit({
        label: 'Groundrules: fix all',
        edit: toWorkspaceEdit(file.uri, file.version, edits, client.versionedEdits),
      });
      if (!answer.applied)
        throw failed(`the editor did not apply the fixes: ${answer.failureReason ?? 'no reason given'}`);
      return null;
    } finally {
      progress.done();
    }
  });

  connection.onRequest(ruleDocumentationMethod, (params: unknown) => {
    const asked = RuleDocumentationParams.safeParse(params);
    if (!asked.success) throw new ResponseError(ErrorCodes.InvalidParams, 'expected { code: string }');
    const rule = byCode.get(asked.data.code.toUpperCase());
    if (!rule) throw failed(`no rule has the code ${asked.data.code}`);
    return { markdown: pageOf(rule) };
  });

  connection.onShutdown(() => {
    stop.abort();
    clearTimeout(configurationTimer);
    for (const timer of dueFindings.values()) clearTimeout(timer);
    files.clear();
  });

  return { isShutDown: () => stop.signal.aborted };

  /** What was opened last, if it is analysed. */
  function latestText(): WarmUpText | undefined {
    const file = [...files.values()].at(-1);
    return file?.settings && file.document && { text: file.text, ...file.settings };
  }

  function setFolders(now: readonly WorkspaceFolder[]): void {
    folders = now;
    home = homeOf(now);
  }

  function reconfigure(): void {
    const open = [...files.values()];
    const progress =
      reportsProgress && open.length > 1 ? showProgress(connection, 'Groundrules: analysing open files') : undefined;
    inBackground(() => configure(open, progress?.report).finally(() => progress?.done()));
  }

  /**
   * Asks for the settings of files, all at once, and puts them in force. Of two rounds that ask for the same file only the
   * later one counts, whichever is answered first. Between files others get their turn.
   */
  async function configure(open: readonly OpenFile[], report?: (part: number) => void): Promise<void> {
    rounds++;
    const round = rounds;
    for (const file of open) file.round = round;
    const settings = await editorSettings(open);
    for (const [index, file] of open.entries()) {
      const editor = settings[index] ?? {};
      const parser = await loadParser(editor.parser ?? 'wasm', (message) =>
        sayOnce(message, () => showWarning(message)),
      );
      // The file may have been closed, or closed and opened again, or asked about again, meanwhile.
      if (files.get(file.uri) !== file || file.round !== round) continue;
      // What fails for one file is no reason to leave the others as they are.
      await inBackground(async () => {
        file.configure(settingsOf(file.uri, editor, parser));
        publish(file);
      });
      lastMessage = performance.now();
      report?.((index + 1) / open.length);
      if (index + 1 < open.length) await new Promise((resolve) => setImmediate(resolve));
    }
    reportConfigurations();
  }

  /** What the editor sets for each file; what it set before where it does not answer. */
  async function editorSettings(open: readonly OpenFile[]): Promise<EditorSettings[]> {
    if (open.length === 0) return [];
    let answers: unknown[];
    try {
      answers = pullsSettings
        ? await connection.workspace.getConfiguration(
            open.map((file) => ({ scopeUri: file.uri, section: 'groundrules' })),
          )
        : open.map(() => options.settings);
    } catch (error) {
      connection.console.warn(`The editor did not give the settings: ${messageOf(error)}`);
      return open.map((file) => lastSettings.get(file) ?? {});
    }
    return open.map((file, index) => {
      const { settings, problems } = parseEditorSettings(answers[index], knownRules);
      for (const problem of problems) {
        const message = `Setting groundrules.${problem.path.join('.')}: ${problem.message}`;
        sayOnce(message, () => connection.console.warn(message));
      }
      lastSettings.set(file, settings);
      return settings;
    });
  }

  function settingsOf(uri: string, editor: EditorSettings, parser: ParserPort): FileSettings {
    const file = placeOf(uri, home);
    const folder = folderOfPlace(file, folders, home) ?? parentFolder(file) ?? '/';
    const chosen =
      editor.configuration === undefined ? undefined : configurations.read(resolvePath(folder, editor.configuration));
    const nearest = configurations.nearest(file);
    const configuration = chosen ?? nearest.file;
    const root = configuration?.folder ?? folder;
    const requiresPython = chosen?.requiresPython ?? nearest.requiresPython;
    const layers = [
      ...(configuration?.settings ? [{ settings: configuration.settings, folder: configuration.folder }] : []),
      { settings: editor, folder },
    ];
    const key = JSON.stringify([layers, root, requiresPython]);
    let known = resolvedByKey.get(key);
    if (!known) {
      const resolved = resolveSettings({ cards, layers, root, requiresPython });
      known = { resolved, setOf: createRuleSets(rules, resolved) };
      if (resolvedByKey.size >= mostResolved) resolvedByKey.clear();
      resolvedByKey.set(key, known);
    }
    const { resolved, setOf } = known;
    const [problem] = configuration?.problems ?? [];
    const missing =
      editor.configuration !== undefined && !chosen
        ? `the configuration file ${editor.configuration} does not exist`
        : undefined;
    return {
      resolved,
      facts: {
        path: relativePath(root, file) ?? baseName(file),
        target: resolved.targetVersion,
        targetKnown: resolved.targetKnown,
      },
      rules: setOf(file),
      maxFindings: editor.maxFindings ?? defaultMaxFindings,
      enabled: (editor.enable ?? true) && !resolved.isExcluded(file),
      parser,
      configuration: configuration?.path,
      problem: missing ?? problem?.message,
    };
  }

  /** Sends what a file's document has to say, with the version it says it of. */
  function publish(file: OpenFile): void {
    const { settings, document, tooManyBytes } = file;
    if (!settings) return;
    const count = document?.count() ?? 0;
    const shown = count > settings.maxFindings ? settings.maxFindings - 1 : count;
    const extra: Diagnostic[] = [];
    if (shown < count) extra.push(moreFindings(count - shown));
    if (tooManyBytes !== undefined) extra.push(tooLarge(tooManyBytes, settings.resolved.maxFileSize));
    const text = file.diagnostics(client);
    const own = document && shown > 0 ? text.of(document, shown) : nothing;
    const others = extra.map((diagnostic) => JSON.stringify(diagnostic)).join(',');
    const before = `{"uri":${JSON.stringify(file.uri)},"version":${file.version},"diagnostics":[`;
    const behind = `${own.length > 0 && others !== '' ? ',' : ''}${others}]}`;
    // Over IPC Node writes the objects itself.
    if (!writer) sendDiagnostics(JSON.parse(before + own.toString() + behind));
    else if (!writer.writeBytes(`${publishes}${before}`, own, `${behind}}`)) text.giveAway();
    if (options.checklist) tellChecklist(file.uri);
  }

  function sendDiagnostics(params: { uri: string; version?: number; diagnostics: Diagnostic[] }): void {
    inBackground(() => connection.sendDiagnostics(params));
  }

  /** The checklist may lag behind the squiggles by a moment, so that it never holds them up. */
  function tellChecklist(uri: string): void {
    if (dueFindings.has(uri)) return;
    const timer = setTimeout(() => {
      dueFindings.delete(uri);
      inBackground(() => sendChecklist(uri));
    }, findingsDelay);
    dueFindings.set(uri, timer);
  }

  async function sendChecklist(uri: string): Promise<void> {
    const file = files.get(uri);
    if (!file?.settings) return;
    const { settings } = file;
    const findings = file.document?.findings() ?? [];
    const status: StatusParams = {
      uri,
      count: findings.length,
      ...(settings.configuration === undefined ? {} : { configuration: settings.configuration }),
      ...(settings.problem === undefined ? {} : { problem: settings.problem }),
      standards: [...settings.resolved.standards],
      parser: settings.parser.name,
    };
    await connection.sendNotification(statusMethod, status);
    await connection.sendNotification(findingsMethod, checklistOf(file, findings));
  }

  function checklistOf(file: OpenFile, findings: readonly Reported[]): FindingsParams {
    const ran = file.document ? (file.settings?.rules.rules ?? []) : [];
    const places: FindingsParams['rules'] = Object.fromEntries(ran.map((enabled) => [enabled.rule.card.code, []]));
    for (const finding of findings) {
      places[finding.code]?.push({
        line: finding.from.line,
        character: finding.from.character,
        endLine: finding.to.line,
        endCharacter: finding.to.character,
        message: finding.message,
      });
    }
    return { uri: file.uri, version: file.version, rules: places };
  }

  /** Without a URI any configuration file may have changed. */
  function configurationChanged(uri: string | undefined): void {
    configurations.invalidate(uri === undefined ? undefined : placeOf(uri, home));
    clearTimeout(configurationTimer);
    configurationTimer = setTimeout(reconfigure, configurationDelay);
  }

  /** Problems of configuration files stand in those files; a file that is in order again is cleared. */
  function reportConfigurations(): void {
    for (const uri of openConfigurations.keys()) configurations.read(placeOf(uri, home));
    const now = new Set<string>();
    for (const file of configurations.files()) {
      if (file.problems.length === 0) continue;
      const open = openConfigurationAt(file.path);
      const uri = open?.uri ?? uriOfPath(file.path);
      const document = TextDocument.create(uri, 'toml', 0, file.text);
      const problems = [...file.problems].sort((one, other) => one.start - other.start);
      const diagnostics = problems.map(
        (problem): Diagnostic => ({
          range: { start: document.positionAt(problem.start), end: document.positionAt(problem.end) },
          severity: DiagnosticSeverity.Error,
          source,
          message: problem.message,
        }),
      );
      now.add(uri);
      sendDiagnostics({ uri, ...(open ? { version: open.version } : {}), diagnostics });
    }
    for (const uri of reportedConfigurations) if (!now.has(uri)) sendDiagnostics({ uri, diagnostics: [] });
    reportedConfigurations.clear();
    for (const uri of now) reportedConfigurations.add(uri);
  }

  function readConfiguration(file: string): string | undefined {
    const open = openConfigurationAt(file);
    if (open) return open.getText();
    return existsSync(file) ? readFileSync(file, 'utf8').replace(/^\ufeff/, '') : undefined;
  }

  function openConfigurationAt(file: string): TextDocument | undefined {
    return [...openConfigurations.values()].find((open) => placeOf(open.uri, home) === file);
  }

  /** Work that nobody waits for: what goes wrong with it is written to the log and ends nothing. */
  async function inBackground(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      try {
        sayOnce(messageOf(error), () => connection.console.error(messageOf(error)));
      } catch {
        // The client is gone, so there is nobody to tell; the connection ends the process itself.
      }
    }
  }

  /** A notification: the request that the library would make of it can be refused, and needs no answer. */
  function showWarning(message: string): void {
    inBackground(() =>
      connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Warning, message }),
    );
  }

  function sayOnce(message: string, say: () => void): void {
    if (said.has(message)) return;
    said.add(message);
    say();
  }
}

/** Whoever cancelled a request while it waited for its turn does not want the work done any more. */
function refuseCancelled(token: CancellationToken): void {
  if (token.isCancellationRequested)
    throw new ResponseError(LSPErrorCodes.RequestCancelled, 'the request was cancelled');
}

function failed(message: string): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestFailed, message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isConfiguration(uri: string): boolean {
  return configurationNames.some((name) => uri.endsWith(`/${name}`));
}

function clientOf(params: InitializeParams, options: InitializationOptions): ActionClient {
  const { textDocument, workspace } = params.capabilities;
  const action = textDocument?.codeAction;
  const template = options.documentation;
  const pages = pagesFolder();
  return {
    versionedEdits: workspace?.workspaceEdit?.documentChanges ?? false,
    renames:
      (workspace?.workspaceEdit?.documentChanges ?? false) &&
      (workspace?.workspaceEdit?.resourceOperations?.includes('rename') ?? false),
    preferred: action?.isPreferredSupport ?? false,
    resolvesEdits: (action?.dataSupport ?? false) && (action?.resolveSupport?.properties.includes('edit') ?? false),
    commands: options.commands,
    relatedInformation: textDocument?.publishDiagnostics?.relatedInformation ?? false,
    documentation: (code) =>
      template?.replace('{code}', code) ??
      (pages === undefined ? undefined : pathToFileURL(path.join(pages, `${code}.md`)).href),
  };
}

const firstCharacter = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function moreFindings(count: number): Diagnostic {
  const what = count === 1 ? '1 more finding in this file is' : `${count} more findings in this file are`;
  return {
    range: firstCharacter,
    severity: DiagnosticSeverity.Information,
    source,
    message: `${what} not shown; raise groundrules.maxFindings to see them.`,
  };
}

function tooLarge(bytes: number, most: number): Diagnostic {
  return {
    range: firstCharacter,
    severity: DiagnosticSeverity.Information,
    source,
    message: `This file has ${bytes} bytes and is not analysed; raise max-file-size (now ${most}) to have it analysed.`,
  };
}
