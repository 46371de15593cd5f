import {
  ancestry,
  defineRule,
  type Fix,
  isFullyKnown,
  isLabel,
  isMigration,
  joinInsertions,
  type Node,
  parametersOf,
  py,
  qualifiedType,
  readType,
  type SourceFile,
  spell,
  stringValue,
  type TypedNode,
  type TypeExpression,
  valueType,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR319',
  name: 'string-instead-of-literal',
  family: 'types',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A `str` parameter is only compared with a fixed set of values',
  advice: 'Annotate it as `Literal[…]` of those values',
  why: 'The function knows a handful of values, and its signature says that any string will do. With `Literal` a misspelt value is found by the type checker, FastAPI refuses it with a 422 that names the allowed ones, and readers need not look for them.',
  fix: 'unsafe',
  fixSafety:
    'FastAPI and Pydantic then refuse every other value, and callers that pass a plain `str` no longer type-check.',
  requirements: ['004-270'],
  peers: [],
  examples: [
    {
      bad: py`
        def export(rows: Rows, kind: str) -> bytes:
        #                      ^^^^ GR319 unsafe: \`kind\` is only compared with "csv" and "json"; annotate it as \`Literal["csv", "json"]\`.
            if kind == "csv":
                return to_csv(rows)
            elif kind == "json":
                return to_json(rows)
            raise ValueError(f"unknown kind {kind}")
      `,
      good: py`
        from typing import Literal

        def export(rows: Rows, kind: Literal["csv", "json"]) -> bytes:
            if kind == "csv":
                return to_csv(rows)
            elif kind == "json":
                return to_json(rows)
            raise ValueError(f"unknown kind {kind}")
      `,
    },
    {
      bad: py`
        from typing import Annotated

        @router.get("/items")
        async def items(order: str = "newest", mode: Annotated[str | None, Query()] = None) -> Items:
        #               ^^^^^ GR319 unsafe: \`order\` is only compared with "newest", "asc" and "desc"; annotate it as \`Literal["newest", "asc", "desc"]\`.
        #                                      ^^^^ GR319 unsafe
            if order not in ("asc", 'desc'):
                return newest()
            match mode:
                case "full" | "short":
                    return load(1)
                case "none":
                    return load(2)
                case _:
                    return load(3)
      `,
      good: py`
        from typing import Annotated, Literal

        @router.get("/items")
        async def items(order: Literal["newest", "asc", "desc"] = "newest", mode: Annotated[Literal["full", "short", "none"] | None, Query()] = None) -> Items:
            if order not in ("asc", 'desc'):
                return newest()
            match mode:
                case "full" | "short":
                    return load(1)
                case "none":
                    return load(2)
                case _:
                    return load(3)
      `,
    },
    {
      bad: py`
        def side(value: "str") -> int:
        #        ^^^^^ GR319 none
            if value == "left":
                return 1
            if value != "right":
                raise ValueError("no side")
            return 2
      `,
    },
    {
      // The last arm is for anything else.
      ok: py`
        def cased(text: str, casing: str, form: str, size: str = "small") -> str:
            if casing == "lower":
                text = text.lower()
            elif casing == "upper":
                text = text.upper()
            else:
                text = "".join(mixed(text))
            match form:
                case "short":
                    text = text[:10]
                case "long":
                    text = text * 2
                case _:
                    text = text.strip()
            if size == "small":
                return text
            elif size == "large":
                return text + text
            else:
                return text * 3
      `,
    },
    {
      // It is the arm of the default, or refuses.
      bad: py`
        def scaled(size: str = "medium", unit: str = "m") -> int:
        #          ^^^^ GR319 unsafe: \`size\` is only compared with "medium", "small" and "large"; annotate it as \`Literal["medium", "small", "large"]\`.
        #                                ^^^^ GR319 unsafe
            if size == "small":
                factor = 1
            elif size == "large":
                factor = 3
            else:
                factor = 2
            match unit:
                case "m":
                    return factor
                case "km":
                    return factor * 1000
                case _:
                    raise ValueError("no unit")
      `,
      good: py`
        from typing import Literal

        def scaled(size: Literal["medium", "small", "large"] = "medium", unit: Literal["m", "km"] = "m") -> int:
            if size == "small":
                factor = 1
            elif size == "large":
                factor = 3
            else:
                factor = 2
            match unit:
                case "m":
                    return factor
                case "km":
                    return factor * 1000
                case _:
                    raise ValueError("no unit")
      `,
    },
    {
      // Any other value is as good.
      ok: py`
        def address(provider: str, kind: str, code: str, mode: str) -> str | None:
            if code in ("rate_limit", "quota"):
                code_name = "limit"
            else:
                code_name = "server"
            if provider == "router":
                return code_name
            if provider == "local":
                return "localhost"
            if mode == "full":
                load()
            show(short=mode == "short")
            show(active=kind == "tier", other=kind == "due")
            return None

        def fake_get(path: str) -> Response:
            if path == "/users":
                return Response(200)
            assert path == "/teams"
            return Response(404)
      `,
    },
    {
      bad: py`
        def open_side(side: str, mode: str, kind: str) -> None:
        #             ^^^^ GR319 unsafe
        #                        ^^^^ GR319 unsafe
        #                                   ^^^^ GR319 unsafe
            if side == "left":
                left()
            elif side == "right":
                right()
            match mode:
                case "full":
                    load()
                case "short":
                    skip()
            assert kind in ("new", "old")
            if kind == "new":
                load()
      `,
      good: py`
        from typing import Literal

        def open_side(side: Literal["left", "right"], mode: Literal["full", "short"], kind: Literal["new", "old"]) -> None:
            if side == "left":
                left()
            elif side == "right":
                right()
            match mode:
                case "full":
                    load()
                case "short":
                    skip()
            assert kind in ("new", "old")
            if kind == "new":
                load()
      `,
    },
    {
      ok: py`
        def export(rows: Rows, kind: str, name: str, mode: str, text: str) -> bytes:
            if kind == "csv" or kind == "json":
                log(kind)
            if name == "x":
                return b""
            if mode == "":
                mode = "a"
            if text in ("yes", VALUE):
                return b"1"
            return b""
      `,
    },
    {
      ok: py`
        def is_admin(role: str) -> bool:
            return role in ("admin", "owner")

        def is_vowel(letter: str) -> bool:
            return letter == "a" or letter == "e"
      `,
    },
    {
      ok: py`
        class Lazy:
            def __getattr__(self, name: str) -> int:
                if name == "first":
                    return 1
                if name == "second":
                    return 2
                raise AttributeError(name)

        class Handler(Base):
            def handle(self, kind: str) -> int:
                if kind == "first":
                    return 1
                if kind == "second":
                    return 2
                return 3
      `,
    },
    {
      ok: py`
        def finishes(tool: str, parsed: dict) -> bool:
            if tool not in {"run", "edit"}:
                return False
            if tool == "run":
                parsed.clear()
            return bool(parsed)
      `,
    },
    {
      ok: py`
        def kind(value: Literal["a", "b"], other: int, third) -> int:
            if value == "a" or other == "a" or third == "a":
                return 1
            if value == "b" or other == "b" or third == "b":
                return 2
            return 3
      `,
    },
  ],
  on: {
    function_definition(definition, file) {
      if (!definition.field('parameters').text.includes('str')) return undefined;
      const body = definition.field('body');
      const name = definition.field('name').text;
      if (/^__\w+__$/.test(name)) return undefined;
      const candidates = parametersOf(definition).filter(
        (parameter) => parameter.annotation && /\bstr\b/.test(parameter.annotation.text),
      );
      if (candidates.length === 0 || isMigration(file) || mayOverride(file, definition)) return undefined;
      return candidates.flatMap((parameter) => {
        const { annotation } = parameter;
        const text = annotation && stringType(file, annotation);
        if (!text) return [];
        const uses = body.below('identifier').filter((use) => use.text === parameter.name && !isLabel(use));
        const initial = initialValue(parameter.default);
        if (initial === undefined) return [];
        const values = new Set(initial);
        let decides = false;
        for (const use of uses) {
          if (file.binding(use)?.by !== parameter.node) return [];
          if (use.above('raise_statement')) continue;
          const literals = comparedWith(use);
          if (!literals) return [];
          decides ||= !use.above('return_statement') || use.above('conditional_expression') !== undefined;
          for (const literal of literals) values.add(literal);
        }
        if (!decides || values.size < 2 || values.size > 12 || [...values].some(isOpen)) return [];
        // Where neither a default, nor a choice between them, nor an error for every other value says that these are all, the
        // others may be what is usual.
        const isClosed = uses.some(refusesOthers) || raisesAtLast(body);
        if (!parameter.default && !isClosed && !uses.some(isChosenFrom)) return [];
        // An arm for all the others is one for anything, unless it is there for the default.
        const compared = new Set(uses.flatMap((use) => comparedWith(use) ?? []));
        const hasArm = parameter.default === undefined || initial.some((value) => compared.has(value));
        if (!isClosed && hasArm && uses.some(servesOthers)) return [];
        const literal = [...values].map(quoted);
        const nameNode = parameter.node.is('typed_parameter')
          ? parameter.node.firstNamed
          : parameter.node.field('name');
        return [
          {
            at: nameNode ?? parameter.node,
            message: `\`${parameter.name}\` is only compared with ${listed(literal)}; annotate it as \`Literal[${literal.join(', ')}]\`.`,
            fix: () => narrow(file, annotation, literal),
          },
        ];
      });
    },
  },
});

