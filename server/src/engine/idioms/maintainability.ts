import { unitOf } from '../file.ts';
import { simpleEscapes, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { complexityOf, ownBranches } from './complexity.ts';

/**
 * The maintainability index as radon 6 counts it (`radon mi` with its default flags: strings of several lines that stand
 * alone count as comments). The parts are counted segment by segment and added up, so that a keystroke costs its segment.
 */

/** What one segment of a file adds to its index, as plain data. */
export interface MaintainabilityPart {
  /** Branches, without the one that a file starts with. */
  readonly complexity: number;
  readonly logicalLines: number;
  readonly sourceLines: number;
  /** Lines of comments, and of strings that stand alone. */
  readonly commentLines: number;
  /** How many operators and operands there are. */
  readonly length: number;
  /** Operands that are like no other, because radon compares everything but names, attributes and literals by identity. */
  readonly uniqueOperands: number;
  /** The operators, one bit each. */
  readonly operators: number;
  /**
   * Names, attributes and literals that are operands, each once, behind the name of the function they stand in. In one
   * string, because facts are compared at every keystroke.
   */
  readonly operands: string;
  /** How many `operands` there are. */
  readonly operandCount: number;
}

/** Counts one segment, given its root. */
export function maintainabilityPart(root: TypedNode<'module'>): MaintainabilityPart {
  const { role } = unitOf(root);
  const halstead: Halstead = { length: 0, uniqueOperands: 0, operators: 0, operands: new Set() };
  countOperators(root, '', halstead);
  return {
    complexity: role === 'member' ? classBranches(root) : role === 'class' ? headerBranches(root) : branchesOf(root),
    ...countLines(root),
    length: halstead.length,
    uniqueOperands: halstead.uniqueOperands,
    operators: halstead.operators,
    operands: [...halstead.operands].join(separator),
    operandCount: halstead.operands.size,
  };
}

/** The index of a file, from 0 to 100, higher being better: `radon.metrics.mi_compute` of the parts of its segments. */
export function maintainabilityIndex(parts: readonly MaintainabilityPart[]): number {
  const sum = sumOf(parts);
  // Adding up the different operands is the one thing that costs; below zero and far above it changes nothing.
  return bounded(sum, sum.mostOperands) === 0 ? 0 : bounded(sum, differentOperands(parts));
}

/** Whether the index is above a limit; as `maintainabilityIndex(parts) > limit`, and mostly without counting to the end. */
export function isMoreMaintainable(parts: readonly MaintainabilityPart[], limit: number): boolean {
  const sum = sumOf(parts);
  if (bounded(sum, sum.mostOperands) > limit) return true;
  return bounded(sum, sum.leastOperands) > limit && bounded(sum, differentOperands(parts)) > limit;
}

interface Sum {
  readonly complexity: number;
  readonly logicalLines: number;
  readonly sourceLines: number;
  readonly commentLines: number;
  readonly length: number;
  readonly operators: number;
  /** Bounds of how many different operands there can be. */
  readonly leastOperands: number;
  readonly mostOperands: number;
}

function sumOf(parts: readonly MaintainabilityPart[]): Sum {
  let operators = 0;
  let complexity = 1;
  let logicalLines = 0;
  let sourceLines = 0;
  let commentLines = 0;
  let length = 0;
  let uniqueOperands = 0;
  let most = 0;
  let least = 0;
  for (const part of parts) {
    complexity += part.complexity;
    logicalLines += part.logicalLines;
    sourceLines += part.sourceLines;
    commentLines += part.commentLines;
    length += part.length;
    uniqueOperands += part.uniqueOperands;
    operators |= part.operators;
    most += part.operandCount;
    least = Math.max(least, part.operandCount);
  }
  return {
    complexity,
    logicalLines,
    sourceLines,
    commentLines,
    length,
    operators: bitsIn(operators),
    leastOperands: uniqueOperands + least,
    mostOperands: uniqueOperands + most,
  };
}

function differentOperands(parts: readonly MaintainabilityPart[]): number {
  const seen = new Set<string>();
  let unique = 0;
  for (const part of parts) {
    unique += part.uniqueOperands;
    if (part.operandCount > 0) for (const operand of part.operands.split(separator)) seen.add(operand);
  }
  return unique + seen.size;
}

function bitsIn(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The index, given how many different operands there are: the more, the lower. */
function bounded(sum: Sum, operands: number): number {
  const vocabulary = sum.operators + operands;
  const volume = vocabulary === 0 ? 0 : sum.length * Math.log2(vocabulary);
  if (volume <= 0 || sum.logicalLines <= 0) return 100;
  const comments = sum.sourceLines === 0 ? 0 : (sum.commentLines / sum.sourceLines) * 100;
  const index =
    171 -
    5.2 * Math.log(volume) -
    0.23 * sum.complexity -
    16.2 * Math.log(sum.logicalLines) +
    50 * Math.sin(Math.sqrt(2.46 * ((comments * Math.PI) / 180)));
  return Math.min(Math.max(0, (index * 100) / 171), 100);
}

/** Branches of a statement of the module; a class counts by its methods, a class in a class or function not at all. */
function branchesOf(root: Node): number {
  let branches = ownBranches(root);
  for (const inner of root.belowOutside(definitions, ...definitions))
    branches += inner.is('class_definition') ? classBranches(inner.field('body')) : ownBranches(inner.field('body'));
  return branches;
}

/** Branches of a class's body, or of one statement of it; in a class each method counts one more. */
function classBranches(body: Node): number {
  let branches = ownBranches(body);
  for (const inner of body.belowOutside(definitions, ...definitions))
    if (inner.is('function_definition')) branches += complexityOf(inner);
  return branches;
}

/** A class whose members are segments of their own; what stands on the line of its header is its body all the same. */
function headerBranches(root: Node): number {
  const [definition] = root.belowOutside(['class_definition'], 'class_definition');
  return definition ? classBranches(definition.field('body')) : 0;
}

const definitions = ['function_definition', 'class_definition'] as const;

interface Halstead {
  length: number;
  uniqueOperands: number;
  operators: number;
  readonly operands: Set<string>;
}

const separator = '\u0000';

/** The operators of Python, `unary` ones and those of patterns as their own; their places are their bits. */
const operatorNames = [
  ...['and', 'or', 'in', 'not in', 'is', 'is not', '<', '<=', '==', '!=', '<>', '>=', '>'],
  ...['+', '-', '*', '/', '//', '%', '**', '@', '<<', '>>', '&', '|', '^'],
].map((name) => `"${name}"`);
const operatorBits = new Map(
  [...operatorNames, 'not', 'unary "+"', 'unary "-"', 'unary "~"'].map((name, place) => [name, 1 << place]),
);

/** As `radon.visitors.HalsteadVisitor`: of a function only the body, under its own name. */
function countOperators(node: Node, context: string, into: Halstead): void {
  for (const found of node.belowOutside(['function_definition', 'decorated_definition'], ...counted)) {
    if (found.is('function_definition')) countOperators(found.field('body'), found.field('name').text, into);
    else if (found.is('decorated_definition')) {
      const definition = found.field('definition');
      if (definition.is('function_definition'))
        countOperators(definition.field('body'), definition.field('name').text, into);
      else countOperators(found, context, into);
    } else if (found.is('boolean_operator')) {
      if (!isContinued(found)) count(into, context, [found.field('operator').kind], chain(found));
    } else if (found.is('comparison_operator')) {
      const operators = found.fields('operators').map((operator) => operator.kind);
      count(into, context, operators, found.namedChildren);
    } else if (found.is('not_operator')) count(into, context, ['not'], [found.field('argument')]);
    else if (found.is('unary_operator'))
      count(into, context, [`unary ${found.field('operator').kind}`], [found.field('argument')]);
    else if (found.is('binary_operator'))
      count(into, context, [found.field('operator').kind], [found.field('left'), found.field('right')]);
    else if (found.is('augmented_assignment'))
      // `+=` is the same operator as `+`.
      count(
        into,
        context,
        [found.field('operator').kind.replace('=', '')],
        [found.field('left'), found.field('right')],
      );
    else if (found.is('chevron')) {
      // `print >> file` is a shift, though the grammar takes it for what it was in Python 2.
      count(into, context, ['">>"'], found.namedChildren.slice(0, 1));
      into.length++;
      see(into, context, 'sprint');
    } else if (found.is('union_type')) count(into, context, ['"|"'], found.namedChildren);
    else if (found.is('complex_pattern')) countComplexPattern(found, context, into);
    else countNegativePatterns(found, context, into);
  }
}

const counted = [
  'function_definition',
  'decorated_definition',
  'boolean_operator',
  'comparison_operator',
  'not_operator',
  'unary_operator',
  'binary_operator',
  'augmented_assignment',
  'chevron',
  'union_type',
  'complex_pattern',
  'case_pattern',
  'dict_pattern',
  'keyword_pattern',
] as const;

function count(into: Halstead, context: string, operators: readonly string[], operands: readonly Node[]): void {
  into.length += operators.length + operands.length;
  for (const operator of operators) into.operators |= operatorBits.get(operator) ?? 0;
  for (const operand of operands) see(into, context, operandKey(operand));
}

function see(into: Halstead, context: string, key: string | undefined): void {
  if (key === undefined) {
    into.uniqueOperands++;
    return;
  }
  const operand = `${context}\n${key}`;
  // Keys of strings can hold anything, but JSON never holds the separator.
  into.operands.add(operand.includes(separator) ? JSON.stringify(operand) : operand);
}

/** `a and b and c` is one operator with three operands; the tree has it as two. */
function chain(node: TypedNode<'boolean_operator'>): Node[] {
  const left = node.field('left');
  const right = node.field('right');
  return left.is('boolean_operator') && left.field('operator').kind === node.field('operator').kind
    ? [...chain(left), right]
    : [left, right];
}

function isContinued(node: TypedNode<'boolean_operator'>): boolean {
  const above = node.parent;
  return (
    above?.is('boolean_operator') === true &&
    above.field('left') === node &&
    above.field('operator').kind === node.field('operator').kind
  );
}

/** `case 1 + 2j`, with or without a minus before it. */
function countComplexPattern(pattern: Node, context: string, into: Halstead): void {
  const [left, right] = pattern.namedChildren;
  if (!left || !right) return;
  const [first] = pattern.children;
  const operator = left.next?.kind === 'comment' ? undefined : left.next?.kind;
  if (operator === undefined) return;
  if (first?.kind === '"-"') {
    count(into, context, ['unary "-"'], [left]);
    count(into, context, [operator], [pattern, right]);
  } else count(into, context, [operator], [left, right]);
}

/** `case -1`: the minus of a pattern has no node of its own. */
function countNegativePatterns(pattern: Node, context: string, into: Halstead): void {
  for (const minus of pattern.children) {
    const number = minus.kind === '"-"' ? minus.next : undefined;
    if (number?.is('integer', 'float')) count(into, context, ['unary "-"'], [number]);
  }
}

/** What makes an operand the same as another for radon; undefined for what is like no other. */
function operandKey(operand: Node): string | undefined {
  if (operand.is('parenthesized_expression', 'type')) {
    const inner = operand.firstNamed;
    return inner && operandKey(inner);
  }
  if (operand.is('identifier')) return `s${operand.text.normalize('NFKC')}`;
  if (operand.is('attribute')) return `s${operand.field('attribute').text.normalize('NFKC')}`;
  if (operand.is('integer', 'float')) return numberKey(operand.text);
  if (operand.is('true')) return 'n1';
  if (operand.is('false')) return 'n0';
  if (operand.is('none')) return 'None';
  if (operand.is('ellipsis')) return '...';
  if (operand.is('string', 'concatenated_string')) return stringKey(operand);
  return undefined;
}

/** Equal numbers have one key, however they are written. */
function numberKey(text: string): string {
  const plain = text.replaceAll('_', '').toLowerCase();
  if (plain.endsWith('j')) {
    const imaginary = Number(plain.slice(0, -1));
    return imaginary === 0 ? 'n0' : `j${imaginary}`;
  }
  if (/^0[xob]/.test(plain)) return `n${BigInt(plain)}`;
  if (/^\d+$/.test(plain)) return `n${BigInt(plain)}`;
  const value = Number(plain);
  return Number.isInteger(value) ? `n${BigInt(value)}` : `n${value}`;
}

/** A literal without replacement fields; bytes and text are never equal. An f-string is like no other. */
function stringKey(node: Node): string | undefined {
  const parts = node.is('string') ? [node] : node.namedChildren;
  let bytes = false;
  for (const part of parts) {
    const prefix = /^[a-z]*/i.exec(part.text)?.[0] ?? '';
    if (/[ft]/i.test(prefix)) return undefined;
    if (/b/i.test(prefix)) bytes = true;
  }
  if (!bytes) {
    const value = stringValue(node) ?? node.text;
    return `s${node.text.includes('\r\n') ? value.replaceAll('\r\n', '\n') : value}`;
  }
  return `b${parts.map(bytesValue).join('')}`;
}

function bytesValue(part: Node): string {
  const [, prefix = '', quotes = '', inner = ''] = /^([a-z]*)("""|'''|"|')([\s\S]*)\2$/i.exec(part.text) ?? [];
  if (/r/i.test(prefix) || quotes === '') return inner;
  return inner.replace(/\\(\r?\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|[abfnrtv\\'"])/g, (_, sequence: string) => {
    if (sequence.endsWith('\n')) return '';
    const simple = simpleEscapes.get(sequence);
    if (simple !== undefined) return simple;
    const code = sequence.startsWith('x') ? Number.parseInt(sequence.slice(1), 16) : Number.parseInt(sequence, 8);
    return String.fromCharCode(code & 0xff);
  });
}

type Lines = Pick<MaintainabilityPart, 'logicalLines' | 'sourceLines' | 'commentLines'>;

/** As `radon.raw.analyze`, which reads a file by logical lines. */
function countLines(root: Node): Lines {
  const { text, start } = root.ground;
  const tokens = root.below('string', 'comment');
  const lines = { logicalLines: 0, sourceLines: 0, commentLines: 0 };
  let token = 0;
  let offset = 0;
  while (offset < text.length) {
    const line = readLogicalLine();
    lines.logicalLines += line.statements;
    lines.commentLines += line.comments;
    const isString = line.strings === 1 && line.comments === 0 && !line.hasCode;
    if (isString && line.isBrokenString) lines.commentLines += written(text.slice(offset, line.end));
    else if (!isString && (line.hasCode || line.strings > 0))
      lines.sourceLines += written(text.slice(offset, line.end));
    offset = line.end;
  }
  return lines;

  /** Reads up to the line break that no bracket, string or backslash takes in. */
  function readLogicalLine() {
    const line = { end: text.length, statements: 0, comments: 0, strings: 0, hasCode: false, isBrokenString: false };
    let at = offset;
    let depth = 0;
    /** Tokens since the last `;`, and since the last colon behind it. */
    let inPart = 0;
    let behindColon: number | undefined;
    const tell = (many: number): void => {
      inPart += many;
      if (behindColon !== undefined) behindColon += many;
    };
    for (;;) {
      while ((tokens[token]?.start ?? text.length + start) - start < at) token++;
      const next = tokens[token];
      const stop = next ? next.start - start : text.length;
      if (at < stop) {
        const code = text.charCodeAt(at);
        const from = at++;
        if (code === lineFeed) {
          if (depth > 0) continue;
          line.end = at;
          break;
        }
        if (code === backslash) {
          const ending = text.charCodeAt(at) === carriageReturn ? at + 1 : at;
          if (text.charCodeAt(ending) === lineFeed) at = ending + 1;
          continue;
        }
        if (endsRun(code) && (code >= 128 || signs[code] === 0)) continue;
        line.hasCode = true;
        if (code === semicolon) {
          line.statements += statementsIn(inPart, behindColon, 1);
          inPart = 0;
          behindColon = undefined;
        } else if (code === colon && text.charCodeAt(at) !== equals) {
          inPart++;
          behindColon = 0;
        } else if (code < 128 && brackets[code] !== 0) {
          depth += brackets[code] ?? 0;
          tell(1);
        } else if (code === colon || code === singleQuote || code === doubleQuote) {
          if (code === colon) at++;
          tell(1);
        } else {
          while (at < stop && !endsRun(text.charCodeAt(at))) at++;
          // How many tokens a run is matters only right behind a colon.
          tell(behindColon === 0 && !oneToken.test(text.slice(from, at)) ? 2 : 1);
        }
        continue;
      }
      if (!next) break;
      at = next.end - start;
      if (next.is('comment')) line.comments++;
      else {
        line.strings++;
        line.isBrokenString = next.text.includes('\n');
        tell(1);
      }
    }
    line.statements += statementsIn(inPart, behindColon, 0);
    return line;
  }
}

/**
 * One, or two where another statement stands behind the last colon, whatever that colon is for. `last` is how many tokens
 * may stand behind a colon that ends the part: radon takes the end of the file for one, so before a `;` it is one.
 */
function statementsIn(tokens: number, behindColon: number | undefined, last: number): number {
  if (behindColon === undefined) return tokens > 0 ? 1 : 0;
  return behindColon === last ? 1 : 2;
}

const lineFeed = 10;
const carriageReturn = 13;
const doubleQuote = 34;
const singleQuote = 39;
const colon = 58;
const semicolon = 59;
const equals = 61;
const backslash = 92;

/** By character code: 1 for what opens a bracket, -1 for what closes one. */
const brackets = Int8Array.from({ length: 128 }, (_, code) => {
  const sign = String.fromCharCode(code);
  return '([{'.includes(sign) ? 1 : ')]}'.includes(sign) ? -1 : 0;
});

/** Characters that end a run of others and are tokens themselves, or open a string that is not closed. */
const signs = Uint8Array.from({ length: 128 }, (_, code) => (/[;:()[\]{}'"]/.test(String.fromCharCode(code)) ? 1 : 0));

/** Characters at which a run of others ends. */
const enders = Uint8Array.from({ length: 128 }, (_, code) =>
  /[\s\\#;:()[\]{}'"]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function endsRun(code: number): boolean {
  return code < 128 ? enders[code] === 1 : /\s/.test(String.fromCharCode(code));
}

const oneToken = /^(?:[\p{L}\p{N}_]+|\.\.\.|:=|[()[\]{}]|\.?\d[\w.]*(?:(?<=e)[+-]\d+j?)?|\W)$/iu;

/** How many lines are not blank, as `str.splitlines` cuts them. */
function written(text: string): number {
  if (text.indexOf('\n') === text.length - 1 && !otherBreaks.test(text)) return text.trim() === '' ? 0 : 1;
  let count = 0;
  for (const line of text.split(lineBreaks)) if (line.trim() !== '') count++;
  return count;
}

const otherBreaks = /[\r\v\f\x85\u2028\u2029]/;
const lineBreaks = /\r\n|[\n\r\v\f\x85\u2028\u2029]/;
