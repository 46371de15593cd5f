import { z } from 'zod';
import { defineRule, modulePart, moduleRootsOption, type Node, py, type SourceFile } from '../../engine/index.ts';

/** What a statement of `crud.py` tells: that it builds on FastCRUD, may do so, or does something without it. */
type Told = 'fastcrud' | 'undecided' | 'code';

export default defineRule({
  code: 'GR828',
  name: 'crud-without-fastcrud',
  family: 'structure',
  severity: 'information',
  standards: ['production', 'module'],
  summary: 'A module’s `crud.py` that does not build on FastCRUD',
  advice: 'Make the operations an instance of `FastCRUD[Model, …]`',
  why: 'Modules read and write their tables through FastCRUD, so that creating, listing and deleting behave alike everywhere: the same pagination, the same filters, the same handling of sessions. Hand-written queries in one module differ in small ways that the callers find out one by one.',
  fix: 'none',
  requirements: ['000-027', '003-011'],
  peers: [],
  options: z.strictObject({ roots: moduleRootsOption }),
  applies: (file, { roots }) => modulePart(file, 'crud', roots)?.inside === 'crud.py',
  examples: [
    {
      bad: py`
        """Data access of the orbit module."""
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR828 none: \`crud.py\` of the module \`orbit\` does not build on FastCRUD; make its operations an instance of \`FastCRUD\`.

        from sqlalchemy import select

        from .models import Orbit


        async def get_orbit(db, orbit_id: int) -> Orbit | None:
            return await db.scalar(select(Orbit).where(Orbit.id == orbit_id))
      `,
      path: 'app/modules/calculation/orbit/crud.py',
    },
    {
      bad: py`
        class FastCRUD:
        ^^^^^^^^^^^^^^^ GR828 none
            def __init__(self, model):
                self.model = model


        crud_orbit = FastCRUD(Orbit)
      `,
      path: 'app/modules/calculation/orbit/crud.py',
    },
    {
      ok: py`
        from fastcrud import FastCRUD

        from .models import Orbit
        from .schemas import OrbitCreate, OrbitUpdate

        CRUDOrbit = FastCRUD[Orbit, OrbitCreate, OrbitUpdate, OrbitUpdate, None, None]
        crud_orbit = CRUDOrbit(Orbit)
      `,
      path: 'app/modules/calculation/orbit/crud.py',
    },
    {
      ok: py`
        import fastcrud as fc


        class OrbitCrud(fc.FastCRUD):
            """Orbits, and how to find the newest."""
      `,
      path: 'app/modules/calculation/orbit/crud.py',
    },
    {
      ok: py`
        from app.core.crud import CRUDBase

        from .models import Orbit


        class OrbitCrud(CRUDBase[Orbit]):
            pass


        crud_orbit = OrbitCrud(Orbit)
      `,
      path: 'app/modules/calculation/orbit/crud.py',
    },
    {
      ok: py`
        """Nothing is stored yet."""

        from __future__ import annotations
      `,
      path: 'app/modules/calculation/orbit/crud.py',
    },
    {
      ok: py`
        def get_user(db, id):
            return db.get(User, id)
      `,
      path: 'app/crud.py',
    },
  ],
  collect: {
    module(segment, file) {
      return segment.namedChildren.flatMap((statement) => {
        const data = told(statement, file);
        return data ? [{ at: statement, data }] : [];
      });
    },
  },
  file(facts, file, { roots }) {
    const place = modulePart(file, 'crud', roots);
    if (!place || facts.length === 0) return [];
    if (facts.some((fact) => fact.data !== 'code')) return [];
    return [
      {
        at: file.firstLine(),
        message: `\`crud.py\` of the module \`${place.name}\` does not build on FastCRUD; make its operations an instance of \`FastCRUD\`.`,
      },
    ];
  },
});

function told(statement: Node, file: SourceFile): Told | undefined {
  if (statement.is('import_statement', 'future_import_statement')) return undefined;
  if (statement.is('import_from_statement')) {
    // What another file makes may build on FastCRUD where nobody sees it from here.
    if (/^fastcrud(\.|$)/.test(statement.field('module_name').text)) return undefined;
    const isOpen =
      statement.child('wildcard_import') || statement.fields('name').some((name) => /crud/i.test(name.text));
    return isOpen ? 'undecided' : undefined;
  }
  const isDocstring = statement.is('expression_statement') && statement.firstNamed?.is('string');
  if (isDocstring || statement.is('pass_statement')) return undefined;
  const names = statement.below('identifier', 'attribute');
  return names.some((name) => /^fastcrud\./.test(file.qualified(name) ?? '')) ? 'fastcrud' : 'code';
}
