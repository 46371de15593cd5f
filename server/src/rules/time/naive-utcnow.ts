import { calledClock, clockFixes, clockMessage, defineRule, lastParts, py, timingOf } from '../../engine/index.ts';

export default defineRule({
  code: 'GR101',
  name: 'naive-utcnow',
  family: 'time',
  severity: 'error',
  standards: ['production', 'module', 'backend'],
  summary: '`datetime.utcnow()` gives a time that does not say it is UTC',
  advice: 'Take the current time with `datetime.now(UTC)`',
  why: '`datetime.utcnow()` returns the time in UTC without saying so: everything that reads it later, `.timestamp()` included, takes it for local time. It cannot be compared with aware times, and Python has deprecated it since 3.12. `datetime.now(UTC)` gives the same instant with its zone.',
  fix: 'mixed',
  fixSafety:
    'The value becomes timezone-aware: comparing it with or subtracting it from a naive one raises `TypeError` or is never equal, its text gains `+00:00`, and a column without `timezone=True` may refuse it.',
  requirements: ['000-009', '000-053', '000-055', '003-036', '003-037', '004-092', '004-193'],
  peers: ['DTZ003', 'Sonar S6903'],
  mentions: ['utcnow'],
  calls: () => lastParts(utcnow),
  examples: [
    {
      bad: py`
        from datetime import datetime

        created = datetime.utcnow()
        #         ^^^^^^^^^^^^^^^^^ GR101 unsafe: \`datetime.utcnow()\` is a time without its zone; use \`now\` with UTC as its argument.
      `,
      good: py`
        from datetime import datetime, UTC

        created = datetime.now(UTC)
      `,
    },
    {
      target: '3.10',
      bad: py`
        import datetime as dt


        def today() -> dt.date:
            return dt.datetime.utcnow().date()
        #          ^^^^^^^^^^^^^^^^^^^^ GR101 safe
      `,
      good: py`
        import datetime as dt


        def today() -> dt.date:
            return dt.datetime.now(dt.timezone.utc).date()
      `,
    },
    {
      bad: py`
        from datetime import datetime, timezone

        now = datetime.utcnow().replace(tzinfo=timezone.utc)
        #     ^^^^^^^^^^^^^^^^^ GR101 safe
      `,
      good: py`
        from datetime import datetime, timezone

        now = datetime.now(timezone.utc)
      `,
    },
    {
      bad: py`
        from datetime import UTC, datetime

        from sqlalchemy import Column, DateTime

        created = Column(DateTime(timezone=True), default=datetime.utcnow())
        #                                                 ^^^^^^^^^^^^^^^^^ GR101 unsafe: \`datetime.utcnow()\` as a called default is evaluated once, at import, and is a time without its zone; pass a callable that gives an aware time.
      `,
      good: py`
        from datetime import UTC, datetime

        from sqlalchemy import Column, DateTime

        created = Column(DateTime(timezone=True), default=lambda: datetime.now(UTC))
      `,
    },
    {
      bad: py`
        from datetime import datetime


        def report(at: datetime = datetime.utcnow()) -> None:
        #                         ^^^^^^^^^^^^^^^^^ GR101 none: \`datetime.utcnow()\` in a parameter's default is evaluated once, when the function is defined, and is a time without its zone; default to \`None\` and take the time in the body.
            send(at)
      `,
    },
    {
      ok: py`
        import pendulum
        from app.clock import datetime as clock
        from sqlalchemy.sql.functions import utcnow

        first = pendulum.datetime.utcnow()
        second = utcnow()
        third = clock.utcnow()
      `,
    },
    {
      ok: py`
        class datetime:
            @staticmethod
            def utcnow() -> int:
                return 0


        now = datetime.utcnow()
      `,
    },
    {
      ok: py`
        from datetime import UTC, datetime

        handler = datetime.utcnow
        now = datetime.now(UTC)
      `,
    },
  ],
  on: {
    call(call, file) {
      if (!calledClock(file, call, utcnow)) return undefined;
      if (call.field('arguments').namedChildren.length > 0) return undefined;
      const advice = 'use `now` with UTC as its argument';
      return {
        at: call,
        message: clockMessage(call, timingOf(file, call), 'a time without its zone', advice),
        fix: () => clockFixes(file, { call, isUtc: true, method: 'now', leading: '' }),
      };
    },
  },
});

const utcnow = new Set(['datetime.datetime.utcnow']);
