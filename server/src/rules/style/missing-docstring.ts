import { z } from 'zod';
import {
  baseName,
  defineRule,
  docstringEdit,
  docstringOf,
  type Finding,
  type Fix,
  functionSkeleton,
  isDocstring,
  isGeneratedPath,
  isMigration,
  isMigrationPath,
  isTestCode,
  type Node,
  py,
  quoted,
  type SourceFile,
  stringValue,
  type TypedNode,
  words,
} from '../../engine/index.ts';

const kinds = ['module', 'class', 'function', 'method'] as const;

const options = z.strictObject({
  kinds: z
    .array(z.enum(kinds))
    .default([...kinds])
    .meta({ description: 'What must have a docstring.' }),
  private: z
    .boolean()
    .default(false)
    .meta({ description: 'Also what has a name with a leading underscore or is not in `__all__`.' }),
  special: z.boolean().default(false).meta({ description: 'Also `__init__` and other special methods.' }),
  tests: z.boolean().default(false).meta({ description: 'Also in tests.' }),
});
type Options = z.output<typeof options>;

export default defineRule({
  code: 'GR905',
  name: 'missing-docstring',
  family: 'style',
  severity: 'information',
  standards: ['flow', 'backend', 'module'],
  summary: 'A public module, class, function or method without a docstring',
  advice: 'Say what it is for; in Google style with its arguments, result and exceptions',
  why: 'A signature says what a function takes; only a docstring says what for, what comes back and when it refuses. Editors show it at every call, and FastAPI puts it into the API documentation. Public is what has no leading underscore and, where the module has an `__all__`, stands in it. Functions inside functions, methods of private classes, overloads, what is marked `@override`, setters, special methods and tests are left alone.',
  fix: 'unsafe',
  fixSafety:
    'The skeleton is made of names and still has to be written; FastAPI and Pydantic publish docstrings in the API documentation.',
  requirements: ['002-006', '002-044', '003-040', '004-261'],
  peers: ['D100', 'D101', 'D102', 'D103', 'pylint C0116', 'interrogate'],
  options,
  applies: (file, { tests }) =>
    (tests || !isTestCode(file)) && !isMigrationPath(file) && !isGeneratedPath(file) && !file.path.endsWith('.pyi'),
  examples: [
    {
      bad: py`
        """Users."""

        from app.errors import NotFound


        class UserService:
        #     ^^^^^^^^^^^ GR905 unsafe: The class \`UserService\` has no docstring; say what it is for.
            limit = 10

            @property
            def name(self) -> str:
            #   ^^^^ GR905 unsafe: The method \`name\` has no docstring; say what it does.
                return "users"

            @staticmethod
            async def get_user(user_id: int, *names: str, strict=False, **extra) -> User | None:
            #         ^^^^^^^^ GR905 unsafe: The method \`get_user\` has no docstring; say what it does.
                # By its key.
                user = await find(user_id)
                if user is None and strict:
                    raise NotFound(user_id)
                return user


        def clear(): pass
        #   ^^^^^ GR905 unsafe: The function \`clear\` has no docstring; say what it does.
      `,
      good: py`
        """Users."""

        from app.errors import NotFound


        class UserService:
            """User service."""

            limit = 10

            @property
            def name(self) -> str:
                """Name.

                Returns:
                    The result.
                """
                return "users"

            @staticmethod
            async def get_user(user_id: int, *names: str, strict=False, **extra) -> User | None:
                """Get user.

                Args:
                    user_id: The user id.
                    *names: The names.
                    strict: The strict.
                    **extra: The extra.

                Returns:
                    The result.

                Raises:
                    NotFound: If \`user is None and strict\`.
                """
                # By its key.
                user = await find(user_id)
                if user is None and strict:
                    raise NotFound(user_id)
                return user


        def clear():
            """Clear."""
            pass
      `,
    },
    {
      bad: py`
        #!/usr/bin/env python
        ^^^^^^^^^^^^^^^^^^^^^ GR905 unsafe: The module has no docstring; say what it is for.
        import sys

        sys.exit()
      `,
      good: py`
        #!/usr/bin/env python
        """Send HTTP mails."""

        import sys

        sys.exit()
      `,
      path: 'app/send_HTTP_mails.py',
    },
    {
      bad: py`
        """Errors."""


        class _Hidden:
        #     ^^^^^^^ GR905 unsafe
            def __init__(self, value):
            #   ^^^^^^^^ GR905 unsafe
                self.value = value
      `,
      good: py`
        """Errors."""


        class _Hidden:
            """Hidden."""

            def __init__(self, value):
                """Init.

                Args:
                    value: The value.
                """
                self.value = value
      `,
      options: { private: true, special: true },
    },
    {
      ok: py`
        """Users."""

        from typing import overload, override


        class User:
            """A user."""

            class Config:
                from_attributes = True

            def __init__(self, name):
                self._name = name

            @property
            def name(self):
                """The name."""
                return self._name

            @name.setter
            def name(self, value):
                self._name = value

            @override
            def save(self):
                super().save()

            def _hidden(self):
                return self


        class _Private:
            def method(self):
                return 1


        @overload
        def first(items: str) -> str: ...
        @overload
        def first(items: bytes) -> bytes: ...
        def first(items):
            """The first item."""

            def inner():
                class Local:
                    def method(self):
                        return 1

                return Local

            return items[0]


        def joined():
            "Said " "in two parts."
      `,
    },
    {
      ok: py`
        """What is exported is public."""

        __all__ = ["exported"]


        def exported():
            """Exported."""


        def internal():
            return 1
      `,
    },
    {
      bad: py`
        """What is exported may be put together."""

        from . import parts

        __all__ = ("exported", "other") + parts.__all__
        __all__ += ["late"]


        def late():
        #   ^^^^ GR905 unsafe
            return 1


        def internal():
            return 1
      `,
      good: py`
        """What is exported may be put together."""

        from . import parts

        __all__ = ("exported", "other") + parts.__all__
        __all__ += ["late"]


        def late():
            """Late.

            Returns:
                The result.
            """
            return 1


        def internal():
            return 1
      `,
    },
    {
      ok: py`
        """What is exported may stand in a tuple without brackets."""

        __all__ = "exported", "other"


        def internal():
            return 1
      `,
    },
    {
      ok: py`
        # Only a comment: there is nothing to describe.
      `,
      path: 'app/__init__.py',
    },
    {
      ok: py`
        def test_user():
            assert user()
      `,
      path: 'tests/test_user.py',
    },
    {
      ok: py`
        revision = "3f2a9c81d0aa"


        def upgrade():
            op.drop_table("users")
      `,
      path: 'alembic/versions/3f2a9c81d0aa_users.py',
    },
    {
      ok: py`
        class User:
            def name(self):
                return 1
      `,
      options: { kinds: ['function'] },
    },
    {
      ok: py`
        class OrdersServicer(object):
            def ListOrders(self, request, context):
                return request
      `,
      path: 'app/rpc/orders_pb2_grpc.py',
    },
  ],
  on: {
    class_definition(definition, file, chosen) {
      const name = definition.field('name');
      if (!chosen.kinds.includes('class') || !isExamined(definition, name.text, file, chosen)) return undefined;
      const isNested = file.enclosingClass(definition) !== undefined;
      if ((isNested && settingsClasses.has(name.text)) || docstringOf(definition, file)) return undefined;
      return {
        at: name,
        message: `The class \`${name.text}\` has no docstring; say what it is for.`,
        fix: () => fixFor(definition, [`${words(name.text)}.`], file),
      };
    },
    function_definition(definition, file, chosen) {
      const name = definition.field('name');
      if (docstringOf(definition, file) || !isExamined(definition, name.text, file, chosen)) return undefined;
      const kind = file.enclosingClass(definition) ? 'method' : 'function';
      if (!chosen.kinds.includes(kind) || file.decorators(definition).some((decorator) => explains(decorator, file)))
        return undefined;
      return {
        at: name,
        message: `The ${kind} \`${name.text}\` has no docstring; say what it does.`,
        fix: () => fixFor(definition, functionSkeleton(definition, file), file),
      };
    },
  },
  file(_facts, file, chosen): Finding[] {
    const first = file.firstStatement();
    if (!first || isDocstring(first) || !chosen.kinds.includes('module')) return [];
    if (isMigration(file) || (!chosen.private && /^_(?!_)/.test(baseName(file)))) return [];
    return [
      {
        at: file.firstLine(),
        message: 'The module has no docstring; say what it is for.',
        fix: () => ({ title: 'Add a docstring', safety: 'unsafe', edits: [moduleDocstring(file)] }),
      },
    ];
  },
});

