import type { Node } from '../syntax/node.ts';
import type { Span } from '../text.ts';

/** A marker word in a comment, where it stands in the file. */
export interface Marker {
  readonly word: string;
  readonly at: Span;
}

/**
 * The first place of each word in a comment. A word written in capitals is found in capitals, and in any case where it
 * opens the comment and a colon or a bracket follows (`# todo: …`, `# Fixme(me) …`); other words are found in any case.
 * What stands in quotes or is part of a longer name or pattern is not a marker.
 */
export function markersIn(comment: Node, words: readonly string[]): Marker[] {
  const { text } = comment;
  if (!quickTestFor(words).test(text)) return [];
  const lower = text.toLowerCase();
  const found: Marker[] = [];
  for (const word of words) {
    if (word === '' || !lower.includes(word.toLowerCase())) continue;
    const offset = offsetOf(text, word);
    if (offset === undefined) continue;
    found.push({
      word: text.slice(offset, offset + word.length),
      at: { start: comment.start + offset, end: comment.start + offset + word.length },
    });
  }
  return found.sort((a, b) => a.at.start - b.at.start);
}

// Options live as long as the configured rule, and so do their tests.
const quickTests = new WeakMap<readonly string[], RegExp>();

/** Cheap to test: it matches every comment that may hold one of the words. What is no ASCII may change its length in lower case. */
function quickTestFor(words: readonly string[]): RegExp {
  const known = quickTests.get(words);
  if (known) return known;
  const wanted = words
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const made = new RegExp(['[^\\u0000-\\u007f]', ...wanted].join('|'), 'i');
  quickTests.set(words, made);
  return made;
}

function offsetOf(text: string, word: string): number | undefined {
  const capitals = /^[^a-z]+$/.test(word);
  const opening = /^[#!:\s]*/.exec(text)?.[0].length ?? 0;
  const lower = text.toLowerCase();
  const wanted = word.toLowerCase();
  for (let offset = lower.indexOf(wanted); offset >= 0; offset = lower.indexOf(wanted, offset + 1)) {
    const end = offset + word.length;
    if (joinedBefore.test(text.charAt(offset - 1)) || joinedAfter.test(text.slice(end, end + 2))) continue;
    if (!capitals) return offset;
    if (text.slice(offset, end) === word) return offset;
    if (offset === opening && /^\s?[:(]/.test(text.slice(end))) return offset;
  }
  return undefined;
}

/** Letters and what joins words into names, patterns and quotations. */
const joinedBefore = /[\p{L}\p{N}_'"`/.\\$<*=-]/u;
const joinedAfter = /^([\p{L}\p{N}_'"`>*=]|[-./\\][\p{L}\p{N}_])/u;
