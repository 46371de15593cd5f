import {
  admitsNone,
  ancestry,
  defineRule,
  type Finding,
  type Fix,
  isClass,
  isModelByPlace,
  type Node,
  py,
  qualifiedType,
  readType,
  type SourceFile,
  schemaBase,
  spell,
  type TypeExpression,
  valueType,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR304',
  name: 'implicit-optional',
  family: 'types',
  severity: 'warning',
  standards: ['backend'],
  summary: 'The default is `None`, which the annotation does not admit',
  advice: 'Add `| None` to the annotation',
  why: 'Readers and type checkers take the annotation at its word and use the value without asking, so `None` fails far from where it came in. PEP 484 no longer reads the default into the type; FastAPI and Pydantic document what the annotation says.',
  fix: 'mixed',
  fixSafety:
    'On a table of SQLModel the annotation decides whether the column is nullable, and an imported name may stand for `Annotated[…]`, whose metadata a union hides.',
  requirements: ['004-266', '004-267'],
  peers: ['RUF013', 'mypy no_implicit_optional'],
  examples: [
    {
      bad: py`
        def page(size: int = None, name: "str" = None) -> None:
        #        ^^^^^^^^^^^^^^^^ GR304 safe: \`size\` defaults to \`None\`, but its type \`int\` does not admit it; add \`| None\`.
        #                          ^^^^^^^^^^^^^^^^^^ GR304 safe
            show(size, name)
      `,
      good: py`
        def page(size: int | None = None, name: "str | None" = None) -> None:
            show(size, name)
      `,
    },
    {
      target: '3.9',
      bad: py`
        def page(size: int = None) -> None:
        #        ^^^^^^^^^^^^^^^^ GR304 safe
            show(size)
      `,
      good: py`
        from typing import Optional

        def page(size: Optional[int] = None) -> None:
            show(size)
      `,
    },
    {
      bad: py`
        from datetime import datetime
        from typing import Annotated, Callable, ClassVar

        class Filter(BaseModel):
            since: datetime = None
            ^^^^^^^^^^^^^^^^^^^^^^ GR304 safe
            limit: Annotated[int, Query(ge=1)] = None
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR304 safe
            shared: ClassVar[dict[str, int]] = None
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR304 safe
            hook: Callable[[int], str] = None
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR304 safe
      `,
      good: py`
        from datetime import datetime
        from typing import Annotated, Callable, ClassVar

        class Filter(BaseModel):
            since: datetime | None = None
            limit: Annotated[int | None, Query(ge=1)] = None
            shared: ClassVar[dict[str, int] | None] = None
            hook: Callable[[int], str] | None = None
      `,
    },
    {
      bad: py`
        from sqlmodel import Field, SQLModel

        class Hero(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            name: str = None
            ^^^^^^^^^^^^^^^^ GR304 unsafe
      `,
      good: py`
        from sqlmodel import Field, SQLModel

        class Hero(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            name: str | None = None
      `,
    },
    {
      bad: py`
        from app.users.models import User

        def greet(user: User = None, friends: list[User] = None) -> None:
        #         ^^^^^^^^^^^^^^^^^ GR304 unsafe
        #                            ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR304 safe
            show(user, friends)
      `,
      good: py`
        from app.users.models import User

        def greet(user: User | None = None, friends: list[User] | None = None) -> None:
            show(user, friends)
      `,
    },
    {
      bad: py`
        import threading
        from fastapi import Request

        async def read(request: Request = None, lock: threading.Lock = None) -> None:
        #              ^^^^^^^^^^^^^^^^^^^^^^^ GR304 none
            show(request, lock)
      `,
    },
    {
      ok: py`
        from typing import Any, Optional, Union

        def page(a: int | None = None, b: Optional[int] = None, c: Union[int, None] = None, d: Any = None,
                 e: object = None, f: "Optional[int]" = None, g: Optional["Page"] = None, h: None = None,
                 i: Literal["x", None] = None, j=None, k: int = 0) -> None:
            show(a, b, c, d, e, f, g, h, i, j, k)
      `,
    },
    {
      ok: py`
        from typing import Literal, Optional, TypeVar

        from app.types import UserLike

        MaybeSize = Optional[int]
        type MaybeName = str | None
        T = TypeVar("T")

        def page(size: MaybeSize = None, user: UserLike = None, name: "MaybeName" = None, value: T = None,
                 side: Literal["left", None] = None) -> None:
            show(size, user, name, value, side)
      `,
    },
    {
      // Modules of schemas hold aliases too, which may admit None; so may one that says it.
      ok: py`
        from typing import Annotated

        from app.kit.models import BlankToNone
        from app.kit.schemas import Slug

        Code = Annotated[Slug, Field(max_length=20)]

        def page(name: Annotated[BlankToNone, Query()] = None, slug: Slug = None, code: Code = None) -> None:
            show(name, slug, code)
      `,
    },
    {
      bad: py`
        from app.schemas.users import UserCreate

        def draft(user: UserCreate = None) -> None:
        #         ^^^^^^^^^^^^^^^^^^^^^^^ GR304 unsafe
            show(user)
      `,
      good: py`
        from app.schemas.users import UserCreate

        def draft(user: UserCreate | None = None) -> None:
            show(user)
      `,
    },
    {
      ok: py`
        class Model(Base):
            name: Mapped[str] = None
            date: date = None
            count: int = Field(default=None)
      `,
    },
  ],
  on: {
    typed_default_parameter(parameter, file) {
      if (!parameter.field('value').is('none')) return undefined;
      return check(file, parameter, parameter.field('name'), parameter.field('type'));
    },
    assignment(assignment, file) {
      const type = assignment.field('type');
      if (!type || !assignment.field('right')?.is('none')) return undefined;
      return check(file, assignment, assignment.field('left'), type);
    },
  },
});