/** Classes inside classes that only hold settings of a library. */
const settingsClasses = new Set(['Config', 'Meta']);

/** Whether a definition can be reached from elsewhere, as its names and those of its classes tell. */
function isExamined(definition: Node, name: string, file: SourceFile, chosen: Options): boolean {
  const isSpecial = /^__\w+__$/.test(name);
  if (isSpecial ? !chosen.special : !chosen.private && name.startsWith('_')) return false;
  if (file.enclosingFunction(definition) || isMigration(file)) return false;
  let outermost = name;
  for (let owner = file.enclosingClass(definition); owner; owner = file.enclosingClass(owner)) {
    if (file.enclosingFunction(owner)) return false;
    outermost = owner.field('name').text;
    if (!chosen.private && outermost.startsWith('_')) return false;
  }
  return chosen.private || isExported(outermost, file);
}

/** Whether `__all__` may export a name. Of names that the file does not spell out, nobody can tell. */
function isExported(name: string, file: SourceFile): boolean {
  const bindings = file.moduleBindings('__all__');
  return (
    bindings.length === 0 ||
    bindings.some(({ by, value }) => {
      const listed = value ?? (by.is('augmented_assignment') ? by.field('right') : undefined);
      return listed !== undefined && namesIn(listed).has(name);
    })
  );
}

