import {
  argumentsOf,
  callsGiven,
  defineRule,
  type Fact,
  isTestFile,
  jsonResponseCalls,
  type Node,
  type Outlet,
  outletOfCall,
  outletOfReturn,
  py,
  reachingBindings,
  type SourceFile,
  stringValue,
  type TypedNode,
  unitOf,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR110',
  name: 'non-iso-timestamp',
  family: 'time',
  severity: 'information',
  standards: ['backend'],
  summary: 'A time leaves the API in another format than ISO 8601',
  advice: 'Answer with `isoformat()`, or leave the `datetime` to the schema',
  why: 'A client has to guess what `03/04/2024 10:00` means: which number is the month, and which zone. ISO 8601 says both, sorts as text, and every language reads it; how a person likes to see it is up to the client.',
  fix: 'unsafe',
  fixSafety: 'The response changes: clients that parse the old format have to follow.',
  requirements: ['004-193'],
  peers: [],
  mentions: ['strftime'],
  calls: ['strftime', ...jsonResponseCalls],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from datetime import datetime

        from fastapi import APIRouter
        from fastapi.responses import JSONResponse
        from pydantic import BaseModel, field_serializer

        router = APIRouter()
        FORMAT = "%d.%m.%Y"


        class OrderRead(BaseModel):
            id: int
            ordered: datetime

            @field_serializer("ordered")
            def write_ordered(self, value: datetime) -> str:
                return value.strftime("%d/%m/%Y %H:%M")
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR110 unsafe: The format \`%d/%m/%Y %H:%M\` is not ISO 8601, so clients have to guess; answer with \`isoformat()\`.


        @router.get("/orders/{number}")
        async def read(number: int, when: datetime) -> dict[str, str]:
            return {"id": str(number), "ordered": when.strftime(FORMAT)}
        #                                         ^^^^^^^^^^^^^^^^^^^^^ GR110 unsafe: The format \`%d.%m.%Y\` is not ISO 8601, so clients have to guess; answer with \`isoformat()\`.


        @router.get("/orders")
        async def recent(when: datetime) -> JSONResponse:
            shown = when.strftime("%Y-%m-%d %H:%M:%S")
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR110 unsafe
            return JSONResponse({"when": shown})
      `,
      good: py`
        from datetime import datetime

        from fastapi import APIRouter
        from fastapi.responses import JSONResponse
        from pydantic import BaseModel, field_serializer

        router = APIRouter()
        FORMAT = "%d.%m.%Y"


        class OrderRead(BaseModel):
            id: int
            ordered: datetime

            @field_serializer("ordered")
            def write_ordered(self, value: datetime) -> str:
                return value.isoformat()


        @router.get("/orders/{number}")
        async def read(number: int, when: datetime) -> dict[str, str]:
            return {"id": str(number), "ordered": when.isoformat()}


        @router.get("/orders")
        async def recent(when: datetime) -> JSONResponse:
            shown = when.isoformat()
            return JSONResponse({"when": shown})
      `,
    },
    {
      bad: py`
        import time
        from datetime import datetime
        from typing import Annotated

        from pydantic import BaseModel, ConfigDict, PlainSerializer

        Day = Annotated[datetime, PlainSerializer(lambda value: value.strftime("%d %b %Y"))]
        #                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR110 unsafe


        class Read(BaseModel):
            model_config = ConfigDict(json_encoders={datetime: lambda value: value.strftime("%c")})
        #                                                                    ^^^^^^^^^^^^^^^^^^^^ GR110 unsafe
            at: str


        def build() -> Read:
            return Read(at=time.strftime("%x %X"))
        #                  ^^^^^^^^^^^^^^^^^^^^^^ GR110 none
      `,
      good: py`
        import time
        from datetime import datetime
        from typing import Annotated

        from pydantic import BaseModel, ConfigDict, PlainSerializer

        Day = Annotated[datetime, PlainSerializer(lambda value: value.isoformat())]


        class Read(BaseModel):
            model_config = ConfigDict(json_encoders={datetime: lambda value: value.isoformat()})
            at: str


        def build() -> Read:
            return Read(at=time.strftime("%x %X"))
      `,
    },
    {
      ok: py`
        from datetime import datetime

        from fastapi import APIRouter
        from pydantic import BaseModel, field_serializer

        router = APIRouter()


        class OrderRead(BaseModel):
            ordered: datetime

            @field_serializer("ordered")
            def write_ordered(self, value: datetime) -> str:
                return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


        @router.get("/orders")
        async def read(when: datetime) -> dict[str, str]:
            return {
                "day": when.strftime("%Y-%m-%d"),
                "time": when.strftime("%H:%M"),
                "week": when.strftime("%G-W%V"),
                "stamp": when.strftime("%Y%m%dT%H%M%S%z"),
                "weekday": when.strftime("%A"),
                "month": when.strftime("%B %Y"),
                "custom": when.strftime(chosen_format()),
            }
      `,
    },
    {
      // File names, headers, logs and texts for people are no response bodies.
      ok: py`
        from datetime import datetime

        from fastapi import APIRouter, Response
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.get("/export")
        async def export(when: datetime, log) -> Response:
            log.info(when.strftime("%d.%m.%Y"))
            name = f"export-{when.strftime('%d-%m-%Y')}.csv"
            modified = when.strftime("%a, %d %b %Y %H:%M:%S GMT")
            return Response(render(when.strftime("%d.%m.%Y")), headers={"Last-Modified": modified, "X-Name": name})


        @router.get("/text")
        async def text(when: datetime) -> JSONResponse:
            return JSONResponse({"text": f"Sent on {when.strftime('%d.%m.%Y')}."}, headers={"Date": when.strftime("%c")})


        def folder(when: datetime) -> dict[str, str]:
            return {"folder": when.strftime("%d.%m.%Y")}
      `,
    },
  ],
  collect: {
    call(call, file): readonly Fact<Told>[] | undefined {
      const callee = call.field('function');
      const name = callee.is('attribute') ? callee.field('attribute').text : '';
      if (name === 'strftime') return isSchemaText(file, call) ? facts(file, call, [call]) : undefined;
      const outlet = outletOfCall(file, call);
      return outlet?.kind === 'response' ? given(file, call, outlet) : undefined;
    },
    return_statement(statement, file) {
      const outlet = outletOfReturn(file, statement);
      return outlet && given(file, statement, outlet);
    },
  },
  file(facts) {
    const seen = new Set<number>();
    return facts.flatMap(({ at, data }) => {
      if (seen.has(at.start)) return [];
      seen.add(at.start);
      return [
        {
          at,
          message: `The format \`${data.format}\` is not ISO 8601, so clients have to guess; answer with \`isoformat()\`.`,
          fix: () =>
            data.receiver === undefined
              ? undefined
              : {
                  title: 'Replace with `isoformat()`',
                  safety: 'unsafe' as const,
                  edits: [{ start: at.start + data.receiver, end: at.end, text: '.isoformat()' }],
                },
        },
      ];
    });
  },
});

