import {
  called,
  defineRule,
  docstringOf,
  documentedParameters,
  py,
  raisedExceptions,
  resultOf,
  type SourceFile,
  sectionsOf,
  statementsBehindDocstring,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR906',
  name: 'docstring-mismatch',
  family: 'style',
  severity: 'information',
  standards: ['backend'],
  summary: 'A docstring that says something else than the function',
  advice: 'Bring `Args`, `Returns` and `Raises` up to date',
  why: "A docstring that names a parameter which is gone, leaves out the one that came, or promises a result that never comes is worse than none: the reader believes it. What `Args`, `Returns` and `Raises` say in Google's style is compared with the signature and the body. An exception is only doubted where the function calls nothing that could raise it.",
  fix: 'none',
  requirements: ['004-261'],
  peers: ['D417', 'DOC102', 'DOC202', 'DOC502'],
  mentions: ['Args:', 'Arguments:', 'Returns:', 'Return:', 'Raises:'],
  examples: [
    {
      bad: py`
        def load(path, mode="r", *lines):
        #   ^^^^ GR906 none: The docstring of \`load\` describes \`file\`, which is no parameter; remove it.
        #   ^^^^ GR906 none: The docstring of \`load\` does not describe \`path\`; add it to \`Args\`.
            """Load a file.

            Args:
                file (str): What to load.
                mode: How to open it,
                    as \`open\` takes it.

            Returns:
                What it holds.
            """
            return open(path, mode).read()


        class Store:
            def close(self, now, later):
            #   ^^^^^ GR906 none: The docstring of \`close\` describes \`when\` and \`why\`, which are no parameters; remove them.
            #   ^^^^^ GR906 none: The docstring of \`close\` does not describe \`now\` and \`later\`; add them to \`Args\`.
            #   ^^^^^ GR906 none: The docstring of \`close\` describes a result, and the function returns nothing; remove \`Returns\`.
            #   ^^^^^ GR906 none: The docstring of \`close\` says that it raises \`ValueError\`, and nothing in it does; remove it from \`Raises\`.
                """Close it.

                Args:
                    when: The time.
                    why: The reason.

                Returns:
                    Whether it is closed.

                Raises:
                    ValueError: If it is closed.
                    errors.Closed: If it is open.
                """
                if self.closed:
                    raise errors.Closed
                self.closed = True
      `,
    },
    {
      ok: py`
        def load(path, mode="r", *lines, _cache=None, **options):
            """Load a file.

            Args:
                path: What to load.
                mode (Literal["r", "w"], optional): How to open it.
                encoding: Handed on.

            Keyword Args:
                errors: Handed on.

            Returns:
                What it holds.

            Raises:
                FileNotFoundError: If there is none.
            """
            return open(path, mode, **options).read()


        def store(path, mode):
            """Store a file.

            Returns:
                None.
            """
            open(path, mode)


        def copy(path, mode):
            """Copy a file.

            Args:
                See \`load\`.
            """
            open(path, mode)
      `,
    },
    {
      ok: py`
        from abc import abstractmethod


        class Store:
            @abstractmethod
            def load(self, key):
                """Load one.

                Args:
                    key: Which.

                Returns:
                    The value.

                Raises:
                    LookupError: If there is none.
                """

            def first(self):
                """The first.

                Returns:
                    The value.
                """
                raise NotImplementedError

            def keys(self):
                """All keys.

                Returns:
                    An iterator.

                Raises:
                    Closed: If it is closed.
                """
                self.check()
                yield from self.entries

            def entry(self, key):
                """One entry.

                Raises:
                    KeyError: If there is none.
                    LookupError: If it is closed.
                """
                if self.closed:
                    raise IndexError
                return self.entries[key]
      `,
    },
    {
      ok: py`
        from typing import Annotated

        from fastapi import BackgroundTasks, Depends, Request


        @router.get("/{gate}")
        async def read_gate(
            gate: int,
            request: Request,
            tasks: BackgroundTasks,
            user: Annotated[dict, Depends(get_user)],
            session: SessionDep,
            limit=Depends(get_limit),
        ):
            """Read a gate.

            Args:
                gate: Its number.
            """
            return await find(gate, user, session, limit)


        @db_injector
        async def count_pools(db: Interface, name: str) -> int:
            """Count the pools.

            Args:
                name: Their name.
            """
            return await db.count(name)
      `,
    },
    {
      ok: py`
        async def orders(ctx: RunContext[Deps], limit: int = 10) -> str:
            """List the most recent orders.

            Args:
                limit: How many to list.
            """
            return await ctx.deps.orders(limit)


        def load(path, mode):
            """Load a file.

            Parameters
            ----------
            file : str
                What to load.
            """
            text = """
            Args:
                file: not a docstring
            """
            return text
      `,
    },
  ],
  on: {
    function_definition(definition, file) {
      const statement = docstringOf(definition, file);
      const written = statement?.text;
      if (!statement || !written || !/(?:Args|Arguments|Returns?|Raises):/.test(written)) return undefined;
      const text = stringValue(statement.firstNamed);
      if (text === undefined) return undefined;
      const sections = sectionsOf(text);
      const at = definition.field('name');
      const of = `The docstring of \`${at.text}\``;
      const problems: string[] = [];
      if (sections.parameters) {
        const parameters = documentedParameters(definition, file);
        const bare = new Set(parameters.map(unstarred));
        const all = definition.field('parameters').below('identifier');
        const described = [...sections.parameters, ...sections.keywords].map(unstarred);
        const extra = parameters.some((name) => name.startsWith('**'))
          ? []
          : sections.parameters
              .map(unstarred)
              .filter((name) => !bare.has(name) && !all.some((parameter) => parameter.text === name));
        if (extra.length > 0)
          problems.push(
            `${of} describes ${listed(extra)}, which ${extra.length > 1 ? 'are no parameters; remove them' : 'is no parameter; remove it'}.`,
          );
        const injected = injectedParameters(definition, file);
        const missing = parameters.filter(
          (name) => !/^[*_]/.test(name) && !described.includes(name) && !injected.has(name),
        );
        if (missing.length > 0)
          problems.push(
            `${of} does not describe ${listed(missing)}; add ${missing.length > 1 ? 'them' : 'it'} to \`Args\`.`,
          );
      }
      if ((sections.returns === undefined && !sections.raises) || isOutline(definition, file)) {
        return problems.map((message) => ({ at, message }));
      }
      if (sections.returns && !/^`*(none|nothing)\b/i.test(sections.returns) && returnsNothing(definition))
        problems.push(`${of} describes a result, and the function returns nothing; remove \`Returns\`.`);
      const unraised = neverRaised(sections.raises ?? [], definition, file);
      if (unraised.length > 0)
        problems.push(
          `${of} says that it raises ${listed(unraised)}, and nothing in it does; remove ${unraised.length > 1 ? 'them' : 'it'} from \`Raises\`.`,
        );
      return problems.map((message) => ({ at, message }));
    },
  },
});

