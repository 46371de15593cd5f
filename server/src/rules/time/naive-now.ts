import {
  argumentsOf,
  calledClock,
  clockFixes,
  clockMessage,
  defineRule,
  lastParts,
  py,
  timingOf,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR102',
  name: 'naive-now',
  family: 'time',
  severity: 'error',
  standards: ['production', 'module', 'backend'],
  summary: '`datetime.now()` without a zone gives the local time of whatever machine runs it',
  advice: 'Pass the zone: `datetime.now(UTC)`',
  why: 'Without a zone the result is the wall clock of the machine, and does not say which: two servers, or one server before and after daylight saving ends, write times that cannot be put in order. `datetime.now(UTC)` is one clock for all.',
  fix: 'unsafe',
  fixSafety:
    'The value becomes UTC instead of the local time of the machine, and timezone-aware: comparing it with a naive one fails, and its text gains `+00:00`.',
  requirements: ['000-010', '000-052', '000-053', '000-055', '003-035', '003-036', '004-092', '004-193'],
  peers: ['DTZ005'],
  mentions: ['datetime'],
  calls: () => lastParts(now),
  examples: [
    {
      bad: py`
        from datetime import datetime

        started = datetime.now()
        #         ^^^^^^^^^^^^^^ GR102 unsafe: \`datetime.now()\` is local time without its zone; pass UTC to \`now\`.
        stopped = datetime.now(tz=None)
        #         ^^^^^^^^^^^^^^^^^^^^^ GR102 unsafe
        checked = datetime.now(None)
        #         ^^^^^^^^^^^^^^^^^^ GR102 unsafe
      `,
      good: py`
        from datetime import datetime, UTC

        started = datetime.now(UTC)
        stopped = datetime.now(UTC)
        checked = datetime.now(UTC)
      `,
    },
    {
      bad: py`
        import datetime

        labelled = datetime.datetime.now().replace(tzinfo=datetime.timezone.utc)
        #          ^^^^^^^^^^^^^^^^^^^^^^^ GR102 unsafe
      `,
      good: py`
        import datetime

        labelled = datetime.datetime.now(datetime.timezone.utc)
      `,
    },
    {
      bad: py`
        from datetime import datetime, timezone

        from pydantic import BaseModel, Field


        class Event(BaseModel):
            at: datetime = Field(default=datetime.now())
        #                                ^^^^^^^^^^^^^^ GR102 unsafe: \`datetime.now()\` as a called default is evaluated once, at import, and is local time without its zone; pass a callable that gives an aware time.


        def wait(since: datetime = datetime.now()) -> None:
        #                          ^^^^^^^^^^^^^^ GR102 none
            poll(since)
      `,
      good: py`
        from datetime import datetime, timezone

        from pydantic import BaseModel, Field


        class Event(BaseModel):
            at: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))


        def wait(since: datetime = datetime.now()) -> None:
            poll(since)
      `,
    },
    {
      ok: py`
        from datetime import UTC, datetime

        first = datetime.now().astimezone()
        second = datetime.now(UTC)
        third = datetime.now(tz=zone)
        fourth = datetime.now(**options)
      `,
    },
    {
      ok: py`
        import pendulum
        from django.utils.timezone import now

        first = pendulum.now()
        second = now()
      `,
    },
    {
      ok: py`
        def make(datetime):
            return datetime.now()
      `,
    },
  ],
  on: {
    call(call, file) {
      if (!calledClock(file, call, now)) return undefined;
      const { positional, keywords, keyword, hasSplat, hasDoubleSplat } = argumentsOf(call);
      if (hasSplat || hasDoubleSplat || positional.length + keywords.size > 1) return undefined;
      const zone = positional[0] ?? keyword('tz');
      if (positional.length + keywords.size > 0 && !zone?.is('none')) return undefined;
      const chained = call.parent;
      if (chained?.is('attribute') && chained.field('attribute').text === 'astimezone') return undefined;
      return {
        at: call,
        message: clockMessage(call, timingOf(file, call), 'local time without its zone', 'pass UTC to `now`'),
        fix: () => clockFixes(file, { call, isUtc: false, method: 'now', leading: '' }),
      };
    },
  },
});

const now = new Set(['datetime.datetime.now']);