interface Told {
  readonly format: string;
  /** How long the expression is whose method is called; undefined where it may have no `isoformat`. */
  readonly receiver: number | undefined;
}

function given(file: SourceFile, at: Node, outlet: Outlet): Fact<Told>[] {
  return facts(file, at, callsGiven(file, outlet));
}

function facts(file: SourceFile, at: Node, calls: readonly TypedNode<'call'>[]): Fact<Told>[] {
  return calls.flatMap((call) => {
    const callee = call.field('function');
    if (!callee.is('attribute') || callee.field('attribute').text !== 'strftime' || unitOf(call) !== unitOf(at))
      return [];
    const { positional } = argumentsOf(call);
    const isModule = file.qualified(callee) === 'time.strftime';
    const format = formatOf(file, positional[0]);
    if (format === undefined || !isMoment(format) || isIso(format)) return [];
    const isPlain = !isModule && positional.length === 1 && call.field('arguments').below('comment').length === 0;
    const object = callee.field('object');
    return [{ at: call, data: { format, receiver: isPlain ? object.end - call.start : undefined } }];
  });
}

function formatOf(file: SourceFile, argument: Node | undefined): string | undefined {
  if (!argument?.is('identifier')) return stringValue(argument);
  const [binding, ...others] = reachingBindings(file, argument);
  return others.length === 0 && binding?.kind === 'assignment' ? stringValue(binding.value) : undefined;
}

