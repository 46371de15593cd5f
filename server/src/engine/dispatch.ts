import { crashedRule, unknownSuppression, unusedSuppression } from './own-rules.ts';
import type { ConfiguredRule, EnabledRule } from './rule.ts';
import { type Kind, kinds } from './syntax/grammar.generated.ts';
import { kindNumber } from './syntax/rows.ts';
import { type WordFinder, wordFinder } from './words.ts';

/** What is done with a node. */
export interface Work {
  readonly checks: { enabled: EnabledRule; handle: ConfiguredRule['on'][number][1] }[];
  readonly collectors: { enabled: EnabledRule; handle: ConfiguredRule['collect'][number][1] }[];
}

/** What is done with calls: most rules wait for a few names, and a call has one. */
export interface CallWork {
  /** What is done with a call of this name, or of none. */
  of(name: string | undefined): Work | undefined;
}

export interface Dispatch {
  /** By kind number; calls have work of every rule here. */
  readonly table: readonly (Work | undefined)[];
  readonly calls: CallWork;
  /** The rules in play: those that wait for no word, or for one that is mentioned. */
  readonly active: ReadonlySet<EnabledRule>;
  readonly running: ReadonlySet<string>;
  readonly unused: EnabledRule | undefined;
  readonly unknown: EnabledRule | undefined;
  readonly crashed: EnabledRule | undefined;
}

/** The tables of a list of rules, by which of its words are mentioned. */
const dispatches = new WeakMap<readonly EnabledRule[], Map<string, Dispatch>>();
const finders = new WeakMap<readonly EnabledRule[], { words: readonly string[]; finder: WordFinder }>();

/** Every word that some rule waits for, and what finds them in a text. */
export function wordsOf(rules: readonly EnabledRule[]): { words: readonly string[]; finder: WordFinder } {
  const known = finders.get(rules);
  if (known) return known;
  const words = [...new Set(rules.flatMap((enabled) => enabled.rule.mentions ?? []))];
  const made = { words, finder: wordFinder(words) };
  finders.set(rules, made);
  return made;
}

/**
 * The tables for those of the applicable rules that are in play while the given words are mentioned; the same ones for
 * the same rules.
 */
export function dispatchOf(
  all: readonly EnabledRule[],
  applicable: readonly EnabledRule[],
  mentioned: ReadonlySet<string>,
): Dispatch {
  const rules = applicable.filter(({ rule }) => !rule.mentions || rule.mentions.some((word) => mentioned.has(word)));
  const key = rules.length === all.length ? 'all' : rules.map((enabled) => enabled.rule.card.code).join();
  const made = dispatches.get(all) ?? new Map<string, Dispatch>();
  dispatches.set(all, made);
  const known = made.get(key);
  if (known) return known;
  const dispatch = tablesOf(rules, all);
  // Few combinations come up; should there be many, the tables are made anew.
  if (made.size >= 512) made.clear();
  made.set(key, dispatch);
  return dispatch;
}

/** The tables for exactly these rules; the engine's own are looked for among all. */
export function tablesOf(rules: readonly EnabledRule[], all: readonly EnabledRule[]): Dispatch {
  const table = tableOf(rules);
  const withCode = (code: string): EnabledRule | undefined => all.find((enabled) => enabled.rule.card.code === code);
  const made: Dispatch = {
    table,
    calls: callWorkOf(rules),
    active: new Set(rules),
    running: new Set(all.map((enabled) => enabled.rule.card.code)),
    unused: withCode(unusedSuppression.card.code),
    unknown: withCode(unknownSuppression.card.code),
    crashed: withCode(crashedRule.card.code),
  };
  return made;
}

/** The checks of some rules by the number of the kind they look at. */
function tableOf(rules: readonly EnabledRule[]): (Work | undefined)[] {
  const table: (Work | undefined)[] = Array.from(kinds, () => undefined);
  const workOf = (kind: (typeof kinds)[number]): Work => {
    const number = kindNumber(kind);
    const work = table[number] ?? { checks: [], collectors: [] };
    table[number] = work;
    return work;
  };
  for (const enabled of rules) {
    for (const [kind, handle] of enabled.rule.on) workOf(kind).checks.push({ enabled, handle });
    for (const [kind, handle] of enabled.rule.collect) workOf(kind).collectors.push({ enabled, handle });
  }
  return table;
}

/** Lists are put together when a name comes up for the first time: rules wait for hundreds, and a file has some of them. */
function callWorkOf(rules: readonly EnabledRule[]): CallWork {
  const interested = rules.filter(({ rule }) => [...rule.on, ...rule.collect].some(([kind]) => kind === 'call'));
  const names = new Set(interested.flatMap(({ rule }) => rule.calls ?? []));
  const made = new Map<string | undefined, Work | undefined>();
  return {
    of(called) {
      const name = called !== undefined && names.has(called) ? called : undefined;
      if (made.has(name)) return made.get(name);
      const shown = interested.filter(({ rule: { calls } }) => !calls || (name !== undefined && calls.includes(name)));
      const work = workOn('call', shown);
      made.set(name, work);
      return work;
    },
  };
}

function workOn(wanted: Kind, rules: readonly EnabledRule[]): Work | undefined {
  const handlers = <H>(of: (rule: ConfiguredRule) => readonly (readonly [Kind, H])[]) =>
    rules.flatMap((enabled) =>
      of(enabled.rule).flatMap(([kind, handle]) => (kind === wanted ? [{ enabled, handle }] : [])),
    );
  const work = { checks: handlers((rule) => rule.on), collectors: handlers((rule) => rule.collect) };
  return work.checks.length + work.collectors.length > 0 ? work : undefined;
}
