import assert from 'node:assert/strict';
import { Document, type ParserPort } from '../../server/src/engine/index.ts';
import { loadNativeParser } from '../../server/src/host/parser.ts';
import { everything, factsOf, parser, snapshot } from '../support/engine.ts';
import { stdlibFiles } from '../support/stdlib.ts';

describe('the two parser bindings', () => {
  const native: ParserPort = loadNativeParser();
  const files = stdlibFiles().filter((_, index) => index % 9 === 0);

  it('give the same rows for whole texts', function () {
    this.timeout(120_000);
    assert.ok(files.length > 50);
    const different = files.filter((file) => !equal(parser.parse(file.text), native.parse(file.text)));
    assert.deepEqual(
      different.map((file) => file.path),
      [],
    );
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

function equal(left: Int32Array, right: Int32Array): boolean {
  return left.length === right.length && left.every((cell, index) => cell === right[index]);
}
