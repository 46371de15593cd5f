import { Document, type FileFacts, type ParserPort, type Rule, type RuleSet } from '../engine/index.ts';
import { resolveSettings } from '../settings/resolve.ts';
import { createRuleSets } from '../settings/rule-sets.ts';
import { DiagnosticsText } from './diagnostics.ts';

/** Work goes on for this long before waiting messages get their turn. Milliseconds. */
const slice = 2;
/** After there was something to do the server stands ready for more for this long. Milliseconds. */
const quiet = 250;
/** All the work that is worth doing. Milliseconds. */
const budget = 4000;
/** As many lines of the open file are copied, so many at a time: what comes in one step holds up a keystroke. */
const mostLines = 2000;
const linesAtOnce = 25;

/** How often something is typed into the examples, when there is a file to go on with and when there is none. */
const few = 3;
const many = 100;

/** What a person types: one character between others, or a line that passes through broken states. */
const characters = ['x', '(', '.', '1', '"', ' ', ',', ')', '[', ':', '_'];
const lines = [
  'result = service.fetch(item_id, limit=10)',
  '@property',
  'import json',
  'class Order(Base):',
  'def total(order, rate=1):',
  'return sum(line.price for line in order.lines) * rate',
  '"""A note that is closed again."""',
  'except (ValueError, KeyError):',
  'logger.error(f"{name!r} failed: %s", error)  # noqa: E501',
  "title = 'unfinished",
  'with open(path) as file:',
  'if order is None:',
  'rows = [',
  '"""',
];

/** A text, and what it is analysed with. */
export interface WarmUpText {
  readonly text: string;
  readonly parser: ParserPort;
  readonly facts: FileFacts;
  readonly rules: RuleSet;
}

/**
 * Lets the just-in-time compiler see the engine at work before a person types: analyses the rules' own examples, then
 * types into a copy of what is open, and deletes it again, as an editor would. Goes on only while nothing else is to do,
 * in small slices, until it is done or `signal` is aborted.
 *
 * @param open the file that is most likely to be typed into.
 * @param lastMessage when there was something else to do last, by `performance.now()`.
 */
export async function warmUp(
  parser: ParserPort,
  rules: readonly Rule[],
  open: () => WarmUpText | undefined,
  lastMessage: () => number,
  signal: AbortSignal,
): Promise<void> {
  let spent = 0;
  let started = Number.NEGATIVE_INFINITY;
  for (const step of steps(parser, rules, open)) {
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

function* steps(parser: ParserPort, rules: readonly Rule[], open: () => WarmUpText | undefined): Generator<() => void> {
  const settings = resolveSettings({ cards: rules.map((rule) => rule.card), layers: [], root: '/' });
  const set = createRuleSets(rules, settings)('/app/example.py');
  const facts = { path: 'app/example.py', target: settings.targetVersion, targetKnown: false };
  const examples = rules.map((rule) => rule.examples.map((example) => ('bad' in example ? example.bad : example.ok)));
  for (const text of examples.flat()) yield () => publish(new Document(parser, text, facts, set));
  // One example of every rule is enough to type in; findings by the hundred would only cost time.
  const text = examples.map(([first]) => `${first}\n`).join('');
  const own = open();
  yield* typing({ text, parser, facts, rules: set }, own ? few : many);
  if (own) yield* typing(own, Number.POSITIVE_INFINITY);
}

/**
 * Types at places all over a copy of a text, round after round, each time elsewhere. The compiler goes by what it has
 * seen, and nothing is as much like what will be typed into as the file itself.
 */
function* typing({ text, parser, facts, rules }: WarmUpText, rounds: number): Generator<() => void> {
  const document = new Document(parser, '', facts, rules);
  const all = text.split(/(?<=\n)/).slice(0, mostLines);
  for (let line = 0; line < all.length; line += linesAtOnce) {
    const piece = all.slice(line, line + linesAtOnce).join('');
    yield () => document.edit(document.length, document.length, piece);
  }
  for (let round = 0; round < rounds; round++) {
    // Steps of the golden ratio come near every place without coming to the same one twice.
    const at = Math.floor(all.length * ((round * 0.618_034) % 1));
    const end = document.offset({ line: at, character: Number.MAX_SAFE_INTEGER });
    const start = document.offset({ line: at, character: 0 });
    const indent = all[at]?.match(/^[ \t]*/)?.[0] ?? '';
    const typed = round % 8 === 0 ? [`\n${indent}`, ...(lines[(round / 8) % lines.length] ?? '')] : undefined;
    const middle = start + Math.floor((end - start) * ((round * 0.414_214) % 1));
    yield* burst(document, typed ? end : middle, typed ?? [characters[round % characters.length] ?? 'x']);
  }
}

/** Types pieces one after the other, and takes them back from the last to the first. */
function* burst(document: Document, start: number, pieces: readonly string[]): Generator<() => void> {
  let offset = start;
  for (const piece of pieces) {
    const at = offset;
    yield () => change(document, at, at, piece);
    offset += piece.length;
  }
  for (const piece of pieces.toReversed()) {
    offset -= piece.length;
    const at = offset;
    yield () => change(document, at, at + piece.length, '');
  }
}

function change(document: Document, start: number, end: number, text: string): void {
  document.edit(start, end, text);
  publish(document);
}

const texts = new DiagnosticsText('file:///app/example.py', { relatedInformation: true, documentation: () => '' });

/** All that publishing costs apart from the pipe. */
function publish(document: Document): Buffer {
  return texts.of(document, document.count());
}
