import {
  argumentsOf,
  called,
  defineRule,
  type Fact,
  type Finding,
  isDocstring,
  isMigration,
  isMigrationPath,
  isTestCode,
  type Node,
  ownName,
  parametersOf,
  py,
  type SourceFile,
  type Span,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR825',
  name: 'stub',
  family: 'structure',
  severity: 'warning',
  standards: ['production'],
  summary: 'A function or class whose body does nothing: `pass`, `...` or `raise NotImplementedError`',
  advice: 'Implement it, make it abstract, or leave it out until it is needed',
  why: 'A stub looks like a feature to whoever calls it: the name is there, the signature is there, the type checker is content. In production it silently does nothing, or fails for the first customer who gets there. What subclasses must provide is said with `@abstractmethod`; what is not written yet is left out.',
  fix: 'none',
  requirements: ['000-001', '000-004'],
  peers: ['B027', 'PIE790', 'Sonar S1186'],
  applies: (file) =>
    !isTestCode(file) && !isMigrationPath(file) && !file.path.endsWith('.pyi') && !shown.test(file.path),
  examples: [
    {
      bad: py`
        async def charge(order):
        #         ^^^^^^ GR825 none: \`charge\` is a stub: its body is only \`pass\`; implement it, or leave it out until it is needed.
            """Charge the customer."""
            pass


        def refund(order): ...
        #   ^^^^^^ GR825 none: \`refund\` is a stub: its body is only \`...\`; implement it, or leave it out until it is needed.


        class Invoices:
            @router.post("/invoices")
            def send(self, invoice):
            #   ^^^^ GR825 none: \`send\` is a stub: its body is only \`raise NotImplementedError\`; implement it, or leave it out until it is needed.
                # Later.
                raise NotImplementedError("sending")


        class PaymentService:
        #     ^^^^^^^^^^^^^^ GR825 none: \`PaymentService\` is a stub: its body is only \`pass\`; implement it, or leave it out until it is needed.
            pass
      `,
    },
    {
      ok: py`
        import abc
        import typing as t
        from abc import ABC, abstractmethod
        from typing import Protocol, overload

        from sqlalchemy.orm import DeclarativeBase


        class Base(DeclarativeBase):
            pass


        class OrderError(Exception):
            """All that can go wrong with an order."""


        class NotPaid(OrderError): ...


        class Repository(ABC):
            @abstractmethod
            async def get(self, id): ...

            @property
            @abc.abstractmethod
            def name(self):
                raise NotImplementedError

            def close(self):
                raise NotImplementedError


        class Clock(Protocol):
            def now(self) -> float: ...


        class Box(t.Protocol[T]):
            value: int

            def open(self): pass


        @overload
        def first(items: str) -> str: ...
        @t.overload
        def first(items: bytes) -> bytes: ...
        def first(items):
            return items[0]


        def documented():
            """Nothing but a docstring is not a stub."""
      `,
    },
    {
      ok: py`
        import click
        from functools import singledispatch
        from typing_extensions import override


        @click.group()
        def cli():
            pass


        @singledispatch
        def encode(value):
            raise NotImplementedError


        class Exporter:
            def __exit__(self, *args):
                pass

            @override
            def flush(self):
                pass

            def write(self, row):
                raise NotImplementedError("Subclasses must implement this.")


        class BaseExporter:
            def write(self, row):
                raise NotImplementedError


        class Event:
            def fetch(self):
                raise NotImplementedError


        class MailEvent(Event):
            def fetch(self):
                return self.mails


        try:
            from metrics import count
        except ImportError:

            def count(name):
                pass


        def noop(*args):
            pass
      `,
    },
    {
      ok: py`
        class CleanupQueue:
            async def enqueue(self, message):
                """Add a message."""
                ...

            async def reserve(self):
                """Reserve a message."""
                ...

            async def release(self, message):
                """Give it back."""
                raise NotImplementedError


        class Executor:
            """This is an abstract executor."""

            def submit(self, work):
                raise NotImplementedError

            def shutdown(self):
                """Free what is held."""
                pass


        class Command:
            def run(self):
                return self.do()

            def do(self):
                pass


        class Insert(Command):
            def do(self):
                return 1


        class Storage:
            def path(self):
                return self.root

            async def pull(self):
                # The files are already here.
                pass

            def settings(self):
                raise NotImplementedError("Storage does not have settings")

            def opened(self):
                """Called when the storage was opened."""
                pass

            def before_write(self, row):
                pass

            def flush(self):
                pass


        class NoThreads:
            def join(self):
                pass


        def scan(run):
            def onerror(name):
                pass

            class Window:
                def reset(self):
                    pass

            run(onerror, Window())
      `,
    },
    {
      ok: py`
        class Anonymous: ...


        class Guest:
            pass


        class Proxy:
            # Mix-in for what is read remotely.
            pass


        Subject = User | Anonymous


        def greet(visitor):
            return "" if isinstance(visitor, (Guest, User)) else visitor.name


        class Formatter:
            def format(self, text, values):
                used = self.fill(text, values)
                self.check_unused(used, values)
                return used

            def check_unused(self, used, values):
                pass


        class Drag:
            def dropped(self, target, event):
                pass


        class SlackConnector(Connector):
            def load_credentials(self, credentials):
                raise NotImplementedError("Use set_credentials_provider with this connector.")


        class Loader:
            def exec_module(self, module):
                pass


        class _C:
            def method(self):
                pass


        async def _coroutine():
            pass


        _coroutine = _coroutine()


        @router.get("/ok", dependencies=[Depends(require_node)])
        async def is_there():
            pass
      `,
    },
    {
      bad: py`
        class Anonymous: ...
        #     ^^^^^^^^^ GR825 none


        class Formatter:
            def format(self, text):
                return self.fill(text)

            def check(self, text):
            #   ^^^^^ GR825 none
                pass

            def fill(self, text):
            #   ^^^^ GR825 none
                raise NotImplementedError


        @router.get("/ok")
        async def is_there():
        #         ^^^^^^^^ GR825 none
            pass
      `,
    },
    {
      ok: py`
        def flow():
            pass
      `,
      path: 'docs/project/flows.py',
    },
    {
      ok: py`
        def test_later():
            pass


        class FakeMail:
            def send(self, mail):
                pass
      `,
      path: 'tests/test_mail.py',
    },
    {
      ok: py`
        def downgrade():
            pass
      `,
      path: 'alembic/versions/3f2a9c81d0aa_merge.py',
    },
    {
      ok: py`
        revision = "3f2a9c81d0aa"
        down_revision = "b7d1aa02c3f4"


        def upgrade():
            pass
      `,
      path: 'app/database/revisions/2021-06-02_3f2a9c81d0aa.py',
    },
  ],
  on: {
    function_definition(definition, file) {
      if (!mayDoNothing(definition) || methodOwner(definition, file)) return undefined;
      const body = stubBody(definition, file);
      const name = definition.field('name');
      // What the module gives another value was only made for that.
      if (!body || (!file.enclosingFunction(definition) && file.moduleBindings(name.text).length > 1)) return undefined;
      return stub(name, name.text, body);
    },
  },
  // What the rest of the file says may explain a method or a class that does nothing.
  collect: {
    class_definition(definition, file): Fact<Told> | Fact<Told>[] | undefined {
      const name = definition.field('name');
      const statements = file.classBody(definition);
      const body = emptyClass(definition, statements, file);
      if (body) return { at: name, data: { kind: 'class', name: name.text, body } };
      const empty = emptyMethods(statements);
      if (isOutline(statements, empty)) return { at: name, data: { kind: 'outline', owner: name.text } };
      const hooks = calledByItself(statements, empty);
      return hooks.length > 0 ? { at: name, data: { kind: 'hooks', owner: name.text, hooks } } : undefined;
    },
    function_definition(definition, file): Fact<Told> | undefined {
      const owner = methodOwner(definition, file);
      if (!owner || (!mayDoNothing(definition) && !owner.field('superclasses'))) return undefined;
      const at = definition.field('name');
      const [name, body] = [at.text, stubBody(definition, file)];
      if (body) return { at, data: { kind: 'method', owner: owner.field('name').text, name, body } };
      const bases = ownBases(owner, file);
      return bases.length > 0 ? { at, data: { kind: 'override', name, bases } } : undefined;
    },
    binary_operator(operation, file): Fact<Told> | undefined {
      if (operation.field('operator').text !== '|' || operation.parent?.is('binary_operator')) return undefined;
      return kindsIn(operation, file);
    },
    call(call, file): Fact<Told> | undefined {
      const callee = call.field('function');
      if (!callee.is('identifier') || !/^is(instance|subclass)$/.test(callee.text)) return undefined;
      return kindsIn(call.field('arguments'), file);
    },
  },
  file(facts) {
    if (!facts.some(({ data }) => data.kind === 'class' || data.kind === 'method')) return [];
    const explained = new Set(
      facts.flatMap(({ data }) => {
        if (data.kind === 'outline') return [data.owner];
        if (data.kind === 'hooks') return data.hooks.map((hook) => `${data.owner}.${hook}`);
        if (data.kind === 'override') return data.bases.map((base) => `${base}.${data.name}`);
        return data.kind === 'kinds' ? data.classes : [];
      }),
    );
    return facts.flatMap(({ at, data }) => {
      if (data.kind !== 'class' && data.kind !== 'method') return [];
      const names = data.kind === 'class' ? [data.name] : [data.owner, `${data.owner}.${data.name}`];
      return names.some((name) => explained.has(name)) ? [] : [stub(at, data.name, data.body)];
    });
  },
});

