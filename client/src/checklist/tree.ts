import {
  type Disposable,
  type Event,
  EventEmitter,
  type FileDecoration,
  type FileDecorationProvider,
  MarkdownString,
  Range,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCheckboxState,
  TreeItemCollapsibleState,
  Uri,
  workspace,
} from 'vscode';
import type { Place, Requirement, Section, Standard } from '../../../shared-rules/src/index.ts';
import type { Checklist, ChecklistChanges, RequirementRow, RequirementState, Totals } from './state.ts';
import { sectionLabel, stateSentence, stateText, totalsSentence, totalsText } from './wording.ts';

export interface StandardNode {
  readonly kind: 'standard';
  readonly standard: Standard;
  readonly sections: readonly SectionNode[];
}
export interface SectionNode {
  readonly kind: 'section';
  readonly parent: StandardNode;
  readonly section: Section;
  readonly index: number;
  readonly requirements: readonly RequirementNode[];
}
export interface RequirementNode {
  readonly kind: 'requirement';
  readonly parent: SectionNode;
  readonly requirement: Requirement;
}
export interface PlaceNode {
  readonly kind: 'place';
  readonly parent: RequirementNode;
  readonly uri: string;
  readonly code: string;
  readonly place: Place;
}
export interface MoreNode {
  readonly kind: 'more';
  readonly parent: RequirementNode;
  readonly count: number;
}
export type ChecklistNode = StandardNode | SectionNode | RequirementNode | PlaceNode | MoreNode;

/** What the tree draws from, asked anew for every row. */
export interface ChecklistSource {
  readonly checklist: Checklist;
  /** False where there is no folder that ticks could be kept in. */
  readonly canTick: boolean;
  /** False shows an empty tree, and with it the view's welcome. */
  readonly hasContent: boolean;
  ticked(id: string): { readonly at: string; readonly by?: string | undefined } | undefined;
}

export interface ChecklistTree extends TreeDataProvider<ChecklistNode>, FileDecorationProvider, Disposable {
  readonly onDidChangeTreeData: Event<ChecklistNode[] | undefined>;
  /** Draws again what changed and nothing else. */
  redraw(changed: ChecklistChanges): void;
  /** Draws requirements again although nothing is known to have changed, to take back a checkbox. */
  redrawRequirements(ids: readonly string[]): void;
  redrawAll(): void;
}

const scheme = 'groundrules-checklist';

/** More places than these under one requirement help nobody, and a tree row costs more than a finding. */
const mostPlaces = 200;

const icons: Record<RequirementState, ThemeIcon> = {
  violated: new ThemeIcon('error', new ThemeColor('testing.iconFailed')),
  toTick: new ThemeIcon('question', new ThemeColor('testing.iconQueued')),
  met: new ThemeIcon('pass', new ThemeColor('testing.iconPassed')),
  pending: new ThemeIcon('circle-large-outline', new ThemeColor('testing.iconUnset')),
  noCheck: new ThemeIcon('dash', new ThemeColor('testing.iconSkipped')),
  off: new ThemeIcon('circle-slash', new ThemeColor('disabledForeground')),
};

/** The checklist as a tree: standards, their sections, their requirements, the places that violate them. */
export function createChecklistTree(standards: readonly Standard[], source: ChecklistSource): ChecklistTree {
  const roots = standards.map(standardNode);
  const requirementNodes = new Map(
    roots.flatMap((root) =>
      root.sections.flatMap((section) => section.requirements.map((node) => [node.requirement.id, node] as const)),
    ),
  );
  const rows = new EventEmitter<ChecklistNode[] | undefined>();
  const decorations = new EventEmitter<Uri[]>();

  function fire(nodes: ChecklistNode[]): void {
    if (nodes.length === 0) return;
    decorations.fire(nodes.flatMap((node) => uriOf(node) ?? []));
    rows.fire(nodes);
  }

  function nodesOf(ids: readonly string[]): RequirementNode[] {
    return ids.flatMap((id) => requirementNodes.get(id) ?? []);
  }

  return {
    onDidChangeTreeData: rows.event,
    onDidChangeFileDecorations: decorations.event,
    getParent: (node) => (node.kind === 'standard' ? undefined : node.parent),
    getChildren(node) {
      if (node === undefined) return source.hasContent ? [...roots] : [];
      if (node.kind === 'standard') return [...node.sections];
      if (node.kind === 'section') return [...node.requirements];
      if (node.kind === 'requirement') return placesOf(node, source.checklist.requirements.get(node.requirement.id));
      return [];
    },
    getTreeItem: (node) => item(node, source),
    provideFileDecoration: (uri) => decoration(uri, source.checklist),
    redraw(changed) {
      const standardNodes = roots.filter((root) => changed.standards.includes(root.standard.id));
      const sectionNodes = changed.sections.flatMap(
        ({ standard, index }) => roots.find((root) => root.standard.id === standard)?.sections[index] ?? [],
      );
      fire([...standardNodes, ...sectionNodes, ...nodesOf(changed.requirements)]);
    },
    redrawRequirements: (ids) => fire(nodesOf(ids)),
    redrawAll: () => rows.fire(undefined),
    dispose() {
      rows.dispose();
      decorations.dispose();
    },
  };
}