/** A format of a whole date or of a time of day; a weekday's or month's name alone is no timestamp. */
function isMoment(format: string): boolean {
  if (/%[cxXDrTR]/.test(format)) return true;
  const hasDate = /%-?[yYG]/.test(format) && /%-?[mbBhj]/.test(format) && /%-?[djeu]/.test(format);
  return hasDate || (/%-?[HI]/.test(format) && /%-?M/.test(format));
}

/** The formats of ISO 8601: basic and extended, dates, weeks, ordinal dates, times and both joined by `T`. */
function isIso(format: string): boolean {
  return iso.test(format);
}

const day = '(?:%Y-%m-%d|%Y%m%d|%F|%G-W%V-%u|%GW%V%u|%Y-%j|%Y%j)';
const clock = '(?:%H:%M(?::%S(?:[.,]%f)?)?|%H%M(?:%S(?:[.,]%f)?)?|%T(?:[.,]%f)?|%R)';
const zone = '(?:Z|%:?z|[+-]\\d\\d:?(?:\\d\\d)?)?';
const iso = new RegExp(`^(?:${day}(?:T${clock}${zone})?|T?${clock}${zone})$`);

/** A serialiser's own text: in `@field_serializer`, `PlainSerializer(lambda …)`, `json_encoders`, or given to a schema. */
function isSchemaText(file: SourceFile, call: TypedNode<'call'>): boolean {
  const within = file.enclosingFunction(call);
  if (within?.is('function_definition') && within.parent?.is('decorated_definition')) {
    const isSerialiser = file
      .decorators(within)
      .some((decorator) =>
        serialisers.test(file.qualified(decorator.is('call') ? decorator.field('function') : decorator) ?? ''),
      );
    if (isSerialiser) return !isComposed(call);
  }
  if (within?.is('lambda')) {
    const holder = within.parent;
    if (holder?.is('argument_list') && holder.parent?.is('call'))
      return /^pydantic\.(?:\w+\.)*(?:Plain|Wrap)Serializer$/.test(
        file.qualified(holder.parent.field('function')) ?? '',
      );
    return holder?.is('pair') === true && isEncoders(holder.parent);
  }
  const keyword = call.parent;
  const maker = keyword?.is('keyword_argument') ? keyword.parent?.parent : undefined;
  if (!maker?.is('call')) return false;
  const definition = file.binding(maker.field('function'))?.by;
  return definition?.is('class_definition') === true && file.bases(definition).some((base) => schemas.has(base ?? ''));
}

/** Text that is put together of several pieces is for people. */
function isComposed(call: Node): boolean {
  return call.parent?.is('interpolation', 'binary_operator') === true;
}

/** The dictionary of `json_encoders`, in a `ConfigDict(…)`, a dictionary or a class `Config`. */
function isEncoders(dictionary: Node | undefined): boolean {
  const holder = dictionary?.parent;
  if (holder?.is('keyword_argument')) return holder.field('name').text === 'json_encoders';
  if (holder?.is('pair')) return stringValue(holder.field('key')) === 'json_encoders';
  return holder?.is('assignment') === true && holder.field('left').text === 'json_encoders';
}

const serialisers = /^pydantic\.(?:\w+\.)*(?:field_serializer|model_serializer|computed_field)$/;
const schemas = new Set([
  'pydantic.BaseModel',
  'pydantic.main.BaseModel',
  'sqlmodel.SQLModel',
  'sqlmodel.main.SQLModel',
]);
