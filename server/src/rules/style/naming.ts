import { z } from 'zod';
import {
  argumentsIn,
  type Binding,
  defineRule,
  type Finding,
  type Fix,
  fitsPattern,
  isGeneratedPath,
  isLabel,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
  unitOf,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR907',
  name: 'naming',
  family: 'style',
  severity: 'information',
  standards: ['flow', 'backend'],
  summary: 'A name is not spelt as PEP 8 asks',
  advice: 'Classes in CapWords, functions and variables in snake_case, constants in capitals; `self` and `cls` first',
  why: 'Python readers tell from the spelling of a name whether it is a class, a function or a constant. A name in another spelling is read wrongly, and looked for in vain.',
  fix: 'unsafe',
  fixSafety: 'The variable is renamed in its function; a debugger, a template or a comment that mentions it is not.',
  requirements: ['002-001', '002-005', '002-007', '004-262'],
  peers: ['N801', 'N802', 'N803', 'N804', 'N805', 'N806', 'N815', 'N816'],
  options: z.strictObject({
    ignore: z
      .array(z.string())
      .default([
        'setUp',
        'tearDown',
        'setUpClass',
        'tearDownClass',
        'setUpModule',
        'tearDownModule',
        'asyncSetUp',
        'asyncTearDown',
        'setUpTestData',
        'failureException',
        'longMessage',
        'maxDiff',
        'runTest',
        'shortDescription',
      ])
      .meta({ description: 'Names that are left alone; `*` stands for anything.' }),
  }),
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        class user_service:
        #     ^^^^^^^^^^^^ GR907 none: Class \`user_service\` is not in CapWords, as PEP 8 asks; call it \`UserService\`.
            maxUsers = 5
            ^^^^^^^^ GR907 none: Class variable \`maxUsers\` is in mixed case, which PEP 8 knows for nothing; call it \`max_users\`.

            def getUser(this, userId: int) -> int:
            #   ^^^^^^^ GR907 none: Function \`getUser\` is not in snake_case, as PEP 8 asks; call it \`get_user\`.
            #           ^^^^ GR907 none: The first parameter of a method is called \`self\`, not \`this\`, as PEP 8 asks.
            #                 ^^^^^^ GR907 none: Parameter \`userId\` is not in snake_case, as PEP 8 asks; call it \`user_id\`.
                return this.users[userId]

            @classmethod
            def make(self) -> "user_service":
            #        ^^^^ GR907 none: The first parameter of a class method is called \`cls\`, not \`self\`, as PEP 8 asks.
                return self()

        defaultUser = 1
        ^^^^^^^^^^^ GR907 none: Variable \`defaultUser\` is in mixed case, which PEP 8 knows for nothing; call it \`default_user\`, or \`DEFAULT_USER\` if it is a constant.
      `,
    },
    {
      bad: py`
        def total(rows: list[int]) -> int:
            rowCount = len(rows)
            ^^^^^^^^ GR907 unsafe: Variable \`rowCount\` is not in snake_case, as PEP 8 asks; call it \`row_count\`.
            for rowValue in rows:
            #   ^^^^^^^^ GR907 unsafe
                rowCount += rowValue
            show(rowCount=rowCount, text=f"{rowCount}")
            return settings.rowCount + rowCount
      `,
      good: py`
        def total(rows: list[int]) -> int:
            row_count = len(rows)
            for row_value in rows:
                row_count += row_value
            show(rowCount=row_count, text=f"{row_count}")
            return settings.rowCount + row_count
      `,
    },
    {
      bad: py`
        def total(rows: list[int]) -> str:
            rowCount = getattr(rows, "count")
            ^^^^^^^^ GR907 none
            maxRow = max(rows)
            ^^^^^^ GR907 none
            return "{rowCount} of {max}".format(**locals(), max=maxRow)
      `,
    },
    {
      ok: py`
        from enum import Enum
        from sqlalchemy.orm import aliased, sessionmaker

        MAX_USERS = 5
        Base = declarative_base()
        SessionLocal = sessionmaker()

        class HTTPClient:
            class _Inner:
                pass

            def __init__(self) -> None:
                self.userName = ""

            def _private(self, _unused: int) -> None:
                Alias = aliased(User)
                Model = self.model
                Session = sessionmaker()
                T = TypeVar("T")
                use(Alias, Model, Session, T)

            @property
            def DATABASE_URL(self) -> str:
                return self.userName

            @staticmethod
            def build(value: int) -> int:
                return value

            @field_validator("x")
            def check(cls, value: int) -> int:
                return value

        class Meta(type):
            def build(cls) -> int:
                return 1
      `,
    },
    {
      ok: py`
        class OrdersServicer(object):
            def ListOrders(self, request, context):
                raise NotImplementedError("Method not implemented!")
      `,
      path: 'app/rpc/orders_pb2_grpc.py',
    },
    {
      bad: py`
        def listOrderIDs(orders):
            ^^^^^^^^^^^^ GR907 none: Function \`listOrderIDs\` is not in snake_case, as PEP 8 asks; call it \`list_order_ids\`.
            return [order.id for order in orders]
      `,
    },
    {
      ok: py`
        import ast
        import unittest
        from http.server import BaseHTTPRequestHandler

        class Visitor(ast.NodeVisitor):
            def visit_Name(self, node: ast.Name) -> None:
                use(node)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pass

        class Tests(unittest.TestCase):
            def setUp(self) -> None:
                pass
      `,
    },
    {
      ok: py`
        from typing import TypedDict, override

        class cached:
            def __get__(self, instance: object, owner: type) -> object:
                return self

        class Payload(TypedDict):
            userId: int

        class Child(Parent):
            @override
            def getName(self, userId: int) -> str:
                return ""

        def wrap() -> None:
            global defaultUser
            use(key=lambda value: value)
      `,
    },
  ],
  on: {
    class_definition(definition, file, { ignore }) {
      const name = definition.field('name');
      const bare = name.text.replace(/^_+/, '');
      if (bare === '' || fitsPattern(name.text, ignore)) return undefined;
      if (!/^\p{Ll}|_/u.test(bare) || isCallableLike(file, definition)) return undefined;
      return {
        at: name,
        message: `Class \`${name.text}\` is not in CapWords, as PEP 8 asks; call it \`${capWords(name.text)}\`.`,
      };
    },
    function_definition(definition, file, { ignore }) {
      const name = definition.field('name');
      const given = positionalNames(definition);
      const mixed = given.filter((parameter) => isMixed(parameter.text) && !fitsPattern(parameter.text, ignore));
      const isMixedName =
        isMixed(name.text) &&
        !fitsPattern(name.text, ignore) &&
        !(isConstant(name.text) && isProperty(file, definition));
      const [first] = given;
      const owner = first && !isPlainMethod(definition, name.text, first.text) ? ownerOf(file, definition) : undefined;
      const receiver = owner && first && expectedReceiver(file, definition, owner, first.text);
      if (mixed.length === 0 && !isMixedName && !receiver) return undefined;
      if (isFixedElsewhere(file, definition, ownerOf(file, definition))) return undefined;
      const findings: Finding[] = [];
      if (isMixedName) findings.push(notSnake(name, 'Function'));
      if (receiver && first) {
        const kind = receiver === 'cls' ? 'a class method' : 'a method';
        findings.push({
          at: first,
          message: `The first parameter of ${kind} is called \`${receiver}\`, not \`${first.text}\`, as PEP 8 asks.`,
        });
      }
      return [
        ...findings,
        ...mixed.filter((parameter) => !(receiver && parameter === first)).map((node) => notSnake(node, 'Parameter')),
      ];
    },
    module(root, file, { ignore }) {
      const { scopes, role } = unitOf(root);
      const findings: Finding[] = [];
      look(scopes.top);
      for (const scope of scopes.byRow.values()) look(scope);
      return findings;

      function look(scope: typeof scopes.top): void {
        const isFunction = scope.kind === 'function' && scope.node?.is('function_definition');
        for (const [name, bindings] of scope.names) {
          if (isPlain(name)) continue;
          if (isFunction ? !isMixed(name) : !/^_*\p{Ll}.*\p{Lu}/u.test(name)) continue;
          if (scope.kind === 'comprehension' || scope.node?.is('lambda') || fitsPattern(name, ignore)) continue;
          const [binding] = bindings;
          if (!binding || !bindings.every(isVariable) || scope.globals.has(name) || scope.nonlocals.has(name)) continue;
          if (isFunction) {
            if (bindings.some((candidate) => mayBeClass(candidate.value ?? valueGiven(candidate), name))) continue;
            findings.push({ ...notSnake(binding.node, 'Variable'), fix: () => rename(file, binding) });
          } else if (scope.kind === 'class') {
            if (isTypedDict(file, binding)) continue;
            findings.push(mixedCase(binding.node, 'Class variable', `\`${snakeCase(name)}\``));
          } else if (role !== 'member' && file.moduleBindings(name)[0]?.node === binding.node) {
            const names = `\`${snakeCase(name)}\`, or \`${snakeCase(name).toUpperCase()}\` if it is a constant`;
            findings.push(mixedCase(binding.node, 'Variable', names));
          }
        }
      }
    },
  },
});

