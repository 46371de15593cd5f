import { z } from 'zod';
import {
  addedRouteCalls,
  defineRule,
  type Finding,
  isSingular,
  isTestFile,
  pathSegments,
  prefixedPath,
  publicAddedRoute,
  publicRoute,
  py,
  type Route,
  routeWords,
} from '../../engine/index.ts';

const options = z.strictObject({
  verbs: z
    .array(z.string())
    .default([
      'add',
      'create',
      'delete',
      'edit',
      'fetch',
      'find',
      'get',
      'insert',
      'modify',
      'remove',
      'retrieve',
      'save',
      'update',
    ])
    .meta({ description: 'Verbs that repeat what the method of the request says, in lower case.' }),
  uncounted: z
    .array(z.string())
    .default([])
    .meta({ description: 'More nouns that have no other plural, in lower case.' }),
});

type Options = z.output<typeof options>;

/** Which router a route with a fixed text at its end belongs to, and whether the path ends in a slash. */
interface Ending {
  readonly router: string;
  readonly slash: boolean;
  readonly label: string;
}

export default defineRule<typeof options, Ending>({
  code: 'GR609',
  name: 'route-path-style',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: 'A path has a verb, a singular collection, capitals or a slash that others lack',
  advice: 'Name resources by plural nouns in lower case; let the method be the verb',
  why: 'When a path names the thing and the method says what to do with it, whoever knows `GET /users` can guess the other five calls. Verbs, mixed numbers, capitals and a trailing slash on some routes take that away, and each of them has to be looked up.',
  fix: 'none',
  requirements: ['004-178', '004-179'],
  peers: [],
  options,
  mentions: routeWords,
  calls: addedRouteCalls,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/get-users")
         ^^^^^^^^^^^^^^^^^^^^^^^^ GR609 none: The path \`/get-users\` says the verb \`get\`, which is the method's part; name the resource.
        async def get_users() -> list[User]: ...


        @router.get("/user/{user_id}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR609 none: In \`/user/{user_id}\` the collection before \`{user_id}\` is \`user\`; use the plural noun.
        async def read_user(user_id: int) -> User: ...


        @router.get("/userGroups")
         ^^^^^^^^^^^^^^^^^^^^^^^^^ GR609 none: The path \`/userGroups\` has capitals; write it in lower case.
        async def list_groups() -> list[Group]: ...


        @router.post("/roles/create")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR609 none
        async def create_role(role: RoleIn) -> Role: ...
      `,
    },
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter(prefix="/invoice")


        @router.get("/{id}/lines/")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR609 none: In \`/invoice/{id}/lines/\` the collection before \`{id}\` is \`invoice\`; use the plural noun.
         ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR609 none: \`GET /{id}/lines/\` ends in a slash and other routes of \`router\` don't; choose one form.
        async def list_lines(id: int) -> list[Line]: ...


        @router.get("/totals")
        async def totals() -> Totals: ...


        @router.get("/sums")
        async def sums() -> Totals: ...
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/people/{person_id}/children/{child_id}")
        async def read_child(person_id: int, child_id: int) -> Child: ...


        @router.get("/users/{userId}")
        async def read_user(userId: int) -> User: ...


        @router.get("/health")
        async def health() -> Health: ...


        @router.get("/status/{job_id}")
        async def status(job_id: int) -> Status: ...


        @router.get("/users/me")
        async def me() -> User: ...


        @router.get("/data/{id}")
        async def data(id: int) -> Data: ...


        @router.get("/addresses/{address_id}/settings")
        async def settings(address_id: int) -> Settings: ...
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter(prefix="/users")


        @router.get("/")
        async def list_users() -> list[User]: ...


        @router.get("/{user_id}")
        async def read_user(user_id: int) -> User: ...


        @router.post("/{user_id}/reset-password")
        async def reset(user_id: int) -> User: ...


        @router.get("/additions/getaway")
        async def getaway() -> User: ...


        @router.get("/external/{external_id}")
        async def read_external(external_id: str) -> User: ...


        @router.get("/archived/{id}")
        async def read_archived(id: str) -> User: ...


        @router.get("/by-email/{email}")
        async def by_email(email: str) -> User: ...


        @router.get("/name/{name}")
        async def by_name(name: str) -> User: ...


        @router.get("/profile")
        async def profile() -> User: ...
      `,
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()
        app.add_api_route("/corn/{id}", read_corn)
        cache.get("/get-users")
      `,
      options: { uncounted: ['corn'] },
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter(prefix="/scim/v2")


        @router.get("/Users/{user_id}")
        async def read_user(user_id: str) -> User: ...


        @router.get("/ServiceProviderConfig")
        async def config() -> Config: ...
      `,
    },
  ],
  on: {
    decorator(decorator, file, chosen) {
      const route = publicRoute(file, decorator);
      return route && check(route, chosen);
    },
    call(call, file, chosen) {
      const route = publicAddedRoute(file, call);
      return route && check(route, chosen);
    },
  },
  collect: {
    decorator(decorator, file) {
      const route = publicRoute(file, decorator);
      return route && ending(route);
    },
  },
  file(facts) {
    return [...new Set(facts.map(({ data }) => data.router))].flatMap((router) => {
      const own = facts.filter(({ data }) => data.router === router);
      const slashed = own.filter(({ data }) => data.slash);
      const plain = own.filter(({ data }) => !data.slash);
      if (slashed.length === 0 || plain.length === 0) return [];
      const isRare = slashed.length <= plain.length;
      return (isRare ? slashed : plain).map(({ at, data }): Finding => {
        const said = isRare ? 'ends in a slash and other routes of' : 'has no slash at its end and other routes of';
        return { at, message: `\`${data.label}\` ${said} \`${router}\` ${isRare ? "don't" : 'do'}; choose one form.` };
      });
    });
  },
});

