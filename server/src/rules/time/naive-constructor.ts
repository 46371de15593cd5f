import type { Finding, Fix, SourceFile, TypedNode } from '../../engine/index.ts';
import {
  argumentsOf,
  calledClock,
  defineRule,
  escapesNaive,
  lastParts,
  mayBecomeAware,
  py,
  spellUtc,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR105',
  name: 'naive-constructor',
  family: 'time',
  severity: 'warning',
  standards: ['production', 'backend'],
  summary: 'A datetime literal without its zone',
  advice: 'Say the zone: `datetime(2024, 1, 1, tzinfo=UTC)`',
  why: 'A datetime that is written down without a zone means another instant on every machine, and raises `TypeError` as soon as it is compared with an aware one. The person who writes it knows which zone is meant; the code should say so.',
  fix: 'unsafe',
  fixSafety:
    'The value becomes UTC, which may not be the zone that was meant, and timezone-aware: comparing it with a naive one fails.',
  requirements: ['000-010', '004-092'],
  peers: ['DTZ001'],
  mentions: ['datetime'],
  calls: () => lastParts(constructed),
  examples: [
    {
      bad: py`
        from datetime import datetime

        launch = datetime(2024, 1, 1)
        #        ^^^^^^^^^^^^^^^^^^^^ GR105 unsafe: \`datetime(…)\` without \`tzinfo\` is a time without its zone; pass \`tzinfo\` as UTC.
        review = datetime(
        #        ^^^^^^^^^~4 GR105 unsafe
            2024,
            month=2,
            day=1,
        )
      `,
      good: py`
        from datetime import datetime, UTC

        launch = datetime(2024, 1, 1, tzinfo=UTC)
        review = datetime(
            2024,
            month=2,
            day=1, tzinfo=UTC,
        )
      `,
    },
    {
      target: '3.10',
      bad: py`
        import datetime as dt

        launch = dt.datetime(2024, 1, 1, 12, 30, fold=1).isoformat()
        #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR105 unsafe: \`dt.datetime(…)\` without \`tzinfo\` is a time without its zone; pass \`tzinfo\` as UTC.
      `,
      good: py`
        import datetime as dt

        launch = dt.datetime(2024, 1, 1, 12, 30, fold=1, tzinfo=dt.timezone.utc).isoformat()
      `,
    },
    {
      ok: py`
        from datetime import UTC, date, datetime, time

        first = datetime(2024, 1, 1, tzinfo=UTC)
        second = datetime(2024, 1, 1, 0, 0, 0, 0, UTC)
        third = datetime(2024, 1, 1).astimezone()
        fourth = datetime(2024, 1, 1, 12).replace(microsecond=0).replace(tzinfo=UTC)
        fifth = zone.localize(datetime(2024, 1, 1))
        sixth = datetime(*parts)
        seventh = datetime(2024, 1, 1, **options)
        eighth = date(2024, 1, 1)
        ninth = time(12, 30)
        tenth = datetime(2024, 1, 1).date()
        eleventh = datetime(2024, 1, 1, tzinfo=None)
        twelfth = datetime(2024, 1, 1).strftime("%Y-%m-%d")
      `,
    },
    {
      bad: py`
        from datetime import datetime

        stamp = datetime(2024, 1, 1).strftime("%s")
        #       ^^^^^^^^^^^^^^^^^^^^ GR105 unsafe
        label = datetime(2024, 1, 1).strftime(pattern)
        #       ^^^^^^^^^^^^^^^^^^^^ GR105 unsafe
      `,
      good: py`
        from datetime import datetime, UTC

        stamp = datetime(2024, 1, 1, tzinfo=UTC).strftime("%s")
        label = datetime(2024, 1, 1, tzinfo=UTC).strftime(pattern)
      `,
    },
    {
      // Who says naive wants it so.
      ok: py`
        from datetime import UTC, datetime

        naive_start = datetime(2024, 1, 1)


        def test_naive_times_are_read_as_utc():
            assert read(datetime(2024, 1, 1)) == datetime(2024, 1, 1, tzinfo=UTC)
      `,
    },
    {
      ok: py`
        from pendulum import datetime


        def read(at: datetime) -> None:
            at.add(datetime(2024, 1, 1))
      `,
    },
  ],
  on: {
    call(call, file): Finding | undefined {
      if (!calledClock(file, call, constructed)) return undefined;
      const { positional, keywords, hasSplat, hasDoubleSplat } = argumentsOf(call);
      if (hasSplat || hasDoubleSplat || keywords.has('tzinfo') || positional.length > 7) return undefined;
      if (positional.length + keywords.size < 3 || !escapesNaive(file, call)) return undefined;
      const name = call.field('function').text;
      return {
        at: call,
        message: `\`${name}(…)\` without \`tzinfo\` is a time without its zone; pass \`tzinfo\` as UTC.`,
        fix: () => withZone(file, call),
      };
    },
  },
});

const constructed = new Set(['datetime.datetime']);

function withZone(file: SourceFile, call: TypedNode<'call'>): Fix | undefined {
  const last = call.field('arguments').namedChildren.at(-1);
  const zone = spellUtc(file, call.field('function'));
  if (!last || !zone || !mayBecomeAware(file, call)) return undefined;
  return {
    title: `Add \`tzinfo=${zone.text}\``,
    safety: 'unsafe',
    edits: [...zone.edits, { start: last.end, end: last.end, text: `, tzinfo=${zone.text}` }],
  };
}
