import { Document, type EnabledRule, type FileFacts, type Rule, type RuleSet } from '../../server/src/engine/index.ts';
import { loadWasmParser } from '../../server/src/host/parser.ts';
import { rules } from '../../server/src/rules/index.generated.ts';

export const parser = await loadWasmParser();

const knownCodes = new Set(rules.map((rule) => rule.card.code));

/** Every rule with its default options. */
export const everything: RuleSet = { rules: rules.map((rule) => enabled(rule)), knownCodes };

/** One rule alone, with options. @throws when an option is wrong. */
export function only(rule: Rule, options: unknown = {}): RuleSet {
  return { rules: [enabled(rule, options)], knownCodes };
}

function enabled(rule: Rule, options: unknown = {}): EnabledRule {
  const { rule: configured, problems } = rule.configure(options);
  if (problems.length > 0)
    throw new Error(`${rule.card.code}: ${problems.map((problem) => problem.message).join('; ')}`);
  return { rule: configured, severity: undefined };
}

export function factsOf(path = 'app/example.py', target: FileFacts['target'] = '3.12'): FileFacts {
  return { path, target, targetKnown: true };
}

export function open(text: string, set: RuleSet = everything, facts: FileFacts = factsOf()): Document {
  return new Document(parser, text, facts, set);
}

/** A document's findings as plain data, fixes included, for comparing. */
export function snapshot(document: Document): unknown[] {
  return document.findings().map((finding) => ({
    code: finding.code,
    severity: finding.severity,
    message: finding.message,
    start: finding.start,
    end: finding.end,
    from: finding.from,
    to: finding.to,
    fixes: finding.fixes(),
    related: finding.related,
  }));
}

/** What a rule that is made for a test says of itself, besides its code. */
export const plainCard = {
  name: 'for-a-test',
  family: 'types',
  severity: 'warning',
  standards: [],
  summary: 'A finding',
  advice: 'None',
  why: 'For a test.',
  fix: 'none',
  requirements: [],
  peers: [],
  examples: [],
} as const;