/** What a part of the file says about stubs. */
type Told =
  | { readonly kind: 'class'; readonly name: string; readonly body: string }
  | { readonly kind: 'method'; readonly owner: string; readonly name: string; readonly body: string }
  /** A class that is only there to derive from. */
  | { readonly kind: 'outline'; readonly owner: string }
  /** Methods that do nothing and that the class calls itself, for subclasses to fill in. */
  | { readonly kind: 'hooks'; readonly owner: string; readonly hooks: readonly string[] }
  /** A method that may stand in the place of one of the file's own bases. */
  | { readonly kind: 'override'; readonly name: string; readonly bases: readonly string[] }
  /** Classes that are only told apart, in a union or by `isinstance`: being there is all that they are for. */
  | { readonly kind: 'kinds'; readonly classes: readonly string[] };

/** How a class is empty, where nothing explains that it is. */
function emptyClass(
  definition: TypedNode<'class_definition'>,
  statements: readonly Node[],
  file: SourceFile,
): string | undefined {
  // A class with bases inherits what it does: exceptions, declarative bases, markers.
  if (definition.field('superclasses') || definition.parent?.is('decorated_definition')) return undefined;
  const [only, ...others] = statements;
  const body = others.length === 0 ? emptiness(only) : undefined;
  if (!only || !body || body.startsWith('raise') || isMigration(file) || isFallback(definition)) return undefined;
  if (file.enclosingFunction(definition) || markers.test(definition.field('name').text)) return undefined;
  const comments = file.commentsIn({ start: definition.start, end: only.end });
  return comments.some((comment) => isMarker.test(comment.text)) ? undefined : body;
}