function narrow(file: SourceFile, annotation: Node, values: readonly string[]): Fix | undefined {
  const type = stringType(file, annotation);
  // Inside a string the quotes of the values would end it.
  if (type?.kind !== 'name' || type.anchor.is('string')) return undefined;
  const spelling = spell(file, 'typing', 'Literal', annotation);
  if (!spelling) return undefined;
  const text = `${spelling.text}[${values.join(', ')}]`;
  return {
    title: `Annotate as \`Literal[${values.join(', ')}]\``,
    safety: 'unsafe',
    edits: joinInsertions([{ start: type.start, end: type.end, text }, ...spelling.edits]),
  };
}

/** The `str` in an annotation of a string, or of a string or `None`. */
function stringType(file: SourceFile, annotation: Node): TypeExpression | undefined {
  const type = valueType(file, readType(file, annotation));
  if (type.kind === 'generic') {
    const base = qualifiedType(file, type.base);
    const [inner] = type.arguments;
    return base === 'typing.Optional' && inner && isString(file, inner) ? inner : undefined;
  }
  if (type.kind === 'union') {
    const others = type.members.filter((member) => member.kind !== 'none');
    const [only] = others;
    return others.length === 1 && only && isString(file, only) ? only : undefined;
  }
  return isString(file, type) ? type : undefined;
}

