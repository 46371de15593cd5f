import { z } from 'zod';
import { type Binding, defineRule, type Finding, isGeneratedPath, py, unitOf } from '../../engine/index.ts';

export default defineRule({
  code: 'GR908',
  name: 'single-letter-name',
  family: 'style',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A name of one letter outside a loop',
  advice: 'Say what the value is',
  why: 'A single letter is clear for as long as its loop or comprehension is in view. Elsewhere readers have to find the place where it got its value and keep the meaning in their heads; searching for it finds every word.',
  fix: 'none',
  requirements: ['004-258'],
  peers: [],
  options: z.strictObject({
    allow: z
      .array(z.string())
      .default(['_'])
      .meta({ description: 'Names of one letter that are fine everywhere, such as `x` and `y` of coordinates.' }),
  }),
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        d = load()
        ^ GR908 none: \`d\` says nothing about what it holds; use a descriptive name.

        def price(n: int, *, q: int = 1) -> int:
        #         ^ GR908 none: Parameter \`n\` says nothing about what it holds; use a descriptive name.
        #                    ^ GR908 none
            r = n * q
            ^ GR908 none
            r = r + 1
            with open("prices") as f:
            #                      ^ GR908 none
                return r
      `,
    },
    {
      options: { allow: ['x'] },
      bad: py`
        def f(x: int, y: int) -> int:
        #   ^ GR908 none: Function \`f\` says nothing about what it does; use a descriptive name.
        #             ^ GR908 none
            return x
      `,
    },
    {
      ok: py`
        def total(rows: list[int]) -> int:
            _ = rows.pop()
            for i, row in enumerate(rows):
                n = row * i
                keep(n)
            while rows:
                k = rows.pop()
            with lock:
                for j in rows:
                    pass
            numbers = [x for x in rows if (y := x)]
            return sum(sorted(numbers, key=lambda v: -v))
      `,
    },
    {
      ok: py`
        import typing as t
        from typing import ParamSpec, TypeVar

        T = TypeVar("T")
        P = t.ParamSpec("P")
        type V = int

        class Point:
            x: int = 0
            y: int = 0

        def first[K](items: list[K]) -> K:
            try:
                return items[0]
            except IndexError as e:
                raise KeyError from e
      `,
    },
    {
      options: { allow: ['_', 'd'] },
      ok: py`
        d = load()

        def use() -> None:
            global d
            d = load()
      `,
    },
    {
      ok: py`
        def ListOrders(request, target):
            m = grpc.unary_unary(request, target)
            return m
      `,
      path: 'app/rpc/orders_pb2_grpc.py',
    },
  ],
  on: {
    module(root, _file, { allow }) {
      const { scopes } = unitOf(root);
      const findings: Finding[] = [];
      look(scopes.top);
      for (const scope of scopes.byRow.values()) look(scope);
      return findings;

      function look(scope: typeof scopes.top): void {
        if (scope.kind === 'comprehension' || scope.node?.is('lambda')) return;
        for (const name of scope.names.keys()) {
          if (name.length !== 1 || allow.includes(name) || scope.globals.has(name) || scope.nonlocals.has(name))
            continue;
          const bindings = scope.names.get(name) ?? [];
          const binding = bindings.find((candidate) => isOutsideLoops(candidate));
          if (!binding || bindings[0] !== binding || (scope.kind === 'class' && binding.kind !== 'function')) continue;
          findings.push(report(name, binding));
        }
      }
    },
  },
});

function report(name: string, { node, kind }: Binding): Finding {
  const noun = kind === 'parameter' ? 'Parameter ' : kind === 'function' ? 'Function ' : '';
  const what = kind === 'function' ? 'does' : 'holds';
  return { at: node, message: `${noun}\`${name}\` says nothing about what it ${what}; use a descriptive name.` };
}

/** Not a loop's variable nor bound inside a loop; nor an import, a class, an exception in its handler, or a type variable. */
function isOutsideLoops(binding: Binding): boolean {
  const { kind, by, value } = binding;
  if (kind === 'loop' || kind === 'import' || kind === 'class') return false;
  if (by.is('type_alias_statement', 'type_parameter', 'delete_statement', 'except_clause', 'case_clause')) return false;
  if (by.is('as_pattern') && by.parent?.is('except_clause')) return false;
  if (value?.is('call') && /(?:^|\.)(?:TypeVar|ParamSpec|TypeVarTuple|NewType)$/.test(value.field('function').text))
    return false;
  if (kind === 'parameter' || kind === 'function') return true;
  for (let node = by.parent; node; node = node.parent) {
    if (node.is('function_definition', 'class_definition', 'lambda')) return true;
    if (node.is('for_statement', 'while_statement', 'list_comprehension', 'set_comprehension')) return false;
    if (node.is('dictionary_comprehension', 'generator_expression')) return false;
  }
  return true;
}
