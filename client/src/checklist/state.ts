import type { Requirement, Standard, StandardId, Ticks } from '../../../shared-rules/src/index.ts';
import type { Findings, PlaceGroup } from './findings.ts';

/**
 * What the checklist says of a requirement.
 *
 * `violated`: a rule that answers it has findings. `toTick`: a person has to judge it and has not yet. `met`: every
 * rule that could see it found nothing, or a person ticked it. `pending`: a rule answers it, but no file was analysed
 * with it yet. `noCheck`: nothing that exists can see it yet. `off`: its standard is not in use.
 */
export type RequirementState = 'violated' | 'toTick' | 'met' | 'pending' | 'noCheck' | 'off';

/** One requirement of the checklist, with all that its row shows. */
export interface RequirementRow {
  readonly state: RequirementState;
  /** True when a person may tick it, true or not that rules look at it too. */
  readonly tickable: boolean;
  readonly ticked: boolean;
  /** Rules that answer it and exist. */
  readonly rules: readonly string[];
  /** Rules that answer it and do not exist yet. */
  readonly missingRules: readonly string[];
  /** Findings of its rules, sorted by file and rule; only groups that have places. */
  readonly groups: readonly PlaceGroup[];
  /** How many places the groups hold. */
  readonly count: number;
}

/** How many requirements are in each state. */
export type Totals = Readonly<Record<RequirementState, number>>;

export interface StandardRow {
  readonly on: boolean;
  readonly totals: Totals;
  /** In the order of the standard's sections. */
  readonly sections: readonly Totals[];
}

/** The state of the whole checklist at one moment; nothing in it is ever changed in place. */
export interface Checklist {
  readonly requirements: ReadonlyMap<string, RequirementRow>;
  readonly standards: ReadonlyMap<StandardId, StandardRow>;
  readonly totals: Totals;
  /** How many files the findings come from. */
  readonly files: number;
}

export interface ChecklistInput {
  readonly standards: readonly Standard[];
  /** Codes of the rules that exist. */
  readonly rules: ReadonlySet<string>;
  /** The standards in use. */
  readonly on: ReadonlySet<StandardId>;
  readonly findings: Findings;
  readonly ticks: Ticks['ticks'];
}

/** Computes the checklist. Pure, and quick enough to be called after every keystroke. */
export function checklist(input: ChecklistInput): Checklist {
  const ran = groupsByRule(input.findings);
  const requirements = new Map<string, RequirementRow>();
  const standards = new Map<StandardId, StandardRow>();
  const all = noTotals();
  for (const standard of input.standards) {
    const on = input.on.has(standard.id);
    const inStandard = noTotals();
    const sections = standard.sections.map((section) => {
      const inSection = noTotals();
      for (const requirement of section.requirements) {
        const row = requirementRow(requirement, on, input, ran);
        requirements.set(requirement.id, row);
        inSection[row.state] += 1;
        inStandard[row.state] += 1;
        all[row.state] += 1;
      }
      return inSection;
    });
    standards.set(standard.id, { on, totals: inStandard, sections });
  }
  return { requirements, standards, totals: all, files: input.findings.size };
}

function requirementRow(
  requirement: Requirement,
  on: boolean,
  input: ChecklistInput,
  ran: ReadonlyMap<string, readonly PlaceGroup[]>,
): RequirementRow {
  const rules = requirement.rules.filter((code) => input.rules.has(code));
  const groups = on ? rules.flatMap((code) => ran.get(code) ?? []).filter((group) => group.places.length > 0) : [];
  const row = {
    tickable: requirement.tick,
    ticked: requirement.tick && Object.hasOwn(input.ticks, requirement.id),
    rules,
    missingRules: requirement.rules.filter((code) => !input.rules.has(code)),
    groups: groups.sort(byFileThenRule),
    count: groups.reduce((sum, group) => sum + group.places.length, 0),
  };
  const anyRan = rules.some((code) => ran.has(code));
  return { ...row, state: on ? stateOf(requirement, row, anyRan) : 'off' };
}

function stateOf(
  requirement: Requirement,
  row: Pick<RequirementRow, 'tickable' | 'ticked' | 'rules' | 'count'>,
  anyRan: boolean,
): RequirementState {
  if (row.count > 0) return 'violated';
  if (row.tickable && !row.ticked) return 'toTick';
  // What a person alone can judge is settled by the tick; rules beside it only see traces of the opposite.
  if (row.tickable && requirement.kind === 'manual') return 'met';
  if (row.rules.length > 0) return anyRan ? 'met' : 'pending';
  return row.ticked ? 'met' : 'noCheck';
}

function groupsByRule(findings: Findings): ReadonlyMap<string, readonly PlaceGroup[]> {
  const groups = new Map<string, PlaceGroup[]>();
  for (const file of findings.values()) {
    for (const group of file.values()) {
      const sameRule = groups.get(group.code);
      if (sameRule === undefined) groups.set(group.code, [group]);
      else sameRule.push(group);
    }
  }
  return groups;
}

function byFileThenRule(left: PlaceGroup, right: PlaceGroup): number {
  return compare(left.uri, right.uri) || compare(left.code, right.code);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function noTotals(): Record<RequirementState, number> {
  return { violated: 0, toTick: 0, met: 0, pending: 0, noCheck: 0, off: 0 };
}

/** What differs between two checklists of the same standards, in the terms of what has to be drawn again. */
export interface ChecklistChanges {
  /** Standards whose own row changed. */
  readonly standards: readonly StandardId[];
  /** Sections whose own row changed, by standard and position. */
  readonly sections: readonly { readonly standard: StandardId; readonly index: number }[];
  /** Ids of requirements whose row or places changed. */
  readonly requirements: readonly string[];
}

/** Compares two checklists of the same standards. */
export function changes(before: Checklist, after: Checklist): ChecklistChanges {
  const standards: StandardId[] = [];
  const sections: { standard: StandardId; index: number }[] = [];
  for (const [standard, row] of after.standards) {
    const earlier = before.standards.get(standard);
    if (earlier === undefined || earlier.on !== row.on || !sameTotals(earlier.totals, row.totals)) {
      standards.push(standard);
    }
    row.sections.forEach((totals, index) => {
      const earlierTotals = earlier?.sections[index];
      if (earlierTotals === undefined || !sameTotals(earlierTotals, totals)) sections.push({ standard, index });
    });
  }
  const requirements = [...after.requirements]
    .filter(([id, row]) => !sameRow(before.requirements.get(id), row))
    .map(([id]) => id);
  return { standards, sections, requirements };
}

function sameTotals(left: Totals, right: Totals): boolean {
  return (
    left.violated === right.violated &&
    left.toTick === right.toTick &&
    left.met === right.met &&
    left.pending === right.pending &&
    left.noCheck === right.noCheck &&
    left.off === right.off
  );
}

function sameRow(left: RequirementRow | undefined, right: RequirementRow): boolean {
  return (
    left !== undefined &&
    left.state === right.state &&
    left.ticked === right.ticked &&
    left.groups.length === right.groups.length &&
    left.groups.every((group, index) => group === right.groups[index])
  );
}
