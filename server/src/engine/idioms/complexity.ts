import { kinds } from '../syntax/grammar.generated.ts';
import { Node, type TypedNode } from '../syntax/node.ts';
import { afterColumn, kindColumn, kindMask, kindNumber, rowSize } from '../syntax/rows.ts';

/**
 * The cyclomatic complexity of a function: one, and one for every way its body can branch, counted as radon 6 counts it
 * (`radon.visitors.ComplexityVisitor`). What a nested function or class does is its own; a lambda belongs to the function
 * around it. Decorators and parameter defaults are not part of the body. As in radon, an `assert` is one whatever it
 * asserts, the first `case` that takes anything is a match's `else`, and `try` with `except*` counts nothing.
 */
export function complexityOf(definition: TypedNode<'function_definition'>): number {
  return 1 + ownBranches(definition.field('body'));
}

/** How often the code below a node branches itself: nested functions, classes and decorators do not count. */
export function ownBranches(node: Node): number {
  const { ground } = node;
  const { rows, end } = node.readRows();
  let count = 0;
  // This reads every row of every function, so it makes nodes of those alone that count.
  for (let row = node.row + 1; row < end; ) {
    const part = parts[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] ?? 0;
    if (part & branches) count += weight(Node.at(ground, row));
    row = part & contains ? (rows[row * rowSize + afterColumn] ?? end) : row + 1;
  }
  return count;
}

/** What the body merely contains. An `assert` is counted and not looked into. */
const notOwn = ['function_definition', 'class_definition', 'decorated_definition', 'assert_statement'] as const;

const branching = [
  'if_statement',
  'elif_clause',
  'conditional_expression',
  'for_statement',
  'while_statement',
  'else_clause',
  'except_clause',
  'boolean_operator',
  'assert_statement',
  'for_in_clause',
  'if_clause',
  'match_statement',
] as const;

/** What a kind of node is to the count, by kind number: bits. */
const parts = new Uint8Array(kinds.length);
const branches = 1;
const contains = 2;
for (const kind of branching) parts[kindNumber(kind)] = branches;
for (const kind of notOwn) parts[kindNumber(kind)] = (parts[kindNumber(kind)] ?? 0) | contains;

function weight(branch: Node): number {
  if (branch.is('else_clause')) return hasCountedElse(branch.parent) ? 1 : 0;
  if (branch.is('except_clause')) return branch.child('"*"') ? 0 : 1;
  if (branch.is('if_clause')) return branch.parent?.is('case_clause') ? 0 : 1;
  if (branch.is('match_statement')) {
    const cases = branch.field('body').namedChildren.filter((child) => child.is('case_clause'));
    return cases.length - (cases.some(takesAnything) ? 1 : 0);
  }
  return 1;
}

function hasCountedElse(statement: Node | undefined): boolean {
  if (statement?.is('for_statement', 'while_statement')) return true;
  return statement?.is('try_statement') === true && !statement.child('except_clause')?.child('"*"');
}

/** `case _:` and `case name:`, in parentheses or guarded as they may be. */
function takesAnything(clause: Node): boolean {
  const patterns = clause.children.filter((child) => child.is('case_pattern'));
  if (patterns.length !== 1 || clause.child('","')) return false;
  let pattern: Node | undefined = patterns[0];
  while (pattern) {
    const [only, ...others] = pattern.children.filter((child) => child.kind !== 'comment');
    if (only?.kind === '"_"') return true;
    if (only?.is('dotted_name')) return only.namedChildren.length === 1;
    if (only?.is('case_pattern') && others.length === 0) pattern = only;
    else if (only?.is('tuple_pattern') && others.length === 0) {
      const inner = only.namedChildren;
      if (inner.length !== 1 || only.child('","')) return false;
      pattern = inner[0];
    } else return false;
  }
  return false;
}
