import { Document, type ParserPort, type Rule } from '../engine/index.ts';
import { resolveSettings } from '../settings/resolve.ts';
import { createRuleSets } from '../settings/rule-sets.ts';
import { toDiagnostic } from './convert.ts';

/** Work goes on for this long before waiting messages get their turn. Milliseconds. */
const slice = 2;
const typed = 'def total(order, rate=1):\n    try:\n        return sum(line.price for line in order.lines) * rate\n';

/**
 * Lets the just-in-time compiler see the engine at work before a person types: analyses the rules' own examples, then
 * types some lines into them and deletes them again, as an editor would. Runs between messages, `slice` milliseconds at a
 * time, until it is done or `signal` is aborted.
 */
export async function warmUp(parser: ParserPort, rules: readonly Rule[], signal: AbortSignal): Promise<void> {
  let until = performance.now() + slice;
  for (const step of steps(parser, rules)) {
    step();
    if (performance.now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) return;
    until = performance.now() + slice;
  }
}

function* steps(parser: ParserPort, rules: readonly Rule[]): Generator<() => void> {
  const settings = resolveSettings({ cards: rules.map((rule) => rule.card), layers: [], root: '/' });
  const set = createRuleSets(rules, settings)('/app/example.py');
  const facts = { path: 'app/example.py', target: settings.targetVersion, targetKnown: false };
  const examples = rules
    .flatMap((rule) => rule.examples)
    .map((example) => ('bad' in example ? example.bad : example.ok));
  for (const text of examples) yield () => publishable(new Document(parser, text, facts, set));
  const document = new Document(parser, '', facts, set);
  for (let from = 0; from < examples.length; from += 10)
    yield () => document.edit(document.length, document.length, `${examples.slice(from, from + 10).join('\n')}\n`);
  for (let round = 0; round < 6; round++) {
    const start = document.offset({ line: Math.floor((document.length / 40) * (round / 6)), character: 0 });
    for (const [index, character] of [...typed].entries()) yield () => edit(document, start + index, 0, character);
    for (let end = start + typed.length; end > start; end--) yield () => edit(document, end - 1, 1, '');
  }
}

function edit(document: Document, start: number, removed: number, text: string): void {
  document.edit(start, start + removed, text);
  publishable(document);
}

function publishable(document: Document): string {
  return JSON.stringify(
    document.findings().map((finding) => toDiagnostic(finding, 'file:///example.py', () => '', true)),
  );
}
