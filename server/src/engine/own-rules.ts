import { defineRule, py } from './define.ts';

/** The engine's own rules: what it has to say of suppression comments and of itself. They have no check of their own. */
export const unusedSuppression = defineRule({
  code: 'GR001',
  name: 'unused-suppression',
  family: 'engine',
  severity: 'warning',
  standards: [],
  summary: 'A suppression comment names a rule that reports nothing there',
  advice: 'Remove the code, or the comment',
  why: 'A stale suppression hides the next real finding on its line, and tells readers of a fault that is not there.',
  fix: 'safe',
  requirements: [],
  peers: ['RUF100'],
  examples: [
    {
      bad: py`
        total = 1  # noqa: GR402
        #                  ^^^^^ GR001 safe: Nothing on this line is suppressed by GR402; remove the code.
      `,
      good: py`
        total = 1
      `,
    },
    {
      bad: py`
        total = 1  # noqa: F401, GR402
        #                        ^^^^^ GR001 safe
      `,
      good: py`
        total = 1  # noqa: F401
      `,
    },
    {
      ok: py`
        total = 1  # noqa: F401
      `,
    },
    {
      ok: py`
        total = 1  # noqa
      `,
    },
  ],
});

export const unknownSuppression = defineRule({
  code: 'GR002',
  name: 'unknown-suppression',
  family: 'engine',
  severity: 'warning',
  standards: [],
  summary: 'A suppression comment names a code that no rule has',
  advice: 'Correct the code, or remove it',
  why: 'A misspelt code suppresses nothing, so the finding it was meant for stays, and nobody sees why.',
  fix: 'safe',
  requirements: [],
  peers: ['RUF102'],
  examples: [
    {
      bad: py`
        total = 1  # noqa: GR999
        #                  ^^^^^ GR002 safe: No rule has the code GR999.
      `,
      good: py`
        total = 1
      `,
    },
    {
      ok: py`
        total = 1  # noqa: E501
      `,
    },
    {
      ok: py`
        # The comment "# noqa: codes" is explained here.
        total = 1
      `,
    },
  ],
});

export const crashedRule = defineRule({
  code: 'GR003',
  name: 'crashed-rule',
  family: 'engine',
  severity: 'information',
  standards: [],
  summary: 'A rule failed on this code and reported nothing here',
  advice: 'Report it with the code it failed on; the other rules are not affected',
  why: 'A rule that throws is kept apart, so that one mistake of ours costs one rule in one place and not the whole file.',
  fix: 'none',
  requirements: [],
  peers: [],
  examples: [
    {
      ok: py`
        total = 1
      `,
    },
  ],
});

export const ownRules = [unusedSuppression, unknownSuppression, crashedRule];
