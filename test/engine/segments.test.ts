import assert from 'node:assert/strict';
import { cutAll, type ParserPort } from '../../server/src/engine/index.ts';
import { kinds } from '../../server/src/engine/syntax/grammar.generated.ts';
import { parseOnce, parseSegment } from '../../server/src/engine/syntax/pieces.ts';
import { open, parser } from '../support/engine.ts';
import { stdlibFiles } from '../support/stdlib.ts';

/** Every fourth file; all of them with GROUNDRULES_ALL=1, which takes a minute. */
const files = stdlibFiles().filter((_, index) => index % 4 === 0 || process.env.GROUNDRULES_ALL === '1');

/** Kinds whose extent depends on comments behind them. */
const movable = new Set<string>([
  'module',
  'block',
  'class_definition',
  'function_definition',
  'decorated_definition',
  'if_statement',
  'else_clause',
  'elif_clause',
  'for_statement',
  'while_statement',
  'with_statement',
  'try_statement',
  'except_clause',
  'finally_clause',
  'match_statement',
  'case_clause',
]);

function nodesOf(rows: Int32Array, offset: number, into: Set<string>): Set<string> {
  for (let at = 5; at < rows.length; at += 5) {
    const kind = kinds[(rows[at] ?? 0) & 0xffff] ?? '';
    if (!movable.has(kind)) into.add(`${kind} ${(rows[at + 1] ?? 0) + offset} ${(rows[at + 2] ?? 0) + offset}`);
  }
  return into;
}

function pieces(text: string): { nodes: Set<string>; broken: number } {
  const nodes = new Set<string>();
  let broken = 0;
  for (const segment of cutAll(text)) {
    const { rows } = parseSegment(parser, text.slice(segment.start, segment.end));
    nodesOf(rows, segment.start, nodes);
    if (((rows[0] ?? 0) & 0x10000) !== 0) broken++;
  }
  return { nodes, broken };
}

