import type { Node, TypedNode } from './node.ts';

/** The arguments of a call, told apart. */
export interface CallArguments {
  /** The `argument_list`, or the generator expression that stands in its place. */
  readonly list: Node;
  readonly positional: readonly Node[];
  readonly keywords: ReadonlyMap<string, TypedNode<'keyword_argument'>>;
  /** Values of the keyword arguments. */
  keyword(name: string): Node | undefined;
  /** The argument at a position, or the keyword that may stand for it. */
  at(position: number, name?: string): Node | undefined;
  /** `*args` stands among them, so positions cannot be trusted. */
  readonly hasSplat: boolean;
  /** `**kwargs` stands among them, so any keyword may be there. */
  readonly hasDoubleSplat: boolean;
}

/** Reads the arguments of a call. */
export function argumentsOf(call: TypedNode<'call'>): CallArguments {
  return argumentsIn(call.field('arguments'));
}

/** Reads an argument list, such as the bases of a class. */
export function argumentsIn(list: Node): CallArguments {
  const positional: Node[] = [];
  const keywords = new Map<string, TypedNode<'keyword_argument'>>();
  let hasSplat = false;
  let hasDoubleSplat = false;
  if (list.is('generator_expression')) positional.push(list);
  else {
    for (const argument of list.namedChildren) {
      if (argument.is('keyword_argument')) keywords.set(argument.field('name').text, argument);
      else if (argument.is('dictionary_splat')) hasDoubleSplat = true;
      else {
        if (argument.is('list_splat')) hasSplat = true;
        positional.push(argument);
      }
    }
  }
  const keyword = (name: string): Node | undefined => keywords.get(name)?.field('value');
  return {
    list,
    positional,
    keywords,
    keyword,
    at: (position, name) => positional[position] ?? (name === undefined ? undefined : keyword(name)),
    hasSplat,
    hasDoubleSplat,
  };
}

/** The text of a string literal with its escapes read, or undefined when it is none, is bytes, or has replacement fields. */
export function stringValue(node: Node | undefined): string | undefined {
  if (!node) return undefined;
  if (node.is('parenthesized_expression')) return stringValue(node.firstNamed);
  if (node.is('concatenated_string')) {
    const parts = node.namedChildren.map(stringValue);
    return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
  }
  if (!node.is('string') || node.child('interpolation')) return undefined;
  const opening = node.child('string_start')?.text ?? '';
  const closing = node.child('string_end')?.text ?? '';
  const prefix = opening.replace(/["']+$/, '').toLowerCase();
  if (prefix.includes('b')) return undefined;
  const inner = node.text.slice(opening.length, closing === '' ? undefined : -closing.length);
  return prefix.includes('r') ? inner : readEscapes(inner);
}

/** Escape sequences of the language reference, "String and Bytes literals"; `\N{…}` is left as it stands. */
function readEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(\r?\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\s\S])/g,
    (whole, sequence: string) => {
      if (sequence.endsWith('\n')) return '';
      const simple = simpleEscapes.get(sequence);
      if (simple !== undefined) return simple;
      if (/^[0-7]/.test(sequence)) return String.fromCodePoint(Number.parseInt(sequence, 8));
      if (/^[xuU]/.test(sequence) && sequence.length > 1) {
        const code = Number.parseInt(sequence.slice(1), 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      }
      return whole;
    },
  );
}

/** Escape sequences of one letter or sign, which text and bytes share. */
export const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);