/** A name without capitals, as most are: cheap to test. */
function isPlain(name: string): boolean {
  for (let offset = 0; offset < name.length; offset++) {
    const code = name.charCodeAt(offset);
    if (code > 122 || (code < 97 && code !== underscore && (code < 48 || code > 57))) return false;
  }
  return true;
}

const underscore = 95;

function notSnake(at: Node, noun: string): Finding {
  return {
    at,
    message: `${noun} \`${at.text}\` is not in snake_case, as PEP 8 asks; call it \`${snakeCase(at.text)}\`.`,
  };
}

function mixedCase(at: Node, noun: string, names: string): Finding {
  return { at, message: `${noun} \`${at.text}\` is in mixed case, which PEP 8 knows for nothing; call it ${names}.` };
}

/** Some letter is a capital. */
function isMixed(name: string): boolean {
  return !isPlain(name) && name !== name.toLowerCase();
}

function isConstant(name: string): boolean {
  return name === name.toUpperCase();
}

/** A property in capitals is read as a constant beside the constants of its class, as settings have them. */
function isProperty(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  return file
    .decorators(definition)
    .some((decorator) => /(?:^|\.)(?:cached_)?property$/.test(file.qualified(decorator) ?? ''));
}

function snakeCase(name: string): string {
  return name
    .replace(/\p{Lu}{2,}s(?!\p{Ll})/gu, (plural) => plural.slice(0, 1) + plural.slice(1).toLowerCase())
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase();
}