/** The file's own classes that a union or a call of `isinstance` names. */
function kindsIn(expression: Node, file: SourceFile): Fact<Told> | undefined {
  const classes = expression.below('identifier').flatMap((name) => {
    // Most names in a union are imported or built in.
    const isOwn = file.moduleBindings(name.text).some((binding) => binding.kind === 'class');
    return isOwn ? name.text : [];
  });
  return classes.length > 0 ? { at: expression, data: { kind: 'kinds', classes } } : undefined;
}

/** How a function does nothing, where nothing explains that it does. */
function stubBody(definition: TypedNode<'function_definition'>, file: SourceFile): string | undefined {
  if (!mayDoNothing(definition)) return undefined;
  const only = onlyStatement(definition);
  const body = emptiness(only);
  if (!only || !body) return undefined;
  const name = definition.field('name');
  if (deliberate.test(name.text) || isMigration(file)) return undefined;
  const isExplained = (decorator: Node): boolean => explains(decorator, file) || hasDependencies(decorator);
  if (isFallback(definition) || file.decorators(definition).some(isExplained)) return undefined;
  if (body === 'pass' && parametersOf(definition).some((parameter) => parameter.name === 'event')) return undefined;
  if (body.startsWith('raise') && (excuse.test(only.text) || !isBuiltinError(only, file))) return undefined;
  const owner = methodOwner(definition, file);
  if (owner ? isAbstract(owner, body, file) : isCallback(definition, body, file)) return undefined;
  return tellsPurpose(definition, file) ? undefined : body;
}

/** A route whose dependencies do all that there is to do. */
function hasDependencies(decorator: Node): boolean {
  return decorator.is('call') && argumentsOf(decorator).keyword('dependencies') !== undefined;
}

/** A function of another function that does nothing is made to be given to somebody. */
function isCallback(definition: TypedNode<'function_definition'>, body: string, file: SourceFile): boolean {
  return !body.startsWith('raise') && file.enclosingFunction(definition) !== undefined;
}

/** A method of a class that a function makes for itself, with as much as it needs. */
function isOfLocalClass(owner: TypedNode<'class_definition'>, file: SourceFile): boolean {
  return file.enclosingFunction(owner) !== undefined;
}

