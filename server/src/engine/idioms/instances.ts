import type { SourceFile } from '../file.ts';
import type { Node } from '../syntax/node.ts';

/**
 * The qualified name of what an object was made by, or is annotated as: `requests.Session` for a name bound by
 * `requests.Session()`, by `with requests.Session() as name`, by a parameter `name: requests.Session`, and for the call
 * itself. Undefined when it cannot be told.
 */
export function madeBy(file: SourceFile, expression: Node | undefined): string | undefined {
  const maker = makerOf(file, expression);
  return maker && file.qualified(maker);
}

/** The expression that names the class or factory an object comes from; see `madeBy`. */
export function makerOf(file: SourceFile, expression: Node | undefined): Node | undefined {
  if (!expression) return undefined;
  if (expression.is('parenthesized_expression', 'await')) return makerOf(file, expression.firstNamed);
  if (expression.is('call')) return expression.field('function');
  if (expression.is('attribute'))
    return attributeMaker(file, expression.field('object'), expression.field('attribute'));
  if (!expression.is('identifier')) return undefined;
  const binding = file.binding(expression);
  if (!binding) return undefined;
  if (binding.annotation) return annotatedClass(file, binding.annotation);
  if (binding.kind === 'assignment') return callee(binding.value);
  if (binding.by.is('as_pattern') && binding.by.parent?.is('with_item')) return callee(binding.by.firstNamed);
  return undefined;
}

/** What an annotation names, seen through `Annotated[…]` and `Optional[…]` and beside `None`. */
export function annotatedClass(file: SourceFile, annotation: Node): Node | undefined {
  if (annotation.is('type', 'parenthesized_expression')) {
    const inner = annotation.firstNamed;
    return inner && annotatedClass(file, inner);
  }
  if (annotation.is('identifier', 'attribute')) return annotation;
  if (annotation.is('generic_type', 'subscript')) {
    const [base, first] = annotation.namedChildren;
    const name = file.qualified(base);
    if (name === undefined || !transparent.has(name)) return base;
    const inner = first?.is('type_parameter') ? first.firstNamed : first;
    return inner && annotatedClass(file, inner);
  }
  if (annotation.is('union_type', 'binary_operator')) {
    const parts = annotation.namedChildren.filter((part) => part.text !== 'None');
    return parts.length === 1 && parts[0] ? annotatedClass(file, parts[0]) : undefined;
  }
  return undefined;
}

/** `self.client`, where the class's body declares or assigns `client`. */
function attributeMaker(file: SourceFile, object: Node, attribute: Node): Node | undefined {
  if (object.text !== 'self') return undefined;
  const owner = file.enclosingClass(object);
  if (!owner) return undefined;
  const bindings = file.classBindings(owner, attribute.text);
  const [binding] = bindings;
  if (bindings.length !== 1 || binding?.kind !== 'assignment') return undefined;
  return binding.annotation ? annotatedClass(file, binding.annotation) : callee(binding.value);
}

function callee(value: Node | undefined): Node | undefined {
  if (value?.is('await', 'parenthesized_expression')) return callee(value.firstNamed);
  return value?.is('call') ? value.field('function') : undefined;
}

const transparent = new Set([
  'typing.Annotated',
  'typing_extensions.Annotated',
  'typing.Optional',
  'typing.Final',
  'typing.ClassVar',
]);

/** Whether an expression is a `pathlib.Path`, as far as constructors, annotations, `/` and methods that return paths tell. */
export function isPath(file: SourceFile, expression: Node | undefined, depth = 0): boolean {
  if (!expression || depth > 8) return false;
  if (expression.is('parenthesized_expression')) return isPath(file, expression.firstNamed, depth + 1);
  if (expression.is('binary_operator'))
    return expression.child('"/"') !== undefined && isPath(file, expression.field('left'), depth + 1);
  if (expression.is('attribute'))
    return (
      (expression.field('attribute').text === 'parent' && isPath(file, expression.field('object'), depth + 1)) ||
      madeBy(file, expression) === 'pathlib.Path'
    );
  if (expression.is('call')) {
    const callee = expression.field('function');
    const name = file.qualified(callee);
    if (name !== undefined && pathMakers.has(name)) return true;
    return (
      callee.is('attribute') &&
      pathReturning.has(callee.field('attribute').text) &&
      isPath(file, callee.field('object'), depth + 1)
    );
  }
  if (!expression.is('identifier')) return false;
  const binding = file.binding(expression);
  if (binding?.annotation) return file.qualified(annotatedClass(file, binding.annotation)) === 'pathlib.Path';
  return binding?.kind === 'assignment' && isPath(file, binding.value, depth + 1);
}

const pathMakers = new Set(['pathlib.Path', 'pathlib.Path.cwd', 'pathlib.Path.home']);
const pathReturning = new Set([
  'absolute',
  'expanduser',
  'joinpath',
  'relative_to',
  'resolve',
  'with_name',
  'with_stem',
  'with_suffix',
]);
