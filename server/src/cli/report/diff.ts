import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** A unified diff with three lines of context, for `patch` and `git apply -p0`; empty when nothing changes. */
export function unifiedDiff(shownPath: string, before: string, after: string): string {
  if (before === after) return '';
  return createTwoFilesPatch(shownPath, shownPath, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}
