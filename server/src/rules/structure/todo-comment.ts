import { z } from 'zod';
import { defineRule, isTestFile, markersIn, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR823',
  name: 'todo-comment',
  family: 'structure',
  severity: 'warning',
  standards: ['production'],
  summary: 'A TODO or FIXME comment in production code',
  advice: 'Do what it says, or put it into the issue tracker',
  why: 'A marker in the code says that the work is not finished, and then nobody is reminded: it has no owner, no date and no place in the plan. Code that goes to production is finished, and what is left to do stands where work is planned.',
  fix: 'none',
  requirements: ['000-001', '000-091'],
  peers: ['FIX001', 'FIX002', 'TD002', 'pylint W0511'],
  options: z.strictObject({
    words: z.array(z.string().min(1)).default(['TODO', 'FIXME']).meta({
      description: 'The markers. One in capitals is found in capitals, and in any case where it opens the comment.',
    }),
  }),
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        # TODO: validate the address, FIXME as well
        # ^^^^ GR823 none: \`TODO\` marks unfinished work; do it, or move it to the issue tracker.
        #                             ^^^^^ GR823 none: \`FIXME\` marks unfinished work; do it, or move it to the issue tracker.
        def send(address):
            post(address)  # fixme(anna): retry; TODO later, TODO again
            #                ^^^^^ GR823 none
            #                                    ^^^^ GR823 none
      `,
    },
    {
      bad: py`
        # OPEN: decide
        # ^^^^ GR823 none
      `,
      options: { words: ['OPEN'] },
    },
    {
      ok: py`
        # A todo list has todo items; each Todo belongs to a user.
        # Status is one of "TODO", 'FIXME' or DONE; see TODO_STATES and Kind.TODO.
        state = "TODO: is data"
        text = """
        # TODO: in a string
        """
      `,
    },
    {
      ok: py`
        # TODO: another case
        def test_send():
            assert send()
      `,
      path: 'tests/test_send.py',
    },
  ],
  on: {
    comment(comment, _file, { words }) {
      const markers = markersIn(comment, words);
      if (markers.length === 0) return undefined;
      return markers.map(({ word, at }) => ({
        at,
        message: `\`${word}\` marks unfinished work; do it, or move it to the issue tracker.`,
      }));
    },
  },
});
