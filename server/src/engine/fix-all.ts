import type { Document, Reported } from './document.ts';
import type { Fix } from './rule.ts';
import { applyEdits, collide, type Edit } from './text.ts';

/** Which fixes a pass takes: the first acceptable one of every finding. */
export type FixChoice = (finding: Reported, fix: Fix) => boolean;

export interface FixOutcome {
  readonly text: string;
  /** How many fixes were applied, over all passes. */
  readonly applied: number;
  /** Findings whose fix was taken, by code. */
  readonly byCode: ReadonlyMap<string, number>;
  /** True when the last pass found nothing more to do. */
  readonly settled: boolean;
}

export const fixPasses = 10;

/**
 * Applies fixes until nothing changes, at most `fixPasses` times. Fixes that collide wait for the next pass. A pass that
 * would leave the text with more syntax errors than it had is not applied, and ends the work.
 *
 * @param open makes a document of a text; it is asked once for every pass.
 */
export function fixAll(text: string, open: (text: string) => Document, choose: FixChoice): FixOutcome {
  let current = text;
  let document = open(current);
  let applied = 0;
  const byCode = new Map<string, number>();
  for (let pass = 0; pass < fixPasses; pass++) {
    const taken = choosePass(document, choose);
    if (taken.length === 0) return { text: current, applied, byCode, settled: true };
    const next = applyEdits(current, distinct(taken.flatMap(({ fix }) => fix.edits)));
    const nextDocument = open(next);
    if (nextDocument.brokenCount > document.brokenCount) return { text: current, applied, byCode, settled: false };
    current = next;
    document = nextDocument;
    applied += taken.length;
    for (const { finding } of taken) byCode.set(finding.code, (byCode.get(finding.code) ?? 0) + 1);
  }
  return { text: current, applied, byCode, settled: choosePass(document, choose).length === 0 };
}

/** The fixes of one pass, none of which collides with another. */
export function choosePass(document: Document, choose: FixChoice): { finding: Reported; fix: Fix }[] {
  const taken: { finding: Reported; fix: Fix }[] = [];
  const occupied: Edit[] = [];
  for (const finding of document.findings()) {
    const fix = finding.fixes().find((candidate) => candidate.edits.length > 0 && choose(finding, candidate));
    if (!fix || collide(occupied, fix.edits)) continue;
    occupied.push(...fix.edits);
    taken.push({ finding, fix });
  }
  return taken;
}

/** Equal edits of several fixes, such as one import that all of them need, are one. */
function distinct(edits: readonly Edit[]): Edit[] {
  const seen = new Map(edits.map((edit) => [`${edit.start}:${edit.end}:${edit.text}`, edit]));
  return [...seen.values()];
}
