import assert from 'node:assert/strict';
import { applyEdits, collide, Document, type Edit } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { everything, factsOf, parser } from '../support/engine.ts';
import { syntaxErrors } from '../support/python.ts';
import { stdlibFiles } from '../support/stdlib.ts';

/** A sample of the standard library, short enough for every run; all of it with GROUNDRULES_ALL=1. */
const step = process.env.GROUNDRULES_ALL === '1' ? 1 : 24;
const files = stdlibFiles().filter((file, index) => index % step === 5 % step && file.text.length < 80_000);

interface Attempt {
  readonly where: string;
  readonly text: string;
}

describe('real code', () => {
  it('makes no rule throw, and every fix leaves a file that CPython parses', function () {
    this.timeout(1_800_000);
    assert.ok(files.length > 40);
    const errors = syntaxErrors(files.map((file) => file.text));
    const whole = files.filter((_, index) => errors[index] === undefined);
    for (let index = 0; index < whole.length; index += 8) {
      const attempts = whole.slice(index, index + 8).flatMap((file) => fixedTexts(file.path, file.text));
      const broken = syntaxErrors(attempts.map((attempt) => attempt.text)).flatMap((error, which) =>
        error ? [`${attempts[which]?.where}: ${error}`] : [],
      );
      assert.deepEqual(broken, []);
    }
  });

  it('holds the words and the calls that every rule with a finding waits for', function () {
    this.timeout(1_800_000);
    const reported = (path: string, text: string, all: boolean): string[] => {
      // Where names may come through re-exports, no rule waits for its words or its calls.
      const facts = { ...factsOf(path, '3.11'), ...(all ? { reexport: () => undefined } : {}) };
      return new Document(parser, text, facts, everything)
        .findings()
        .map(({ code, start, message }) => `${code} at ${start}: ${message}`);
    };
    const examples = rules.flatMap(({ card, examples: own }) =>
      own.map((example) => ({
        path: example.path ?? `app/${card.name}.py`,
        text: 'bad' in example ? example.bad : example.ok,
      })),
    );
    for (const { path, text } of [...files, ...examples])
      assert.deepEqual(reported(path, text, false), reported(path, text, true), path);
  });
});

/** For every rule, the text after as many of its first fixes as do not collide, and after the others one round later. */
function fixedTexts(path: string, text: string): Attempt[] {
  const found = new Document(parser, text, factsOf(path, '3.11'), everything).findings();
  const crashed = found.filter((finding) => finding.code === 'GR003' || finding.message.includes('failed here'));
  assert.deepEqual(
    crashed.map((finding) => `${path}:${finding.from.line + 1} ${finding.message}`),
    [],
  );
  const rounds = new Map<string, Edit[][]>();
  for (const finding of found) {
    for (const fix of finding.fixes()) {
      const open = rounds.get(finding.code) ?? [];
      rounds.set(finding.code, open);
      const round = open.find((taken) => !collide(taken, fix.edits));
      if (round)
        round.push(
          ...fix.edits.filter(
            (edit) =>
              !round.some((taken) => taken.start === edit.start && taken.end === edit.end && taken.text === edit.text),
          ),
        );
      else if (open.length < 4) open.push([...fix.edits]);
    }
  }
  return [...rounds].flatMap(([code, edits]) =>
    edits.map((round) => ({ where: `${path} ${code}`, text: applyEdits(text, round) })),
  );
}
