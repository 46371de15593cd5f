import {
  type Direction,
  defineRule,
  directionOf,
  type Fact,
  type Finding,
  isMigration,
  type MigrationStep,
  migrationStep,
  py,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR225',
  name: 'mixed-migration',
  family: 'models',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A migration changes both the schema and the rows',
  advice: 'Give the data change a revision of its own',
  why: 'A schema change is short and holds a lock on the table; a data change takes as long as there are rows. In one revision the table stays locked for both, and when the data change fails, databases without transactional DDL are left half way. Two revisions can be run, tested and taken back one by one.',
  fix: 'none',
  requirements: ['004-102', '004-104'],
  peers: [],
  mentions: ['alembic', 'execute', 'exec_driver_sql'],
  examples: [
    {
      path: 'alembic/versions/0123456789ab_add_age.py',
      bad: py`
        import sqlalchemy as sa
        from alembic import op

        revision = "0123456789ab"
        down_revision = None


        def upgrade() -> None:
            op.add_column("users", sa.Column("age", sa.Integer()))
            op.execute("UPDATE users SET age = 0")
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR225 none: \`upgrade\` changes rows (\`UPDATE\`) beside the schema (\`op.add_column\`); move the data change into a migration of its own.
            op.execute("UPDATE users SET age = 1 WHERE age IS NULL")


        def downgrade() -> None:
            op.drop_column("users", "age")
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_roles.py',
      bad: py`
        import alembic.op as alembic_op
        import sqlalchemy as sa

        revision = "0123456789ab"
        down_revision = None


        def seed(roles: sa.Table) -> None:
            alembic_op.bulk_insert(roles, [{"name": "admin"}])
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR225 none: The migration changes rows (\`op.bulk_insert\`) beside the schema (\`op.create_table\`); move the data change into a migration of its own.


        def upgrade() -> None:
            seed(alembic_op.create_table("roles", sa.Column("name", sa.String())))


        def downgrade() -> None:
            alembic_op.drop_table("roles")
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_split.py',
      bad: py`
        import sqlalchemy as sa
        from alembic import op

        revision = "0123456789ab"
        down_revision = None
        users = sa.table("users", sa.column("age"))


        def upgrade() -> None:
            with op.batch_alter_table("users") as batch:
                batch.alter_column("age", nullable=False)


        def downgrade() -> None:
            op.execute("ALTER TABLE users ALTER COLUMN age DROP NOT NULL")
            connection = op.get_bind()
            statement = users.update().where(users.c.age == 0).values(age=None)
            connection.execute(statement)
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR225 none: \`downgrade\` changes rows (\`UPDATE\`) beside the schema (\`ALTER\`); move the data change into a migration of its own.
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_fill.py',
      ok: py`
        import sqlalchemy as sa
        from alembic import op

        revision = "0123456789ab"
        down_revision = None


        def upgrade() -> None:
            op.execute(sa.text("UPDATE users SET age = 0"))
            op.get_bind().execute(sa.delete(users))


        def downgrade() -> None:
            op.execute("UPDATE users SET age = NULL")
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_tables.py',
      ok: py`
        import sqlalchemy as sa
        from alembic import op

        revision = "0123456789ab"
        down_revision = None


        def upgrade() -> None:
            op.execute('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"')
            op.execute("ALTER TABLE users ADD COLUMN id SERIAL")
            names = op.get_bind().execute(sa.text("SELECT name FROM users")).scalars()
            settings = {}
            settings.update(names=list(names))
            op.create_index("ix_users_id", "users", ["id"])


        def downgrade() -> None:
            op.drop_column("users", "id")
      `,
    },
    {
      path: 'app/repository.py',
      ok: py`
        from app import op


        def fill(connection: Connection) -> None:
            op.add_column("users", "age")
            connection.execute("UPDATE users SET age = 0")
      `,
    },
  ],
  collect: {
    call(call, file): Fact<Piece> | undefined {
      const step = isMigration(file) ? migrationStep(file, call) : undefined;
      return step && { at: call, data: { ...step, direction: directionOf(file, call) } };
    },
  },
  file(facts) {
    for (const direction of ['upgrade', 'downgrade'] as const) {
      const pieces = facts.filter(({ data }) => data.direction === direction || data.direction === 'both');
      const schema = pieces.find(({ data }) => data.changes === 'schema');
      const rows = pieces.find(({ data }) => data.changes === 'data');
      if (!schema || !rows || pieces.every(({ data }) => data.direction === 'both')) continue;
      const where = rows.data.direction === 'both' ? 'The migration' : `\`${direction}\``;
      const finding: Finding = {
        at: rows.at,
        message: `${where} changes rows (\`${rows.data.told}\`) beside the schema (\`${schema.data.told}\`); move the data change into a migration of its own.`,
        related: [{ at: schema.at, message: 'The schema change.' }],
      };
      return [finding];
    }
    return [];
  },
});

interface Piece extends MigrationStep {
  readonly direction: Direction;
}
