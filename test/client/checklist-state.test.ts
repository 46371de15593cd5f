import assert from 'node:assert/strict';
import { catalogue, standards as realStandards } from '../../client/src/catalogue.ts';
import { type Findings, withFindings } from '../../client/src/checklist/findings.ts';
import { type Checklist, type ChecklistInput, changes, checklist } from '../../client/src/checklist/state.ts';
import type { Place, Requirement, Standard, StandardId } from '../../shared-rules/src/index.ts';

const at = { at: '2026-01-02T03:04:05Z' };

function requirement(id: string, parts: Partial<Requirement>): Requirement {
  const kind = parts.kind ?? 'rule';
  return { id, statement: id, kind, rules: [], probes: [], snippets: [], tick: false, note: '', ...parts };
}

const standards: Standard[] = [
  {
    id: 'production',
    title: 'Production',
    sections: [
      {
        title: 'Time',
        requirements: [
          requirement('rule', { rules: ['GR101', 'GR102'] }),
          requirement('partly-written', { rules: ['GR101', 'GR999'] }),
          requirement('unwritten', { rules: ['GR999'] }),
          requirement('probe', { kind: 'probe', probes: ['P01'] }),
        ],
      },
      {
        title: 'People',
        requirements: [
          requirement('manual', { kind: 'manual', tick: true }),
          requirement('manual-with-traces', { kind: 'manual', tick: true, rules: ['GR201'] }),
          requirement('rule-and-tick', { tick: true, rules: ['GR201'] }),
          requirement('probe-and-tick', { kind: 'probe', tick: true, probes: ['P02'] }),
          requirement('scaffold', { kind: 'scaffold' }),
        ],
      },
    ],
  },
  {
    id: 'flow',
    title: 'Flow',
    sections: [{ title: 'Only', requirements: [requirement('flow-rule', { rules: ['GR101'], tick: false })] }],
  },
];

function place(line: number, message = 'fault'): Place {
  return { line, character: 0, endLine: line, endCharacter: 3, message };
}

function found(...files: [uri: string, rules: Record<string, Place[]>][]): Findings {
  return files.reduce<Findings>((all, [uri, rules]) => withFindings(all, { uri, version: 1, rules }), new Map());
}

function stateOf(input: Partial<ChecklistInput>): Checklist {
  const on: ReadonlySet<StandardId> = new Set(['production', 'flow']);
  const rules = new Set(['GR101', 'GR102', 'GR201']);
  return checklist({ standards, rules, on, findings: new Map(), ticks: {}, ...input });
}

function states(list: Checklist): Record<string, string> {
  return Object.fromEntries([...list.requirements].map(([id, row]) => [id, row.state]));
}

const ran = { GR101: [], GR102: [], GR201: [] };

