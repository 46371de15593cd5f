import {
  aliasedType,
  anyNames,
  defineRule,
  type Finding,
  type Node,
  namesInType,
  py,
  qualifiedType,
  readType,
  type SourceFile,
  type TypeExpression,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR303',
  name: 'any-type',
  family: 'types',
  severity: 'error',
  standards: ['production', 'module', 'backend'],
  summary: '`Any` in an annotation switches type checking off',
  advice: 'Write the type, a schema, a `TypedDict`, a type variable, or `object` where really everything is accepted',
  why: '`Any` is not a type but the wish not to be checked: every attribute and call on it is allowed, and it spreads to all that is computed from it. `object` accepts as much and keeps the checks; a Pydantic schema or a type variable says what is really meant.',
  fix: 'none',
  requirements: ['000-006', '000-041', '003-048', '004-271'],
  peers: ['ANN401', 'mypy disallow-any-explicit'],
  mentions: ['Any'],
  examples: [
    {
      bad: py`
        from typing import Any

        def store(key: str, value: Any) -> None:
        #                          ^^^ GR303 none: \`Any\` switches type checking off; write the type that is meant.
            cache[key] = value
      `,
    },
    {
      bad: py`
        import typing as t
        from typing import Any as Whatever, Optional

        class Event:
            payload: dict[str, t.Any]
            #                  ^^^^^ GR303 none: \`t.Any\` switches type checking off; write the type that is meant.
            source: "Optional[Whatever]" = None
            #                 ^^^^^^^^ GR303 none

            def handle(self, *args: Whatever, **options: "t.Any") -> list[tuple[Whatever, ...]]:
            #                       ^^^^^^^^ GR303 none
            #                                             ^^^^^ GR303 none
            #                                                                   ^^^^^^^^ GR303 none
                return []
      `,
    },
    {
      bad: py`
        from typing import Any, TypeAlias

        Json = dict[str, Any]
        #                ^^^ GR303 none
        Rows: TypeAlias = list[Any]
        #                      ^^^ GR303 none
        type Table = list[Json]
        #                 ^^^^ GR303 none

        def load(raw: Json) -> None:
        #             ^^^^ GR303 none: \`Json\` stands for \`dict[str, Any]\`, and \`Any\` switches type checking off; write the type that is meant.
            keep(raw)
      `,
    },
    {
      ok: py`
        from typing import Annotated, Any, Literal, TypeVar

        Model = TypeVar("Model", bound=Any)
        size: Annotated[int, Field(json_schema_extra=Any)] = 1
        kind: Literal["Any"] = "Any"

        def first(items: list[Model]) -> Model:
            return items[0]
      `,
    },
    {
      ok: py`
        class Any:
            """A rule of our own that matches everything."""

        def matches(rule: Any, other: "Any") -> bool:
            return True
      `,
    },
    {
      ok: py`
        from hamcrest import Any

        def matches(rule: Any, value: object) -> bool:
            return rule.matches(value)
      `,
    },
    {
      ok: py`
        from typing import Any, cast

        def settings(raw: object) -> dict[str, str]:
            return cast(dict[str, Any], raw)
      `,
    },
  ],
  on: {
    type(annotation, file) {
      const { parent } = annotation;
      if (!parent?.is('typed_parameter', 'typed_default_parameter', 'function_definition', 'assignment')) {
        if (!parent?.is('type_alias_statement') || annotation.isField('left')) return undefined;
      }
      return reports(file, annotation);
    },
    assignment(assignment, file) {
      const right = assignment.field('right');
      if (!right?.is('subscript', 'binary_operator', 'string', 'identifier', 'attribute')) return undefined;
      if (!assignment.field('left').is('identifier') || file.enclosingFunction(assignment)) return undefined;
      const annotation = assignment.field('type');
      if (annotation) {
        const name = file.qualified(annotation.firstNamed);
        return name === 'typing.TypeAlias' || name === 'typing_extensions.TypeAlias' ? reports(file, right) : undefined;
      }
      return right.is('string') ? undefined : reports(file, right);
    },
  },
});

function reports(file: SourceFile, annotation: Node): Finding[] {
  return namesInType(readType(file, annotation)).flatMap((name): Finding[] => {
    if (isAny(file, name))
      return [
        { at: span(name), message: `\`${name.name}\` switches type checking off; write the type that is meant.` },
      ];
    const hidden = aliasOfAny(file, name, []);
    if (!hidden) return [];
    return [
      {
        at: span(name),
        message: `\`${name.name}\` stands for \`${file.slice(hidden.start, hidden.end)}\`, and \`Any\` switches type checking off; write the type that is meant.`,
      },
    ];
  });
}

function isAny(file: SourceFile, name: TypeExpression): boolean {
  return anyNames.has(qualifiedType(file, name) ?? '');
}

/** What an alias of the file stands for, when `Any` is in it. */
function aliasOfAny(file: SourceFile, name: TypeExpression, seen: readonly string[]): TypeExpression | undefined {
  if (name.kind !== 'name' || seen.includes(name.name)) return undefined;
  const alias = aliasedType(file, name);
  if (!alias) return undefined;
  const hasAny = namesInType(alias).some(
    (inner) => isAny(file, inner) || aliasOfAny(file, inner, [...seen, name.name]) !== undefined,
  );
  return hasAny ? alias : undefined;
}

function span({ start, end }: TypeExpression): { start: number; end: number } {
  return { start, end };
}
