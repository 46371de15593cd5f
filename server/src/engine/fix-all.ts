import type { Document } from './document.ts';
import type { Reported } from './reported.ts';
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
 * Applies fixes until nothing changes, at most `fixPasses` times. Fixes that collide wait for the next pass. A fix that
 * would leave the text with more syntax errors than it had is left out, alone.
 *
 * @param open makes a document of a text; it is asked at least once for every pass.
 */
export function fixAll(text: string, open: (text: string) => Document, choose: FixChoice): FixOutcome {
  let current = text;
  let document = open(current);
  let applied = 0;
  const byCode = new Map<string, number>();
  const outcome = (settled: boolean): FixOutcome => ({ text: current, applied, byCode, settled });
  for (let pass = 0; pass < fixPasses; pass++) {
    const chosen = choosePass(document, choose);
    if (chosen.length === 0) return outcome(true);
    const taken = withoutBreaking(current, document.brokenCount, chosen, open);
    if (taken.fixes.length === 0) return outcome(false);
    current = taken.text;
    document = taken.document;
    applied += taken.fixes.length;
    for (const { finding } of taken.fixes) byCode.set(finding.code, (byCode.get(finding.code) ?? 0) + 1);
  }
  return outcome(choosePass(document, choose).length === 0);
}

interface Chosen {
  readonly finding: Reported;
  readonly fix: Fix;
}

/** Applies fixes together; where that breaks the code, the half that does is searched until single fixes are left out. */
function withoutBreaking(
  text: string,
  brokenBefore: number,
  chosen: readonly Chosen[],
  open: (text: string) => Document,
): { fixes: readonly Chosen[]; text: string; document: Document } {
  const attempt = (fixes: readonly Chosen[]) => {
    const next = applyEdits(text, distinct(fixes.flatMap(({ fix }) => fix.edits)));
    return { fixes, text: next, document: open(next) };
  };
  const together = attempt(chosen);
  if (together.document.brokenCount <= brokenBefore) return together;
  const good = (fixes: readonly Chosen[]): readonly Chosen[] => {
    if (attempt(fixes).document.brokenCount <= brokenBefore) return fixes;
    if (fixes.length === 1) return [];
    const middle = fixes.length >> 1;
    return [...good(fixes.slice(0, middle)), ...good(fixes.slice(middle))];
  };
  return attempt(good(chosen));
}

/** The fixes of one pass, none of which collides with another. */
export function choosePass(document: Document, choose: FixChoice): { finding: Reported; fix: Fix }[] {
  const taken: { finding: Reported; fix: Fix }[] = [];
  const occupied: Edit[] = [];
  for (const finding of document.findings()) {
    const fix = finding.fixes().find((candidate) => candidate.edits.length > 0 && choose(finding, candidate));
    if (!fix || collide(occupied, fix.edits) || bringSameImport(occupied, fix.edits)) continue;
    occupied.push(...fix.edits);
    taken.push({ finding, fix });
  }
  return taken;
}

/**
 * Whether an edit of one list brings an import that one of the other brings elsewhere, since each fix knows only its own
 * place: one logger for what runs while the module loads, another behind the imports. The next pass finds the first.
 */
function bringSameImport(left: readonly Edit[], right: readonly Edit[]): boolean {
  return right.some(
    (edit) => imports.test(edit.text) && left.some(({ start, text }) => text === edit.text && start !== edit.start),
  );
}

const imports = /^(?:import|from)\s/m;

/** Equal edits of several fixes, such as one import that all of them need, are one. */
function distinct(edits: readonly Edit[]): Edit[] {
  const seen = new Map(edits.map((edit) => [`${edit.start}:${edit.end}:${edit.text}`, edit]));
  return [...seen.values()];
}
