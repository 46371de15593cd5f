import { ownModule, type SourceFile, unitOf } from '../file.ts';
import type { Binding } from '../names/scopes.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Span } from '../text.ts';

/**
 * An annotation, read: from the tree, and inside strings from their text, so that `Optional[X]`, `"Optional[X]"` and
 * `Optional["X"]` are one. Offsets are those of the file as it stands; read again in a fix.
 */
export type TypeExpression = Span &
  (
    | {
        readonly kind: 'name';
        /** The dotted name as written, without white space. */
        readonly name: string;
        /** A node in the scope that the name is looked up in. */
        readonly anchor: Node;
      }
    | { readonly kind: 'none' }
    /** `base[…]`. Of `Annotated` only the type is given, of `Literal` only whether `None` is among its values. */
    | { readonly kind: 'generic'; readonly base: TypeExpression; readonly arguments: readonly TypeExpression[] }
    | { readonly kind: 'union'; readonly members: readonly TypeExpression[] }
    /** The parameters in a `Callable`, or what a star unpacks. */
    | { readonly kind: 'list'; readonly items: readonly TypeExpression[] }
    | { readonly kind: 'other' }
  );

type TypeName = TypeExpression & { kind: 'name' };

/** Reads an annotation: a `type` node, or an expression that is used as one, such as the value of an alias. */
export function readType(file: SourceFile, node: Node): TypeExpression {
  const { start, end } = node;
  if (node.is('type', 'parenthesized_expression', 'splat_type', 'list_splat')) {
    const inner = node.firstNamed;
    return inner ? readType(file, inner) : { kind: 'other', start, end };
  }
  if (node.is('identifier')) return { kind: 'name', name: node.text, anchor: node, start, end };
  if (node.is('attribute', 'member_type')) {
    const name = node.text.replace(/\s/g, '');
    return dottedName.test(name) ? { kind: 'name', name, anchor: node, start, end } : { kind: 'other', start, end };
  }
  if (node.is('none')) return { kind: 'none', start, end };
  if (node.is('string')) return readQuoted(file, node);
  if (node.is('generic_type')) {
    const base = node.firstNamed;
    const list = node.child('type_parameter')?.namedChildren ?? [];
    return base ? generic(file, readType(file, base), list, node) : { kind: 'other', start, end };
  }
  if (node.is('subscript')) return generic(file, readType(file, node.field('value')), node.fields('subscript'), node);
  if (node.is('union_type') || (node.is('binary_operator') && node.field('operator').text === '|')) {
    const members = node.namedChildren.map((child) => readType(file, child));
    return {
      kind: 'union',
      members: members.flatMap((member) => (member.kind === 'union' ? member.members : [member])),
      start,
      end,
    };
  }
  if (node.is('list', 'tuple'))
    return { kind: 'list', items: node.namedChildren.map((child) => readType(file, child)), start, end };
  return { kind: 'other', start, end };
}

/** The qualified name of a name in an annotation, as `file.qualified` gives it; also of names inside strings. */
export function qualifiedType(file: SourceFile, expression: TypeExpression): string | undefined {
  if (expression.kind !== 'name') return undefined;
  const { anchor, name } = expression;
  if (!anchor.is('string')) return file.qualified(anchor);
  const [head = '', ...rest] = name.split('.');
  const bindings = file.bindings(anchor, head);
  const tail = rest.map((part) => `.${part}`).join('');
  if (bindings.length === 0) return isBuiltin(file, head) ? `builtins.${head}${tail}` : undefined;
  const binding = file.binding(anchor, head);
  if (!binding) return undefined;
  if (binding.kind === 'import') {
    const target = `${binding.target ?? ''}${tail}`;
    return file.facts.reexport?.(target) ?? target;
  }
  if (binding.kind === 'assignment' && binding.value?.is('identifier', 'attribute')) {
    const value = file.qualified(binding.value);
    return value === undefined ? undefined : `${value}${tail}`;
  }
  return binding.kind === 'class' && binding.unit.role !== 'member' && binding.unit.scopes.top.names.has(head)
    ? `${ownModule}.${name}`
    : undefined;
}

