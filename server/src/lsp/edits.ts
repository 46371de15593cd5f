import { diffLines } from 'diff';
import type { Edit } from '../engine/index.ts';

/** The edits that turn one text into another, line by line, so that markers and cursors elsewhere stay where they are. */
export function lineEdits(before: string, after: string): Edit[] {
  const edits: { start: number; end: number; text: string }[] = [];
  let offset = 0;
  let open: { start: number; end: number; text: string } | undefined;
  for (const change of diffLines(before, after)) {
    if (!change.added && !change.removed) {
      offset += change.value.length;
      open = undefined;
      continue;
    }
    if (!open) {
      open = { start: offset, end: offset, text: '' };
      edits.push(open);
    }
    if (change.removed) {
      offset += change.value.length;
      open.end = offset;
    } else open.text += change.value;
  }
  return edits;
}
