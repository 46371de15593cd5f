import type { SourceFile } from '../file.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';

/**
 * The edit that adds keyword arguments at the end of a call, keeping its layout: one a line where the last argument has a
 * line of its own, with the trailing comma the call has or has not, and behind a comment on the last argument's line.
 * Undefined for a call whose only argument is a bare generator expression.
 */
export function addedArguments(file: SourceFile, call: TypedNode<'call'>, texts: readonly string[]): Edit | undefined {
  const list = call.field('arguments');
  const opening = list.child('"("');
  const closing = list.child('")"');
  if (!list.is('argument_list') || !opening || !closing || texts.length === 0) return undefined;
  const last = list.namedChildren.at(-1);
  if (!last) return inserted(opening.end, texts.join(', '));
  const behind = list.children.filter((child) => child.start >= last.end && child !== closing);
  const comma = behind.find((child) => child.kind === '","');
  const comment = behind.find((child) => child.is('comment') && !file.slice(last.end, child.start).includes('\n'));
  const ownLine =
    file.slice(file.lineStart(last.start), last.start).trim() === '' &&
    file.slice(last.end, closing.start).includes('\n');
  if (!ownLine) {
    // A comma at the end of the line is kept at the end.
    if (comma) return inserted(comma.end, ` ${texts.join(', ')}${isLastOfLine(file, comma) ? ',' : ''}`);
    return inserted(last.end, `, ${texts.join(', ')}`);
  }
  const lineStart = `${file.eol}${file.indentAt(last.start)}`;
  if (comma) {
    const offset = comment && comment.start >= comma.end ? comment.end : comma.end;
    return inserted(offset, texts.map((text) => `${lineStart}${text},`).join(''));
  }
  if (comment) return inserted(last.end, `, ${texts.join(', ')}`);
  return inserted(last.end, texts.map((text) => `,${lineStart}${text}`).join(''));
}

function inserted(offset: number, text: string): Edit {
  return { start: offset, end: offset, text };
}

function isLastOfLine(file: SourceFile, node: Node): boolean {
  return /^[ \t]*(#.*)?\r?\n/.test(file.slice(node.end, node.end + 400));
}
