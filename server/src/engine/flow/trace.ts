import { type SourceFile, unitOf } from '../file.ts';
import { type Binding, scopeAt } from '../names/scopes.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';

/** How a value came from one expression into another. */
export type Step = 'assignment' | 'format' | 'concatenation' | 'branch' | 'element' | 'call';

/** An expression that a value may come from, which is not followed further, and the way from there. */
export interface Origin {
  readonly node: Node;
  /** The parameter, import or definition that an identifier ends at, where it is one. */
  readonly binding: Binding | undefined;
  /** Steps from the asked expression to this one. */
  readonly via: readonly Step[];
}

export interface TraceOptions {
  /** Calls whose result carries nothing of their arguments any more, such as `float()` or `hash_password()`. */
  readonly cleans?: (call: TypedNode<'call'>) => boolean;
  /** Arguments that flow through a call into its result; by default only those of `str.format`. */
  readonly through?: (call: TypedNode<'call'>) => readonly Node[] | undefined;
}

/**
 * Where the value of an expression may come from, inside its function: through assignments (the ones that can reach the
 * place; branches joined), f-strings, `%` and `format`, concatenation, conditional expressions, containers and their
 * elements. Calls that clean end the search with nothing. Calls, attributes, literals, parameters and names from
 * elsewhere are origins. Cost is bounded: at most `limit` origins are looked for.
 */
export function trace(file: SourceFile, expression: Node, options: TraceOptions = {}): Origin[] {
  const origins: Origin[] = [];
  const seen = new Set<Node>();
  follow(expression, []);
  return origins;

  function follow(node: Node, via: readonly Step[]): void {
    if (seen.has(node) || origins.length >= limit) return;
    seen.add(node);
    const add = (children: readonly (Node | undefined)[], step: Step): void => {
      for (const child of children) if (child) follow(child, [...via, step]);
    };
    if (node.is('parenthesized_expression', 'await', 'list_splat', 'dictionary_splat')) {
      const [inner] = node.namedChildren;
      if (inner) follow(inner, via);
    } else if (node.is('named_expression')) follow(node.field('value'), via);
    else if (node.is('string')) {
      const fields = node.below('interpolation').map((field) => field.field('expression'));
      if (fields.length === 0) origins.push({ node, binding: undefined, via });
      else add(fields, 'format');
    } else if (node.is('concatenated_string')) add(node.namedChildren, 'concatenation');
    else if (node.is('binary_operator')) {
      const left = node.field('left');
      const formats = node.field('operator').kind === '"%"' && left.is('string', 'concatenated_string');
      add([left, node.field('right')], formats ? 'format' : 'concatenation');
    } else if (node.is('boolean_operator')) add([node.field('left'), node.field('right')], 'branch');
    else if (node.is('conditional_expression')) {
      const [chosen, , other] = node.namedChildren;
      add([chosen, other], 'branch');
    } else if (node.is('tuple', 'list', 'set', 'expression_list')) add(node.namedChildren, 'element');
    else if (node.is('dictionary')) {
      for (const pair of node.namedChildren) add(pair.is('pair') ? [pair.field('value')] : [pair], 'element');
    } else if (node.is('list_comprehension', 'set_comprehension', 'generator_expression'))
      add([node.field('body')], 'element');
    else if (node.is('dictionary_comprehension')) add([node.field('body').field('value')], 'element');
    else if (node.is('subscript')) add([node.field('value')], 'element');
    else if (node.is('call')) followCall(node, via);
    else if (node.is('identifier')) followName(node, via);
    else origins.push({ node, binding: undefined, via });
  }

  function followCall(call: TypedNode<'call'>, via: readonly Step[]): void {
    if (options.cleans?.(call)) return;
    const through = options.through?.(call);
    if (through) {
      for (const argument of through) follow(argument, [...via, 'call']);
      return;
    }
    const callee = call.field('function');
    if (
      callee.is('attribute') &&
      callee.field('attribute').text === 'format' &&
      callee.field('object').is('string', 'concatenated_string')
    ) {
      const given = argumentsOf(call);
      const values = [...given.positional, ...[...given.keywords.values()].map((keyword) => keyword.field('value'))];
      for (const value of values) follow(value, [...via, 'format']);
      return;
    }
    origins.push({ node: call, binding: undefined, via });
  }

  function followName(name: TypedNode<'identifier'>, via: readonly Step[]): void {
    const reaching = reachingBindings(file, name);
    if (reaching.length === 0) {
      origins.push({ node: name, binding: undefined, via });
      return;
    }
    for (const binding of reaching) {
      const value = valueGivenBy(binding);
      if (value) follow(value, [...via, 'assignment']);
      else if (!origins.some((origin) => origin.binding === binding)) origins.push({ node: name, binding, via });
    }
  }
}

