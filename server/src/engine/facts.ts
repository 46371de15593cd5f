import type { EnabledRule } from './rule.ts';
import type { PlacedFact, Unit } from './unit.ts';

type Told = Unit['facts'];

/** The facts of all segments of a file by the code of the rule that told them, in the order of the segments. */
export class FactTable {
  readonly #byCode = new Map<string, PlacedFact[]>();

  of(code: string): readonly PlacedFact[] {
    return this.#byCode.get(code) ?? none;
  }

  /** Takes in all that segments, the whole file, have told of some rules. */
  fill(rules: readonly EnabledRule[], units: readonly Unit[]): void {
    const all = units.map((unit) => unit.facts);
    for (const { rule } of rules) this.#byCode.set(rule.card.code, factsOf(all, rule.card.code));
  }

  /**
   * Puts what segments tell now in the place of what they, or those before them, told: they stand side by side, the first
   * at `start`. Adds to `changed` the codes of the rules that are told something else.
   */
  replace(start: number, before: readonly Told[], after: readonly Told[], changed: Set<string>): void {
    const codes = new Set([...before, ...after].flatMap((told) => [...(told?.keys() ?? [])]));
    for (const code of codes) {
      const gone = factsOf(before, code);
      const come = factsOf(after, code);
      if (!tellTheSame(gone, come)) changed.add(code);
      const facts = this.#byCode.get(code) ?? [];
      this.#byCode.set(code, facts);
      facts.splice(firstFrom(facts, start), gone.length, ...come);
    }
  }
}

const none: readonly PlacedFact[] = [];

function factsOf(all: readonly Told[], code: string): PlacedFact[] {
  return all.flatMap((told) => told?.get(code) ?? []);
}

/** Index of the first fact of a segment that starts at an offset or behind it. */
function firstFrom(facts: readonly PlacedFact[], start: number): number {
  let low = 0;
  let high = facts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((facts[middle]?.unitStart ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether facts say the same, wherever they stand. */
function tellTheSame(before: readonly PlacedFact[], after: readonly PlacedFact[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ data }, index) => {
      const other = after[index]?.data;
      return data === other || JSON.stringify(data) === JSON.stringify(other);
    })
  );
}
