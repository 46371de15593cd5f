import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CodeActionKind,
  type Connection,
  type Diagnostic,
  DidChangeConfigurationNotification,
  type Hover,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  MarkupKind,
  type Position,
  ResponseError,
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
import { rulePage } from '../docs/rule-page.ts';
import { type ParserPort, type Reported, type RuleSet, readSuppression } from '../engine/index.ts';
import { loadParser } from '../host/parser.ts';
import { rules } from '../rules/index.generated.ts';
import { configurationNames, createConfigurationCache } from '../settings/nearest.ts';
import { parseEditorSettings } from '../settings/parse.ts';
import { baseName, parentFolder, pathOfUri, relativePath, resolvePath, uriOfPath } from '../settings/paths.ts';
import { type ResolvedSettings, resolveSettings } from '../settings/resolve.ts';
import { createRuleSets, knownRulesOf } from '../settings/rule-sets.ts';
import { type ActionClient, codeActions, executeCommands, fixAllEdits, fixAllKind, resolveAction } from './actions.ts';
import { source, toDiagnostic, toWorkspaceEdit } from './convert.ts';
import { OpenFile } from './open-file.ts';

const findingsDelay = 60;
const configurationDelay = 150;

/** Runs one language-server session on a connection. All state of the session lives in here. */
export function startSession(connection: Connection): void {
  const files = new Map<string, OpenFile>();
  /** Open configuration files: what is on the screen counts, saved or not. */
  const openConfigurations = new Map<string, TextDocument>();
  const reportedConfigurations = new Set<string>();
  const knownRules = knownRulesOf(rules);
  const cards = rules.map((rule) => rule.card);
  const byCode = new Map(rules.map((rule) => [rule.card.code, rule]));
  const configurations = createConfigurationCache({ readFile: readConfiguration }, knownRules);
  const ruleSets = new WeakMap<ResolvedSettings, (path: string) => RuleSet>();
  const resolvedByKey = new Map<string, ResolvedSettings>();
  const dueFindings = new Map<string, NodeJS.Timeout>();
  let folders: WorkspaceFolder[] = [];
  let options = InitializationOptions.parse({});
  let pullsSettings = false;
  let registersSettings = false;
  let reportsProgress = false;
  let configurationTimer: NodeJS.Timeout | undefined;
  let client: ActionClient = {
    versionedEdits: false,
    preferred: false,
    resolvesEdits: false,
    commands: false,
    relatedInformation: false,
    documentation: () => undefined,
  };

  connection.onInitialize((params): InitializeResult => {
    const given = InitializationOptions.safeParse(params.initializationOptions ?? {});
    if (given.success) options = given.data;
    folders = params.workspaceFolders ?? (params.rootUri ? [{ uri: params.rootUri, name: '' }] : []);
    client = clientOf(params, options);
    pullsSettings = params.capabilities.workspace?.configuration ?? false;
    registersSettings = params.capabilities.workspace?.didChangeConfiguration?.dynamicRegistration ?? false;
    reportsProgress = params.capabilities.window?.workDoneProgress ?? false;
    // The parser is compiled while the client gets ready, so that the first file does not wait for it.
    void loadParser('wasm', () => undefined);
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
    if (registersSettings && !options.checklist)
      void connection.client.register(DidChangeConfigurationNotification.type, { section: 'groundrules' });
    if (options.checklist === false && files.size > 0) void reconfigure();
    connection.workspace.onDidChangeWorkspaceFolders((event) => {
      const gone = new Set(event.removed.map((folder) => folder.uri));
      folders = [...folders.filter((folder) => !gone.has(folder.uri)), ...event.added];
      void reconfigure();
    });
  });

  connection.onDidOpenTextDocument(({ textDocument }) => {
    const { uri, version, text, languageId } = textDocument;
    if (isConfiguration(uri)) {
      openConfigurations.set(uri, TextDocument.create(uri, languageId, version, text));
      configurationChanged(uri);
      return;
    }
    if (languageId !== 'python') return;
    const file = new OpenFile(uri, version, text);
    files.set(uri, file);
    void configure(file);
  });

  connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
    const file = files.get(textDocument.uri);
    if (file) {
      file.change(textDocument.version, contentChanges);
      publish(file);
      return;
    }
    const configuration = openConfigurations.get(textDocument.uri);
    if (!configuration) return;
    TextDocument.update(configuration, contentChanges, textDocument.version);
    configurationChanged(textDocument.uri);
  });

  connection.onDidCloseTextDocument(({ textDocument }) => {
    const { uri } = textDocument;
    const file = files.get(uri);
    if (openConfigurations.delete(uri)) configurationChanged(uri);
    if (!file) return;
    files.delete(uri);
    clearTimeout(dueFindings.get(uri));
    void connection.sendDiagnostics({ uri, diagnostics: [] });
    if (options.checklist)
      void connection.sendNotification(findingsMethod, {
        uri,
        version: file.version,
        rules: {},
        closed: true,
      } satisfies FindingsParams);
  });

  connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const change of changes) if (!openConfigurations.has(change.uri)) configurationChanged(change.uri);
  });

  connection.onDidChangeConfiguration((params) => {
    const settings: unknown = params.settings;
    if (!pullsSettings && typeof settings === 'object' && settings !== null && 'groundrules' in settings)
      options = { ...options, settings: settings.groundrules };
    void reconfigure();
  });

  connection.onCodeAction((params, token) => {
    const file = files.get(params.textDocument.uri);
    if (!file || token.isCancellationRequested) return [];
    return codeActions(file, params, client);
  });

  connection.onCodeActionResolve((action, token) => {
    const data = ActionDataSchema.safeParse(action.data);
    if (!data.success || token.isCancellationRequested) return action;
    const { uri, version, code } = data.data;
    return resolveAction(files.get(uri), action, { uri, version, ...(code === undefined ? {} : { code }) }, client);
  });

  connection.onHover(({ textDocument, position }): Hover | undefined => {
    const file = files.get(textDocument.uri);
    return file ? hover(file, position) : undefined;
  });

  connection.onExecuteCommand(async ({ command, arguments: given }, token, progress) => {
    if (command !== serverCommands.fixAll)
      throw new ResponseError(LSPErrorCodes.RequestFailed, `there is no command ${command}`);
    const uri = z.string().safeParse(given?.[0]);
    const file = uri.success ? files.get(uri.data) : undefined;
    if (!file) throw new ResponseError(LSPErrorCodes.RequestFailed, 'the file to fix is not open');
    progress.begin('Groundrules: fixing all');
    try {
      const edits = fixAllEdits(file);
      if (token.isCancellationRequested) return;
      if (edits.length > 0)
        await connection.workspace.applyEdit({
          label: 'Groundrules: fix all',
          edit: toWorkspaceEdit(file.uri, file.version, edits, client.versionedEdits),
        });
    } finally {
      progress.done();
    }
  });

  connection.onRequest(ruleDocumentationMethod, (params: unknown) => {
    const { code } = RuleDocumentationParams.parse(params);
    const rule = byCode.get(code.toUpperCase());
    if (!rule) throw new ResponseError(LSPErrorCodes.RequestFailed, `no rule has the code ${code}`);
    return { markdown: rulePage(rule) };
  });

  /** Asks for the settings of one file and analyses it with them. */
  async function configure(file: OpenFile): Promise<void> {
    const editor = await editorSettings(file.uri);
    const parser = await loadParser(editor.parser ?? 'wasm', (message) =>
      connection.window.showWarningMessage(message),
    );
    // The file may have been closed, or closed and opened again, meanwhile.
    if (files.get(file.uri) !== file) return;
    file.configure(settingsOf(file.uri, editor, parser));
    publish(file);
    reportConfigurations();
  }

  async function reconfigure(): Promise<void> {
    resolvedByKey.clear();
    const open = [...files.values()];
    const progress = reportsProgress && open.length > 1 ? await connection.window.createWorkDoneProgress() : undefined;
    progress?.begin('Groundrules: analysing open files', 0);
    try {
      for (const [index, file] of open.entries()) {
        await configure(file);
        progress?.report(Math.round(((index + 1) / open.length) * 100));
      }
    } finally {
      progress?.done();
    }
    reportConfigurations();
  }

  async function editorSettings(uri: string): Promise<EditorSettings> {
    const raw: unknown = pullsSettings
      ? await connection.workspace.getConfiguration({ scopeUri: uri, section: 'groundrules' })
      : options.settings;
    const { settings, problems } = parseEditorSettings(raw, knownRules);
    for (const problem of problems)
      connection.console.warn(`Setting groundrules.${problem.path.join('.')}: ${problem.message}`);
    return settings;
  }

  function settingsOf(uri: string, editor: EditorSettings, parser: ParserPort) {
    const file = pathOfUri(uri) ?? virtualPath(uri);
    const folder = folderOf(uri) ?? parentFolder(file) ?? '/';
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
    let resolved = resolvedByKey.get(key);
    if (!resolved) {
      resolved = resolveSettings({ cards, layers, root, requiresPython });
      resolvedByKey.set(key, resolved);
    }
    let sets = ruleSets.get(resolved);
    if (!sets) {
      sets = createRuleSets(rules, resolved);
      ruleSets.set(resolved, sets);
    }
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
      rules: sets(file),
      maxFindings: editor.maxFindings ?? defaultMaxFindings,
      enabled: (editor.enable ?? true) && !resolved.isExcluded(file),
      parser,
      configuration: configuration?.path,
      problem: missing ?? problem?.message,
    };
  }

  function folderOf(uri: string): string | undefined {
    const file = pathOfUri(uri) ?? virtualPath(uri);
    return folders
      .map((folder) => pathOfUri(folder.uri) ?? virtualPath(folder.uri))
      .filter((folder) => relativePath(folder, file) !== undefined)
      .sort((left, right) => right.length - left.length)[0];
  }

  /** Sends what a file's document has to say, with the version it says it of. */
  function publish(file: OpenFile): void {
    const { settings, document } = file;
    if (!settings) return;
    const findings = document?.findings() ?? [];
    const cut = findings.length > settings.maxFindings;
    const shown = cut ? findings.slice(0, settings.maxFindings - 1) : findings;
    const diagnostics = shown.map((finding) =>
      toDiagnostic(finding, file.uri, client.documentation, client.relatedInformation),
    );
    if (cut) diagnostics.push(moreFindings(findings.length - shown.length));
    void connection.sendDiagnostics({ uri: file.uri, version: file.version, diagnostics });
    if (options.checklist) tellChecklist(file);
  }

  /** The checklist may lag behind the squiggles by a moment, so that it never holds them up. */
  function tellChecklist(file: OpenFile): void {
    if (dueFindings.has(file.uri)) return;
    const timer = setTimeout(() => {
      dueFindings.delete(file.uri);
      const { settings } = file;
      if (!settings || files.get(file.uri) !== file) return;
      const findings = file.document?.findings() ?? [];
      const status: StatusParams = {
        uri: file.uri,
        count: findings.length,
        ...(settings.configuration === undefined ? {} : { configuration: settings.configuration }),
        ...(settings.problem === undefined ? {} : { problem: settings.problem }),
        standards: [...settings.resolved.standards],
        parser: settings.parser.name,
      };
      void connection.sendNotification(statusMethod, status);
      void connection.sendNotification(findingsMethod, checklistOf(file, findings));
    }, findingsDelay);
    dueFindings.set(file.uri, timer);
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

  function hover(file: OpenFile, position: Position): Hover | undefined {
    const { document } = file;
    if (!document) return undefined;
    const offset = document.offset(position);
    for (const comment of document.file.commentsIn({ start: offset, end: offset + 1 })) {
      const code = readSuppression(comment)?.codes?.find(
        (candidate) => comment.start + candidate.start <= offset && offset <= comment.start + candidate.end,
      );
      const rule = code ? byCode.get(code.code) : undefined;
      if (!code || !rule) continue;
      const { card } = rule;
      const href = client.documentation(card.code);
      const link = href === undefined ? '' : `\n\n[Documentation](${href})`;
      return {
        range: {
          start: document.position(comment.start + code.start),
          end: document.position(comment.start + code.end),
        },
        contents: {
          kind: MarkupKind.Markdown,
          value: `**${card.code} ${card.name}**: ${card.summary}.\n\n${card.advice}.${link}`,
        },
      };
    }
    return undefined;
  }

  function configurationChanged(uri: string): void {
    const file = pathOfUri(uri);
    configurations.invalidate(file);
    clearTimeout(configurationTimer);
    configurationTimer = setTimeout(() => void reconfigure(), configurationDelay);
  }

  /** Problems of configuration files stand in those files; a file that is in order again is cleared. */
  function reportConfigurations(): void {
    for (const configuration of openConfigurations.keys()) {
      const file = pathOfUri(configuration);
      if (file !== undefined) configurations.read(file);
    }
    const now = new Set<string>();
    for (const file of configurations.files()) {
      if (file.problems.length === 0) continue;
      const uri = openUriOf(file.path) ?? uriOfPath(file.path);
      const document = TextDocument.create(uri, 'toml', 0, file.text);
      const diagnostics = file.problems.map(
        (problem): Diagnostic => ({
          range: { start: document.positionAt(problem.start), end: document.positionAt(problem.end) },
          severity: 1,
          source,
          message: problem.message,
        }),
      );
      now.add(uri);
      void connection.sendDiagnostics({ uri, diagnostics });
    }
    for (const uri of reportedConfigurations)
      if (!now.has(uri)) void connection.sendDiagnostics({ uri, diagnostics: [] });
    reportedConfigurations.clear();
    for (const uri of now) reportedConfigurations.add(uri);
  }

  function readConfiguration(file: string): string | undefined {
    const uri = openUriOf(file);
    const open = uri === undefined ? undefined : openConfigurations.get(uri);
    if (open) return open.getText();
    return existsSync(file) ? readFileSync(file, 'utf8').replace(/^\ufeff/, '') : undefined;
  }

  function openUriOf(file: string): string | undefined {
    return [...openConfigurations.keys()].find((uri) => pathOfUri(uri) === file);
  }
}