describe('checklist state', () => {
  it('claims nothing met before a file was analysed', () => {
    assert.deepEqual(states(stateOf({})), {
      rule: 'pending',
      'partly-written': 'pending',
      unwritten: 'noCheck',
      probe: 'noCheck',
      manual: 'toTick',
      'manual-with-traces': 'toTick',
      'rule-and-tick': 'toTick',
      'probe-and-tick': 'toTick',
      scaffold: 'noCheck',
      'flow-rule': 'pending',
    });
  });

  it('is met when its rules ran and found nothing, unless a person has to tick it too', () => {
    const list = stateOf({ findings: found(['file:///a.py', ran]) });
    assert.deepEqual(states(list), {
      rule: 'met',
      'partly-written': 'met',
      unwritten: 'noCheck',
      probe: 'noCheck',
      manual: 'toTick',
      'manual-with-traces': 'toTick',
      'rule-and-tick': 'toTick',
      'probe-and-tick': 'toTick',
      scaffold: 'noCheck',
      'flow-rule': 'met',
    });
    assert.equal(list.files, 1);
  });

  it('is met when one of its rules ran, although another was ignored', () => {
    assert.equal(stateOf({ findings: found(['file:///a.py', { GR102: [] }]) }).requirements.get('rule')?.state, 'met');
  });

  it('is violated by the findings of any file, with the places sorted by file and rule', () => {
    const list = stateOf({
      findings: found(
        ['file:///b.py', { ...ran, GR102: [place(1)], GR101: [place(7), place(9)] }],
        ['file:///a.py', { ...ran, GR102: [place(4)] }],
        ['file:///c.py', ran],
      ),
    });
    const row = list.requirements.get('rule');
    assert.equal(row?.state, 'violated');
    assert.equal(row?.count, 4);
    assert.deepEqual(
      row?.groups.map((group) => [group.uri, group.code, group.places.map(({ line }) => line)]),
      [
        ['file:///a.py', 'GR102', [4]],
        ['file:///b.py', 'GR101', [7, 9]],
        ['file:///b.py', 'GR102', [1]],
      ],
    );
    assert.equal(list.requirements.get('partly-written')?.count, 2);
    assert.deepEqual(list.requirements.get('partly-written')?.missingRules, ['GR999']);
  });

  it('is violated by a finding although it is ticked', () => {
    const findings = found(['file:///a.py', { ...ran, GR201: [place(1)] }]);
    const list = stateOf({ findings, ticks: { 'manual-with-traces': at, 'rule-and-tick': at } });
    assert.equal(list.requirements.get('manual-with-traces')?.state, 'violated');
    assert.equal(list.requirements.get('rule-and-tick')?.state, 'violated');
    assert.equal(list.requirements.get('rule-and-tick')?.ticked, true);
  });

  it('takes a tick for what a person alone can judge, and waits for the rules beside a tick', () => {
    const ticks = {
      manual: at,
      'manual-with-traces': at,
      'rule-and-tick': at,
      'probe-and-tick': at,
      rule: at,
      unknown: at,
    };
    const before = stateOf({ ticks });
    assert.equal(before.requirements.get('manual')?.state, 'met');
    assert.equal(before.requirements.get('manual-with-traces')?.state, 'met');
    assert.equal(before.requirements.get('probe-and-tick')?.state, 'met');
    assert.equal(before.requirements.get('rule-and-tick')?.state, 'pending');
    assert.equal(before.requirements.get('rule')?.state, 'pending');
    assert.equal(before.requirements.get('rule')?.ticked, false);
    const after = stateOf({ ticks, findings: found(['file:///a.py', ran]) });
    assert.equal(after.requirements.get('rule-and-tick')?.state, 'met');
  });

  it('does not take a name that every object has for a tick', () => {
    const odd: Standard[] = [
      { id: 'flow', title: '', sections: [{ title: '', requirements: [requirement('toString', { tick: true })] }] },
    ];
    assert.equal(stateOf({ standards: odd }).requirements.get('toString')?.state, 'toTick');
  });

  it('is off, without places, when its standard is off', () => {
    const findings = found(['file:///a.py', { GR101: [place(1)] }]);
    const list = stateOf({ findings, on: new Set(['production']) });
    assert.equal(list.requirements.get('flow-rule')?.state, 'off');
    assert.equal(list.requirements.get('flow-rule')?.count, 0);
    assert.equal(list.requirements.get('rule')?.state, 'violated');
    assert.equal(list.standards.get('flow')?.on, false);
    assert.equal(list.totals.off, 1);
  });

  it('adds up per section, per standard and over all', () => {
    const list = stateOf({ findings: found(['file:///a.py', { ...ran, GR101: [place(1)] }]), ticks: { manual: at } });
    const none = { violated: 0, toTick: 0, met: 0, pending: 0, noCheck: 0, off: 0 };
    assert.deepEqual(list.standards.get('production')?.sections, [
      { ...none, violated: 2, noCheck: 2 },
      { ...none, toTick: 3, met: 1, noCheck: 1 },
    ]);
    assert.deepEqual(list.standards.get('production')?.totals, {
      ...none,
      violated: 2,
      toTick: 3,
      met: 1,
      noCheck: 3,
    });
    assert.deepEqual(list.totals, { ...none, violated: 3, toTick: 3, met: 1, noCheck: 3 });
  });

  it('has a row for every requirement of the five standards', () => {
    const on: ReadonlySet<StandardId> = new Set(['production', 'architecture', 'flow', 'module', 'backend']);
    const rules = new Set(catalogue.map((card) => card.code));
    const list = checklist({ standards: realStandards, rules, on, findings: new Map(), ticks: {} });
    assert.equal(list.requirements.size, 722);
    assert.equal(list.totals.met + list.totals.violated, 0);
    assert.equal(
      Object.values(list.totals).reduce((sum, count) => sum + count, 0),
      722,
    );
  });
});

