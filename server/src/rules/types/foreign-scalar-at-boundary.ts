import { z } from 'zod';
import {
  ancestry,
  annotatedClass,
  argumentsOf,
  type Binding,
  baseName,
  defineRule,
  type Finding,
  type Fix,
  isTestFile,
  meansBuiltin,
  type Node,
  type Origin,
  py,
  reachingBindings,
  routesOf,
  type SourceFile,
  schemaBase,
  schemaFields,
  type TypedNode,
  trace,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR309',
  name: 'foreign-scalar-at-boundary',
  family: 'types',
  severity: 'error',
  standards: ['module'],
  summary: 'A value of NumPy, pandas or Skyfield leaves the service as it is',
  advice: 'Convert it with `float()`, `int()`, `bool()`, `str()`, `.item()` or `.tolist()`',
  why: 'A `numpy.float64` looks like a number and is none for JSON, for Pydantic in strict mode and for the database driver: the request fails where the value is serialised, far from where it was computed. A service converts what libraries give it before it returns.',
  fix: 'unsafe',
  fixSafety:
    'The converter is a guess from the field or the function; `float()` and `int()` may round, and fail for arrays.',
  requirements: ['003-034', '003-042', '003-054'],
  peers: [],
  options: z.strictObject({
    modules: z
      .array(z.string())
      .default(['numpy', 'pandas', 'skyfield'])
      .meta({ description: 'Packages whose values must be converted before they leave a service.' }),
  }),
  mentions: ({ modules }) => modules.map((name) => name.split('.')[0] ?? name),
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import numpy as np

        def calculate(values: list[float]) -> dict[str, float]:
            total = np.sum(values)
            return {"val": np.float64(1.0), "total": total, "many": bool(total > 1)}
            #              ^^^^^^^^^^^^^^^ GR309 unsafe: \`np.float64(1.0)\` is a value of \`numpy\` and goes into a dictionary as it is; convert it with \`float()\`.
            #                                        ^^^^^ GR309 unsafe: \`total\` is a value of \`numpy\` and goes into a dictionary as it is; convert it with \`float()\`.
      `,
      good: py`
        import numpy as np

        def calculate(values: list[float]) -> dict[str, float]:
            total = np.sum(values)
            return {"val": float(np.float64(1.0)), "total": float(total), "many": bool(total > 1)}
      `,
    },
    {
      path: 'app/modules/orbits/service.py',
      bad: py`
        import numpy
        import pandas as pd
        from pydantic import BaseModel

        class OrbitData(BaseModel):
            count: int
            label: str
            points: list[float]
            valid: bool | None

        async def calculate_orbit(frame: pd.DataFrame, name: str) -> OrbitData:
            count = frame["x"].sum()
            return OrbitData(
                count=count,
                #     ^^^^^ GR309 unsafe: \`count\` is a value of \`pandas\` and goes into \`OrbitData\` as it is; convert it with \`int()\`.
                label=name,
                points=numpy.array([1.0]),
                #      ^^^^^^^^^^^^^^^^^^ GR309 unsafe: \`numpy.array([1.0])\` is a value of \`numpy\` and goes into \`OrbitData\` as it is; convert it with \`.tolist()\`.
                valid=count > 3,
                #     ^^^^^^^^^ GR309 unsafe
            )
      `,
      good: py`
        import numpy
        import pandas as pd
        from pydantic import BaseModel

        class OrbitData(BaseModel):
            count: int
            label: str
            points: list[float]
            valid: bool | None

        async def calculate_orbit(frame: pd.DataFrame, name: str) -> OrbitData:
            count = frame["x"].sum()
            return OrbitData(
                count=int(count),
                label=name,
                points=numpy.array([1.0]).tolist(),
                valid=bool(count > 3),
            )
      `,
    },
    {
      path: 'app/modules/orbits/service.py',
      bad: py`
        import numpy

        async def mean_distance(rows: list[float]) -> float:
            if rows:
                return numpy.mean(rows)
                #      ^^^^^^^^^^^^^^^^ GR309 unsafe: \`numpy.mean(rows)\` is a value of \`numpy\` and leaves the service as it is; convert it with \`float()\`.
            result = {}
            result["mean"] = numpy.median(rows)
            #                ^^^^^^^^^^^^^^^^^^ GR309 unsafe
            return result["mean"].item()
      `,
      good: py`
        import numpy

        async def mean_distance(rows: list[float]) -> float:
            if rows:
                return float(numpy.mean(rows))
            result = {}
            result["mean"] = float(numpy.median(rows))
            return result["mean"].item()
      `,
    },
    {
      bad: py`
        from fastapi.responses import JSONResponse
        from skyfield.api import load

        def position(planets: Planets) -> JSONResponse:
            ephemeris = load("de421.bsp")
            right, declination, distance = ephemeris["earth"].at(load.timescale().now()).radec()
            return JSONResponse(content={"km": distance.km, "hours": float(right.hours)})
            #                                  ^^^^^^^^^^^ GR309 none: \`distance.km\` is a value of \`skyfield\` and goes into a response as it is; convert it with \`float()\`, \`int()\`, \`bool()\`, \`str()\`, \`.item()\` or \`.tolist()\`.
      `,
    },
    {
      path: 'app/services/stats.py',
      ok: py`
        import math
        import numpy as np

        def summary(values: list[float]) -> dict[str, float]:
            array = np.array(values)
            mean = float(array.mean())
            label = f"{np.sum(array)}"
            return {
                "mean": mean, "all": array.tolist(), "size": array.size, "count": len(array), "pi": np.pi,
                "root": math.sqrt(array[0]), "label": label, "same": np.array_equal(array, array),
            }
      `,
    },
    {
      path: 'app/services/stats.py',
      ok: py`
        import numpy as np
        import pandas as pd

        def table(frame: pd.DataFrame) -> dict[str, float]:
            if frame["x"].sum() > 3:
                use(pd.DataFrame({"mean": frame["x"].mean()}))
            return {"best": frame["x"].max().item(), "rows": frame.to_dict(orient="records")}

        def matrix(values: list[float]) -> np.ndarray:
            return np.array(values)

        def frame(values: list[float]) -> "pd.DataFrame":
            return pd.DataFrame(values)

        def _helper(values: list[float]) -> float:
            return np.mean(values)
      `,
    },
    {
      ok: py`
        import numpy as np


        def service(rows):
            averages = {name: np.mean(values) for name, values in rows.items()}
            best = max(averages, key=averages.get)
            return {"best": best}
      `,
    },
    {
      ok: py`
        import numpy as np

        def mean(values: list[float]) -> float:
            return np.mean(values)

        def kinds() -> dict[str, type]:
            return {"float": np.float64}

        def load(rows: list[int]) -> dict[str, int]:
            total = np.sum(rows)
            total = int(total)
            name, top = "x", np.max(rows)
            return {"total": total, "rows": rows, "name": name, "top": int(top)}
      `,
    },
    {
      path: 'app/services/stats.py',
      ok: py`
        import app.numpy as np

        def mean(values: list[float]) -> dict[str, float]:
            return {"mean": np.mean(values)}
      `,
    },
    {
      options: { modules: ['torch'] },
      bad: py`
        import numpy
        import torch

        def score(values: list[float]) -> dict[str, float]:
            return {"mean": torch.mean(values), "other": numpy.mean(values)}
            #               ^^^^^^^^^^^^^^^^^^ GR309 none
      `,
    },
  ],
  on: {
    return_statement(statement, file, { modules }) {
      const value = statement.firstNamed;
      if (!value || isLiteral(value)) return undefined;
      const definition = file.enclosingFunction(statement);
      if (!definition?.is('function_definition')) return undefined;
      return leaves(value, false).flatMap(({ node, inDictionary }) => {
        if (!inDictionary && !leavesService(file, definition, modules)) return [];
        return report(file, node, modules, inDictionary ? 'goes into a dictionary' : 'leaves the service');
      });
    },
    assignment(assignment, file, { modules }) {
      const right = assignment.field('right');
      if (!right || isLiteral(right) || !file.enclosingFunction(assignment)) return undefined;
      const left = assignment.field('left');
      if (left.is('subscript')) {
        const object = left.field('value');
        if (!object.is('identifier')) return undefined;
        const filled = reachingBindings(file, object).some((binding) => isDictionary(file, binding.value));
        return filled ? report(file, right, modules, 'goes into a dictionary', true) : undefined;
      }
      if (!right.is('dictionary', 'list')) return undefined;
      return leaves(right, false)
        .filter((leaf) => leaf.inDictionary)
        .flatMap(({ node }) => report(file, node, modules, 'goes into a dictionary', true));
    },
    call(call, file, { modules }) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute')) return undefined;
      const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
      if (!/^\p{Lu}/u.test(name)) return undefined;
      const given = argumentsOf(call);
      if (given.keywords.size === 0 && given.positional.length === 0) return undefined;
      const qualified = file.qualified(callee) ?? '';
      if (responses.test(qualified)) {
        const content = given.at(0, 'content');
        if (!content || isLiteral(content)) return undefined;
        return leaves(content, false).flatMap(({ node }) => report(file, node, modules, 'goes into a response'));
      }
      const schema = ownSchema(file, callee);
      if (!schema && !isSchemaByPlace(qualified)) return undefined;
      return [...given.keywords].flatMap(([keyword, argument]) => {
        const value = argument.field('value');
        if (isLiteral(value)) return [];
        const converter = schema && fieldConverter(file, schema, keyword);
        return leaves(value, false).flatMap(({ node }) =>
          report(file, node, modules, `goes into \`${name}\``, false, node === value ? converter : undefined),
        );
      });
    },
  },
});

