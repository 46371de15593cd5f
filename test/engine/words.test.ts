import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wordFinder } from '../../server/src/engine/words.ts';

describe('a finder of words', () => {
  const found = (words: string[], text: string): string[] => {
    const into = new Set<string>();
    wordFinder(words).find(text, into);
    return [...into].sort();
  };

  it('finds words inside words, and words that share their beginnings or ends', () => {
    assert.deepEqual(found(['he', 'she', 'his', 'hers'], 'ushers'), ['he', 'hers', 'she']);
    assert.deepEqual(found(['utcnow', 'now'], 'datetime.utcnow()'), ['now', 'utcnow']);
  });

  it('finds nothing across characters that no word has', () => {
    assert.deepEqual(found(['now'], 'n\u{1F600}ow nöow no w'), []);
  });

  it('refuses a word that it could never find', () => {
    assert.throws(() => wordFinder(['größe']), RangeError);
  });

  it('agrees with String.includes on any text', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_'), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.uniqueArray(letters, { maxLength: 12 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_', 'é', ' '), maxLength: 60 }),
        (words, text) => {
          assert.deepEqual(found(words, text), words.filter((word) => text.includes(word)).sort());
        },
      ),
    );
  });
});
