import type { RuleSet } from '../engine/document.ts';
import type { EnabledRule, Rule } from '../engine/rule.ts';
import type { KnownRules } from './parse.ts';
import type { ResolvedSettings } from './resolve.ts';
import { didYouMean } from './suggest.ts';

/**
 * Gives the rules that run in a file, configured. Files with the same rules get the same object, which the engine keys
 * its tables by; so make one of these for each `ResolvedSettings` and keep it.
 */
export function createRuleSets(rules: readonly Rule[], settings: ResolvedSettings): (path: string) => RuleSet {
  const knownCodes = new Set(rules.map((rule) => rule.card.code));
  const enabled = new Map<string, EnabledRule>();
  const sets = new Map<ReadonlySet<string>, RuleSet>();
  const configure = (rule: Rule): EnabledRule => {
    const { code } = rule.card;
    const known = enabled.get(code);
    if (known !== undefined) return known;
    const configured = {
      rule: rule.configure(settings.optionsOf(code)).rule,
      severity: settings.setSeverityOf(code),
    };
    enabled.set(code, configured);
    return configured;
  };
  return (path) => {
    const codes = settings.rulesFor(path);
    let set = sets.get(codes);
    if (set === undefined) {
      set = { rules: rules.filter((rule) => codes.has(rule.card.code)).map(configure), knownCodes };
      sets.set(codes, set);
    }
    return set;
  };
}

/** What configuration files are checked against, of the engine's rules. */
export function knownRulesOf(rules: readonly Rule[]): KnownRules {
  const byCode = new Map(rules.map((rule) => [rule.card.code, rule]));
  return {
    cards: rules.map((rule) => rule.card),
    checkOptions: (code, value) => {
      const rule = byCode.get(code);
      const options = rule?.card.options?.properties;
      const names = typeof options === 'object' && options !== null ? Object.keys(options) : [];
      return (rule?.configure(value).problems ?? []).map(({ path, message }) => {
        const isUnknown = message.startsWith('unknown option');
        const hint = isUnknown ? didYouMean(String(path.at(-1)), names) : '';
        return { path: path.map(String), at: isUnknown ? 'key' : 'value', message: message + hint };
      });
    },
  };
}