const responses = /^(?:fastapi|starlette)\.responses\.(?:JSONResponse|ORJSONResponse|UJSONResponse)$/;

type Converter = 'float' | 'int' | 'bool' | 'str' | 'tolist';

/** The values in a display of dictionaries, lists and tuples, and the branches of a conditional expression. */
function leaves(value: Node, inDictionary: boolean): { node: Node; inDictionary: boolean }[] {
  if (value.is('dictionary'))
    return value.namedChildren.flatMap((pair) => (pair.is('pair') ? leaves(pair.field('value'), true) : []));
  if (value.is('list', 'tuple', 'set', 'expression_list', 'parenthesized_expression'))
    return value.namedChildren.flatMap((child) => leaves(child, inDictionary));
  if (value.is('conditional_expression')) {
    const [chosen, , other] = value.namedChildren;
    return [chosen, other].flatMap((branch) => (branch ? leaves(branch, inDictionary) : []));
  }
  return isLiteral(value) ? [] : [{ node: value, inDictionary }];
}

function isLiteral(value: Node): boolean {
  return value.is('string', 'integer', 'float', 'true', 'false', 'none', 'concatenated_string', 'lambda', 'ellipsis');
}

function report(
  file: SourceFile,
  node: Node,
  modules: readonly string[],
  where: string,
  onlyScalars = false,
  wanted?: Converter,
): Finding[] {
  if (node.is('identifier') && reachingBindings(file, node).some(isUnclear)) return [];
  const found = foreignOrigins(file, node, modules, 0);
  const [first] = found;
  if (!first) return [];
  const kinds = new Set(
    node.is('comparison_operator')
      ? ['bool' as const]
      : found.map(({ call, isItem }) => (isItem ? undefined : kindOf(file, call))),
  );
  const [kind] = kinds;
  const converter = wanted ?? (kinds.size === 1 ? kind : undefined);
  if (onlyScalars && (kind === undefined || kind === 'tolist')) return [];
  const advice = converter ? `\`${converter === 'tolist' ? '.tolist' : converter}()\`` : everyConverter;
  const text = node.text.includes('\n') || node.text.length > 60 ? 'This expression' : `\`${node.text}\``;
  return [
    {
      at: node,
      message: `${text} is a value of \`${first.module}\` and ${where} as it is; convert it with ${advice}.`,
      fix: () => (converter ? convert(file, node, converter) : undefined),
    },
  ];
}

