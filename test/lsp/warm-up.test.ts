import assert from 'node:assert/strict';
import type { ParserPort } from '../../server/src/engine/index.ts';
import { loadWasmParser } from '../../server/src/host/parser.ts';
import { warmUp } from '../../server/src/lsp/warm-up.ts';
import { rules } from '../../server/src/rules/index.generated.ts';

const some = rules.slice(0, 3);
const facts = { path: 'app/own.py', target: '3.12', targetKnown: true } as const;
const set = {
  rules: some.map((rule) => ({ rule: rule.configure(undefined).rule, severity: undefined })),
  knownCodes: new Set<string>(),
};

describe('language server: warm-up', () => {
  /** A parser that tells of every text, and ends the warm-up after so many. */
  async function spy(most: number): Promise<{ parser: ParserPort; parsed: string[]; stop: AbortController }> {
    const own = await loadWasmParser();
    const parsed: string[] = [];
    const stop = new AbortController();
    const parser: ParserPort = {
      name: own.name,
      parse(text) {
        parsed.push(text);
        if (parsed.length >= most) stop.abort();
        return own.parse(text);
      },
    };
    return { parser, parsed, stop };
  }

  const idle = (): number => Number.NEGATIVE_INFINITY;

  for (const [name, text] of [
    ['a file', 'def own_function(argument):\n    return argument + 1\n'.repeat(3)],
    ['an empty file', ''],
    ['broken text with astral characters and CRLF', 'def own_function(\r\n\t"""😀\r\nclass :\r\n'],
  ] as const) {
    it(`types into a copy of ${name} with its parser, until it is told to stop`, async () => {
      const { parser, parsed, stop } = await spy(2000);
      await warmUp(await loadWasmParser(), some, () => ({ text, parser, facts, rules: set }), idle, stop.signal);
      assert.ok(stop.signal.aborted);
      // Every keystroke is parsed, the complete lines too.
      assert.ok(parsed.some((piece) => piece.includes('result = service.fetch(item_id, limit=10)')));
    });
  }

  it('types into the examples where no file is open, and comes to its end', async () => {
    const { parser, parsed, stop } = await spy(Number.POSITIVE_INFINITY);
    await warmUp(parser, some, () => undefined, idle, stop.signal);
    assert.ok(parsed.some((piece) => piece.includes('result = service.fetch(item_id, limit=10)')));
  });

  it('does nothing while there is something to do', async () => {
    const { parser, parsed, stop } = await spy(Number.POSITIVE_INFINITY);
    let asked = 0;
    const busy = (): number => {
      asked++;
      if (asked === 2) stop.abort();
      return performance.now();
    };
    await warmUp(parser, some, () => undefined, busy, stop.signal);
    assert.deepEqual(parsed, []);
  });
});
