/** Tells which of some words a text holds, anywhere, also inside longer words: one look at each character, whatever the number of words. */
export interface WordFinder {
  /** Length of the longest word. */
  readonly longest: number;
  /** Adds to `found` every word that the text holds. */
  find(text: string, found: Set<string>): void;
}

/**
 * The automaton of Aho and Corasick ("Efficient string matching", 1975), as a table of states by characters. Asking the
 * text for each of some hundred words cost a fifth of a cold check.
 */
export function wordFinder(words: readonly string[]): WordFinder {
  const { classOf, classes } = characterClasses(words);
  const { next, spelt } = trie(words, classOf, classes);
  const ends = closeOver(next, spelt, classes);
  return {
    longest: words.reduce((most, word) => Math.max(most, word.length), 0),
    find(text, found) {
      let state = 0;
      for (let offset = 0; offset < text.length; offset++) {
        state = next[state * classes + (classOf[text.charCodeAt(offset)] ?? 0)] ?? 0;
        const ended = ends[state];
        if (ended) for (const word of ended) found.add(word);
      }
    },
  };
}

/** Characters of no word are all alike: class 0. Words are ASCII, as Python's own names and those of libraries are. */
function characterClasses(words: readonly string[]): { classOf: Uint8Array; classes: number } {
  const classOf = new Uint8Array(128);
  let classes = 1;
  for (const word of words) {
    for (let offset = 0; offset < word.length; offset++) {
      const code = word.charCodeAt(offset);
      if (code >= classOf.length) throw new RangeError(`the word "${word}" is not ASCII`);
      if (classOf[code] === 0) classOf[code] = classes++;
    }
  }
  return { classOf, classes };
}

/** The words as a tree of states, 0 being the root and "no state"; and which words end in which state. */
function trie(words: readonly string[], classOf: Uint8Array, classes: number) {
  const most = words.reduce((sum, word) => sum + word.length, 1);
  const next = new Int32Array(most * classes);
  const spelt: (string[] | undefined)[] = [undefined];
  for (const word of words) {
    let state = 0;
    for (let offset = 0; offset < word.length; offset++) {
      const step = state * classes + (classOf[word.charCodeAt(offset)] ?? 0);
      if (next[step] === 0) next[step] = spelt.push(undefined) - 1;
      state = next[step] ?? 0;
    }
    if (word !== '') spelt[state] = [...(spelt[state] ?? []), word];
  }
  return { next: next.subarray(0, spelt.length * classes), spelt };
}

/**
 * Turns the tree into a machine that never goes back: where a state has no way on, it goes where its longest proper
 * suffix goes. Returns the words that end in each state, those of its suffixes included.
 */
function closeOver(next: Int32Array, spelt: readonly (string[] | undefined)[], classes: number) {
  const ends = [...spelt];
  const suffixOf = new Int32Array(spelt.length);
  const queue: number[] = [];
  for (let step = 0; step < classes; step++) if (next[step]) queue.push(next[step] ?? 0);
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] ?? 0;
    const suffix = suffixOf[state] ?? 0;
    const inherited = ends[suffix];
    if (inherited) ends[state] = [...(ends[state] ?? []), ...inherited];
    for (let step = 0; step < classes; step++) {
      const at = state * classes + step;
      const onward = next[suffix * classes + step] ?? 0;
      if (next[at]) {
        suffixOf[next[at] ?? 0] = onward;
        queue.push(next[at] ?? 0);
      } else next[at] = onward;
    }
  }
  return ends;
}
