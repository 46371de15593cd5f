import {
  commands,
  Disposable,
  type Event,
  EventEmitter,
  type LogOutputChannel,
  TreeItemCheckboxState,
  type TreeView,
  Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from 'vscode';
import { type StandardId, type StatusParams, standardIds } from '../../../shared-rules/src/index.ts';
import { catalogue, standards } from '../catalogue.ts';
import { pickRule } from '../commands.ts';
import { showRuleDocumentation } from '../documentation.ts';
import { messageOf, type Server } from '../server.ts';
import { authorIn } from './author.ts';
import { type Findings, withFindings } from './findings.ts';
import { type Checklist, changes, checklist } from './state.ts';
import { type FolderTicks, folderTicks } from './ticks.ts';
import type { Tick } from './ticks-file.ts';
import { type ChecklistNode, createChecklistTree, type PlaceNode, rangeOf } from './tree.ts';
import { totalsSentence, totalsText } from './wording.ts';

/** The checklist for readers outside this module. */
export interface ChecklistApi {
  /** The state of every requirement, as the view shows it. */
  readonly current: Checklist;
  readonly onDidChange: Event<void>;
  /** Ticks requirements in the folder of the active editor, or takes their ticks away; kept when the file is written. */
  tick(ids: readonly string[], ticked: boolean): Promise<void>;
  /** Settled when the ticks of all folders were read. */
  readonly ticksLoaded: Promise<void>;
}

/** Notifications of one burst of typing are drawn together; a person sees no delay. */
const delay = 100;

const codes: ReadonlySet<string> = new Set(catalogue.map((card) => card.code));

/** Creates the view `groundrules.checklist` and keeps it in step with the server and the ticks. */
export function createChecklistView(server: Server, output: LogOutputChannel): ChecklistApi & Disposable {
  const changed = new EventEmitter<void>();
  const statuses = new Map<string, StatusParams>();
  const folders = new Map<string, FolderTicks>();
  let findings: Findings = new Map();
  let lastStatus: StatusParams | undefined;
  let folder: WorkspaceFolder | undefined;
  let timer: NodeJS.Timeout | undefined;
  let current = compute();

  const tree = createChecklistTree(standards, {
    get checklist() {
      return current;
    },
    get canTick() {
      return activeTicks() !== undefined;
    },
    get hasContent() {
      return hasContent();
    },
    ticked: (id) => activeTicks()?.ticks[id],
  });
  const view = window.createTreeView<ChecklistNode>('groundrules.checklist', {
    treeDataProvider: tree,
    showCollapseAll: true,
    manageCheckboxStateManually: true,
  });

  function hasContent(): boolean {
    return workspace.workspaceFolders !== undefined || current.files > 0;
  }

  function activeTicks(): FolderTicks | undefined {
    return folder === undefined ? undefined : folders.get(folder.uri.toString());
  }

  function compute(): Checklist {
    const document = window.activeTextEditor?.document;
    const status = (document && statuses.get(server.uriOf(document.uri))) ?? lastStatus;
    const on: ReadonlySet<StandardId> = new Set(status?.standards ?? standardIds);
    return checklist({ standards, rules: codes, on, findings, ticks: activeTicks()?.ticks ?? {} });
  }

  function forget(): void {
    findings = new Map();
    statuses.clear();
  }

  function update(): void {
    clearTimeout(timer);
    timer = undefined;
    if (server.state === 'stopped') forget();
    const before = current;
    const hadContent = hasContent();
    current = compute();
    if (hadContent === hasContent()) tree.redraw(changes(before, current));
    else tree.redrawAll();
    decorate(view, current, server);
    changed.fire();
  }

  /** Updates soon. The first call of a burst sets the time, so that the view follows steady typing too. */
  function updateSoon(): void {
    timer ??= setTimeout(update, delay);
  }

  /** The folder of the active editor; an editor outside all folders leaves the choice as it is. */
  function chooseFolder(): void {
    const all = workspace.workspaceFolders ?? [];
    const document = window.activeTextEditor?.document;
    const active = document === undefined ? undefined : workspace.getWorkspaceFolder(document.uri);
    const stays = all.find((candidate) => candidate.uri.toString() === folder?.uri.toString());
    const hadFolder = folder !== undefined;
    folder = active ?? stays ?? all[0];
    if (hadFolder !== (folder !== undefined)) tree.redrawAll();
  }

  function openFolders(opened: readonly WorkspaceFolder[]): void {
    for (const candidate of opened) {
      const ticks = folderTicks(candidate);
      ticks.onDidChange(updateSoon);
      folders.set(candidate.uri.toString(), ticks);
    }
  }

  async function tick(ids: readonly string[], ticked: boolean): Promise<void> {
    const ticks = activeTicks();
    const value = ticked && folder !== undefined ? await newTick(folder.uri) : undefined;
    await ticks?.change(new Map(ids.map((id) => [id, value])));
    update();
    // The checkbox has already moved on the screen: when the file was not written, it has to move back.
    tree.redrawRequirements(ids);
  }

  openFolders(workspace.workspaceFolders ?? []);
  chooseFolder();
  update();
  const ticksLoaded = Promise.all([...folders.values()].map((ticks) => ticks.loaded)).then(() => update());

  const subscriptions = Disposable.from(
    changed,
    tree,
    view,
    window.registerFileDecorationProvider(tree),
    server.onFindings((params) => {
      if (params.closed === true) statuses.delete(params.uri);
      findings = withFindings(findings, params);
      updateSoon();
    }),
    server.onStatus((status) => {
      statuses.set(status.uri, status);
      lastStatus = status;
      updateSoon();
    }),
    server.onDidChangeState((state) => {
      // A new server says everything again, soon: what the old one said is forgotten now and drawn away with that.
      if (state === 'starting') forget();
      else updateSoon();
    }),
    window.onDidChangeActiveTextEditor(() => {
      chooseFolder();
      updateSoon();
    }),
    workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      for (const { uri } of removed) {
        folders.get(uri.toString())?.dispose();
        folders.delete(uri.toString());
      }
      openFolders(added);
      chooseFolder();
      updateSoon();
    }),
    view.onDidChangeCheckboxState(async ({ items }) => {
      for (const state of [TreeItemCheckboxState.Checked, TreeItemCheckboxState.Unchecked]) {
        const ids = items.flatMap(([node, itemState]) =>
          node.kind === 'requirement' && itemState === state ? [node.requirement.id] : [],
        );
        if (ids.length > 0) await tick(ids, state === TreeItemCheckboxState.Checked);
      }
    }),
    commands.registerCommand('groundrules.checklist.goToPlace', (node: ChecklistNode) => goToPlace(node, output)),
    commands.registerCommand('groundrules.checklist.showDocumentation', (node: ChecklistNode) =>
      showDocumentation(node, current),
    ),
  );

  return {
    get current() {
      return current;
    },
    onDidChange: changed.event,
    tick,
    ticksLoaded,
    dispose() {
      clearTimeout(timer);
      for (const ticks of folders.values()) ticks.dispose();
      subscriptions.dispose();
    },
  };
}

