import { z } from 'zod';
import {
  defineRule,
  isGeneratedPath,
  isMigration,
  isMoreMaintainable,
  type MaintainabilityPart,
  maintainabilityPart,
  py,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR910',
  name: 'low-maintainability',
  family: 'style',
  severity: 'information',
  standards: ['architecture'],
  summary: 'A file whose maintainability index is not above the limit',
  advice: 'Split the file by what its parts are about',
  why: 'The maintainability index is one number, from 0 to 100, made of how long a file is, how often it branches, how many different operators and operands it holds, and how much of it is comment. It is coarse, but a file that falls out of rank A is long and dense at once: nobody reads it whole any more. The number is counted as `radon mi` counts it with its default flags, where strings of several lines that stand alone are comments; rank A is everything above 19.',
  fix: 'none',
  requirements: ['001-118'],
  peers: ['radon mi'],
  options: z.strictObject({
    above: z
      .number()
      .min(0)
      .max(100)
      .default(19)
      .meta({ description: 'The index that a file must be above, as `radon mi` counts it; rank A is above 19.' }),
  }),
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        import math
        ^^^^^^^^^^^ GR910 none: The maintainability index of this file is of rank A and not above 96; split the file by what its parts are about.


        def root(number, places):
            if number < 0 or places < 0:
                return None
            return round(math.sqrt(number) * 10 ** places) / 10 ** places
      `,
      options: { above: 96 },
    },
    {
      ok: py`
        import math


        # Both must not be negative:
        # then there is no root.
        def root(number, places):
            if number < 0 or places < 0:
                return None
            return round(math.sqrt(number) * 10 ** places) / 10 ** places
      `,
      options: { above: 96 },
    },
    {
      ok: py`
        import math


        def root(number, places):
            """The root of a number.

            Nothing for what is negative.
            """
            if number < 0 or places < 0:
                return None
            return round(math.sqrt(number) * 10 ** places) / 10 ** places
      `,
      options: { above: 96 },
    },
    {
      ok: py`
        import math
        import os

        here = os.getcwd()
      `,
    },
    {
      ok: py`
        revision = "3f2a9c81d0aa"
        down_revision = None
        width = 3 + 4
      `,
      path: 'alembic/versions/3f2a9c81d0aa_columns.py',
      options: { above: 99.9 },
    },
    {
      ok: py`
        import descriptor

        total = first + second * third - fourth
      `,
      path: 'app/rpc/orders_pb2_grpc.py',
      options: { above: 99 },
    },
  ],
  collect: {
    module: (root): { at: typeof root; data: MaintainabilityPart } => ({ at: root, data: maintainabilityPart(root) }),
  },
  file(facts, file, { above }) {
    const parts = facts.map((fact) => fact.data);
    // Alembic writes the revisions, and a revision cannot be split.
    if (isMoreMaintainable(parts, above) || isMigration(file)) return [];
    // The number changes with every word that is typed, so the message says the rank.
    const rank = isMoreMaintainable(parts, 19) ? 'A' : isMoreMaintainable(parts, 9) ? 'B' : 'C';
    return [
      {
        at: file.firstLine(),
        message: `The maintainability index of this file is of rank ${rank} and not above ${above}; split the file by what its parts are about.`,
      },
    ];
  },
});