/** Parameters that no caller gives: what FastAPI, an agent's framework or a decorator puts there. */
function injectedParameters(definition: TypedNode<'function_definition'>, file: SourceFile): Set<string> {
  const names = new Set<string>();
  for (const parameter of definition.field('parameters').namedChildren) {
    const named = parameter.is('default_parameter', 'typed_default_parameter')
      ? parameter.field('name')
      : parameter.firstNamed;
    if (named && injection.test(parameter.text)) names.add(named.text);
  }
  const isInjected = file.decorators(definition).some((decorator) => /inject|provide/i.test(called(decorator).text));
  if (isInjected) for (const name of documentedParameters(definition, file).slice(0, 1)) names.add(name);
  return names;
}

const injection =
  /\b(Depends|Security|Inject|Provide)\b|:\s*(Optional\[)?(\w+\.)?(Request|Response|BackgroundTasks|WebSocket|HTTPConnection|RunContext|RunContextWrapper|\w+Dep)\b/;

function unstarred(name: string): string {
  return name.replace(/^\*+/, '');
}

function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  const last = quoted.pop() ?? '';
  return quoted.length > 0 ? `${quoted.join(', ')} and ${last}` : last;
}

/** A function that others fill in: what its docstring promises is their business. */
function isOutline(definition: TypedNode<'function_definition'>, file: SourceFile): boolean {
  const isMarked = file.decorators(definition).some((decorator) => /abstract|overload/.test(called(decorator).text));
  return (
    isMarked ||
    statementsBehindDocstring(definition).every(
      (statement) =>
        statement.is('pass_statement') ||
        (statement.is('raise_statement') && /NotImplemented/.test(statement.text)) ||
        (statement.is('expression_statement') && statement.firstNamed?.is('ellipsis') === true),
    )
  );
}