function isString(file: SourceFile, type: TypeExpression): boolean {
  return qualifiedType(file, type) === 'builtins.str';
}

/** What the default adds to the values; undefined when it is something that cannot be read. */
function initialValue(value: Node | undefined): string[] | undefined {
  if (!value || value.is('none')) return [];
  const text = value.is('string') ? stringValue(value) : undefined;
  return text === undefined ? undefined : [text];
}

/** Nothing, a path or an address is no name from a list. */
function isOpen(value: string): boolean {
  return value === '' || value.startsWith('/') || value.includes('://');
}

/** The literals that a use of a name is compared with; undefined for any other use. */
function comparedWith(use: Node): string[] | undefined {
  const { parent } = use;
  if (parent?.is('match_statement') && use.isField('subject')) return patternValues(parent);
  if (!parent?.is('comparison_operator')) return undefined;
  const operands = parent.namedChildren;
  const operators = parent.fields('operators').map((operator) => operator.text);
  const [operator] = operators;
  const [left, right] = operands;
  if (operands.length !== 2 || !left || !right || operators.length !== 1 || operator === undefined) return undefined;
  if (operator === '==' || operator === '!=') return literals([left === use ? right : left]);
  if ((operator === 'is' || operator === 'is not') && right.is('none')) return [];
  // `if kind not in (…): return False` is there for all the other values.
  if (/^not\s+in$/.test(operator) && isPassedOver(parent)) return undefined;
  if (/^(not\s+)?in$/.test(operator) && left === use && right.is('tuple', 'list', 'set'))
    return literals(right.namedChildren);
  return undefined;
}

