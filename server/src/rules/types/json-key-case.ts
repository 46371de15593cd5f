import {
  ancestry,
  argumentsOf,
  defineRule,
  type Fact,
  type Finding,
  isTestFile,
  type Node,
  ownName,
  py,
  routesOf,
  type SourceFile,
  schemaBase,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR317',
  name: 'json-key-case',
  family: 'types',
  severity: 'information',
  standards: ['backend'],
  summary: 'A JSON key is not snake_case',
  advice: 'Write the key in snake_case, as the rest of the API does',
  why: 'Clients read keys by their exact spelling. An API that says `userId` here and `user_id` there makes every client guess, and keys cannot be renamed once somebody reads them.',
  fix: 'none',
  requirements: ['004-194'],
  peers: [],
  applies: (file) => !isTestFile(file) && !ofOthers.test(file.path),
  examples: [
    {
      bad: py`
        from typing import Annotated
        from pydantic import BaseModel, ConfigDict, Field
        from pydantic.alias_generators import to_camel

        class User(BaseModel):
            model_config = ConfigDict(alias_generator=to_camel)
            #                                         ^^^^^^^^ GR317 none: \`to_camel\` gives the JSON keys of \`User\` another case than snake_case; leave it out.

            user_id: int = Field(alias="userId")
            #                          ^^^^^^^^ GR317 none: JSON key \`userId\` is not snake_case; write \`user_id\`.
            name: Annotated[str, Field(serialization_alias="FullName")]
            #                                              ^^^^^^^^^^ GR317 none: JSON key \`FullName\` is not snake_case; write \`full_name\`.
      `,
    },
    {
      bad: py`
        from pydantic import BaseModel
        from pydantic.alias_generators import to_camel, to_pascal

        class User(BaseModel, alias_generator=to_pascal):
        #                                     ^^^^^^^^^ GR317 none
            user_id: int

        class Order(BaseModel):
            class Config:
                alias_generator = to_camel
                #                 ^^^^^^^^ GR317 none

        class Line(BaseModel):
            model_config = {"alias_generator": to_camel}
            #                                  ^^^^^^^^ GR317 none
      `,
    },
    {
      bad: py`
        from fastapi import APIRouter
        from fastapi.responses import JSONResponse

        router = APIRouter()

        @router.get("/users")
        async def users() -> dict[str, int]:
            if empty():
                return JSONResponse(status_code=404, content={"errorCode": 1})
                #                                             ^^^^^^^^^^^ GR317 none
            return {"userCount": 1, "pages": [{"page-size": 2}]}
            #       ^^^^^^^^^^^ GR317 none: JSON key \`userCount\` is not snake_case; write \`user_count\`.
            #                                  ^^^^^^^^^^^ GR317 none: JSON key \`page-size\` is not snake_case; write \`page_size\`.
      `,
    },
    {
      ok: py`
        from pydantic import AliasChoices, BaseModel, ConfigDict, Field
        from pydantic.alias_generators import to_snake
        from pydantic_settings import BaseSettings

        class User(BaseModel):
            model_config = ConfigDict(alias_generator=to_snake)
            user_id: int = Field(alias="user_id", validation_alias=AliasChoices("userId", "user_id"))
            type_: str = Field(alias="type")
            ref: str = Field(alias="$ref")
            schema_: str = Field(alias="@type")
            trace: str = Field(alias="X-Trace-Id")

        class Settings(BaseSettings):
            url: str = Field(validation_alias="databaseUrl")

        class Column:
            name: str = Field(alias="fullName")
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Header, Query

        router = APIRouter()

        @router.get("/rates")
        async def rates(page: int = Query(alias="pageSize"), trace: str = Header(alias="X-Trace")) -> dict[str, int]:
            client.post("/x", json={"userId": 1})
            response = {"userId": 1}
            return {"EUR": 1, "user_count": 2, "2xx": 3, "application/json": 4, key: 5}

        def build() -> dict[str, int]:
            return {"userId": 1}
      `,
    },
    {
      // What another service answers is spelt as it spells it.
      ok: py`
        import httpx
        from pydantic import BaseModel, Field

        class Risk(BaseModel):
            risk_score: float = Field(alias="riskScore")

        async def assess(client: httpx.AsyncClient, token: str) -> Risk:
            response = await client.post("/assess", json={"token": token})
            return Risk.model_validate(response.json())
      `,
    },
    {
      path: 'app/connectors/teams/models.py',
      ok: py`
        from pydantic import BaseModel, ConfigDict
        from pydantic.alias_generators import to_camel

        class Message(BaseModel):
            web_url: str
            model_config = ConfigDict(alias_generator=to_camel)
      `,
    },
    {
      path: 'tests/test_users.py',
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/users")
        async def users() -> dict[str, int]:
            return {"userId": 1}
      `,
    },
  ],
  collect: {
    call(call, file): Fact<Told> | undefined {
      const read = foreignSchema(call);
      return read === undefined || ownName(file.qualified(read)) === undefined
        ? undefined
        : { at: call, data: { is: 'foreign' } };
    },
    keyword_argument(argument, file) {
      const name = argument.field('name').text;
      const value = argument.field('value');
      if (name === 'alias_generator') return generated(file, argument, value);
      if (!aliases.has(name)) return undefined;
      const text = stringValue(value);
      if (text === undefined || isFine(text)) return undefined;
      const call = argument.parent?.parent;
      if (!call?.is('call') || !fieldNames.has(file.qualified(call.field('function')) ?? '')) return undefined;
      const owner = file.enclosingClass(call);
      if (!owner || file.enclosingFunction(call) || !isSchema(file, owner)) return undefined;
      return told(wrongKey(value, text));
    },
    pair(pair, file) {
      const key = pair.field('key');
      // No literal of this text is shorter.
      if (!key.is('string') || key.end - key.start < 17 || stringValue(key) !== 'alias_generator') return undefined;
      return generated(file, pair, pair.field('value'));
    },
    assignment(assignment, file) {
      const left = assignment.field('left');
      if (!left.is('identifier') || left.text !== 'alias_generator') return undefined;
      const right = assignment.field('right');
      if (!right) return undefined;
      return generated(file, assignment, right);
    },
  },
  file(facts) {
    // Where the file reads what another service answers, the keys are that service's.
    if (facts.some(({ data }) => data.is === 'foreign')) return [];
    return facts.flatMap(({ at, data }) => (data.is === 'key' ? [{ at, message: data.message }] : []));
  },
  on: {
    return_statement(statement, file) {
      const value = statement.firstNamed;
      if (!value?.is('dictionary', 'list', 'call')) return undefined;
      const content = value.is('call') ? responseContent(file, value) : value;
      if (!content?.is('dictionary', 'list')) return undefined;
      const findings = keysIn(content);
      if (findings.length === 0) return undefined;
      const handler = file.enclosingFunction(statement);
      const answers = value.is('call') || (handler?.is('function_definition') && routesOf(file, handler).length > 0);
      return answers ? findings : undefined;
    },
  },
});

/** Folders of code that speaks with other services, in their spelling. */
const ofOthers = /(^|\/)(?:connectors?|clients?|integrations?|external_\w+|adapters?|providers?)\//;
const aliases = new Set(['alias', 'serialization_alias', 'validation_alias']);
const fieldNames = new Set(['pydantic.Field', 'pydantic.fields.Field', 'sqlmodel.Field']);
const generators = new Set(['pydantic.alias_generators.to_camel', 'pydantic.alias_generators.to_pascal']);
const responses = new Set(
  ['JSONResponse', 'ORJSONResponse', 'UJSONResponse'].flatMap((name) => [
    `fastapi.responses.${name}`,
    `starlette.responses.${name}`,
  ]),
);

/** What a JSON response of FastAPI is made of. */
function responseContent(file: SourceFile, call: TypedNode<'call'>): Node | undefined {
  return responses.has(file.qualified(call.field('function')) ?? '') ? argumentsOf(call).at(0, 'content') : undefined;
}

/** Literal keys of a dictionary and of those in it. */
function keysIn(value: Node): Finding[] {
  if (value.is('list', 'tuple', 'parenthesized_expression')) return value.namedChildren.flatMap(keysIn);
  if (!value.is('dictionary')) return [];
  return value.namedChildren.flatMap((entry): Finding[] => {
    if (!entry.is('pair')) return [];
    const key = entry.field('key');
    const text = stringValue(key);
    const own = text === undefined || isFine(text) ? [] : [wrongKey(key, text)];
    return [...own, ...keysIn(entry.field('value'))];
  });
}

/** An `alias_generator` in the configuration of a schema that turns names into another case. */
function generated(file: SourceFile, stated: Node, generator: Node): Fact<Told> | undefined {
  if (!generators.has(file.qualified(generator) ?? '') || file.enclosingFunction(stated)) return undefined;
  const header = stated.parent?.parent;
  const inner = header?.is('class_definition') ? header : file.enclosingClass(stated);
  const owner = inner?.field('name').text === 'Config' ? file.enclosingClass(inner) : inner;
  if (!owner || !isSchema(file, owner)) return undefined;
  return told({
    at: generator,
    message: `\`${generator.text}\` gives the JSON keys of \`${owner.field('name').text}\` another case than snake_case; leave it out.`,
  });
}

