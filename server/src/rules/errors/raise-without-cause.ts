import {
  defineRule,
  type Handler,
  handlerAround,
  type Node,
  py,
  type SourceFile,
  spellCaught,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR408',
  name: 'raise-without-cause',
  family: 'errors',
  severity: 'warning',
  standards: ['production', 'backend'],
  summary: 'An exception raised in a handler without `from`',
  advice: 'Name the caught exception as the cause: `raise … from err`',
  why: 'Without `from`, the traceback says that a second error happened while the first was being handled, as if the handler itself had failed. With it, the first is the cause of the second, for people and for error trackers.',
  fix: 'safe',
  requirements: ['000-048'],
  peers: ['B904', 'pylint W0707'],
  mentions: ['except'],
  examples: [
    {
      bad: py`
        try:
            user = users[name]
        except KeyError as missing:
            raise UserNotFound(name)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^ GR408 safe: \`raise UserNotFound\` in a handler drops the cause; add \`from missing\`.
      `,
      good: py`
        try:
            user = users[name]
        except KeyError as missing:
            raise UserNotFound(name) from missing
      `,
    },
    {
      bad: py`
        def find(name):
            try:
                return users[name]
            except (KeyError, TypeError):
                if name:
                    raise errors.NotFound(
        #           ^^^^^^^^^^^^^^^^^^^^^^~2 GR408 safe: \`raise errors.NotFound\` in a handler drops the cause; add \`from err\`.
                        name,
                    )  # told to the caller
                raise ValueError
        #       ^^^^^^^^^^^^^^^^ GR408 safe
      `,
      good: py`
        def find(name):
            try:
                return users[name]
            except (KeyError, TypeError) as err:
                if name:
                    raise errors.NotFound(
                        name,
                    ) from err  # told to the caller
                raise ValueError from err
      `,
    },
    {
      bad: py`
        def find(name, err, exc, error):
            try:
                return users[name]
            except KeyError:
                raise NotFound(name)
        #       ^^^^^^^^^^^^^^^^^^^^ GR408 none: \`raise NotFound\` in a handler drops the cause; bind the exception and add \`from\`.
            except:
                raise Broken(name)
        #       ^^^^^^^^^^^^^^^^^^ GR408 none
      `,
    },
    {
      bad: py`
        try:
            connect()
        except OSError as err:
            err = wrap(err)
            raise Broken()
        #   ^^^^^^^^^^^^^^ GR408 none
        except ValueError as err:
            del seen[err.start]
            raise Broken()
        #   ^^^^^^^^^^^^^^ GR408 safe
      `,
      good: py`
        try:
            connect()
        except OSError as err:
            err = wrap(err)
            raise Broken()
        except ValueError as err:
            del seen[err.start]
            raise Broken() from err
      `,
    },
    {
      bad: py`
        def find(name):
            try:
                return users[name]
            except KeyError as err:
                log(err)
            try:
                return groups[name]
            except KeyError:
                raise NotFound(name)
        #       ^^^^^^^^^^^^^^^^^^^^ GR408 safe: \`raise NotFound\` in a handler drops the cause; add \`from err\`.
            except LookupError as err:
                try:
                    return last[name]
                except KeyError:
                    raise NotFound(err)
        #           ^^^^^^^^^^^^^^^^^^^ GR408 safe: \`raise NotFound\` in a handler drops the cause; add \`from exc\`.
      `,
      good: py`
        def find(name):
            try:
                return users[name]
            except KeyError as err:
                log(err)
            try:
                return groups[name]
            except KeyError as err:
                raise NotFound(name) from err
            except LookupError as err:
                try:
                    return last[name]
                except KeyError as exc:
                    raise NotFound(err) from exc
      `,
    },
    {
      ok: py`
        try:
            connect()
        except OSError as err:
            raise Broken() from err
        except ValueError:
            raise Broken() from None
        except KeyError:
            raise
      `,
    },
    {
      ok: py`
        try:
            connect()
        except OSError as err:
            raise err
        except ValueError as err:
            raise err.with_traceback(None)
        else:
            raise Broken()
        finally:
            raise Broken()
      `,
    },
    {
      ok: py`
        try:
            connect()
        except OSError as err:
            def later():
                raise Broken()

            last = err
            raise last
      `,
    },
  ],
  on: {
    raise_statement(raise, file) {
      const raised = raise.firstNamed;
      if (!raised || raise.field('cause') || !raised.is('call', 'identifier', 'attribute')) return undefined;
      const handler = handlerAround(raise);
      if (!handler) return undefined;
      const named = raised.is('call') ? raised.field('function') : raised;
      if (handler.alias && startsWith(named.text, handler.alias.text)) return undefined;
      if (!raised.is('call') && !isClass(raised.text, file, raised)) return undefined;
      const caught = causeOf(handler, file)?.text;
      return {
        at: raise,
        message: `\`raise ${named.text.length > 60 ? '…' : named.text}\` in a handler drops the cause; ${caught ? `add \`from ${caught}\`` : 'bind the exception and add `from`'}.`,
        fix: () => {
          const cause = causeOf(handler, file);
          if (!cause) return undefined;
          return {
            title: `Add \`from ${cause.text}\``,
            safety: 'safe',
            edits: [...cause.edits, { start: raised.end, end: raised.end, text: ` from ${cause.text}` }],
          };
        },
      };
    },
  },
});

function causeOf(handler: Handler, file: SourceFile) {
  return rebound(handler) ? undefined : spellCaught(handler, file);
}

function startsWith(text: string, alias: string): boolean {
  return text === alias || text.startsWith(`${alias}.`);
}

/** A name on its own is a class when it is the builtin one, or is written as classes are; else it may be an exception that was kept. */
function isClass(text: string, file: SourceFile, name: Node): boolean {
  return (
    file.qualified(name)?.startsWith('builtins.') === true || /(?:^|\.)[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$/.test(text)
  );
}

/** Whether the handler gives its alias another value, so that it no longer names the cause. */
function rebound(handler: Handler): boolean {
  const { alias } = handler;
  if (!alias) return false;
  return handler.body
    .below(
      'assignment',
      'named_expression',
      'delete_statement',
      'for_statement',
      'augmented_assignment',
      'except_clause',
    )
    .some((node) => {
      if (node.is('except_clause')) return new RegExp(`\\bas\\s+${alias.text}\\s*:`).test(node.text.slice(0, 400));
      const target = node.is('named_expression')
        ? node.field('name')
        : node.is('assignment', 'augmented_assignment', 'for_statement')
          ? node.field('left')
          : node;
      return binds(target, alias.text);
    });
}

/** Attributes and subscripts bind no name, whatever they contain. */
function binds(target: Node, name: string): boolean {
  if (target.is('identifier')) return target.text === name;
  return !target.is('attribute', 'subscript') && target.namedChildren.some((part) => binds(part, name));
}
