import type { Node } from '../syntax/node.ts';
import type { Edit } from '../text.ts';

/** Edits of what stands between brackets and commas: arguments, entries of a dictionary, imported names. */

/** The edits that add a last argument or entry, laid out as those before it are. Comments stay where they are. */
export function appended(list: Node, text: string, eol: string): Edit[] {
  const { children } = list;
  const opening = children[0];
  const closing = children.at(-1);
  if (!opening || !closing || opening === closing) return [];
  const last = list.namedChildren.at(-1);
  if (!last) {
    const comment = children.filter((child) => child.is('comment')).at(-1);
    if (!comment) return [{ start: opening.end, end: closing.start, text }];
    const indent = startsLine(comment) ? indentOf(comment) : `${indentOf(closing)}    `;
    const at = endOfText(comment);
    return [{ start: at, end: at, text: `${eol}${indent}${text},` }];
  }
  if (!startsLine(last)) return [{ start: last.end, end: last.end, text: `, ${text}` }];
  const comma = children.find((child) => child.kind === '","' && child.start >= last.end);
  const ended = comma ?? last;
  const comment = children.find((child) => child.is('comment') && child.start >= ended.end);
  const beside = comment && !between(ended, comment).includes('\n') ? comment : undefined;
  const line = `${eol}${indentOf(last)}${text}`;
  const at = beside ? endOfText(beside) : ended.end;
  if (comma) return [{ start: at, end: at, text: `${line},` }];
  if (!beside) return [{ start: at, end: at, text: `,${line}` }];
  return [
    { start: last.end, end: last.end, text: ',' },
    { start: at, end: at, text: line },
  ];
}

/** The end of a comment; the grammar counts the carriage return of a line break to it. */
function endOfText(comment: Node): number {
  return comment.text.endsWith('\r') ? comment.end - 1 : comment.end;
}

/** The edit that takes one of the items of a node out, with its comma, and with its line where it has one to itself. */
export function without(item: Node, items: readonly Node[]): Edit {
  const [edit] = withoutAll([item], items);
  return edit ?? { start: item.start, end: item.end, text: '' };
}

/** The edits that take several of the items of a node out; neighbours go in one edit. */
export function withoutAll(removed: readonly Node[], items: readonly Node[]): Edit[] {
  const edits: Edit[] = [];
  for (let index = 0; index < items.length; index++) {
    const first = items[index];
    if (!first || !removed.includes(first)) continue;
    const previous = items[index - 1];
    let last = first;
    for (let next = items[index + 1]; next && removed.includes(next); next = items[index + 1]) {
      last = next;
      index++;
    }
    edits.push(withoutRun(first, last, previous, items[index + 1]));
  }
  return edits;
}

function withoutRun(first: Node, last: Node, previous: Node | undefined, next: Node | undefined): Edit {
  const { ground } = first;
  const comma = last.parent?.children.find((child) => child.kind === '","' && child.start >= last.end);
  const end = (comma ?? last).end;
  if (!next && !previous) return { start: first.start, end, text: '' };
  const rest = /^[ \t]*(?:#[^\n]*)?\n/.exec(ground.text.slice(end - ground.start));
  if (startsLine(first) && rest)
    return { start: first.start - indentOf(first).length, end: end + rest[0].length, text: '' };
  if (next) return { start: first.start, end: next.start, text: '' };
  return { start: previous?.end ?? first.start, end: last.end, text: '' };
}

/** Whether nothing but white space stands before a node on its line. */
export function startsLine(node: Node): boolean {
  const { ground } = node;
  const offset = node.start - ground.start;
  const lineStart = ground.text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t\ufeff]*$/.test(ground.text.slice(lineStart, offset));
}

function indentOf(node: Node): string {
  const { ground } = node;
  const lineStart = ground.text.lastIndexOf('\n', node.start - ground.start - 1) + 1;
  return /^[ \t]*/.exec(ground.text.slice(lineStart))?.[0] ?? '';
}

function between(left: Node, right: Node): string {
  return left.ground.text.slice(left.end - left.ground.start, right.start - left.ground.start);
}
