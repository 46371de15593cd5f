import {
  argumentsOf,
  defineRule,
  type Edit,
  type Fix,
  isMigration,
  type Node,
  py,
  type SessionEvidence,
  type SourceFile,
  sessionOf,
  spellAll,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR210',
  name: 'legacy-query',
  family: 'models',
  severity: 'warning',
  standards: ['architecture', 'backend'],
  summary: '`session.query(…)` is the query interface of SQLAlchemy 1',
  advice: 'Build the statement by `select(…)` and hand it to the session',
  why: 'The `Query` object is frozen: it exists only on the synchronous session, has no typed results, and mixes building a statement with running it. A `select()` is a value that can be composed, cached and tested, and both kinds of session run it.',
  fix: 'unsafe',
  fixSafety:
    'The statement is the same one for a single model; a query class of the project’s own, with filters of its own, is no longer used.',
  requirements: ['001-008', '004-020', '004-095'],
  peers: [],
  mentions: ['query'],
  calls: ['query'],
  examples: [
    {
      bad: py`
        from sqlalchemy.orm import Session

        from app.models import User


        def by_name(db: Session, name: str) -> User | None:
            return db.query(User).filter(User.name == name).first()
        #          ^^^^^^^^^^^^^^ GR210 unsafe: \`db.query(User)\` is the interface of SQLAlchemy 1; write \`db.scalars(select(User)…)\`.


        def adults(db: Session) -> list[User]:
            return (
                db.query(User)
        #       ^^^^^^^^^^^^^^ GR210 unsafe
                .filter(User.age >= 18)  # of age
                .order_by(User.name)
                .all()
            )


        def by_id(db: Session, key: int) -> User | None:
            return db.query(User).get(key)
        #          ^^^^^^^^^^^^^^ GR210 unsafe: \`db.query(User)\` is the interface of SQLAlchemy 1; write \`db.get(User, …)\`.


        def number(db: Session) -> int:
            return db.query(User).filter_by(active=True).count()
        #          ^^^^^^^^^^^^^^ GR210 unsafe
      `,
      good: py`
        from sqlalchemy.orm import Session

        from app.models import User
        from sqlalchemy import select, func


        def by_name(db: Session, name: str) -> User | None:
            return db.scalars(select(User).where(User.name == name).limit(1)).unique().first()


        def adults(db: Session) -> list[User]:
            return (
                db.scalars(select(User)
                .where(User.age >= 18)  # of age
                .order_by(User.name)).unique()
                .all()
            )


        def by_id(db: Session, key: int) -> User | None:
            return db.get(User, key)


        def number(db: Session) -> int:
            return db.scalar(select(func.count()).select_from(User).filter_by(active=True))
      `,
    },
    {
      bad: py`
        from app.models import Team, User


        class Users:
            def __init__(self, session):
                self.session = session

            def pairs(self, db_session, model):
                self.session.query(User, Team).all()
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR210 none
                db_session.query(User.id).scalar()
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^ GR210 none
                query = self.session.query(User)
        #               ^^^^^^^^^^^^^^^^^^^^^^^^ GR210 none
                return query.filter(User.team_id.in_(model)).delete()
      `,
    },
    {
      ok: py`
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models import User


        async def adults(db: AsyncSession) -> list[User]:
            return list(await db.scalars(select(User).where(User.age >= 18)))
      `,
    },
    {
      ok: py`
        from google.cloud import bigquery

        from app.graph import Query


        def rows(client: bigquery.Client, session: Query, db):
            session.query(User)
            db.query("SELECT 1")
            return client.query("SELECT 1")
      `,
    },
    {
      path: 'alembic/versions/2024_move_users.py',
      ok: py`
        from sqlalchemy.orm import Session

        def upgrade(session: Session):
            session.query(User).all()
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('attribute') || callee.field('attribute').text !== 'query') return undefined;
      const session = callee.field('object');
      const evidence = sessionOf(file, session);
      if (!evidence || !looksMapped(call, evidence) || isMigration(file)) return undefined;
      const form = simpleForm(call);
      const model = argumentsOf(call).positional[0]?.text ?? '';
      const asked = form || !(model.length > 40 || model.includes('\n')) ? model : '…';
      const instead = !form
        ? '`select(…)` and `execute`'
        : form.end === 'get'
          ? `\`${session.text}.get(${model}, …)\``
          : `\`${session.text}.scalars(select(${model})…)\``;
      return {
        at: call,
        message: `\`${session.text}.query(${asked})\` is the interface of SQLAlchemy 1; write ${instead}.`,
        fix: () => (form && evidence.driver !== 'async' ? selected(file, call, form) : undefined),
      };
    },
  },
});

/** Where only a name says that it is a session, what is asked for has to be a model or its columns. */
function looksMapped(call: TypedNode<'call'>, evidence: SessionEvidence): boolean {
  if (evidence.sure) return true;
  const { positional, keywords } = argumentsOf(call);
  const [first] = positional;
  if (!first || keywords.size > 0) return false;
  if (first.is('identifier', 'attribute', 'call')) return true;
  return first.is('list_splat');
}

