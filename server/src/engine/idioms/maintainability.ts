import { unitOf } from '../file.ts';
import { unnoted } from '../reads.ts';
import { simpleEscapes, stringValue } from '../syntax/calls.ts';
import { kinds } from '../syntax/grammar.generated.ts';
import { type Ground, Node, type TypedNode } from '../syntax/node.ts';
import type { Piece } from '../syntax/pieces.ts';
import {
  afterColumn,
  endColumn,
  kindColumn,
  kindMask,
  kindNumber,
  type Rows,
  rowSize,
  startColumn,
} from '../syntax/rows.ts';
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
  const { role, parted } = unitOf(root);
  const { lines, halstead } = parted ? addedUp(parted, contextOf(root)) : countsOf(root);
  return {
    complexity: role === 'member' ? classBranches(root) : role === 'class' ? headerBranches(root) : branchesOf(root),
    ...lines,
    length: halstead.length,
    uniqueOperands: halstead.uniqueOperands,
    operators: halstead.operators,
    ...joined(halstead.operands),
  };
}

/** What is counted row by row and character by character. */
interface Counts {
  readonly lines: Lines;
  readonly halstead: Halstead;
}

function countsOf(root: Node): Counts {
  const halstead = new Halstead(root.ground.text);
  countOperators(root, '', halstead);
  return { lines: countLines(root), halstead };
}

/** The name that radon gives the operands of a function's body; of any other statement none. */
function contextOf(root: Node): string {
  const [statement] = root.namedChildren;
  const definition = statement?.is('decorated_definition') ? statement.field('definition') : statement;
  return definition?.is('function_definition') ? definition.field('name').text : '';
}

/** What was counted in statements that are still the same, by their rows. */
const countsOfPieces = new WeakMap<Rows, Counts>();

/** The counts of a long segment from those of its headers and statements, of which an edit leaves most as they are. */
function addedUp(pieces: readonly Piece[], context: string): Counts {
  const lines = { logicalLines: 0, sourceLines: 0, commentLines: 0 };
  const halstead = new Halstead('');
  for (const { text, rows } of pieces) {
    let counts = countsOfPieces.get(rows);
    if (!counts) {
      const ground: Ground = { text, rows, start: 0, nodes: [], parts: undefined };
      counts = unnoted(() => countsOf(Node.at(ground, 0)));
      countsOfPieces.set(rows, counts);
    }
    lines.logicalLines += counts.lines.logicalLines;
    lines.sourceLines += counts.lines.sourceLines;
    lines.commentLines += counts.lines.commentLines;
    halstead.add(counts.halstead, context);
  }
  return { lines, halstead };
}

/** The index of a file, from 0 to 100, higher being better: `radon.metrics.mi_compute` of the parts of its segments. */
export function maintainabilityIndex(parts: readonly MaintainabilityPart[]): number {
  const sum = sumOf(parts, 0);
  if (!sum) return 0;
  // Adding up the different operands is the one thing that costs; below zero and far above it changes nothing.
  return bounded(sum, sum.mostOperands) === 0 ? 0 : bounded(sum, differentOperands(parts));
}

