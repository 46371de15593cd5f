import assert from 'node:assert/strict';
import { type Document, py } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { factsOf, only, open } from '../support/engine.ts';

describe('the tenant setting', () => {
  it('is made local in its own spelling, whatever stands around it', () => {
    assert.equal(
      fixed(
        'GR220',
        py`
          from sqlalchemy import text

          def use(db, tenant):
              db.execute(text("SET app.tenant TO :tenant; SET app.user = :user"))
              db.execute(text('SELECT set_config(\'app.tenant\', :t, false), set_config(\'app.user\', f(:u, 1), FALSE)'))
              db.execute(
                  text(
                      "SELECT set_config("
                      "'app.tenant', :t, false)"
                  )
              )
        `,
      ),
      py`
        from sqlalchemy import text

        def use(db, tenant):
            db.execute(text("SET LOCAL app.tenant TO :tenant; SET LOCAL app.user = :user"))
            db.execute(text('SELECT set_config(\'app.tenant\', :t, true), set_config(\'app.user\', f(:u, 1), true)'))
            db.execute(
                text(
                    "SELECT set_config("
                    "'app.tenant', :t, false)"
                )
            )
      `,
    );
  });

  it('is not looked for in a name that is given several texts', () => {
    assertSilent(
      'GR220',
      py`
        from sqlalchemy import text

        def use(db, kind):
            statement = "SET app.tenant = 'a'"
            if kind:
                statement = "SET LOCAL app.tenant = 'a'"
            db.execute(text(statement))
      `,
    );
  });
});

describe('JSONB', () => {
  it('is spelt as the file spells the dialect, and not at all where the name is taken', () => {
    assert.equal(
      fixed(
        'GR235',
        py`
          import sqlalchemy as sa
          import sqlalchemy.dialects.postgresql as pg

          payload = sa.Column(sa.JSON)
        `,
      ),
      py`
        import sqlalchemy as sa
        import sqlalchemy.dialects.postgresql as pg

        payload = sa.Column(pg.JSONB)
      `,
    );
    const taken = documentOf(
      'GR235',
      py`
        import asyncpg
        from sqlalchemy import JSON, Column
        from app.types import JSONB

        payload = Column(JSON)
      `,
    ).findings();
    assert.equal(taken.length, 1);
    assert.deepEqual(taken[0]?.fixes(), []);
  });
});

describe('isoformat()', () => {
  it('is not offered where a comment would be lost', () => {
    const found = documentOf(
      'GR110',
      py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/now")
        def now(when):
            return {
                "when": when.strftime(
                    "%d.%m.%Y"  # as the old client wants it
                )
            }
      `,
    ).findings();
    assert.equal(found.length, 1);
    assert.deepEqual(found[0]?.fixes(), []);
  });

  it('keeps a receiver of several lines as it is', () => {
    assert.equal(
      fixed(
        'GR110',
        py`
          from fastapi import APIRouter

          router = APIRouter()


          @router.get("/now")
          def now(clock):
              return {
                  "when": clock(
                      1,  # UTC
                  ).strftime("%d.%m.%Y")
              }
        `,
      ),
      py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/now")
        def now(clock):
            return {
                "when": clock(
                    1,  # UTC
                ).isoformat()
            }
      `,
    );
  });
});

describe('revisions', () => {
  it('are told by their names, and report again when one function is edited', () => {
    const text = py`
      from alembic import op

      revision = "1"
      down_revision = None


      def upgrade():
          op.drop_table("a")


      def downgrade():
          pass
    `;
    const document = documentOf('GR223', text);
    assert.deepEqual(
      document.findings().map(({ start }) => start),
      [text.lastIndexOf('downgrade')],
    );
    const at = text.indexOf('op.drop_table("a")');
    document.edit(at, at + 'op.drop_table("a")'.length, 'pass');
    assert.deepEqual(document.findings(), []);
    const last = document.text.lastIndexOf('pass');
    document.edit(at, at + 4, 'op.drop_table("b")');
    assert.equal(document.findings().length, 1);
    document.edit(last + 14, last + 18, 'raise NotImplementedError');
    assert.deepEqual(document.findings(), []);
  });
});

function documentOf(code: string, text: string): Document {
  const rule = rules.find((candidate) => candidate.card.code === code);
  assert.ok(rule, `${code} exists`);
  return open(text, only(rule), factsOf());
}

/** The text after the first fix of every finding. */
function fixed(code: string, text: string): string {
  const edits = documentOf(code, text)
    .findings()
    .flatMap((finding) => finding.fixes()[0]?.edits ?? [])
    .sort((a, b) => b.start - a.start);
  let result = text;
  for (const edit of edits) result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  return result;
}

function assertSilent(code: string, text: string): void {
  const found = documentOf(code, text).findings();
  assert.deepEqual(
    found.map(({ message }) => message),
    [],
  );
}
