import type { Dispatch } from './dispatch.ts';
import { store } from './examine.ts';
import type { SourceFile } from './file.ts';
import type { EnabledRule, Finding, StoredFinding } from './rule.ts';
import {
  describe,
  hitsOf,
  linesCovered,
  removal,
  type SuppressedCode,
  type Suppression,
  suppressionsOf,
} from './suppress.ts';
import type { Unit } from './unit.ts';

/** What a document lends for deciding what is visible. */
export interface Lent {
  readonly file: SourceFile;
  readonly dispatch: Dispatch;
  /** Everything the checks placed in a unit. */
  findingsIn(unit: Unit): StoredFinding[];
}

/** The findings in a unit that no comment suppresses. */
export function visibleIn(unit: Unit): readonly StoredFinding[] {
  return unit.visible ?? noFindings;
}

/**
 * Which findings of a document are seen: those that no comment suppresses, and what the engine says of the comments. Keeps
 * what suppresses in the whole file, and the count.
 */
export class Visibility {
  readonly #knownCodes: ReadonlySet<string>;
  /** Units with a suppression of the whole file. */
  readonly #suppressors = new Set<Unit>();
  #fileSuppressions: readonly Suppression[] = [];
  #count = 0;

  constructor(knownCodes: ReadonlySet<string>) {
    this.#knownCodes = knownCodes;
  }

  /** How many findings are visible. */
  get count(): number {
    return this.#count;
  }

  /** Sets what is visible in a unit; undefined when it is not known. */
  show(unit: Unit, findings: readonly StoredFinding[] | undefined): void {
    this.#count += (findings?.length ?? 0) - (unit.visible?.length ?? 0);
    unit.visible = findings;
  }

  /** Decides anew which findings of the given units are visible. */
  decide(stale: ReadonlySet<Unit>, gone: readonly Unit[], lent: Lent): void {
    for (const unit of gone) this.#suppressors.delete(unit);
    for (const unit of stale)
      if (suppressionsOf(unit).some((suppression) => suppression.scope === 'file')) this.#suppressors.add(unit);
    const suppressors = [...this.#suppressors].sort((left, right) => left.start - right.start);
    const fileSuppressions = suppressors.flatMap((unit) =>
      suppressionsOf(unit).filter((suppression) => suppression.scope === 'file'),
    );
    const same = describe(fileSuppressions) === describe(this.#fileSuppressions);
    this.#fileSuppressions = fileSuppressions;
    if (fileSuppressions.length > 0 || !same) {
      // A suppression of the whole file depends on every unit's findings, and every unit on it.
      const used = new Set<SuppressedCode | Suppression>();
      const { units } = lent.file;
      for (const unit of units) this.show(unit, this.#visibleOf(unit, lent, used));
      for (const unit of units) {
        const own = fileSuppressions.filter((suppression) => suppression.comment.ground === unit);
        if (own.length > 0) this.show(unit, sorted([...visibleIn(unit), ...this.#unusedOf(unit, own, used, lent)]));
      }
      return;
    }
    for (const unit of stale) this.show(unit, this.#visibleOf(unit, lent, new Set()));
  }

  #visibleOf(unit: Unit, lent: Lent, used: Set<SuppressedCode | Suppression>): StoredFinding[] {
    const fileSuppressions = this.#fileSuppressions;
    const all = lent.findingsIn(unit);
    const lineSuppressions = suppressionsOf(unit).filter((suppression) => suppression.scope === 'line');
    if (lineSuppressions.length === 0 && fileSuppressions.length === 0) return sorted(all);
    const byLine = new Map<number, Suppression[]>();
    for (const suppression of lineSuppressions) {
      for (const line of linesCovered(unit, suppression.comment))
        byLine.set(line, [...(byLine.get(line) ?? []), suppression]);
    }
    const visible = all.filter((finding) => {
      const candidates = [...(byLine.get(finding.from.line) ?? []), ...fileSuppressions];
      const hits = candidates.flatMap((suppression) => hitsOf(suppression, finding));
      for (const hit of hits) used.add(hit);
      return hits.length === 0;
    });
    return sorted([...visible, ...this.#unusedOf(unit, lineSuppressions, used, lent)]);
  }

  /** What the engine itself says of suppressions: codes that suppress nothing, and codes that no rule has. */
  #unusedOf(
    unit: Unit,
    suppressions: readonly Suppression[],
    used: ReadonlySet<SuppressedCode | Suppression>,
    { file, dispatch: { unused, unknown, running } }: Lent,
  ): StoredFinding[] {
    const found: StoredFinding[] = [];
    for (const suppression of suppressions) {
      for (const code of suppression.codes ?? []) {
        if (!code.code.startsWith('GR')) continue;
        const { start } = suppression.comment;
        const say = (by: EnabledRule, message: string, title: string, tags: Finding['tags'] = []): void => {
          const at = { start: start + code.start, end: start + code.end };
          const fix = () => removal(suppression, code, title);
          store(file, unit, by, { at, message, tags, fix }, found, 'suppressions');
        };
        const known = this.#knownCodes.has(code.code);
        if (!known && unknown) say(unknown, `No rule has the code ${code.code}.`, `Remove \`${code.code}\``);
        if (known && unused && running.has(code.code) && !used.has(code)) {
          const where = suppression.scope === 'file' ? 'in this file' : 'on this line';
          const message = `Nothing ${where} is suppressed by ${code.code}; remove the code.`;
          say(unused, message, `Remove unused \`${code.code}\``, ['unnecessary']);
        }
      }
    }
    return found;
  }
}

const noFindings: readonly StoredFinding[] = [];

function sorted(findings: StoredFinding[]): StoredFinding[] {
  return findings.sort(
    (a, b) =>
      a.start - b.start ||
      (a.rule.card.code < b.rule.card.code ? -1 : a.rule.card.code > b.rule.card.code ? 1 : a.end - b.end),
  );
}
