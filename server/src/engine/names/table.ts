import type { Unit } from '../unit.ts';

/** Which units bind a name in one module or class. Owns the index; the bindings stay with their units. */
export class NameTable {
  readonly #units = new Map<string, Set<Unit>>();

  /** Adds a unit's names, by what it says of them. */
  add(unit: Unit, signatures: ReadonlyMap<string, string>): void {
    for (const name of signatures.keys()) {
      const units = this.#units.get(name);
      if (units) units.add(unit);
      else this.#units.set(name, new Set([unit]));
    }
  }

  remove(unit: Unit, signatures: ReadonlyMap<string, string>): void {
    for (const name of signatures.keys()) {
      const units = this.#units.get(name);
      units?.delete(unit);
      if (units?.size === 0) this.#units.delete(name);
    }
  }

  /** The units that bind the name, in the file's order. */
  units(name: string): readonly Unit[] {
    const units = this.#units.get(name);
    if (!units) return none;
    return units.size === 1 ? [...units] : [...units].sort((a, b) => a.start - b.start);
  }

  has(name: string): boolean {
    return this.#units.has(name);
  }
}

const none: readonly Unit[] = [];