/** Whether the index is above a limit; as `maintainabilityIndex(parts) > limit`, and mostly without counting to the end. */
export function isMoreMaintainable(parts: readonly MaintainabilityPart[], limit: number): boolean {
  const sum = sumOf(parts, limit);
  if (!sum) return false;
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

/** The parts added up; undefined where so much has come together before the end that the index cannot be above `limit`. */
function sumOf(parts: readonly MaintainabilityPart[], limit: number): Sum | undefined {
  let operators = 0;
  let complexity = 1;
  let logicalLines = 0;
  let sourceLines = 0;
  let commentLines = 0;
  let length = 0;
  let uniqueOperands = 0;
  let most = 0;
  let least = 0;
  for (const [index, part] of parts.entries()) {
    complexity += part.complexity;
    logicalLines += part.logicalLines;
    sourceLines += part.sourceLines;
    commentLines += part.commentLines;
    length += part.length;
    uniqueOperands += part.uniqueOperands;
    operators |= part.operators;
    most += part.operandCount;
    least = Math.max(least, part.operandCount);
    if (index % 32 !== 31) continue;
    // Whatever else comes only lowers this.
    const volume = volumeOf(length, bitsIn(operators) + uniqueOperands + least);
    if (indexOf(volume, complexity, logicalLines, mostForComments) <= limit) return undefined;
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
  const volume = volumeOf(sum.length, sum.operators + operands);
  const comments = sum.sourceLines === 0 ? 0 : (sum.commentLines / sum.sourceLines) * 100;
  const forComments = 50 * Math.sin(Math.sqrt(2.46 * ((comments * Math.PI) / 180)));
  return indexOf(volume, sum.complexity, sum.logicalLines, forComments);
}

function volumeOf(length: number, vocabulary: number): number {
  return vocabulary === 0 ? 0 : length * Math.log2(vocabulary);
}

/** What comments can add to the index at most. */
const mostForComments = 50;

function indexOf(volume: number, complexity: number, logicalLines: number, forComments: number): number {
  if (volume <= 0 || logicalLines <= 0) return 100;
  const index = 171 - 5.2 * Math.log(volume) - 0.23 * complexity - 16.2 * Math.log(logicalLines) + forComments;
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

/** The operators and operands of a segment. */
class Halstead {
  length = 0;
  uniqueOperands = 0;
  operators = 0;
  /** What `operandKey` gives, each once, by the name of the function it stands in. */
  readonly operands = new Map<string, Set<string>>();
  /** Names in other letters are the same when their normal forms are. */
  readonly isAscii: boolean;

  constructor(text: string) {
    this.isAscii = !beyondAscii.test(text);
  }

  operandsIn(context: string): Set<string> {
    const known = this.operands.get(context);
    if (known) return known;
    const made = new Set<string>();
    this.operands.set(context, made);
    return made;
  }

  /** Adds what was counted in a statement below `context`. */
  add(other: Halstead, context: string): void {
    this.length += other.length;
    this.uniqueOperands += other.uniqueOperands;
    this.operators |= other.operators;
    for (const [inner, keys] of other.operands) {
      const operands = this.operandsIn(inner === '' ? context : inner);
      for (const key of keys) operands.add(key);
    }
  }

  operator(bit: number): void {
    this.length++;
    this.operators |= bit;
  }

  operand(node: Node, operands: Set<string>): void {
    this.length++;
    const key = operandKey(node, this.isAscii);
    if (key === undefined) this.uniqueOperands++;
    else operands.add(key);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
const beyondAscii = /[^\x00-\x7f]/;

const separator = '\u0000';

/** Every operand behind the name of its function. Keys of strings can hold anything, but JSON never holds the separator. */
function joined(operands: ReadonlyMap<string, ReadonlySet<string>>): { operands: string; operandCount: number } {
  const all: string[] = [];
  for (const [context, keys] of operands) {
    for (const key of keys) {
      const operand = `${context}\n${key}`;
      all.push(key.includes(separator) ? JSON.stringify(operand) : operand);
    }
  }
  return { operands: all.join(separator), operandCount: all.length };
}

/** The operators of Python, `unary` ones and those of patterns as their own; their places are their bits. */
const operatorNames = [
  ...['and', 'or', 'in', 'not in', 'is', 'is not', '<', '<=', '==', '!=', '<>', '>=', '>'],
  ...['+', '-', '*', '/', '//', '%', '**', '@', '<<', '>>', '&', '|', '^'],
].map((name) => `"${name}"`);
const operatorBits = new Map(
  [...operatorNames, 'not', 'unary "+"', 'unary "-"', 'unary "~"'].map((name, place) => [name, 1 << place]),
);

function bitOf(operator: string): number {
  return operatorBits.get(operator) ?? 0;
}

/** What is counted of a kind of node: those that are none of these have 0. */
const functions = 1;
const decorated = 2;
const counted = 3;
const roles = new Uint8Array(kinds.length);
roles[kindNumber('function_definition')] = functions;
roles[kindNumber('decorated_definition')] = decorated;
for (const kind of [
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
] as const)
  roles[kindNumber(kind)] = counted;

/** As `radon.visitors.HalsteadVisitor`: of a function only the body, under its own name. */
function countOperators(node: Node, context: string, into: Halstead): void {
  const { ground } = node;
  const { rows } = ground;
  const operands = into.operandsIn(context);
  const end = rows[node.row * rowSize + afterColumn] ?? 0;
  // Every row of every file is read here, so nodes are made of those alone that count.
  for (let row = node.row + 1; row < end; row++) {
    const role = roles[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] ?? 0;
    if (role === 0) continue;
    const found = Node.at(ground, row);
    if (role === counted) {
      countOperator(found, operands, into);
      continue;
    }
    const definition = found.is('decorated_definition') ? found.field('definition') : found;
    if (!definition.is('function_definition')) continue;
    countOperators(definition.field('body'), definition.field('name').text, into);
    row = (rows[row * rowSize + afterColumn] ?? end) - 1;
  }
}

function countOperator(found: Node, operands: Set<string>, into: Halstead): void {
  if (found.is('binary_operator')) {
    into.operator(bitOf(found.field('operator').kind));
    into.operand(found.field('left'), operands);
    into.operand(found.field('right'), operands);
  } else if (found.is('comparison_operator')) {
    for (const child of found.children) {
      if (child.isField('operators')) into.operator(bitOf(child.kind));
      else if (child.isNamed && !child.is('comment', 'line_continuation')) into.operand(child, operands);
    }
  } else if (found.is('not_operator')) {
    into.operator(bitOf('not'));
    into.operand(found.field('argument'), operands);
  } else if (found.is('boolean_operator')) {
    if (isContinued(found)) return;
    into.operator(bitOf(found.field('operator').kind));
    for (const operand of chain(found)) into.operand(operand, operands);
  } else if (found.is('augmented_assignment')) {
    // `+=` is the same operator as `+`.
    into.operator(bitOf(found.field('operator').kind.replace('=', '')));
    into.operand(found.field('left'), operands);
    into.operand(found.field('right'), operands);
  } else if (found.is('unary_operator')) {
    into.operator(bitOf(`unary ${found.field('operator').kind}`));
    into.operand(found.field('argument'), operands);
  } else if (found.is('chevron')) {
    // `print >> file` is a shift, though the grammar takes it for what it was in Python 2.
    into.operator(bitOf('">>"'));
    for (const operand of found.namedChildren.slice(0, 1)) into.operand(operand, operands);
    into.length++;
    operands.add('sprint');
  } else if (found.is('union_type')) {
    into.operator(bitOf('"|"'));
    for (const operand of found.namedChildren) into.operand(operand, operands);
  } else if (found.is('complex_pattern')) countComplexPattern(found, operands, into);
  else countNegativePatterns(found, operands, into);
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
function countComplexPattern(pattern: Node, operands: Set<string>, into: Halstead): void {
  const [left, right] = pattern.namedChildren;
  if (!left || !right) return;
  const [first] = pattern.children;
  const operator = left.next?.kind === 'comment' ? undefined : left.next?.kind;
  if (operator === undefined) return;
  const isNegative = first?.kind === '"-"';
  if (isNegative) {
    into.operator(bitOf('unary "-"'));
    into.operand(left, operands);
  }
  into.operator(bitOf(operator));
  into.operand(isNegative ? pattern : left, operands);
  into.operand(right, operands);
}

/** `case -1`: the minus of a pattern has no node of its own. */
function countNegativePatterns(pattern: Node, operands: Set<string>, into: Halstead): void {
  for (const minus of pattern.children) {
    const number = minus.kind === '"-"' ? minus.next : undefined;
    if (!number?.is('integer', 'float')) continue;
    into.operator(bitOf('unary "-"'));
    into.operand(number, operands);
  }
}

/** What makes an operand the same as another for radon; undefined for what is like no other. */
function operandKey(operand: Node, isAscii: boolean): string | undefined {
  if (operand.is('identifier')) return nameKey(operand.text, isAscii);
  if (operand.is('attribute')) return nameKey(operand.field('attribute').text, isAscii);
  switch (operand.kind) {
    case 'integer':
    case 'float':
      return numberKey(operand.text);
    case 'true':
      return 'n1';
    case 'false':
      return 'n0';
    case 'none':
      return 'None';
    case 'ellipsis':
      return '...';
    case 'string':
    case 'concatenated_string':
      return stringKey(operand);
    case 'parenthesized_expression':
    case 'type': {
      const inner = operand.firstNamed;
      return inner && operandKey(inner, isAscii);
    }
    default:
      return undefined;
  }
}

function nameKey(name: string, isAscii: boolean): string {
  return isAscii ? `s${name}` : `s${name.normalize('NFKC')}`;
}

/** Equal numbers have one key, however they are written. */
function numberKey(text: string): string {
  if (/^(?:[1-9]\d*|0)$/.test(text)) return `n${text}`;
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
    const prefix = prefixOf(part.text);
    if (/[ft]/i.test(prefix)) return undefined;
    if (/b/i.test(prefix)) bytes = true;
  }
  if (!bytes) {
    const value = stringValue(node) ?? node.text;
    return `s${node.text.includes('\r\n') ? value.replaceAll('\r\n', '\n') : value}`;
  }
  return `b${parts.map(bytesValue).join('')}`;
}

function prefixOf(literal: string): string {
  return literal.startsWith('"') || literal.startsWith("'") ? '' : (/^[a-z]*/i.exec(literal)?.[0] ?? '');
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

/** As `radon.raw.analyze`, which reads a file by logical lines: up to the line break that no bracket, string or backslash takes in. */
function countLines(root: Node): Lines {
  const { text, rows } = root.ground;
  const { length } = text;
  const lines = { logicalLines: 0, sourceLines: 0, commentLines: 0 };
  const hasOtherBreaks = otherBreaks.test(text);
  /** The next string or comment, and where it starts. */
  let token = tokenFrom(rows, 1);
  let tokenStart = startOf(rows, token, length);
  let offset = 0;
  // Every character of every file is read here, which is why this is one long loop that makes nothing.
  while (offset < length) {
    let at = offset;
    let depth = 0;
    let statements = 0;
    let comments = 0;
    let strings = 0;
    let hasCode = false;
    let isBroken = false;
    let isBrokenString = false;
    /** Tokens since the last `;`, and since the last colon behind it. */
    let inPart = 0;
    let behindColon = -1;
    for (;;) {
      while (tokenStart < at) {
        token = tokenFrom(rows, token + 1);
        tokenStart = startOf(rows, token, length);
      }
      if (at < tokenStart) {
        const code = text.charCodeAt(at);
        const sort = sortOf(code);
        at++;
        if (sort === blank) continue;
        if (sort === lineFeeds) {
          if (depth <= 0) break;
          isBroken = true;
          continue;
        }
        if (sort === backslashes) {
          const ending = text.charCodeAt(at) === carriageReturn ? at + 1 : at;
          if (text.charCodeAt(ending) === lineFeed) {
            at = ending + 1;
            isBroken = true;
          }
          continue;
        }
        hasCode = true;
        let many = 1;
        if (sort === run) {
          const from = at - 1;
          while (at < tokenStart && sortOf(text.charCodeAt(at)) === run) at++;
          // How many tokens a run is matters only right behind a colon.
          if (behindColon === 0 && !oneToken.test(text.slice(from, at))) many = 2;
        } else if (sort === opening) depth++;
        else if (sort === closing) depth--;
        else if (sort === semicolons) {
          statements += statementsIn(inPart, behindColon, 1);
          inPart = 0;
          behindColon = -1;
          continue;
        } else if (sort === colons) {
          if (text.charCodeAt(at) !== equals) {
            inPart++;
            behindColon = 0;
            continue;
          }
          at++;
        }
        inPart += many;
        if (behindColon >= 0) behindColon += many;
        continue;
      }
      if (token === 0) break;
      const cell = token * rowSize;
      at = rows[cell + endColumn] ?? length;
      if (((rows[cell + kindColumn] ?? 0) & kindMask) === commentKind) comments++;
      else {
        strings++;
        const lineBreak = text.indexOf('\n', tokenStart);
        isBrokenString = lineBreak >= 0 && lineBreak < at;
        if (isBrokenString) isBroken = true;
        inPart++;
        if (behindColon >= 0) behindColon++;
      }
    }
    lines.logicalLines += statements + statementsIn(inPart, behindColon, 0);
    lines.commentLines += comments;
    const isString = strings === 1 && comments === 0 && !hasCode;
    if (isString ? isBrokenString : hasCode || strings > 0) {
      const many = hasOtherBreaks ? writtenAnyhow(text.slice(offset, at)) : isBroken ? written(text, offset, at) : 1;
      if (isString) lines.commentLines += many;
      else lines.sourceLines += many;
    }
    offset = at;
  }
  return lines;
}

const commentKind = kindNumber('comment');
const stringKind = kindNumber('string');

/** The first row from the given one on that is a string or a comment; 0 when there is none. */
function tokenFrom(rows: Rows, from: number): number {
  for (let cell = from * rowSize + kindColumn; cell < rows.length; cell += rowSize) {
    const kind = (rows[cell] ?? 0) & kindMask;
    if (kind === stringKind || kind === commentKind) return (cell - kindColumn) / rowSize;
  }
  return 0;
}

function startOf(rows: Rows, token: number, length: number): number {
  return token === 0 ? length : (rows[token * rowSize + startColumn] ?? length);
}

/**
 * One, or two where another statement stands behind the last colon, whatever that colon is for; without one, `behindColon`
 * is negative. `last` is how many tokens may stand behind a colon that ends the part: radon takes the end of the file for
 * one, so before a `;` it is one.
 */
function statementsIn(tokens: number, behindColon: number, last: number): number {
  if (behindColon < 0) return tokens > 0 ? 1 : 0;
  return behindColon === last ? 1 : 2;
}

const lineFeed = 10;
const carriageReturn = 13;
const equals = 61;

/** What a character is to the reading of lines. */
const run = 0;
const blank = 1;
const lineFeeds = 2;
const backslashes = 3;
const semicolons = 4;
const colons = 5;
const opening = 6;
const closing = 7;
/** It opens a string that is not closed. */
const quotes = 8;
const sorts = Uint8Array.from({ length: 128 }, (_, code) => {
  const sign = String.fromCharCode(code);
  if (code === lineFeed) return lineFeeds;
  if (/[\s#]/.test(sign)) return blank;
  if ('([{'.includes(sign)) return opening;
  if (')]}'.includes(sign)) return closing;
  return { '\\': backslashes, ';': semicolons, ':': colons, "'": quotes, '"': quotes }[sign] ?? run;
});

function sortOf(code: number): number {
  return sorts[code] ?? (/\s/.test(String.fromCharCode(code)) ? blank : run);
}

const oneToken = /^(?:[\p{L}\p{N}_]+|\.\.\.|:=|[()[\]{}]|\.?\d[\w.]*(?:(?<=e)[+-]\d+j?)?|\W)$/iu;

/** How many lines are not blank, where every line ends in a line feed. */
function written(text: string, from: number, to: number): number {
  let count = 0;
  for (let start = from; start < to; ) {
    const lineBreak = text.indexOf('\n', start);
    const end = lineBreak < 0 || lineBreak > to ? to : lineBreak;
    let at = start;
    while (at < end && sortOf(text.charCodeAt(at)) === blank && text.charCodeAt(at) !== hash) at++;
    if (at < end) count++;
    start = end + 1;
  }
  return count;
}

/** How many lines are not blank, as `str.splitlines` cuts them. */
function writtenAnyhow(text: string): number {
  let count = 0;
  for (const line of text.split(lineBreaks)) if (line.trim() !== '') count++;
  return count;
}

const hash = 35;
const otherBreaks = /\r(?!\n)|[\v\f\x85\u2028\u2029]/;
const lineBreaks = /\r\n|[\n\r\v\f\x85\u2028\u2029]/;