/** What a container holds is looked at where it is written; which part of several an unpacked name got, nobody can tell. */
function isUnclear({ by, value }: Binding): boolean {
  if (value?.is('dictionary', 'list')) return true;
  if (by.is('for_statement', 'for_in_clause')) return !by.field('left').is('identifier');
  return (
    by.is('assignment') &&
    by.field('left').is('pattern_list', 'tuple_pattern') &&
    (by.field('right')?.is('expression_list', 'tuple') ?? false)
  );
}

const everyConverter = '`float()`, `int()`, `bool()`, `str()`, `.item()` or `.tolist()`';

function convert(file: SourceFile, node: Node, converter: Converter): Fix | undefined {
  const { start, end } = node;
  if (converter === 'tolist') {
    if (!node.is('identifier', 'attribute', 'call', 'subscript')) return undefined;
    return { title: 'Add `.tolist()`', safety: 'unsafe', edits: [{ start: end, end, text: '.tolist()' }] };
  }
  if (!meansBuiltin(file, converter, node) || node.is('list_splat', 'named_expression', 'generator_expression'))
    return undefined;
  return {
    title: `Convert with \`${converter}()\``,
    safety: 'unsafe',
    edits: [
      { start, end: start, text: `${converter}(` },
      { start: end, end, text: ')' },
    ],
  };
}

