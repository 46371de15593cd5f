import type { Node } from '../syntax/node.ts';

/** What a chain of attributes starts at: `user` of `user.team.name`; any other expression itself. */
export function rootOf(expression: Node): Node {
  let root = expression;
  while (root.is('attribute')) root = root.field('object');
  return root;
}

/** Whether an identifier stands there as a keyword or an attribute, and so names no variable. */
export function isLabel(identifier: Node): boolean {
  const { parent } = identifier;
  return (
    (parent?.is('keyword_argument') === true && identifier.isField('name')) ||
    (parent?.is('attribute') === true && identifier.isField('attribute'))
  );
}
