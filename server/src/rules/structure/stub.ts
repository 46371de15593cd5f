import {
  called,
  defineRule,
  isDocstring,
  isMigration,
  isMigrationPath,
  isTestCode,
  type Node,
  ownName,
  py,
  type SourceFile,
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
      return body ? stub(definition.field('name'), body) : undefined;
    },
    class_definition(definition, file) {
      // A class with bases inherits what it does: exceptions, declarative bases, markers.
      if (definition.field('superclasses') || definition.parent?.is('decorated_definition')) return undefined;
      const [only, ...others] = file.classBody(definition);
      const body = others.length === 0 ? emptiness(only) : undefined;
      if (!body || body.startsWith('raise') || isMigration(file) || isFallback(definition)) return undefined;
      if (file.enclosingFunction(definition)) return undefined;
      const name = definition.field('name');
      return markers.test(name.text) ? undefined : stub(name, body);
    },
  },
  // A method of a class whose subclass, in the same file, has a method of its own instead is there to be replaced.
  collect: {
    class_definition(definition, file) {
      const name = definition.field('name');
      const isPlain = !isOutline(file.classBody(definition));
      return isPlain ? undefined : { at: name, data: { owner: name.text, name: '', body: undefined, bases: [] } };
    },
    function_definition(definition, file) {
      const owner = methodOwner(definition, file);
      if (!owner || (!mayDoNothing(definition) && !owner.field('superclasses'))) return undefined;
      const name = definition.field('name');
      const body = stubBody(definition, file);
      const bases = body ? [] : ownBases(owner, file);
      if (!body && bases.length === 0) return undefined;
      return { at: name, data: { owner: owner.field('name').text, name: name.text, body, bases } };
    },
  },
  file(facts) {
    const overridden = new Set(
      facts.flatMap(({ data }) => (data.body ? [] : data.bases.map((base) => `${base}.${data.name}`))),
    );
    const outlines = new Set(facts.flatMap(({ data }) => (data.name === '' ? [data.owner] : [])));
    return facts.flatMap(({ at, data }) =>
      data.body && !outlines.has(data.owner) && !overridden.has(`${data.owner}.${data.name}`)
        ? [{ at, message: messageOf(data.name, data.body) }]
        : [],
    );
  },
});

/** How a function does nothing, where nothing explains that it does. */
function stubBody(definition: TypedNode<'function_definition'>, file: SourceFile): string | undefined {
  if (!mayDoNothing(definition)) return undefined;
  const only = onlyStatement(definition);
  const body = emptiness(only);
  if (!only || !body) return undefined;
  const name = definition.field('name');
  if (deliberate.test(name.text) || isMigration(file)) return undefined;
  if (isFallback(definition) || file.decorators(definition).some((decorator) => explains(decorator, file)))
    return undefined;
  if (body.startsWith('raise') && (excuse.test(only.text) || !isBuiltinError(only, file))) return undefined;
  const owner = methodOwner(definition, file);
  if (owner ? isAbstract(owner, body, file) : isCallback(definition, body, file)) return undefined;
  return tellsPurpose(definition, file) ? undefined : body;
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

/** A class that is only there to derive from: it says so, or its methods have a docstring and nothing else. */
function isOutline(body: readonly Node[]): boolean {
  const [first] = body;
  if (first?.is('expression_statement') && first.firstNamed?.is('string') && isToDerive.test(first.text)) return true;
  const methods = body.flatMap((statement) => {
    const inner = statement.is('decorated_definition') ? statement.field('definition') : statement;
    return inner.is('function_definition') && !/^__\w+__$/.test(inner.field('name').text) ? [inner] : [];
  });
  const empty = methods.filter((method) => {
    const only = mayDoNothing(method) ? onlyStatement(method) : undefined;
    return only !== undefined && !only.is('pass_statement') && emptiness(only) !== undefined;
  });
  return methods.length > 2 && empty.length * 3 >= methods.length * 2;
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
  const statements = definition.field('body').namedChildren;
  const from = isDocstring(statements[0]) ? 1 : 0;
  return statements.length === from + 1 ? statements[from] : undefined;
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

function stub(name: Node, body: string) {
  return { at: name, message: messageOf(name.text, body) };
}

function messageOf(name: string, body: string): string {
  return `\`${name}\` is a stub: its body is only \`${body}\`; implement it, or leave it out until it is needed.`;
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
  /^__\w+__$|^_*a?(noop|no_op|nop|nolog|nothing|do_nothing|ignore|null|dummy|placeholder)|_dummy$|^_\w?$|^(setUp|tearDown|on_|before_|after_|pre_|post_)|^(a?close|flush|write_eof|startup|shutdown)$|_callback$/i;
const markers = /^_|^[A-Z0-9_]+$|(Absent|Missing|Unset|Sentinel|Empty|Marker|Undefined|NotGiven|NotSet)/;

/** A message that calls the method abstract, or the operation one that is refused. */
const excuse =
  /sub-?class|overrid|abstract|derived|implemented (by|in)|must (be )?implement|support|not (available|allowed|possible|public)|(does|do|should|can) ?not|cannot|can't/i;

/** A docstring or a comment that says that doing nothing is right here. */
const purpose =
  /\bhook\b|\bcalled (when|with|by|after|before|on|if|once|for)|sub-?class|overrid|\bno-?op\b|do(es)? nothing|nothing to|no need|not need|\balready\b|optional|intentional|deliberate|by design|by default|should(n't| not) be|dummy|compatib|dependency (for|that)|benchmark|simulat/i;

/** Class docstrings that call the class something to derive from. */
const isToDerive = /abstract|interface|\bbase class|sub-?class|protocol|contract|to be (implemented|overrid)/i;

/** Code that is shown or measured, and is no application. */
const shown = /(^|\/)(docs?|docs_src|examples?|samples?|benches|bench|benchmarks?|idle_test|demos?|tutorials?)\//;

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
    /^_?(Base|Abstract|I[A-Z][a-z]|No[A-Z]|Null|No-?op|Dummy|Dev[Nn]ull|Fake|Mock)|(Base|Abstract|Interface|ABC|Protocol|Mixin|Plugin|Stub|Spec)$/.test(
      owner.field('name').text,
    );
  if (isBase || isOfLocalClass(owner, file)) return true;
  // A no-op that takes the place of what a base does.
  return body !== 'raise NotImplementedError' && bases.some((base) => base !== 'builtins.object');
}
