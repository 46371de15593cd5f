import { defineRule, type Finding, isMigration, type Node, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR223',
  name: 'migration-without-downgrade',
  family: 'models',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A migration that cannot be undone',
  advice: 'Undo in `downgrade` what `upgrade` does, or raise an error there that says why it cannot be undone',
  why: 'When a release has to be taken back, `alembic downgrade` runs what stands in `downgrade`. Where that is empty, Alembic reports success and moves the version back while the tables stay as they were: the next `upgrade` then fails half way, on a production database.',
  fix: 'none',
  requirements: ['004-100', '004-102'],
  peers: [],
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


        def downgrade() -> None:
        #   ^^^^^^^^^ GR223 none: \`downgrade\` does nothing although \`upgrade\` does something; undo it here, or raise an error that says why it cannot be undone.
            pass
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_add_age.py',
      bad: py`
        import sqlalchemy as sa
        from alembic import op

        revision = "0123456789ab"
        down_revision = None


        def upgrade() -> None:
        #   ^^^^^^^ GR223 none: The migration has an \`upgrade\` but no \`downgrade\`; add one that undoes it.
            """Add the age."""
            op.add_column("users", sa.Column("age", sa.Integer()))
      `,
    },
    {
      path: 'src/migrations/2024_fill.py',
      bad: py`
        from alembic import op

        revision = "0123456789ab"
        down_revision = "ba9876543210"


        def upgrade():
            op.execute("UPDATE users SET age = 0")


        def downgrade():
        #   ^^^^^^^^^ GR223 none
            """Nothing is undone."""
            # The rows stay as they are.
            return None
      `,
    },
    {
      // A merge of two heads does nothing in either direction.
      path: 'alembic/versions/0123456789ab_merge.py',
      ok: py`
        revision = "0123456789ab"
        down_revision = ("ba9876543210", "aa9876543210")


        def upgrade() -> None:
            pass


        def downgrade() -> None:
            pass
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_drop.py',
      ok: py`
        from alembic import op

        revision = "0123456789ab"
        down_revision = "ba9876543210"


        def upgrade() -> None:
            op.drop_table("drafts")


        def downgrade() -> None:
            raise NotImplementedError("the drafts are gone")
      `,
    },
    {
      path: 'alembic/versions/0123456789ab_shared.py',
      ok: py`
        from alembic import op
        from app.migrations.shared import downgrade

        revision = "0123456789ab"
        down_revision = "ba9876543210"


        def upgrade() -> None:
            op.drop_table("drafts")
      `,
    },
    {
      path: 'app/plans.py',
      ok: py`
        def upgrade(plan: Plan) -> None:
            plan.level += 1


        def downgrade(plan: Plan) -> None:
            pass


        class Plan:
            def upgrade(self) -> None:
                self.level += 1
      `,
    },
  ],
  collect: {
    function_definition(definition, file) {
      const name = definition.field('name');
      if ((name.text !== 'upgrade' && name.text !== 'downgrade') || !isMigration(file)) return undefined;
      if (file.enclosingFunction(definition) || file.enclosingClass(definition)) return undefined;
      return {
        at: name,
        data: { name: name.text, acts: definition.field('body').namedChildren.some((statement) => !isIdle(statement)) },
      };
    },
  },
  file(facts, file) {
    const upgrade = facts.find(({ data }) => data.name === 'upgrade' && data.acts);
    if (!upgrade) return [];
    const downgrades = facts.filter(({ data }) => data.name === 'downgrade');
    if (downgrades.length === 0)
      return file.moduleBindings('downgrade').length > 0 || file.mayComeFromStar()
        ? []
        : [
            {
              at: upgrade.at,
              message: 'The migration has an `upgrade` but no `downgrade`; add one that undoes it.',
            },
          ];
    return downgrades.every(({ data }) => !data.acts)
      ? downgrades.map(
          ({ at }): Finding => ({
            at,
            message:
              '`downgrade` does nothing although `upgrade` does something; undo it here, or raise an error that says why it cannot be undone.',
          }),
        )
      : [];
  },
});

/** `pass`, `...`, a docstring, an empty `return`. */
function isIdle(statement: Node): boolean {
  if (statement.is('pass_statement')) return true;
  if (statement.is('return_statement')) return statement.firstNamed?.is('none') ?? true;
  const [expression] = statement.is('expression_statement') ? statement.namedChildren : [];
  return expression?.is('string', 'concatenated_string', 'ellipsis') === true;
}