/** Every name in an annotation, those inside strings and arguments too, in order. */
export function namesInType(expression: TypeExpression): TypeName[] {
  switch (expression.kind) {
    case 'name':
      return [expression];
    case 'generic':
      return [...namesInType(expression.base), ...expression.arguments.flatMap(namesInType)];
    case 'union':
      return expression.members.flatMap(namesInType);
    case 'list':
      return expression.items.flatMap(namesInType);
    default:
      return [];
  }
}

/** What the file says a name in an annotation stands for: the value of `Name = …`, `Name: TypeAlias = …` or `type Name = …`. */
export function aliasedType(file: SourceFile, expression: TypeExpression): TypeExpression | undefined {
  if (expression.kind !== 'name' || expression.name.includes('.')) return undefined;
  const binding = file.binding(expression.anchor, expression.name);
  const value = binding && aliasValue(binding);
  return value ? readType(file, value) : undefined;
}

/** The expression that an alias's binding gives its name. */
function aliasValue(binding: Binding): Node | undefined {
  if (binding.by.is('type_alias_statement')) return binding.by.field('right');
  if (binding.kind !== 'assignment') return undefined;
  return binding.value?.is('identifier', 'attribute', 'subscript', 'binary_operator', 'string')
    ? binding.value
    : undefined;
}

export const anyNames: ReadonlySet<string> = new Set(['typing.Any', 'typing_extensions.Any']);

/** Wrappers that say something about a variable, not about its values: the type is their first argument. */
const transparent = new Set(
  ['Annotated', 'ClassVar', 'Final', 'Required', 'NotRequired', 'ReadOnly']
    .flatMap((name) => [`typing.${name}`, `typing_extensions.${name}`])
    .concat('dataclasses.InitVar'),
);

/** What a value of the annotation can be: the annotation without `Annotated`, `ClassVar` and their like around it. */
export function valueType(file: SourceFile, expression: TypeExpression): TypeExpression {
  if (expression.kind !== 'generic') return expression;
  const base = qualifiedType(file, expression.base);
  const [inner] = expression.arguments;
  return inner && base !== undefined && transparent.has(base) ? valueType(file, inner) : expression;
}

/**
 * Whether `None` is among the values of an annotation; undefined when that cannot be told, as for a name that another
 * module defines.
 */
export function admitsNone(
  file: SourceFile,
  expression: TypeExpression,
  seen: readonly string[] = [],
): boolean | undefined {
  const type = valueType(file, expression);
  switch (type.kind) {
    case 'none':
      return true;
    case 'union':
      return anyOf(type.members.map((member) => admitsNone(file, member, seen)));
    case 'generic': {
      const base = qualifiedType(file, type.base);
      if (base !== undefined && optionals.has(base)) return true;
      if (base !== undefined && (unions.has(base) || literals.has(base)))
        return anyOf(type.arguments.map((argument) => admitsNone(file, argument, seen)));
      return isClass(file, type.base) || isModelByPlace(file, type.base) ? false : undefined;
    }
    case 'name': {
      const qualified = qualifiedType(file, type);
      if (qualified !== undefined && (anyNames.has(qualified) || holdNone.has(qualified))) return true;
      if (isClass(file, type) || isModelByPlace(file, type)) return false;
      const alias = seen.includes(type.name) ? undefined : aliasedType(file, type);
      return alias ? admitsNone(file, alias, [...seen, type.name]) : undefined;
    }
    case 'list':
      return undefined;
    case 'other':
      return undefined;
  }
}

const typing = (names: readonly string[]): string[] =>
  names.flatMap((name) => [`typing.${name}`, `typing_extensions.${name}`]);
const optionals = new Set(typing(['Optional']));
const unions = new Set(typing(['Union']));
const literals = new Set(typing(['Literal']));
const holdNone = new Set([
  ...typing(['Optional', 'Hashable']),
  'builtins.object',
  'builtins.any',
  'collections.abc.Hashable',
  'types.NoneType',
]);

