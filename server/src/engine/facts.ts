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
    for (const { rule } of rules) this.#byCode.set(rule.card.code, [...factsOf(all, rule.card.code)]);
  }

  /**
   * Puts what segments tell now in the place of what they, or those before them, told: they stand side by side, the first
   * at `start`. Adds to `changed` the codes of the rules that are told something else.
   */
  replace(start: number, before: readonly Told[], after: readonly Told[], changed: Set<string>): void {
    const codes = new Set<string>();
    for (const told of [...before, ...after]) if (told) for (const code of told.keys()) codes.add(code);
    for (const code of codes) {
      const gone = factsOf(before, code);
      const come = factsOf(after, code);
      if (!tellTheSame(gone, come)) changed.add(code);
      const facts = this.#byCode.get(code);
      if (!facts) this.#byCode.set(code, [...come]);
      else putInPlace(facts, firstFrom(facts, start), gone.length, come);
    }
  }
}

const none: readonly PlacedFact[] = [];

function factsOf(all: readonly Told[], code: string): readonly PlacedFact[] {
  const [only] = all;
  return all.length === 1 ? (only?.get(code) ?? none) : all.flatMap((told) => told?.get(code) ?? none);
}

function putInPlace(facts: PlacedFact[], from: number, count: number, others: readonly PlacedFact[]): void {
  if (count !== others.length) facts.splice(from, count, ...others);
  else for (const [index, fact] of others.entries()) facts[from + index] = fact;
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
  return before.length === after.length && before.every((fact, index) => isSame(fact.data, after[index]?.data));
}

/** Whether plain data is the same. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isComposed(one) || !isComposed(other)) return Object.is(one, other);
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => isSame(one[key], other[key]));
}

/** Lists too: their keys are their places. */
function isComposed(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null;
}
