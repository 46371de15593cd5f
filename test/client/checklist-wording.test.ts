import assert from 'node:assert/strict';
import { standards } from '../../client/src/catalogue.ts';
import type { RequirementRow, RequirementState, Totals } from '../../client/src/checklist/state.ts';
import {
  sectionLabel,
  stateSentence,
  stateText,
  totalsSentence,
  totalsText,
} from '../../client/src/checklist/wording.ts';
import type { Requirement } from '../../shared-rules/src/index.ts';

const none: Totals = { violated: 0, toTick: 0, met: 0, pending: 0, noCheck: 0, off: 0 };

function row(state: RequirementState, parts: Partial<RequirementRow> = {}): RequirementRow {
  return { state, tickable: false, ticked: false, rules: [], missingRules: [], groups: [], count: 0, ...parts };
}

const rule: Requirement = {
  id: '000-001',
  statement: '',
  kind: 'rule',
  rules: ['GR101'],
  probes: [],
  snippets: [],
  tick: false,
  note: '',
};

describe('checklist wording', () => {
  it('names the totals that matter, in one order', () => {
    assert.equal(
      totalsText({ violated: 3, toTick: 5, met: 20, pending: 2, noCheck: 90, off: 0 }),
      '3 violated · 5 to tick · 20 met · 2 not seen yet',
    );
    assert.equal(totalsText({ ...none, met: 1, noCheck: 9 }), '1 met');
    assert.equal(totalsText({ ...none, noCheck: 9 }), 'no check yet');
    assert.equal(totalsText({ ...none, off: 9 }), 'off');
    assert.equal(
      totalsSentence({ ...none, violated: 1, noCheck: 2 }),
      '1 violated, 0 to tick, 0 met, 0 not seen yet, 2 without a check yet',
    );
  });

  it('says the state of a requirement', () => {
    assert.equal(stateText(row('violated', { count: 1 })), '1 place');
    assert.equal(stateText(row('violated', { count: 12 })), '12 places');
    assert.equal(stateText(row('toTick')), 'to tick');
    assert.equal(stateText(row('met')), 'met');
    assert.equal(stateText(row('met', { ticked: true })), 'ticked');
    assert.equal(stateText(row('pending')), 'not seen yet');
    assert.equal(stateText(row('noCheck')), 'no check yet');
    assert.equal(stateText(row('off')), 'off');
  });

  it('says it again as a sentence that tells where it looked', () => {
    assert.equal(stateSentence(rule, row('met'), 1), 'Met in the open file.');
    assert.equal(stateSentence(rule, row('met'), 3), 'Met in the 3 open files.');
    assert.equal(
      stateSentence(rule, row('met', { ticked: true, rules: ['GR101'] }), 2),
      'Ticked, and no finding in the 2 open files.',
    );
    assert.equal(stateSentence(rule, row('met', { ticked: true }), 2), 'Ticked.');
    assert.equal(
      stateSentence(rule, row('toTick', { rules: ['GR101'] }), 1),
      'The rules see only part of it: tick it when the rest holds.',
    );
    assert.equal(
      stateSentence({ ...rule, kind: 'manual' }, row('toTick', { rules: ['GR101'] }), 1),
      'A person judges this one: tick it when it holds.',
    );
  });

  it('labels a section by the last part of its title, unique within its standard', () => {
    assert.deepEqual(sectionLabel('Core Principles › Logging'), { label: 'Logging', context: 'Core Principles' });
    assert.deepEqual(sectionLabel('Core Principles'), { label: 'Core Principles', context: '' });
    for (const standard of standards) {
      const labels = standard.sections.map((section) => sectionLabel(section.title).label);
      assert.deepEqual([...new Set(labels)], labels);
    }
  });
});
