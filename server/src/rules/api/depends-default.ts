import {
  defineRule,
  dependsCall,
  type Edit,
  type Fix,
  type Parameter,
  parametersOf,
  py,
  type SourceFile,
  type Spelling,
  spell,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR604',
  name: 'depends-default',
  family: 'api',
  severity: 'information',
  standards: ['production'],
  summary: 'A dependency is declared as a default value',
  advice: 'Use `Annotated[T, Depends(…)]`',
  why: 'A `Depends(…)` in the place of the default value claims that the parameter has a default, and type checkers have to take a lie for granted. A call that is no request, such as a test, gets the `Depends` object itself when it leaves the argument out. In `Annotated` the dependency is part of the type, can be given a name and used again, and the parameter is as required as it looks.',
  fix: 'unsafe',
  fixSafety: 'Whoever calls the function directly has to pass the argument now.',
  requirements: ['000-070'],
  peers: ['FAST002'],
  mentions: ['Depends', 'Security'],
  examples: [
    {
      bad: py`
        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession


        async def list_users(limit: int, db: AsyncSession = Depends(get_db)) -> list[str]:
        #                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR604 unsafe: \`db\` gets \`Depends(get_db)\` as a default value; declare it as \`Annotated[AsyncSession, Depends(get_db)]\`.
            return await users(db, limit)
      `,
      good: py`
        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession
        from typing import Annotated


        async def list_users(limit: int, db: Annotated[AsyncSession, Depends(get_db)]) -> list[str]:
            return await users(db, limit)
      `,
    },
    {
      bad: py`
        import typing as t

        from fastapi import Depends, Security


        async def create(
            user: User = Security(current_user, scopes=["write"]),
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR604 unsafe
            pages: Pages = Depends(),
        #   ^^^^^^^^^^^^^^^^^^^^^^^^ GR604 unsafe
            limit: int = 20,
            *,
            db: t.Any = Depends(get_db),
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR604 unsafe
        ) -> None: ...
      `,
      good: py`
        import typing as t

        from fastapi import Depends, Security


        async def create(
            user: t.Annotated[User, Security(current_user, scopes=["write"])],
            pages: t.Annotated[Pages, Depends()],
            limit: int = 20,
            *,
            db: t.Annotated[t.Any, Depends(get_db)],
        ) -> None: ...
      `,
    },
    {
      bad: py`
        from fastapi import Depends, Query


        async def search(text: str = Query(""), db: Session = Depends(get_db), *, user=Depends(current_user)):
        #                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR604 none: \`db\` gets \`Depends(get_db)\` as a default value; declare it as \`Annotated[Session, Depends(get_db)]\`.
        #                                                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR604 none: \`user\` gets \`Depends(current_user)\` as a default value; declare it as \`Annotated[…, Depends(current_user)]\`.
            return db
      `,
    },
    {
      ok: py`
        from typing import Annotated

        from fastapi import Depends

        Database = Annotated[Session, Depends(get_db)]


        async def list_users(db: Database, user: Annotated[User, Depends(current_user)], limit: int = 20) -> None: ...
      `,
    },
    {
      ok: py`
        from app.injection import Depends


        async def list_users(db: Session = Depends(get_db)) -> None: ...
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Depends, Query

        router = APIRouter(dependencies=[Depends(current_user)])


        @router.get("/users", dependencies=[Depends(rate_limit)])
        async def list_users(limit: int = Query(20)) -> None: ...
      `,
    },
  ],
  on: {
    parameters(parameters, file) {
      const definition = parameters.parent;
      if (!definition?.is('function_definition') || !mayHold(parameters)) return undefined;
      const all = parametersOf(definition);
      return all.flatMap((parameter, index) => {
        const call = dependsCall(file, parameter.default);
        if (!call) return [];
        const type = parameter.annotation?.text ?? '…';
        const said = oneLine(call.text);
        return [
          {
            at: parameter.node,
            message: `\`${parameter.name}\` gets \`${said}\` as a default value; declare it as \`Annotated[${oneLine(type)}, ${said}]\`.`,
            fix: () => annotated(file, definition, all, index),
          },
        ];
      });
    },
  },
});

/** Cheap: some parameter has a default that is a call. */
function mayHold(parameters: TypedNode<'parameters'>): boolean {
  return parameters.namedChildren.some(
    (child) => child.is('default_parameter', 'typed_default_parameter') && child.field('value').is('call'),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

/**
 * A parameter that loses its default may not stand behind one that keeps its own, so the dependencies before it lose
 * theirs in the same edit; where something else before it has a default, nothing can be offered.
 */
function annotated(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  all: readonly Parameter[],
  index: number,
): Fix | undefined {
  const wanted = all[index];
  if (!wanted || !file.targets('3.9')) return undefined;
  const before = wanted.keywordOnly ? [] : all.slice(0, index).filter((parameter) => parameter.default);
  const chosen = [...before, wanted];
  const name = spellAnnotated(file, definition);
  if (!name) return undefined;
  const edits = chosen.map((parameter) => inAnnotation(file, definition, parameter, name.text));
  if (edits.some((some) => some === undefined)) return undefined;
  const names = chosen.map((parameter) => `\`${parameter.name}\``).join(', ');
  return {
    title: `Declare ${names} with \`Annotated\``,
    safety: 'unsafe',
    edits: [...edits.flatMap((some) => some ?? []), ...name.edits],
  };
}

function inAnnotation(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  parameter: Parameter,
  name: string,
): Edit[] | undefined {
  const { annotation } = parameter;
  const call = dependsCall(file, parameter.default);
  if (!annotation || !call || !mayMove(file, definition, annotation, call)) return undefined;
  if (file.slice(annotation.end, call.start).includes('#')) return undefined;
  return [
    { start: annotation.start, end: annotation.start, text: `${name}[` },
    { start: annotation.end, end: call.start, text: ', ' },
    { start: call.end, end: call.end, text: ']' },
  ];
}

/**
 * Whether FastAPI finds every name when it reads the new annotation. It evaluates what is a string, with
 * `from __future__ import annotations` all of it, among the module's names; a default was evaluated on the spot.
 */
function mayMove(
  file: SourceFile,
  definition: TypedNode<'function_definition'>,
  annotation: NonNullable<Parameter['annotation']>,
  call: TypedNode<'call'>,
): boolean {
  if (annotation.is('string') || annotation.below('string').length > 0) return false;
  if (
    annotation.below('identifier').some((part) => part.text === 'Annotated') ||
    annotation.text.includes('Annotated[')
  )
    return false;
  const names = [...annotation.below('identifier'), ...(annotation.is('identifier') ? [annotation] : [])];
  if (names.some((part) => file.bindings(part).some((binding) => binding.typeOnly))) return false;
  if (!file.moduleBindings('annotations').some((binding) => binding.target === '__future__.annotations')) return true;
  return (
    file.enclosingFunction(definition) === undefined &&
    file.enclosingClass(definition) === undefined &&
    call.below('lambda').length === 0
  );
}

function spellAnnotated(file: SourceFile, definition: TypedNode<'function_definition'>): Spelling | undefined {
  const known = spell(file, 'typing_extensions', 'Annotated', definition);
  return known?.edits.length === 0 ? known : spell(file, 'typing', 'Annotated', definition);
}
