import assert from 'node:assert/strict';
import { rules } from '../server/src/rules/index.generated.ts';
import { Catalogue, Standard } from '../shared-rules/src/index.ts';
import { products, sources, stale } from '../tools/generate.ts';
import { readStandards, requirementsOf } from '../tools/generate-docs.ts';

const standards = readStandards();

describe('generated files', () => {
  it('are as they would be generated', () => {
    assert.deepEqual(stale(new Map([...sources(), ...products(rules)])), []);
  });

  it('notice a change', () => {
    const files = products(rules);
    files.set('shared-rules/catalogue.json', '[]\n');
    assert.ok(stale(files).includes('shared-rules/catalogue.json'));
  });
});

describe('the catalogue', () => {
  it('has every card, valid, in the order of their codes, with names of their own', () => {
    const cards = Catalogue.parse(rules.map((rule) => rule.card));
    assert.deepEqual(
      cards.map((card) => card.code),
      cards.map((card) => card.code).sort(),
    );
    assert.equal(new Set(cards.map((card) => card.code)).size, cards.length);
    assert.equal(new Set(cards.map((card) => card.name)).size, cards.length);
  });

  for (const { card } of rules) {
    it(`${card.code} answers just the requirements that name it`, () => {
      assert.deepEqual(card.requirements, requirementsOf(card.code, standards));
    });

    it(`${card.code} speaks in sentences`, () => {
      for (const text of [card.summary, card.advice]) assert.doesNotMatch(text, /[.!]$/, text);
      assert.match(card.why, /[.!?]$/);
      assert.ok(card.why.length > 60, 'why says too little');
      if (card.fixSafety) assert.match(card.fixSafety, /[.]$/);
    });
  }
});

describe('the five standards', () => {
  it('hold all 722 requirements, each once, answered by something', () => {
    const all = standards.flatMap((standard) =>
      Standard.parse(standard).sections.flatMap((section) => section.requirements),
    );
    assert.equal(all.length, 722);
    assert.equal(new Set(all.map((requirement) => requirement.id)).size, 722);
    const unanswered = all.filter(
      (requirement) =>
        requirement.rules.length + requirement.probes.length + requirement.snippets.length === 0 && !requirement.tick,
    );
    assert.deepEqual(
      unanswered.map((requirement) => requirement.id),
      [],
    );
  });
});
