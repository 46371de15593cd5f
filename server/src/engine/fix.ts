import type { SourceFile } from './file.ts';
import type { Fix } from './rule.ts';
import type { Edit } from './text.ts';

/**
 * A fix as the engine lets it out: one that calls itself safe and would swallow a comment is not safe, and an unsafe one
 * always says why.
 */
export function guarded(fix: Fix, file: SourceFile, cardReason: string | undefined): Fix {
  if (fix.safety === 'safe' && losesComment(fix.edits, file))
    return { ...fix, safety: 'unsafe', reason: 'It would remove a comment.' };
  if (fix.safety === 'unsafe' && fix.reason === undefined && cardReason !== undefined)
    return { ...fix, reason: cardReason };
  return fix;
}

// Suppression comments are read by machines; taking one out is what a fix of theirs is for.
const suppression = /#\s*(?:groundrules\s*:\s*)?noqa/i;

function losesComment(edits: readonly Edit[], file: SourceFile): boolean {
  const lost = (edit: Edit): boolean =>
    file.commentsIn(edit).some((comment) => !suppression.test(comment.text) && !edit.text.includes(comment.text));
  return edits.some((edit) => edit.end > edit.start && lost(edit));
}
