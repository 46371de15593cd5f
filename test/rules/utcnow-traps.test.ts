import assert from 'node:assert/strict';
import { applyEdits, Document, type FileFacts, py } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { factsOf, only, parser } from '../support/engine.ts';
import { run } from '../support/python.ts';

/**
 * What real code does to the fix of `datetime.utcnow`. One test a shape; every fix that is offered is compared as text,
 * and what needs nothing but the standard library is run.
 */

interface Offered {
  readonly title: string;
  readonly safety: string;
  readonly reason: string | undefined;
  readonly text: string;
}

const aware312 = factsOf('app/example.py', '3.12');
const naiveOnly = 'The value stays without a zone, as it was; use it where a naive column or caller needs that.';
const utcKnown = 'from datetime import UTC, datetime\n';

/** Each finding's fixes, every one applied alone to the source. */
function offered(code: string, source: string, facts: FileFacts = aware312): Offered[][] {
  const rule = rules.find((candidate) => candidate.card.code === code);
  assert.ok(rule, code);
  const document = new Document(parser, source, facts, only(rule));
  return document.findings().map((finding) =>
    finding.fixes().map((fix) => ({
      title: fix.title,
      safety: fix.safety,
      reason: fix.reason,
      text: applyEdits(source, fix.edits),
    })),
  );
}

/** The fixes of the one finding. */
function fixesOf(code: string, source: string, facts: FileFacts = aware312): Offered[] {
  const findings = offered(code, source, facts);
  assert.equal(findings.length, 1, `${findings.length} findings in\n${source}`);
  return findings[0] ?? [];
}

/** The texts of the one finding's fixes. */
function texts(code: string, source: string, facts: FileFacts = aware312): string[] {
  return fixesOf(code, source, facts).map((fix) => fix.text);
}

function safeties(code: string, source: string): string[] {
  return fixesOf(code, source).map((fix) => fix.safety);
}

/** Runs every text and demands that it prints one aware value's zone, or none for the naive one. */
function zones(sources: readonly string[], before = ''): string[] {
  return run(
    sources.map((source) => `${source}\nprint(now.tzinfo)`),
    before,
  ).map((output) => output.trim());
}

const before311: FileFacts = { path: 'app/example.py', target: '3.10', targetKnown: true };
const unknown: FileFacts = { path: 'app/example.py', target: '3.12', targetKnown: false };

