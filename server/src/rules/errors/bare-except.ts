import { defineRule, py, type TypedNode } from '../../engine/index.ts';

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
    {
      bad: py`
        def read(session):
            try:
                yield session
            except:
        #   ^^^^^^ GR402 unsafe
                if session.dirty:
                    raise
                session.rollback()
      `,
      good: py`
        def read(session):
            try:
                yield session
            except Exception:
                if session.dirty:
                    raise
                session.rollback()
      `,
    },
    {
      ok: py`
        def read(session):
            try:
                yield session
            except:
                session.rollback()
                raise  # Whatever it is, it goes on.
      `,
    },
  ],
  on: {
    except_clause(clause) {
      if (clause.field('value') || clause.namedChildren.some((child) => !child.is('block'))) return undefined;
      const keyword = clause.child('"except"');
      if (!keyword || alwaysReraises(clause)) return undefined;
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

/** The handler ends with a bare `raise`: it tidies up for every exception, signals included, and swallows none. */
function alwaysReraises(clause: TypedNode<'except_clause'>): boolean {
  const last = clause
    .child('block')
    ?.namedChildren.filter((child) => !child.is('comment'))
    .at(-1);
  return last?.is('raise_statement') === true && !last.firstNamed && !mayLeave(clause);
}

/** A `return` on the way, or a `break` or `continue` of a loop around the handler, ends it without the `raise`. */
function mayLeave(clause: TypedNode<'except_clause'>): boolean {
  const body = clause.child('block');
  if (!body) return false;
  const loops = ['for_statement', 'while_statement'] as const;
  return (
    body.belowOutside(nested, 'return_statement').length > 0 ||
    body.belowOutside([...nested, ...loops], 'break_statement', 'continue_statement').length > 0
  );
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;
