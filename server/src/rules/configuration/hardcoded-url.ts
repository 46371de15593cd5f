import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  fitsPattern,
  isMainGuard,
  isMigration,
  isMigrationPath,
  isScript,
  isSettingsModule,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  settingsBases,
  settingsModules,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  settingsModules: z
    .array(z.string())
    .default([...settingsModules])
    .meta({ description: 'Globs of the modules whose literals are the defaults of settings.' }),
  allowedHosts: z
    .array(z.string())
    .default([
      'example.com',
      '*.example.com',
      'example.org',
      '*.example.org',
      'www.w3.org',
      '*json-schema.org',
      'schema.org',
      'xml.org',
      '*.xml.org',
      'xml.python.org',
      'schemas.*',
      '*.oasis-open.org',
    ])
    .meta({ description: 'Hosts of names and examples, to which nobody connects; `*` stands for anything.' }),
});

export default defineRule({
  code: 'GR702',
  name: 'hardcoded-url',
  family: 'configuration',
  severity: 'warning',
  standards: ['production', 'architecture', 'flow', 'backend'],
  summary: 'An address or connection string stands in the code',
  advice: 'Read it from the settings',
  why: 'An address in the code is the same on every machine, so a test talks to the production system, or production to a developer’s machine; to change it takes a release. As a setting it differs where the environments differ, and everybody can see which systems the service talks to.',
  fix: 'unsafe',
  fixSafety: 'The settings class must have the field that is read from now on.',
  requirements: ['000-003', '001-023', '002-071', '002-084', '004-110', '004-114'],
  peers: [],
  options,
  applies: (file, given) =>
    !isTestFile(file) && !isScript(file) && !isMigrationPath(file) && !isSettingsModule(file, given.settingsModules),
  examples: [
    {
      bad: py`
        import httpx
        import redis

        from app.core.config import settings

        API_URL = "https://api.weather.io/v1"
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR702 unsafe: The address \`https://api.weather.io/v1\` is written into the code; read it from the settings.


        def connect(city: str) -> None:
            cache = redis.from_url("redis://localhost:6379/0")
        #                          ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR702 none
            cache.ping()
            httpx.get(f"http://10.0.0.5:8080/cities/{city}")
        #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR702 none: The address \`http://10.0.0.5:8080/cities/…\` is written into the code; read it from the settings.
      `,
      good: py`
        import httpx
        import redis

        from app.core.config import settings

        API_URL = settings.API_URL


        def connect(city: str) -> None:
            cache = redis.from_url("redis://localhost:6379/0")
            cache.ping()
            httpx.get(f"http://10.0.0.5:8080/cities/{city}")
      `,
    },
    {
      bad: py`
        DSN = "postgresql+asyncpg://app:app@db:5432/app"
        #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR702 none: The connection string \`postgresql+asyncpg://…\` is written into the code; read it from the settings.
        BROKERS = ["kafka-1:9092", "127.0.0.1:9092"]
        #          ^^^^^^^^^^^^^^ GR702 none: The address \`kafka-1:9092\` is written into the code; read it from the settings.
        #                          ^^^^^^^^^^^^^^^^ GR702 none
      `,
    },
    {
      ok: py`
        def normalise(url: str, host: str, port: int) -> str:
            """https://docs.weather.io/v1"""
            if url.startswith(("http://", "https://")):
                return url
            if url.startswith("https://github.com/"):
                return url.removeprefix("https://github.com/")
            return f"https://{host}:{port}/api"
      `,
    },
    {
      ok: py`
        import os

        from pydantic import Field
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            api_url: str = "https://api.weather.io/v1"
            database_url: str = Field("postgresql://localhost/app", description="https://docs.weather.io")


        BROKER = os.environ.get("BROKER", "localhost:9092")
        address = config.get("address", "https://api.weather.io")
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel, Field

        NAMESPACE = "http://www.w3.org/2005/Atom"
        TEXT = "See https://docs.weather.io for the rules."
        EXAMPLE = "https://api.example.com/v1"
        MEMORY = "sqlite://"
        RATIO = "16:9"
        TIME = "12:30"
        IMAGE = "postgres:16"
        ROUTE = "app.main:app"
        FEATURE = "http://xml.org/sax/features/validation"


        class Link(BaseModel):
            url: str = Field(examples=["https://api.weather.io/v1"])


        if __name__ == "__main__":
            show("http://localhost:8000/")
      `,
    },
    {
      ok: py`
        class Storage:
            _logo_url = HttpUrl("https://cdn.weather.io/logo.png")
            _documentation_url = (
                "https://docs.weather.io/storage"
            )

            def __init__(self, host=None):
                self.host = host or "https://api.weather.io"


        class WeatherConfig:
            def __init__(self, base_url="https://api.weather.io"):
                self.base_url = base_url


        class WeatherConfiguration(BaseModel):
            api_url: str = Field("https://api.weather.io", title="Where the weather comes from")


        def office(city: str) -> str:
            start(repository="https://github.com/weather/office", revision="main")
            return page(
                anchor(href=f"https://maps.weather.io/cities/{city}"),
                button(label="Map", link_button_url=f"https://maps.weather.io/cities/{city}"),
                column("map", href_getter=lambda row: f"https://maps.weather.io/cities/{row.city}"),
            )


        CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
        headers = {"HTTP-Referer": "https://office.weather.io"}
        banner = {"text": "Rain", "link": "https://www.weather.io/rain"}
        banner["image_url"] = "https://cdn.weather.io/rain.png"
        channel = {"name": "Rain", "weblink": "https://chat.weather.io/rain", "webLink": "https://chat.weather.io/rain"}
        notice = Notice(image_url_mask="https://cdn.weather.io/{TYPE}-{XY}.png")
        parser.add_argument("--base-url", default="https://api.weather.io")
        pages = [
            {"title": "Rain", "source": "The office", "url": "https://www.weather.io", "content": "It rains."},
        ]
      `,
    },
    {
      // Who runs a tool by hand can read and change it.
      ok: py`
        import sys

        import httpx

        PULL_REQUESTS = "https://forge.weather.io/office/pulls/"


        def main(number: str) -> None:
            print(httpx.get(f"https://forge.weather.io/office/pulls/{number}", timeout=10).text)


        if __name__ == "__main__" and len(sys.argv) > 1:
            main(sys.argv[1])
      `,
      path: 'utils/pulls.py',
    },
    {
      // A module of the application that can be tried out is still one.
      bad: py`
        import httpx


        class Forge:
            def load(self, number: int) -> str:
                return httpx.get(f"https://forge.weather.io/office/pulls/{number}", timeout=10).text
        #                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR702 none


        if __name__ == "__main__":
            forge = Forge()
            print(forge.load(1))
      `,
    },
    {
      bad: py`
        from fastapi import FastAPI

        app = FastAPI()
        UPSTREAM = "https://api.weather.io/v1"
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR702 none


        if __name__ == "__main__":
            serve(app)
      `,
    },
    {
      ok: py`
        URL = "https://api.weather.io/v1"
      `,
      path: 'tests/test_weather.py',
    },
    {
      ok: py`
        URL = "https://api.weather.io/v1"
      `,
      path: 'app/core/config.py',
    },
  ],
  on: {
    string(string, file, given) {
      const content = string.child('string_content');
      if (!content || content.end - content.start > 300) return undefined;
      const first = content.text;
      if (!first.includes(':')) return undefined;
      const opening = string.child('string_start');
      // A triple-quoted text is prose or a document of its own.
      if (!opening || opening.end !== content.start || opening.text.endsWith('"""')) return undefined;
      const found = addressIn(first, string.child('interpolation') !== undefined);
      if (!found || found.isScope || fitsPattern(found.host, given.allowedHosts)) return undefined;
      if (isMigration(file) || file.isRunByHand()) return undefined;
      if (isNoAddress(string, file)) return undefined;
      const what = found.isConnection ? 'connection string' : 'address';
      return {
        at: string,
        message: `The ${what} \`${found.shown}\` is written into the code; read it from the settings.`,
        fix: () => {
          const read = settingFor(string, file);
          return read === undefined
            ? undefined
            : {
                title: `Read \`${read}\``,
                safety: 'unsafe',
                edits: [{ start: string.start, end: string.end, text: read }],
              };
        },
      };
    },
  },
});

