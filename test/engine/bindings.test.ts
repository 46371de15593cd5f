import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { cutAll, Document, type ParserPort } from '../../server/src/engine/index.ts';
import { rowSize } from '../../server/src/engine/syntax/rows.ts';
import { wasmParser } from '../../server/src/engine/syntax/wasm.ts';
import { loadNativeParser } from '../../server/src/host/parser.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { parserFile, staleParserInputs } from '../../tools/build-parser.mjs';
import { everything, factsOf, parser, snapshot } from '../support/engine.ts';
import { stdlibFiles } from '../support/stdlib.ts';
import { webTreeSitter } from '../support/web-tree-sitter.ts';

const files = stdlibFiles().filter((_, index) => index % 9 === 0);

describe('the parser module', () => {
  it('is compiled from the sources as they are', () => {
    assert.deepEqual(staleParserInputs(), [], `${parserFile} is older than these; run npm run build:parser`);
  });

  it('is loaded once', async () => {
    assert.equal(await wasmParser(noBytes), parser);
  });
});

describe('the parser bindings', () => {
  const native: ParserPort = loadNativeParser();
  const examples = rules.flatMap((rule) =>
    rule.examples.map((example) => ('bad' in example ? example.bad : example.ok)),
  );

  it('give the same rows for whole texts', function () {
    this.timeout(120_000);
    assert.ok(files.length > 50);
    assertSameRows(
      native,
      files.map((file) => file.text),
    );
  });

  it('give the same rows for every segment of them', function () {
    this.timeout(120_000);
    for (const { text } of files) assertSameRows(native, segmentsOf(text));
  });

  // Where code is broken, web-tree-sitter, which holds a later release of tree-sitter, now and then recovers otherwise,
  // and it does not take a NUL for the end of a token.
  it('give the same rows as web-tree-sitter with the published grammar, where code is whole', async function () {
    this.timeout(120_000);
    const require = createRequire(import.meta.url);
    const web = await webTreeSitter(
      readFileSync(require.resolve('web-tree-sitter/web-tree-sitter.wasm')),
      readFileSync(require.resolve('tree-sitter-python/tree-sitter-python.wasm')),
    );
    const whole = files.map((file) => file.text).filter((text) => ((web.parse(text)[0] ?? 0) & 0x10000) === 0);
    assert.ok(whole.length > files.length * 0.9);
    assertSameRows(web, whole);
  });

  it('give the same rows for every beginning of a text', function () {
    this.timeout(120_000);
    const texts = [...files.map((file) => file.text).filter((text) => text.length < 1000), ...examples.slice(0, 20)];
    for (const text of texts)
      assertSameRows(
        native,
        Array.from({ length: text.length }, (_, length) => text.slice(0, length)),
      );
  });

  it('give the same rows for texts with anything in them', function () {
    this.timeout(120_000);
    const sources = fc.constantFrom(...files.map((file) => file.text.slice(0, 3000)), ...examples);
    const insertion = fc.oneof(
      fc.constantFrom(
        '(',
        ')',
        '}',
        '"""',
        "'",
        'f"{',
        '{',
        '\\',
        ':',
        '#',
        '@',
        'def ',
        'class',
        ' if ',
        'not  in',
        '=',
      ),
      fc.constantFrom(
        '\n',
        '\r\n',
        '\r',
        '\t',
        '\f',
        '    ',
        '\0',
        '\ufeff',
        '\ud83d\ude00',
        '\ud83d',
        '\ude00',
        'é',
        '変',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    const edit = fc.record({ at: fc.nat(3000), removed: fc.nat(12), insertion });
    fc.assert(
      fc.property(sources, fc.array(edit, { minLength: 1, maxLength: 4 }), (source, edits) => {
        const text = edits.reduce(
          (old, { at, removed, insertion }) => old.slice(0, at) + insertion + old.slice(at + removed),
          source,
        );
        assertSameRows(native, [text]);
      }),
      { numRuns: 3000 },
    );
  });

  it('give the same rows for unusual texts', function () {
    this.timeout(120_000);
    const deep = ['(', '[', '{', 'f(', 'a.', '-', 'lambda: ', '1 + ', 'f"{', '"""', 'if x:\n '].map((part) =>
      part.repeat(3000),
    );
    const stairs = Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}if x:\n`).join('');
    const module = files.map((file) => file.text).join('\n');
    // What the last text left behind the end of this one must not be read.
    for (const text of ['\ud83d', 'x\ud83d', `x = "${'y'.repeat(11)}\ud83d`]) {
      native.parse('\ude00'.repeat(40));
      parser.parse('\ude00'.repeat(40));
      assertSameRows(native, [text]);
    }
    assertSameRows(native, [
      ...[
        '',
        '\n',
        '\0',
        '\ufeff',
        '\ufeffx = 1\r\n\ty\r\n',
        'x = 1 \0 y = 2\n',
        '\ud83d\ude00 = "\ud83d\ude00"\n',
        '#',
      ],
      ...[...deep, stairs, `${'['.repeat(3000)}${']'.repeat(3000)}`],
      ...[module.slice(0, 4_000_000), module.slice(0, 300_000).replaceAll(')', '')],
    ]);
  });

  it('give the same findings, after edits that break the code too', function () {
    this.timeout(120_000);
    for (const file of files.filter((candidate) => candidate.text.length < 30_000)) {
      const text = file.text;
      const wasm = new Document(parser, text, factsOf(), everything);
      const other = new Document(native, text, factsOf(), everything);
      const middle = text.indexOf('\n', text.length >> 1) + 1;
      for (const insertion of ['', 'x = (\n', '"""\n', 'def f(a=1, *b):\n    print(a)\n']) {
        wasm.edit(middle, middle, insertion);
        other.edit(middle, middle, insertion);
        assert.deepEqual(snapshot(wasm), snapshot(other), file.path);
      }
    }
  });
});