function standardNode(standard: Standard): StandardNode {
  const sections: SectionNode[] = [];
  const node: StandardNode = { kind: 'standard', standard, sections };
  standard.sections.forEach((section, index) => {
    const requirements: RequirementNode[] = [];
    const sectionNode: SectionNode = { kind: 'section', parent: node, section, index, requirements };
    for (const requirement of section.requirements) {
      requirements.push({ kind: 'requirement', parent: sectionNode, requirement });
    }
    sections.push(sectionNode);
  });
  return node;
}

function placesOf(parent: RequirementNode, row: RequirementRow | undefined): ChecklistNode[] {
  const places = (row?.groups ?? [])
    .flatMap(({ uri, code, places }) => places.map((place) => ({ kind: 'place' as const, parent, uri, code, place })))
    .sort(byPosition);
  if (places.length <= mostPlaces) return places;
  return [...places.slice(0, mostPlaces), { kind: 'more', parent, count: places.length - mostPlaces }];
}

function byPosition(left: PlaceNode, right: PlaceNode): number {
  if (left.uri !== right.uri) return left.uri < right.uri ? -1 : 1;
  return left.place.line - right.place.line || left.place.character - right.place.character;
}

function item(node: ChecklistNode, source: ChecklistSource): TreeItem {
  switch (node.kind) {
    case 'standard':
      return standardItem(node, source.checklist);
    case 'section':
      return sectionItem(node, source.checklist);
    case 'requirement':
      return requirementItem(node, source);
    case 'place':
      return placeItem(node);
    case 'more':
      return new TreeItem(`${node.count} more places`);
  }
}

function standardItem(node: StandardNode, checklist: Checklist): TreeItem {
  const row = checklist.standards.get(node.standard.id);
  const result = new TreeItem(node.standard.title, TreeItemCollapsibleState.Collapsed);
  result.id = node.standard.id;
  result.resourceUri = standardUri(node);
  result.contextValue = 'standard';
  if (row === undefined) return result;
  result.iconPath = icons[worst(row.totals)];
  result.description = row.on ? totalsText(row.totals) : 'off';
  result.tooltip = row.on
    ? `${node.standard.title}: ${totalsSentence(row.totals)}`
    : `${node.standard.title} is turned off in the configuration.`;
  return result;
}

function sectionItem(node: SectionNode, checklist: Checklist): TreeItem {
  const totals = checklist.standards.get(node.parent.standard.id)?.sections[node.index];
  const { label, context } = sectionLabel(node.section.title);
  const result = new TreeItem(label, TreeItemCollapsibleState.Collapsed);
  result.id = `${node.parent.standard.id}/${node.index}`;
  result.resourceUri = sectionUri(node);
  result.contextValue = 'section';
  if (totals === undefined) return result;
  result.iconPath = icons[worst(totals)];
  result.description = totalsText(totals);
  result.tooltip = `${context === '' ? label : `${context} › ${label}`}: ${totalsSentence(totals)}`;
  return result;
}

function requirementItem(node: RequirementNode, source: ChecklistSource): TreeItem {
  const { requirement } = node;
  const row = source.checklist.requirements.get(requirement.id);
  const result = new TreeItem(requirement.statement);
  result.id = requirement.id;
  if (row === undefined) return result;
  const text = stateText(row);
  result.collapsibleState = row.count > 0 ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None;
  result.contextValue = row.rules.length > 0 ? 'requirement.rules' : 'requirement';
  result.description = `${text} · ${requirement.id}`;
  result.tooltip = requirementTooltip(requirement, row, source);
  result.accessibilityInformation = { label: `${requirement.statement}, ${text}` };
  const hasCheckbox = row.tickable && row.state !== 'off' && source.canTick;
  if (hasCheckbox) {
    result.checkboxState = {
      state: row.ticked ? TreeItemCheckboxState.Checked : TreeItemCheckboxState.Unchecked,
      tooltip: row.ticked ? 'Take the tick away' : 'Tick when it holds',
    };
  }
  // A checkbox says by itself what a person still has to tick or has ticked; the icon is for what a program found.
  const checkboxSaysAll = hasCheckbox && (row.state === 'toTick' || (row.state === 'met' && row.rules.length === 0));
  if (checkboxSaysAll) return result;
  // The resource carries the decoration; without an icon beside it VS Code would draw that of a file.
  result.iconPath = icons[row.state];
  result.resourceUri = requirementUri(requirement.id);
  return result;
}

