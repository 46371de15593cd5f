import { z } from 'zod';
import {
  addedRouteCalls,
  defineRule,
  type Finding,
  isTestFile,
  pathSegments,
  publicAddedRoute,
  publicRoute,
  py,
  type Route,
  routeLabel,
} from '../../engine/index.ts';

const options = z.strictObject({
  parameters: z
    .array(z.string())
    .default([
      'filter',
      'filter_by',
      'limit',
      'offset',
      'order',
      'order_by',
      'page',
      'page_size',
      'per_page',
      'q',
      'query',
      'search',
      'sort',
      'sort_by',
      'sort_order',
      'state',
      'status',
    ])
    .meta({ description: 'Names of path parameters that choose or order items of a collection.' }),
  segments: z
    .array(z.string())
    .default(['filter', 'order-by', 'search', 'sort', 'sort-by', 'sorted-by'])
    .meta({ description: 'Fixed segments behind which a value filters or sorts; `by-…` always does.' }),
});

type Options = z.output<typeof options>;

export default defineRule({
  code: 'GR630',
  name: 'filter-in-path',
  family: 'api',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A filter or sort value is part of the path',
  advice: 'Take it as a query parameter',
  why: 'A path names a resource; what narrows or orders a collection belongs behind the question mark. As path segments, two filters need a route for every combination and order of them, and the value can not be left out.',
  fix: 'none',
  requirements: ['004-180'],
  peers: [],
  options,
  mentions: ({ parameters, segments }) => [...parameters, ...segments.flatMap((text) => text.split('-')), 'by'],
  calls: addedRouteCalls,
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users/status/{status}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR630 none: \`GET /users/status/{status}\` takes \`status\` from the path, where it filters or sorts; make it a query parameter.
        async def users_of_status(status: str) -> list[User]: ...


        @router.get("/users/by-city/{city}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR630 none
        async def users_of_city(city: str) -> list[User]: ...


        @router.get("/users/sort-by/{column:path}")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR630 none
        async def sorted_users(column: str) -> list[User]: ...
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/users")
        async def list_users(status: str | None = None, sort: str = "name") -> list[User]: ...


        @router.get("/statuses/{status}")
        async def read_status(status: str) -> Status: ...


        @router.get("/pages/{page}")
        async def read_page(page: int) -> Page: ...


        @router.put("/orders/{order_id}/status/{status}")
        async def set_status(order_id: int, status: str) -> Order: ...
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/search/history")
        async def history() -> list[str]: ...


        @router.get("/status/{job_id}")
        async def status(job_id: int) -> Job: ...


        value = cache.get("/users/status/{status}")
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
});

function check(route: Route, chosen: Options): Finding | undefined {
  if (route.path === undefined || !route.methods.includes('get')) return undefined;
  const segments = pathSegments(route.path);
  for (const [index, { parameter }] of segments.entries()) {
    const before = segments[index - 1]?.text.toLowerCase().replaceAll('_', '-') ?? '';
    if (parameter === undefined || before === '') continue;
    const isNamed = chosen.parameters.includes(parameter) && !isCollectionOf(before, parameter);
    const isBehind = before.startsWith('by-') || chosen.segments.includes(before);
    if (!isNamed && !(isBehind && !/(^|_)(id|uuid)$/.test(parameter))) continue;
    return {
      at: route.call,
      message: `\`${routeLabel(route)}\` takes \`${parameter}\` from the path, where it filters or sorts; make it a query parameter.`,
    };
  }
  return undefined;
}

/** `/statuses/{status}` is a resource of its own. */
function isCollectionOf(segment: string, parameter: string): boolean {
  return segment !== parameter && segment.startsWith(parameter.replace(/y$/, '')) && segment.endsWith('s');
}