describe('segments', () => {
  it('of every file of the standard library hold the nodes of the whole file’s tree', function () {
    this.timeout(240_000);
    assert.ok(files.length > 100);
    for (const { path, text } of files) {
      const whole = parser.parse(text);
      if (((whole[0] ?? 0) & 0x10000) !== 0) continue;
      const { nodes, broken } = pieces(text);
      assert.equal(broken, 0, `${path}: a segment has an error that the whole file has not`);
      const missing = [...nodesOf(whole, 0, new Set())].filter((node) => !nodes.has(node));
      assert.deepEqual(missing, [], path);
    }
  });

  it('of every file of the standard library have one tree, parsed by statements or in one go', function () {
    this.timeout(240_000);
    let long = 0;
    for (const { path, text } of files) {
      for (const { start, end } of cutAll(text)) {
        const segment = text.slice(start, end);
        const { rows, pieces: statements } = parseSegment(parser, segment);
        if (!statements) continue;
        long++;
        const whole = parseOnce(parser, segment).rows;
        assert.ok(Buffer.from(rows.buffer).equals(Buffer.from(whole.buffer)), `${path}: ${segment}`);
      }
    }
    assert.ok(long > 1000);
  });

  it('hang a comment where one parse of the whole hangs it, however deep it stands', () => {
    const body = Array.from(
      { length: 14 },
      (_, line) => `        total_${line} = measure(${line})  # in metres\n`,
    ).join('');
    const texts = ['', '    ', '        ', '            ', '\t'].flatMap((first) =>
      ['', '    ', '        ', '\t\t'].flatMap((second) => {
        const comments = `${first}# First.\n\n${second}# Second.\n`;
        return [
          `def measure_all():\n${comments}    if ready:\n${comments}${body}${comments}`,
          `    if ready:\n${body}${comments}    elif waiting:\n${comments}${body}${comments}    else:\n${body}`,
          `try:\n    with lock:\n${body}${comments}except OSError:\n    for one in all:\n${comments}${body}${comments}    pass\n`,
          `@once\n${comments}async def measure_all():  # Slow.\n    while ready:\n${body}${body}${comments}\n`,
          `class Measures:\n${comments}    def measure_all(self):\n${body}${comments}    size = 1\n${comments}`,
        ];
      }),
    );
    for (const text of texts) {
      const whole = parser.parse(text);
      if (((whole[0] ?? 0) & 0x10000) !== 0) continue;
      assert.deepEqual([...parseSegment(parser, text).rows], [...whole], text);
    }
  });

  it('of a long statement with branches are parsed statement by statement, wherever it stands', () => {
    const lines = (indent: string) =>
      Array.from({ length: 12 }, (_, line) => `${indent}total_${line} = measure(${line})\n`).join('');
    const note =
      '        # Branches are far apart here, and what they have in common is said once, above all.\n'.repeat(6);
    const before =
      `    try:\n${lines('        ')}    except ValueError:\n${lines('        ')}        if total_1:\n` +
      `${lines('            ')}${note}        elif total_2:\n${lines('            ')}        # Nothing else can be.\n` +
      `    finally:\n${lines('        ')}`;
    const after = before.replace('        total_7 = measure(7)', '        total_7 = measure(70)');
    assert.ok(before !== after && note.length > 400);
    const parsed: string[] = [];
    const parse = (text: string) => {
      parsed.push(text);
      return parser.parse(text);
    };
    const listening: ParserPort = { name: parser.name, parse };
    const { pieces: known } = parseSegment(listening, before);
    parsed.length = 0;
    const { rows } = parseSegment(listening, after, known);
    assert.deepEqual(parsed, ['        total_7 = measure(70)\n']);
    const all = (of: Int32Array) => [...nodesOf(of, 0, new Set())].sort();
    assert.deepEqual(all(rows), all(parser.parse(after)));
  });

  it('join to the text without a gap', () => {
    for (const { path, text } of files.slice(0, 120)) {
      assert.equal(
        cutAll(text)
          .map((segment) => text.slice(segment.start, segment.end))
          .join(''),
        text,
        path,
      );
    }
  });

  const module = [
    'import os',
    '',
    'def first():',
    '    try:',
    '        run()',
    '    except:',
    '        stop()',
    '',
    'class Box:',
    '    def second(self):',
    '        try:',
    '            run()',
    '        except:',
    '            stop()',
    '',
    '    def third(self):',
    '        try:',
    '            run()',
    '        except:',
    '            stop()',
    '',
  ];
  const reported = (lines: string[]): number[] =>
    open(lines.join('\n'))
      .findings()
      .filter((finding) => finding.code === 'GR402')
      .map((finding) => finding.from.line);

  it('keep an error to themselves: whatever is being typed, the rest is still examined', () => {
    assert.deepEqual(reported(module), [5, 12, 18]);
    for (const typed of [
      'x = foo(',
      'x = [1, {',
      'def f(',
      'class C(',
      '"""',
      'x = f"{',
      "x = 'abc",
      'if x',
      'return foo(bar[',
    ]) {
      const withTop = [...module.slice(0, 8), typed, ...module.slice(8)];
      assert.deepEqual(reported(withTop), [5, 13, 19], `at the top: ${typed}`);
    }
    for (const typed of ['x = foo(', 'x = [1, {', "x = 'abc", 'if x', 'return foo(bar[', 'for x in']) {
      const inMethod = [...module.slice(0, 10), `        ${typed}`, ...module.slice(10)];
      assert.deepEqual(
        reported(inMethod).filter((line) => line !== 13),
        [5, 19],
        `in a method: ${typed}`,
      );
    }
    for (const typed of ['x', 'x = (', 'self.']) {
      const unindented = [...module.slice(0, 11), typed, ...module.slice(11)];
      assert.deepEqual(
        reported(unindented).filter((line) => line !== 13),
        [5, 19],
        `at column 0 in a method: ${typed}`,
      );
    }
  });

  it('do not report what is only unfinished', () => {
    const before = open(module.join('\n')).findings().length;
    for (const typed of ['x = foo(', '"""', 'def f(', 'class C(']) {
      const found = open([...module.slice(0, 8), typed, ...module.slice(8)].join('\n')).findings().length;
      assert.ok(found <= before + 3, `${typed}: ${found} findings instead of ${before}`);
    }
  });
});
