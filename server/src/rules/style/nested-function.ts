import { defineRule, py, type SourceFile, type TypedNode } from '../../engine/index.ts';

export default defineRule({
  code: 'GR909',
  name: 'nested-function',
  family: 'style',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A function is nested more than two levels deep',
  advice: 'Move the function out and pass it what it needs',
  why: 'What an inner function does depends on the variables of all functions around it. With three of them nobody sees any more what it reads, it cannot be called from a test, and it is made anew on every call.',
  fix: 'none',
  requirements: ['004-264'],
  peers: [],
  examples: [
    {
      bad: py`
        def outer() -> None:
            def middle() -> None:
                def inner() -> None:
                    async def innermost() -> None:
                    #         ^^^^^^^^^ GR909 none: \`innermost\` is nested three levels deep, in \`inner\`, \`middle\` and \`outer\`; move it out and pass it what it needs.
                        def leaf() -> None:
                            work()
      `,
    },
    {
      bad: py`
        class Registry:
            def register(self, name: str) -> None:
                def decorate(function: Handler) -> Handler:
                    def wrap(value: int) -> int:
                        if value:
                            def retry() -> int:
                            #   ^^^^^ GR909 none
                                return function(value)
                        return 0
                    return wrap
                return decorate
      `,
    },
    {
      ok: py`
        def retry(times: int) -> Decorator:
            def decorate(function: Handler) -> Handler:
                def wrap(value: int) -> int:
                    return run(lambda: function(value), times)
                return wrap
            return decorate
      `,
    },
    {
      ok: py`
        def outer() -> None:
            def middle() -> None:
                def inner() -> None:
                    class Local:
                        def method(self) -> None:
                            work()
      `,
    },
    {
      ok: py`
        def outer() -> None:
            def first() -> None:
                work()
            def second() -> None:
                work()
            def third() -> None:
                work()
      `,
    },
  ],
  on: {
    function_definition(definition, file) {
      const around = functionsAround(file, definition);
      if (around.length !== levels) return undefined;
      const name = definition.field('name');
      const names = around.map((outer) => `\`${outer.field('name').text}\``);
      return {
        at: name,
        message: `\`${name.text}\` is nested three levels deep, in ${names.slice(0, -1).join(', ')} and ${names.at(-1)}; move it out and pass it what it needs.`,
      };
    },
  },
});

/** The nested level that is one too many. What stands still deeper moves out with it. */
const levels = 3;

/** The functions around a function, nearest first; the methods of a local class begin anew. */
function functionsAround(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
): TypedNode<'function_definition'>[] {
  const found: TypedNode<'function_definition'>[] = [];
  for (
    let outer = file.enclosingFunction(definition);
    outer && found.length <= levels;
    outer = file.enclosingFunction(outer)
  )
    if (outer.is('function_definition')) found.push(outer);
  return found;
}
