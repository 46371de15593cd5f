import {
  defineRule,
  type Finding,
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

export default defineRule({
  code: 'GR301',
  name: 'missing-parameter-type',
  family: 'types',
  severity: 'error',
  standards: ['production', 'architecture', 'flow', 'module', 'backend'],
  summary: 'A parameter has no annotation',
  advice: 'Annotate it with the type that callers must pass',
  why: 'A parameter without annotation is `Any` to the type checker, and to FastAPI a plain query parameter: wrong calls are found by users instead of tools, and neither the editor nor the OpenAPI document can say what the function wants.',
  fix: 'unsafe',
  fixSafety: 'The type is that of the default value; callers may pass other types too.',
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
  peers: ['ANN001', 'ANN002', 'ANN003', 'mypy no-untyped-def'],
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        def page(items, size=20):
        #        ^^^^^ GR301 none: Parameter \`items\` of \`page\` has no type; annotate it.
        #               ^^^^ GR301 unsafe: Parameter \`size\` of \`page\` has no type; annotate it.
            return items[:size]
      `,
      good: py`
        def page(items, size: int = 20):
            return items[:size]
      `,
    },
    {
      bad: py`
        class Client:
            async def send(self, path, *args, retries = 3, timeout=-1.5, verbose=False, **options):
            #                    ^^^^ GR301 none
            #                          ^^^^^ GR301 none
            #                                 ^^^^^^^ GR301 unsafe
            #                                              ^^^^^^^ GR301 unsafe
            #                                                            ^^^^^^^ GR301 unsafe
            #                                                                           ^^^^^^^^^ GR301 none
                return path

            @staticmethod
            def build(self):
            #         ^^^^ GR301 none
                return self
      `,
      good: py`
        class Client:
            async def send(self, path, *args, retries: int = 3, timeout: float = -1.5, verbose: bool = False, **options):
                return path

            @staticmethod
            def build(self):
                return self
      `,
    },
    {
      bad: py`
        def search(term="", limit=None, tags=(), found=[], flags={}, pair=(1, 2)):
        #          ^^^^ GR301 unsafe
        #                   ^^^^^ GR301 none
        #                               ^^^^ GR301 none
        #                                        ^^^^^ GR301 none
        #                                                  ^^^^^ GR301 none
        #                                                            ^^^^ GR301 none
            return term
      `,
      good: py`
        def search(term: str = "", limit=None, tags=(), found=[], flags={}, pair=(1, 2)):
            return term
      `,
    },
    {
      bad: py`
        class Report:
            def str(self):
                return ""

            def title(self, text=""):
            #               ^^^^ GR301 none
                return text
      `,
    },
    {
      ok: py`
        def page(items: list[str], size: int = 20, *args: str, **options: int) -> list[str]:
            return items[:size]
      `,
    },
    {
      ok: py`
        class Client:
            def __init__(this):
                this.ready = True

            @classmethod
            def build(cls):
                return cls()

            def __new__(cls):
                return super().__new__(cls)
      `,
    },
    {
      ok: py`
        def on_event(_, *, name: str) -> str:
            return name
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
      const parameters = definition.field('parameters');
      if (parameters.isBroken) return undefined;
      const found: Finding[] = [];
      const first = parameters.firstNamed;
      for (const parameter of parameters.namedChildren) {
        const name = untyped(parameter);
        if (!name) continue;
        if (parameter === first && name.is('identifier') && isBound(definition, file)) continue;
        if (/^\**_+$/.test(name.text)) continue;
        found.push({
          at: name,
          message: `Parameter \`${name.text}\` of \`${definition.field('name').text}\` has no type; annotate it.`,
          fix: () => fromDefault(parameter, file),
        });
      }
      return found;
    },
  },
});

/** The name of a parameter that has no annotation, with its stars. */
function untyped(parameter: Node): Node | undefined {
  if (parameter.is('identifier', 'list_splat_pattern', 'dictionary_splat_pattern')) return parameter;
  if (!parameter.is('default_parameter')) return undefined;
  const name = parameter.field('name');
  return name.is('identifier') ? name : undefined;
}

/** Whether the first parameter is the object or the class: that follows from the place, not from the name. */
function isBound(definition: TypedNode<'function_definition'>, file: SourceFile): boolean {
  if (!isMethod(file, definition)) return false;
  return !file.decorators(definition).some((decorator) => file.qualified(decorator) === 'builtins.staticmethod');
}

function fromDefault(parameter: Node, file: SourceFile): Fix | undefined {
  if (!parameter.is('default_parameter')) return undefined;
  const name = parameter.field('name');
  const value = parameter.field('value');
  const type = literalType(value);
  if (type === undefined || !meansBuiltin(file, type, parameter)) return undefined;
  const isPlain = /^[ \t]*=[ \t]*$/.test(file.slice(name.end, value.start));
  return {
    title: `Annotate \`${name.text}\` as \`${type}\``,
    safety: 'unsafe',
    edits: [
      isPlain
        ? { start: name.end, end: value.start, text: `: ${type} = ` }
        : { start: name.end, end: name.end, text: `: ${type}` },
    ],
  };
}
