import assert from 'node:assert/strict';
import { applyEdit, createRandom, findLineStarts, makeEditScript, pick } from './edit-script.ts';

const text = ['import os', '', 'def main():', '    print("😀", os.name)', ''].join('\n');
const places = {
  expressions: [
    [3, 9],
    [3, 17],
    [3, 22],
  ] satisfies [number, number][],
  statements: [
    [0, 9, 0],
    [3, 24, 4],
  ] satisfies [number, number, number][],
};

describe('bench: random numbers', () => {
  it('are the same for the same seed, others for another, and within 0 and 1', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 1000 }, random);
    };
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
    assert.ok(draw(1).every((number) => number >= 0 && number < 1));
    const mean = draw(1).reduce((sum, number) => sum + number, 0) / 1000;
    assert.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`);
  });

  it('pick from a list, and say so when it is empty', () => {
    assert.equal(
      pick(['only'], () => 0.99),
      'only',
    );
    assert.throws(() => pick([], () => 0), { message: 'There is nothing to pick from' });
  });
});

describe('bench: edit script', () => {
  const edits = makeEditScript(text, places, 2000, 7);

  it('is the same for the same seed', () => {
    assert.deepEqual(makeEditScript(text, places, 2000, 7), edits);
    assert.notDeepEqual(makeEditScript(text, places, 2000, 8), edits);
    assert.ok(edits.length >= 2000);
  });

  it('holds both kinds of edits, each a good part', () => {
    const lines = edits.filter((edit) => edit.kind === 'line').length;
    assert.ok(lines > 400 && lines < 1600, `${lines} of ${edits.length}`);
  });

  it('leaves the text as it was', () => {
    assert.equal(edits.reduce(applyEdit, text), text);
  });

  it('changes one character at a time, a new line with its indentation aside', () => {
    let current = text;
    for (const edit of edits) {
      const removed = current.slice(edit.start, edit.end);
      assert.match(edit.text === '' ? removed : edit.text, /^(.|\n {0,4})$/u);
      assert.ok(edit.text === '' || removed === '');
      current = applyEdit(current, edit);
    }
  });

  it('gives offsets and positions that mean the same place of the text before the edit', () => {
    let current = text;
    for (const edit of edits) {
      const starts = findLineStarts(current);
      const { start, end } = edit.range;
      assert.equal((starts[start.line] ?? Number.NaN) + start.character, edit.start);
      assert.equal((starts[end.line] ?? Number.NaN) + end.character, edit.end);
      current = applyEdit(current, edit);
    }
  });

  it('finds the starts of lines', () => {
    assert.deepEqual(findLineStarts('a\n\nbc\n'), [0, 2, 3, 6]);
    assert.deepEqual(findLineStarts(''), [0]);
  });
});
