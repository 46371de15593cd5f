import { z } from 'zod';

/** The five written standards, by the id that settings use. */
export const standardIds = ['production', 'architecture', 'flow', 'module', 'backend'] as const;
export const StandardId = z.enum(standardIds);
export type StandardId = z.infer<typeof StandardId>;

export const severities = ['error', 'warning', 'information', 'hint'] as const;
export const Severity = z.enum(severities);
export type Severity = z.infer<typeof Severity>;

export const families = [
  'engine',
  'time',
  'models',
  'types',
  'errors',
  'async',
  'api',
  'configuration',
  'structure',
  'style',
] as const;
export const Family = z.enum(families);
export type Family = z.infer<typeof Family>;

/** `safe`: same behaviour and no lost comment, so fix-all may apply it. `mixed`: it depends on the place. */
export const FixKind = z.enum(['none', 'safe', 'unsafe', 'mixed']);
export type FixKind = z.infer<typeof FixKind>;

/** What everybody but the engine may know of a rule: the catalogue is a list of these. */
export const RuleCard = z.strictObject({
  code: z.string().regex(/^GR\d{3}$/),
  name: z.string().regex(/^[a-z]+(-[a-z0-9]+)*$/),
  family: Family,
  severity: Severity,
  standards: z.array(StandardId),
  /** One line: the fault. */
  summary: z.string(),
  /** One line: what to do instead. */
  advice: z.string(),
  /** A paragraph of Markdown: why the fault costs something. */
  why: z.string(),
  fix: FixKind,
  /** Why the fix is unsafe, in words the user sees; absent when there is no unsafe fix. */
  fixSafety: z.string().optional(),
  /** Ids of `shared-rules/standards` rows that the rule answers. */
  requirements: z.array(z.string()),
  /** The nearest rules of Ruff, flake8, pylint, bandit or Sonar. */
  peers: z.array(z.string()),
  /** JSON Schema of the rule's options, when it has any. */
  options: z.record(z.string(), z.unknown()).optional(),
});
export type RuleCard = z.infer<typeof RuleCard>;

export const Catalogue = z.array(RuleCard);
export type Catalogue = z.infer<typeof Catalogue>;

/** One demand of a standard, and what answers it. */
export const Requirement = z.strictObject({
  id: z.string(),
  statement: z.string(),
  kind: z.enum(['rule', 'probe', 'manual', 'scaffold']),
  rules: z.array(z.string()),
  probes: z.array(z.string()),
  snippets: z.array(z.string()),
  /** True when a person ticks it, alone or beside what is checked. */
  tick: z.boolean(),
  note: z.string(),
});
export type Requirement = z.infer<typeof Requirement>;

export const Section = z.strictObject({ title: z.string(), requirements: z.array(Requirement) });
export type Section = z.infer<typeof Section>;

export const Standard = z.strictObject({
  id: StandardId,
  title: z.string(),
  sections: z.array(Section),
});
export type Standard = z.infer<typeof Standard>;