/** Whether what is neither of the values compared with ends in an error: in an `else`, a check, or a raise. */
function refusesOthers(use: Node): boolean {
  if (use.above('raise_statement', 'assert_statement')) return true;
  const comparison = use.parent;
  const statement = comparison?.parent;
  if (!statement?.is('if_statement', 'elif_clause')) return false;
  const operator = comparison?.is('comparison_operator') ? comparison.fields('operators')[0]?.text : undefined;
  if (operator !== undefined && /^(?:!=|not\s+in)$/.test(operator)) return raises(statement.field('consequence'));
  const chain = statement.is('if_statement') ? statement : statement.parent;
  const last = chain?.namedChildren.at(-1);
  return last?.is('else_clause') === true && raises(last.field('body'));
}

/** A `match`, or an `if` with an `elif` about the same name: one arm for each value. */
function isChosenFrom(use: Node): boolean {
  const comparison = use.parent;
  if (comparison?.is('match_statement')) return true;
  const statement = comparison?.parent;
  const chain = statement?.is('elif_clause') ? statement.parent : statement;
  if (!comparison?.is('comparison_operator') || !chain?.is('if_statement')) return false;
  const arms = chain.namedChildren.filter((clause) => {
    const condition = clause.is('elif_clause') ? clause.field('condition') : undefined;
    return condition?.is('comparison_operator') && condition.below('identifier').some(({ text }) => text === use.text);
  });
  return arms.length > 0;
}

/** Whether a choice has an arm that serves all other values: an `else` behind an `elif`, or `case _`, that raises nothing. */
function servesOthers(use: Node): boolean {
  if (!isChosenFrom(use)) return false;
  const match = use.parent;
  if (match?.is('match_statement'))
    return match.field('body').namedChildren.some((clause) => {
      if (!clause.is('case_clause') || clause.field('guard')) return false;
      return clause.child('case_pattern')?.text === '_' && !raises(clause.field('consequence'));
    });
  const statement = match?.parent;
  const chain = statement?.is('elif_clause') ? statement.parent : statement;
  const last = chain?.namedChildren.at(-1);
  return last?.is('else_clause') === true && !raises(last.field('body'));
}

function raises(block: Node | undefined): boolean {
  return (
    block?.is('raise_statement') === true ||
    block?.namedChildren.some((statement) => statement.is('raise_statement')) === true
  );
}

/** A function that returns for every value it knows, and raises behind that. */
function raisesAtLast(body: Node): boolean {
  return body.namedChildren.at(-1)?.is('raise_statement') === true;
}

/** The condition of an `if` that leaves with `False`, `None` or nothing. */
function isPassedOver(condition: Node): boolean {
  const { parent } = condition;
  const [first] = parent?.is('if_statement') ? parent.field('consequence').namedChildren : [];
  if (!first?.is('return_statement')) return first?.is('continue_statement') === true;
  return first.firstNamed ? first.firstNamed.is('false', 'none') : true;
}

function literals(nodes: readonly Node[]): string[] | undefined {
  const values = nodes.map((node) => (node.is('string') ? stringValue(node) : undefined));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function patternValues(statement: TypedNode<'match_statement'>): string[] | undefined {
  const found: string[] = [];
  for (const clause of statement.field('body').namedChildren) {
    const pattern = clause.is('case_clause') ? clause.child('case_pattern') : undefined;
    if (!pattern) return undefined;
    if (pattern.text === '_') continue;
    const inner = pattern.firstNamed;
    const options = inner?.is('union_pattern') ? inner.namedChildren : inner ? [inner] : [];
    const strings = options.filter((option) => !option.is('none'));
    const values = literals(strings);
    if (!values) return undefined;
    found.push(...values);
  }
  return found;
}

/** A method whose signature a base may have fixed. */
function mayOverride(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  if (file.enclosingFunction(definition)) return false;
  const owner = file.enclosingClass(definition);
  return owner !== undefined && !isFullyKnown(ancestry(file, owner));
}

function quoted(value: string): string {
  return JSON.stringify(value);
}

function listed(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} and ${values.at(-1)}`;
}