describe('traps of utcnow', () => {
  it('`import datetime`, `import datetime as dt`: through the module, in its alias', () => {
    const plain = texts('GR101', 'import datetime\nnow = datetime.datetime.utcnow()\n');
    assert.deepEqual(plain, [
      'import datetime\nnow = datetime.datetime.now(datetime.UTC)\n',
      'import datetime\nnow = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)\n',
    ]);
    const alias = texts('GR101', 'import datetime as dt\nnow = dt.datetime.utcnow()\n', before311);
    assert.deepEqual(alias, [
      'import datetime as dt\nnow = dt.datetime.now(dt.timezone.utc)\n',
      'import datetime as dt\nnow = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)\n',
    ]);
    const settled = texts(
      'GR101',
      'import datetime\nthen = datetime.datetime.now(datetime.timezone.utc)\nnow = datetime.datetime.utcnow()\n',
    );
    assert.equal(
      settled[0],
      'import datetime\nthen = datetime.datetime.now(datetime.timezone.utc)\nnow = datetime.datetime.now(datetime.timezone.utc)\n',
    );
    assert.deepEqual(zones([...plain, ...alias, ...settled]), ['UTC', 'None', 'UTC', 'None', 'UTC', 'None']);
  });

  it('`from datetime import datetime [as X]`: the class is used, its import is extended', () => {
    const plain = texts('GR101', 'from datetime import datetime\nnow = datetime.utcnow()\n', before311);
    assert.deepEqual(plain, [
      'from datetime import datetime, timezone\nnow = datetime.now(timezone.utc)\n',
      'from datetime import datetime, timezone\nnow = datetime.now(timezone.utc).replace(tzinfo=None)\n',
    ]);
    const alias = texts('GR101', 'from datetime import (\n    datetime as D,\n    timedelta,\n)\nnow = D.utcnow()\n');
    assert.deepEqual(alias, [
      'from datetime import (\n    datetime as D,\n    timedelta,\n    UTC,\n)\nnow = D.now(UTC)\n',
      'from datetime import (\n    datetime as D,\n    timedelta,\n    UTC,\n)\nnow = D.now(UTC).replace(tzinfo=None)\n',
    ]);
    const both = texts('GR101', 'from datetime import datetime, timezone as tz\nnow = datetime.utcnow()\n');
    assert.equal(both[0], 'from datetime import datetime, timezone as tz\nnow = datetime.now(tz.utc)\n');
    assert.deepEqual(zones([...plain, ...alias, ...both]), ['UTC', 'None', 'UTC', 'None', 'UTC', 'None']);
  });

  it('an import inside a function or `if` is extended where it stands', () => {
    const inFunction = texts(
      'GR101',
      'def read():\n    from datetime import datetime\n    return datetime.utcnow()\nnow = read()\n',
    );
    assert.deepEqual(inFunction, [
      'def read():\n    from datetime import datetime, UTC\n    return datetime.now(UTC)\nnow = read()\n',
      'def read():\n    from datetime import datetime, UTC\n    return datetime.now(UTC).replace(tzinfo=None)\nnow = read()\n',
    ]);
    const inBlock = texts(
      'GR101',
      'if True:\n    from datetime import datetime\n    now = datetime.utcnow()\n',
      before311,
    );
    assert.equal(
      inBlock[0],
      'if True:\n    from datetime import datetime, timezone\n    now = datetime.now(timezone.utc)\n',
    );
    const second = texts(
      'GR101',
      'try:\n    from datetime import datetime, UTC\nexcept ImportError:\n    raise\ndef read():\n    return datetime.utcnow()\nnow = read()\n',
    );
    assert.equal(
      second[0],
      'try:\n    from datetime import datetime, UTC\nexcept ImportError:\n    raise\ndef read():\n    return datetime.now(UTC)\nnow = read()\n',
    );
    const module = texts(
      'GR101',
      'def read():\n    import datetime as d\n    return d.datetime.utcnow()\nnow = read()\n',
    );
    assert.equal(module[0], 'def read():\n    import datetime as d\n    return d.datetime.now(d.UTC)\nnow = read()\n');
    assert.deepEqual(zones([...inFunction, ...inBlock, ...second, ...module]), [
      ...['UTC', 'None', 'UTC', 'None', 'UTC', 'None', 'UTC', 'None'],
    ]);
  });

  it('a name that is taken: another spelling, an alias, or nothing', () => {
    const taken = 'from django.utils import timezone\nfrom datetime import datetime\nnow = datetime.utcnow()\n';
    assert.equal(
      texts('GR101', taken)[0],
      'from django.utils import timezone\nfrom datetime import datetime, UTC\nnow = datetime.now(UTC)\n',
    );
    assert.equal(
      texts('GR101', taken, before311)[0],
      'from django.utils import timezone\nfrom datetime import datetime, timezone as dt_timezone\nnow = datetime.now(dt_timezone.utc)\n',
    );
    const local =
      'from datetime import datetime\ndef read(timezone: str):\n    return datetime.utcnow()\nnow = read("")\n';
    assert.equal(
      texts('GR101', local, before311)[0],
      'from datetime import datetime, timezone as dt_timezone\ndef read(timezone: str):\n    return datetime.now(dt_timezone.utc)\nnow = read("")\n',
    );
    const utcTaken = 'from pytz import UTC\nfrom datetime import datetime\nnow = datetime.utcnow()\n';
    assert.equal(
      texts('GR101', utcTaken)[0],
      'from pytz import UTC\nfrom datetime import datetime, timezone\nnow = datetime.now(timezone.utc)\n',
    );
    const all = 'timezone = UTC = dt_timezone = 1\nfrom datetime import datetime\nnow = datetime.utcnow()\n';
    assert.deepEqual(texts('GR101', all), []);
    assert.deepEqual(zones(texts('GR101', local, before311)), ['UTC', 'None']);
  });

  it('`UTC` only where the target Python is known to have it', () => {
    const source = 'from datetime import datetime\nnow = datetime.utcnow()\n';
    const zone = 'from datetime import datetime, timezone\nnow = datetime.now(timezone.utc)\n';
    assert.equal(texts('GR101', source, before311)[0], zone);
    assert.equal(texts('GR101', source, unknown)[0], zone);
    assert.equal(texts('GR101', source)[0], 'from datetime import datetime, UTC\nnow = datetime.now(UTC)\n');
    const used = 'from datetime import UTC, datetime\nnow = datetime.utcnow()\n';
    assert.equal(texts('GR101', used, unknown)[0], 'from datetime import UTC, datetime\nnow = datetime.now(UTC)\n');
  });

  it('a bare reference becomes a lambda, never a call', () => {
    const header = 'from sqlalchemy import Column, DateTime\nfrom datetime import datetime, UTC\n';
    const naive = 'lambda: datetime.now(UTC).replace(tzinfo=None)';
    for (const keyword of ['default', 'onupdate']) {
      const column = (value: string) => `${header}at = Column(DateTime(timezone=True), ${keyword}=${value})\n`;
      assert.deepEqual(texts('GR108', column('datetime.utcnow')), [column('lambda: datetime.now(UTC)'), column(naive)]);
      assert.deepEqual(safeties('GR108', column('datetime.utcnow')), ['unsafe', 'unsafe']);
    }
    const field = (value: string) =>
      `from dataclasses import dataclass, field\nimport datetime as dt\n@dataclass\nclass Event:\n    at: object = field(default_factory=${value})\nnow = Event().at\n`;
    const fields = texts('GR108', field('dt.datetime.utcnow'), before311);
    assert.deepEqual(fields, [
      field('lambda: dt.datetime.now(dt.timezone.utc)'),
      field('lambda: dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)'),
    ]);
    assert.deepEqual(zones(fields), ['UTC', 'None']);
    const pydantic = (value: string) => `from pydantic import Field\n${utcKnown}at: datetime = Field(${value})\n`;
    assert.equal(
      texts('GR108', pydantic('default=datetime.utcnow'))[0],
      pydantic('default_factory=lambda: datetime.now(UTC)'),
    );
    const inClass =
      'from sqlalchemy import Column\nclass Event(Base):\n    from datetime import datetime\n    at = Column(default=datetime.utcnow)\n';
    assert.deepEqual(texts('GR108', inClass), []);
    const django =
      'from django.db import models\nfrom datetime import datetime\nat = models.DateTimeField(default=datetime.utcnow)\n';
    assert.deepEqual(texts('GR108', django), []);
    const unresolved = `${utcKnown}at = db.Column(db.DateTime, default=datetime.utcnow)\n`;
    assert.equal(
      texts('GR108', unresolved)[0],
      `${utcKnown}at = db.Column(db.DateTime, default=lambda: datetime.now(UTC))\n`,
    );
    assert.deepEqual(offered('GR108', `${utcKnown}clock = datetime.utcnow\nstart(callback=datetime.utcnow)\n`), []);
  });

  it('a called default is wrapped in a lambda', () => {
    const column = (value: string) =>
      `from sqlalchemy import Column, DateTime\n${utcKnown}at = Column(DateTime(timezone=True), default=${value})\n`;
    assert.deepEqual(fixesOf('GR101', column('datetime.utcnow()')), [
      {
        title: 'Replace with `lambda: datetime.now(UTC)`',
        safety: 'unsafe',
        reason: 'The default is taken anew for every object instead of once, when the module is imported.',
        text: column('lambda: datetime.now(UTC)'),
      },
      {
        title: 'Keep the value naive: `lambda: datetime.now(UTC).replace(tzinfo=None)`',
        safety: 'unsafe',
        reason: `The default is taken anew for every object instead of once, when the module is imported. ${naiveOnly}`,
        text: column('lambda: datetime.now(UTC).replace(tzinfo=None)'),
      },
    ]);
    assert.equal(
      texts('GR101', column('datetime.utcnow() + timedelta(days=1)'))[0],
      column('lambda: datetime.now(UTC) + timedelta(days=1)'),
    );
    const field = (value: string) => `from pydantic import Field\n${utcKnown}at: datetime = Field(${value})\n`;
    assert.equal(
      texts('GR101', field('default=datetime.utcnow()'))[0],
      field('default_factory=lambda: datetime.now(UTC)'),
    );
    assert.equal(texts('GR101', field('datetime.utcnow()'))[0], field('default_factory=lambda: datetime.now(UTC)'));
    const labelled = 'default=datetime.utcnow().replace(tzinfo=UTC)';
    assert.deepEqual(texts('GR101', field(labelled)), [field('default_factory=lambda: datetime.now(UTC)')]);
    assert.deepEqual(safeties('GR101', field(labelled)), ['unsafe']);
  });

  it("a parameter's default is reported and left alone", () => {
    assert.deepEqual(texts('GR101', `${utcKnown}def read(at=datetime.utcnow()): ...\n`), []);
    assert.deepEqual(texts('GR101', `${utcKnown}def read(at: datetime = Query(default=datetime.utcnow())): ...\n`), []);
    assert.deepEqual(texts('GR101', `${utcKnown}read = lambda at=datetime.utcnow().date(): at\n`), []);
  });

  it('a naive column changes its type with the default, or the value stays naive', () => {
    const reason =
      'The column becomes `timezone=True` with it, since asyncpg rejects aware values for the naive type: the table needs a migration.';
    const header = `from sqlalchemy import Column, DateTime, TIMESTAMP\n${utcKnown}`;
    for (const type of ['DateTime', 'TIMESTAMP']) {
      const column = (name: string, value: string) => `${header}at = Column(${name}, default=${value})\n`;
      assert.deepEqual(fixesOf('GR108', column(type, 'datetime.utcnow')), [
        {
          title: 'Replace with `lambda: datetime.now(UTC)`, and the column with `timezone=True`',
          safety: 'unsafe',
          reason,
          text: column(`${type}(timezone=True)`, 'lambda: datetime.now(UTC)'),
        },
        {
          title: 'Keep the value naive: `lambda: datetime.now(UTC).replace(tzinfo=None)`',
          safety: 'unsafe',
          reason: naiveOnly,
          text: column(type, 'lambda: datetime.now(UTC).replace(tzinfo=None)'),
        },
      ]);
      assert.deepEqual(texts('GR101', column(`${type}()`, 'lambda: datetime.utcnow()')), [
        column(`${type}(timezone=True)`, 'lambda: datetime.now(UTC)'),
        column(`${type}()`, 'lambda: datetime.now(UTC).replace(tzinfo=None)'),
      ]);
      assert.equal(
        texts('GR101', column(type, 'datetime.utcnow()'))[0],
        column(`${type}(timezone=True)`, 'lambda: datetime.now(UTC)'),
      );
    }
    const mapped = (value: string) =>
      `from sqlalchemy import DateTime\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n${utcKnown}class Base(DeclarativeBase):\n    pass\nclass Event(Base):\n    at: Mapped[datetime] = mapped_column(${value})\n`;
    assert.equal(
      texts('GR108', mapped('default=datetime.utcnow'))[0],
      mapped('DateTime(timezone=True), default=lambda: datetime.now(UTC)'),
    );
  });

  it('compared with or subtracted from something else: unsafe, and it says why', () => {
    const compared =
      'It is compared here: where the other value is naive, `<` raises `TypeError` and `==` is silently false.';
    const subtracted = 'It is subtracted here: where the other value is naive, that raises `TypeError`.';
    for (const [use, reason] of [
      ['late = token.expires_at < datetime.utcnow()', compared],
      ['late = datetime.utcnow() == datetime.min', compared],
      ['late = datetime.utcnow() - timedelta(days=1) > row.at', compared],
      ['age = datetime.utcnow() - row.at', subtracted],
      ['left = row.at - datetime.utcnow()', subtracted],
    ] as const) {
      const [first, second] = fixesOf('GR101', `from datetime import UTC, datetime, timedelta\n${use}\n`);
      assert.deepEqual([first?.safety, first?.reason], ['unsafe', reason], use);
      assert.deepEqual([second?.safety, second?.reason], ['unsafe', naiveOnly], use);
    }
    const variable = `${utcKnown}def late(row):\n    now = datetime.utcnow()\n    return row.at < now\n`;
    assert.deepEqual(fixesOf('GR101', variable)[0]?.reason, compared);
  });

  it('a `Z` behind the text goes with the same fix, or only the naive fix is offered', () => {
    const runs: [string, RegExp][] = [];
    const gains = 'The text ends in `+00:00` instead of `Z`.';
    for (const [use, fixed] of [
      ['datetime.utcnow().isoformat() + "Z"', 'datetime.now(UTC).isoformat()'],
      ['"at " + datetime.utcnow().isoformat() + "Z"', '"at " + datetime.now(UTC).isoformat()'],
      ['datetime.utcnow().isoformat() + "Z;"', 'datetime.now(UTC).isoformat() + ";"'],
      ['str(datetime.utcnow()) + "Z"', 'str(datetime.now(UTC))'],
      ['f"{datetime.utcnow().isoformat()}Z"', 'f"{datetime.now(UTC).isoformat()}"'],
      ['f"{datetime.utcnow()}Z"', 'f"{datetime.now(UTC)}"'],
    ] as const) {
      const [first, second, ...more] = fixesOf('GR101', `${utcKnown}text = ${use}\n`);
      assert.deepEqual([first?.text, first?.safety, first?.reason], [`${utcKnown}text = ${fixed}\n`, 'unsafe', gains]);
      const naive = use.replace('datetime.utcnow()', 'datetime.now(UTC).replace(tzinfo=None)');
      assert.equal(second?.text, `${utcKnown}text = ${naive}\n`);
      assert.deepEqual(more, []);
      runs.push([`${first?.text}print(text)`, /\d\+00:00;?\n$/], [`${second?.text}print(text)`, /\dZ;?\n$/]);
    }
    const variable = (now: string, text: string) =>
      `${utcKnown}def stamp():\n    now = ${now}\n    return {"at": ${text}}\nprint(stamp()["at"])\n`;
    const [traced] = texts('GR101', variable('datetime.utcnow()', 'now.isoformat() + "Z"'));
    assert.equal(traced, variable('datetime.now(UTC)', 'now.isoformat()'));
    runs.push([traced ?? '', /\d\+00:00\n$/]);
    for (const use of [
      'datetime.utcnow().isoformat()[:-3] + "Z"',
      'datetime.utcnow().isoformat().split(".")[0] + "Z"',
      '"{}Z".format(datetime.utcnow().isoformat())',
      '"%sZ" % datetime.utcnow().isoformat()',
      'datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S%zZ")',
      'f"{datetime.utcnow().isoformat()}" "Z"',
    ]) {
      const naive = use.replace('datetime.utcnow()', 'datetime.now(UTC).replace(tzinfo=None)');
      assert.deepEqual(texts('GR101', `${utcKnown}text = ${use}\n`), [`${utcKnown}text = ${naive}\n`], use);
      runs.push([`${utcKnown}text = ${naive}\nprint(text)`, /\dZ\n$/]);
    }
    const stored = (now: string) =>
      `${utcKnown}class Event:\n    def __init__(self):\n        self.at = ${now}\n    def text(self):\n        return self.at.isoformat() + "Z"\nprint(Event().text())\n`;
    assert.deepEqual(texts('GR101', stored('datetime.utcnow()')), [stored('datetime.now(UTC).replace(tzinfo=None)')]);
    const helper = (now: string) => `${utcKnown}def read():\n    return ${now}\nprint(read().isoformat() + "Z")\n`;
    assert.deepEqual(texts('GR101', helper('datetime.utcnow()')), [helper('datetime.now(UTC).replace(tzinfo=None)')]);
    // A format writes only what it says, so the aware value gives the very same text.
    const format = (now: string) => `${utcKnown}text = ${now}.strftime("%Y-%m-%dT%H:%M:%SZ")\n`;
    assert.deepEqual(
      fixesOf('GR101', format('datetime.utcnow()')).map(({ text, safety }) => [text, safety]),
      [[format('datetime.now(UTC)'), 'safe']],
    );
    runs.push([`${format('datetime.now(UTC)')}print(text)`, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/]);
    const printed = run(runs.map(([text]) => text));
    for (const [index, [text, wanted]] of runs.entries()) assert.match(printed[index] ?? '', wanted, text);
  });

  it('text without a `Z` gains the offset: unsafe', () => {
    for (const use of [
      'datetime.utcnow().isoformat()',
      'str(datetime.utcnow())',
      'f"report-{datetime.utcnow()}.csv"',
      '{"at": datetime.utcnow().isoformat()}',
    ]) {
      const [first, second] = fixesOf('GR101', `${utcKnown}text = ${use}\n`);
      assert.deepEqual([first?.safety, first?.reason], ['unsafe', 'Its text gains `+00:00`.'], use);
      assert.equal(first?.text, `${utcKnown}text = ${use.replace('utcnow()', 'now(UTC)')}\n`);
      assert.equal(second?.title, 'Keep the value naive: `datetime.now(UTC).replace(tzinfo=None)`');
    }
    assert.deepEqual(safeties('GR101', `${utcKnown}day = datetime.utcnow().isoformat()[:10]\n`), ['safe']);
  });

  it('`.timestamp()` changes its value, and the title says so', () => {
    const source = `${utcKnown}at = datetime.utcnow().timestamp()\n`;
    assert.deepEqual(fixesOf('GR101', source), [
      {
        title: 'Replace with `datetime.now(UTC)` (the value of `.timestamp()` changes)',
        safety: 'unsafe',
        reason:
          '`.timestamp()` takes a naive value for local time; the number changes, towards the correct one, unless the machine runs in UTC.',
        text: `${utcKnown}at = datetime.now(UTC).timestamp()\n`,
      },
      {
        title: 'Keep the value naive: `datetime.now(UTC).replace(tzinfo=None)`',
        safety: 'unsafe',
        reason: naiveOnly,
        text: `${utcKnown}at = datetime.now(UTC).replace(tzinfo=None).timestamp()\n`,
      },
    ]);
    const difference = '\nimport time\nprint(round((time.time() - at) / 3600))';
    // The tests run in Tokyo, nine hours ahead: the naive value is that far from the truth.
    assert.deepEqual(run(texts('GR101', source).map((text) => text + difference)), ['0\n', '9\n']);
  });

  it('`.replace(tzinfo=utc)` chained is collapsed, and safe', () => {
    const collapse = (source: string) => fixesOf('GR101', source).map(({ text, safety }) => [text, safety]);
    assert.deepEqual(collapse(`${utcKnown}now = datetime.utcnow().replace(tzinfo=UTC)\n`), [
      [`${utcKnown}now = datetime.now(UTC)\n`, 'safe'],
    ]);
    const pytz = 'import pytz\nfrom datetime import datetime\n';
    assert.deepEqual(collapse(`${pytz}now = datetime.utcnow().replace(tzinfo=pytz.utc)\n`), [
      [`${pytz}now = datetime.now(pytz.utc)\n`, 'safe'],
    ]);
    assert.deepEqual(collapse(`${pytz}now = pytz.utc.localize(datetime.utcnow())\n`), [
      [`${pytz}now = datetime.now(pytz.utc)\n`, 'safe'],
    ]);
    assert.deepEqual(collapse(`${utcKnown}now = datetime.utcnow().replace(microsecond=0, tzinfo=UTC)\n`), [
      [`${utcKnown}now = datetime.now(UTC).replace(microsecond=0, tzinfo=UTC)\n`, 'safe'],
    ]);
    assert.deepEqual(collapse(`${utcKnown}now = datetime.utcnow().replace(tzinfo=None)\n`), [
      [`${utcKnown}now = datetime.now(UTC).replace(tzinfo=None)\n`, 'safe'],
    ]);
    const commented = `${utcKnown}now = datetime.utcnow().replace(\n    tzinfo=UTC,  # as the law demands\n)\n`;
    assert.deepEqual(collapse(commented), [[`${utcKnown}now = datetime.now(UTC)\n`, 'unsafe']]);
  });

  it('`.date()` and the times of a token are safe', () => {
    assert.deepEqual(fixesOf('GR101', `${utcKnown}day = datetime.utcnow().date()\n`), [
      {
        title: 'Replace with `datetime.now(UTC)`',
        safety: 'safe',
        reason: undefined,
        text: `${utcKnown}day = datetime.now(UTC).date()\n`,
      },
    ]);
    const token = (now: string) =>
      `import jwt\nfrom datetime import UTC, datetime, timedelta\ndef make(minutes: int, life: timedelta):\n    expire = ${now} + timedelta(minutes=minutes)\n    claims = {"sub": "me"}\n    claims.update({"exp": expire})\n    return jwt.encode(claims, "key")\n`;
    assert.deepEqual(
      fixesOf('GR101', token('datetime.utcnow()')).map(({ text, safety }) => [text, safety]),
      [[token('datetime.now(UTC)'), 'safe']],
    );
    const inline = (now: string) =>
      `from jose import jwt\n${utcKnown}def make(life):\n    return jwt.encode({"iat": ${now}}, "key")\n`;
    assert.deepEqual(
      fixesOf('GR101', inline('datetime.utcnow()')).map(({ text, safety }) => [text, safety]),
      [[inline('datetime.now(UTC)'), 'safe']],
    );
    const shared = `${utcKnown}def mark():\n    global now\n    now = datetime.utcnow()\n    return now.year\n`;
    assert.deepEqual(safeties('GR101', shared), ['unsafe', 'unsafe']);
    const elsewhere = `${utcKnown}options = {"exp": datetime.utcnow()}\n`;
    assert.deepEqual(safeties('GR101', elsewhere), ['unsafe', 'unsafe']);
  });

  it('`utcfromtimestamp(x)` has the same traps', () => {
    const make = (call: string) => `${utcKnown}now = ${call}\n`;
    const plain = texts('GR103', make('datetime.utcfromtimestamp(0)'));
    assert.deepEqual(plain, [
      make('datetime.fromtimestamp(0, tz=UTC)'),
      make('datetime.fromtimestamp(0, tz=UTC).replace(tzinfo=None)'),
    ]);
    assert.deepEqual(zones(plain), ['UTC', 'None']);
    assert.deepEqual(run(plain.map((text) => `${text}print(now.replace(tzinfo=None))`)), [
      '1970-01-01 00:00:00\n',
      '1970-01-01 00:00:00\n',
    ]);
    assert.deepEqual(
      fixesOf('GR103', make('datetime.utcfromtimestamp(0).replace(tzinfo=UTC)')).map(({ text, safety }) => [
        text,
        safety,
      ]),
      [[make('datetime.fromtimestamp(0, tz=UTC)'), 'safe']],
    );
    assert.equal(
      texts('GR103', make('datetime.utcfromtimestamp(0).isoformat() + "Z"'))[0],
      make('datetime.fromtimestamp(0, tz=UTC).isoformat()'),
    );
    assert.deepEqual(safeties('GR103', make('datetime.utcfromtimestamp(0).date()')), ['safe']);
  });

  it('mocks, patched names and other libraries are never touched', () => {
    for (const source of [
      'from sqlalchemy.ext.compiler import compiles\nfrom app.sql import utcnow\nat = Column(default=utcnow())\n',
      'import pendulum\nnow = pendulum.DateTime.utcnow()\n',
      'import arrow\nnow = arrow.utcnow()\n',
      'def test(datetime):\n    datetime.utcnow()\n',
      'from datetime import datetime\ndatetime = FakeDatetime\nnow = datetime.utcnow()\n',
      'from unittest.mock import MagicMock\ndatetime = MagicMock()\ndatetime.utcnow()\n',
      'from datetime import datetime\nclass Fake(datetime):\n    @classmethod\n    def utcnow(cls):\n        return cls(2024, 1, 1)\nnow = Fake.utcnow()\n',
    ]) {
      for (const code of ['GR101', 'GR108']) assert.deepEqual(offered(code, source), [], source);
    }
  });

  it('where the value must stay naive, a second action keeps it so, and prints the same', () => {
    const source = py`
      from datetime import datetime, timezone


      def read():
          return datetime.utcnow()


      now = read()
    `;
    const [, naive] = fixesOf('GR101', source);
    assert.deepEqual(naive, {
      title: 'Keep the value naive: `datetime.now(timezone.utc).replace(tzinfo=None)`',
      safety: 'unsafe',
      reason: naiveOnly,
      text: source.replace('utcnow()', 'now(timezone.utc).replace(tzinfo=None)'),
    });
    const same = 'print(now.tzinfo, abs((now - datetime.utcnow()).total_seconds()) < 5)';
    assert.deepEqual(run([`${naive?.text}${same}`]), ['None True\n']);
    const localized = `import pytz\n${utcKnown}def read(zone):\n    now = datetime.utcnow()\n    return pytz.timezone(zone).localize(now)\n`;
    assert.deepEqual(texts('GR101', localized), [localized.replace('utcnow()', 'now(UTC).replace(tzinfo=None)')]);
  });
});
