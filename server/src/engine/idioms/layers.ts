import { z } from 'zod';

/**
 * Which layer of an application a file belongs to, as its path tells: `src/{api,services,repositories,models,schemas,core}/`
 * of the backend standard, and packages `services/<name>/` with layers of their own of the architecture standard. The
 * module layout `modules/<layer>/<name>/` is another idiom's; files of it are in no layer here.
 */

/**
 * `api` is what stands below `api/` beside the routes. `crud` is a place of queries that is no repository. Code that
 * makes sessions and settings is `core`.
 */
export type Layer =
  | 'api'
  | 'routes'
  | 'dependencies'
  | 'services'
  | 'repositories'
  | 'crud'
  | 'models'
  | 'schemas'
  | 'core';

/** Where a file stands in a layout. */
export interface Place {
  /** Undefined below a root, but in none of its layers. */
  readonly layer: Layer | undefined;
  /** `layers`: one folder a layer. `packages`: one folder a service, with its layers inside. */
  readonly layout: 'layers' | 'packages';
}

/** What rules about layers let a workspace say of its folders. */
export interface LayoutOptions {
  readonly roots: readonly string[];
  readonly servicePackages: readonly string[];
}

/** The options of every rule about layers: spread into the rule's own. */
export const layoutOptions = {
  roots: z.array(z.string().min(1)).default(['src', 'app']).meta({
    description:
      'The folders that hold `api`, `services`, `repositories`, `models`, `schemas` and `core`, themselves or in one package. Names or paths, wherever they stand in the workspace.',
  }),
  servicePackages: z
    .array(z.string().min(1))
    .default(['services'])
    .meta({ description: 'The folders that hold one package a service, each with layers of its own.' }),
};

/** The layer that a file belongs to; undefined where the layout is not there. */
export function layerOf(file: { readonly path: string }, options: LayoutOptions): Layer | undefined {
  return placeOf(file, options)?.layer;
}

/** Where a file stands, undefined outside every root, in tests and in migrations. The last answer is remembered. */
export function placeOf({ path }: { readonly path: string }, options: LayoutOptions): Place | undefined {
  const known = places.get(options);
  if (known?.path === path) return known.place;
  const place = placeOfPath(path, options);
  places.set(options, { path, place });
  return place;
}

// A configured rule keeps its options, and is asked about one file after the other.
const places = new WeakMap<LayoutOptions, { readonly path: string; readonly place: Place | undefined }>();

/**
 * Whether a module's dotted name, or that of something in it, belongs to a folder of the workspace's layers: for
 * `services`, `src.services.users`, `shop.services.users.send`, `..services`. Elsewhere than right below a root or a
 * package of the workspace the word means something else (`google.cloud.services`).
 */
export function isInLayerPackage(name: string, folder: string, { roots }: LayoutOptions): boolean {
  const parts = name.replace(/^\.+/, '').split('.');
  const at = parts.indexOf(folder);
  if (name.startsWith('.')) return at === 0;
  return at >= 0 && at <= (roots.includes(parts[0] ?? '') ? 2 : 1);
}

function placeOfPath(path: string, { roots, servicePackages }: LayoutOptions): Place | undefined {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  if (!name.endsWith('.py') || /^(?:test_.*|.*_test|conftest)\.py$/.test(name)) return undefined;
  if (folders.some((folder) => outside.has(folder))) return undefined;
  const base = name.slice(0, -3);
  let isBelowRoot = false;
  // The innermost root is the one that counts: `src` in `services/billing/src/api`.
  for (const start of startsOf(folders, roots).sort((a, b) => b - a)) {
    isBelowRoot = true;
    const layer =
      layerFrom(folders, start, base) ??
      (start === folders.length ? fileLayers.get(base) : undefined) ??
      (isPackageOfLayers(folders, start) ? layerFrom(folders, start + 1, base) : undefined);
    if (layer) return { layer, layout: isOfPackage(folders, start, layer) ? 'packages' : 'layers' };
  }
  for (const start of startsOf(folders, servicePackages)) {
    if (start >= folders.length) continue;
    const layer = inPackage(folders, start, base);
    if (layer) return { layer, layout: 'packages' };
  }
  return isBelowRoot ? { layer: undefined, layout: 'layers' } : undefined;
}

/** The positions behind each place where one of the paths stands among folders. */
function startsOf(folders: readonly string[], paths: readonly string[]): number[] {
  const starts: number[] = [];
  for (const path of paths) {
    const wanted = path.replace(/^\.?\/|\/$/g, '').split('/');
    for (let index = 0; index + wanted.length <= folders.length; index++)
      if (wanted.every((folder, offset) => folders[index + offset] === folder)) starts.push(index + wanted.length);
  }
  return starts;
}

