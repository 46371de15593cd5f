import {
  argumentsOf,
  calledClock,
  callsGiven,
  defineRule,
  type Fact,
  isTestFile,
  type Node,
  type Outlet,
  outletOfAssignment,
  outletOfCall,
  outletOfReturn,
  py,
  type SourceFile,
  stringValue,
  type TypedNode,
  trace,
  unitOf,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR109',
  name: 'naive-timestamp-serialised',
  family: 'time',
  severity: 'warning',
  standards: ['production'],
  summary: 'The text or number of a naive datetime is stored or sent',
  advice: 'Make the time aware before it is serialised: `datetime.now(UTC).isoformat()`',
  why: 'Inside the program one can still look up how a naive time was made. In a JSON column, a response or a cache only the characters are left: no `+00:00` says that it was UTC, so browsers and other services read it as local time, and `timestamp()` of a naive UTC time is off by the offset of the machine.',
  fix: 'none',
  requirements: ['000-055'],
  peers: [],
  mentions: ['datetime'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from datetime import datetime, timedelta

        from sqlalchemy.dialects.postgresql import JSONB
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Event(Base):
            __tablename__ = "event"

            id: Mapped[int] = mapped_column(primary_key=True)
            payload: Mapped[dict[str, object]] = mapped_column(JSONB)


        def record(kind: str) -> Event:
            event = Event(payload={"kind": kind, "at": datetime.utcnow().isoformat()})
        #                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR109 none: \`datetime.utcnow().isoformat()\` goes into the JSON column \`payload\` without its zone; make the time aware first, as \`datetime.now(UTC)\` is.
            event.payload = {"until": str(datetime.now() + timedelta(days=1))}
        #                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR109 none
            return event
      `,
    },
    {
      bad: py`
        from datetime import datetime

        import httpx


        def send(client: httpx.Client) -> None:
            now = datetime.utcnow().replace(microsecond=0)
            client.post("/events", json={"times": [now.isoformat()], "stamp": int(now.timestamp())})
        #                                          ^^^^^^^^^^^^^^^ GR109 none: \`now.isoformat()\` goes into a JSON body without its zone; make the time aware first, as \`datetime.now(UTC)\` is.
        #                                                                         ^^^^^^^^^^^^^^^ GR109 none: \`now.timestamp()\` of a naive time takes it for local time and goes into a JSON body; make the time aware first, as \`datetime.now(UTC)\` is.
      `,
    },
    {
      bad: py`
        import json
        from datetime import datetime

        from fastapi import APIRouter
        from redis.asyncio import Redis

        router = APIRouter()


        @router.get("/health")
        async def health(redis: Redis) -> dict[str, str]:
            checked = datetime.utcnow().isoformat()
        #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR109 none: \`datetime.utcnow().isoformat()\` goes into a cache without its zone; make the time aware first, as \`datetime.now(UTC)\` is.
            await redis.set("checked", checked)
            await redis.setex("state", 60, json.dumps({"at": datetime(2024, 1, 1).isoformat()}))
        #                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR109 none
            return {"status": "ok", "checked": checked}
      `,
    },
    {
      ok: py`
        from datetime import UTC, datetime, timezone

        import httpx
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/health")
        async def health(client: httpx.AsyncClient, started: datetime) -> dict[str, str]:
            await client.post("/pings", json={"at": datetime.now(UTC).isoformat()})
            await client.post("/pings", json={"at": datetime.utcnow().replace(tzinfo=timezone.utc).isoformat()})
            await client.post("/pings", json={"at": datetime.now().astimezone().isoformat(), "since": str(started)})
            return {"day": datetime.utcnow().date().isoformat(), "took": str(datetime.utcnow() - started)}
      `,
    },
    {
      // A \`Z\` behind it says the zone, and what is only logged is not stored.
      ok: py`
        from datetime import datetime

        import httpx


        def send(client: httpx.Client, log) -> None:
            log.info("sent at %s", datetime.utcnow().isoformat())
            stamp = datetime.utcnow().isoformat() + "Z"
            client.post("/events", json={"at": stamp, "until": f"{datetime.utcnow().isoformat()}Z"})
            client.post("/events", params={"at": datetime.utcnow().isoformat()})
      `,
    },
    {
      ok: py`
        from app.clock import datetime
        from app.models import Event


        def record(client) -> Event:
            client.post("/events", json={"at": datetime.utcnow().isoformat()})
            return Event(payload={"at": datetime.utcnow().isoformat()})
      `,
    },
  ],
  collect: {
    call(call, file) {
      const outlet = outletOfCall(file, call);
      return outlet && facts(file, call, outlet);
    },
    assignment(assignment, file) {
      const outlet = outletOfAssignment(file, assignment);
      return outlet && facts(file, assignment, outlet);
    },
    return_statement(statement, file) {
      const outlet = outletOfReturn(file, statement);
      return outlet && facts(file, statement, outlet);
    },
  },
  file(facts) {
    // One text may go to several places; it is reported once.
    const seen = new Set<number>();
    return facts.flatMap(({ at, data }) => {
      if (seen.has(at.start)) return [];
      seen.add(at.start);
      return [{ at, message: data.message }];
    });
  },
});

function facts(file: SourceFile, at: Node, outlet: Outlet): Fact<{ readonly message: string }>[] {
  return callsGiven(file, outlet).flatMap((call) => {
    const time = serialisedTime(file, call);
    if (!time || unitOf(call) !== unitOf(at) || !isNaive(file, time)) return [];
    const told = call.text.length > 60 || call.text.includes('\n') ? 'This time' : `\`${call.text}\``;
    const isStamp = /\.timestamp\(\)$/.test(call.text);
    const how = isStamp
      ? `of a naive time takes it for local time and goes into ${outlet.told}`
      : `goes into ${outlet.told} without its zone`;
    return [{ at: call, data: { message: `${told} ${how}; make the time aware first, as \`datetime.now(UTC)\` is.` } }];
  });
}