async function newTick(folder: Uri): Promise<Tick> {
  const at = new Date().toISOString();
  const by = await authorIn(folder);
  return by === undefined ? { at } : { at, by };
}

function decorate(view: TreeView<ChecklistNode>, current: Checklist, server: Server): void {
  const { totals, files } = current;
  view.description = files === 0 ? '' : totalsText(totals);
  view.badge = totals.violated === 0 ? undefined : { value: totals.violated, tooltip: totalsSentence(totals) };
  view.message = message(current, server);
}

/** The line above the tree: why it says nothing, or the totals, which the title of a lone view has no room for. */
function message({ totals, files }: Checklist, server: Server): string {
  if (files > 0) return `${totalsText(totals)}, in ${files === 1 ? '1 open file' : `${files} open files`}`;
  // A message hides the welcome of an empty view, so there is none where no folder is open.
  if (workspace.workspaceFolders === undefined) return '';
  if (server.state === 'stopped') return 'The Groundrules server is not running. See the output channel Groundrules.';
  return 'Nothing is analysed yet. Open a Python file: the checklist follows the files that are open.';
}

async function goToPlace(node: ChecklistNode, output: LogOutputChannel): Promise<void> {
  if (node.kind !== 'place') return;
  try {
    await open(node);
  } catch (error) {
    output.error(`${node.uri} could not be opened: ${messageOf(error)}`);
    void window.showErrorMessage(`The file of this place could not be opened: ${messageOf(error)}`);
  }
}

async function open(node: PlaceNode): Promise<void> {
  const document = await workspace.openTextDocument(Uri.parse(node.uri));
  await window.showTextDocument(document, { selection: rangeOf(node.place), preview: true });
}

async function showDocumentation(node: ChecklistNode, current: Checklist): Promise<void> {
  if (node.kind === 'place') return showRuleDocumentation(node.code);
  if (node.kind !== 'requirement') return;
  const rules = current.requirements.get(node.requirement.id)?.rules ?? [];
  if (rules.length > 0) await pickRule(rules);
}
