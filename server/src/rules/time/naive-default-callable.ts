import type { Fix, Node, SourceFile, TypedNode } from '../../engine/index.ts';
import {
  callableKeyword,
  columnReason,
  consequencesOfAwareness,
  defaultColumn,
  defineRule,
  mergeInsertions,
  naiveReason,
  py,
  spellNow,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR108',
  name: 'naive-default-callable',
  family: 'time',
  severity: 'error',
  standards: ['production', 'module', 'backend'],
  summary: 'A naive clock handed over as a default fills every new row with a time without its zone',
  advice: 'Hand over `lambda: datetime.now(UTC)`',
  why: '`default=datetime.utcnow` is called for every row or object, and each gets a naive time: the fault is in the data, where it is found last. A lambda that calls `datetime.now(UTC)` gives aware times; a call without a lambda would freeze the time at import.',
  fix: 'unsafe',
  fixSafety:
    'New values become timezone-aware: a column without `timezone=True` may refuse them, comparing them with naive ones fails, and their text gains `+00:00`.',
  requirements: ['000-009', '000-010', '003-036', '004-092'],
  peers: [],
  mentions: ['utcnow', 'now', 'today'],
  examples: [
    {
      bad: py`
        from datetime import datetime

        from sqlalchemy import Column, DateTime

        created_at = Column(DateTime(timezone=True), default=datetime.utcnow, onupdate=datetime.now)
        #                                                    ^^^^^^^^^^^^^^^ GR108 unsafe: \`datetime.utcnow\` as \`default\` gives every new value a time without its zone; pass a lambda that calls \`now\` with UTC.
        #                                                                              ^^^^^^^^^^^^ GR108 unsafe: \`datetime.now\` as \`onupdate\` gives every new value a time without its zone; pass a lambda that calls \`now\` with UTC.
      `,
      good: py`
        from datetime import datetime, UTC

        from sqlalchemy import Column, DateTime

        created_at = Column(DateTime(timezone=True), default=lambda: datetime.now(UTC), onupdate=lambda: datetime.now(UTC))
      `,
    },
    {
      bad: py`
        import datetime
        from dataclasses import dataclass, field


        @dataclass
        class Event:
            at: datetime.datetime = field(default_factory=datetime.datetime.utcnow)
        #                                                 ^^^^^^^^^^^^^^^^^^^^^^^^ GR108 unsafe
            on: datetime.date = field(default_factory=datetime.date.today)
        #                                             ^^^^^^^^^^^^^^^^^^^ GR108 unsafe: \`datetime.date.today\` as \`default_factory\` gives every new value the day on this machine; pass a lambda that takes the date of \`now\` with UTC.
      `,
      good: py`
        import datetime
        from dataclasses import dataclass, field


        @dataclass
        class Event:
            at: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
            on: datetime.date = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).date())
      `,
    },
    {
      bad: py`
        from datetime import datetime

        from django.db import models


        class Event(models.Model):
            at = models.DateTimeField(default=datetime.utcnow)
        #                                     ^^^^^^^^^^^^^^^ GR108 none
      `,
    },
    {
      ok: py`
        from datetime import datetime

        clock = datetime.utcnow
        schedule(callback=datetime.now)
        patch("app.clock", new=datetime.utcnow)
      `,
    },
    {
      ok: py`
        from datetime import UTC, datetime

        import arrow
        from sqlalchemy import Column, DateTime, func

        first = Column(DateTime(timezone=True), default=lambda: datetime.now(UTC))
        second = Column(DateTime(timezone=True), default=func.now)
        third = Column(DateTime(timezone=True), default=arrow.utcnow)
      `,
    },
    {
      ok: py`
        from datetime import datetime


        class Event(Base, default=datetime.utcnow):
            pass
      `,
    },
  ],
  on: {
    keyword_argument(keyword, file) {
      const name = keyword.field('name').text;
      if (!keywords.has(name)) return undefined;
      const value = keyword.field('value');
      if (!value.is('attribute', 'identifier')) return undefined;
      const clock = clocks.get(file.qualified(value) ?? '');
      const maker = keyword.parent?.parent;
      if (!clock || !maker?.is('call')) return undefined;
      return {
        at: value,
        message: `\`${value.text}\` as \`${name}\` gives every new value ${clock.gives}; pass a lambda that ${clock.advice}.`,
        fix: () => fixes(file, keyword, value, maker, clock),
      };
    },
  },
});

const keywords = new Set(['default', 'onupdate', 'default_factory']);

interface Clock {
  readonly gives: string;
  readonly advice: string;
  readonly isUtc: boolean;
  readonly isDate: boolean;
}

const naiveTime = { gives: 'a time without its zone', advice: 'calls `now` with UTC', isDate: false };
const clocks = new Map<string, Clock>([
  ['datetime.datetime.utcnow', { ...naiveTime, isUtc: true }],
  ['datetime.datetime.now', { ...naiveTime, isUtc: false }],
  ['datetime.datetime.today', { ...naiveTime, isUtc: false }],
  [
    'datetime.date.today',
    { gives: 'the day on this machine', advice: 'takes the date of `now` with UTC', isUtc: false, isDate: true },
  ],
]);

function fixes(
  file: SourceFile,
  keyword: TypedNode<'keyword_argument'>,
  value: Node,
  maker: TypedNode<'call'>,
  clock: Clock,
): Fix[] {
  const key = keyword.field('name');
  const called = callableKeyword(file, maker, key.text);
  const now = called === undefined ? undefined : spellNow(file, value, true);
  if (called === undefined || !now) return [];
  const rename = called === key.text ? [] : [{ start: key.start, end: key.end, text: called }];
  const lambda = (text: string, more: readonly Fix['edits'][number][]): Fix['edits'] =>
    mergeInsertions([
      ...now.edits,
      ...more,
      ...rename,
      { start: value.start, end: value.end, text: `lambda: ${text}` },
    ]);
  if (clock.isDate) {
    const text = `${now.text}.date()`;
    const reason = 'New values become the day in UTC instead of the day on the machine.';
    return [{ title: `Replace with \`lambda: ${text}\``, safety: 'unsafe', reason, edits: lambda(text, []) }];
  }
  const column = defaultColumn(file, value);
  const widened = column ? column.aware() : [];
  const local = clock.isUtc ? '' : 'New values become UTC instead of the local time of the machine. ';
  const found: Fix[] = [];
  if (widened && !consequencesOfAwareness(file, maker).mustStayNaive)
    found.push({
      title: `Replace with \`lambda: ${now.text}\`${column ? ', and the column with `timezone=True`' : ''}`,
      safety: 'unsafe',
      ...(column ? { reason: `${local}${columnReason}` } : local ? { reason: local.trim() } : {}),
      edits: lambda(now.text, widened),
    });
  if (clock.isUtc) {
    const naive = `${now.text}.replace(tzinfo=None)`;
    found.push({
      title: `Keep the value naive: \`lambda: ${naive}\``,
      safety: 'unsafe',
      reason: naiveReason,
      edits: lambda(naive, []),
    });
  }
  return found;
}