function tellsPurpose(definition: TypedNode<'function_definition'>, file: SourceFile): boolean {
  const body = definition.field('body');
  const [first] = body.namedChildren;
  const isDocstring = first?.is('expression_statement') && first.firstNamed?.is('string', 'concatenated_string');
  const span = { start: definition.field('parameters').end, end: body.end };
  const comments = file.commentsIn(span).map((comment) => comment.text);
  return [...comments, ...(isDocstring ? [first.text] : [])].some((text) => purpose.test(text));
}

type Method = TypedNode<'function_definition'>;

/** The methods that have one statement, besides a docstring, that does nothing; with that statement. */
function emptyMethods(statements: readonly Node[]): ReadonlyMap<Method, Node> {
  const empty = new Map<Method, Node>();
  for (const statement of statements) {
    const method = methodOf(statement);
    const only = method && mayDoNothing(method) ? onlyStatement(method) : undefined;
    if (method && only && emptiness(only) !== undefined) empty.set(method, only);
  }
  return empty;
}

function methodOf(statement: Node): Method | undefined {
  const inner = statement.is('decorated_definition') ? statement.field('definition') : statement;
  return inner.is('function_definition') ? inner : undefined;
}

/** A class that is only there to derive from: it says so, or its methods have a docstring and nothing else. */
function isOutline(body: readonly Node[], empty: ReadonlyMap<Method, Node>): boolean {
  const [first] = body;
  if (first?.is('expression_statement') && first.firstNamed?.is('string') && isToDerive.test(first.text)) return true;
  if (empty.size === 0) return false;
  const methods = body.flatMap((statement) => {
    const method = methodOf(statement);
    return method && !/^__\w+__$/.test(method.field('name').text) ? [method] : [];
  });
  const without = methods.filter((method) => empty.get(method)?.is('pass_statement') === false);
  return methods.length > 2 && without.length * 3 >= methods.length * 2;
}

/** Methods of nothing but `pass` that other methods of the class call on `self`. */
function calledByItself(statements: readonly Node[], empty: ReadonlyMap<Method, Node>): string[] {
  const passing = new Set(
    [...empty].flatMap(([method, only]) =>
      only.is('pass_statement') && !method.parent?.is('decorated_definition') ? method.field('name').text : [],
    ),
  );
  if (passing.size === 0) return [];
  const called = statements.flatMap((statement) =>
    statement.below('call').flatMap((call) => {
      const callee = call.field('function');
      const isOnSelf = callee.is('attribute') && callee.field('object').text === 'self';
      return isOnSelf ? callee.field('attribute').text : [];
    }),
  );
  return called.filter((name) => passing.has(name));
}

/** Cheap to test: the body begins with a docstring, or with what could be all of it. */
function mayDoNothing(definition: TypedNode<'function_definition'>): boolean {
  const first = definition.field('body').firstNamed;
  if (first?.is('expression_statement'))
    return first.firstNamed?.is('string', 'concatenated_string', 'ellipsis') === true;
  return first?.is('pass_statement', 'raise_statement') === true;
}

/** The statement behind the docstring of a function, when there is one alone. */
function onlyStatement(definition: TypedNode<'function_definition'>): Node | undefined {
  const first = definition.field('body').firstNamed;
  const only = first && isDocstring(first) ? statementBehind(first) : first;
  return only && !statementBehind(only) ? only : undefined;
}

function statementBehind(statement: Node): Node | undefined {
  let next = statement.next;
  while (next && (!next.isNamed || next.is('comment', 'line_continuation'))) next = next.next;
  return next;
}

function methodOwner(
  definition: TypedNode<'function_definition'>,
  file: SourceFile,
): TypedNode<'class_definition'> | undefined {
  return file.enclosingFunction(definition) ? undefined : file.enclosingClass(definition);
}

/** The classes of the file that a class derives from, by name. */
function ownBases(owner: TypedNode<'class_definition'>, file: SourceFile): string[] {
  if (!owner.field('superclasses')) return [];
  return file.bases(owner).flatMap((base) => ownName(base) ?? []);
}

function stub(at: Span, name: string, body: string): Finding {
  return {
    at,
    message: `\`${name}\` is a stub: its body is only \`${body}\`; implement it, or leave it out until it is needed.`,
  };
}

