import assert from 'node:assert/strict';
import missingDocstring from '../../server/src/rules/style/missing-docstring.ts';
import { only, open, snapshot } from '../support/engine.ts';

describe('a suppression of the whole file, and findings of the file level', () => {
  it('is forgotten with the segment that held it', () => {
    const set = only(missingDocstring);
    const document = open('"""Doc."""\n\nx = 1\n', set);
    [...'\n# groundrules: noqa: GR402\n'].forEach((character, offset) => {
      document.edit(offset, offset, character);
      assert.deepEqual(snapshot(document), snapshot(open(document.text, set)), JSON.stringify(document.text));
    });
    assert.equal(document.count(), 0);
    document.edit(0, 2, '');
    assert.equal(document.count(), 1);
  });
});