/** The layer that the folder at a position and those below it make. */
function layerFrom(folders: readonly string[], at: number, base: string): Layer | undefined {
  const layer = folderLayers.get(folders[at] ?? '');
  switch (layer) {
    case 'api':
      return inApi(folders, at, base);
    case 'routes':
      return fileLayers.get(base) === 'dependencies' ? 'dependencies' : 'routes';
    case 'services':
      if (at + 1 >= folders.length) return 'services';
      // `services/models/` can be the models of a package or a service about models.
      if (folderLayers.has(folders[at + 1] ?? '')) return undefined;
      return inPackage(folders, at + 1, base) ?? 'services';
    case 'models':
      if (folders[at + 1] === 'domain') return undefined;
      return folders[at + 1] === 'schemas' ? 'schemas' : 'models';
    case 'core': {
      const inner = folderLayers.get(folders[at + 1] ?? '');
      if (inner && inner !== 'api' && inner !== 'routes' && inner !== 'core') return inner;
      const own = fileLayers.get(base);
      return own === 'models' || own === 'schemas' || own === 'crud' ? own : 'core';
    }
    default:
      return layer;
  }
}

/** Below `api/`: `routes/`, `endpoints/` and versions hold routes. */
function inApi(folders: readonly string[], at: number, base: string): Layer {
  if (fileLayers.get(base) === 'dependencies') return 'dependencies';
  let isVersioned = false;
  for (const folder of folders.slice(at + 1)) {
    const layer = folderLayers.get(folder);
    if (layer && layer !== 'api' && layer !== 'core') return layer;
    if (/^v\d+(?:_\d+)*$/.test(folder)) isVersioned = true;
    else if (isVersioned && helperNames.test(folder)) return 'api';
  }
  const own = fileLayers.get(base);
  if (own === 'routes' || own === 'schemas' || own === 'models') return own;
  return isVersioned && !helperNames.test(base) ? 'routes' : 'api';
}

/** The layer of a file of the package `services/<name>/`, whose folder stands at a position. */
function inPackage(folders: readonly string[], at: number, base: string): Layer | undefined {
  for (let index = at + 1; index < folders.length; index++) {
    const layer = layerFrom(folders, index, base);
    if (layer) return layer;
  }
  if (at + 1 < folders.length) return undefined;
  if (base === 'api') return 'routes';
  return fileLayers.get(base) ?? (base.endsWith('_repository') ? 'repositories' : undefined);
}

/** `src/shop/services/`: in a package inside the root only the names of the standard make the layout. */
function isPackageOfLayers(folders: readonly string[], start: number): boolean {
  return !folderLayers.has(folders[start] ?? '') && standardNames.has(folders[start + 1] ?? '');
}

function isOfPackage(folders: readonly string[], start: number, layer: Layer): boolean {
  const at = folders.findIndex((folder, index) => index >= start && folderLayers.get(folder) === 'services');
  return at >= 0 && at + 1 < folders.length && layer !== 'services';
}

const folderLayers = new Map<string, Layer>([
  ['api', 'api'],
  ['routes', 'routes'],
  ['routers', 'routes'],
  ['endpoints', 'routes'],
  ['dependencies', 'dependencies'],
  ['deps', 'dependencies'],
  ['services', 'services'],
  ['service', 'services'],
  ['repositories', 'repositories'],
  ['repository', 'repositories'],
  ['repos', 'repositories'],
  ['crud', 'crud'],
  ['models', 'models'],
  ['model', 'models'],
  ['schemas', 'schemas'],
  ['schema', 'schemas'],
  ['core', 'core'],
  ['db', 'core'],
  ['database', 'core'],
]);

const standardNames = new Set([
  'api',
  'routes',
  'routers',
  'services',
  'repositories',
  'crud',
  'models',
  'schemas',
  'core',
]);

/** Layers that are one file. */
const fileLayers = new Map<string, Layer>([
  ['routes', 'routes'],
  ['router', 'routes'],
  ['routers', 'routes'],
  ['endpoints', 'routes'],
  ['dependencies', 'dependencies'],
  ['deps', 'dependencies'],
  ['service', 'services'],
  ['services', 'services'],
  ['repository', 'repositories'],
  ['repositories', 'repositories'],
  ['crud', 'crud'],
  ['models', 'models'],
  ['schemas', 'schemas'],
]);

/** What stands beside the routes of a version and is none. */
const helperNames =
  /^(?:api|__init__|main|app|utils?|helpers?|common|errors?|exceptions?|middlewares?|handlers?|responses?|validators?|pagination|constants?|types|tags|openapi)$/;

const outside = new Set(['tests', 'test', 'alembic', 'migrations', 'versions', 'modules']);
