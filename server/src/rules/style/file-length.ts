import { z } from 'zod';
import { defineRule, isGeneratedPath, isMigration, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR903',
  name: 'file-length',
  family: 'style',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A file of more lines than the limit',
  advice: 'Split the module by what its parts are about',
  why: 'A file of many hundred lines holds several subjects; everybody who changes one of them reads, merges and reviews the others too. All lines count, as an editor numbers them.',
  fix: 'none',
  requirements: ['004-260'],
  peers: ['pylint C0302', 'Sonar S104'],
  options: z.strictObject({
    max: z.int().min(1).default(500).meta({ description: 'How many lines a file may have.' }),
  }),
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        import os
        ^^^^^^^^^ GR903 none: The file has more than 4 lines; split it by what its parts are about.

        # The directory.
        def here():
            return os.getcwd()
      `,
      options: { max: 4 },
    },
    {
      ok: py`
        import os

        # The directory.
        here = os.getcwd()
      `,
      options: { max: 4 },
    },
    {
      ok: py`
        """Text of
        several lines."""
        x = 1; y = 2
      `,
      options: { max: 3 },
    },
    {
      ok: py`
        import sqlalchemy as sa

        revision = "3f2a9c81d0aa"
      `,
      path: 'alembic/versions/3f2a9c81d0aa_columns.py',
      options: { max: 2 },
    },
    {
      ok: py`
        first = 1
        second = 2
        third = 3
      `,
      path: 'app/rpc/orders_pb2_grpc.py',
      options: { max: 2 },
    },
  ],
  file(_facts, file, { max }) {
    // Alembic writes the revisions, and a revision cannot be split.
    if (file.lineCount() <= max || isMigration(file)) return [];
    const message = `The file has more than ${max} lines; split it by what its parts are about.`;
    return [{ at: file.firstLine(), message }];
  },
});
