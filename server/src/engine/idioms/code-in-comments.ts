/**
 * Python among the lines of comments. Rules have no parser of text that is none of the file's, so this reads statements
 * by a grammar of its own: expressions whole, statements by their shape (language reference, "Expressions", "Simple
 * statements", "Compound statements"). Prose that happens to parse is told apart by how it is used.
 */

/** Lines that are commented-out code, by their indexes, both inclusive. */
export interface CodeRun {
  readonly first: number;
  readonly last: number;
}

/**
 * The runs of code among the lines of one block of comments, which are given without `#` and the space behind it. A run
 * that prose introduces or goes on about is an example, and none.
 */
export function codeIn(lines: readonly string[]): CodeRun[] {
  const read = readLines(lines);
  const runs: CodeRun[] = [];
  let index = 0;
  while (index < lines.length) {
    const run = runFrom(read, index);
    if (run && !isExample(lines, read, run)) runs.push(run);
    index = (run?.last ?? index) + 1;
  }
  return runs;
}

/**
 * `code` is surely code, `weak` only beside code, `header` opens a block. `more` goes on with the line before, `note` is a
 * comment in the comment: part of the code inside a block, else prose. `aside` is neither prose nor code.
 */
type Reading = 'code' | 'weak' | 'header' | 'more' | 'note' | 'blank' | 'aside' | 'prose';

interface ReadLine {
  readonly reading: Reading;
  readonly indent: number;
}

function readLines(lines: readonly string[]): ReadLine[] {
  const read: ReadLine[] = [];
  let inDoctest = false;
  while (read.length < lines.length) {
    const at = read.length;
    const line = lines[at] ?? '';
    const indent = line.length - line.trimStart().length;
    if (line.trim() === '') {
      inDoctest = false;
      read.push({ reading: 'blank', indent });
      continue;
    }
    if (/^\s*(?:>>>|\.\.\. )/.test(line) || inDoctest) {
      inDoctest = true;
      read.push({ reading: 'prose', indent });
      continue;
    }
    if (asides.test(line)) {
      read.push({ reading: 'aside', indent });
      continue;
    }
    if (line.charAt(indent) === '#') {
      read.push({ reading: 'note', indent });
      continue;
    }
    const { reading, count } = readStatement(lines, at);
    read.push({ reading, indent });
    for (let more = 1; more < count; more++) read.push({ reading: 'more', indent });
  }
  return read;
}

/** What tools read, and what only divides. */
const asides =
  /^\s*(?:[!:]|-\*-|-{3,}|={3,}|#{2,}|%%|\/{3}|(?:type|mypy|pyright|pyre|pytype|pylint|ruff|flake8|isort|fmt|yapf|black|noqa|nosec|nosemgrep|pragma|coding|vim?|region|endregion|cython|distutils|sourcery|skipcq|codespell|cspell|SPDX-[\w-]+)\b\s*(?:[:=]|$|ignore|off|on))/i;

/** A statement that starts at a line, and on how many lines it stands. */
function readStatement(lines: readonly string[], at: number): { reading: Reading; count: number } {
  const tokens: Token[] = [];
  let depth = 0;
  for (let count = 1; count <= longestStatement && at + count <= lines.length; count++) {
    const line = lines[at + count - 1] ?? '';
    const isJoined = line.endsWith('\\');
    if (beginsSentence(line)) break;
    const found = tokensOf(isJoined ? line.slice(0, -1) : line);
    if (!found || hasSentence(found)) break;
    tokens.push(...found);
    depth += depthOf(found);
    if (depth < 0 || tokens.length === 0) break;
    if (depth === 0 && !isJoined) {
      const reading = readingOf(tokens);
      return { reading, count: reading === 'prose' ? 1 : count };
    }
  }
  return { reading: 'prose', count: 1 };
}

/** Whether a line is told to be a sentence by its first words, as most are: then its tokens need not be read. */
function beginsSentence(line: string): boolean {
  let isWordBefore = false;
  let at = blanksBehind(line, 0);
  for (;;) {
    const from = at;
    while (isLetter(line.charCodeAt(at)) || (at > from && isDigit(line.charCodeAt(at)))) at++;
    const sign = line.charCodeAt(at);
    // A quote makes a string of the word, and letters beyond ASCII may go on with it.
    if (at === from || sign === singleQuote || sign === doubleQuote || sign > 127) return false;
    const isWordHere = !keywords.has(line.slice(from, at));
    if (isWordBefore && isWordHere) return true;
    isWordBefore = isWordHere;
    at = blanksBehind(line, at);
    if (line.charCodeAt(at - 1) !== space && line.charCodeAt(at - 1) !== tab) return false;
  }
}

function blanksBehind(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) === space || line.charCodeAt(at) === tab) at++;
  return at;
}

