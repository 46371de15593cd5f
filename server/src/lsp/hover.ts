import { type Hover, MarkupKind, type Position } from 'vscode-languageserver';
import type { RuleCard } from '../../../shared-rules/src/index.ts';
import { type Document, readSuppression } from '../engine/index.ts';
import { toRange } from './convert.ts';

/** What a rule is about, over its code in a suppression comment; undefined anywhere else. */
export function hoverAt(
  document: Document,
  position: Position,
  cardOf: (code: string) => RuleCard | undefined,
  documentation: (code: string) => string | undefined,
): Hover | undefined {
  const offset = document.offset(position);
  for (const comment of document.file.commentsIn({ start: offset - 1, end: offset + 1 })) {
    const code = readSuppression(comment)?.codes?.find(
      (candidate) => comment.start + candidate.start <= offset && offset <= comment.start + candidate.end,
    );
    const card = code && cardOf(code.code);
    if (!code || !card) continue;
    const href = documentation(card.code);
    const link = href === undefined ? '' : `\n\n[Documentation](${href})`;
    const value = `**${card.code} ${card.name}**: ${card.summary}.\n\n${card.advice}.${link}`;
    return {
      range: toRange(document, comment.start + code.start, comment.start + code.end),
      contents: { kind: MarkupKind.Markdown, value },
    };
  }
  return undefined;
}
