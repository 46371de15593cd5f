import { z } from 'zod';
import { StandardId } from './card.ts';

/**
 * What server and client say to each other beside the Language Server Protocol.
 *
 * `groundrules/status` (server → client, notification): the state of the file that was analysed last.
 * `groundrules/findings` (server → client, notification): findings per rule in one open file, for the checklist.
 * `groundrules/ruleDocumentation` (client → server, request): the page of one rule, as Markdown.
 */
export const StatusParams = z.strictObject({
  uri: z.string(),
  /** Diagnostics in the file, before `maxFindings` cuts them. */
  count: z.int(),
  /** Path of the configuration file in force, or undefined when none was found. */
  configuration: z.string().optional(),
  /** Its problem, when it has one and the last good configuration is in force. */
  problem: z.string().optional(),
  standards: z.array(StandardId),
  parser: z.enum(['wasm', 'native']),
});
export type StatusParams = z.infer<typeof StatusParams>;
export const statusMethod = 'groundrules/status';

export const Place = z.strictObject({
  line: z.int(),
  character: z.int(),
  endLine: z.int(),
  endCharacter: z.int(),
  message: z.string(),
});
export type Place = z.infer<typeof Place>;

export const FindingsParams = z.strictObject({
  uri: z.string(),
  version: z.int(),
  /** Every rule that ran in this file, with its places; a rule that ran and found nothing has an empty list. */
  rules: z.record(z.string(), z.array(Place)),
  /** True when the document was closed and its findings no longer count. */
  closed: z.boolean().optional(),
});
export type FindingsParams = z.infer<typeof FindingsParams>;
export const findingsMethod = 'groundrules/findings';

export const RuleDocumentationParams = z.strictObject({ code: z.string() });
export type RuleDocumentationParams = z.infer<typeof RuleDocumentationParams>;
export const ruleDocumentationMethod = 'groundrules/ruleDocumentation';
export const RuleDocumentation = z.strictObject({ markdown: z.string() });
export type RuleDocumentation = z.infer<typeof RuleDocumentation>;

/** What `.groundrules/ticks.json` holds: who ticked which requirement, and when (UTC, ISO 8601). */
export const Ticks = z.strictObject({
  version: z.literal(1),
  ticks: z.record(z.string(), z.strictObject({ at: z.iso.datetime(), by: z.string().optional() })),
});
export type Ticks = z.infer<typeof Ticks>;

/** Commands the server executes (`workspace/executeCommand`). */
export const serverCommands = { fixAll: 'groundrules.server.fixAll' } as const;

/** What a client may say in `initializationOptions`; every other client gets the defaults. */
export const InitializationOptions = z.object({
  /** Send `groundrules/findings` and `groundrules/status`. */
  checklist: z.boolean().default(false),
  /** The client has the commands that code actions may name, such as `groundrules.showRuleDocumentation`. */
  commands: z.boolean().default(false),
  /** Address of a rule's page, with `{code}` in it. Default: the page in the installed package. */
  documentation: z.string().optional(),
  /** Settings for clients that cannot be asked for `workspace/configuration`. */
  settings: z.unknown().optional(),
});
export type InitializationOptions = z.infer<typeof InitializationOptions>;

/** The client's command that shows a rule's page; its argument is the code. */
export const showRuleDocumentationCommand = 'groundrules.showRuleDocumentation';