/** A letter of ASCII, or an underscore. */
function isLetter(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || code === underscore;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const tab = 9;
const space = 32;
const doubleQuote = 34;
const singleQuote = 39;
const underscore = 95;

/** Two words in a row, none of which Python knows: no statement has them, so nothing further has to be read. */
function hasSentence(tokens: readonly Token[]): boolean {
  return tokens.some((token, index) => isWord(token) && isWord(tokens[index + 1]));
}

function isWord(token: Token | undefined): boolean {
  return token?.kind === 'name' && !keywords.has(token.text);
}

const longestStatement = 40;

/** The longest run of code from a line on: it starts and ends with statements, and one of them is surely code. */
function runFrom(read: readonly ReadLine[], first: number): CodeRun | undefined {
  const start = read[first];
  if (!start || (start.reading !== 'code' && start.reading !== 'weak' && start.reading !== 'header')) return undefined;
  let last: number | undefined;
  let isSure = false;
  let outermost = Number.POSITIVE_INFINITY;
  for (let index = first; index < read.length; index++) {
    const line = read[index];
    if (!line || line.reading === 'prose' || line.reading === 'aside') break;
    if (line.reading === 'blank') continue;
    if (line.reading === 'note' && line.indent <= outermost) break;
    if (line.reading === 'header') {
      const body = read.slice(index + 1).find((next) => !passed.has(next.reading));
      const hasBody =
        body !== undefined &&
        body.indent > line.indent &&
        (body.reading === 'code' || body.reading === 'weak' || body.reading === 'header');
      if (!hasBody) break;
      isSure ||= body.reading !== 'header';
      outermost = Math.min(outermost, line.indent);
    }
    if (line.reading === 'code') isSure = true;
    last = index;
  }
  return isSure && last !== undefined ? { first, last } : undefined;
}

/** What may stand between the header of a block and its first statement. */
const passed: ReadonlySet<Reading> = new Set<Reading>(['blank', 'more', 'note']);

/** Whether the prose around a run says that it is an example, or goes on through it. */
function isExample(lines: readonly string[], read: readonly ReadLine[], run: CodeRun): boolean {
  let before = run.first - 1;
  while (read[before]?.reading === 'blank') before--;
  const hasProseBehind = isProse(read[run.last + 1]);
  let behind = run.last + 1;
  while (read[behind]?.reading === 'blank') behind++;
  if (isProse(read[before])) {
    const prose = lines[before]?.trim() ?? '';
    if (/:$/.test(prose) || introducing.test(prose)) return true;
    if (isProse(read[behind]) && !markers.test(prose)) return true;
    if ((read[run.first]?.indent ?? 0) > (read[before]?.indent ?? 0) && !markers.test(prose)) return true;
    // A sentence without an end goes on in the line that looks like code.
    if (before === run.first - 1 && !/[.!?)]$/.test(prose) && !markers.test(prose)) return true;
  }
  return hasProseBehind && run.last === run.first;
}

function isProse(line: ReadLine | undefined): boolean {
  return line?.reading === 'prose' || line?.reading === 'note';
}

const introducing =
  /\b(?:e\.?g\.|i\.e\.|examples?|usage|like|such as|as follows|instead of|equivalent|same as|similar to|means|becomes?|looks?|use|run|calls?|output|syntax)\b/i;
const markers =
  /\b(?:TODO|FIXME|XXX|HACK|disabled?|commented|removed?|old|temporar\w*|debug\w*|re-?enable|uncomment|deprecated|legacy|unused)\b/i;

interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator';
  readonly text: string;
  /** Nothing stands between it and the token before. */
  readonly isTight: boolean;
}

const tokenPattern =
  /[ \t\f]+|#.*|((?:[rbuft]{0,2})(?:"""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?'''|"(?!"")(?:[^"\\\n]|\\.)*"|'(?!'')(?:[^'\\\n]|\\.)*'))|((?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?j?)(?![\w.]))|([\p{L}_][\p{L}\p{N}\p{M}_]*)|(\*\*=?|\/\/=?|>>=?|<<=?|\.\.\.|->|:=|[!=<>+\-*/%@&|^]=|[+\-*/%@&|^~<>()[\]{},:.;=])/giuy;

