import { z } from 'zod';
import {
  defineRule,
  type Finding,
  isMigration,
  isMigrationPath,
  isScript,
  isTestFile,
  type Node,
  py,
  type SourceFile,
} from '../../engine/index.ts';

const options = z.strictObject({
  libraries: z
    .record(z.string(), z.string())
    .default({
      requests: 'aiohttp',
      psycopg2: 'asyncpg',
      redis: 'redis.asyncio',
      pymongo: 'motor',
    })
    .meta({ description: 'Blocking libraries, each with the async one to use in its place.' }),
});

/** `import`: what may report. `use`: of an imported library; a plain `import redis` is fine when all uses are harmless. */
type Told =
  | { is: 'import'; library: string; instead: string; plain: boolean }
  | { is: 'use'; library: string; harmless: boolean };

export default defineRule<typeof options, Told>({
  code: 'GR504',
  name: 'blocking-library',
  family: 'async',
  severity: 'warning',
  standards: ['architecture'],
  summary: 'A library that blocks the event loop is imported where an async one exists',
  advice: 'Import the async library',
  why: 'A synchronous client in an async application ends up in a request handler sooner or later, and then each of its calls stops the event loop. Where only the async library is at hand, nobody can make that mistake.',
  fix: 'none',
  requirements: ['001-007', '001-012', '001-013', '001-014'],
  peers: ['TID251'],
  options,
  mentions: ({ libraries }) => Object.keys(libraries).map((library) => library.split('.')[0] ?? library),
  // Scripts, tests and migrations run no event loop that others share.
  applies: (file) => !isTestFile(file) && !isScript(file) && !isMigrationPath(file),
  examples: [
    {
      bad: py`
        import requests
        ^^^^^^^^^^^^^^^ GR504 none: \`requests\` blocks the event loop; use \`aiohttp\`.
        import psycopg2.extras
        ^^^^^^^^^^^^^^^^^^^^^^ GR504 none: \`psycopg2\` blocks the event loop; use \`asyncpg\`.
        from redis import Redis
        ^^^^^^^^^^^^^^^^^^^^^^^ GR504 none: \`redis\` blocks the event loop; use \`redis.asyncio\`.
        from pymongo import ASCENDING, MongoClient
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR504 none
      `,
    },
    {
      bad: py`
        import redis
        ^^^^^^^^^^^^ GR504 none

        client = redis.Redis()
      `,
    },
    {
      bad: py`
        import MySQLdb as mysql
        ^^^^^^^^^^^^^^^^^^^^^^^ GR504 none: \`MySQLdb\` blocks the event loop; use \`aiomysql\`.
      `,
      options: { libraries: { MySQLdb: 'aiomysql' } },
    },
    {
      ok: py`
        import redis.asyncio as redis
        from pymongo import ASCENDING, AsyncMongoClient, ReturnDocument
        from pymongo.errors import DuplicateKeyError
        from redis import asyncio as aioredis
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import ExponentialBackoff
        from redis.credentials import UsernamePasswordCredentialProvider
        from redis.exceptions import ConnectionError
      `,
    },
    {
      bad: py`
        import requests
        ^^^^^^^^^^^^^^^ GR504 none
        from requests import Response, post
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR504 none
        from requests.auth import HTTPBasicAuth


        def search(user: str, token: str) -> Response:
            return requests.get(settings.tickets_url, auth=HTTPBasicAuth(user, token), timeout=10)
      `,
    },
    {
      ok: py`
        import requests
        from requests import PreparedRequest, Response
        from requests.auth import AuthBase


        class Signature(AuthBase):
            def __call__(self, request: PreparedRequest) -> PreparedRequest:
                return signed(request)


        def body(answer: Response, earlier: requests.Response) -> str:
            return answer.text + earlier.text
      `,
    },
    {
      ok: py`
        import pymongo
        import redis
        from motor.motor_asyncio import AsyncIOMotorClient

        client = redis.asyncio.Redis()
        newest = [("created_at", pymongo.DESCENDING)]
      `,
    },
    {
      ok: py`
        from typing import TYPE_CHECKING

        import requests_toolbelt
        from app import requests
        from psycopg2.errors import UniqueViolation

        from . import redis

        if TYPE_CHECKING:
            import requests
      `,
    },
    {
      ok: py`
        import requests

        requests.get("http://localhost", timeout=30)
      `,
      path: 'scripts/smoke.py',
    },
    {
      ok: py`
        import requests


        def write_models() -> None:
            save(requests.get("http://localhost/openapi.json", timeout=30).json())
      `,
      path: 'app/codegen/models.py',
    },
    {
      ok: py`
        import requests


        def main() -> None:
            print(requests.get("http://localhost/health", timeout=30).text)


        if __name__ == "__main__":
            main()
      `,
    },
    {
      bad: py`
        import requests
        ^^^^^^^^^^^^^^^ GR504 none

        from app.factory import app

        if __name__ == "__main__":
            app.run(host="0.0.0.0")
      `,
    },
  ],
  collect: {
    import_statement(statement, file, { libraries }) {
      if (isMigration(file)) return undefined;
      return statement.fields('name').flatMap((name) => {
        const module = (name.is('aliased_import') ? name.field('name') : name).text;
        const [library = ''] = module.split('.');
        const instead = libraries[library];
        if (instead === undefined || isHarmlessModule(module, instead) || isTypeOnly(file, statement)) return [];
        return [{ at: statement, data: { is: 'import', library, instead, plain: module === library } }];
      });
    },
    import_from_statement(statement, file, { libraries }) {
      const module = statement.field('module_name').text;
      const [library = ''] = module.split('.');
      const instead = libraries[library];
      if (instead === undefined || isMigration(file)) return undefined;
      if (isHarmlessModule(module, instead) || isTypeOnly(file, statement)) return undefined;
      const names = statement
        .fields('name')
        .map((name) => (name.is('aliased_import') ? name.field('name') : name).text);
      const isHarmless = (name: string): boolean => isHarmlessMember(name) || `${module}.${name}` === instead;
      if (names.length > 0 && names.every(isHarmless)) return undefined;
      return { at: statement, data: { is: 'import', library, instead, plain: false } };
    },
    attribute(attribute, file, { libraries }) {
      const object = attribute.field('object');
      if (!object.is('identifier')) return undefined;
      const harmless = isHarmlessMember(attribute.field('attribute').text);
      if (!harmless && libraries[object.text] === undefined) return undefined;
      const library = file.qualified(object);
      if (library === undefined || libraries[library] === undefined) return undefined;
      return { at: attribute, data: { is: 'use', library, harmless } };
    },
  },
  file(facts, file) {
    if (facts.length === 0 || file.isRunByHand()) return [];
    const harmless = new Set(facts.flatMap(({ data }) => (data.is === 'use' && data.harmless ? [data.library] : [])));
    for (const { data } of facts) if (data.is === 'use' && !data.harmless) harmless.delete(data.library);
    return facts.flatMap(({ at, data }): Finding[] => {
      if (data.is !== 'import' || (data.plain && harmless.has(data.library))) return [];
      return [{ at, message: `\`${data.library}\` blocks the event loop; use \`${data.instead}\`.` }];
    });
  },
});

