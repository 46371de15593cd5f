import type { SourceFile } from '../file.ts';
import { ownName } from '../names/spell.ts';
import type { Node, TypedNode } from '../syntax/node.ts';

/**
 * How facts name a function of the file, so that definitions and calls in different units find each other: `wait` of the
 * module, `Client.wait` of a class. Undefined for a function in a function.
 */
export function functionKey(file: SourceFile, definition: TypedNode<'function_definition'>): string | undefined {
  if (file.enclosingFunction(definition)) return undefined;
  const owner = file.enclosingClass(definition);
  const name = definition.field('name').text;
  return owner ? `${owner.field('name').text}.${name}` : name;
}

/** The key of the function that an expression names: `wait`, or `self.wait` and `cls.wait` in a method. */
export function namedFunctionKey(file: SourceFile, expression: Node): string | undefined {
  return expression.is('identifier') ? ownName(file.qualified(expression)) : memberKey(file, expression);
}

/** Whether an expression is written as a member of the class around it: `self.session`, `cls.session`. */
export function isMember(expression: Node): expression is TypedNode<'attribute'> {
  if (!expression.is('attribute')) return false;
  const object = expression.field('object');
  return object.is('identifier') && (object.text === 'self' || object.text === 'cls');
}

/** `Client.session` for `self.session` or `cls.session` in the class `Client`. */
export function memberKey(file: SourceFile, expression: Node): string | undefined {
  if (!isMember(expression)) return undefined;
  const owner = file.enclosingClass(expression);
  return owner && `${owner.field('name').text}.${expression.field('attribute').text}`;
}