/**
 * Whether a name is surely that of a class, so that `Name | None` is a type at run time: a class of the file, a builtin
 * one, or one of the standard library or of a well-known package, by its spelling.
 */
export function isClass(file: SourceFile, expression: TypeExpression): boolean {
  if (expression.kind !== 'name') return false;
  const qualified = qualifiedType(file, expression);
  if (qualified === undefined) {
    return !expression.name.includes('.') && file.binding(expression.anchor, expression.name)?.kind === 'class';
  }
  if (qualified.startsWith(`${ownModule}.`))
    return !expression.name.includes('.') && file.binding(expression.anchor, expression.name)?.kind === 'class';
  const [root = ''] = qualified.split('.');
  if (root === 'builtins') return builtinTypes.has(qualified.slice('builtins.'.length));
  if (notClasses.has(qualified) || !classPackages.has(root)) return false;
  const last = qualified.slice(qualified.lastIndexOf('.') + 1);
  const isTyping = root === 'typing' || root === 'typing_extensions';
  return (
    lowerClasses.has(qualified) ||
    (/^[A-Z]/.test(last) && /[a-z]|^(UUID|IO)$/.test(last) && (isTyping || !aliasLike.test(last)))
  );
}

/**
 * Whether a name is spelt like a class and imported from a module of models or enumerations, or like a schema's and from one
 * of schemas, which hold aliases too. It may still be an alias, as of `Annotated[…]`, but hardly one of a type with `None`.
 */
export function isModelByPlace(file: SourceFile, expression: TypeExpression): boolean {
  const qualified = qualifiedType(file, expression);
  if (qualified === undefined || qualified.startsWith(`${ownModule}.`)) return false;
  const parts = qualified.split('.');
  const last = parts.pop() ?? '';
  if (!/^[A-Z]\w*[a-z]/.test(last) || aliasLike.test(last)) return false;
  if (parts.some((part) => schemaModules.has(part))) return schemaLike.test(last);
  return parts.some((part) => modelModules.has(part));
}

const modelModules = new Set(['model', 'models', 'entities', 'enums']);
const schemaModules = new Set(['schema', 'schemas']);
/** Spelt like a schema rather than like an alias of a constrained type: `UserCreate`, not `Name`. */
const schemaLike = /(?:Create|Update|Read|Response|Request|Base|Schema|Model|In|Out|Patch|Filters?)$/;

const builtinTypes = new Set(
  'bool bytearray bytes complex dict float frozenset int list memoryview range set slice str tuple type'
    .split(' ')
    .concat(['BaseException', 'Exception', 'ValueError', 'TypeError', 'KeyError', 'OSError', 'RuntimeError']),
);
const lowerClasses = new Set(
  'datetime.datetime datetime.date datetime.time datetime.timedelta datetime.tzinfo datetime.timezone collections.deque collections.defaultdict functools.partial array.array socket.socket'.split(
    ' ',
  ),
);
/** Spelt like classes, but functions, type variables or special forms. */
const notClasses = new Set([
  'threading.Lock',
  'threading.RLock',
  ...typing(['AnyStr', 'NamedTuple', 'TypedDict', 'TypeVar', 'Generic', 'Protocol', 'Union', 'Optional', 'Literal']),
  ...typing(['NoReturn', 'Never', 'LiteralString', 'Unpack', 'Concatenate', 'TypeAlias', 'ParamSpec']),
  'pydantic.JsonValue',
  'pydantic.Json',
  'sqlalchemy.orm.Mapped',
  'sqlalchemy.orm.DynamicMapped',
  'sqlalchemy.orm.WriteOnlyMapped',
]);
const aliasLike = /Like$|Type$|Types$|Value$|Optional|Maybe|Nullable|None(?![a-z])/;
const classPackages = new Set(
  'abc argparse array asyncio collections concurrent configparser contextlib datetime decimal email enum fractions functools http io ipaddress logging numbers pathlib queue re smtplib socket sqlite3 ssl string subprocess threading types typing typing_extensions uuid zoneinfo aiohttp boto3 fastapi httpx jinja2 pydantic pydantic_settings redis requests sqlalchemy sqlmodel starlette'.split(
    ' ',
  ),
);

