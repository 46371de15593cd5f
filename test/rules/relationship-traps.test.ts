import assert from 'node:assert/strict';
import { applyEdits } from '../../server/src/engine/index.ts';
import relationshipLazy from '../../server/src/rules/models/relationship-lazy.ts';
import { factsOf, only, open } from '../support/engine.ts';
import { syntaxErrors } from '../support/python.ts';

const imports = [
  'import sqlalchemy as sa',
  'import sqlalchemy.orm',
  'from sqlalchemy import orm',
  'from sqlalchemy.orm import DynamicMapped, Mapped, WriteOnlyMapped, backref, declared_attr, relationship',
  'from sqlalchemy.orm import relationship as rel',
  'from sqlmodel import Relationship, SQLModel',
  '',
];
const fixedTexts: string[] = [];

/** A class whose body is the given lines, indented. */
function model(body: string): string {
  const indented = body
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
  return [...imports, 'class A(Base):', indented, ''].join('\n');
}

/** What is offered for the only finding: its safety, its reason and the body as it then reads. */
function fixed(body: string, options: unknown = {}) {
  const text = model(body);
  const findings = open(text, only(relationshipLazy, options), factsOf()).findings();
  assert.equal(findings.length, 1, `${findings.length} findings in\n${body}`);
  const [finding] = findings;
  assert.equal(finding?.severity, 'warning');
  const fixes = finding?.fixes() ?? [];
  assert.equal(fixes.length, 1);
  const [fix] = fixes;
  const after = applyEdits(text, fix?.edits ?? []);
  fixedTexts.push(after);
  assert.deepEqual(
    open(after, only(relationshipLazy, options), factsOf()).findings(),
    [],
    `reports its own fix\n${after}`,
  );
  return { safety: fix?.safety, reason: fix?.reason, text: after };
}

function adds(body: string, expected: string): void {
  assert.deepEqual(fixed(body), { safety: 'safe', reason: undefined, text: model(expected) });
}

const whyUnsafe =
  'Another loader strategy changes when related rows are loaded; under an `AsyncSession`, loading on access raises `MissingGreenlet`.';

function replaces(body: string, expected: string, options: unknown = {}): void {
  assert.deepEqual(fixed(body, options), { safety: 'unsafe', reason: whyUnsafe, text: model(expected) });
}

function silent(body: string, options: unknown = {}): void {
  const found = open(model(body), only(relationshipLazy, options), factsOf()).findings();
  assert.deepEqual(
    found.map((finding) => finding.message),
    [],
    body,
  );
}

