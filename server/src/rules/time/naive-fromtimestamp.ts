import type { Node, SourceFile } from '../../engine/index.ts';
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
  code: 'GR103',
  name: 'naive-fromtimestamp',
  family: 'time',
  severity: 'error',
  standards: ['production', 'backend'],
  summary: 'A datetime made of a timestamp without its zone',
  advice: 'Pass the zone: `datetime.fromtimestamp(stamp, tz=UTC)`',
  why: 'A Unix timestamp is an instant; turned into a naive datetime, it becomes a wall clock reading that depends on the machine (`fromtimestamp`) or looks as if it did (`utcfromtimestamp`, deprecated since Python 3.12). With `tz=UTC` it stays the instant it was.',
  fix: 'mixed',
  fixSafety:
    'The value becomes timezone-aware, and UTC where it was local time: comparing it with a naive one fails, and its text gains `+00:00`.',
  requirements: ['000-010', '003-035', '004-092'],
  peers: ['DTZ004', 'DTZ006', 'Sonar S6903'],
  mentions: ['fromtimestamp'],
  calls: () => lastParts(makers),
  examples: [
    {
      bad: py`
        from datetime import datetime, timezone


        def issued(claims: dict[str, int]) -> datetime:
            return datetime.utcfromtimestamp(claims["iat"])
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR103 unsafe: \`datetime.utcfromtimestamp(claims["iat"])\` is a time without its zone; use \`fromtimestamp\` with \`tz\` as UTC.


        def expires(claims: dict[str, int]) -> datetime:
            return datetime.fromtimestamp(
        #          ^^^^^^^^^^^^^^^^^^^^^^^~2 GR103 unsafe
                claims["exp"],
            )


        def seen(stamp: float) -> datetime:
            return datetime.fromtimestamp(stamp, tz=None)
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR103 unsafe: \`datetime.fromtimestamp(stamp, tz=None)\` is local time without its zone; pass \`tz\` as UTC.
      `,
      good: py`
        from datetime import datetime, timezone


        def issued(claims: dict[str, int]) -> datetime:
            return datetime.fromtimestamp(claims["iat"], tz=timezone.utc)


        def expires(claims: dict[str, int]) -> datetime:
            return datetime.fromtimestamp(claims["exp"], tz=timezone.utc)


        def seen(stamp: float) -> datetime:
            return datetime.fromtimestamp(stamp, tz=timezone.utc)
      `,
    },
    {
      bad: py`
        import datetime as dt

        at = dt.datetime.utcfromtimestamp(stamp).replace(tzinfo=dt.UTC)
        #    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR103 safe
      `,
      good: py`
        import datetime as dt

        at = dt.datetime.fromtimestamp(stamp, tz=dt.UTC)
      `,
    },
    {
      ok: py`
        from datetime import UTC, date, datetime

        first = datetime.fromtimestamp(stamp, tz=UTC)
        second = datetime.fromtimestamp(stamp, UTC)
        third = date.fromtimestamp(stamp)
        fourth = datetime.fromtimestamp(stamp).astimezone()
        fifth = datetime.fromtimestamp(*parts)
        sixth = datetime.fromtimestamp(stamp, **options)
      `,
    },
    {
      ok: py`
        import datetime

        try:
            datetime.datetime.fromtimestamp(3999999999)
        except OverflowError:
            LIMIT = 2**31
      `,
    },
    {
      ok: py`
        from arrow import Arrow as datetime

        at = datetime.fromtimestamp(stamp)
      `,
    },
  ],
  on: {
    call(call, file) {
      const name = calledClock(file, call, makers);
      // What nobody uses is a try whether the platform can do it.
      if (!name || call.parent?.is('expression_statement')) return undefined;
      const { positional, keywords, keyword, hasSplat, hasDoubleSplat } = argumentsOf(call);
      if (hasSplat || hasDoubleSplat) return undefined;
      const isUtc = name === utcMaker;
      const stamp = positional[0] ?? keyword('timestamp');
      const zone = positional[1] ?? keyword('tz');
      const expected = (zone ? 1 : 0) + (stamp ? 1 : 0);
      if (!stamp || positional.length + keywords.size !== expected || (zone && (isUtc || !zone.is('none'))))
        return undefined;
      const chained = call.parent;
      if (!isUtc && chained?.is('attribute') && chained.field('attribute').text === 'astimezone') return undefined;
      return {
        at: call,
        message: isUtc
          ? clockMessage(call, timingOf(file, call), 'a time without its zone', 'use `fromtimestamp` with `tz` as UTC')
          : clockMessage(call, timingOf(file, call), 'local time without its zone', 'pass `tz` as UTC'),
        fix: () => clockFixes(file, { call, isUtc, method: 'fromtimestamp', leading: `${written(file, stamp)}, tz=` }),
      };
    },
  },
});

const utcMaker = 'datetime.datetime.utcfromtimestamp';
const makers = new Set([utcMaker, 'datetime.datetime.fromtimestamp']);

/** An argument as it stands, with its keyword if it has one. */
function written(file: SourceFile, argument: Node): string {
  const whole = argument.parent?.is('keyword_argument') ? argument.parent : argument;
  return file.slice(whole.start, whole.end);
}
