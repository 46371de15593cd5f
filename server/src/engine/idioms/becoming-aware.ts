import type { SourceFile } from '../file.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';

/** What happens to the code around a naive UTC datetime when the value becomes aware. */
export interface Consequences {
  /** Nothing that can be seen changes: every use of the value was followed, and none tells the two apart. */
  readonly safe: boolean;
  /** What does change, in sentences for the user; empty when it is not known. */
  readonly reasons: readonly string[];
  /** Edits that belong to the change: a `Z` that was written behind the value's text goes. */
  readonly edits: readonly Edit[];
  /** Some use cannot work with an aware value, and no edit here mends it. */
  readonly mustStayNaive: boolean;
  /** The number that `.timestamp()` gives changes. */
  readonly changesTimestamp: boolean;
  /** The value is local time, and all that is taken of it is its `.timestamp()`, which local time gives rightly. */
  readonly keepsTimestamp: boolean;
}

/**
 * Follows the value of an expression through the expression it stands in and the variable it is put into. It reads the
 * whole function (for a variable of the module, the file), so it belongs into a fix, not into a check.
 *
 * @param isUtc whether the naive value is UTC; else it is local time, as `.timestamp()` and `.astimezone()` take it.
 */
export function consequencesOfAwareness(file: SourceFile, value: Node, isUtc = true): Consequences {
  const reasons = new Set<string>();
  const edits: Edit[] = [];
  const seen = new Set<Node>();
  let safe = true;
  let mustStayNaive = false;
  let changesTimestamp = false;
  let keepsTimestamp = false;
  follow(value);
  return {
    safe: safe && !mustStayNaive,
    reasons: [...reasons],
    edits,
    mustStayNaive,
    changesTimestamp,
    keepsTimestamp,
  };

  function unsafe(reason?: string): undefined {
    safe = false;
    if (reason !== undefined) reasons.add(reason);
  }

  function follow(node: Node): undefined {
    if (seen.has(node)) return;
    seen.add(node);
    const parent = node.parent;
    if (!parent) return unsafe();
    if (parent.is('parenthesized_expression')) return follow(parent);
    if (parent.is('attribute')) return followAttribute(parent);
    if (parent.is('binary_operator')) return followArithmetic(node, parent);
    if (parent.is('comparison_operator')) return unsafe(comparedReason);
    if (parent.is('interpolation')) return followInterpolation(parent);
    if (parent.is('argument_list') && parent.parent?.is('call')) return followArgument(parent.parent);
    if (parent.is('pair') && parent.field('value') === node)
      return isTokenTime(file, stringValue(parent.field('key'))) ? undefined : storedAs(parent.field('key'));
    if (parent.is('keyword_argument')) return followKeyword(parent);
    if (parent.is('assignment') && parent.field('right') === node) return followAssignment(parent);
    if (isChoice(node, parent)) {
      unsafe();
      return atReads([parent], false, follow);
    }
    if (parent.is('expression_statement')) return undefined;
    if (parent.is('return_statement')) {
      const returning = file.enclosingFunction(parent);
      return storedAs(returning?.is('function_definition') ? returning.field('name') : undefined);
    }
    return unsafe();
  }

  function followAttribute(attribute: TypedNode<'attribute'>): undefined {
    const name = attribute.field('attribute').text;
    if (zonelessParts.has(name)) return undefined;
    const call = attribute.parent;
    if (!call?.is('call') || call.field('function') !== attribute) return unsafe();
    const { positional, keywords, hasDoubleSplat } = argumentsOf(call);
    if (name === 'strftime') return followFormat(stringValue(positional[0]));
    if (name === 'isoformat') return followText(call);
    if (name === 'timestamp' && !isUtc) {
      keepsTimestamp = value.parent === attribute;
      return unsafe('`.timestamp()` stays the same, but for the hour that the end of daylight saving time repeats.');
    }
    if (name === 'timestamp') {
      changesTimestamp = true;
      return unsafe(
        '`.timestamp()` takes a naive value for local time; the number changes, towards the correct one, unless the machine runs in UTC.',
      );
    }
    if (name === 'replace') return keywords.has('tzinfo') ? undefined : hasDoubleSplat ? unsafe() : follow(call);
    if (name === 'astimezone' && isUtc)
      return unsafe('`.astimezone()` takes a naive value for local time; the result changes, towards the correct one.');
    return unsafe();
  }

  function followArithmetic(node: Node, operation: TypedNode<'binary_operator'>): undefined {
    const isLeft = operation.field('left') === node;
    const other = isLeft ? operation.field('right') : operation.field('left');
    const operator = operation.field('operator').text;
    if (operator === '+') return follow(operation);
    if (operator === '%' && !isLeft) return followTemplate(other);
    if (operator === '-' && isLeft && isDuration(file, other)) return follow(operation);
    return unsafe(subtractedReason);
  }

  function followArgument(call: TypedNode<'call'>): undefined {
    const callee = call.field('function');
    const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
    if (name === 'localize' || name === 'make_aware' || name === 'fromutc') {
      mustStayNaive = true;
      return undefined;
    }
    if (file.qualified(callee) === 'builtins.str') return followText(call);
    if (callee.is('attribute') && name === 'format') return followTemplate(callee.field('object'));
    return unsafe();
  }

  function followKeyword(keyword: TypedNode<'keyword_argument'>): undefined {
    const call = keyword.parent?.parent;
    const name = keyword.field('name').text;
    if (call?.is('call') && file.qualified(call.field('function')) === 'builtins.dict' && isTokenTime(file, name))
      return undefined;
    const callee = call?.is('call') ? call.field('function') : undefined;
    if (callee?.is('attribute') && callee.field('attribute').text === 'format')
      return followTemplate(callee.field('object'));
    return storedAs(keyword.field('name'));
  }

  function followAssignment(assignment: TypedNode<'assignment'>): undefined {
    const left = assignment.field('left');
    if (left.is('subscript')) {
      const [key] = left.fields('subscript');
      return isTokenTime(file, stringValue(key)) ? undefined : storedAs(key);
    }
    if (left.is('attribute')) return storedAs(left.field('attribute'));
    if (!left.is('identifier')) return unsafe();
    const sole = file.bindings(left).length === 1;
    const { reads, complete } = readsOf(file, left);
    if (!complete || !sole) unsafe();
    return atReads(reads, sole && complete, follow);
  }

  /** Where a name is read that the value may reach, without being sure of it: only what would break there counts. */
  function storedAs(name: Node | undefined): undefined {
    unsafe();
    const text = name && (stringValue(name) ?? (name.is('identifier') ? name.text : undefined));
    if (text !== undefined) atReads(namedReads(file, text), false, follow);
  }

  /** Follows reads of a name. Where they are not sure to read this value, an edit there could break another. */
  function atReads(reads: readonly Node[], sure: boolean, next: (node: Node) => undefined): undefined {
    if (sure) {
      for (const read of reads) next(read);
      return;
    }
    const before = { safe, edits: edits.length, timestamp: changesTimestamp, reasons: [...reasons] };
    for (const read of reads) next(read);
    if (edits.length > before.edits) mustStayNaive = true;
    edits.length = before.edits;
    safe = before.safe;
    changesTimestamp = before.timestamp;
    reasons.clear();
    for (const reason of before.reasons) reasons.add(reason);
  }

  /** A text that ends in the datetime's text: what is written behind it decides. */
  function followText(node: Node): undefined {
    if (seen.has(node)) return;
    seen.add(node);
    const parent = node.parent;
    if (!parent) return unsafe(textReason);
    if (parent.is('parenthesized_expression')) return followText(parent);
    if (parent.is('binary_operator') && parent.field('operator').text === '+') {
      if (parent.field('right') === node) return followText(parent);
      const right = parent.field('right');
      return dropZ(right.is('concatenated_string') ? right.firstNamed : right, { start: node.end, end: right.end });
    }
    if (parent.is('binary_operator') && parent.field('operator').text === '%')
      return followTemplate(parent.field('left'));
    if (parent.is('interpolation')) return followInterpolation(parent, true);
    if (parent.is('subscript') && parent.field('value') === node) {
      if (keepsPrefix(parent)) return undefined;
      return breaksText(parent);
    }
    if (parent.is('attribute')) return breaksText(parent);
    if (parent.is('argument_list') && parent.parent?.is('call')) {
      const callee = parent.parent.field('function');
      if (callee.is('attribute') && callee.field('attribute').text === 'format')
        return followTemplate(callee.field('object'));
    }
    if (parent.is('assignment') && parent.field('right') === node && parent.field('left').is('identifier')) {
      unsafe(textReason);
      const left: Node = parent.field('left');
      const sole = file.bindings(left).length === 1;
      const { reads, complete } = readsOf(file, left);
      return atReads(reads, sole && complete, followText);
    }
    return unsafe(textReason);
  }

  /** The text is cut or searched: a `Z` that is put behind the result cannot be mended here. */
  function breaksText(node: Node): undefined {
    unsafe(textReason);
    let top = node;
    while (
      top.parent?.is('attribute', 'call', 'subscript', 'binary_operator', 'parenthesized_expression', 'interpolation')
    )
      top = top.parent;
    const whole = top.is('interpolation') ? (top.parent ?? top) : top;
    const literals = whole.is('string') ? [whole] : whole.below('string');
    if (literals.some((literal) => /^[^"']*["']+Z|[}s]Z/.test(literal.text)) || node.is('subscript'))
      mustStayNaive = true;
  }

  /** `"%sZ" % …`, `"{}Z".format(…)`: the `Z` stands in the template. */
  function followTemplate(template: Node): undefined {
    unsafe(textReason);
    if (/[}s]Z/.test(template.text)) mustStayNaive = true;
  }

  function followInterpolation(interpolation: TypedNode<'interpolation'>, isText = false): undefined {
    const format = interpolation.field('format_specifier');
    if (format && !isText) return followFormat(format.text.slice(1));
    const next = interpolation.next;
    if (next?.is('string_content') && next.text.startsWith('Z')) {
      edits.push({ start: next.start, end: next.start + 1, text: '' });
      return unsafe(zReason);
    }
    if (next?.is('string_content')) return unsafe(textReason);
    const string = interpolation.parent;
    if (!string || next?.kind !== 'string_end') return unsafe(textReason);
    if (!string.parent?.is('concatenated_string')) return followText(string);
    unsafe(textReason);
    if (startsWithZ(string.next)) mustStayNaive = true;
  }

  /** A format writes what it says: only `%z` and `%Z` tell an aware value from a naive one. */
  function followFormat(format: string | undefined): undefined {
    if (format === undefined) return unsafe('A `%z` or `%Z` in the format would now write the offset.');
    if (!/%:?[zZ]/.test(format)) return undefined;
    unsafe('`%z` and `%Z` in the format now write the offset.');
    if (/%:?[zZ]Z/.test(format)) mustStayNaive = true;
  }

  /** Takes the leading `Z` out of what is added to the text. */
  function dropZ(literal: Node | undefined, whole: { start: number; end: number }): undefined {
    if (!startsWithZ(literal) || !literal) return unsafe(textReason);
    unsafe(zReason);
    const content = literal.child('string_content');
    if (literal.is('string') && content?.text === 'Z' && literal.end === whole.end)
      edits.push({ start: whole.start, end: whole.end, text: '' });
    else if (content) edits.push({ start: content.start, end: content.start + 1, text: '' });
  }
}

/** Whether a node is one of the values that an `… if … else …`, or an `… or …`, may give. */
export function isChoice(node: Node, choice: Node): boolean {
  if (choice.is('conditional_expression')) return choice.namedChildren[1] !== node;
  return choice.is('boolean_operator');
}

/** Whether nothing that is seen of a value refuses an aware one. For fixes, as it reads the whole function. */
export function mayBecomeAware(file: SourceFile, value: Node): boolean {
  const { mustStayNaive, edits } = consequencesOfAwareness(file, value, false);
  return !mustStayNaive && edits.length === 0;
}

const comparedReason =
  'It is compared here: where the other value is naive, `<` raises `TypeError` and `==` is silently false.';
const subtractedReason = 'It is subtracted here: where the other value is naive, that raises `TypeError`.';
const textReason = 'Its text gains `+00:00`.';
const zReason = 'The text ends in `+00:00` instead of `Z`.';

/** What a datetime gives that does not depend on its zone. */
export const zonelessParts = new Set([
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'microsecond',
  'fold',
  'date',
  'time',
  'weekday',
  'isoweekday',
  'isocalendar',
  'toordinal',
  'ctime',
  'timetuple',
  'utctimetuple',
]);

function startsWithZ(node: Node | undefined): boolean {
  return node?.is('string') === true && node.child('string_content')?.text.startsWith('Z') === true;
}

/** `…isoformat()[:10]`: the first nineteen characters are the same for both. */
function keepsPrefix(subscript: TypedNode<'subscript'>): boolean {
  const [slice] = subscript.fields('subscript');
  const match = slice?.is('slice') ? /^0?\s*:\s*(\d+)$/.exec(slice.text) : undefined;
  return match?.[1] !== undefined && Number(match[1]) <= 19;
}

const durations = new Set(['datetime.timedelta', 'dateutil.relativedelta.relativedelta']);

function isDuration(file: SourceFile, expression: Node): boolean {
  if (expression.is('parenthesized_expression'))
    return expression.firstNamed !== undefined && isDuration(file, expression.firstNamed);
  if (expression.is('binary_operator'))
    return isDuration(file, expression.field('left')) || isDuration(file, expression.field('right'));
  if (expression.is('call')) return durations.has(file.qualified(expression.field('function')) ?? '');
  if (!expression.is('identifier')) return false;
  const binding = file.binding(expression);
  if (binding?.annotation) return file.qualified(binding.annotation.firstNamed) === 'datetime.timedelta';
  return binding?.value?.is('call') === true && isDuration(file, binding.value);
}

/** `exp`, `iat`, `nbf` of a token, in a file that makes tokens: the libraries take both kinds of datetime for UTC. */
function isTokenTime(file: SourceFile, key: string | undefined): boolean {
  if (key !== 'exp' && key !== 'iat' && key !== 'nbf') return false;
  const isTokenLibrary = (target: string | undefined): boolean => tokenLibraries.has(target?.split('.')[0] ?? '');
  return file.units.some((unit) =>
    [...unit.scopes.top.names.values()].some((bindings) =>
      bindings.some((binding) => binding.kind === 'import' && isTokenLibrary(binding.target)),
    ),
  );
}

const tokenLibraries = new Set(['jwt', 'jose', 'authlib', 'joserfc']);

/** Where a plain variable is read. `complete` when it lives in a function, so that nobody else can read it. */
function readsOf(file: SourceFile, variable: Node): { reads: Node[]; complete: boolean } {
  const owner = file.enclosingFunction(variable);
  const binding = file.bindings(variable)[0];
  if (!owner || !binding) return { reads: namedReads(file, variable.text), complete: false };
  const reads = owner
    .below('identifier')
    .filter(
      (identifier) =>
        identifier !== variable &&
        identifier.text === variable.text &&
        isRead(identifier) &&
        file.bindings(identifier)[0] === binding,
    );
  const isShared = owner
    .below('global_statement', 'nonlocal_statement')
    .some((statement) => statement.namedChildren.some((name) => name.text === variable.text));
  return { reads, complete: !isShared && owner.contains(binding.node) };
}

/** Every place of the file that reads something of this name: a variable, an attribute, a function's result, a key. */
function namedReads(file: SourceFile, name: string): Node[] {
  const found: Node[] = [];
  for (const unit of file.units) {
    if (!unit.text.includes(name)) continue;
    for (const node of unit.root.below('identifier', 'string')) {
      if (node.is('string') ? stringValue(node) !== name : node.text !== name) continue;
      const read = node.isField('attribute') || node.isField('subscript') ? node.parent : node;
      if (!read || (read === node && (node.is('string') || !isRead(node)))) continue;
      const call = read.parent;
      found.push(call?.is('call') && call.field('function') === read ? call : read);
    }
  }
  return found;
}

function isRead(identifier: Node): boolean {
  const { parent } = identifier;
  if (!parent) return false;
  if (parent.is('keyword_argument') || parent.is('assignment', 'function_definition', 'class_definition'))
    return !identifier.isField('name') && !identifier.isField('left');
  return !identifier.isField('attribute');
}
