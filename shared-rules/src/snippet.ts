import { z } from 'zod';

/** What a snippet asks for: one tab stop, by the name that a scaffold gives its value under. */
export const SnippetPlaceholder = z.strictObject({
  /** The tab stop's number in the body; 0 is where the cursor ends and is never asked for. */
  index: z.int().positive(),
  name: z.string().regex(/^[a-z]+(_[a-z]+)*$/),
  /** What stands there when nothing is typed; undefined when it follows the placeholder `follows`. */
  default: z.string().optional(),
  follows: z.string().optional(),
  /** The only values allowed, the default first. */
  choices: z.array(z.string()).optional(),
});
export type SnippetPlaceholder = z.infer<typeof SnippetPlaceholder>;

/** A file that starts from a template: contributed to VS Code as a snippet, and expanded by scaffolds. */
export const Snippet = z.strictObject({
  /** The name by which requirements call it. */
  id: z.string().regex(/^S-[a-z]+(-[a-z]+)*$/),
  /** What people read in the list of snippets; unique. */
  name: z.string(),
  prefix: z.string().regex(/^gr-[a-z]+(-[a-z]+)*$/),
  description: z.string(),
  language: z.enum(['python', 'json']),
  /** The file it fills, relative to the module's folder or to the backend's source root, in snippet syntax; `*.py` for any. */
  file: z.string(),
  /** Lines in VS Code's snippet syntax; the last one is `$0` alone, so that the file ends with a line break. */
  body: z.array(z.string().regex(/^[^\r\n]*$/)).min(2),
  placeholders: z.array(SnippetPlaceholder),
  /** Ids of `shared-rules/standards` rows that the expansion answers. */
  requirements: z.array(z.string().regex(/^\d{3}-\d{3}$/)),
});
export type Snippet = z.infer<typeof Snippet>;