function returnsNothing(definition: TypedNode<'function_definition'>): boolean {
  const body = definition.field('body');
  const annotation = definition.field('return_type')?.text;
  if (annotation !== undefined && /NoReturn|Never/.test(annotation)) return false;
  // With an annotation that promises a result, what is wrong is not the docstring.
  if (resultOf(definition) !== undefined) return false;
  return body.belowOutside(nested, 'return_statement').every((statement) => !statement.firstNamed);
}

/** Documented exceptions that the function neither raises nor calls anything that may. */
function neverRaised(
  documented: readonly string[],
  definition: TypedNode<'function_definition'>,
  file: SourceFile,
): string[] {
  if (documented.length === 0) return [];
  const body = definition.field('body');
  if (body.belowOutside(nested, 'await', 'with_statement', 'for_statement', 'for_in_clause', 'yield').length > 0)
    return [];
  for (const raise of body.belowOutside(nested, 'raise_statement')) {
    const value = raise.firstNamed;
    const target = value && called(value);
    if (!target?.is('identifier', 'attribute') || !/^_*[A-Z]/.test(lastOf(target.text))) return [];
  }
  for (const call of body.belowOutside(nested, 'call')) {
    const callee = call.field('function');
    if (call.above('raise_statement') && /^_*[A-Z]/.test(lastOf(callee.text))) continue;
    if (!harmless.has(file.qualified(callee) ?? '')) return [];
  }
  const raised = raisedExceptions(definition).map(({ name }) => lastOf(name));
  const names = documented.map(lastOf);
  // What is raised and not documented may be a kind of what is documented.
  const others = raised.filter((name) => !names.includes(name));
  if (others.some((name) => !builtinErrors.test(name))) return [];
  return documented.filter((name) => {
    const last = lastOf(name);
    if (raised.includes(last) || implicit.has(last)) return false;
    return !others.some((other) => kindsOf(last).includes(other));
  });
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;
const builtinErrors =
  /^(Exception|ArithmeticError|AssertionError|AttributeError|IndexError|KeyError|LookupError|MemoryError|NameError|NotImplementedError|OSError|OverflowError|PermissionError|FileNotFoundError|FileExistsError|RecursionError|RuntimeError|StopIteration|StopAsyncIteration|SystemExit|TimeoutError|TypeError|ValueError|ZeroDivisionError|ConnectionError)$/;

/** Errors that an operator, a subscript or an attribute raises without a word. */
const implicit = new Set([
  'Exception',
  'BaseException',
  'ArithmeticError',
  'AssertionError',
  'AttributeError',
  'IndexError',
  'KeyError',
  'LookupError',
  'NameError',
  'OverflowError',
  'TypeError',
  'ZeroDivisionError',
]);

function kindsOf(name: string): readonly string[] {
  if (name === 'OSError' || name === 'IOError' || name === 'EnvironmentError')
    return ['OSError', 'PermissionError', 'FileNotFoundError', 'FileExistsError', 'TimeoutError', 'ConnectionError'];
  if (name === 'RuntimeError') return ['NotImplementedError', 'RecursionError'];
  return [];
}

/** Builtins that raise nothing a docstring would tell of. */
const harmless = new Set(
  [
    'len',
    'isinstance',
    'issubclass',
    'str',
    'repr',
    'type',
    'id',
    'bool',
    'hasattr',
    'callable',
    'list',
    'tuple',
    'print',
  ].map((name) => `builtins.${name}`),
);

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
