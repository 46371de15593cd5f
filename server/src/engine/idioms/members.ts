import type { SourceFile } from '../file.ts';
import type { Fact } from '../rule.ts';
import type { TypedNode } from '../syntax/node.ts';
import { madeBy } from './instances.ts';
import { memberKey } from './own-functions.ts';

/** What methods assign to `self`, told as facts since each method may be a unit of its own. */

/** `self.name = Maker(…)` in a method: the member's key, and what made it as far as that can be told. */
export interface MadeMember {
  readonly is: 'member';
  readonly key: string;
  readonly made: string | undefined;
}

/** The fact about an assignment to a member: `Client.session` is made by `requests.Session`. */
export function madeMember(file: SourceFile, assignment: TypedNode<'assignment'>): Fact<MadeMember> | undefined {
  const left = assignment.field('left');
  const key = left.is('attribute') ? memberKey(file, left) : undefined;
  const right = assignment.field('right');
  if (key === undefined || !right || right.is('none')) return undefined;
  return { at: assignment, data: { is: 'member', key, made: madeBy(file, right) } };
}

/** What each member is made by, where all assignments to it agree. */
export function makersOfMembers(facts: readonly Fact<{ readonly is: string } | MadeMember>[]): Map<string, string> {
  const makers = new Map<string, string | undefined>();
  for (const { data } of facts) {
    if (data.is !== 'member' || !('key' in data)) continue;
    makers.set(data.key, makers.has(data.key) && makers.get(data.key) !== data.made ? undefined : data.made);
  }
  return new Map([...makers].flatMap(([key, made]) => (made === undefined ? [] : [[key, made] as const])));
}

/**
 * Whether a maker's qualified name stands for one of the class or factory names: `app.memory.ActiveMemory`,
 * `<module>.ActiveMemory`, and `app.memory.ActiveMemory.get_instance` as a method of the class that returns one.
 */
export function isMadeByOneOf(made: string | undefined, names: readonly string[]): boolean {
  if (made === undefined) return false;
  const [last, beforeLast] = made.split('.').reverse();
  return (last !== undefined && names.includes(last)) || (beforeLast !== undefined && names.includes(beforeLast));
}