function capWords(name: string): string {
  const [lead = ''] = /^_*/.exec(name) ?? [];
  const words = name.slice(lead.length).split('_');
  return lead + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

/** An assignment, a loop, a `with`: what names a value, in a place that can hold an annotation or a target. */
function isVariable(binding: Binding): boolean {
  if (binding.kind === 'assignment' || binding.kind === 'loop') return true;
  return binding.by.is('augmented_assignment', 'delete_statement', 'as_pattern', 'except_clause');
}

function valueGiven({ by }: Binding): Node | undefined {
  return by.is('assignment') ? by.field('right') : by.is('for_statement') ? by.field('right') : undefined;
}

/** CapWords, as opposed to capitals and to mixed case. */
function looksLikeClass(name: string): boolean {
  return /^_*\p{Lu}\w*\p{Ll}/u.test(name) && !/[^_]_/.test(name);
}

/** A class may be what the value is: a call that makes one, or, for a name in CapWords, another name of one. Then it is right. */
function mayBeClass(value: Node | undefined, name: string): boolean {
  if (!value || !/^_*\p{Lu}/u.test(name)) return false;
  if (value.is('call')) {
    const callee = value.field('function').text;
    return classMakers.test(callee.slice(callee.lastIndexOf('.') + 1));
  }
  if (!looksLikeClass(name)) return false;
  if (value.is('identifier', 'attribute')) return true;
  if (value.is('subscript')) return mayBeClass(value.field('value'), name);
  if (value.is('binary_operator')) return value.field('operator').text === '|';
  if (!value.is('conditional_expression', 'boolean_operator')) return false;
  return value.namedChildren.some((part) => mayBeClass(part, name));
}

const classMakers =
  /^(?:type|getattr|aliased|sessionmaker|async_sessionmaker|scoped_session|async_scoped_session|declarative_base|automap_base|create_model|namedtuple|NamedTuple|TypedDict|NewType|TypeVar|ParamSpec|Enum|IntEnum|StrEnum|make_dataclass|import_string|import_module|with_polymorphic|\w*(?:_class|_model|_type|_cls)(?:_factory)?)$/;

/** PEP 8: a class that is used like a function may be named like one. */
function isCallableLike(file: SourceFile, definition: TypedNode<'class_definition'>): boolean {
  if (/\p{Lu}/u.test(definition.field('name').text)) return false;
  return ['__call__', '__get__', '__enter__', '__aenter__'].some(
    (name) => file.classBindings(definition, name).length > 0,
  );
}

function ownerOf(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
): TypedNode<'class_definition'> | undefined {
  return file.enclosingFunction(definition) ? undefined : file.enclosingClass(definition);
}

/** The names of all parameters, those behind stars too. */
function positionalNames(definition: TypedNode<'function_definition'>): Node[] {
  const names: Node[] = [];
  for (const parameter of definition.field('parameters').namedChildren) {
    if (parameter.kind === 'identifier') names.push(parameter);
    else if (parameter.is('default_parameter', 'typed_default_parameter')) names.push(parameter.field('name'));
    else {
      const inner = parameter.is('typed_parameter') ? parameter.firstNamed : parameter;
      const name = inner?.is('identifier') ? inner : inner?.firstNamed;
      if (name?.is('identifier')) names.push(name);
    }
  }
  return names;
}

/** `self` or `cls`, when the first parameter is called otherwise; undefined when it is fine or cannot be told. */
function expectedReceiver(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  owner: TypedNode<'class_definition'>,
  first: string,
): 'self' | 'cls' | undefined {
  const firstNode = definition.field('parameters').namedChildren[0];
  if (!firstNode?.is('identifier', 'typed_parameter') || first.startsWith('_')) return undefined;
  if (firstNode.is('typed_parameter') && !firstNode.firstNamed?.is('identifier')) return undefined;
  const name = definition.field('name').text;
  const decorators = file.decorators(definition).map((decorator) => file.qualified(decorator));
  const isClassMethod = decorators.includes('builtins.classmethod') || implicitClassMethods.has(name);
  if (isClassMethod) return first === 'cls' || /^(mcs|mcls|metacls)$/.test(first) ? undefined : 'cls';
  if (first === 'self' || name === '__new__') return undefined;
  if (decorators.some((decorator) => decorator === undefined || !plainDecorators.has(decorator))) return undefined;
  // A metaclass's methods take the class.
  if (first === 'cls' && file.bases(owner).some((base) => base === undefined || /(?:type|Meta\w*)$/.test(base)))
    return undefined;
  return 'self';
}

/** A method whose first parameter is right whatever its class is, as most are. */
function isPlainMethod(definition: TypedNode<'function_definition'>, name: string, first: string): boolean {
  return first === 'self' && !implicitClassMethods.has(name) && !definition.parent?.is('decorated_definition');
}

const implicitClassMethods = new Set(['__init_subclass__', '__class_getitem__']);
const plainDecorators = new Set(['builtins.property', 'abc.abstractmethod', 'functools.cached_property']);

/** Whether the name comes from elsewhere: a method that may override one, an overload, a stand-in for a library's function. */
function isFixedElsewhere(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  owner: TypedNode<'class_definition'> | undefined,
): boolean {
  const overrides = file
    .decorators(definition)
    .some((decorator) => /\.(?:override|overload|compiles)$/.test(file.qualified(decorator) ?? ''));
  if (overrides) return true;
  const superclasses = owner?.field('superclasses');
  if (!owner || !superclasses || argumentsIn(superclasses).positional.length === 0) return false;
  return file.bases(owner).some((base) => base === undefined || !(plainBases.test(base) || isOfWorkspace(file, base)));
}

/** Packages whose classes have no methods in mixed case that somebody would override. */
const plainBases =
  /^(?:abc|builtins|collections|dataclasses|enum|fastapi|pydantic|pydantic_settings|sqlalchemy|sqlmodel|starlette|typing|typing_extensions|unittest|<module>)\./;

function isOfWorkspace(file: SourceFile, name: string): boolean {
  if (name.includes('_pb2')) return false;
  const [root = ''] = name.split('.');
  return root === '' || file.path.split('/').slice(0, -1).includes(root);
}

/** Keys of a `TypedDict`, like values of an enumeration, are data; the header may stand in another unit. */
function isTypedDict(file: SourceFile, { node }: Binding): boolean {
  const owner = file.enclosingClass(node);
  return (
    owner !== undefined &&
    file.bases(owner).some((base) => base === undefined || /\.(?:TypedDict|NamedTuple|Structure|Union)$/.test(base))
  );
}

/**
 * Renames a variable in its function. Nothing is offered when something could know it by its text: a string, `locals()`,
 * `{name=}`, a pattern; when another scope binds the name too; or when the new name is taken.
 */
function rename(file: SourceFile, binding: Binding): Fix | undefined {
  const { name, node } = binding;
  const owner = node.above('function_definition');
  if (!owner) return undefined;
  const wanted = snakeCase(name);
  const isKnownByText = owner
    .below('string_content')
    .some((content) => new RegExp(`(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, 'u').test(content.text));
  if (isKnownByText || keywords.has(wanted) || !/^[\p{L}_]/u.test(wanted)) return undefined;
  if (owner.above('function_definition', 'lambda') && usesBeyond(owner)) return undefined;
  const identifiers = owner.below('identifier');
  if (identifiers.some((other) => other.text === wanted || reflective.has(other.text))) return undefined;
  if (file.bindings(owner, wanted).length > 0) return undefined;
  const uses = identifiers.filter((other) => other.text === name);
  const edits: { start: number; end: number; text: string }[] = [];
  for (const use of uses) {
    const { parent } = use;
    if (isLabel(use)) continue;
    if (
      use.above('import_statement', 'import_from_statement', 'case_pattern', 'global_statement', 'nonlocal_statement')
    )
      return undefined;
    if (parent?.is('interpolation', 'format_expression') && parent.child('"="')) return undefined;
    const bindings = file.bindings(use);
    if (bindings[0] !== binding) return undefined;
    edits.push({ start: use.start, end: use.end, text: wanted });
  }
  return { title: `Rename to \`${wanted}\``, safety: 'unsafe', edits };
}

/** A function in a function may share the name by `nonlocal`. */
function usesBeyond(owner: Node): boolean {
  return owner.below('nonlocal_statement').length > 0;
}

const reflective = new Set(['locals', 'vars', 'eval', 'exec', 'globals', 'dir', '_getframe', 'currentframe']);
const keywords = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'
    .split(' ')
    .concat([
      'id',
      'type',
      'list',
      'dict',
      'set',
      'str',
      'int',
      'float',
      'bool',
      'max',
      'min',
      'sum',
      'len',
      'any',
      'all',
    ]),
);
