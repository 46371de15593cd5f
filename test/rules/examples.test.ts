import assert from 'node:assert/strict';
import { Document, type Example, fixAll, type Reported, type Rule } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { everything, factsOf, only, open, parser, snapshot } from '../support/engine.ts';
import { describeExample, plain, readExample } from '../support/examples.ts';
import { syntaxErrors } from '../support/python.ts';

const engineOnly = new Set(['GR001', 'GR002', 'GR003']);
const fixedTexts: { where: string; text: string }[] = [];

for (const rule of rules) {
  const { code } = rule.card;
  describe(`${code} ${rule.card.name}`, () => {
    it(`${code} has a report and two look-alikes that stay silent, and says a message`, () => {
      if (code === 'GR003') return;
      const bad = rule.examples.filter((example) => 'bad' in example);
      const silent = rule.examples.filter((example) => 'ok' in example);
      assert.ok(bad.length > 0, 'no example that reports');
      assert.ok(silent.length >= 2, 'fewer than two silent look-alikes');
      assert.ok(
        bad.some((example) => 'bad' in example && readExample(example.bad).expected.some((wanted) => wanted.message)),
        'no example states its message',
      );
    });

    it(`${code} shows the fix safety its card claims`, () => {
      const shown = new Set(
        rule.examples.flatMap((example) =>
          'bad' in example ? readExample(example.bad).expected.map((wanted) => wanted.safety) : [],
        ),
      );
      const claims: string[] = { none: [], safe: ['safe'], unsafe: ['unsafe'], mixed: ['safe', 'unsafe'] }[
        rule.card.fix
      ];
      for (const claim of claims) assert.ok(shown.has(claim), `no example with a fix that is ${claim}`);
      for (const safety of ['safe', 'unsafe'])
        assert.ok(
          !shown.has(safety) || claims.includes(safety),
          `an example has a fix that is ${safety}, which the card denies`,
        );
    });

    rule.examples.forEach((example, index) => {
      const where = describeExample(rule, example, index);
      it(`${where}: spans, messages, fix`, () => checkReports(rule, example, where));
      it(`${where}: line breaks, BOM, tabs, astral characters`, () => checkVariants(rule, example));
      it(`${where}: no prefix makes it throw`, () => checkPrefixes(rule, example));
      it(`${where}: typed, it equals a fresh analysis`, () => checkTyped(rule, example));
    });
  });
}

describe('fixed examples', () => {
  it('parse in CPython', () => {
    const errors = syntaxErrors(fixedTexts.map((fixed) => fixed.text));
    const broken = fixedTexts.flatMap((fixed, index) =>
      errors[index] ? [`${fixed.where}: ${errors[index]}\n${fixed.text}`] : [],
    );
    assert.deepEqual(broken, []);
  });
});

/** The engine's own rules speak of other rules' findings, so they run together with all. */
function setOf(rule: Rule, example: Example) {
  return engineOnly.has(rule.card.code) ? everything : only(rule, example.options);
}

function openExample(rule: Rule, example: Example, text: string): Document {
  return new Document(parser, text, factsOf(example.path, asVersion(example.target)), setOf(rule, example));
}

function asVersion(target: string | undefined) {
  const versions = ['3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14'] as const;
  return versions.find((version) => version === target) ?? '3.12';
}

function own(rule: Rule, document: Document): Reported[] {
  return document.findings().filter((finding) => finding.code === rule.card.code || finding.code === 'GR003');
}

function checkReports(rule: Rule, example: Example, where: string): void {
  const marked = 'bad' in example ? example.bad : example.ok;
  const { code, expected } = readExample(marked);
  const document = openExample(rule, example, code);
  const found = own(rule, document);
  assert.deepEqual(
    found.map((finding, index) => {
      const wanted = expected[index];
      return {
        code: finding.code,
        from: [finding.from.line, finding.from.character],
        to: wanted && wanted.endColumn === undefined ? [finding.to.line] : [finding.to.line, finding.to.character],
        safety: finding.fixes()[0]?.safety ?? 'none',
        message: wanted?.message === undefined ? undefined : finding.message,
      };
    }),
    expected.map((wanted) => ({
      code: wanted.code,
      from: [wanted.line, wanted.column],
      to: wanted.endColumn === undefined ? [wanted.endLine] : [wanted.endLine, wanted.endColumn],
      safety: wanted.safety,
      message: wanted.message,
    })),
    `${code}\n--- found: ${found.map((finding) => `${finding.from.line}:${finding.from.character}-${finding.to.line}:${finding.to.character} ${finding.code} ${finding.message}`).join('\n')}`,
  );
  if (!('bad' in example)) return;
  for (const finding of found) {
    for (const fix of finding.fixes()) {
      assert.ok(fix.title !== '' && !fix.title.endsWith('.'), `title: ${fix.title}`);
      if (fix.safety === 'unsafe') assert.ok(fix.reason, 'an unsafe fix without a reason');
    }
  }
  const outcome = fixAll(
    code,
    (text) => openExample(rule, example, text),
    (finding) => finding.code === rule.card.code,
  );
  if (example.good !== undefined) assert.equal(outcome.text, example.good);
  else assert.equal(outcome.applied, 0, `the fix changes the example, but no \`good\` says to what:\n${outcome.text}`);
  assert.ok(outcome.settled, 'fixing does not come to an end');
  if (outcome.applied > 0) fixedTexts.push({ where, text: outcome.text });
}

function checkVariants(rule: Rule, example: Example): void {
  const code = plain(example);
  const summary = (document: Document) =>
    own(rule, document).map((finding) => `${finding.from.line} ${finding.message}`);
  const expected = summary(openExample(rule, example, code));
  const tabbed = code.replace(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4));
  if (!lineLengthCodes.has(rule.card.code)) {
    assert.deepEqual(summary(openExample(rule, example, code.replaceAll('\n', '\r\n'))), expected, 'CRLF');
    assert.deepEqual(summary(openExample(rule, example, `\ufeff${code}`)), expected, 'BOM');
    assert.deepEqual(summary(openExample(rule, example, tabbed)), expected, 'tabs');
  }
  const astral = openExample(rule, example, `${code}\n# \u{1F40D}\u{1F40D}\n`);
  assert.deepEqual(
    summary(astral).filter((line) => expected.includes(line)),
    expected,
    'astral characters',
  );
}

/** Widths change with tabs and byte order marks, so this rule's variants are its own examples. */
const lineLengthCodes = new Set(['GR904']);

function checkPrefixes(rule: Rule, example: Example): void {
  const code = plain(example);
  for (let length = 0; length < code.length; length++) {
    const crashed = openExample(rule, example, code.slice(0, length))
      .findings()
      .filter((finding) => finding.code === 'GR003' || finding.message.includes('failed here'));
    assert.deepEqual(
      crashed.map((finding) => finding.message),
      [],
      JSON.stringify(code.slice(0, length)),
    );
  }
}

function checkTyped(rule: Rule, example: Example): void {
  const code = plain(example);
  const typed = openExample(rule, example, '');
  for (let length = 0; length < code.length; length++) {
    typed.edit(length, length, code.charAt(length));
    if (length % 7 === 0 || code.charAt(length) === '\n')
      assert.deepEqual(
        snapshot(typed),
        snapshot(openExample(rule, example, code.slice(0, length + 1))),
        JSON.stringify(code.slice(0, length + 1)),
      );
  }
  assert.deepEqual(snapshot(typed), snapshot(openExample(rule, example, code)));
  assert.equal(open(typed.text).text, code);
}
