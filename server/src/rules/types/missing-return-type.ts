import {
  defineRule,
  type Fix,
  isGeneratedPath,
  isMethod,
  literalType,
  meansBuiltin,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

type Definition = TypedNode<'function_definition'>;

export default defineRule({
  code: 'GR302',
  name: 'missing-return-type',
  family: 'types',
  severity: 'error',
  standards: ['production', 'architecture', 'flow', 'module', 'backend'],
  summary: 'A function has no return annotation',
  advice: 'Annotate what it returns, `-> None` when it returns nothing',
  why: 'Without a return annotation the result is `Any` to every caller, so a mistake travels until it fails at run time; and a function without any annotation is not checked at all. FastAPI also reads the annotation as the response model.',
  fix: 'unsafe',
  fixSafety:
    'A function without annotations was not type-checked before, and overriding methods may return something else.',
  requirements: [
    '000-005',
    '000-039',
    '000-040',
    '001-005',
    '001-092',
    '002-008',
    '002-046',
    '003-047',
    '003-053',
    '004-257',
  ],
  peers: ['ANN201', 'ANN202', 'ANN204', 'ANN205', 'ANN206', 'mypy no-untyped-def'],
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        def log(message: str):
        #   ^^^ GR302 unsafe: \`log\` has no return type; annotate what it returns.
            logger.info(message)
      `,
      good: py`
        def log(message: str) -> None:
            logger.info(message)
      `,
    },
    {
      bad: py`
        async def close(connection: Connection, *, wait: bool = True):
        #         ^^^^^ GR302 unsafe
            if not wait:
                return
            await connection.drain()
      `,
      good: py`
        async def close(connection: Connection, *, wait: bool = True) -> None:
            if not wait:
                return
            await connection.drain()
      `,
    },
    {
      bad: py`
        class Account:
            def __init__(self, name: str):
            #   ^^^^^^^^ GR302 unsafe
                self.name = name

            def __repr__(self):
            #   ^^^^^^^^ GR302 unsafe
                return f"Account({self.name!r})"

            def kind(self):
            #   ^^^^ GR302 unsafe
                if self.name:
                    return "person"
                else:
                    return "guest"
      `,
      good: py`
        class Account:
            def __init__(self, name: str) -> None:
                self.name = name

            def __repr__(self) -> str:
                return f"Account({self.name!r})"

            def kind(self) -> str:
                if self.name:
                    return "person"
                else:
                    return "guest"
      `,
    },
    {
      bad: py`
        def tags():
        #   ^^^^ GR302 none
            return []

        def pair():
        #   ^^^^ GR302 none
            return 1, "a"

        def lookup(key: str):
        #   ^^^^^^ GR302 none
            return CACHE.get(key)

        def numbers():
        #   ^^^^^^^ GR302 none
            yield 1

        def first(flag: bool):
        #   ^^^^^ GR302 none
            if flag:
                return 1
      `,
    },
    {
      bad: py`
        from abc import ABC, abstractmethod
        from typing import overload

        class Source(ABC):
            @abstractmethod
            def read(self):
            #   ^^^^ GR302 none
                """Reads."""

            def write(self, data: bytes):
            #   ^^^^^ GR302 none
                raise NotImplementedError

            def name(self): ...
            #   ^^^^ GR302 none

        @overload
        def convert(value: int): ...
        #   ^^^^^^^ GR302 none
      `,
    },
    {
      ok: py`
        def log(message: str) -> None:
            logger.info(message)
      `,
    },
    {
      ok: py`
        by_name = sorted(users, key=lambda user: user.name)
      `,
    },
    {
      // Nobody edits what a compiler writes.
      path: 'app/rpc/users_pb2_grpc.py',
      ok: py`
        class Users(object):
            def GetUser(self, request, context):
                raise NotImplementedError("not here")
      `,
    },
  ],
  on: {
    function_definition(definition, file) {
      if (definition.field('return_type') || definition.child('"->"') || definition.field('parameters').isBroken)
        return undefined;
      const name = definition.field('name');
      return {
        at: name,
        message: `\`${name.text}\` has no return type; annotate what it returns.`,
        fix: () => annotate(definition, file),
      };
    },
  },
});