describe('the memory of the parser', () => {
  it('does not grow with the number of texts', async function () {
    this.timeout(120_000);
    const segments = files.slice(0, 40).flatMap(({ text }) => segmentsOf(text));
    const broken = segments.map((segment) => segment.slice(0, segment.length >> 1));
    const wasm = await wasmParser(noBytes);
    const sizes = Array.from({ length: 12 }, () => {
      for (const text of [...segments, ...broken]) wasm.parse(text);
      return wasm.memorySize;
    });
    assert.ok((sizes[0] ?? 0) > 0);
    assert.deepEqual(new Set(sizes), new Set([sizes[0]]));
  });

  it('is given back after a huge text', async () => {
    const wasm = await wasmParser(noBytes);
    wasm.parse('['.repeat(100_000) + ']'.repeat(100_000));
    wasm.parse('value = 1\n');
    assert.ok(wasm.memorySize < 10_000_000, `${wasm.memorySize} bytes`);
  });

  it('may be too small for a text, and the next one is parsed', () => {
    const before = parser.parse('value = 1\n');
    assert.throws(() => parser.parse('x'.repeat(100_000_000)), /A text of 100000000 characters is too much/);
    assert.deepEqual(parser.parse('value = 1\n'), before);
  });
});

const noBytes = (): Uint8Array => assert.fail('the bytes of the module are asked for again');

function segmentsOf(text: string): string[] {
  return cutAll(text).map((segment) => text.slice(segment.start, segment.end));
}

/** Fails with the text, cut short, and the first row that differs. */
function assertSameRows(reference: Pick<ParserPort, 'parse'>, texts: readonly string[]): void {
  for (const text of texts) {
    const wanted = reference.parse(text);
    const given = parser.parse(text);
    if (wanted.length === given.length && wanted.every((cell, index) => cell === given[index])) continue;
    const row = wanted.findIndex((cell, index) => cell !== given[index]) / rowSize;
    const at = Math.floor(row < 0 ? wanted.length / rowSize : row) * rowSize;
    const differing = [wanted, given].map((rows) => rows.slice(at, at + rowSize).join(' '));
    assert.fail(
      `row ${at / rowSize} is ${differing[1]} and should be ${differing[0]} in ${JSON.stringify(text.slice(0, 2000))}`,
    );
  }
}
