import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';

/** A value of a TOML document with its place, offsets in UTF-16 code units. */
export interface TomlNode {
  /** The value as JavaScript has it: a table is a plain object. */
  value: unknown;
  /** Where the key stands that names this value; a table header's last part for a table. */
  key: Span;
  /** Where the value stands; for a table that a header opens, its header's key. */
  span: Span;
  children: Map<string, TomlNode>;
}

export interface Span {
  start: number;
  end: number;
}

export type TomlDocument = { root: TomlNode } | { problem: Span & { message: string } };

/** Reads a TOML document with places. A syntax error is one problem at its place; nothing throws. */
export function readToml(text: string): TomlDocument {
  const byteOrderMark = text.startsWith('\ufeff') ? 1 : 0;
  const source = text.slice(byteOrderMark);
  try {
    const program = parseTOML(source);
    const root = tableNode({ start: 0, end: 0 });
    const [top] = program.body;
    for (const entry of top.body) {
      if (entry.type === 'TOMLKeyValue') addEntry(root, entry, byteOrderMark);
      else addTable(root, entry, byteOrderMark);
    }
    return { root };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const span = syntaxErrorSpan(text, error.index + byteOrderMark, error.message);
    return { problem: { ...span, message: syntaxMessage(error.message) } };
  }
}

/** The node at a path of keys and array indexes, or undefined. */
export function nodeAt(root: TomlNode, path: readonly PropertyKey[]): TomlNode | undefined {
  let node: TomlNode | undefined = root;
  for (const key of path) node = node?.children.get(String(key));
  return node;
}

function tableNode(span: Span): TomlNode {
  // Without a prototype: a key such as `__proto__` is a key like any other.
  return { value: Object.create(null), key: span, span, children: new Map() };
}

function addTable(root: TomlNode, table: AST.TOMLTable, shift: number): void {
  let node = root;
  let part = 0;
  for (const key of table.resolvedKey) {
    const name = table.key.keys[typeof key === 'string' ? part : part - 1];
    if (typeof key === 'string') part += 1;
    node = childTable(
      node,
      String(key),
      spanOf(name ?? table.key, shift),
      table.kind === 'array' && part === table.key.keys.length,
    );
  }
  for (const entry of table.body) addEntry(node, entry, shift);
}

function childTable(parent: TomlNode, name: string, span: Span, isArray: boolean): TomlNode {
  const existing = parent.children.get(name);
  if (existing !== undefined) return existing;
  const child = tableNode(span);
  if (isArray && !Array.isArray(parent.value)) child.value = [];
  addChild(parent, name, child);
  return child;
}

function addEntry(table: TomlNode, entry: AST.TOMLKeyValue, shift: number): void {
  let node = table;
  const names = entry.key.keys;
  for (const name of names.slice(0, -1)) node = childTable(node, keyName(name), spanOf(name, shift), false);
  const last = names.at(-1);
  if (last === undefined) return;
  addChild(node, keyName(last), contentNode(entry.value, spanOf(last, shift), shift));
}

function contentNode(content: AST.TOMLContentNode, key: Span, shift: number): TomlNode {
  const span = spanOf(content, shift);
  const node: TomlNode = { value: undefined, key, span, children: new Map() };
  if (content.type === 'TOMLValue') {
    node.value = content.value;
  } else if (content.type === 'TOMLArray') {
    node.value = [];
    for (const [index, element] of content.elements.entries()) {
      addChild(node, String(index), contentNode(element, spanOf(element, shift), shift));
    }
  } else {
    node.value = Object.create(null);
    for (const entry of content.body) addEntry(node, entry, shift);
  }
  return node;
}

function addChild(parent: TomlNode, name: string, child: TomlNode): void {
  parent.children.set(name, child);
  if (Array.isArray(parent.value)) parent.value[Number(name)] = child.value;
  else if (typeof parent.value === 'object' && parent.value !== null) Reflect.set(parent.value, name, child.value);
}

function keyName(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value;
}

function spanOf(node: { range: [number, number] }, shift: number): Span {
  return { start: node.range[0] + shift, end: node.range[1] + shift };
}

/** Faults that the parser notices only when the next line begins, although the line before it has them. */
const faultsOfLineBefore = new Set([
  'Unterminated table-key',
  'Unterminated array',
  'Unterminated inline table',
  'Expected equal (=) token',
  'Unspecified values are invalid',
  'The key, equals sign, and value must be on the same line',
]);

/** The place of a syntax error: the word the parser stopped at, or the whole line that is not finished. */
function syntaxErrorSpan(text: string, index: number, fault: string): Span {
  const word = /^(?:[^\s,[\]{}=#]+|\S)/u.exec(text.slice(index));
  const atLineStart = index > 0 && (text[index - 1] === '\n' || text[index - 1] === '\r');
  if (word !== null && !(atLineStart && faultsOfLineBefore.has(fault)))
    return { start: index, end: index + word[0].length };
  const before = text.slice(0, index).trimEnd();
  const lineStart = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
  const indent = before.slice(lineStart).search(/\S/);
  return { start: lineStart + Math.max(0, indent), end: before.length };
}

const plainWords: Record<string, string> = {
  'Unterminated string constant': 'this string has no closing quote',
  'Unterminated table-key': 'this table header has no closing bracket',
  'Unterminated array': 'this array has no closing bracket',
  'Unterminated inline table': 'this inline table has no closing brace',
  'Empty bare keys are not allowed': 'a key is missing here',
  'Must be a newline': 'a new line is expected here',
  'Expected equal (=) token': '`=` is expected after this key',
  'Unspecified values are invalid': 'a value is missing here',
  'Expected comma (,) token': 'a comma is missing before this value',
  'Defining a key multiple times is invalid': 'this key is defined a second time',
  'The key, equals sign, and value must be on the same line': 'this line is not finished',
};

function syntaxMessage(fault: string): string {
  return `not valid TOML: ${plainWords[fault] ?? fault.charAt(0).toLowerCase() + fault.slice(1)}`;
}
