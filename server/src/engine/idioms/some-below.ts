import { type Kind, kinds } from '../syntax/grammar.generated.ts';
import { Node } from '../syntax/node.ts';
import { kindColumn, kindMask, kindNumber, rowSize } from '../syntax/rows.ts';

/** Kinds of nodes, by number: made once, asked for every row. */
export type KindSet = Uint8Array;

export function kindSet(...members: readonly Kind[]): KindSet {
  const set = new Uint8Array(kinds.length);
  for (const kind of members) set[kindNumber(kind)] = 1;
  return set;
}

/** Whether some node of the kinds below a node passes a test: as `below(…).some(…)`, which makes every node first. */
export function someBelow(node: Node, wanted: KindSet, test: (found: Node) => boolean): boolean {
  const { ground } = node;
  const { rows, end } = node.readRows();
  for (let row = node.row + 1; row < end; row++) {
    if (wanted[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] === 1 && test(Node.at(ground, row))) return true;
  }
  return false;
}