function check(route: Route, { verbs, uncounted }: Options): Finding[] {
  const { path } = route;
  if (path === undefined) return [];
  const findings: Finding[] = [];
  const add = (message: string): void => {
    findings.push({ at: route.call, message });
  };
  const fixed = pathSegments(path).flatMap((segment) => (segment.text.includes('{') ? [] : segment.text));
  const verb = fixed.map(firstWord).find((word) => verbs.includes(word));
  if (verb !== undefined)
    add(`The path \`${path}\` says the verb \`${verb}\`, which is the method's part; name the resource.`);
  const whole = prefixedPath(route) ?? path;
  // SCIM (RFC 7644) spells its endpoints itself: `/Users`, `/ResourceTypes`.
  if (fixed.some((text) => /[A-Z]/.test(text)) && !/(^|\/)scim(\/|$)/i.test(whole))
    add(`The path \`${path}\` has capitals; write it in lower case.`);
  const collection = singularCollection(whole, uncounted);
  if (collection && !verbs.includes(firstWord(collection.name)))
    add(`In \`${whole}\` the collection before \`{${collection.id}}\` is \`${collection.name}\`; use the plural noun.`);
  return findings;
}

/** `get` of `get-users`, `get_users` and `getUsers`. */
function firstWord(segment: string): string {
  return (/^[a-z]+|^[A-Z][a-z]*/.exec(segment)?.[0] ?? '').toLowerCase();
}

/** A fixed segment before `{id}` or an id of its own name, whose last word is a singular. */
function singularCollection(path: string, uncounted: readonly string[]): { name: string; id: string } | undefined {
  const segments = pathSegments(path);
  for (const [index, { parameter }] of segments.entries()) {
    const before = segments[index - 1];
    if (parameter === undefined || !before || before.text.includes('{')) continue;
    const name = before.text;
    const noun = (name.split(/[-_]/).at(-1) ?? '').replace(/^.*[a-z](?=[A-Z])/, '');
    const own = name.toLowerCase().replaceAll('-', '_');
    const isItsId = new RegExp(`^(${escaped(own)}|${escaped(noun.toLowerCase())})_?(id|uuid|pk|slug|key)$`, 'i').test(
      parameter,
    );
    const isFirst = index === 1 && parameter !== own && /^(id|uuid|pk|slug)$/.test(parameter);
    if (!isItsId && !isFirst) continue;
    if (uncounted.includes(noun.toLowerCase()) || isSingular(noun) !== true) continue;
    return { name, id: parameter };
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function ending(route: Route): { at: Route['call']; data: Ending } | undefined {
  const { path } = route;
  if (path === undefined || path === '' || path === '/') return undefined;
  const label = `${route.methods.join(', ').toUpperCase()} ${path}`;
  return { at: route.call, data: { router: route.router.text, slash: path.endsWith('/'), label } };
}