/** The async part itself, and modules that hold names, errors and what both kinds of client are configured with. */
function isHarmlessModule(module: string, instead: string): boolean {
  if (module === instead || module.startsWith(`${instead}.`)) return true;
  const parts = module.split('.');
  return parts.some((part) => harmlessModules.has(part));
}

const harmlessModules = new Set([
  'asyncio',
  'asynchronous',
  'auth',
  'backoff',
  'credentials',
  'errors',
  'errorcodes',
  'exceptions',
  'operations',
  'results',
  'status_codes',
  'typing',
]);

/** Constants, errors, async classes, and what requests and answers are made of, which sends nothing. */
function isHarmlessMember(name: string): boolean {
  return (
    /^[A-Z][A-Z0-9_]*$/.test(name) ||
    /(Error|Exception|Timeout)$/.test(name) ||
    name.startsWith('Async') ||
    harmlessModules.has(name) ||
    harmlessMembers.has(name)
  );
}

const harmlessMembers = new Set([
  'DeleteMany',
  'DeleteOne',
  'IndexModel',
  'InsertOne',
  'PreparedRequest',
  'ReplaceOne',
  'Request',
  'Response',
  'ReturnDocument',
  'UpdateMany',
  'UpdateOne',
  'codes',
]);

function isTypeOnly(file: SourceFile, statement: Node): boolean {
  const bound = statement.fields('name').at(0);
  const name = bound?.is('aliased_import') ? bound.field('alias') : bound?.firstNamed;
  return name !== undefined && file.bindings(name).some((binding) => binding.by === statement && binding.typeOnly);
}
