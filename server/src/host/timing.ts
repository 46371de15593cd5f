import type { ConfiguredRule, Rule } from '../engine/index.ts';

/** Rules whose time is taken, and what they took so far in milliseconds by code, fixes left out. */
export interface TimedRules {
  readonly rules: readonly Rule[];
  readonly milliseconds: ReadonlyMap<string, number>;
}

/** The same rules with a stopwatch around every check; for measuring only, since the clock costs as much as a cheap check. */
export function timedRules(rules: readonly Rule[]): TimedRules {
  const milliseconds = new Map<string, number>();
  function timed(rule: ConfiguredRule): ConfiguredRule {
    const { code } = rule.card;
    function measure<A extends unknown[], R>(check: (...given: A) => R): (...given: A) => R {
      return (...given) => {
        const start = performance.now();
        try {
          return check(...given);
        } finally {
          milliseconds.set(code, (milliseconds.get(code) ?? 0) + performance.now() - start);
        }
      };
    }
    return {
      ...rule,
      on: rule.on.map(([kind, check]) => [kind, measure(check)] as const),
      collect: rule.collect.map(([kind, check]) => [kind, measure(check)] as const),
      file: rule.file ? measure(rule.file) : undefined,
    };
  }
  return {
    rules: rules.map((rule) => ({
      ...rule,
      configure: (options) => {
        const { rule: configured, problems } = rule.configure(options);
        return { rule: timed(configured), problems };
      },
    })),
    milliseconds,
  };
}
