import { z } from 'zod';

/**
 * The notifications that change what the server holds, as the protocol has them. They are checked before they count: a
 * text that was changed by nonsense would stay wrong until its file is closed.
 */

const Unsigned = z.int().nonnegative();
const Position = z.object({ line: Unsigned, character: Unsigned });

/** One change of a text; without a range it is the whole text. */
export const Change = z.object({ range: z.object({ start: Position, end: Position }).optional(), text: z.string() });
export type Change = z.infer<typeof Change>;

export const Opened = z.object({
  textDocument: z.object({ uri: z.string(), languageId: z.string(), version: z.int(), text: z.string() }),
});

export const Changed = z.object({
  textDocument: z.object({ uri: z.string(), version: z.int() }),
  contentChanges: z.array(Change),
});

export const Closed = z.object({ textDocument: z.object({ uri: z.string() }) });

export const WatchedFiles = z.object({ changes: z.array(z.object({ uri: z.string() })) });

const Folder = z.object({ uri: z.string(), name: z.string() });
export const Folders = z.object({ event: z.object({ added: z.array(Folder), removed: z.array(Folder) }) });

/** What an action carries whose edit is computed when it is picked. */
export const ActionData = z.object({
  uri: z.string(),
  version: z.int(),
  /** One rule, or every rule that fix-all may fix. */
  rule: z.object({ code: z.string(), unsafe: z.boolean() }).optional(),
});
export type ActionData = z.infer<typeof ActionData>;