function check(file: SourceFile, at: Node, name: Node, annotation: Node): Finding | undefined {
  if (admitsNone(file, readType(file, annotation)) !== false) return undefined;
  return {
    at,
    message: `\`${name.text}\` defaults to \`None\`, but its type \`${annotation.text}\` does not admit it; add \`| None\`.`,
    fix: () => admit(file, at, annotation),
  };
}

function admit(file: SourceFile, at: Node, annotation: Node): Fix | undefined {
  const type = valueType(file, readType(file, annotation));
  const parts = type.kind === 'union' ? type.members : [type];
  if (!parts.every((part) => canJoin(file, part))) return undefined;
  const text = file.slice(type.start, type.end);
  const safety = safetyOf(file, at, parts);
  if (file.targets('3.10'))
    return {
      title: `Write \`${short(text)} | None\``,
      ...safety,
      edits: [{ start: type.end, end: type.end, text: ' | None' }],
    };
  const optional = spell(file, 'typing', 'Optional', at);
  return (
    optional && {
      title: `Write \`${optional.text}[${short(text)}]\``,
      ...safety,
      edits: [
        { start: type.start, end: type.start, text: `${optional.text}[` },
        { start: type.end, end: type.end, text: ']' },
        ...optional.edits,
      ],
    }
  );
}

/** Parameters of these classes are filled by FastAPI, which refuses them in a union. */
const injected = new Set(
  ['Request', 'WebSocket', 'Response', 'BackgroundTasks']
    .flatMap((name) => [
      `fastapi.${name}`,
      `starlette.requests.${name}`,
      `starlette.responses.${name}`,
      `starlette.websockets.${name}`,
      `starlette.background.${name}`,
      `fastapi.requests.${name}`,
      `fastapi.responses.${name}`,
      `fastapi.websockets.${name}`,
      `fastapi.background.${name}`,
    ])
    .concat([
      'starlette.requests.HTTPConnection',
      'fastapi.requests.HTTPConnection',
      'fastapi.security.SecurityScopes',
    ]),
);

/** Whether `part | None` is a type at run time, and means what `part` did. */
function canJoin(file: SourceFile, part: TypeExpression): boolean {
  if (part.kind === 'generic') return true;
  if (isModelByPlace(file, part)) return true;
  return isClass(file, part) && !injected.has(qualifiedType(file, part) ?? '');
}

function safetyOf(file: SourceFile, at: Node, parts: readonly TypeExpression[]): Pick<Fix, 'safety' | 'reason'> {
  if (isTableColumn(file, at))
    return {
      safety: 'unsafe',
      reason: 'On a table of SQLModel the annotation decides whether the column is nullable.',
    };
  const imported = parts.find((part) => !isClass(file, part) && isModelByPlace(file, part));
  if (imported?.kind !== 'name') return { safety: 'safe' };
  return {
    safety: 'unsafe',
    reason: `\`${imported.name}\` is imported; where it is an alias of \`Annotated[…]\`, a union hides what it says.`,
  };
}

function isTableColumn(file: SourceFile, at: Node): boolean {
  if (!at.is('assignment') || file.enclosingFunction(at)) return false;
  const definition = file.enclosingClass(at);
  return definition !== undefined && schemaBase(ancestry(file, definition)) === 'SQLModel';
}

function short(text: string): string {
  return text.length > 40 || text.includes('\n') ? '…' : text;
}
