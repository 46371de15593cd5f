import { defineRule, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR405',
  name: 'generic-raise',
  family: 'errors',
  severity: 'error',
  standards: ['production', 'architecture', 'backend'],
  summary: '`raise Exception(…)` says nothing that a caller can handle',
  advice: 'Raise an exception class of the application, or the built-in one that fits',
  why: 'A caller can catch `Exception` only together with every other fault there is, so it cannot answer this one. A class of its own names the failure, carries its data, and maps to one status code.',
  fix: 'none',
  requirements: ['000-045', '001-011', '001-061', '001-094', '001-126', '004-136'],
  peers: ['TRY002', 'pylint W0719'],
  mentions: ['raise'],
  examples: [
    {
      bad: py`
        def find(user_id):
            raise Exception("no such user")
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^ GR405 none: \`raise Exception\` cannot be told from any other fault; raise a class that names this failure.
      `,
    },
    {
      bad: py`
        import builtins

        try:
            connect()
        except OSError as err:
            raise builtins.BaseException from err
        #         ^^^^^^^^^^^^^^^^^^^^^^ GR405 none: \`raise BaseException\` cannot be told from any other fault; raise a class that names this failure.
      `,
    },
    {
      ok: py`
        class Exception(ValueError):
            pass


        raise Exception("of our own")
      `,
    },
    {
      ok: py`
        def find(user_id):
            raise UserNotFoundError(user_id)
      `,
    },
    {
      ok: py`
        try:
            connect()
        except Exception as err:
            raise
      `,
    },
  ],
  on: {
    raise_statement(raise, file) {
      const raised = raise.firstNamed;
      if (!raised || raise.field('cause')?.row === raised.row) return undefined;
      const name = file.qualified(raised.is('call') ? raised.field('function') : raised);
      if (name !== 'builtins.Exception' && name !== 'builtins.BaseException') return undefined;
      return {
        at: raised,
        message: `\`raise ${name.slice('builtins.'.length)}\` cannot be told from any other fault; raise a class that names this failure.`,
      };
    },
  },
});