interface Foreign {
  readonly module: string;
  /** The call that made it, when it is one. */
  readonly call: Node;
  /** The value may be, or may hold, an item of what the call gave. */
  readonly isItem: boolean;
}

/** The origins of a value that are values of the given packages; conversions and formatting end the search. */
function foreignOrigins(file: SourceFile, node: Node, modules: readonly string[], depth: number): Foreign[] {
  if (depth > 6) return [];
  const origins = trace(file, node, {
    cleans: (call) => isConversion(file, call),
    through: (call) => passedOn(file, call, modules),
  });
  return origins.flatMap((origin) => foreign(file, origin, modules, depth));
}

function foreign(file: SourceFile, origin: Origin, modules: readonly string[], depth: number): Foreign[] {
  const { node, binding, via } = origin;
  if (via.includes('format')) return [];
  const isItem = via.includes('element');
  if (node.is('call')) {
    const callee = node.field('function');
    const module = moduleOf(file.qualified(callee), modules);
    if (module) return [{ module, call: node, isItem }];
    if (!callee.is('attribute')) return [];
    const [from] = foreignOrigins(file, callee.field('object'), modules, depth + 1);
    return from ? [{ module: from.module, call: node, isItem }] : [];
  }
  if (node.is('attribute')) {
    if (file.qualified(node) !== undefined || native.has(node.field('attribute').text)) return [];
    const [from] = foreignOrigins(file, node.field('object'), modules, depth + 1);
    return from ? [{ module: from.module, call: node, isItem }] : [];
  }
  if (node.is('unary_operator')) return foreignOrigins(file, node.field('argument'), modules, depth + 1);
  if (node.is('comparison_operator')) {
    const operators = node.fields('operators').map((operator) => operator.text);
    if (operators.some((operator) => /^(?:is|in|not)/.test(operator))) return [];
    const [from] = node.namedChildren.flatMap((operand) => foreignOrigins(file, operand, modules, depth + 1));
    return from ? [{ module: from.module, call: node, isItem }] : [];
  }
  if (binding?.kind === 'parameter' && binding.annotation) {
    const module = moduleOf(file.qualified(annotatedClass(file, binding.annotation)), modules);
    return module ? [{ module, call: node, isItem }] : [];
  }
  return [];
}

function moduleOf(name: string | undefined, modules: readonly string[]): string | undefined {
  if (name === undefined || nativeFunctions.test(name)) return undefined;
  return modules.find((module) => name.startsWith(`${module}.`));
}

/** Functions and methods of the packages that give Python's own types. */
const nativeFunctions =
  /^(?:numpy\.(?:random\..*|testing\..*|array_equal|allclose|isscalar|ndim|shape|size|array2string|array_repr|base_repr|dtype|issubdtype|iterable|save\w*|seterr)|pandas\.(?:api\..*|set_option|get_option|option_context|testing\..*))$/;
const native = new Set(['shape', 'size', 'ndim', 'nbytes', 'itemsize', 'empty', 'name', 'columns', 'dtypes']);
const converting = new Set(
  'item tolist to_list to_dict to_json to_csv to_string to_html to_pydatetime isoformat strftime tobytes utc_iso utc_jpl utc_strftime utc_datetime astimezone model_dump'.split(
    ' ',
  ),
);
const converters = new Set(
  ['float', 'int', 'bool', 'str', 'len', 'repr', 'format', 'isinstance', 'type', 'hash', 'id'].map(
    (name) => `builtins.${name}`,
  ),
);
/** Builtins that give what they are given, or items of it. */
const passing = new Set(
  ['abs', 'max', 'min', 'sum', 'round', 'list', 'tuple', 'sorted'].map((name) => `builtins.${name}`),
);

function isConversion(file: SourceFile, call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  if (callee.is('attribute') && converting.has(callee.field('attribute').text)) return true;
  return converters.has(file.qualified(callee) ?? '');
}

function passedOn(file: SourceFile, call: TypedNode<'call'>, modules: readonly string[]): readonly Node[] | undefined {
  const name = file.qualified(call.field('function'));
  if (name === undefined || moduleOf(name, modules) || !passing.has(name)) return undefined;
  // `max(averages, key=averages.get)` gives a key, not one of the values that it compares.
  const { positional, keyword } = argumentsOf(call);
  return keyword('key')?.text.endsWith('.get') ? undefined : positional;
}

