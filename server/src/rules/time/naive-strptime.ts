import type { Finding, Node, SourceFile } from '../../engine/index.ts';
import {
  argumentsOf,
  calledClock,
  defineRule,
  escapesNaive,
  getsZone,
  lastParts,
  mayBecomeAware,
  py,
  spellUtc,
  stringValue,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR106',
  name: 'naive-strptime',
  family: 'time',
  severity: 'warning',
  standards: ['production', 'backend'],
  summary: 'A parsed datetime without its zone',
  advice: 'Read the offset with `%z`, or say the zone: `.replace(tzinfo=UTC)`',
  why: 'What `strptime` reads without `%z` says nothing of its zone, whatever the sender meant. The next comparison with an aware time raises `TypeError`, or the value is taken for local time. Where the format has no offset, the code must say which zone it is.',
  fix: 'unsafe',
  fixSafety:
    'The text is taken for UTC, which may not be the zone that was meant, and the value becomes timezone-aware: comparing it with a naive one fails.',
  requirements: ['000-010', '004-092'],
  peers: ['DTZ007'],
  mentions: ['strptime'],
  calls: () => lastParts(strptime),
  examples: [
    {
      bad: py`
        from datetime import datetime

        DAY = "%Y-%m-%d"


        def read(text: str) -> datetime:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR106 unsafe: \`datetime.strptime\` with the format \`%Y-%m-%dT%H:%M:%S\` gives a time without its zone; add \`.replace(tzinfo=…)\`, or read the offset with \`%z\`.


        def read_day(text: str) -> datetime:
            return datetime.strptime(text, DAY)
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR106 unsafe: \`datetime.strptime\` with the format \`%Y-%m-%d\` gives a time without its zone; add \`.replace(tzinfo=…)\`, or read the offset with \`%z\`.
      `,
      good: py`
        from datetime import datetime, UTC

        DAY = "%Y-%m-%d"


        def read(text: str) -> datetime:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


        def read_day(text: str) -> datetime:
            return datetime.strptime(text, DAY).replace(tzinfo=UTC)
      `,
    },
    {
      bad: py`
        import datetime

        stamp = datetime.datetime.strptime(text, "%d %b %Y %Z").timestamp()
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR106 unsafe
      `,
      good: py`
        import datetime

        stamp = datetime.datetime.strptime(text, "%d %b %Y %Z").replace(tzinfo=datetime.UTC).timestamp()
      `,
    },
    {
      bad: py`
        from datetime import datetime

        import pytz


        def read(text: str, zone: str) -> datetime:
            local = datetime.strptime(text, "%Y-%m-%d %H:%M")
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR106 none: \`datetime.strptime\` with the format \`%Y-%m-%d %H:%M\` gives a time without its zone, which is put on it only later; do it in the same expression.
            return pytz.timezone(zone).localize(local)


        def read_all(first: str, second: str, zone: str) -> tuple[datetime, datetime]:
            start = datetime.strptime(first, "%Y-%m-%d")
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR106 none: \`datetime.strptime\` with the format \`%Y-%m-%d\` gives a time without its zone; add \`.replace(tzinfo=…)\`, or read the offset with \`%z\`.
            return pytz.timezone(zone).localize(start), start
      `,
    },
    {
      ok: py`
        from datetime import UTC, datetime

        import pytz

        STAMP = "%Y-%m-%dT%H:%M:%S%z"

        first = datetime.strptime(text, "%Y-%m-%d %H:%M%z")
        second = datetime.strptime(text, STAMP)
        third = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        fourth = datetime.strptime(text, "%Y-%m-%d").date()
        fifth = pytz.timezone("Europe/Zurich").localize(datetime.strptime(text, "%Y-%m-%d"))
        sixth = datetime.strptime(text, "%H:%M").astimezone(UTC)
        seventh = datetime.strptime(text, "%H:%M").time()
        eighth = (datetime.strptime(text, "%d.%m.%Y") if swiss else datetime.strptime(text, "%Y-%m-%d")).replace(tzinfo=UTC)
      `,
    },
    {
      ok: py`
        import time
        from datetime import datetime


        def read(text: str, form: str) -> datetime:
            time.strptime(text, "%Y")
            return datetime.strptime(text, form)
      `,
    },
    {
      ok: py`
        from datetime import datetime

        FORMAT = "%Y"
        FORMAT = load_format()

        first = datetime.strptime(text, FORMAT)
        second = datetime.strptime(*arguments)
      `,
    },
  ],
  on: {
    call(call, file): Finding | undefined {
      if (!calledClock(file, call, strptime)) return undefined;
      const { positional, keywords, hasSplat } = argumentsOf(call);
      if (hasSplat || positional.length !== 2 || keywords.size > 0) return undefined;
      const format = formatOf(file, positional[1]);
      if (format === undefined || format.includes('%z') || !escapesNaive(file, call)) return undefined;
      const callee = call.field('function');
      const advice = isMadeAwareLater(file, call)
        ? 'gives a time without its zone, which is put on it only later; do it in the same expression.'
        : 'gives a time without its zone; add `.replace(tzinfo=…)`, or read the offset with `%z`.';
      return {
        at: call,
        message: `\`${callee.text}\` with the format \`${format}\` ${advice}`,
        fix: () => {
          const zone = spellUtc(file, callee);
          if (!zone || !mayBecomeAware(file, call)) return undefined;
          const text = `.replace(tzinfo=${zone.text})`;
          return {
            title: `Add \`${text}\``,
            safety: 'unsafe',
            edits: [...zone.edits, { start: call.end, end: call.end, text }],
          };
        },
      };
    },
  },
});

const strptime = new Set(['datetime.datetime.strptime']);

/** Whether the value goes into a name of the function, and every read of that name puts a zone on it. */
function isMadeAwareLater(file: SourceFile, call: Node): boolean {
  const assignment = call.parent;
  const name =
    assignment?.is('assignment') && assignment.field('right') === call ? assignment.field('left') : undefined;
  if (!name?.is('identifier')) return false;
  const bindings = file.bindings(name);
  const reads = (file.enclosingFunction(call)?.below('identifier') ?? []).filter(
    (other) =>
      other.text === name.text && file.bindings(other) === bindings && !bindings.some(({ node }) => node === other),
  );
  return reads.length > 0 && reads.every((read) => getsZone(file, read));
}

/** A format written in place, or held in a name that is bound once. */
function formatOf(file: SourceFile, format: Node | undefined): string | undefined {
  if (!format?.is('identifier')) return stringValue(format);
  const binding = file.bindings(format).length === 1 ? file.binding(format) : undefined;
  return binding?.kind === 'assignment' && !binding.conditional ? stringValue(binding.value) : undefined;
}