function annotate(definition: Definition, file: SourceFile): Fix | undefined {
  const type = returnType(definition, file);
  if (type === undefined || (type !== 'None' && !meansBuiltin(file, type, definition))) return undefined;
  const { end } = definition.field('parameters');
  return {
    title: `Annotate the result as \`${type}\``,
    safety: 'unsafe',
    edits: [{ start: end, end, text: ` -> ${type}` }],
  };
}

/** The type that the body alone shows; undefined when it takes more to tell. */
function returnType(definition: Definition, file: SourceFile): string | undefined {
  const body = definition.field('body');
  if (body.isBroken || isDeclaration(definition, file)) return undefined;
  const own = ['function_definition', 'lambda', 'class_definition'] as const;
  const isGenerator = body.belowOutside(own, 'yield').length > 0;
  if (isGenerator) return undefined;
  const values = body.belowOutside(own, 'return_statement').map((statement) => statement.firstNamed);
  const returnsNothing = values.every((value) => value === undefined || value.is('none'));
  const fixed = isMethod(file, definition) ? protocolResults.get(definition.field('name').text) : undefined;
  if (fixed !== undefined) {
    if (fixed === 'None') return returnsNothing ? 'None' : undefined;
    return values.length > 0 && values.every((value) => value && !value.is('none')) ? fixed : undefined;
  }
  if (isStub(body, isMethod(file, definition)) || onlyRaises(body)) return undefined;
  if (returnsNothing) return mayEnd(body) || values.length > 0 ? 'None' : undefined;
  const types = new Set(values.map((value) => literalType(value)));
  const [type] = types;
  return types.size === 1 && type !== undefined && !mayEnd(body) ? type : undefined;
}

/** What the language demands of a special method's result (data model, "Special method names"). */
const protocolResults = new Map([
  ...[
    '__init__',
    '__del__',
    '__init_subclass__',
    '__post_init__',
    '__set_name__',
    '__setattr__',
    '__delattr__',
    '__setitem__',
    '__delitem__',
    '__set__',
    '__delete__',
  ].map((name) => [name, 'None'] as const),
  ...['__str__', '__repr__', '__format__'].map((name) => [name, 'str'] as const),
  ...['__len__', '__hash__', '__int__', '__index__'].map((name) => [name, 'int'] as const),
  ...['__bool__', '__contains__'].map((name) => [name, 'bool'] as const),
  ['__bytes__', 'bytes'] as const,
  ['__float__', 'float'] as const,
]);

/** The body is no statement about the result: an abstract method, an overload. */
function isDeclaration(definition: Definition, file: SourceFile): boolean {
  return file.decorators(definition).some((decorator) => {
    const expression = decorator.is('call') ? decorator.field('function') : decorator;
    const last = expression.is('attribute') ? expression.field('attribute').text : expression.text;
    return last.startsWith('abstract') || last === 'overload' || declarations.has(file.qualified(expression) ?? '');
  });
}

const declarations = new Set(['abc.abstractmethod', 'typing.overload', 'typing_extensions.overload']);

/** Nothing but a docstring and `...`, or in a method `pass`: what an override or an implementation will fill. */
function isStub(body: Node, inClass: boolean): boolean {
  return body.namedChildren.every((statement) => {
    if (statement.is('pass_statement')) return inClass;
    return (
      statement.is('expression_statement') && statement.firstNamed?.is('ellipsis', 'string', 'concatenated_string')
    );
  });
}

function onlyRaises(body: Node): boolean {
  const statements = body.namedChildren.filter(
    (statement) => !(statement.is('expression_statement') && statement.firstNamed?.is('string', 'concatenated_string')),
  );
  return statements[0]?.is('raise_statement') ?? false;
}

/** Whether control may reach the end of a block. Loops and `try` are taken to end; `if` and `with` are looked into. */
function mayEnd(block: Node): boolean {
  const last = block.namedChildren.at(-1);
  if (!last || last.is('return_statement', 'raise_statement')) return !last;
  if (last.is('if_statement')) {
    const branches = [last.field('consequence'), ...last.fields('alternative').map(branchBlock)];
    const hasElse = last.fields('alternative').some((alternative) => alternative.is('else_clause'));
    return !hasElse || branches.some((branch) => !branch || mayEnd(branch));
  }
  return true;
}

function branchBlock(clause: TypedNode<'elif_clause' | 'else_clause'>): Node | undefined {
  return clause.is('elif_clause') ? clause.field('consequence') : clause.child('block');
}