/** A query of one model that is built and run in one expression. */
interface SimpleForm {
  readonly end: 'all' | 'first' | 'one' | 'one_or_none' | 'count' | 'get';
  /** The calls between \`query(…)\` and the last, in order. */
  readonly steps: readonly TypedNode<'call'>[];
  readonly last: TypedNode<'call'>;
}

function simpleForm(query: TypedNode<'call'>): SimpleForm | undefined {
  const given = argumentsOf(query);
  const [model] = given.positional;
  const entity = model?.is('attribute') ? model.field('attribute') : model;
  if (given.positional.length !== 1 || given.keywords.size > 0 || given.hasDoubleSplat) return undefined;
  if (!model?.is('identifier', 'attribute') || !/^[A-Z]\w*[a-z]/.test(entity?.text ?? '')) return undefined;
  if (model.is('attribute') && /^[A-Z]/.test(lastSegment(model.field('object')))) return undefined;
  const steps: TypedNode<'call'>[] = [];
  let current: TypedNode<'call'> = query;
  for (;;) {
    const dot = current.parent;
    const call = dot?.parent;
    if (!dot?.is('attribute') || !call?.is('call') || call.field('function')?.row !== dot.row) return undefined;
    const name = dot.field('attribute').text;
    const { positional, keywords } = argumentsOf(call);
    const isEmpty = positional.length === 0 && keywords.size === 0;
    if (name === 'get')
      return steps.length === 0 && positional.length === 1 && keywords.size === 0
        ? { end: 'get', steps, last: call }
        : undefined;
    if (name === 'all' || name === 'first' || name === 'one' || name === 'one_or_none' || name === 'count')
      return isEmpty && (name !== 'count' || steps.every((step) => filters.has(stepName(step))))
        ? { end: name, steps, last: call }
        : undefined;
    if (!builders.has(name) && !filters.has(name)) return undefined;
    steps.push(call);
    current = call;
  }
}

function selected(file: SourceFile, query: TypedNode<'call'>, form: SimpleForm): Fix | undefined {
  const callee = query.field('function');
  const [model] = argumentsOf(query).positional;
  if (!callee.is('attribute') || !model) return undefined;
  const method = callee.field('attribute');
  if (file.commentsIn({ start: method.start, end: query.end }).length > 0) return undefined;
  if (form.end === 'get') {
    const [key] = argumentsOf(form.last).positional;
    if (!key || file.commentsIn({ start: query.end, end: form.last.end }).length > 0) return undefined;
    return {
      title: `Replace with \`get(${model.text}, …)\``,
      safety: 'unsafe',
      edits: [{ start: method.start, end: form.last.end, text: `get(${model.text}, ${key.text})` }],
    };
  }
  const counts = form.end === 'count';
  const names: [string, string][] = [['sqlalchemy', 'select']];
  if (counts) names.unshift(['sqlalchemy', 'func']);
  const spelled = spellAll(file, names, query);
  const [first, second] = spelled?.texts ?? [];
  if (!spelled || first === undefined) return undefined;
  const select = counts ? second : first;
  const opening = counts
    ? `scalar(${select}(${first}.count()).select_from(${model.text})`
    : `scalars(${select}(${model.text})`;
  const built = form.steps.at(-1) ?? query;
  const edits: Edit[] = [];
  for (const step of form.steps) {
    const name = methodOf(step);
    if (name?.text === 'filter') edits.push({ start: name.start, end: name.end, text: 'where' });
  }
  const limit = form.end === 'first' && !form.steps.some((step) => stepName(step) === 'limit') ? '.limit(1)' : '';
  if (counts) {
    if (file.commentsIn({ start: built.end, end: form.last.end }).length > 0) return undefined;
    if (built === query) edits.push({ start: method.start, end: form.last.end, text: `${opening})` });
    else
      edits.push(
        { start: method.start, end: query.end, text: opening },
        { start: built.end, end: form.last.end, text: ')' },
      );
  } else if (built === query) edits.push({ start: method.start, end: query.end, text: `${opening}${limit}).unique()` });
  else
    edits.push(
      { start: method.start, end: query.end, text: opening },
      { start: built.end, end: built.end, text: `${limit}).unique()` },
    );
  return { title: `Replace with \`select(${model.text})\``, safety: 'unsafe', edits: [...edits, ...spelled.edits] };
}

function methodOf(call: TypedNode<'call'>): Node | undefined {
  const callee = call.field('function');
  return callee.is('attribute') ? callee.field('attribute') : undefined;
}

function stepName(call: TypedNode<'call'>): string {
  return methodOf(call)?.text ?? '';
}

function lastSegment(node: Node): string {
  return node.is('attribute') ? node.field('attribute').text : node.text;
}

/** Methods that `Select` has under the same name, or `filter`, which reads better as `where`. */
const filters = new Set(['filter', 'filter_by', 'where']);
const builders = new Set(['order_by', 'limit', 'offset', 'options', 'join', 'outerjoin', 'with_for_update']);
