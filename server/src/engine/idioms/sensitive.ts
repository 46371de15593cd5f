import type { SourceFile } from '../file.ts';
import { reachingBindings, valueGivenBy } from '../flow/trace.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';

/** Names that mean a secret or personal data. A name is sensitive when it ends with one: `new_password`, `userEmail`. */
export const sensitiveNames: readonly string[] = [
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'passcode',
  'secret',
  'token',
  'jwt',
  'api_key',
  'apikey',
  'secret_key',
  'private_key',
  'access_key',
  'signing_key',
  'encryption_key',
  'authorization',
  'authorization_header',
  'auth_header',
  'credential',
  'credentials',
  'cookie',
  'cookies',
  'ssn',
  'social_security_number',
  'national_id',
  'passport_number',
  'credit_card',
  'card_number',
  'cvv',
  'iban',
  'email',
  'emails',
  'email_address',
  'phone',
  'phone_number',
  'mobile_number',
  'date_of_birth',
  'home_address',
];

/** One place where something sensitive stands in an expression that is to be written out. */
export interface SensitivePart {
  readonly at: Node;
  readonly name: string;
}

/**
 * Whether a name means something sensitive. A name of a count, a flag, an id, a hash or a page does not: `max_tokens`,
 * `has_password`, `token_id`, `password_hash`, `hashed_password`, `next_page_token`.
 */
export function isSensitiveName(name: string, names: readonly string[] = sensitiveNames): boolean {
  if (!lastWordsOf(names).test(name.toLowerCase())) return false;
  const words = wordsOf(name);
  if (words.some((word) => harmless.has(word)) || flags.has(words[0] ?? '')) return false;
  if (words.length > 1 && trailing.has(words.at(-1) ?? '')) words.pop();
  if (words.at(-1) === 'token' && places.has(words.at(-2) ?? '')) return false;
  const tail = words.join('_');
  return endsWithName(tail, names);
}

/** Whether a name in snake case is one of the names, or ends with one behind an underscore. */
export function endsWithName(name: string, names: readonly string[]): boolean {
  let ending = endings.get(names);
  if (!ending) {
    ending = new RegExp(`(?:^|_)${oneOf(names)}$`);
    endings.set(names, ending);
  }
  return ending.test(name);
}

/** Cheap to test: a name in lower case that ends with one of the names matches it somewhere, however its words are parted. */
function lastWordsOf(names: readonly string[]): RegExp {
  let words = lastWords.get(names);
  if (!words) {
    words = new RegExp(oneOf(names.map((name) => name.slice(name.lastIndexOf('_') + 1))));
    lastWords.set(names, words);
  }
  return words;
}

function oneOf(texts: readonly string[]): string {
  const escaped = [...new Set(texts)].map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return escaped.length > 0 ? `(?:${escaped.join('|')})` : '(?!)';
}

// Options live as long as the configured rule, and so does what was made of them.
const endings = new WeakMap<readonly string[], RegExp>();
const lastWords = new WeakMap<readonly string[], RegExp>();

/**
 * The sensitive names whose values an expression shows when it is written out: through f-strings, `%`, `+`, `.format()`,
 * containers, subscripts, `str()`, and local variables that were given such an expression before. What goes into another
 * call, a comparison or a slice is not followed, since it is usually masked, hashed or counted there.
 */
export function sensitiveParts(
  expression: Node,
  file: SourceFile,
  names: readonly string[] = sensitiveNames,
): SensitivePart[] {
  return partsOf(expression, { file, names, followed: new Set() });
}

/** What a search for sensitive parts carries along. */
interface Search {
  readonly file: SourceFile;
  readonly names: readonly string[];
  /** Values of variables that are being looked into, so that two variables made of each other come to an end. */
  readonly followed: Set<Node>;
}

function partsOf(expression: Node, search: Search): SensitivePart[] {
  if (expression.is('identifier')) return ofName(expression, search);
  if (expression.is('attribute')) {
    const member = expression.field('attribute').text;
    return isSensitiveName(member, search.names) && !isClassMember(expression) && !isSharedAddress(expression)
      ? [{ at: expression, name: member }]
      : [];
  }
  if (expression.is('subscript')) return ofSubscript(expression, search);
  if (expression.is('call')) return ofCall(expression, search);
  if (expression.is('binary_operator')) {
    const operator = expression.field('operator').text;
    return operator === '%' || operator === '+'
      ? [expression.field('left'), expression.field('right')].flatMap((side) => partsOf(side, search))
      : [];
  }
  if (expression.is('conditional_expression')) {
    const [whenTrue, , whenFalse] = expression.namedChildren;
    return [whenTrue, whenFalse].flatMap((branch) => (branch ? partsOf(branch, search) : []));
  }
  if (expression.is('dictionary')) {
    return expression.namedChildren.flatMap((pair) => {
      if (!pair.is('pair')) return [];
      return ofKey(pair.field('key'), plainText(pair.field('key')), pair.field('value'), search);
    });
  }
  if (expression.is('interpolation')) return partsOf(expression.field('expression'), search);
  if (
    expression.is(
      'string',
      'concatenated_string',
      'tuple',
      'list',
      'set',
      'parenthesized_expression',
      'boolean_operator',
      'expression_list',
      'await',
      'list_splat',
    )
  ) {
    return expression.namedChildren.flatMap((child) =>
      child.is('string_start', 'string_content', 'string_end') ? [] : partsOf(child, search),
    );
  }
  return [];
}