function requirementTooltip(requirement: Requirement, row: RequirementRow, source: ChecklistSource): MarkdownString {
  const tooltip = new MarkdownString();
  tooltip.isTrusted = { enabledCommands: ['groundrules.showRuleDocumentation'] };
  tooltip.appendText(requirement.statement).appendMarkdown('\n\n');
  tooltip.appendText(stateSentence(requirement, row, source.checklist.files));
  const tick = row.ticked ? source.ticked(requirement.id) : undefined;
  if (tick !== undefined) {
    const by = tick.by === undefined ? '' : ` by ${tick.by}`;
    tooltip.appendMarkdown('\n\n').appendText(`Ticked${by} on ${tick.at.slice(0, 10)}.`);
  }
  if (row.rules.length > 0) {
    const links = row.rules.map((code) => {
      const argument = encodeURIComponent(JSON.stringify([code]));
      return `[${code}](command:groundrules.showRuleDocumentation?${argument})`;
    });
    tooltip.appendMarkdown(`\n\nChecked by ${links.join(', ')}`);
  }
  if (row.missingRules.length > 0) {
    tooltip.appendMarkdown('\n\n').appendText(`Not written yet: ${row.missingRules.join(', ')}`);
  }
  return tooltip;
}

function placeItem(node: PlaceNode): TreeItem {
  const { place } = node;
  const uri = Uri.parse(node.uri);
  const path = workspace.asRelativePath(uri);
  const result = new TreeItem(place.message);
  result.description = `${path}:${place.line + 1} · ${node.code}`;
  result.tooltip = `${place.message}\n${path}, line ${place.line + 1}`;
  result.contextValue = 'place';
  result.command = {
    title: 'Go to Place',
    command: 'groundrules.checklist.goToPlace',
    arguments: [node],
  };
  return result;
}

/** Where a place is, for the editor. */
export function rangeOf(place: Place): Range {
  return new Range(place.line, place.character, place.endLine, place.endCharacter);
}

function worst(totals: Totals): RequirementState {
  const order: readonly RequirementState[] = ['violated', 'toTick', 'met', 'pending', 'off'];
  return order.find((state) => totals[state] > 0) ?? 'noCheck';
}

function uriOf(node: ChecklistNode): Uri | undefined {
  if (node.kind === 'standard') return standardUri(node);
  if (node.kind === 'section') return sectionUri(node);
  return node.kind === 'requirement' ? requirementUri(node.requirement.id) : undefined;
}

function standardUri(node: StandardNode): Uri {
  return Uri.from({ scheme, authority: 'standard', path: `/${node.standard.id}` });
}

function sectionUri(node: SectionNode): Uri {
  return Uri.from({ scheme, authority: 'section', path: `/${node.parent.standard.id}/${node.index}` });
}

function requirementUri(id: string): Uri {
  return Uri.from({ scheme, authority: 'requirement', path: `/${id}` });
}

/** Greys what is off or not checked, and puts the number of places at the right edge, where no statement hides it. */
function decoration(uri: Uri, checklist: Checklist): FileDecoration | undefined {
  if (uri.scheme !== scheme) return undefined;
  const grey = { color: new ThemeColor('disabledForeground') };
  const [first, second] = uri.path.slice(1).split('/');
  if (first === undefined) return undefined;
  if (uri.authority === 'requirement') {
    const row = checklist.requirements.get(first);
    if (row === undefined) return undefined;
    if (row.state === 'off' || row.state === 'noCheck') return grey;
    if (row.state !== 'violated') return undefined;
    const tooltip = stateText(row);
    return { badge: row.count > 99 ? '9+' : String(row.count), tooltip, color: new ThemeColor('testing.iconFailed') };
  }
  const standard = [...checklist.standards].find(([id]) => id === first)?.[1];
  const totals = second === undefined ? standard?.totals : standard?.sections[Number(second)];
  if (totals === undefined) return undefined;
  const state = worst(totals);
  return state === 'off' || state === 'noCheck' ? grey : undefined;
}