/** Whether a name that nothing in the file binds is a builtin there. */
export function isBuiltin(file: SourceFile, name: string): boolean {
  return builtinTypes.has(name) || name === 'object' || name === 'any' ? !file.mayComeFromStar() : false;
}

/** Whether a builtin type can be written at a node: nothing there has taken its name. */
export function meansBuiltin(file: SourceFile, name: string, at: Node): boolean {
  return file.bindings(at, name).length === 0 && !file.mayComeFromStar();
}

/** The builtin type of a literal: `int`, `str`, `float`, `bool`, `bytes` or `complex`. */
export function literalType(node: Node | undefined): string | undefined {
  if (!node) return undefined;
  if (node.is('parenthesized_expression')) return literalType(node.firstNamed);
  if (node.is('true', 'false')) return 'bool';
  if (node.is('integer', 'float')) return /j$/i.test(node.text) ? 'complex' : node.is('float') ? 'float' : 'int';
  if (node.is('unary_operator')) {
    const inner = literalType(node.field('argument'));
    const isInverted = node.child('"~"') !== undefined;
    return inner === 'int' || (inner === 'float' && !isInverted) ? inner : undefined;
  }
  if (node.is('string')) {
    const prefix = (node.child('string_start')?.text ?? '').replace(/["']+$/, '').toLowerCase();
    return prefix.includes('b') ? 'bytes' : prefix.includes('t') ? undefined : 'str';
  }
  if (node.is('concatenated_string')) {
    const parts = node.namedChildren.map(literalType);
    return parts.every((part) => part === parts[0]) ? parts[0] : undefined;
  }
  return undefined;
}

/** Whether a function is defined in the body of a class, so that its first parameter may be the object or the class. */
export function isMethod(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  if (file.enclosingFunction(definition)) return false;
  return definition.above('class_definition') !== undefined || unitOf(definition).role === 'member';
}

function anyOf(answers: readonly (boolean | undefined)[]): boolean | undefined {
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

function generic(file: SourceFile, base: TypeExpression, list: readonly Node[], whole: Node): TypeExpression {
  const qualified = qualifiedType(file, base);
  const { start, end } = whole;
  if (qualified !== undefined && literals.has(qualified)) {
    const values = list.flatMap((node): TypeExpression[] => {
      const value = node.is('type') ? node.firstNamed : node;
      return value ? [literalValue(value.kind === 'none', value)] : [];
    });
    return { kind: 'generic', base, arguments: values, start, end };
  }
  const types = qualified !== undefined && annotated.has(qualified) ? list.slice(0, 1) : list;
  return { kind: 'generic', base, arguments: types.map((node) => readType(file, node)), start, end };
}

const annotated = new Set(typing(['Annotated']));
const dottedName = /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

/** A value in `Literal[…]`: `None`, or an empty list of types, which admits nothing. */
function literalValue(isNone: boolean, { start, end }: Span): TypeExpression {
  return isNone ? { kind: 'none', start, end } : { kind: 'union', members: [], start, end };
}

/** Reads the text of a string annotation; what is no plain annotation is `other`. */
function readQuoted(file: SourceFile, string: TypedNode<'string'>): TypeExpression {
  const { start, end } = string;
  const opening = string.child('string_start')?.text ?? '';
  const closing = string.child('string_end')?.text ?? '';
  const { text } = string;
  if (!/^[rRuU]?["']+$/.test(opening) || closing === '' || text.includes('\\')) return { kind: 'other', start, end };
  const inner = text.slice(opening.length, -closing.length);
  const read = new QuotedReader(file, string, inner, start + opening.length).read();
  return read ?? { kind: 'other', start, end };
}

const token =
  /\s*(?:([\p{L}_][\p{L}\p{N}_]*(?:\s*\.\s*[\p{L}_][\p{L}\p{N}_]*)*)|(\.\.\.|[[\](),|*])|('[^']*'|"[^"]*"|-?\d[\w.]*|[^\s]))/uy;

/** Reads the grammar of types from text: names, subscripts, unions, lists. Owns its place in the text. */
class QuotedReader {
  readonly #file: SourceFile;
  readonly #anchor: Node;
  readonly #tokens: { text: string; start: number; end: number }[] = [];
  #at = 0;

  constructor(file: SourceFile, anchor: Node, text: string, offset: number) {
    this.#file = file;
    this.#anchor = anchor;
    token.lastIndex = 0;
    for (let match = token.exec(text); match; match = token.exec(text)) {
      const piece = match[1] ?? match[2] ?? match[3] ?? '';
      const end = match.index + match[0].length;
      this.#tokens.push({ text: piece, start: offset + end - piece.length, end: offset + end });
    }
  }

  read(): TypeExpression | undefined {
    const type = this.#union();
    return this.#at === this.#tokens.length ? type : undefined;
  }

  #union(): TypeExpression | undefined {
    const first = this.#primary();
    if (!first) return undefined;
    const members = [first];
    while (this.#take('|')) {
      const next = this.#primary();
      if (!next) return undefined;
      members.push(next);
    }
    return members.length === 1
      ? first
      : { kind: 'union', members, start: first.start, end: members.at(-1)?.end ?? first.end };
  }

  #primary(): TypeExpression | undefined {
    this.#take('*');
    const head = this.#tokens[this.#at];
    if (!head) return undefined;
    this.#at++;
    const { start, end } = head;
    if (head.text === '...' || /^['"\d-]/.test(head.text)) return { kind: 'other', start, end };
    if (head.text === 'None') return { kind: 'none', start, end };
    if (head.text === '[' || head.text === '(') {
      const items = this.#list(head.text === '[' ? ']' : ')');
      if (!items) return undefined;
      const [only] = items;
      return head.text === '(' && items.length === 1 && only ? only : { kind: 'list', items, start, end: this.#end() };
    }
    if (!/^[\p{L}_]/u.test(head.text)) return undefined;
    const name: TypeExpression = {
      kind: 'name',
      name: head.text.replace(/\s/g, ''),
      anchor: this.#anchor,
      start,
      end,
    };
    if (!this.#take('[')) return name;
    const qualified = qualifiedType(this.#file, name);
    if (qualified !== undefined && literals.has(qualified)) return this.#literal(name);
    if (qualified !== undefined && annotated.has(qualified)) {
      const inner = this.#union();
      if (!inner || !this.#skipToClose()) return undefined;
      return { kind: 'generic', base: name, arguments: [inner], start, end: this.#end() };
    }
    const list = this.#list(']');
    return list && { kind: 'generic', base: name, arguments: list, start, end: this.#end() };
  }

  #literal(base: TypeExpression): TypeExpression | undefined {
    const from = this.#at;
    if (!this.#skipToClose()) return undefined;
    const values = this.#tokens
      .slice(from, this.#at - 1)
      .filter((piece) => piece.text !== ',')
      .map((piece) => literalValue(piece.text === 'None', piece));
    return { kind: 'generic', base, arguments: values, start: base.start, end: this.#end() };
  }

  #list(close: string): TypeExpression[] | undefined {
    const items: TypeExpression[] = [];
    while (!this.#take(close)) {
      const item = this.#union();
      if (!item) return undefined;
      items.push(item);
      if (!this.#take(',') && this.#tokens[this.#at]?.text !== close) return undefined;
    }
    return items;
  }

  /** Moves behind the bracket that closes the one already read. */
  #skipToClose(): boolean {
    for (let depth = 1; depth > 0; this.#at++) {
      const text = this.#tokens[this.#at]?.text;
      if (text === undefined) return false;
      if (text === '[' || text === '(') depth++;
      if (text === ']' || text === ')') depth--;
    }
    return true;
  }

  #take(text: string): boolean {
    if (this.#tokens[this.#at]?.text !== text) return false;
    this.#at++;
    return true;
  }

  #end(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }
}
