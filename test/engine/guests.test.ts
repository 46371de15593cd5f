import assert from 'node:assert/strict';
import { Document, defineRule, type EnabledRule, py } from '../../server/src/engine/index.ts';
import { factsOf, parser, plainCard, snapshot } from '../support/engine.ts';

const fields = defineRule({
  code: 'GR999',
  ...plainCard,
  on: {
    class_definition: (definition, file) =>
      file
        .classBody(definition)
        .flatMap((statement) =>
          statement.is('expression_statement')
            ? [{ at: statement, message: `Field of ${definition.field('name').text}.` }]
            : [],
        ),
  },
});
const rules: EnabledRule[] = [{ rule: fields.configure({}).rule, severity: undefined }];
const open = (text: string) => new Document(parser, text, factsOf(), { rules, knownCodes: new Set(['GR999']) });
const text = py`
  class A:
      x = 1

      def method(self):
          pass

      y = 2  # noqa: GR999
      z = 3

  class B:
      u = 4
`;

describe('findings that a class places in its members', () => {
  it('stand in the order of the text, and are suppressed where they lie', () => {
    assert.deepEqual(
      open(text)
        .findings()
        .map((finding) => [finding.from.line, finding.message]),
      [
        [1, 'Field of A.'],
        [7, 'Field of A.'],
        [10, 'Field of B.'],
      ],
    );
  });

  it('follow edits of members, of headers and of what stands around them', () => {
    const document = open(text);
    const steps: [string, string][] = [
      ['x = 1', 'x = 11'],
      ['class A', 'class Ab'],
      ['  # noqa: GR999', ''],
      ['z = 3\n', ''],
      ['class B:', 'def b():'],
      ['def b():', 'class C:'],
      ['class Ab:\n', ''],
    ];
    for (const [old, replacement] of steps) {
      const at = document.text.indexOf(old);
      document.edit(at, at + old.length, replacement);
      assert.deepEqual(snapshot(document), snapshot(open(document.text)), replacement);
    }
  });
});
