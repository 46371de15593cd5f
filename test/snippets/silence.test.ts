import assert from 'node:assert/strict';
import { expandSnippet } from '../../snippets/expand.ts';
import { snippets } from '../../snippets/index.ts';
import { everything, factsOf, open } from '../support/engine.ts';

describe('snippets, expanded', () => {
  for (const snippet of snippets.filter((candidate) => candidate.language === 'python')) {
    it(`${snippet.prefix} raises no finding where it belongs`, () => {
      const text = expandSnippet(snippet.body.join('\n'));
      const file = expandSnippet(snippet.file).replace('*.py', 'orders.py');
      const path = /^(src|modules|tests)\//.test(file)
        ? file
        : /^(api|services|repositories|models|schemas|core)\//.test(file)
          ? `src/${file}`
          : `modules/calculation/orders/${file}`;
      const found = open(text, everything, factsOf(path, '3.13')).findings();
      assert.deepEqual(
        found.map((finding) => `${path}:${finding.from.line + 1} ${finding.code} ${finding.message}`),
        [],
      );
    });
  }
});