/** The time that a call makes text or a number of. */
function serialisedTime(file: SourceFile, call: TypedNode<'call'>): Node | undefined {
  const callee = call.field('function');
  if (callee.is('attribute')) {
    const name = callee.field('attribute').text;
    return name === 'isoformat' || name === 'timestamp' ? callee.field('object') : undefined;
  }
  if (!callee.is('identifier') || callee.text !== 'str' || file.qualified(callee) !== 'builtins.str') return undefined;
  const { positional } = argumentsOf(call);
  return positional.length === 1 ? positional[0] : undefined;
}

function isNaive(file: SourceFile, time: Node): boolean {
  const through = (call: TypedNode<'call'>): readonly Node[] | undefined => {
    const callee = call.field('function');
    if (!callee.is('attribute') || callee.field('attribute').text !== 'replace') return undefined;
    const { keywords, positional, hasDoubleSplat } = argumentsOf(call);
    return keywords.has('tzinfo') || hasDoubleSplat || positional.length > 7 ? undefined : [callee.field('object')];
  };
  return trace(file, time, { through }).some(
    ({ node }) => node.is('call') && isNaiveClock(file, node) && !isSubtracted(file, node),
  );
}

function isNaiveClock(file: SourceFile, call: TypedNode<'call'>): boolean {
  const clock = calledClock(file, call, clocks);
  if (clock === undefined) return false;
  const { positional, keyword, keywords, hasSplat, hasDoubleSplat } = argumentsOf(call);
  if (hasSplat || hasDoubleSplat) return false;
  switch (clock) {
    case 'datetime.datetime.now':
      return isNone(positional[0] ?? keyword('tz'));
    case 'datetime.datetime.fromtimestamp':
      return isNone(positional[1] ?? keyword('tz'));
    case 'datetime.datetime.strptime': {
      const format = stringValue(positional[1] ?? keyword('format'));
      return format !== undefined && !/%:?z/i.test(format);
    }
    case 'datetime.datetime':
      return positional.length < 8 && !keywords.has('tzinfo');
    default:
      return true;
  }
}

function isNone(zone: Node | undefined): boolean {
  return zone === undefined || zone.is('none');
}

const clocks = new Set(
  ['.utcnow', '.utcfromtimestamp', '.today', '.now', '.fromtimestamp', '.strptime', ''].map(
    (method) => `datetime.datetime${method}`,
  ),
);

/** A time that is part of a difference or sum stays a time only beside a `timedelta`. */
function isSubtracted(file: SourceFile, time: Node): boolean {
  let part = time;
  for (let whole = part.parent; whole?.is('parenthesized_expression', 'binary_operator'); whole = part.parent) {
    if (whole.is('binary_operator')) {
      const left = whole.field('left');
      const other = left === part ? whole.field('right') : left;
      if (
        !other.is('call') ||
        !/^(?:datetime\.timedelta|dateutil\.relativedelta\.relativedelta)$/.test(
          file.qualified(other.field('function')) ?? '',
        )
      )
        return true;
    }
    part = whole;
  }
  return false;
}