describe('checklist findings', () => {
  const first = found(['file:///a.py', { GR101: [place(1)], GR102: [place(2)] }], ['file:///b.py', { GR101: [] }]);

  it('stay the same object when a notification says nothing new', () => {
    const again = withFindings(first, {
      uri: 'file:///a.py',
      version: 2,
      rules: { GR101: [place(1)], GR102: [place(2)] },
    });
    assert.equal(again, first);
  });

  it('keep the groups that did not change', () => {
    const next = withFindings(first, {
      uri: 'file:///a.py',
      version: 2,
      rules: { GR101: [place(1)], GR102: [place(3)] },
    });
    assert.equal(next.get('file:///a.py')?.get('GR101'), first.get('file:///a.py')?.get('GR101'));
    assert.deepEqual(next.get('file:///a.py')?.get('GR102')?.places, [place(3)]);
    assert.deepEqual(first.get('file:///a.py')?.get('GR102')?.places, [place(2)]);
    assert.equal(next.get('file:///b.py'), first.get('file:///b.py'));
  });

  it('notice a changed message, a rule that no longer runs, and a new rule', () => {
    const uri = 'file:///a.py';
    const reworded = withFindings(first, { uri, version: 2, rules: { GR101: [place(1, 'other')], GR102: [place(2)] } });
    assert.equal(reworded.get(uri)?.get('GR101')?.places[0]?.message, 'other');
    const fewer = withFindings(first, { uri, version: 2, rules: { GR101: [place(1)] } });
    assert.deepEqual([...(fewer.get(uri)?.keys() ?? [])], ['GR101']);
    const other = withFindings(first, { uri, version: 2, rules: { GR101: [place(1)], GR103: [] } });
    assert.deepEqual([...(other.get(uri)?.keys() ?? [])], ['GR101', 'GR103']);
  });

  it('forget a closed file', () => {
    const closed = withFindings(first, { uri: 'file:///a.py', version: 3, rules: {}, closed: true });
    assert.deepEqual([...closed.keys()], ['file:///b.py']);
    assert.equal(withFindings(closed, { uri: 'file:///a.py', version: 3, rules: {}, closed: true }), closed);
  });
});

describe('checklist changes', () => {
  const findings = found(['file:///a.py', ran]);
  const before = stateOf({ findings });

  it('are none when nothing changed', () => {
    assert.deepEqual(changes(before, stateOf({ findings })), { standards: [], sections: [], requirements: [] });
  });

  it('name the requirement and the totals above it', () => {
    const next = withFindings(findings, { uri: 'file:///a.py', version: 2, rules: { ...ran, GR102: [place(1)] } });
    assert.deepEqual(changes(before, stateOf({ findings: next })), {
      standards: ['production'],
      sections: [{ standard: 'production', index: 0 }],
      requirements: ['rule'],
    });
  });

  it('name the requirement alone when its places move', () => {
    const uri = 'file:///a.py';
    const one = withFindings(findings, { uri, version: 2, rules: { ...ran, GR102: [place(1)] } });
    const moved = withFindings(one, { uri, version: 3, rules: { ...ran, GR102: [place(2)] } });
    assert.deepEqual(changes(stateOf({ findings: one }), stateOf({ findings: moved })), {
      standards: [],
      sections: [],
      requirements: ['rule'],
    });
  });

  it('name a tick and a standard turned off', () => {
    assert.deepEqual(changes(before, stateOf({ findings, ticks: { manual: at } })), {
      standards: ['production'],
      sections: [{ standard: 'production', index: 1 }],
      requirements: ['manual'],
    });
    assert.deepEqual(changes(before, stateOf({ findings, on: new Set(['production']) })), {
      standards: ['flow'],
      sections: [{ standard: 'flow', index: 0 }],
      requirements: ['flow-rule'],
    });
  });
});
