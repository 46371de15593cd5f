import type { SourceFile } from '../file.ts';
import { isMainGuard } from '../names/entry-points.ts';
import { spell } from '../names/spell.ts';
import { readSuppression, withoutCodes } from '../suppress.ts';
import { argumentsOf, type CallArguments, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';
import { failureOf, handlerAround } from './handlers.ts';
import { dottedName, type LoggerSpelling, spellLogger } from './logging.ts';
import { isMigration, isScript, isTestFile } from './paths.ts';
import { sensitiveEntry, sensitiveParts } from './sensitive.ts';

/** What writes to standard output. */
export type Printer = 'print' | 'pprint' | 'write';

/** How a call that prints is turned into one that logs; the title says which method is called. */
export interface PrintFix {
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** Where the text of a print call goes: `other` is a file, which is no business of a logger. */
export function destinationOf(call: TypedNode<'call'>, file: SourceFile): 'stdout' | 'stderr' | 'other' {
  const target = argumentsOf(call).keyword('file') ?? argumentsOf(call).keyword('stream');
  if (!target || target.is('none')) return 'stdout';
  const name = dottedName(target, file);
  if (name === 'sys.stdout' || name === 'sys.__stdout__') return 'stdout';
  return name === 'sys.stderr' || name === 'sys.__stderr__' ? 'stderr' : 'other';
}

/** Where standard output is the product: scripts, command lines, tests, migrations, and files that are run by hand. */
export function printsAreProduct(call: Node, file: SourceFile): boolean {
  if (isScript(file) || isTestFile(file) || isMigration(file) || /(?:^|\/)(?:revisions|versions)\//.test(file.path))
    return true;
  if (file.isRunByHand()) return true;
  for (let node = call.parent; node; node = node.parent) {
    if (node.is('if_statement') && isMainGuard(node)) return true;
    if (
      node.is('function_definition') &&
      file.decorators(node).some((decorator) => /(?:^|\.)(?:command|callback|group)\b/.test(decorator.text))
    )
      return true;
  }
  return false;
}

/**
 * The edits that log what a call prints: with the logger of the place, at a level that suits, in the logger's own style.
 * Undefined where the result would not say the same: `end=`, `*args`, a `sep` that is no literal, a partial line, a secret.
 */
export function printFix(call: TypedNode<'call'>, printer: Printer, file: SourceFile): PrintFix | undefined {
  const given = argumentsOf(call);
  if (given.hasSplat || given.hasDoubleSplat || !given.list.is('argument_list')) return undefined;
  const noqa = staleNoqa(call, file);
  if (printer === 'print' && given.positional.length === 0) {
    if (given.keywords.has('end')) return undefined;
    const removal = removalOf(call, file, noqa);
    return removal && { title: 'Remove the empty `print()`', edits: removal };
  }
  if (leaksSecret(given, file)) return undefined;
  const logger = spellLogger(file, call);
  if (!logger) return undefined;
  const body = bodyOf(call, printer, given, logger, file);
  if (!body) return undefined;
  const method = methodFor(call, given, file);
  const callee = call.field('function');
  return {
    title: `Log with \`${logger.text}.${method}\``,
    edits: [
      ...logger.edits,
      { start: callee.start, end: callee.end, text: `${logger.text}.${method}` },
      ...body,
      ...noqa,
    ],
  };
}

function bodyOf(
  call: TypedNode<'call'>,
  printer: Printer,
  given: CallArguments,
  logger: LoggerSpelling,
  file: SourceFile,
): readonly Edit[] | undefined {
  if (printer === 'pprint') return pprintBody(call, given, logger, file);
  if (printer === 'write') return writeBody(call, given);
  const allowed = new Set(['file', 'flush', 'sep']);
  for (const name of given.keywords.keys()) if (!allowed.has(name)) return undefined;
  const { positional } = given;
  const [first] = positional;
  const last = positional.at(-1);
  const keywords = [...given.keywords.values()];
  if (!first || !last || keywords.some((keyword) => keyword.start < last.start)) return undefined;
  const separator = positional.length === 1 ? ' ' : separatorOf(given);
  if (separator === undefined) return undefined;
  const dropped = keywords.map((keyword) => removeArgument(keyword));
  const [only] = positional.length === 1 ? positional : [];
  if (only) {
    const edits = singleValue(call, only, logger, file);
    return edits && [...edits, ...dropped];
  }
  if (logger.kind === 'std' || logger.kind === 'loguru') {
    const edits = formatted(positional, separator, logger.kind);
    return edits && [...edits, ...dropped];
  }
  const text =
    (logger.kind === 'structlog' && separator.trim() === '' ? asKeywords(positional) : undefined) ??
    asFormattedString(positional, separator, file);
  if (text === undefined) return undefined;
  return [{ start: first.start, end: last.end, text }, ...dropped];
}

/** One value: text is logged as it stands, since without arguments no logger formats it; anything else becomes an argument. */
function singleValue(
  call: TypedNode<'call'>,
  value: Node,
  logger: LoggerSpelling,
  file: SourceFile,
): readonly Edit[] | undefined {
  if (isTraceback(value, file) && handlerAround(call))
    return [{ start: value.start, end: value.end, text: `"${failureOf(call, file)}"` }];
  if (isText(value)) return [];
  const [before, after] = {
    std: ['"%s", ', ''],
    loguru: ['"{}", ', ''],
    structlog: ['str(', ')'],
    unknown: ['str(', ')'],
  }[logger.kind];
  if (after === ')' && file.qualified(value) === undefined && file.moduleBindings('str').length > 0) return undefined;
  return [
    { start: value.start, end: value.start, text: before ?? '' },
    ...(after ? [{ start: value.end, end: value.end, text: after }] : []),
  ];
}

/** Several values for `%s` or `{}`: plain literals go into the format, each other value becomes an argument. */
function formatted(
  positional: readonly Node[],
  separator: string,
  kind: 'std' | 'loguru',
): readonly Edit[] | undefined {
  const [first] = positional;
  if (!first) return undefined;
  const literals = positional.map((value) => literalOf(value));
  const hasValues = literals.some((literal) => literal === undefined);
  const escaped = (text: string): string => {
    if (!hasValues) return text;
    return kind === 'std' ? text.replaceAll('%', '%%') : text.replaceAll('{', '{{').replaceAll('}', '}}');
  };
  const quote = literals.find((literal) => literal !== undefined)?.quote ?? '"';
  const placeholder = kind === 'std' ? '%s' : '{}';
  const parts = literals.map((literal) => (literal ? escaped(requoted(literal, quote)) : placeholder));
  const format = `${quote}${parts.join(escaped(requoted({ inner: separator, quote: '' }, quote)))}${quote}`;
  const edits: Edit[] = [];
  let previous: Node | undefined;
  positional.forEach((value, index) => {
    const isLiteral = literals[index] !== undefined;
    if (!previous)
      edits.push({
        start: value.start,
        end: isLiteral ? value.end : value.start,
        text: isLiteral ? format : `${format}, `,
      });
    else if (isLiteral) edits.push({ start: previous.end, end: value.end, text: '' });
    previous = value;
  });
  return edits;
}

/** `"User logged in:", user_id` as `"User logged in", user_id=user_id`, where every value has a name of its own. */
function asKeywords(positional: readonly Node[]): string | undefined {
  const [first, ...values] = positional;
  const literal = first ? literalOf(first) : undefined;
  if (!literal) return undefined;
  const names = values.map((value) =>
    value.is('identifier') ? value.text : value.is('attribute') ? value.field('attribute').text : '',
  );
  const reserved = new Set(['', 'event', 'level', 'timestamp', 'logger', 'exc_info', 'stack_info', 'self']);
  if (names.some((name) => reserved.has(name)) || new Set(names).size < names.length) return undefined;
  const event = literal.inner.replace(/[\s:=]+$/, '');
  if (event === '') return undefined;
  return [
    `${literal.quote}${event}${literal.quote}`,
    ...values.map((value, index) => `${names[index]}=${value.text}`),
  ].join(', ');
}

/** All values in one f-string, which suits every logger; undefined where their quotes or lines do not fit into one. */
function asFormattedString(positional: readonly Node[], separator: string, file: SourceFile): string | undefined {
  const [first] = positional;
  const last = positional.at(-1);
  if (!first || !last || file.commentsIn({ start: first.start, end: last.end }).length > 0) return undefined;
  const literals = positional.map((value) => literalOf(value));
  const expressions = positional.filter((_, index) => literals[index] === undefined);
  const texts = expressions.map((value) => value.text);
  if (texts.some((text) => /[\\\n#]/.test(text))) return undefined;
  const quote = ['"', "'"].find((candidate) => !texts.some((text) => text.includes(candidate)));
  if (quote === undefined || expressions.some((value) => value.is('lambda', 'named_expression'))) return undefined;
  if (expressions.length === 0) {
    const joined = literals.map((literal) => (literal ? requoted(literal, quote) : ''));
    return `${quote}${joined.join(requoted({ inner: separator, quote: '' }, quote))}${quote}`;
  }
  const escaped = (text: string): string => text.replaceAll('{', '{{').replaceAll('}', '}}');
  const parts = positional.map((value, index) => {
    const literal = literals[index];
    if (literal) return escaped(requoted(literal, quote));
    return /^[{]/.test(value.text) ? `{ ${value.text} }` : `{${value.text}}`;
  });
  return `f${quote}${parts.join(escaped(requoted({ inner: separator, quote: '' }, quote)))}${quote}`;
}

/** `pprint(x, width=40)` logs `pformat(x, width=40)`. */
function pprintBody(
  call: TypedNode<'call'>,
  given: CallArguments,
  logger: LoggerSpelling,
  file: SourceFile,
): readonly Edit[] | undefined {
  const stream = given.keywords.get('stream');
  if (given.positional.length !== 1 || given.keywords.has('object')) return undefined;
  const formatter = spell(file, 'pprint', 'pformat', call);
  if (!formatter) return undefined;
  const before = { std: '"%s", ', loguru: '"{}", ', structlog: '', unknown: '' }[logger.kind];
  const { list } = given;
  return [
    ...formatter.edits,
    { start: list.start + 1, end: list.start + 1, text: `${before}${formatter.text}(` },
    ...(stream ? [removeArgument(stream)] : []),
    { start: list.end, end: list.end, text: ')' },
  ];
}

/** `sys.stdout.write("…\n")` logs the line; what does not end a line is part of something larger. */
function writeBody(call: TypedNode<'call'>, given: CallArguments): readonly Edit[] | undefined {
  const [text] = given.positional;
  if (!call.parent?.is('expression_statement') || given.positional.length !== 1 || given.keywords.size > 0)
    return undefined;
  if (!text?.is('string') || isRawOrBytes(text)) return undefined;
  const last = text.children.filter((child) => child.is('string_content', 'interpolation')).at(-1);
  const end = text.child('string_end')?.start;
  if (!last?.is('string_content') || end === undefined || !/(?:^|[^\\])(?:\\\\)*\\n$/.test(last.text)) return undefined;
  return [{ start: end - 2, end, text: '' }];
}

/** `exception` in a handler; otherwise what the text says, and an error for what goes to standard error. */
function methodFor(call: TypedNode<'call'>, given: CallArguments, file: SourceFile): string {
  if (handlerAround(call)) return 'exception';
  const text = given.positional.map(literalText).join(' ');
  if (/\bwarn(?:ing)?\b|\bdeprecated\b|\u26a0/i.test(text)) return 'warning';
  if (
    /(?<!\b(?:no|0|without) )\b(?:error|failed|failure|fatal|exception|traceback|could not|unable to)\b|\u274c/i.test(
      text,
    )
  )
    return 'error';
  if (destinationOf(call, file) === 'stderr') return 'error';
  return /^\W*debug\b/i.test(text) ? 'debug' : 'info';
}

/** The words of the literals in an expression, as far as they are its own. */
function literalText(value: Node): string {
  if (value.is('string'))
    return value.children.map((child) => (child.is('string_content') ? child.text : ' ')).join('');
  if (value.is('concatenated_string', 'parenthesized_expression'))
    return value.namedChildren.map(literalText).join(' ');
  if (value.is('binary_operator')) return `${literalText(value.field('left'))} ${literalText(value.field('right'))}`;
  if (value.is('call')) {
    const callee = value.field('function');
    return callee.is('attribute') ? literalText(callee.field('object')) : '';
  }
  return '';
}

/** Expressions that are certainly a `str`. */
function isText(value: Node): boolean {
  if (value.is('string')) return !isBytes(value);
  if (value.is('concatenated_string')) return value.namedChildren.every(isText);
  if (value.is('parenthesized_expression')) return value.firstNamed !== undefined && isText(value.firstNamed);
  if (value.is('binary_operator')) {
    const operator = value.field('operator').text;
    if (operator === '%') return isText(value.field('left'));
    if (operator === '+') return isText(value.field('left')) || isText(value.field('right'));
    return operator === '*' && isText(value.field('left'));
  }
  if (value.is('conditional_expression')) {
    const [whenTrue, , whenFalse] = value.namedChildren;
    return whenTrue !== undefined && whenFalse !== undefined && isText(whenTrue) && isText(whenFalse);
  }
  if (!value.is('call')) return false;
  const callee = value.field('function');
  if (!callee.is('attribute')) return false;
  const method = callee.field('attribute').text;
  return isText(callee.field('object')) && (method === 'format' || method === 'join');
}

function isTraceback(value: Node, file: SourceFile): boolean {
  return value.is('call') && dottedName(value.field('function'), file) === 'traceback.format_exc';
}

interface Literal {
  /** The source between the quotes. */
  readonly inner: string;
  readonly quote: string;
}

/** A plain literal on one line that can be part of another; raw, byte, triple-quoted and f-strings cannot. */
function literalOf(value: Node): Literal | undefined {
  if (!value.is('string') || value.child('interpolation')) return undefined;
  const opening = value.child('string_start')?.text ?? '';
  if (opening !== '"' && opening !== "'") return undefined;
  const inner = value.text.slice(1, -1);
  return /\n|\\N\{/.test(inner) ? undefined : { inner, quote: opening };
}

/** The inner source for another kind of quote. */
function requoted(literal: Literal, quote: string): string {
  if (literal.quote === quote) return literal.inner;
  return literal.inner.replace(/\\[\s\S]|["']/g, (found) => (found === quote ? `\\${quote}` : found));
}

/** The source of what stands between two values, as it would be inside quotes. */
function separatorOf(given: CallArguments): string | undefined {
  const value = given.keyword('sep');
  if (!value || value.is('none')) return ' ';
  if (stringValue(value) === undefined) return undefined;
  return literalOf(value)?.inner;
}

/** The edit that takes an argument and the comma before it out. */
function removeArgument(argument: Node): Edit {
  let before = argument.previous;
  while (before && !before.isNamed && before.kind !== '"("') before = before.previous;
  const start = before && before.kind !== '"("' && !before.is('comment') ? before.end : argument.start;
  return { start, end: argument.end, text: '' };
}

function isBytes(value: Node): boolean {
  return /b/i.test(value.child('string_start')?.text.replace(/["']+$/, '') ?? '');
}

function isRawOrBytes(value: Node): boolean {
  return /[br]/i.test(value.child('string_start')?.text.replace(/["']+$/, '') ?? '');
}

function leaksSecret(given: CallArguments, file: SourceFile): boolean {
  return (
    given.positional.some((value) => sensitiveParts(value, file).length > 0) ||
    [...given.keywords.values()].some((keyword) => sensitiveEntry(keyword, file).length > 0)
  );
}

/** Takes an empty `print()` out with its line, or leaves a `pass` where a block would be empty. */
function removalOf(call: TypedNode<'call'>, file: SourceFile, noqa: readonly Edit[]): readonly Edit[] | undefined {
  const statement = call.parent;
  if (!statement?.is('expression_statement')) return undefined;
  const lineStart = file.lineStart(statement.start);
  const before = file.slice(lineStart, statement.start);
  const after = /^[^\r\n]*\r?\n?/.exec(file.slice(statement.end, statement.end + 2000))?.[0] ?? '';
  const block = statement.parent;
  const needsBody = block?.is('block') === true && block.namedChildren.length === 1;
  const alone = before.trim() === '' && (after.trim() === '' || (noqa.length > 0 && /^[ \t]*#/.test(after)));
  if (needsBody || !alone) return [{ start: statement.start, end: statement.end, text: 'pass' }, ...noqa];
  const [comment] = noqa;
  const goes =
    after.trim() === '' || (comment?.text === '' && file.slice(statement.end, comment.end).trim() === after.trim());
  if (!goes) return [{ start: statement.start, end: statement.end, text: 'pass' }, ...noqa];
  return [{ start: lineStart, end: statement.end + after.length, text: '' }];
}

/** Ruff and flake8 have nothing to suppress on the line any more. */
function staleNoqa(call: TypedNode<'call'>, file: SourceFile): readonly Edit[] {
  const line = /^[^\r\n]*/.exec(file.slice(call.end, call.end + 2000))?.[0] ?? '';
  for (const comment of file.commentsIn({ start: call.end, end: call.end + line.length })) {
    const suppression = comment.start < call.end ? undefined : readSuppression(comment);
    if (suppression?.scope !== 'line' || !suppression.codes) continue;
    const stale = suppression.codes.filter((one) => one.code === 'T201' || one.code === 'T203' || one.code === 'T001');
    if (stale.length > 0) return [withoutCodes(suppression, stale)];
  }
  return [];
}