/** As `sensitiveParts`, for a value that stands under a name of its own: a keyword argument or a dictionary's key. */
export function sensitiveEntry(
  keyword: TypedNode<'keyword_argument'>,
  file: SourceFile,
  names: readonly string[] = sensitiveNames,
): SensitivePart[] {
  return ofEntry(keyword, { file, names, followed: new Set() });
}

function ofEntry(keyword: TypedNode<'keyword_argument'>, search: Search): SensitivePart[] {
  const name = keyword.field('name');
  return ofKey(name, name.text, keyword.field('value'), search);
}

function ofKey(at: Node, name: string | undefined, value: Node, search: Search): SensitivePart[] {
  if (name !== undefined && isSensitiveName(name, search.names) && mayShow(value, search.file)) return [{ at, name }];
  return partsOf(value, search);
}

/** Whether a value under a sensitive key can be the sensitive thing: no constant, count, comparison, slice or mask. */
function mayShow(value: Node, file: SourceFile): boolean {
  if (value.is('identifier')) return !isMaskedName(value.text) && !isMaskedBinding(value, file);
  if (value.is('attribute')) return !isMaskedName(value.field('attribute').text) && !isClassMember(value);
  if (value.is('subscript')) return !value.fields('subscript').some((index) => index.is('slice'));
  if (value.is('call')) {
    const callee = value.field('function');
    const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
    return shown.has(name) || transparentMethods.has(name) || readers.has(name);
  }
  if (value.is('string')) return value.child('interpolation') !== undefined && sensitiveParts(value, file).length > 0;
  return value.is('await', 'parenthesized_expression') && value.firstNamed ? mayShow(value.firstNamed, file) : false;
}

function ofName(name: TypedNode<'identifier'>, search: Search): SensitivePart[] {
  if (isSensitiveName(name.text, search.names))
    return isMaskedBinding(name, search.file) ? [] : [{ at: name, name: name.text }];
  // Elsewhere than in a function nobody can tell what a name holds by the time it is written out.
  if (isMaskedName(name.text) || !search.file.enclosingFunction(name)) return [];
  const { ground } = name;
  const given = reachingBindings(search.file, name).flatMap((binding) => {
    const value = binding.by.is('assignment', 'augmented_assignment') ? valueGivenBy(binding) : undefined;
    return value?.ground === ground && isComposed(value) && !search.followed.has(value) ? [value] : [];
  });
  for (const value of given) search.followed.add(value);
  const found = new Set(given.flatMap((value) => partsOf(value, search).map((part) => part.name)));
  return [...found].map((sensitive) => ({ at: name, name: sensitive }));
}

/** A text or container that is put together from other values. What another expression makes of them is anybody's guess. */
function isComposed(value: Node): boolean {
  return value.is('string', 'concatenated_string', 'binary_operator', 'dictionary', 'tuple', 'list') || isFormat(value);
}

function isFormat(value: Node): boolean {
  if (!value.is('call')) return false;
  const callee = value.field('function');
  return callee.is('attribute') && callee.field('attribute').text === 'format';
}

function ofSubscript(expression: TypedNode<'subscript'>, search: Search): SensitivePart[] {
  const indexes = expression.fields('subscript');
  if (indexes.some((index) => index.is('slice'))) return [];
  const [index] = indexes;
  const key = index ? plainText(index) : undefined;
  if (key !== undefined) return isSensitiveName(key, search.names) ? [{ at: expression, name: key }] : [];
  return index?.is('integer') ? partsOf(expression.field('value'), search) : [];
}

function ofCall(call: TypedNode<'call'>, search: Search): SensitivePart[] {
  const callee = call.field('function');
  const { positional, keywords } = argumentsOf(call);
  const inArguments = (): SensitivePart[] => [
    ...positional.flatMap((argument) => partsOf(argument, search)),
    ...[...keywords.values()].flatMap((argument) => ofEntry(argument, search)),
  ];
  if (callee.is('identifier')) {
    if (callee.text === 'dict') return inArguments();
    return shown.has(callee.text) ? positional.slice(0, 1).flatMap((one) => partsOf(one, search)) : [];
  }
  if (!callee.is('attribute')) return [];
  const method = callee.field('attribute').text;
  const object = callee.field('object');
  if (method === 'get_secret_value') return [{ at: call, name: 'get_secret_value()' }];
  if (method === 'format') return [...partsOf(object, search), ...inArguments()];
  if (method === 'dumps') return positional.slice(0, 1).flatMap((one) => partsOf(one, search));
  if (method === 'join') return inArguments();
  if (transparentMethods.has(method)) return partsOf(object, search);
  if (!readers.has(method)) return [];
  const [key] = positional;
  const name = key ? plainText(key) : undefined;
  return name !== undefined && isSensitiveName(name, search.names) ? [{ at: call, name }] : [];
}

