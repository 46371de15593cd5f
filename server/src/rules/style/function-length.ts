import { z } from 'zod';
import { defineRule, isGeneratedPath, isMigration, type Node, py, unitOf } from '../../engine/index.ts';

export default defineRule({
  code: 'GR902',
  name: 'function-length',
  family: 'style',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A function of more lines than the limit',
  advice: 'Move its steps into functions of their own',
  why: 'A function that does not fit on a screen does several things, and the names those things would have as functions are missing. All lines count, from `def` to the last statement: blank lines, comments and the docstring too, as an editor shows them. Decorators do not.',
  fix: 'none',
  requirements: ['004-259'],
  peers: ['PLR0915', 'pylint R0915', 'Sonar S138'],
  options: z.strictObject({
    max: z.int().min(1).default(50).meta({ description: 'How many lines a function may have, from `def` to its end.' }),
  }),
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        @cached
        def load(path):
        #   ^^^^ GR902 none: \`load\` has 5 lines, and 4 are allowed; move its steps into functions of their own.
            """Load it."""

            text = path.read_text()
            return text
      `,
      options: { max: 4 },
    },
    {
      bad: py`
        def load(path,
        #   ^^^^ GR902 none
                 encoding):
            return path.read_text(
                encoding
            )
      `,
      options: { max: 4 },
    },
    {
      ok: py`
        @cached
        @logged
        def load(path):
            # Read once.

            text = path.read_text()
            if text:
                return text
                # Empty files are as good as none.
            # So is what is missing.

        # What follows the function is not part of it.


        x = 1
      `,
      options: { max: 6 },
    },
    {
      ok: py`
        class Loader:
            """A class may be longer than a function."""

            def load(self, path):
                return path.read_text()

            def dump(self, path, text):
                path.write_text(text)
      `,
      options: { max: 3 },
    },
    {
      ok: py`
        def upgrade():
            op.add_column("users", sa.Column("a", sa.Text()))
            op.add_column("users", sa.Column("b", sa.Text()))
      `,
      path: 'alembic/versions/3f2a9c81d0aa_columns.py',
      options: { max: 2 },
    },
    {
      ok: py`
        def ListOrders(request, target):
            first = request
            return grpc.unary_unary(first, target)
      `,
      path: 'app/rpc/orders_pb2_grpc.py',
      options: { max: 2 },
    },
  ],
  on: {
    function_definition(definition, file, { max }) {
      const { lines, start, text } = unitOf(definition);
      if (!hasMoreLines(text, definition.start - start, definition.end - start, max)) return undefined;
      const count = lines.line(endOfCode(definition) - start) - lines.line(definition.start - start) + 1;
      // Alembic writes the revisions, and writes each as one function.
      if (count <= max || isMigration(file)) return undefined;
      const name = definition.field('name');
      return {
        at: name,
        message: `\`${name.text}\` has ${count} lines, and ${max} are allowed; move its steps into functions of their own.`,
      };
    },
  },
});

/** Where the last token of a node ends: to blocks inside, the grammar counts the comments that stand behind them. */
function endOfCode(node: Node): number {
  let last = node;
  for (let next: Node | undefined = node; next; next = last.children.findLast((child) => !child.is('comment')))
    last = next;
  return last.end;
}

/** Whether a stretch of text has more lines than that; it stops counting there. */
function hasMoreLines(text: string, from: number, to: number, most: number): boolean {
  let count = 1;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1))
    if (++count > most) return true;
  return count > most;
}