interface Address {
  readonly host: string;
  readonly shown: string;
  readonly isConnection: boolean;
  /** A right of OAuth, which only looks like an address. */
  readonly isScope?: boolean;
}

const url =
  /^(https?|wss?|ftps?|sftp|grpcs?|tcp|udp):\/\/(?:[^\s/@]*@)?([A-Za-z0-9_.-]+|\[[0-9a-f:]+\])(?::\d+)?(?:[/?#]\S*)?$/i;
const connection =
  /^((?:postgres(?:ql)?|mysql|mariadb|oracle|mssql|cockroachdb|sqlite|redis|rediss|mongodb|amqp|amqps|nats|kafka|memcached|ldaps?|smtps?|clickhouse|elasticsearch|bolt|neo4j)(?:\+\w+)*):\/\/(\S+)$/i;
const hostAndPort = /^(localhost|\d{1,3}(?:\.\d{1,3}){3}|[a-z][a-z0-9]*(?:[-.][a-z0-9]+)+):(\d{2,5})$/;

function addressIn(text: string, goesOn: boolean): Address | undefined {
  const address = url.exec(text);
  // What follows a replacement field may still belong to the host: `https://api.{domain}/`.
  if (address?.[2] && !(goesOn && !/^[^:]+:\/\/[^/]+\//.test(text))) {
    return /[.]|^localhost$/.test(address[2]) || /:\d+/.test(text.slice(6))
      ? {
          host: address[2].toLowerCase(),
          shown: withoutPassword(text) + (goesOn && text.length <= 60 ? '…' : ''),
          isConnection: false,
          isScope: /googleapis\.com\/auth\/|\/\.default$/.test(text),
        }
      : undefined;
  }
  if (goesOn) return undefined;
  const [, scheme, rest] = connection.exec(text) ?? [];
  if (scheme !== undefined && rest !== undefined) {
    if (/^sqlite/i.test(scheme) && /^\/?:memory:|^\/$/.test(rest)) return undefined;
    const host = /^(?:[^@]*@)?([^/:?]*)/.exec(rest)?.[1] ?? '';
    return { host, shown: `${scheme}://…`, isConnection: true };
  }
  const [, host, port] = hostAndPort.exec(text) ?? [];
  return host !== undefined && Number(port) > 24 && Number(port) < 65536
    ? { host, shown: text, isConnection: false }
    : undefined;
}

function withoutPassword(text: string): string {
  const plain = text.replace(/\/\/[^/@]*@/, '//…@');
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}

const checks = new Set([
  'startswith',
  'endswith',
  'removeprefix',
  'removesuffix',
  'replace',
  'split',
  'strip',
  'lstrip',
  'find',
  'index',
]);
/** Arguments that are shown to readers, or are names and examples. */
const shownArguments = new Set([
  'description',
  'title',
  'summary',
  'help',
  'example',
  'examples',
  'json_schema_extra',
  'openapi_extra',
  'openapi_examples',
  'openapi_tags',
  'responses',
  'license_info',
  'contact',
  'terms_of_service',
  'servers',
  'externalDocs',
  'doc',
  'docs',
  'type',
  'epilog',
  'reason',
  'xmlns',
  'namespace',
  'namespaces',
  'scope',
  'scopes',
  '@context',
  '$schema',
  'Referer',
  'HTTP-Referer',
]);
/** Names of what is shown to readers, and of namespaces and rights. */
const shownNames =
  /^(?:property|feature)_|(?:namespace|xmlns|_ns|example|schema|issuer|help|scope)s?$|(?:docs?|documentation|help|about|logo|icon|image|avatar|badge|tutorial|author|home_?page|project|license|repo(?:sitory)?|source|support)_?(?:(?:url|uri|link)(?:_mask)?)?$/i;
/** Names of links, for readers to follow: `href`, `weblink`, `link_button_url`. */
const links = /(?:^|_)(?:href|(?:web|hyper|perma)?link)(?:_|$)/i;
/** Functions whose second argument is what holds when nothing is configured. */
const withDefault = new Set([
  'get',
  'getenv',
  'setdefault',
  'get_or_default',
  'getattr',
  'config',
  'env',
  'add_argument',
  'option',
  'Option',
]);

/** Whether the place of a literal tells that it is compared, shown, or the default of a setting. */
function isNoAddress(string: Node, file: SourceFile): boolean {
  let child = string;
  for (let node = string.parent; node; node = node.parent) {
    if (node.is('expression_statement') && child.is('string', 'concatenated_string')) return true;
    // `host or "https://…"` is what holds when nothing is configured.
    if (node.is('boolean_operator') && node.child('"or"') && child.isField('right')) return true;
    if (node.is('pair') && (isReference(node) || /schema/i.test(keyOf(node)) || links.test(keyOf(node)))) return true;
    if (node.is('comparison_operator', 'subscript', 'type', 'concatenated_string', 'raise_statement')) return true;
    if (node.is('pair') && (child.isField('key') || shownArguments.has(child.isField('value') ? keyOf(node) : '')))
      return true;
    if (node.is('keyword_argument')) {
      const name = node.field('name').text;
      if (shownArguments.has(name) || shownNames.test(name) || links.test(name)) return true;
    }
    if (node.is('call') && child.isField('arguments') && isHarmlessCall(node, string, file)) return true;
    if (node.is('assignment')) {
      const name = assignedName(node.field('left'));
      if (shownNames.test(name) || links.test(name)) return true;
    }
    if (node.is('class_definition')) return isSettings(node, file);
    // What a module does when it is run by hand is a demonstration.
    if (node.is('if_statement') && isMainGuard(node)) return true;
    if (node.is('function_definition') && !child.is('parameters')) return false;
    child = node;
  }
  const owner = file.enclosingClass(string);
  return owner !== undefined && isSettings(owner, file);
}

/** `{"title": …, "url": …}`: where a text comes from, for its readers. */
function isReference(pair: TypedNode<'pair'>): boolean {
  if (!/^(?:url|link|href|source_?url|web_?site)$/i.test(keyOf(pair))) return false;
  const keys = (pair.parent?.namedChildren ?? []).flatMap((entry) => (entry.is('pair') ? [keyOf(entry)] : []));
  return keys.includes('title') && keys.some((key) => /^(?:content|source|author|summary|text|snippet)$/.test(key));
}

/** The name that is given a value; for `row["avatar_url"]` its key. */
function assignedName(target: Node): string {
  const [key] = target.is('subscript') ? target.fields('subscript') : [];
  return (key && stringValue(key)) ?? target.text;
}

function keyOf(pair: TypedNode<'pair'>): string {
  return pair.field('key').text.replace(/^["']|["']$/g, '');
}

function isHarmlessCall(call: TypedNode<'call'>, string: Node, file: SourceFile): boolean {
  const callee = call.field('function');
  const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (checks.has(name)) return true;
  if (/^(?:debug|info|warning|error|exception|critical|print|echo|secho|HttpUrl|AnyUrl|Namespace|compile)$/.test(name))
    return name !== 'HttpUrl' && name !== 'AnyUrl';
  if (/(?:Error|Exception|Warning)$/.test(name)) return true;
  const { positional } = argumentsOf(call);
  if (withDefault.has(name) && positional.length > 1 && positional[0] !== string) return true;
  if (withDefault.has(name) && argumentsOf(call).keyword('default')?.contains(string)) return true;
  return /(?:^|\.)uuid\.uuid[35]$/.test(file.qualified(callee) ?? '');
}

function isSettings(definition: TypedNode<'class_definition'>, file: SourceFile): boolean {
  if (/(?:Settings|Config|Configuration|Options)$/.test(definition.field('name').text)) return true;
  return file
    .bases(definition)
    .some((base) => base !== undefined && (settingsBases.has(base) || /(?:Settings|Config)$/.test(base)));
}

/** `settings.API_URL` for the value of a name of its own, where the file already has `settings`. */
function settingFor(string: Node, file: SourceFile): string | undefined {
  const { parent } = string;
  if (!parent?.is('assignment') || !string.isField('right') || string.child('interpolation')) return undefined;
  const target = parent.field('left');
  if (!target.is('identifier')) return undefined;
  const name = target.text.replace(/^_+/, '').toUpperCase();
  const settings = file.binding(string, 'settings');
  return settings?.kind === 'import' && !settings.typeOnly && name !== '' ? `settings.${name}` : undefined;
}