/** What a call of the packages gives, as its name tells; undefined for all that can be an array as well. */
function kindOf(file: SourceFile, origin: Node): Converter | undefined {
  if (origin.is('comparison_operator')) return 'bool';
  if (!origin.is('call')) return undefined;
  const given = argumentsOf(origin);
  if (given.keyword('axis') || given.hasDoubleSplat) return undefined;
  const callee = origin.field('function');
  const qualified = file.qualified(callee);
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (qualified === undefined) return methodKinds.get(name);
  if (!qualified.startsWith('numpy.')) return undefined;
  const last = qualified.slice(qualified.lastIndexOf('.') + 1);
  return /^(?:u?int\d*|intp|integer)$/.test(last) ? 'int' : functionKinds.get(last);
}

const functionKinds = new Map<string, Converter>([
  ...'float16 float32 float64 floating mean median average std var sum prod percentile quantile nanmean nansum nanstd nanmedian dot trapz min max amin amax'
    .split(' ')
    .map((name) => [name, 'float'] as const),
  ...'argmax argmin count_nonzero'.split(' ').map((name) => [name, 'int'] as const),
  ...'bool_ any all isclose'.split(' ').map((name) => [name, 'bool'] as const),
  ...'array asarray arange linspace zeros ones full unique where cumsum sort concatenate diff'
    .split(' ')
    .map((name) => [name, 'tolist'] as const),
  ['str_', 'str'],
]);
const methodKinds = new Map<string, Converter>([
  ...'mean median std var sum'.split(' ').map((name) => [name, 'float'] as const),
  ...'argmax argmin'.split(' ').map((name) => [name, 'int'] as const),
  ...'any all'.split(' ').map((name) => [name, 'bool'] as const),
]);

/** A public function of a service, or a route; one that is annotated to return such a value is a step on the way. */
function leavesService(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  modules: readonly string[],
): boolean {
  if (definition.field('name').text.startsWith('_') || file.enclosingFunction(definition)) return false;
  const isService = /(^|\/)services\//.test(file.path) || /(^|_)service\.py$/.test(baseName(file));
  if (!isService && routesOf(file, definition).length === 0) return false;
  const returns = definition.field('return_type');
  return !returns || !modules.some((module) => mentions(file, returns, module));
}

/** Whether an annotation names something of a package, also inside a string. */
function mentions(file: SourceFile, annotation: Node, module: string): boolean {
  return annotation.below('identifier', 'attribute', 'string').some((name) => {
    if (!name.is('string')) return file.qualified(name)?.startsWith(`${module}.`) ?? false;
    return name.text
      .split(/[^\w.]+/)
      .some((word) => (file.binding(name, word.split('.')[0] ?? '')?.target ?? '').split('.')[0] === module);
  });
}

function isDictionary(file: SourceFile, value: Node | undefined): boolean {
  if (value?.is('dictionary')) return true;
  return value?.is('call') === true && file.qualified(value.field('function')) === 'builtins.dict';
}

/** A name spelt like a class, imported from a module of schemas. */
function isSchemaByPlace(qualified: string): boolean {
  return qualified
    .split('.')
    .slice(0, -1)
    .some((part) => part === 'schema' || part === 'schemas');
}

function ownSchema(file: SourceFile, callee: Node): TypedNode<'class_definition'> | undefined {
  const by = callee.is('identifier') ? file.binding(callee)?.by : undefined;
  return by?.is('class_definition') && schemaBase(ancestry(file, by)) ? by : undefined;
}

/** The converter that a field's annotation asks for. */
function fieldConverter(file: SourceFile, schema: TypedNode<'class_definition'>, name: string): Converter | undefined {
  const field = schemaFields(file, schema).find((candidate) => candidate.name === name);
  const type = field && annotatedClass(file, field.annotation);
  const qualified = file.qualified(type) ?? '';
  if (/^(?:builtins\.(?:list|tuple|set)|typing\.(?:List|Sequence)|collections\.abc\.Sequence)$/.test(qualified))
    return 'tolist';
  const builtin = qualified.replace('builtins.', '');
  return builtin === 'float' || builtin === 'int' || builtin === 'bool' || builtin === 'str' ? builtin : undefined;
}
