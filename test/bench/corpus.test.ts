import assert from 'node:assert/strict';
import { composeFile, findBrokenStates, findEditPlaces, toUnits } from './corpus.ts';
import type { Edit } from './edit-script.ts';

const modules = [
  {
    name: 'a.py',
    plain: ['import os\n', 'def f(x):\n    return x\n'],
    typed: ['import os\n', 'def f(x: object):\n    return x\n'],
  },
  { name: 'b.py', plain: ['y = 1\n'], typed: ['y = 1\n'] },
];

describe('bench: corpus', () => {
  it('gives every unit the findings on its lines', () => {
    const units = toUnits(modules, 'plain', (name) => (name === 'a.py' ? [0, 1, 2, 2] : []));
    assert.deepEqual(
      units.map((unit) => [unit.lines, unit.findings]),
      [
        [1, 1],
        [2, 3],
        [1, 0],
      ],
    );
    assert.equal(toUnits(modules, 'typed', () => [])[1]?.text, 'def f(x: object):\n    return x\n');
  });

  it('composes a file of whole units within the lines and the findings that are allowed', () => {
    const unit = (text: string, lines: number, findings: number) => ({ text, lines, findings });
    const units = [
      unit('a\n'.repeat(4), 4, 0),
      unit('b\n'.repeat(4), 4, 9),
      unit('c\n'.repeat(4), 4, 1),
      unit('d\n', 1, 0),
    ];
    const all = composeFile(units, 12, Number.POSITIVE_INFINITY);
    assert.deepEqual([all.lines, all.unitStarts, all.nextUnit], [12, [0, 8, 16], 3]);
    const few = composeFile(units, 12, 2);
    assert.equal(few.text, `${'a\n'.repeat(4)}${'c\n'.repeat(4)}d\n`);
    const later = composeFile(units, 4, Number.POSITIVE_INFINITY, 2);
    assert.equal(later.text, 'c\n'.repeat(4));
  });

  it('finds where expressions and statements end, in UTF-16 columns', async () => {
    const places = await findEditPlaces('def f():\n    print("😀", name)\n');
    assert.deepEqual(places, {
      expressions: [
        [1, 9],
        [1, 20],
      ],
      statements: [[1, 21, 4]],
    });
  });

  it('asks CPython which states are broken', async () => {
    const text = 'x = 1\ny = 2\n';
    const file = { text, lines: 2, unitStarts: [0, 6] };
    const edit = (start: number, end: number, inserted: string): Edit => {
      const position = { line: 0, character: start };
      return { kind: 'character', start, end, text: inserted, range: { start: position, end: position } };
    };
    // Four characters behind `x = 1` reach beyond where `y = 2` began, and still belong to the first statement.
    const typed = [edit(5, 5, ' '), edit(6, 6, '+'), edit(7, 7, ' '), edit(8, 8, '2')];
    const deleted = [edit(8, 9, ''), edit(7, 8, ''), edit(6, 7, ''), edit(5, 6, '')];
    const other = [edit(11, 11, '('), edit(11, 12, '')];
    const expected = [false, true, true, false, true, true, false, false, true, false];
    assert.deepEqual(await findBrokenStates(file, [...typed, ...deleted, ...other]), expected);
  });
});