/** The statement by which a body does nothing, as the message names it. */
function emptiness(statement: Node | undefined): string | undefined {
  if (statement?.is('pass_statement')) return 'pass';
  if (statement?.is('expression_statement') && statement.firstNamed?.is('ellipsis')) return '...';
  if (!statement?.is('raise_statement')) return undefined;
  const raised = statement.firstNamed;
  return raised && called(raised).text === 'NotImplementedError' ? 'raise NotImplementedError' : undefined;
}

function isBuiltinError(raise: Node, file: SourceFile): boolean {
  const raised = raise.firstNamed;
  return raised !== undefined && file.qualified(called(raised)) === 'builtins.NotImplementedError';
}

/** Special methods that do nothing on purpose, and functions that say so in their name. */
const deliberate =
  /^__\w+__$|^_*a?(noop|no_op|nop|nolog|nothing|do_nothing|ignore|null|dummy|placeholder)|_dummy$|^_\w?$|^(setUp|tearDown|on_|before_|after_|pre_|post_)|^(a?close|flush|write_eof|startup|shutdown)$|_callback$|^(create|exec)_module$/i;
const markers = /^_|^[A-Z0-9_]+$|(Absent|Missing|Unset|Sentinel|Empty|Marker|Undefined|NotGiven|NotSet)/;

/** A comment that says what an empty class is there for. */
const isMarker = /mix-?in|marker|sentinel|\btoken\b|\btag\b|namespace|placeholder/i;

/** A message that calls the method abstract, or the operation one that is refused. */
const excuse =
  /sub-?class|overrid|abstract|derived|implemented (by|in)|must (be )?implement|support|not (available|allowed|possible|public)|(does|do|should|can) ?not|cannot|can't|\buse\b/i;

/** A docstring or a comment that says that doing nothing is right here. */
const purpose =
  /\bhook\b|\bcalled (when|with|by|after|before|on|if|once|for)|sub-?class|overrid|\bno-?op\b|do(es)? nothing|nothing to|no need|not need|\balready\b|optional|intentional|deliberate|by design|by default|should(n't| not) be|dummy|compatib|dependency (for|that)|benchmark|simulat/i;

/** Class docstrings that call the class something to derive from. */
const isToDerive = /abstract|interface|\bbase class|sub-?class|protocol|contract|to be (implemented|overrid)/i;

/** Code that is shown or measured, or stands in for something, and is no application. */
const shown = /(^|\/)(docs?|docs_src|examples?|samples?|benches|bench|benchmarks?|idle_test|demos?|tutorials?|dummy)\//;

/** The other half of a definition that depends on something: behind `except ImportError`, `else`, `if TYPE_CHECKING`. */
function isFallback(definition: Node): boolean {
  let above = definition.parent;
  if (above?.is('decorated_definition')) above = above.parent;
  if (!above?.is('block')) return false;
  const holder = above.parent;
  return holder?.is('except_clause', 'else_clause', 'elif_clause', 'if_statement', 'try_statement') === true;
}

/** Decorators under which an empty body is right: abstract, overloaded, overridden, or only a place to hang things on. */
function explains(decorator: Node, file: SourceFile): boolean {
  const target = called(decorator);
  const name = file.qualified(target) ?? target.text;
  return /(^|\.)(abstract\w*|overload|override|group|callback|singledispatch(method)?|hookspec|hookimpl|typeguard|extern|declared_attr|\w*spec)$/i.test(
    name,
  );
}

/** Whether a method of a class is left to its subclasses, or to whoever fits the protocol. */
function isAbstract(owner: TypedNode<'class_definition'>, body: string, file: SourceFile): boolean {
  const bases = file.bases(owner);
  if (bases.some((base) => base !== undefined && /(^|\.)(typing|typing_extensions)\.Protocol$/.test(base))) return true;
  if (bases.some((base) => base === 'zope.interface.Interface')) return true;
  const metaclass = owner.field('superclasses')?.text ?? '';
  const isBase =
    bases.includes('abc.ABC') ||
    metaclass.includes('ABCMeta') ||
    /^_\w?$|^_?(Base|Abstract|I[A-Z][a-z]|No[A-Z]|Null|No-?op|Dummy|Dev[Nn]ull|Fake|Mock)|(Base|Abstract|Interface|ABC|Protocol|Mixin|Plugin|Stub|Spec)$/.test(
      owner.field('name').text,
    );
  if (isBase || isOfLocalClass(owner, file)) return true;
  // A no-op that takes the place of what a base does.
  return body !== 'raise NotImplementedError' && bases.some((base) => base !== 'builtins.object');
}