/** The strings of a list or tuple, and of such that are added to it. */
function namesIn(listed: Node): ReadonlySet<string> {
  return listed.once(spelt, () => {
    const texts = listed.is('string') ? [] : listed.below('string').map(stringValue);
    return new Set(texts.filter((text) => text !== undefined));
  });
}

// Every definition of a file asks.
const spelt = new WeakMap<Node, ReadonlySet<string>>();

/** Decorators under which the docstring stands elsewhere. */
function explains(decorator: Node, file: SourceFile): boolean {
  if (decorator.is('attribute')) {
    const attribute = decorator.field('attribute').text;
    if (attribute === 'setter' || attribute === 'deleter') return true;
  }
  const name = file.qualified(decorator) ?? decorator.text;
  return /^((typing|typing_extensions)\.)?(overload|override)$/.test(name);
}

function fixFor(
  definition: TypedNode<'function_definition'> | TypedNode<'class_definition'>,
  lines: readonly string[],
  file: SourceFile,
): Fix | undefined {
  const edit = definition.isBroken ? undefined : docstringEdit(definition, lines, file);
  return edit && { title: 'Add a docstring', safety: 'unsafe', edits: [edit] };
}

/** Behind the shebang, the coding line and a comment that stands alone, such as a licence. */
function moduleDocstring(file: SourceFile) {
  const { eol } = file;
  const text = file.slice(0, 10_000);
  const block = /^\ufeff?(?:#.*(?:\r?\n|$))*/.exec(text)?.[0] ?? '';
  const standsAlone = /^[ \t]*(\r?\n|$)/.test(text.slice(block.length));
  const header = standsAlone ? block : (/^\ufeff?(?:#(?:!|.*coding[:=]).*(?:\r?\n|$))*/.exec(text)?.[0] ?? '');
  const parts = file.path.replace(/\.py$/, '').split('/');
  const name = (parts.at(-1) === '__init__' ? parts.at(-2) : parts.at(-1)) ?? '';
  const gap = standsAlone && block !== '' ? '' : eol;
  const docstring = quoted([`${words(name)}.`], '', eol);
  return { start: header.length, end: header.length, text: `${docstring}${eol}${gap}` };
}
