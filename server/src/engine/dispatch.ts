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

/** A rule in play: its checks, its collectors, or both. */
export interface InPlay {
  readonly enabled: EnabledRule;
  readonly checks: boolean;
  readonly collects: boolean;
}

export interface Dispatch {
  /** By kind number; calls have work of every rule here. */
  readonly table: readonly (Work | undefined)[];
  readonly calls: CallWork;
  /** The rules in play: those that wait for no word, or for one that is mentioned. */
  readonly active: ReadonlyMap<EnabledRule, InPlay>;
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
  const words = [...new Set(rules.flatMap(({ rule }) => [...(rule.mentions ?? []), ...(rule.collectMentions ?? [])]))];
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
  const isMentioned = (words: readonly string[] | undefined): boolean =>
    words === undefined || words.some((word) => mentioned.has(word));
  const inPlay = applicable.flatMap((enabled): InPlay[] =>
    isMentioned(enabled.rule.mentions)
      ? [{ enabled, checks: true, collects: isMentioned(enabled.rule.collectMentions) }]
      : [],
  );
  const key = inPlay.map(({ enabled, collects }) => `${enabled.rule.card.code}${collects ? '' : '-'}`).join();
  const made = dispatches.get(all) ?? new Map<string, Dispatch>();
  dispatches.set(all, made);
  const known = made.get(key);
  if (known) return known;
  const dispatch = tablesOf(inPlay, all);
  // Few combinations come up; should there be many, the tables are made anew.
  if (made.size >= 512) made.clear();
  made.set(key, dispatch);
  return dispatch;
}

/** What is in play now and was not before. */
export function wokenSince(before: Dispatch, now: Dispatch): InPlay[] {
  return [...now.active.values()].flatMap(({ enabled, checks, collects }) => {
    const known = before.active.get(enabled);
    const woken = { enabled, checks: checks && !known?.checks, collects: collects && !known?.collects };
    return woken.checks || woken.collects ? [woken] : [];
  });
}

/** The tables for exactly these rules; the engine's own are looked for among all. */
export function tablesOf(inPlay: readonly InPlay[], all: readonly EnabledRule[]): Dispatch {
  const withCode = (code: string): EnabledRule | undefined => all.find((enabled) => enabled.rule.card.code === code);
  return {
    table: tableOf(inPlay),
    calls: callWorkOf(inPlay),
    active: new Map(inPlay.map((one) => [one.enabled, one])),
    running: new Set(all.map((enabled) => enabled.rule.card.code)),
    unused: withCode(unusedSuppression.card.code),
    unknown: withCode(unknownSuppression.card.code),
    crashed: withCode(crashedRule.card.code),
  };
}

/** The checks of some rules by the number of the kind they look at. */
function tableOf(inPlay: readonly InPlay[]): (Work | undefined)[] {
  const table: (Work | undefined)[] = Array.from(kinds, () => undefined);
  const workOf = (kind: (typeof kinds)[number]): Work => {
    const number = kindNumber(kind);
    const work = table[number] ?? { checks: [], collectors: [] };
    table[number] = work;
    return work;
  };
  for (const one of inPlay) {
    const { enabled } = one;
    for (const [kind, handle] of checksOf(one)) workOf(kind).checks.push({ enabled, handle });
    for (const [kind, handle] of collectorsOf(one)) workOf(kind).collectors.push({ enabled, handle });
  }
  return table;
}

function checksOf({ enabled, checks }: InPlay): ConfiguredRule['on'] {
  return checks ? enabled.rule.on : [];
}

function collectorsOf({ enabled, collects }: InPlay): ConfiguredRule['collect'] {
  return collects ? enabled.rule.collect : [];
}

/** Lists are put together when a name comes up for the first time: rules wait for hundreds, and a file has some of them. */
function callWorkOf(inPlay: readonly InPlay[]): CallWork {
  const interested = inPlay.filter((one) => [...checksOf(one), ...collectorsOf(one)].some(([kind]) => kind === 'call'));
  const names = new Set(interested.flatMap(({ enabled }) => enabled.rule.calls ?? []));
  const made = new Map<string | undefined, Work | undefined>();
  return {
    of(called) {
      const name = called !== undefined && names.has(called) ? called : undefined;
      if (made.has(name)) return made.get(name);
      const isShown = (calls: readonly string[] | undefined): boolean =>
        !calls || (name !== undefined && calls.includes(name));
      const shown = interested.filter(({ enabled }) => isShown(enabled.rule.calls));
      const work = workOn('call', shown);
      made.set(name, work);
      return work;
    },
  };
}

function workOn(wanted: Kind, inPlay: readonly InPlay[]): Work | undefined {
  const handlers = <H>(of: (one: InPlay) => readonly (readonly [Kind, H])[]) =>
    inPlay.flatMap((one) =>
      of(one).flatMap(([kind, handle]) => (kind === wanted ? [{ enabled: one.enabled, handle }] : [])),
    );
  const work = { checks: handlers(checksOf), collectors: handlers(collectorsOf) };
  return work.checks.length + work.collectors.length > 0 ? work : undefined;
}
