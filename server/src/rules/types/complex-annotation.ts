import { z } from 'zod';
import { defineRule, py, qualifiedType, readType, type SourceFile, type TypeExpression } from '../../engine/index.ts';

export default defineRule({
  code: 'GR318',
  name: 'complex-annotation',
  family: 'types',
  severity: 'hint',
  standards: ['backend'],
  summary: 'An annotation is nested too deeply to be read',
  advice: 'Give the inner type a name with a type alias, or make it a schema',
  why: 'An annotation is there to be read. With four brackets inside each other nobody sees what the inner lists and dictionaries hold; a name for the inner part says it, and says it once.',
  fix: 'none',
  requirements: ['004-263'],
  peers: [],
  options: z.strictObject({
    depth: z.int().min(1).default(3).meta({ description: 'How deep the brackets of an annotation may be nested.' }),
  }),
  examples: [
    {
      bad: py`
        def load(rows: dict[str, list[tuple[int, dict[str, int]]]]) -> None:
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR318 none: This annotation is nested 4 deep, and 3 are readable; give the inner type a name with a type alias.
            keep(rows)
      `,
    },
    {
      bad: py`
        from typing import Annotated, Dict, List, Optional, Tuple

        class Report:
            rows: "Optional[Dict[str, List[Tuple[int, str]]]]" = None
            #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR318 none

            def load(self) -> Annotated[Optional[Dict[str, List[Tuple[int, str]]]], "rows"]:
            #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR318 none
                return None
      `,
    },
    {
      options: { depth: 2 },
      bad: py`
        rows: dict[str, list[tuple[int, str]]] = {}
        #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR318 none: This annotation is nested 3 deep, and 2 are readable; give the inner type a name with a type alias.
      `,
    },
    {
      ok: py`
        from collections.abc import Awaitable, Callable
        from typing import Annotated

        def load(
            rows: Annotated[dict[str, list[tuple[int, str]]], Field(examples=[[[[[1]]]]])],
            column: Mapped[dict[str, list[tuple[int, str]]]],
            handler: Callable[[dict[str, list[int]]], Awaitable[None]],
        ) -> dict[str, list[tuple[int, str]]] | None:
            return rows
      `,
    },
    {
      ok: py`
        from typing import TypeAlias

        Rows: TypeAlias = dict[str, list[tuple[int, dict[str, int]]]]
        type Table = dict[str, list[tuple[int, dict[str, int]]]]

        def load(rows: Rows, table: list[Table]) -> None:
            keep(rows, table)
      `,
    },
  ],
  on: {
    type(annotation, file, { depth }) {
      const { parent } = annotation;
      if (!parent?.is('typed_parameter', 'typed_default_parameter', 'function_definition', 'assignment'))
        return undefined;
      if (!hasBrackets(annotation.text, depth)) return undefined;
      const found = depthOf(file, readType(file, annotation));
      if (found <= depth) return undefined;
      return {
        at: annotation,
        message: `This annotation is nested ${found} deep, and ${depth} are readable; give the inner type a name with a type alias.`,
      };
    },
  },
});

function hasBrackets(text: string, more: number): boolean {
  let at = -1;
  for (let count = 0; count <= more; count++) {
    at = text.indexOf('[', at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** How many brackets stand inside each other; wrappers that the framework asks for, and the parameters of a `Callable`, are none. */
function depthOf(file: SourceFile, type: TypeExpression): number {
  switch (type.kind) {
    case 'generic': {
      const inner = Math.max(0, ...type.arguments.map((argument) => depthOf(file, argument)));
      return wrappers.has(lastName(file, type.base)) ? inner : inner + 1;
    }
    case 'union':
      return Math.max(0, ...type.members.map((member) => depthOf(file, member)));
    case 'list':
      return Math.max(0, ...type.items.map((item) => depthOf(file, item)));
    default:
      return 0;
  }
}

const wrappers = new Set([
  'Annotated',
  'ClassVar',
  'DynamicMapped',
  'Final',
  'InitVar',
  'Mapped',
  'NotRequired',
  'ReadOnly',
  'Required',
  'WriteOnlyMapped',
]);

function lastName(file: SourceFile, base: TypeExpression): string {
  if (base.kind !== 'name') return '';
  const name = qualifiedType(file, base) ?? base.name;
  return name.slice(name.lastIndexOf('.') + 1);
}