/** More origins than this say no more than "anything". */
const limit = 64;

/**
 * The bindings that a name at a place may have its value from. In a function those are the assignments before it, back
 * to the last one that surely runs before the place; in a loop those behind it count too, unless that one runs again
 * between them and the place.
 */
export function reachingBindings(file: SourceFile, name: Node): readonly Binding[] {
  const bindings = file.bindings(name);
  const unit = unitOf(name);
  const here = scopeAt(unit.scopes, name);
  // Order tells something only where the name is bound in the very scope it is used in.
  // A comprehension binds its names behind the place that uses them.
  if (here.kind === 'comprehension' || here.names.get(name.text) !== bindings) return bindings;
  const before = bindings.filter((binding) => binding.node.start < name.start && !valueContains(binding, name));
  const last = before.findLast(
    ({ kind, by }) => kind === 'parameter' || (dominates(by, name) && !by.is('augmented_assignment')),
  );
  const reaching = last ? before.slice(before.indexOf(last)) : before;
  const loop = outermostLoop(name, here.node, last);
  const around = loop
    ? bindings.filter((binding) => binding.node.start >= name.start && loop.contains(binding.node))
    : [];
  return [...reaching, ...around];
}

/** What a binding gives its name, as far as it is an expression; for a loop, what is looped over. */
export function valueGivenBy(binding: Binding): Node | undefined {
  const { by } = binding;
  if (binding.kind === 'parameter') return undefined;
  if (by.is('assignment')) return by.field('right');
  if (by.is('augmented_assignment')) return by.field('right');
  if (by.is('named_expression')) return by.field('value');
  if (by.is('for_statement', 'for_in_clause')) return by.field('right');
  if (by.is('as_pattern')) return by.above('except_clause') ? undefined : by.firstNamed;
  return undefined;
}

/** `x = x + 1` gives `x` its value from the `x` before. */
function valueContains(binding: Binding, name: Node): boolean {
  return binding.by.is('assignment', 'augmented_assignment', 'named_expression') && binding.by.contains(name);
}

/** A statement surely runs before a place when the block it stands in also holds the place. */
function dominates(statement: Node, place: Node): boolean {
  let node: Node | undefined = statement;
  while (node && !node.parent?.is('block', 'module')) {
    if (
      node.is(
        'if_statement',
        'try_statement',
        'for_statement',
        'while_statement',
        'with_statement',
        'conditional_expression',
        'boolean_operator',
      )
    )
      return false;
    node = node.parent;
  }
  const block = node?.parent;
  if (!block) return true;
  // A `try` block may end before the statement; what follows the `try` cannot count on it, but then it does not hold it.
  return block.contains(place);
}

/** The outermost loop around a place whose rounds do not all begin with a binding. */
function outermostLoop(place: Node, owner: Node | undefined, first: Binding | undefined): Node | undefined {
  let found: Node | undefined;
  for (let node = place.parent; node && node !== owner; node = node.parent)
    if (node.is('for_statement', 'while_statement') && !(first && node.contains(first.node))) found = node;
  return found;
}