const ActionDataSchema = z.object({ uri: z.string(), version: z.number(), code: z.string().optional() });

function isConfiguration(uri: string): boolean {
  return configurationNames.some((name) => uri.endsWith(`/${name}`));
}

/** A path for documents that lie on no disk, so that globs and folders still work on them. */
function virtualPath(uri: string): string {
  const found = /^[a-z][a-z0-9+.-]*:(?:\/\/[^/]*)?(?<path>[^?#]*)/i.exec(uri);
  const raw = found?.groups?.path ?? uri;
  return raw.startsWith('/') ? raw : `/${raw}`;
}

function clientOf(params: InitializeParams, options: InitializationOptions): ActionClient {
  const { textDocument, workspace } = params.capabilities;
  const action = textDocument?.codeAction;
  const template = options.documentation;
  const pages = path.join(import.meta.dirname, '..', 'docs', 'rules');
  const local = existsSync(pages) ? pathToFileURL(pages).href : undefined;
  return {
    versionedEdits: workspace?.workspaceEdit?.documentChanges ?? false,
    preferred: action?.isPreferredSupport ?? false,
    resolvesEdits: (action?.dataSupport ?? false) && (action?.resolveSupport?.properties.includes('edit') ?? false),
    commands: options.commands,
    relatedInformation: textDocument?.publishDiagnostics?.relatedInformation ?? false,
    documentation: (code) =>
      template?.replace('{code}', code) ?? (local === undefined ? undefined : `${local}/${code}.md`),
  };
}

function moreFindings(count: number): Diagnostic {
  return {
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    severity: 3,
    source,
    message: `${count} more findings in this file are not shown; raise groundrules.maxFindings to see them.`,
  };
}
