import type { Requirement } from '../../../shared-rules/src/index.ts';
import type { RequirementRow, Totals } from './state.ts';

/** The short totals beside a standard, a section and the view's title: only what asks for attention or was reached. */
export function totalsText(totals: Totals): string {
  const parts = [
    totals.violated > 0 ? `${totals.violated} violated` : '',
    totals.toTick > 0 ? `${totals.toTick} to tick` : '',
    totals.met > 0 ? `${totals.met} met` : '',
    totals.pending > 0 ? `${totals.pending} not seen yet` : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return parts.join(' · ');
  return totals.off > 0 ? 'off' : 'no check yet';
}

/** All totals in one sentence a line, for tooltips and screen readers. */
export function totalsSentence(totals: Totals): string {
  return [
    `${totals.violated} violated`,
    `${totals.toTick} to tick`,
    `${totals.met} met`,
    `${totals.pending} not seen yet`,
    `${totals.noCheck} without a check yet`,
  ].join(', ');
}

/** What a requirement's row says of its state, behind the statement. */
export function stateText(row: RequirementRow): string {
  switch (row.state) {
    case 'violated':
      return row.count === 1 ? '1 place' : `${row.count} places`;
    case 'toTick':
      return 'to tick';
    case 'met':
      return row.ticked ? 'ticked' : 'met';
    case 'pending':
      return 'not seen yet';
    case 'noCheck':
      return 'no check yet';
    case 'off':
      return 'off';
  }
}

/** The same as a whole sentence, for the tooltip. `files` is how many files were analysed. */
export function stateSentence(requirement: Requirement, row: RequirementRow, files: number): string {
  const inFiles = files === 1 ? 'the open file' : `the ${files} open files`;
  switch (row.state) {
    case 'violated':
      return `Violated in ${row.count === 1 ? '1 place' : `${row.count} places`}.`;
    case 'toTick':
      return requirement.kind === 'manual' || row.rules.length === 0
        ? 'A person judges this one: tick it when it holds.'
        : 'The rules see only part of it: tick it when the rest holds.';
    case 'met':
      if (!row.ticked) return `Met in ${inFiles}.`;
      return row.rules.length > 0 && files > 0 ? `Ticked, and no finding in ${inFiles}.` : 'Ticked.';
    case 'pending':
      return 'No file was analysed for this one yet.';
    case 'noCheck':
      return 'Nothing checks this one yet.';
    case 'off':
      return 'Its standard is turned off in the configuration.';
  }
}

/** The last part of a section's title, which is unique within its standard; the parts before it are its context. */
export function sectionLabel(title: string): { label: string; context: string } {
  const parts = title.split(' › ');
  return { label: parts.at(-1) ?? title, context: parts.slice(0, -1).join(' › ') };
}
