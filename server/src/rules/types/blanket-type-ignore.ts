import { defineRule, type Finding, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR312',
  name: 'blanket-type-ignore',
  family: 'types',
  severity: 'warning',
  standards: ['production', 'backend'],
  summary: 'A suppression comment without codes hides every finding',
  advice: 'Name the codes: `# type: ignore[arg-type]`, `# noqa: E501`',
  why: 'A blanket `# type: ignore` or `# noqa` hides the finding it was written for, and every other one that ever comes to that line. With the codes named, readers see what is accepted there, and anything new is still reported.',
  fix: 'none',
  requirements: [],
  peers: ['PGH003', 'PGH004', 'mypy ignore-without-code'],
  blanketSuppressible: false,
  examples: [
    {
      bad: py`
        total = count(rows)  # type: ignore
        #                    ^^^^^^^^^^^^^^ GR312 none: \`# type: ignore\` hides every error of this line; name the codes, as in \`# type: ignore[arg-type]\`.
        size = count(rows)  # noqa
        #                   ^^^^^^ GR312 none: \`# noqa\` hides every finding of this line; name the codes, as in \`# noqa: E501\`.
      `,
    },
    {
      bad: py`
        import app.models  #noqa
        #                  ^^^^^ GR312 none
        import app.tables  # NOQA the registry needs it
        #                  ^^^^^^ GR312 none
        import app.views  # type:ignore  # noqa: F401
        #                 ^^^^^^^^^^^^^ GR312 none
        import app.forms  # type: ignore[import] # noqa
        #                                        ^^^^^^ GR312 none
        import app.pages  # type: ignore # noqa
        #                 ^^^^^^^^^^^^^^ GR312 none
        #                                ^^^^^^ GR312 none
      `,
    },
    {
      bad: py`
        # ruff: noqa
        ^^^^^^^^^^^^ GR312 none: \`# ruff: noqa\` hides every finding of this file; name the codes, as in \`# noqa: E501\`.
        total = 1
      `,
    },
    {
      ok: py`
        total = count(rows)  # type: ignore[arg-type]
        size = count(rows)  # type: ignore[arg-type, misc]  # the stubs are wrong
        other = count(rows)  # noqa: E501
        names = count(rows)  # noqa:E501,F401
        rest = count(rows)  # type: ignore[no-any-return] # noqa: E501
      `,
    },
    {
      ok: py`
        # Never write "# noqa" or \`# type: ignore\` without codes; the type: ignored rows are counted.
        text = "x = 1  # type: ignore"
        rows = []  # type: list[int]
        mode = 1  # noqa-like comments, type: ignored
        kind = 2  # pyright: ignore[reportGeneralTypeIssues]
      `,
    },
    {
      ok: py`
        # ruff: noqa: F401
        # flake8: noqa: F401
        import app.models
      `,
    },
  ],
  on: {
    comment(comment) {
      const { text, start } = comment;
      if (!/ignore|noqa/i.test(text)) return undefined;
      const found: Finding[] = [];
      for (const match of text.matchAll(directive)) {
        const from = start + match.index;
        const { ignore, noqa, whole } = match.groups ?? {};
        const at = { start: from, end: from + match[0].length };
        if (ignore)
          found.push({
            at,
            message:
              '`# type: ignore` hides every error of this line; name the codes, as in `# type: ignore[arg-type]`.',
          });
        else if (noqa) {
          const name = whole ? `# ${whole.replace(/\s*:\s*$/, '').toLowerCase()}: noqa` : '# noqa';
          const where = whole ? 'file' : 'line';
          found.push({
            at,
            message: `\`${name}\` hides every finding of this ${where}; name the codes, as in \`# noqa: E501\`.`,
          });
        }
      }
      return found;
    },
  },
});

/** The directives as Pyright and flake8 read them, without codes behind; not where they are quoted. */
const directive =
  /(?<!["'`])#\s*(?:(?<ignore>type:\s*ignore(?=\s|$|#))|(?<whole>(?:ruff|flake8|groundrules)\s*:\s*)?(?<noqa>noqa(?!\s*:)(?=\s|$|#|[.,;]\s|[.,;]$)))/gi;