describe('relationship(lazy="select") on what real code has', () => {
  describe('adding what is the default already is safe, in every layout', () => {
    it('empty parentheses', () =>
      adds('b: Mapped["B"] = relationship()', 'b: Mapped["B"] = relationship(lazy="select")'));
    it('empty parentheses over two lines', () =>
      adds('b: Mapped["B"] = relationship(\n)', 'b: Mapped["B"] = relationship(lazy="select")'));
    it('empty but for a comment', () =>
      adds(
        'b: Mapped["B"] = relationship(  # the other side\n)',
        'b: Mapped["B"] = relationship(  # the other side\n    lazy="select",\n)',
      ));
    it('empty but for a comment of its own line', () =>
      adds(
        'b: Mapped["B"] = relationship(\n    # the other side\n)',
        'b: Mapped["B"] = relationship(\n    # the other side\n    lazy="select",\n)',
      ));
    it('one line', () =>
      adds('b = relationship("B", back_populates="a")', 'b = relationship("B", back_populates="a", lazy="select")'));
    it('one line with a trailing comma', () => adds('b = relationship("B",)', 'b = relationship("B", lazy="select",)'));
    it('several lines with a trailing comma', () =>
      adds(
        'b = relationship(\n    "B",\n    back_populates="a",\n)',
        'b = relationship(\n    "B",\n    back_populates="a",\n    lazy="select",\n)',
      ));
    it('several lines without a trailing comma', () =>
      adds(
        'b = relationship(\n    "B",\n    back_populates="a"\n)',
        'b = relationship(\n    "B",\n    back_populates="a",\n    lazy="select"\n)',
      ));
    it('arguments aligned under the first', () =>
      adds(
        'b = relationship("B",\n                 back_populates="a")',
        'b = relationship("B",\n                 back_populates="a",\n                 lazy="select")',
      ));
    it('arguments on one line of their own', () =>
      adds(
        'b = relationship(\n    "B", back_populates="a"\n)',
        'b = relationship(\n    "B", back_populates="a", lazy="select"\n)',
      ));
    it('a last argument of several lines', () =>
      adds(
        'b = relationship("B", primaryjoin=lambda: and_(\n    A.x == B.x,\n    B.live,\n))',
        'b = relationship("B", primaryjoin=lambda: and_(\n    A.x == B.x,\n    B.live,\n), lazy="select")',
      ));
    it('a comment behind the last argument and its comma', () =>
      adds(
        'b = relationship(\n    "B",  # target\n    back_populates="a",  # reverse\n)',
        'b = relationship(\n    "B",  # target\n    back_populates="a",  # reverse\n    lazy="select",\n)',
      ));
    it('a comment behind a last argument without a comma', () =>
      adds(
        'b = relationship(\n    "B",\n    back_populates="a"  # reverse\n)',
        'b = relationship(\n    "B",\n    back_populates="a",  # reverse\n    lazy="select"\n)',
      ));
    it('a comment line below the last argument', () =>
      adds(
        'b = relationship(\n    "B",\n    back_populates="a",\n    # cascade="all",\n)',
        'b = relationship(\n    "B",\n    back_populates="a",\n    lazy="select",\n    # cascade="all",\n)',
      ));
    it('a hash inside a string is no comment', () =>
      adds('b = relationship("B", doc="# no")', 'b = relationship("B", doc="# no", lazy="select")'));
    it('a comment behind the call', () =>
      adds('b = relationship("B")  # why', 'b = relationship("B", lazy="select")  # why'));
    it('Windows line breaks', () => {
      const text = model('b = relationship(\n    "B",\n)').replaceAll('\n', '\r\n');
      const [finding] = open(text, only(relationshipLazy), factsOf()).findings();
      assert.equal(
        applyEdits(text, finding?.fixes()[0]?.edits ?? []),
        model('b = relationship(\n    "B",\n    lazy="select",\n)').replaceAll('\n', '\r\n'),
      );
    });
    it('tabs', () => adds('b = relationship(\n\t"B",\n)', 'b = relationship(\n\t"B",\n\tlazy="select",\n)'));
  });

  describe('wherever the call stands and whatever it points to', () => {
    it('returned below @declared_attr', () =>
      adds(
        '@declared_attr\ndef b(cls) -> Mapped["B"]:\n    return relationship("B")',
        '@declared_attr\ndef b(cls) -> Mapped["B"]:\n    return relationship("B", lazy="select")',
      ));
    it('qualified by `orm.`', () =>
      adds('b: orm.Mapped["B"] = orm.relationship("B")', 'b: orm.Mapped["B"] = orm.relationship("B", lazy="select")'));
    it('qualified by `sa.orm.`', () =>
      adds('b = sa.orm.relationship("B")', 'b = sa.orm.relationship("B", lazy="select")'));
    it('qualified by `sqlalchemy.orm.`', () =>
      adds('b = sqlalchemy.orm.relationship("B")', 'b = sqlalchemy.orm.relationship("B", lazy="select")'));
    it('imported under another name', () => adds('b = rel("B")', 'b = rel("B", lazy="select")'));
    it('a class as target', () => adds('b = relationship(B)', 'b = relationship(B, lazy="select")'));
    it('a lambda as target', () => adds('b = relationship(lambda: B)', 'b = relationship(lambda: B, lazy="select")'));
    it('only the annotation as target: no string is asked for', () =>
      adds('b: Mapped[list["B"]] = relationship()', 'b: Mapped[list["B"]] = relationship(lazy="select")'));
    it('an annotation that is quoted as a whole', () =>
      adds('b: "Mapped[list[B]]" = relationship()', 'b: "Mapped[list[B]]" = relationship(lazy="select")'));
    it('`secondary` by position', () =>
      adds('b = relationship("B", a_to_b)', 'b = relationship("B", a_to_b, lazy="select")'));
    it('`argument` and `secondary` by keyword', () =>
      adds(
        'b = relationship(argument="B", secondary=a_to_b)',
        'b = relationship(argument="B", secondary=a_to_b, lazy="select")',
      ));
    it('unpacked positional arguments', () => adds('b = relationship(*b)', 'b = relationship(*b, lazy="select")'));
    it('a backref with a loader of its own, which is the other side’s', () =>
      adds(
        'b = relationship("B", backref=backref("a", lazy="joined"))',
        'b = relationship("B", backref=backref("a", lazy="joined"), lazy="select")',
      ));
    it('names the target in the message, an argument before the annotation', () => {
      const found = open(
        model('b: Mapped["Wide"] = relationship("app.models.Narrow")'),
        only(relationshipLazy),
      ).findings();
      assert.deepEqual(
        found.map((finding) => finding.message),
        ['`relationship()` to `Narrow` states no `lazy`; write `lazy="select"`.'],
      );
    });
  });

  describe('replacing a stated strategy changes behaviour, so it is unsafe', () => {
    for (const strategy of ['raise', 'joined', 'selectin', 'raise_on_sql', 'noload', 'subquery', 'immediate'])
      it(strategy, () =>
        replaces(
          `b = relationship("B", lazy="${strategy}", uselist=False)`,
          'b = relationship("B", lazy="select", uselist=False)',
        ),
      );
    it('False, which is joined', () =>
      replaces('b = relationship("B", lazy=False)', 'b = relationship("B", lazy="select")'));
    it('None, which is noload', () =>
      replaces('b = relationship("B", lazy=None)', 'b = relationship("B", lazy="select")'));
    it('a comment beside it stays', () =>
      replaces(
        'b = relationship(\n    "B",\n    lazy="joined",  # always shown\n)',
        'b = relationship(\n    "B",\n    lazy="select",  # always shown\n)',
      ));
    it('adding another strategy than the default is unsafe too', () =>
      replaces('b = relationship("B")', 'b = relationship("B", lazy="raise")', { required: 'raise' }));
  });

  describe('nothing is said', () => {
    it('True is select', () => silent('b = relationship("B", lazy=True)'));
    it('select', () => silent('b = relationship("B", lazy="select")'));
    it('WriteOnlyMapped', () => silent('b: WriteOnlyMapped["B"] = relationship()'));
    it('WriteOnlyMapped with a loader it overrides', () =>
      silent('b: WriteOnlyMapped["B"] = relationship(lazy="joined")'));
    it('DynamicMapped, qualified', () => silent('b: orm.DynamicMapped["B"] = orm.relationship("B")'));
    it('DynamicMapped, quoted', () => silent('b: "DynamicMapped[B]" = relationship()'));
    it('WriteOnlyMapped returned below @declared_attr', () =>
      silent('@declared_attr\ndef b(cls) -> WriteOnlyMapped["B"]:\n    return relationship("B")'));
    it('Mapped[list] with write_only', () => silent('b: Mapped[list["B"]] = relationship(lazy="write_only")'));
    it('dynamic', () => silent('b = relationship("B", lazy="dynamic")'));
    it('keywords from elsewhere', () => silent('b = relationship("B", **common)'));
    it('a strategy from elsewhere', () => silent('b = relationship("B", lazy=LAZY)'));
    it('a strategy that the team allows', () =>
      silent('b = relationship("B", lazy="raise")\nc = relationship("C", lazy="selectin")', {
        allow: ['raise', 'selectin'],
      }));
    it('the loader of a backref', () =>
      silent('b = relationship("B", lazy="select", backref=backref("a", lazy="joined"))'));
    it('a relationship of another library', () => silent('b = graph.relationship("B")'));
  });

  describe("SQLModel's Relationship() has no `lazy`", () => {
    it('without keywords for SQLAlchemy', () =>
      adds('b: "B" = Relationship()', 'b: "B" = Relationship(sa_relationship_kwargs={"lazy": "select"})'));
    it('over several lines', () =>
      adds(
        'b: list["B"] = Relationship(\n    back_populates="a",\n)',
        'b: list["B"] = Relationship(\n    back_populates="a",\n    sa_relationship_kwargs={"lazy": "select"},\n)',
      ));
    it('with an empty dictionary', () =>
      adds(
        'b: "B" = Relationship(sa_relationship_kwargs={})',
        'b: "B" = Relationship(sa_relationship_kwargs={"lazy": "select"})',
      ));
    it('with a dictionary of other keywords', () =>
      adds(
        'b: "B" = Relationship(sa_relationship_kwargs={\n    "cascade": "all",  # owned\n})',
        'b: "B" = Relationship(sa_relationship_kwargs={\n    "cascade": "all",  # owned\n    "lazy": "select",\n})',
      ));
    it('with dict()', () =>
      adds(
        'b: "B" = Relationship(sa_relationship_kwargs=dict(uselist=False))',
        'b: "B" = Relationship(sa_relationship_kwargs=dict(uselist=False, lazy="select"))',
      ));
    it('with None', () =>
      adds(
        'b: "B" = Relationship(sa_relationship_kwargs=None)',
        'b: "B" = Relationship(sa_relationship_kwargs={"lazy": "select"})',
      ));
    it('with another strategy', () =>
      replaces(
        'b: "B" = Relationship(sa_relationship_kwargs={"lazy": "joined"})',
        'b: "B" = Relationship(sa_relationship_kwargs={"lazy": "select"})',
      ));
    it('is silent with a dictionary from elsewhere', () =>
      silent('b: "B" = Relationship(sa_relationship_kwargs=common)'));
    it('is silent with a dictionary that unpacks another', () =>
      silent('b: "B" = Relationship(sa_relationship_kwargs={**common})'));
    it('is silent beside sa_relationship, with which the keywords would be an error', () =>
      silent('b: "B" = Relationship(sa_relationship=relationship("B", lazy="select"))'));
    it('fixes the relationship that sa_relationship holds instead', () =>
      adds(
        'b: "B" = Relationship(sa_relationship=relationship("B"))',
        'b: "B" = Relationship(sa_relationship=relationship("B", lazy="select"))',
      ));
  });

  describe('a cycle of the models of a file is an error and is named', () => {
    const told = (text: string) =>
      open([...imports, text, ''].join('\n'), only(relationshipLazy))
        .findings()
        .map((finding) => [finding.severity, finding.message]);

    it('over three models, the shortest way', () =>
      assert.deepEqual(
        told(
          'class A(Base):\n    b = relationship("B")\nclass B(Base):\n    c = relationship("C", lazy="select")\nclass C(Base):\n    a = relationship("A", lazy="select")\n    d = relationship("D")',
        ),
        [
          [
            'error',
            '`relationship()` to `B` states no `lazy`; write `lazy="select"`. The models form a cycle: `A` → `B` → `C` → `A`.',
          ],
          ['warning', '`relationship()` to `D` states no `lazy`; write `lazy="select"`.'],
        ],
      ));
    it('of a model with itself', () =>
      assert.deepEqual(
        told('class Node(Base):\n    parent: Mapped["Node | None"] = relationship(remote_side="Node.id")'),
        [
          [
            'error',
            '`relationship()` to `Node` states no `lazy`; write `lazy="select"`. The models form a cycle: `Node` → `Node`.',
          ],
        ],
      ));
    it('through a backref to a model of the file', () =>
      assert.deepEqual(told('class A(Base):\n    b = relationship("B", backref="a")\nclass B(Base):\n    id = 1'), [
        [
          'error',
          '`relationship()` to `B` states no `lazy`; write `lazy="select"`. The models form a cycle: `A` → `B` → `A`.',
        ],
      ]));
    it('not between models of different functions', () =>
      assert.deepEqual(
        told(
          'def f():\n    class A(Base):\n        b = relationship("B")\ndef g():\n    class B(Base):\n        a = relationship("A", lazy="select")',
        ),
        [['warning', '`relationship()` to `B` states no `lazy`; write `lazy="select"`.']],
      ));
    it('the models of an edited file', () => {
      const document = open(
        [...imports, 'class A(Base):\n    b = relationship("B")\n'].join('\n'),
        only(relationshipLazy),
      );
      assert.deepEqual(
        document.findings().map((finding) => finding.severity),
        ['warning'],
      );
      document.edit(document.text.length, document.text.length, 'class B(Base):\n    a = relationship("A")\n');
      assert.deepEqual(
        document.findings().map((finding) => finding.severity),
        ['error', 'error'],
      );
    });
  });

  describe('all of them', () => {
    it('what is fixed parses in CPython', () => {
      assert.ok(fixedTexts.length > 40);
      assert.deepEqual(
        syntaxErrors(fixedTexts).filter((error) => error !== undefined),
        [],
      );
    });
  });
});
