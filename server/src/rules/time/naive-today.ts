import {
  calledClock,
  clockFixes,
  clockMessage,
  defineRule,
  lastParts,
  mergeInsertions,
  py,
  spellNow,
  timingOf,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR104',
  name: 'naive-today',
  family: 'time',
  severity: 'warning',
  standards: ['production', 'backend'],
  summary: '`today()` is the day on the machine that runs it',
  advice: 'Take the day from `datetime.now(UTC)`',
  why: 'For some hours of every day, today on a server is not today in UTC, nor on the next server: a daily report, a due date or a quota that starts at midnight falls on different days. `datetime.now(UTC).date()` is the same day everywhere.',
  fix: 'unsafe',
  fixSafety: 'The value becomes that of UTC instead of the local time of the machine; near midnight it is another day.',
  requirements: ['000-010', '003-035', '004-092'],
  peers: ['DTZ002', 'DTZ011'],
  mentions: ['today'],
  calls: () => lastParts(today),
  examples: [
    {
      bad: py`
        from datetime import date, datetime

        started = datetime.today()
        #         ^^^^^^^^^^^^^^^^ GR104 unsafe: \`datetime.today()\` is local time without its zone; use \`datetime.now\` with UTC.
        day = date.today()
        #     ^^^^^^^^^^^^ GR104 unsafe: \`date.today()\` is the day on this machine; take the date of \`datetime.now\` with UTC.
      `,
      good: py`
        from datetime import date, datetime, UTC

        started = datetime.now(UTC)
        day = datetime.now(UTC).date()
      `,
    },
    {
      target: '3.9',
      bad: py`
        from datetime import date

        day = date.today().isoformat()
        #     ^^^^^^^^^^^^ GR104 unsafe
      `,
      good: py`
        from datetime import date, datetime, timezone

        day = datetime.now(timezone.utc).date().isoformat()
      `,
    },
    {
      bad: py`
        import datetime

        day = datetime.date.today()
        #     ^^^^^^^^^^^^^^^^^^^^^ GR104 unsafe


        def due(on: datetime.date = datetime.date.today()) -> bool:
        #                           ^^^^^^^^^^^^^^^^^^^^^ GR104 none
            return on > day
      `,
      good: py`
        import datetime

        day = datetime.datetime.now(datetime.UTC).date()


        def due(on: datetime.date = datetime.date.today()) -> bool:
            return on > day
      `,
    },
    {
      ok: py`
        from datetime import UTC, date, datetime

        day = datetime.now(UTC).date()
        first = date(2024, 1, 1)
        make_day = date.today
      `,
    },
    {
      ok: py`
        import pendulum
        from calendars import date

        first = pendulum.today()
        second = date.today()
      `,
    },
  ],
  on: {
    call(call, file) {
      const name = calledClock(file, call, today);
      if (!name || call.field('arguments').namedChildren.length > 0) return undefined;
      const timing = timingOf(file, call);
      if (name === 'datetime.datetime.today')
        return {
          at: call,
          message: clockMessage(call, timing, 'local time without its zone', 'use `datetime.now` with UTC'),
          fix: () => clockFixes(file, { call, isUtc: false, method: 'now', leading: '' }),
        };
      return {
        at: call,
        message: clockMessage(call, timing, 'the day on this machine', 'take the date of `datetime.now` with UTC'),
        fix: () => {
          if (timing.kind === 'parameter' || (timing.kind === 'default' && !timing.wrap)) return undefined;
          const wrap = timing.kind === 'default' ? (timing.wrap ?? []) : [];
          const now = spellNow(file, call.field('function'), wrap.length > 0);
          if (!now) return undefined;
          const text = `${now.text}.date()`;
          return {
            title: `Replace with \`${wrap.length > 0 ? 'lambda: ' : ''}${text}\``,
            safety: 'unsafe',
            edits: mergeInsertions([...now.edits, ...wrap, { start: call.start, end: call.end, text }]),
          };
        },
      };
    },
  },
});

const today = new Set(['datetime.datetime.today', 'datetime.date.today']);
