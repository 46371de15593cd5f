import { z } from 'zod';
import { complexityOf, defineRule, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR901',
  name: 'complexity',
  family: 'style',
  severity: 'warning',
  standards: ['architecture'],
  summary: 'A function whose cyclomatic complexity is over the limit',
  advice: 'Split the function along its branches',
  why: 'Cyclomatic complexity is the number of ways through a function, and so the number of tests that it takes to go down each of them once. Over ten, nobody writes them all and nobody holds the function in mind. The number is counted as `radon cc` counts it: branches, loops and their `else`, handlers, `assert`, comprehensions with their conditions, cases, and every `and` and `or`. A nested function is counted by itself.',
  fix: 'none',
  requirements: ['001-025', '001-102', '001-117'],
  peers: ['C901', 'PLR0912', 'radon cc'],
  options: z.strictObject({
    max: z.int().min(1).default(10).meta({ description: 'The highest complexity that is allowed.' }),
  }),
  examples: [
    {
      bad: py`
        def price(order, user, now):
        #   ^^^^^ GR901 none: \`price\` has a cyclomatic complexity of 12, and 10 is allowed; split it along its branches.
            assert order
            if order.gift and user.vip or now.hour > 20:
                return 0
            for line in order.lines:
                if line.free:
                    continue
                elif line.broken:
                    break
            else:
                return 1
            try:
                total = sum(line.price for line in order.lines if line.price)
            except ValueError:
                total = 0
            return total
      `,
    },
    {
      bad: py`
        class Router:
            async def route(self, event):
                #     ^^^^^ GR901 none: \`route\` has a cyclomatic complexity of 4, and 3 is allowed; split it along its branches.
                match event:
                    case {'kind': 'a'}:
                        return 1
                    case {'kind': 'b'}:
                        return 2
                    case {'kind': 'c'}:
                        return 3
                    case _:
                        return 4
      `,
      options: { max: 3 },
    },
    {
      ok: py`
        def price(order, user, now):
            if order.gift and user.vip or now.hour > 20:
                return 0
            for line in order.lines:
                if line.free:
                    continue
                elif line.broken:
                    break
            else:
                return 1
            try:
                total = sum(line.price for line in order.lines)
            except ValueError:
                total = 0
            return total
      `,
    },
    {
      ok: py`
        def outer(a, b, c):
            if a or b or c:
                return 1

            def inner(d):
                if d == 1 or d == 2 or d == 3:
                    return 2
                return 3 if d == 4 else 4

            return inner
      `,
      options: { max: 5 },
    },
    {
      ok: py`
        def handlers(first=lambda x: x if x else 1):
            assert all(x and y for x in first for y in first if y)
      `,
      options: { max: 2 },
    },
  ],
  on: {
    function_definition(definition, _file, { max }) {
      const complexity = complexityOf(definition);
      if (complexity <= max) return undefined;
      const name = definition.field('name');
      return {
        at: name,
        message: `\`${name.text}\` has a cyclomatic complexity of ${complexity}, and ${max} is allowed; split it along its branches.`,
      };
    },
  },
});
