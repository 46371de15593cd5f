import type { Kind } from '../syntax/grammar.generated.ts';
import { Node } from '../syntax/node.ts';
import { afterColumn, kindColumn, kindMask, kindNumber, rowSize } from '../syntax/rows.ts';

/** Whether some node of the kinds below a node passes a test: as `below(…).some(…)`, which makes every node first. */
export function someBelow(node: Node, kinds: readonly Kind[], test: (found: Node) => boolean): boolean {
  const wanted = kinds.map(kindNumber);
  const { ground } = node;
  const { rows } = ground;
  const end = rows[node.row * rowSize + afterColumn] ?? 0;
  for (let row = node.row + 1; row < end; row++) {
    if (wanted.includes((rows[row * rowSize + kindColumn] ?? 0) & kindMask) && test(Node.at(ground, row))) return true;
  }
  return false;
}
