import {
  argumentsOf,
  defineRule,
  type Edit,
  type Fix,
  isBaseFactory,
  isMigration,
  mappingDecorator,
  type Node,
  py,
  type SourceFile,
  spellInstead,
  sqlalchemyName,
  startsLine,
  stringValue,
  type TypedNode,
  wholeLine,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR205',
  name: 'legacy-declarative-base',
  family: 'models',
  severity: 'error',
  standards: ['production', 'architecture', 'backend'],
  summary: 'The base of the models is made by SQLAlchemy’s old function or decorator',
  advice: 'Write `class Base(DeclarativeBase)`',
  why: 'A base that a function returns is a value to type checkers, so that models lose their types; SQLAlchemy 2.0 made it a class to inherit from, on which type annotations, metadata and naming conventions are stated in one place.',
  fix: 'unsafe',
  fixSafety: 'It needs SQLAlchemy 2.0, and annotations of models that are not `Mapped[…]` are errors there.',
  requirements: ['000-013', '001-008', '004-083'],
  peers: [],
  mentions: ['declarative'],
  calls: ['declarative_base'],
  examples: [
    {
      bad: py`
        from sqlalchemy import MetaData
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()
        #      ^^^^^^^^^^^^^^^^^^ GR205 unsafe: \`declarative_base()\` is SQLAlchemy's old way to make a base; write \`class Base(DeclarativeBase)\`.
      `,
      good: py`
        from sqlalchemy import MetaData
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase):
            pass
      `,
    },
    {
      bad: py`
        from sqlalchemy import MetaData
        from sqlalchemy.ext.declarative import declarative_base
        from sqlalchemy.orm import relationship

        Model = declarative_base(cls=Tools, metadata=MetaData(schema="app"), name="Model")  # shared
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR205 unsafe
      `,
      good: py`
        from sqlalchemy import MetaData
        from sqlalchemy.orm import relationship, DeclarativeBase

        class Model(Tools, DeclarativeBase):
            metadata = MetaData(schema="app")  # shared
      `,
    },
    {
      bad: py`
        from sqlalchemy.ext.declarative import declarative_base

        Base = declarative_base()
        #      ^^^^^^^^^^^^^^^^^^ GR205 unsafe
      `,
      good: py`
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase):
            pass
      `,
    },
    {
      bad: py`
        import sqlalchemy.orm as so


        @so.as_declarative()
        ^^^^^^^^^^^^^^^^^^^^ GR205 unsafe: \`@as_declarative\` is SQLAlchemy's old way to make a base; write \`class Base(DeclarativeBase)\`.
        class Base:
            __abstract__ = True
      `,
      good: py`
        import sqlalchemy.orm as so


        class Base(so.DeclarativeBase):
            __abstract__ = True
      `,
    },
    {
      bad: py`
        from sqlalchemy import orm

        Base = orm.declarative_base(constructor=None)
        #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR205 none
        bases = [orm.declarative_base()]
        #        ^^^^^^^^^^^^^^^^^^^^^^ GR205 none: \`declarative_base()\` is SQLAlchemy's old way to make a base; write a class that inherits from \`DeclarativeBase\`.
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import DeclarativeBase, registry


        class Base(DeclarativeBase):
            pass


        mapper_registry = registry()


        @mapper_registry.mapped
        class User:
            __tablename__ = "user"
      `,
    },
    {
      ok: py`
        from sqlalchemy.ext.automap import automap_base

        from app.factories import as_declarative, declarative_base

        Base = declarative_base()
        Reflected = automap_base()


        @as_declarative
        class Other:
            pass
      `,
    },
    {
      // A revision is what was done to the database; it is not changed afterwards.
      path: 'alembic/versions/2024_add_users.py',
      ok: py`
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute') || sqlalchemyName(file, callee) !== 'declarative_base')
        return undefined;
      if (!isBaseFactory(file, call) || isMigration(file)) return undefined;
      const assignment = call.parent;
      const target = assignment?.is('assignment') ? assignment.field('left') : undefined;
      const wanted = target?.is('identifier')
        ? `\`class ${target.text}(DeclarativeBase)\``
        : 'a class that inherits from `DeclarativeBase`';
      return {
        at: call,
        message: `\`declarative_base()\` is SQLAlchemy's old way to make a base; write ${wanted}.`,
        fix: () => (assignment?.is('assignment') ? asClass(file, call, assignment) : undefined),
      };
    },
    class_definition(definition, file) {
      if (isMigration(file)) return undefined;
      return file.decorators(definition).flatMap((decorator) => {
        const callee = decorator.is('call') ? decorator.field('function') : decorator;
        const name = callee.is('identifier', 'attribute') ? mappingDecorator(file, callee) : undefined;
        if (name !== 'as_declarative' && name !== 'as_declarative_base') return [];
        return [
          {
            at: decorator.parent ?? decorator,
            message: `\`@${name}\` is SQLAlchemy's old way to make a base; write \`class ${definition.field('name').text}(DeclarativeBase)\`.`,
            fix: () => asSubclass(file, definition, decorator, callee),
          },
        ];
      });
    },
  },
});

