import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { applyEdits, type Document, defineRule, type EnabledRule } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { open, plainCard, snapshot } from '../support/engine.ts';
import { stdlibFiles } from '../support/stdlib.ts';

/** What changes what rules say of other statements: names bound, calls awaited, blocks opened, comments, broken states. */
const typed = [
  'x',
  ' ',
  '.',
  '(',
  ')',
  ',',
  '[',
  '"',
  ':',
  '\n',
  '#',
  '=',
  'await ',
  'print("a")',
  'datetime.utcnow()',
  'x = 1',
  'logger = None',
  'session = db()',
  'global y',
  '\n        ',
  'def f():',
  'for x in y:',
  'return ',
  'try:',
  'except Exception:',
  '# noqa',
  "'''",
  'lambda x: x',
  'return None',
  'pass',
  '; y = 2',
  'raise ValueError("x")',
  'import time',
  'else:',
  'if x:',
  'del x',
  'session.commit()',
  'logger.info(f"{x}")',
];

/** The rules' own examples as one long function or method each, and real functions. */
const texts = [
  ...rules.flatMap(({ examples }, index) => {
    const bodies = examples.map((example) => ('bad' in example ? example.bad : example.ok)).join('\n');
    if (index % 2 === 0) return `async def everything(session, payload):\n${bodies.replace(/^(?=.)/gm, '    ')}\n`;
    const before = '    def start(self):\n        self.logger = logging.getLogger(__name__)\n\n';
    const method = `    def everything(self, payload):\n${bodies.replace(/^(?=.)/gm, '        ')}\n`;
    return `class Everything(Base):\n${before}${method}\n    def stop(self):\n        self.everything(None)\n`;
  }),
  ...stdlibFiles()
    .filter((file) => file.text.length > 6000)
    .map((file) => file.text),
].filter((text) => text.length > 1200);

const edit = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  nearby: fc.integer({ min: -60, max: 60 }),
  moves: fc.integer({ min: 0, max: 4 }),
  atLineEnd: fc.boolean(),
  removed: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 80 })),
  text: fc.oneof({ weight: 1, arbitrary: fc.constant('') }, { weight: 6, arbitrary: fc.constantFrom(...typed) }),
  asLine: fc.boolean(),
});

