import type { SourceFile } from '../file.ts';
import { type Spelling, spell, spellModule } from '../names/spell.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';

/** The `async def` that runs a node itself: not a `def`, lambda or class nested in it. Undefined in synchronous code. */
export function asyncFunctionAt(file: SourceFile, node: Node): TypedNode<'function_definition'> | undefined {
  const owner = file.enclosingFunction(node);
  return owner?.is('function_definition') && isAsync(owner) ? owner : undefined;
}

/** Whether a definition is an `async def`. */
export function isAsync(definition: TypedNode<'function_definition'>): boolean {
  return definition.child('"async"') !== undefined;
}

/** Whether a function is a generator: `yield` in its own body (PEP 525: an `async def` with one makes no coroutine). */
export function isGenerator(definition: TypedNode<'function_definition'>): boolean {
  const nested = ['function_definition', 'lambda', 'class_definition'] as const;
  return definition.field('body').belowOutside(nested, 'yield').length > 0;
}

/** Whether an expression is the operand of `await`, parentheses aside. */
export function isAwaited(expression: Node): boolean {
  let parent = expression.parent;
  while (parent?.is('parenthesized_expression')) parent = parent.parent;
  return parent?.is('await') === true;
}

/**
 * Whether `await` may stand where an expression stands, inside an `async def`. Not in a comprehension: a generator
 * expression becomes another kind of generator, and nested comprehensions refuse it before Python 3.11.
 */
export function mayAwaitAt(expression: Node): boolean {
  for (let node = expression.parent; node; node = node.parent) {
    if (node.is('function_definition', 'lambda')) break;
    if (node.is('list_comprehension', 'set_comprehension', 'dictionary_comprehension', 'generator_expression'))
      return false;
  }
  return !isAwaited(expression);
}

/** The edits that put `await` before an expression, with parentheses where an attribute, index or call follows. */
export function awaitEdits(expression: Node): Edit[] {
  const { parent } = expression;
  const binds =
    (parent?.is('attribute') && expression.isField('object')) ||
    (parent?.is('subscript') && expression.isField('value')) ||
    (parent?.is('call') && expression.isField('function'));
  const opening: Edit = { start: expression.start, end: expression.start, text: binds ? '(await ' : 'await ' };
  return binds ? [opening, { start: expression.end, end: expression.end, text: ')' }] : [opening];
}

/** How to write `asyncio.<member>` at a node: as the file imports it, else through an added `import asyncio`. */
export function spellAsyncio(file: SourceFile, member: string, at: Node): Spelling | undefined {
  const known = spell(file, 'asyncio', member, at);
  if (known?.edits.length === 0) return known;
  const module = spellModule(file, 'asyncio', at);
  return module && { text: `${module.text}.${member}`, edits: module.edits };
}