/** `TokenKind.PASSWORD` is the name of a kind, not a password. */
function isClassMember(attribute: TypedNode<'attribute'>): boolean {
  const object = attribute.field('object');
  const owner = object.is('attribute') ? object.field('attribute').text : object.text;
  return /^[A-Z]/.test(owner) && /[a-z]/.test(owner) && !/(?:settings|config)$/i.test(owner);
}

/** `incident.tactical_group.email` is the address of a mailing list, not of a person. */
function isSharedAddress(attribute: TypedNode<'attribute'>): boolean {
  if (!/e_?mails?(?:_?address(?:es)?)?$/i.test(attribute.field('attribute').text)) return false;
  const object = attribute.field('object');
  const owner = object.is('attribute') ? object.field('attribute') : object;
  return owner.is('identifier') && shared.has(wordsOf(owner.text).at(-1) ?? '');
}

/** Last words of what several people read the mail of. */
const shared = new Set(['group', 'list', 'team', 'channel']);

/** A name that the file binds to something masked, hashed or counted, or annotates as a `SecretStr`. */
function isMaskedBinding(name: Node, file: SourceFile): boolean {
  const binding = file.binding(name);
  if (!binding) return false;
  if (binding.kind === 'function' || binding.kind === 'class') return true;
  if (binding.kind === 'import') return !/^_*[A-Z][A-Z0-9_]*$/.test(name.text);
  if (binding.annotation && /\bSecret(?:Str|Bytes)?\b|^(?:bool|int)$/.test(binding.annotation.text)) return true;
  const { value } = binding;
  if (!value) return false;
  if (value.is('call')) {
    const callee = value.field('function');
    const called = callee.is('attribute') ? callee.field('attribute').text : callee.text;
    return isMaskedName(called) || called === 'len' || called === 'bool';
  }
  return value.is('true', 'false', 'none', 'comparison_operator', 'not_operator', 'integer');
}

function isMaskedName(name: string): boolean {
  return wordsOf(name).some((word) => masking.has(word));
}

function plainText(node: Node): string | undefined {
  if (!node.is('string') || node.child('interpolation')) return undefined;
  return node.child('string_content')?.text;
}

/** The words of `snake_case`, `camelCase`, `kebab-case` and `UPPER_CASE` names, in lower case, digits at the end cut off. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/\d+$/, ''))
    .filter((word) => word !== '');
}

const masking = new Set([
  'mask',
  'masked',
  'hash',
  'hashed',
  'hasher',
  'digest',
  'redact',
  'redacted',
  'sanitize',
  'sanitized',
  'sanitise',
  'sanitised',
  'obfuscate',
  'obfuscated',
  'anonymize',
  'anonymized',
  'anonymise',
  'anonymised',
  'encrypt',
  'encrypted',
  'scrub',
  'scrubbed',
  'fingerprint',
  'truncate',
  'truncated',
  'safe',
]);

/** Words that make the whole name harmless wherever they stand. */
const harmless = new Set([
  ...masking,
  'count',
  'counts',
  'num',
  'total',
  'max',
  'min',
  'avg',
  'average',
  'len',
  'length',
]);

/** What a token of says where a listing goes on: `next_page_token`, `continuationToken`. */
const places = new Set(['page', 'next', 'continuation', 'cursor']);

/** First words of flags and counts. */
const flags = new Set([
  'is',
  'has',
  'had',
  'have',
  'use',
  'uses',
  'needs',
  'requires',
  'require',
  'should',
  'can',
  'n',
  'no',
  'with',
  'include',
  'allow',
  'enable',
  'missing',
]);

/** Last words that say nothing of their own. */
const trailing = new Set(['value', 'str', 'string', 'raw', 'plain', 'param']);

/** Functions and methods whose result still shows what went in. */
const shown = new Set(['str', 'repr', 'ascii', 'format', 'list', 'tuple', 'set', 'sorted']);
const transparentMethods = new Set([
  'strip',
  'lstrip',
  'rstrip',
  'lower',
  'upper',
  'title',
  'encode',
  'decode',
  'casefold',
]);
/** Methods that read one entry by its name. */
const readers = new Set(['get', 'pop', 'getenv', 'getlist']);
