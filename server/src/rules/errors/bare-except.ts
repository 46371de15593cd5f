import { defineRule, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR402',
  name: 'bare-except',
  family: 'errors',
  severity: 'error',
  standards: ['production'],
  summary: 'A bare `except:` catches even `SystemExit` and `KeyboardInterrupt`',
  advice: 'Name the exception, or at least catch `Exception`',
  why: 'A bare `except:` swallows the signals that stop a process: a worker that is told to shut down goes on, and Ctrl+C does nothing. Name the errors that the code can handle; where really every error is meant, `except Exception:` says so and lets the signals through.',
  fix: 'unsafe',
  fixSafety: '`SystemExit`, `KeyboardInterrupt` and `GeneratorExit` are no longer caught here.',
  requirements: ['000-044'],
  peers: ['E722', 'pylint W0702'],
  examples: [
    {
      bad: py`
        try:
            connect()
        except:
        ^^^^^^ GR402 unsafe: Bare \`except:\` also catches \`SystemExit\` and \`KeyboardInterrupt\`; name the exception.
            reconnect()
      `,
      good: py`
        try:
            connect()
        except Exception:
            reconnect()
      `,
    },
    {
      ok: py`
        try:
            connect()
        except OSError:
            reconnect()
      `,
    },
    {
      ok: py`
        try:
            connect()
        except* (OSError, ValueError) as group:
            reconnect(group)
      `,
    },
  ],
  on: {
    except_clause(clause) {
      if (clause.field('value') || clause.namedChildren.some((child) => !child.is('block'))) return undefined;
      const keyword = clause.child('"except"');
      if (!keyword) return undefined;
      return {
        at: keyword,
        message: 'Bare `except:` also catches `SystemExit` and `KeyboardInterrupt`; name the exception.',
        fix: () => ({
          title: 'Catch `Exception`',
          safety: 'unsafe',
          edits: [{ start: keyword.end, end: keyword.end, text: ' Exception' }],
        }),
      };
    },
  },
});