function isSchema(file: SourceFile, owner: TypedNode<'class_definition'>): boolean {
  const base = schemaBase(ancestry(file, owner));
  return base !== undefined && base !== 'BaseSettings';
}

type Told = { readonly is: 'key'; readonly message: string } | { readonly is: 'foreign' };

function told({ at, message }: Key): Fact<Told> {
  return { at, data: { is: 'key', message } };
}

/** The schema that reads another service's answer: `Answer.model_validate(response.json())`, `Answer(**response.json())`. */
function foreignSchema(call: TypedNode<'call'>): Node | undefined {
  const callee = call.field('function');
  const { positional } = argumentsOf(call);
  const [first] = call.field('arguments').namedChildren;
  if (callee.is('attribute') && readers.has(callee.field('attribute').text))
    return answered(positional[0]) ? callee.field('object') : undefined;
  return first?.is('dictionary_splat') && answered(first.firstNamed) ? callee : undefined;
}

/** `response.json()`, `response.text`, `await reply.json()`. */
function answered(value: Node | undefined): boolean {
  const inner = value?.is('await', 'parenthesized_expression') ? value.firstNamed : value;
  const member = inner?.is('call') ? inner.field('function') : inner;
  return (
    member?.is('attribute') === true &&
    /^(?:json|text|content|read)$/.test(member.field('attribute').text) &&
    /^_*(?:\w+_)?(?:response|resp|res|reply|answer|r)$/.test(member.field('object').text)
  );
}

const readers = new Set(['model_validate', 'model_validate_json', 'parse_obj', 'parse_raw']);

interface Key {
  readonly at: Node;
  readonly message: string;
}

function wrongKey(at: Node, key: string): Key {
  return { at, message: `JSON key \`${key}\` is not snake_case; write \`${snakeCase(key)}\`.` };
}

/** Snake case; codes in capitals (`EUR`), names of headers (`X-Trace-Id`), and what is no word at all are data, not names. */
function isFine(key: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(key)) return true;
  if (/^[a-z0-9_]+$/.test(key) || /^[A-Z0-9_-]+$/.test(key)) return true;
  return key.includes('-') && /^[A-Z]/.test(key);
}

function snakeCase(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}
