import { Document, type ParserPort, type Rule } from '../engine/index.ts';
import { resolveSettings } from '../settings/resolve.ts';
import { createRuleSets } from '../settings/rule-sets.ts';
import { DiagnosticsText } from './diagnostics.ts';

/** Work goes on for this long before waiting messages get their turn. Milliseconds. */
const slice = 2;
/** After there was something to do the server stands ready for more for this long. Milliseconds. */
const quiet = 250;
/** All the work that is worth doing. Milliseconds. */
const budget = 1500;
const rounds = 4;
const typed = 'def total(order, rate=1):\n    try:\n        return sum(line.price for line in order.lines) * rate\n';

/**
 * Lets the just-in-time compiler see the engine at work before a person types: analyses the rules' own examples, then
 * types some lines between them and deletes them again, as an editor would. Goes on only while nothing else is to do, in
 * small slices, until it is done or `signal` is aborted.
 *
 * @param lastMessage when there was something else to do last, by `performance.now()`.
 */
export async function warmUp(
  parser: ParserPort,
  rules: readonly Rule[],
  lastMessage: () => number,
  signal: AbortSignal,
): Promise<void> {
  let spent = 0;
  let started = Number.NEGATIVE_INFINITY;
  for (const step of steps(parser, rules)) {
    if (performance.now() - started >= slice) {
      await new Promise((resolve) => setImmediate(resolve));
      while (performance.now() - lastMessage() < quiet && !signal.aborted)
        await new Promise((resolve) => setTimeout(resolve, quiet));
      if (signal.aborted || spent > budget) return;
      started = performance.now();
    }
    const before = performance.now();
    step();
    spent += performance.now() - before;
  }
}

function* steps(parser: ParserPort, rules: readonly Rule[]): Generator<() => void> {
  const settings = resolveSettings({ cards: rules.map((rule) => rule.card), layers: [], root: '/' });
  const set = createRuleSets(rules, settings)('/app/example.py');
  const facts = { path: 'app/example.py', target: settings.targetVersion, targetKnown: false };
  const examples = rules.map((rule) => rule.examples.map((example) => ('bad' in example ? example.bad : example.ok)));
  for (const text of examples.flat()) yield () => publish(new Document(parser, text, facts, set));
  // One example of every rule is enough to type in; findings by the hundred would only cost time.
  const document = new Document(parser, '', facts, set);
  for (const [text] of examples) if (text) yield () => document.edit(document.length, document.length, `${text}\n`);
  for (let round = 0; round < rounds; round++) {
    const middle = document.position(Math.floor((document.length * round) / rounds));
    const start = document.offset({ line: middle.line, character: 0 });
    for (const [index, character] of [...typed].entries())
      yield () => change(document, start + index, start + index, character);
    for (let end = start + typed.length; end > start; end--) yield () => change(document, end - 1, end, '');
  }
}

function change(document: Document, start: number, end: number, text: string): void {
  document.edit(start, end, text);
  publish(document);
}

const texts = new DiagnosticsText('file:///app/example.py', { relatedInformation: true, documentation: () => '' });

/** All that publishing costs apart from the pipe. */
function publish(document: Document): string {
  return texts.of(document, document.count());
}