/** The tokens of a text without its comments; undefined where it has what no Python has. */
function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  let end = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (!match) return undefined;
    // By number: naming the groups makes an object for each token.
    const [, string, number, name, operator] = match;
    const token = string ?? number ?? name ?? operator;
    if (token === undefined) continue;
    const kind =
      string !== undefined ? 'string' : number !== undefined ? 'number' : name !== undefined ? 'name' : 'operator';
    tokens.push({ kind, text: token, isTight: match.index === end });
    end = tokenPattern.lastIndex;
  }
  return tokens;
}

/** How many brackets are open behind tokens; below zero where more are closed than opened. */
function depthOf(tokens: readonly Token[]): number {
  let depth = 0;
  for (const { kind, text } of tokens) {
    if (kind !== 'operator') continue;
    if (text === '(' || text === '[' || text === '{') depth++;
    else if (text === ')' || text === ']' || text === '}') depth--;
  }
  return depth;
}

/** What an expression is, as far as statements ask. */
type Shape = 'name' | 'attribute' | 'subscript' | 'call' | 'await' | 'tuple' | 'string' | 'other';

/** How one logical line reads. */
function readingOf(tokens: readonly Token[]): Reading {
  let position = 0;
  const reading = statement();
  return reading ?? 'prose';

  function statement(): Reading | undefined {
    const compound = compoundHeader();
    if (compound !== undefined) return compound === false ? undefined : compound;
    let found: Reading | undefined;
    do {
      if (position === tokens.length && found) break;
      const one = simple();
      if (!one) return undefined;
      found = found === 'code' ? found : one;
    } while (take(';'));
    return position === tokens.length ? found : undefined;
  }

  /** The header of a compound statement; false where it begins like one and is none. */
  function compoundHeader(): Reading | false | undefined {
    if (take('@')) return test() && position === tokens.length ? 'weak' : false;
    if (peekName('async') && /^(?:def|for|with)$/.test(tokens[position + 1]?.text ?? '')) position++;
    const word = tokens[position]?.kind === 'name' ? tokens[position]?.text : undefined;
    if (word === undefined || !compounds.has(word)) return undefined;
    position++;
    if (!headerOf(word) || !take(':')) return false;
    if (position === tokens.length) return 'header';
    // `if x: return` stands on one line; `else: that` is prose.
    const inline = statementBehindColon();
    return inline ?? false;
  }

  function statementBehindColon(): Reading | undefined {
    const inline = simple();
    if (!inline || position !== tokens.length) return undefined;
    return 'code';
  }

  function headerOf(word: string): boolean {
    switch (word) {
      case 'if':
      case 'elif':
      case 'while':
        return namedTest() !== undefined;
      case 'for':
        return targets() && take('in') && tests() !== undefined;
      case 'with':
        do {
          if (!test()) return false;
          if (take('as') && !targets()) return false;
        } while (take(','));
        return true;
      case 'except':
        take('*');
        if (peek(':')) return true;
        return tests() !== undefined && (!take('as') || takeName());
      case 'def':
        return takeName() && take('(') && parameters(')') && (!take('->') || test() !== undefined);
      case 'class':
        return takeName() && (!take('(') || callArguments());
      default:
        return true;
    }
  }

  function simple(): Reading | undefined {
    const start = position;
    const word = tokens[position]?.kind === 'name' ? tokens[position]?.text : undefined;
    switch (word) {
      case 'pass':
      case 'break':
      case 'continue':
        position++;
        return 'weak';
      case 'import':
        position++;
        do {
          if (!dotted() || (take('as') && !takeName())) return undefined;
        } while (take(','));
        return 'code';
      case 'from':
        position++;
        return importedNames() ? 'code' : undefined;
      case 'global':
      case 'nonlocal':
        position++;
        do if (!takeName()) return undefined;
        while (take(','));
        return 'weak';
      case 'return':
      case 'yield':
        position++;
        if (word === 'yield') take('from');
        if (position === tokens.length || peek(';')) return 'weak';
        return tests() ? wordsAreProse(start + 1) : undefined;
      case 'raise': {
        position++;
        if (position === tokens.length) return 'weak';
        const name = tokens[position]?.text ?? '';
        if (!test() || (take('from') && !test())) return undefined;
        return /^[A-Z]\w*[a-z]/.test(name) || wordsAreProse(start + 1) === 'code' ? 'code' : 'weak';
      }
      case 'del':
      case 'assert':
        position++;
        return tests() ? wordsAreProse(start + 1) : undefined;
      default:
        return expressionOrAssignment(start);
    }
  }

  function expressionOrAssignment(start: number): Reading | undefined {
    const shape = tests();
    if (!shape) return undefined;
    const isTarget = targetShapes.has(shape);
    if (isTarget && shape !== 'tuple' && take(':')) {
      // `word: text` is prose, whatever it parses as.
      if (!test() || !take('=')) return undefined;
      return tests() ? 'code' : undefined;
    }
    const operator = tokens[position];
    if (isTarget && operator?.kind === 'operator' && /^(?:[+\-*/%@&|^]|\*\*|\/\/|>>|<<)=$/.test(operator.text)) {
      position++;
      return tests() ? 'code' : undefined;
    }
    if (isTarget && peek('=')) {
      // `newline=None` is an argument that somebody writes about.
      if (tokens[position]?.isTight && tokens[position + 1]?.isTight && tokens.length - position === 2) return 'weak';
      let last: Shape | undefined = shape;
      while (last && take('=')) {
        if (!targetShapes.has(last)) return undefined;
        last = peekName('yield') ? simple() && 'other' : tests();
      }
      return last && wordsAreProse(start);
    }
    if (shape === 'await') return 'code';
    if (shape !== 'call') return shape === 'string' || tokens[start]?.text === '...' ? 'weak' : undefined;
    const callee = tokens.slice(
      start,
      tokens.findIndex((token, index) => index >= start && token.text === '('),
    );
    const name = callee.map((token) => token.text).join('');
    return printing.test(name) ? 'code' : 'weak';
  }

  /** Names and operators alone, all of them words, can as well be a sentence or a formula. */
  function wordsAreProse(from: number): Reading {
    const used = tokens.slice(from, position);
    const names = used.filter((token) => token.kind === 'name' && !operatorNames.has(token.text));
    const isCode = used.some(
      (token) =>
        token.kind === 'string' ||
        /^[.([{]$/.test(token.text) ||
        /^(?:None|True|False|self|await|lambda)$/.test(token.text) ||
        (token.kind === 'name' && /[^\W_]_[^\W_]|\d/.test(token.text) && token.text.length > 2),
    );
    if (isCode) return 'code';
    const hasNumber = used.some((token) => token.kind === 'number');
    return hasNumber && names.some((token) => token.text.length > 2) ? 'code' : 'weak';
  }

  function importedNames(): boolean {
    while (take('.') || take('...'));
    if (!peekName('import') && !dotted()) return false;
    if (!take('import')) return false;
    if (take('*')) return true;
    const inBrackets = take('(');
    do {
      if (inBrackets && peek(')')) break;
      if (!takeName() || (take('as') && !takeName())) return false;
    } while (take(','));
    return !inBrackets || take(')');
  }

  function parameters(end: string): boolean {
    while (!take(end)) {
      if (!take('/')) {
        const isSplat = take('**') || take('*');
        if (!takeName() && !isSplat) return false;
        if (end === ')' && take(':') && !test()) return false;
        if (take('=') && !test()) return false;
      }
      if (!take(',')) return take(end);
    }
    return true;
  }

  function tests(): Shape | undefined {
    take('*');
    const first = namedTest();
    if (!first || !peek(',')) return first;
    let areTargets = targetShapes.has(first);
    while (take(',')) {
      const next = tokens[position];
      if (!next || (next.kind === 'operator' && /^(?:=|\)|\]|\}|:|;)$/.test(next.text))) break;
      take('*');
      const one = namedTest();
      if (!one) return undefined;
      areTargets &&= targetShapes.has(one);
    }
    return areTargets ? 'tuple' : 'other';
  }

  function namedTest(): Shape | undefined {
    const first = test();
    if (first && take(':=')) return test() ? 'other' : undefined;
    return first;
  }

  function test(): Shape | undefined {
    if (peekName('lambda')) {
      position++;
      return parameters(':') && test() ? 'other' : undefined;
    }
    const first = operation();
    if (!first || !peekName('if')) return first;
    position++;
    return operation() && take('else') && test() ? 'other' : undefined;
  }

  /** Operands between operators; which of them bind closer does not matter. */
  function operation(isTarget = false): Shape | undefined {
    const shape = operand();
    if (!shape) return undefined;
    let isAlone = true;
    for (;;) {
      const operator = tokens[position];
      if (!operator) break;
      if (operator.kind === 'operator' && binary.test(operator.text)) position++;
      else if (isTarget) break;
      else if (peekName('not') && tokens[position + 1]?.text === 'in') position += 2;
      else if (operator.kind === 'name' && /^(?:and|or|in|is)$/.test(operator.text)) {
        position++;
        if (operator.text === 'is') take('not');
      } else break;
      isAlone = false;
      if (!operand()) return undefined;
    }
    return isAlone ? shape : 'other';
  }

  function operand(): Shape | undefined {
    if (take('await')) {
      const inner = operand();
      return inner && (inner === 'call' ? 'await' : 'other');
    }
    if (take('not') || take('-') || take('+') || take('~')) return operand() && 'other';
    let shape = atom();
    while (shape) {
      if (take('.')) shape = takeName() ? 'attribute' : undefined;
      else if (take('(')) shape = callArguments() ? 'call' : undefined;
      else if (take('[')) shape = subscripts() ? 'subscript' : undefined;
      else break;
    }
    return shape;
  }

  function atom(): Shape | undefined {
    const token = tokens[position];
    if (!token) return undefined;
    if (token.kind === 'string') {
      while (tokens[position]?.kind === 'string') position++;
      return 'string';
    }
    if (token.kind === 'number' || token.text === '...') {
      position++;
      return 'other';
    }
    if (token.kind === 'name') return takeName() ? 'name' : undefined;
    if (take('(')) {
      if (take(')')) return 'tuple';
      if (take('yield')) {
        take('from');
        return (peek(')') || tests()) && take(')') ? 'other' : undefined;
      }
      const inner = tests();
      if (!inner || !comprehension() || !take(')')) return undefined;
      return inner === 'string' ? 'other' : inner;
    }
    if (take('[')) return take(']') || (tests() && comprehension() && take(']')) ? 'other' : undefined;
    if (take('{')) return entries() ? 'other' : undefined;
    return undefined;
  }

  function entries(): boolean {
    while (!take('}')) {
      if (take('**')) {
        if (!operation()) return false;
      } else {
        take('*');
        if (!namedTest() || (take(':') && !test()) || !comprehension()) return false;
      }
      if (!take(',')) return take('}');
    }
    return true;
  }

  function callArguments(): boolean {
    while (!take(')')) {
      if (take('**') || take('*')) {
        if (!test()) return false;
      } else if (!namedTest() || (take('=') && !test()) || !comprehension()) return false;
      if (!take(',')) return take(')');
    }
    return true;
  }

  function subscripts(): boolean {
    while (!take(']')) {
      take('*');
      if (!peek(':') && !namedTest()) return false;
      for (let colons = 0; colons < 2 && take(':'); colons++)
        if (!peek(':') && !peek(']') && !peek(',') && !test()) return false;
      if (!take(',')) return take(']');
    }
    return true;
  }

  /** The `for … in … if …` behind an element, or nothing. */
  function comprehension(): boolean {
    while (peekName('for') || (peekName('async') && tokens[position + 1]?.text === 'for')) {
      take('async');
      position++;
      if (!targets() || !take('in') || !operation()) return false;
      while (take('if')) if (!operation()) return false;
    }
    return true;
  }

  function targets(): boolean {
    do {
      if (peekName('in')) return true;
      take('*');
      if (!operation(true)) return false;
    } while (take(','));
    return true;
  }

  function dotted(): boolean {
    do if (!takeName()) return false;
    while (take('.'));
    return true;
  }

  function take(text: string): boolean {
    const token = tokens[position];
    if (!token || token.text !== text || token.kind === 'string') return false;
    position++;
    return true;
  }

  function takeName(): boolean {
    const token = tokens[position];
    if (token?.kind !== 'name' || keywords.has(token.text)) return false;
    position++;
    return true;
  }

  function peek(text: string): boolean {
    const token = tokens[position];
    return token?.kind === 'operator' && token.text === text;
  }

  function peekName(text: string): boolean {
    const token = tokens[position];
    return token?.kind === 'name' && token.text === text;
  }
}

const targetShapes: ReadonlySet<Shape> = new Set<Shape>(['name', 'attribute', 'subscript', 'tuple']);
const compounds = new Set(['if', 'elif', 'else', 'while', 'for', 'with', 'try', 'except', 'finally', 'def', 'class']);
const keywords = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);
const operatorNames = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else', 'for']);
const binary = /^(?:==|!=|<=|>=|<|>|\+|-|\*|\*\*|\/|\/\/|%|@|&|\||\^|<<|>>)$/;
/** Calls that are made for what they do and that nobody writes about. */
const printing =
  /^(?:print|pprint|breakpoint|(?:self\.)?_*log(?:ger|ging)?\.\w+|(?:i?pdb|sys\.stdout|sys\.stderr)\.\w+)$/i;
