import {
  baseName,
  defineRule,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR310',
  name: 'schema-not-pydantic',
  family: 'types',
  severity: 'warning',
  standards: ['production', 'module', 'backend'],
  summary: 'A schema that is no Pydantic model',
  advice: 'Derive it from `pydantic.BaseModel`',
  why: 'Data classes, `TypedDict` and `NamedTuple` declare types and check none of them: what comes in is stored as it came. In a module of schemas readers and FastAPI count on validation, serialisation and a JSON schema, which only a Pydantic model gives.',
  fix: 'none',
  requirements: ['000-007', '000-023', '003-008', '003-031', '003-049', '004-074'],
  peers: [],
  mentions: ['dataclass', 'TypedDict', 'NamedTuple', 'namedtuple'],
  applies: (file) => holdsSchemas(file),
  examples: [
    {
      path: 'app/users/schemas.py',
      bad: py`
        from dataclasses import dataclass
        from typing import NamedTuple, TypedDict

        @dataclass
        class User:
        #     ^^^^ GR310 none: Schema \`User\` is a data class, which validates nothing; derive it from \`pydantic.BaseModel\`.
            name: str

        class Order(TypedDict, total=False):
        #     ^^^^^ GR310 none: Schema \`Order\` is a \`TypedDict\`, which validates nothing; derive it from \`pydantic.BaseModel\`.
            id: int

        class Point(NamedTuple):
        #     ^^^^^ GR310 none
            x: int

        Filter = TypedDict("Filter", {"in": str})
        ^^^^^^ GR310 none
      `,
    },
    {
      path: 'app/schemas/user.py',
      bad: py`
        import dataclasses as dc

        @dc.dataclass(frozen=True)
        class User:
        #     ^^^^ GR310 none
            name: str
      `,
    },
    {
      path: 'app/schemas/user.py',
      ok: py`
        from enum import StrEnum

        from pydantic import BaseModel
        from pydantic.dataclasses import dataclass

        class Role(StrEnum):
            ADMIN = "admin"

        class User(BaseModel):
            name: str

        @dataclass
        class Address:
            street: str
      `,
    },
    {
      path: 'app/schemas.py',
      ok: py`
        from dataclasses import dataclass

        @dataclass(slots=True)
        class SchemaName:
            name: str

            def __get_pydantic_json_schema__(self, core, handler):
                return {**handler(core), "title": self.name}
      `,
    },
    {
      path: 'app/services/report.py',
      ok: py`
        from dataclasses import dataclass

        @dataclass
        class Row:
            total: int
      `,
    },
    {
      path: 'tests/schemas/test_user.py',
      ok: py`
        from dataclasses import dataclass

        @dataclass
        class Case:
            name: str
      `,
    },
    {
      path: 'app/schemas.py',
      ok: py`
        def dataclass(cls: type) -> type:
            return cls

        @dataclass
        class User:
            name: str
      `,
    },
  ],
  on: {
    class_definition(definition, file) {
      const name = definition.field('name');
      const isDataClass = file.decorators(definition).some((decorator) => {
        const expression = decorator.is('call') ? decorator.field('function') : decorator;
        return file.qualified(expression) === 'dataclasses.dataclass';
      });
      const kind = isDataClass
        ? 'a data class'
        : file.bases(definition).reduce<string | undefined>((found, base) => found ?? kinds.get(base ?? ''), undefined);
      if (kind === undefined || isMetadata(definition, file)) return undefined;
      return finding(name, kind);
    },
    assignment(assignment, file) {
      const right = assignment.field('right');
      if (!right?.is('call') || file.enclosingFunction(assignment)) return undefined;
      const kind = kinds.get(file.qualified(right.field('function')) ?? '');
      const left = assignment.field('left');
      return kind === undefined || !left.is('identifier') ? undefined : finding(left, kind);
    },
  },
});

const kinds = new Map([
  ['typing.TypedDict', 'a `TypedDict`'],
  ['typing_extensions.TypedDict', 'a `TypedDict`'],
  ['typing.NamedTuple', 'a `NamedTuple`'],
  ['typing_extensions.NamedTuple', 'a `NamedTuple`'],
  ['collections.namedtuple', 'a named tuple'],
  ['dataclasses.make_dataclass', 'a data class'],
]);

/** What stands in `Annotated[…]` to tell Pydantic how a type is read or shown is no schema itself. */
function isMetadata(definition: TypedNode<'class_definition'>, file: SourceFile): boolean {
  return hooks.some((hook) => file.classBindings(definition, hook).length > 0);
}

const hooks = ['__get_pydantic_json_schema__', '__get_pydantic_core_schema__', '__get_validators__'];

function finding(name: Node, kind: string): { at: Node; message: string } {
  return {
    at: name,
    message: `Schema \`${name.text}\` is ${kind}, which validates nothing; derive it from \`pydantic.BaseModel\`.`,
  };
}

/** `schemas.py`, or a module below a folder `schemas`, which no test is. */
function holdsSchemas(file: { readonly path: string }): boolean {
  return (baseName(file) === 'schemas.py' || /(^|\/)schemas\//.test(file.path)) && !isTestFile(file);
}