describe('edits inside a long segment', () => {
  it('leave the findings and fixes of a fresh analysis, wherever they are', function () {
    this.timeout(600_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(edit, { minLength: 3, maxLength: 12 }),
        (whole, from, edits) => {
          const start = whole.lastIndexOf('\n', from * Math.max(0, whole.length - 7000)) + 1;
          let text = whole.slice(start, start + 7000);
          const document = open(text);
          let place = 0;
          for (const { place: somewhere, nearby, moves, atLineEnd, removed, text: piece, asLine } of edits) {
            // A person stays where they are most of the time.
            if (moves === 0 || place === 0) place = Math.floor(somewhere * text.length);
            let at = Math.max(0, Math.min(text.length, place + nearby));
            const lineEnd = text.indexOf('\n', at);
            if (atLineEnd) at = lineEnd < 0 ? text.length : lineEnd;
            const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))?.[0] ?? '';
            const inserted = asLine ? `\n${indent}${piece}` : piece;
            const end = Math.min(text.length, at + removed);
            document.edit(at, end, inserted);
            text = applyEdits(text, [{ start: at, end, text: inserted }]);
            assert.deepEqual(snapshot(document), snapshot(open(text)), JSON.stringify({ at, end, inserted, text }));
          }
        },
      ),
      {
        numRuns: Number(process.env.FC_RUNS ?? 60),
        ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}),
      },
    );
  });

  it('ask again what looks up a name that is bound now', () => {
    const document = open(
      longFunction(['    import time', '    before = 1', '    print("seen")', '    return before']),
    );
    assert.deepEqual(spans(document, 'GR401'), ['print']);
    insert(document, '    before = 1\n', '    print = before\n');
    assert.deepEqual(spans(document, 'GR401'), []);
    const text = document.text.indexOf('    print = before\n');
    document.edit(text, text + '    print = before\n'.length, '');
    assert.deepEqual(spans(document, 'GR401'), ['print']);
  });

  it('ask only about what changed, also after a rule has come into play', () => {
    let asked: string[] = [];
    const counting = (code: string, mentions?: readonly string[]): EnabledRule => {
      const rule = defineRule({
        code,
        ...plainCard,
        ...(mentions ? { mentions } : {}),
        on: {
          call(call) {
            asked.push(`${code} ${call.field('arguments').firstNamed?.text}`);
            return { at: call, message: `A call of ${call.field('function').text}.` };
          },
        },
      });
      return { rule: rule.configure({}).rule, severity: undefined };
    };
    const set = { rules: [counting('GR998'), counting('GR999', ['wanted'])], knownCodes: new Set<string>() };
    const document = open(`${longFunction(['    one = call(1)'])}\n\nother = 1\n`, set);
    insert(document, 'other = 1', '  # wanted');
    assert.equal(document.count(), 2 * 33);
    asked = [];
    insert(document, 'call(1', '0');
    // The line above is in the same part of the function.
    assert.deepEqual(asked, ['GR998 a', 'GR999 a', 'GR998 10', 'GR999 10']);
    assert.deepEqual(snapshot(document), snapshot(open(document.text, set)));
  });

  it('leave the statements below a header alone, but for those that read the header', () => {
    let asked: string[] = [];
    const rule = defineRule({
      code: 'GR999',
      ...plainCard,
      on: {
        call(call) {
          const name = call.field('function').text;
          asked.push(name);
          const condition = name === 'curious' ? call.above('if_statement')?.field('condition') : undefined;
          return condition ? { at: call, message: `Only if ${condition.text}.` } : undefined;
        },
      },
    });
    const set = { rules: [{ rule: rule.configure({}).rule, severity: undefined }], knownCodes: new Set<string>() };
    const calls = Array.from({ length: 12 }, (_, index) => `        one_${index} = call(1, 2, 3, [4, 5, 6], key=7)`);
    const before = ['    if ready(a):', ...calls, '        last = curious()'];
    const document = open(longFunction(before), set);
    asked = [];
    insert(document, 'if ready(a', 'b');
    // The lines above are in the same part of the function.
    assert.deepEqual(asked, ['compute', 'compute', 'ready', 'curious']);
    assert.deepEqual(
      document.findings().map(({ message }) => message),
      ['Only if ready(ab).'],
    );
    insert(document, 'if ', 'not ');
    assert.deepEqual(snapshot(document), snapshot(open(document.text, set)));
    insert(document, 'if not ready(ab)', ' or (yield)');
    assert.deepEqual(snapshot(document), snapshot(open(document.text, set)));
  });

  it('ask a class again about what it read of a method, and about nothing else', () => {
    let asked = 0;
    const idle = defineRule({
      code: 'GR999',
      ...plainCard,
      mentions: ['wanted'],
      on: {
        class_definition(definition, file) {
          asked++;
          const firsts = file.classBody(definition).flatMap((statement) => {
            const first = statement.is('function_definition') ? statement.field('body').firstNamed : undefined;
            return first ? [first.text] : [];
          });
          return { at: definition.field('name'), message: `The methods begin with ${firsts.join(', ')}.` };
        },
      },
    });
    const set = { rules: [{ rule: idle.configure({}).rule, severity: undefined }], knownCodes: new Set<string>() };
    const method = longFunction(['    begun = 1', '    last = 1']).replace(/^(?=.)/gm, '    ');
    const document = open(`class Runner:\n${method}\n    def stop(self):\n        done = 1\n`, set);
    const counted = (behind: string, text: string): number => {
      asked = 0;
      insert(document, behind, text);
      const many = asked;
      assert.deepEqual(snapshot(document), snapshot(open(document.text, set)));
      return many;
    };
    // The rule comes into play, and what it reads from then on is kept too.
    assert.equal(counted('done = 1', '  # wanted'), 1);
    assert.equal(counted('last = 1', '0'), 0);
    assert.equal(counted('last = 10', '\n        more = 2'), 0);
    assert.equal(counted('a_0 = compute(a', 'b'), 1);
    assert.equal(counted('last = 10', '0'), 0);
    assert.equal(counted('done = 1', '0'), 1);
    assert.equal(counted('def run(a, b', ', c'), 1);
  });

  it('make the fix of a finding elsewhere from the text as it is now', () => {
    const document = open(longFunction(['    first = 1', '    print("seen")', '    return first']));
    insert(document, '    first = 1\n', '    second = 2\n');
    const [finding] = document.findings().filter(({ code }) => code === 'GR401');
    const [fix] = finding?.fixes() ?? [];
    assert.ok(fix);
    assert.match(applyEdits(document.text, fix.edits), / {4}second = 2\n {4}logger\.info\("seen"\)\n/);
    assert.deepEqual(snapshot(document), snapshot(open(document.text)));
  });

  it('leave the fixes of other segments right, also those that a rule works out at once', () => {
    const model = [
      'from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column',
      '',
      'class Base(DeclarativeBase):',
      '    pass',
      '',
      'class User(Base):',
      '    id: Mapped[int] = mapped_column(init=False, primary_key=True)',
      '',
    ].join('\n');
    const document = open(model);
    document.edit(0, 0, '# A comment.\n');
    const [finding] = document.findings().filter(({ code }) => code === 'GR204');
    const [fix] = finding?.fixes() ?? [];
    assert.ok(fix);
    assert.match(applyEdits(document.text, fix.edits), /mapped_column\(primary_key=True\)/);
  });

  it('move a finding by lines and columns with the statements above it', () => {
    const document = open(longFunction(['    first = 1', '    print("seen")']));
    const [before] = document.findings().filter(({ code }) => code === 'GR401');
    insert(document, '    first = 1\n', '    second = 2\n    third = 3\n');
    const [after] = document.findings().filter(({ code }) => code === 'GR401');
    assert.ok(before && after);
    assert.deepEqual(after.from, { line: before.from.line + 2, character: before.from.character });
    assert.equal(document.text.slice(after.start, after.end + 8), 'print("seen")');
  });

  it('are followed in the sample project', () => {
    const file = path.join(import.meta.dirname, '../../sample/src/app/services/order_service.py');
    const text = readFileSync(file, 'utf8');
    const document = open(text);
    for (let at = 0; at < text.length; at += 37) {
      document.edit(at, at, 'x');
      document.edit(at, at + 1, '');
    }
    assert.deepEqual(snapshot(document), snapshot(open(text)));
  });
});

/** A function that is long enough to be watched, with some lines in its middle. */
function longFunction(lines: readonly string[]): string {
  const filler = (name: string): string[] =>
    Array.from({ length: 16 }, (_, index) => `    ${name}_${index} = compute(${name}, [${index}, ${index}])`);
  return ['def run(a, b):', ...filler('a'), ...lines, ...filler('b'), ''].join('\n');
}

function insert(document: Document, behind: string, text: string): void {
  const at = document.text.indexOf(behind) + behind.length;
  document.edit(at, at, text);
}

function spans(document: Document, code: string): string[] {
  return document
    .findings()
    .filter((finding) => finding.code === code)
    .map(({ start, end }) => document.text.slice(start, end));
}
