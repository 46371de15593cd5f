import { z } from 'zod';
import { Severity, standardIds } from './card.ts';

/** A rule code (`GR101`), a prefix of one (`GR1`) or `ALL`. */
export const RuleSelector = z
  .string()
  .regex(/^(ALL|GR\d{0,3})$/, 'expected a rule code such as "GR101", a prefix such as "GR1", or "ALL"')
  .meta({ description: 'A rule code such as `GR101`, a prefix such as `GR1`, or `ALL`.' });
export type RuleSelector = z.infer<typeof RuleSelector>;

export const pythonVersions = ['3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14'] as const;
export const PythonVersion = z.enum(pythonVersions);
export type PythonVersion = z.infer<typeof PythonVersion>;

const standards = z
  .strictObject(
    Object.fromEntries(standardIds.map((id) => [id, z.boolean().optional()])) as Record<
      (typeof standardIds)[number],
      z.ZodOptional<z.ZodBoolean>
    >,
  )
  .meta({
    description:
      'Which standards are in use. A rule runs when any of its standards is on. All are on unless turned off.',
  });

/** Options of rules, by code; every rule checks its own part against its own schema. */
export const RuleOptions = z.record(
  z.string().regex(/^GR\d{3}$/, 'expected a rule code such as "GR101"'),
  z.record(z.string(), z.unknown()),
);
export type RuleOptions = z.infer<typeof RuleOptions>;

/**
 * What a team can set, in `[tool.groundrules]` of pyproject.toml, in groundrules.toml (both kebab-case) or in the
 * editor (camelCase, under `groundrules.`). This schema is the only source: types, package.json's
 * `contributes.configuration`, the TOML parser and the documentation come from it.
 */
export const ProjectSettings = z.strictObject({
  standards: standards.optional(),
  select: z
    .array(RuleSelector)
    .optional()
    .meta({ description: 'The rules to run. Default: every rule of the standards in use.' }),
  ignore: z
    .array(RuleSelector)
    .optional()
    .meta({ description: 'Rules not to run. The longer of two selectors wins over `select`.' }),
  severity: z
    .record(RuleSelector, Severity)
    .optional()
    .meta({ description: 'Severity by rule code or prefix, instead of the catalogue’s own.' }),
  perFileIgnores: z
    .record(z.string(), z.array(RuleSelector))
    .optional()
    .meta({ description: 'Rules not to run in files that match a glob, relative to the configuration file.' }),
  exclude: z.array(z.string()).optional().meta({
    description: 'Globs of files and folders to leave alone, beside virtual environments, caches and what git ignores.',
  }),
  targetVersion: PythonVersion.optional().meta({
    description:
      'The oldest Python the code must run on; fixes use nothing newer. Default: the lower bound of `requires-python`.',
  }),
  fixAllUnsafe: z.boolean().optional().meta({ description: 'Let fix-all and fix-on-save apply unsafe fixes too.' }),
  fixAllExclude: z
    .array(RuleSelector)
    .optional()
    .meta({ description: 'Rules whose fixes are never part of fix-all or fix-on-save.' }),
  maxFileSize: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'Files of more bytes are named and left alone. Default: 1000000.' }),
  rules: RuleOptions.optional().meta({ description: 'Options of single rules, by code.' }),
});
export type ProjectSettings = z.infer<typeof ProjectSettings>;

/** What only the editor can set, beside everything of `ProjectSettings`. */
export const EditorSettings = ProjectSettings.extend({
  enable: z.boolean().optional().meta({ description: 'Report diagnostics in this folder. Default: true.' }),
  configuration: z
    .string()
    .optional()
    .meta({ description: 'Path of the configuration file to use instead of the nearest one, relative to the folder.' }),
  maxFindings: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'At most this many diagnostics are shown for a file. Default: 1000.' }),
  parser: z
    .enum(['wasm', 'native'])
    .optional()
    .meta({ description: '`wasm` runs everywhere; `native` needs the optional tree-sitter module beside the server.' }),
});
export type EditorSettings = z.infer<typeof EditorSettings>;

export const defaultMaxFindings = 1000;
export const defaultMaxFileSize = 1_000_000;
