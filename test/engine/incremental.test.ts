import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Document } from '../../server/src/engine/index.ts';
import { everything, factsOf, open, parser, snapshot } from '../support/engine.ts';
import { stdlibFiles } from '../support/stdlib.ts';

/** What a person does: offsets are given as fractions, so that they fit whatever the text has become. */
type Step =
  | { kind: 'insert'; at: number; text: string }
  | { kind: 'delete'; at: number; length: number }
  | { kind: 'type'; at: number; text: string }
  | { kind: 'move'; at: number; length: number; to: number };

const tokens = [
  ' ',
  '\n',
  '\n\n',
  '    ',
  '\t',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ':',
  ',',
  '.',
  '=',
  '"',
  "'",
  '"""',
  "'''",
  '#',
  '@',
  '\\',
  '\\\n',
  '\r\n',
  'x',
  'é',
  '\u{1F40D}',
  'f"{',
  '}"',
  'async ',
  'await ',
  'else:',
  'pass',
  'return',
  'global x\n',
];
const lines = [
  '\nx = foo(\n',
  '\n    y = [1, 2\n',
  '\n"""\n',
  '\ndef f(a, b=1):\n    return a\n',
  '\nclass C(Base):\n    x = 1\n\n    def m(self):\n        return self.x\n',
  '\nimport datetime as dt\n',
  '\nfrom datetime import datetime\n',
  '\n    @property\n',
  '\nif x:\n    pass\nelse:\n    pass\n',
  '\ndef print(*a):\n    pass\n',
  '\n# noqa: GR402\n',
  '\n# groundrules: noqa: GR402\n',
  '  # noqa: GR402',
  '\nprint("x")\n',
  '\n    try:\n        pass\n    except:\n        pass\n',
  '\nt = f"{a["b"]}"\n',
  '\n        return 1\n',
  '\nx: int = None\n',
  '\nif __name__ == "__main__":\n    main()\n',
  '\nimport uvicorn\n',
];

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    text: fc.constantFrom(...tokens, ...lines),
  }),
  fc.record({
    kind: fc.constant('delete' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 120 })),
  }),
  fc.record({
    kind: fc.constant('type' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    text: fc.constantFrom(...lines),
  }),
  fc.record({
    kind: fc.constant('move' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 300 }),
    to: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

/** Short real files, and a window of each long one, so that a fresh analysis after every edit stays cheap. */
const texts = stdlibFiles()
  .filter((file) => file.text.length > 300 && !file.path.includes('/test/') && !file.path.startsWith('test/'))
  .map((file) => file.text.slice(0, 14_000));

describe('incremental analysis', () => {
  it('equals a fresh analysis after every edit', function () {
    this.timeout(300_000);
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(step, { minLength: 4, maxLength: 14 }), (text, steps) => {
        const document = open(text);
        for (const each of steps) apply(document, each);
      }),
      {
        numRuns: Number(process.env.FC_RUNS ?? 150),
        ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}),
      },
    );
  });

  it('cuts and parses after every edit as a fresh document does', function () {
    this.timeout(120_000);
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(step, { minLength: 10, maxLength: 40 }), (text, steps) => {
        const document = open(text, noRules);
        for (const each of steps) apply(document, each, sameSegments);
      }),
      { numRuns: Number(process.env.FC_RUNS ?? 60) },
    );
  });

  it('gives the names of a class whose header goes to the module, and back', () => {
    const header = 'class Log:\n';
    const rest = [
      '    def log(self, text):',
      '        try:',
      '            self.write(text)',
      '        except OSError:',
      '            return None',
      '',
      'log = Log().log',
      '',
    ].join('\n');
    const document = open(header + rest);
    edit(document, 0, 1, '');
    assert.equal(document.file.moduleBindings('log').length, 2);
    edit(document, 0, 0, 'c');
    assert.equal(document.file.moduleBindings('log').length, 1);
  });

  it('asks what the first lines say again when others come before them, and when they go', () => {
    const facts = factsOf('app/__init__.py');
    const document = open('# This file is generated; do not edit.\nusers = load()\n', everything, facts);
    const statements = (): number => document.findings().filter(({ code }) => code === 'GR803').length;
    assert.equal(statements(), 0);
    document.edit(0, 0, 'teams = load()\n');
    assert.equal(statements(), 2);
    assert.deepEqual(snapshot(document), snapshot(open(document.text, everything, facts)));
    document.edit(0, 'teams = load()\n'.length, '');
    assert.equal(statements(), 0);
    assert.deepEqual(snapshot(document), snapshot(open(document.text, everything, facts)));
  });

  it('keeps segments, positions and findings of a file that grows from nothing', () => {
    const text = texts.find((candidate) => candidate.includes('class ')) ?? '';
    const document = open('');
    for (let offset = 0; offset < 3000; offset += 3) document.edit(offset, offset, text.slice(offset, offset + 3));
    assert.deepEqual(snapshot(document), snapshot(open(document.text)));
    assert.equal(document.text, text.slice(0, 3000));
  });
});

function apply(document: Document, each: Step, compare = same): void {
  const at = (fraction: number): number => Math.min(document.length, Math.floor(fraction * (document.length + 1)));
  switch (each.kind) {
    case 'insert':
      edit(document, at(each.at), at(each.at), each.text, compare);
      return;
    case 'delete':
      edit(document, at(each.at), Math.min(document.length, at(each.at) + each.length), '', compare);
      return;
    case 'type': {
      let offset = at(each.at);
      for (const character of each.text) {
        document.edit(offset, offset, character);
        offset += character.length;
      }
      compare(document);
      return;
    }
    case 'move': {
      const start = at(each.at);
      const cut = document.text.slice(start, start + each.length);
      edit(document, start, start + cut.length, '', compare);
      edit(document, at(each.to), at(each.to), cut, compare);
    }
  }
}

function edit(document: Document, start: number, end: number, text: string, compare = same): void {
  const expected = document.text.slice(0, start) + text + document.text.slice(end);
  document.edit(start, end, text);
  assert.equal(document.text, expected);
  compare(document);
}

function same(document: Document): void {
  const fresh = new Document(parser, document.text, factsOf(), everything);
  sameSegments(document);
  assert.deepEqual(snapshot(document), snapshot(fresh));
  assert.equal(document.count(), fresh.findings().length);
}

const noRules = { rules: [], knownCodes: new Set<string>() };

function sameSegments(document: Document): void {
  const fresh = open(document.text, noRules);
  assert.deepEqual(
    document.file.units.map((unit) => [unit.start, unit.startLine, unit.role, unit.text]),
    fresh.file.units.map((unit) => [unit.start, unit.startLine, unit.role, unit.text]),
  );
  for (const [index, { rows, text }] of document.file.units.entries())
    assert.deepEqual(rows, fresh.file.units[index]?.rows, text);
}