/** `Base = declarative_base(…)` as a class; nothing where an argument has no counterpart in a class's body. */
function asClass(file: SourceFile, call: TypedNode<'call'>, assignment: TypedNode<'assignment'>): Fix | undefined {
  const target = assignment.field('left');
  const statement = assignment.parent;
  if (!target.is('identifier') || !statement?.is('expression_statement') || !startsLine(statement)) return undefined;
  if (!/^[ \t]*(?:#|\r?\n|$)/.test(file.slice(statement.end, statement.end + 200))) return undefined;
  const given = argumentsOf(call);
  if (given.positional.length > 0 || given.hasDoubleSplat || file.commentsIn(call).length > 0) return undefined;
  const bases: string[] = [];
  const body: string[] = [];
  for (const [name, argument] of given.keywords) {
    const value = argument.field('value');
    if (name === 'metadata' || name === 'type_annotation_map') body.push(`${name} = ${value.text}`);
    else if (name === 'cls' && value.is('identifier', 'attribute')) bases.push(value.text);
    else if (name !== 'name' || stringValue(value) !== target.text) return undefined;
  }
  const base = spellInstead(file, call.field('function'), ['sqlalchemy.orm', 'DeclarativeBase'], call);
  if (!base) return undefined;
  const { eol } = file;
  const indent = `${eol}${file.indentAt(statement.start)}    `;
  const lines = body.length > 0 ? body : ['pass'];
  const text = `class ${target.text}(${[...bases, base.text].join(', ')}):${lines.map((line) => indent + line).join('')}`;
  return {
    title: `Write \`class ${target.text}(${base.text})\``,
    safety: 'unsafe',
    edits: [{ start: statement.start, end: statement.end, text }, ...base.edits],
  };
}

/** `@as_declarative()` above a class as a base of the class; nothing where the decorator has arguments. */
function asSubclass(
  file: SourceFile,
  definition: TypedNode<'class_definition'>,
  decorator: Node,
  callee: Node,
): Fix | undefined {
  if (decorator.is('call') && decorator.field('arguments').namedChildren.length > 0) return undefined;
  const base = spellInstead(file, callee, ['sqlalchemy.orm', 'DeclarativeBase'], definition);
  const line = decorator.parent && wholeLine(file, decorator.parent);
  if (!base || !line || line.length === 0) return undefined;
  const superclasses = definition.field('superclasses');
  const name = definition.field('name');
  const last = superclasses?.namedChildren.filter((argument) => !argument.is('keyword_argument')).at(-1);
  const first = superclasses?.namedChildren[0];
  const edit: Edit = last
    ? { start: last.end, end: last.end, text: `, ${base.text}` }
    : first
      ? { start: first.start, end: first.start, text: `${base.text}, ` }
      : { start: name.end, end: superclasses?.end ?? name.end, text: `(${base.text})` };
  return { title: `Inherit from \`${base.text}\``, safety: 'unsafe', edits: [...line, edit, ...base.edits] };
}
