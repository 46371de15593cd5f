import { z } from 'zod';
import type { FileFacts, SourceFile } from '../file.ts';
import type { TypedNode } from '../syntax/node.ts';

/**
 * The layout of the module standard, `modules/<layer>/<name>/`: which module a file belongs to and which part of it the
 * file is, as its path tells (paths are relative to the configuration's folder).
 */

/** Which file of a module a path is. A package in place of a file is that part too: `schemas/read.py` is of `schemas`. */
export type ModulePart =
  | 'init'
  | 'module'
  | 'schemas'
  | 'service'
  | 'models'
  | 'crud'
  | 'tasks'
  | 'brain'
  | 'refinement'
  | 'tests'
  | 'other';

export interface ModulePlace {
  /** The module's folder: `src/app/modules/calculation/orbit`. */
  readonly folder: string;
  /** The name of the folder above it. It may be none of `moduleLayers`. */
  readonly layer: string;
  /** The folder's own name. */
  readonly name: string;
  /** The path below the folder: `tests/test_orbit.py`. */
  readonly inside: string;
  readonly part: ModulePart;
}

/** Where modules stand, if nothing else is set. */
export const moduleRoots: readonly string[] = ['modules'];

/** The layers that the module standard has. */
export const moduleLayers: readonly string[] = ['calculation', 'tracking', 'intelligence'];

/** The option of rules about modules that says where modules stand. */
export const moduleRootsOption = z
  .array(z.string())
  .default([...moduleRoots])
  .meta({
    description:
      'Folders that hold modules as `<layer>/<name>/`: a name (`modules`) or the end of a path (`src/app/modules`).',
  });

/**
 * The module that a path belongs to, or undefined when it stands in none. Folders that are parts of other layouts
 * (`modules/users/api/…`) are no modules. Answers are kept by path for each list of roots.
 */
export function modulePlace(path: string, roots: readonly string[] = moduleRoots): ModulePlace | undefined {
  let known = places.get(roots);
  if (!known) {
    known = new Map();
    places.set(roots, known);
  }
  let place = known.get(path);
  if (place === undefined) {
    place = readPlace(path, roots) ?? null;
    known.set(path, place);
  }
  return place ?? undefined;
}

/** The module of a file whose path says that it is this part of one; undefined for every other file. */
export function modulePart(
  file: Pick<FileFacts, 'path'>,
  part: ModulePart,
  roots: readonly string[] = moduleRoots,
): ModulePlace | undefined {
  const place = modulePlace(file.path, roots);
  return place?.part === part ? place : undefined;
}

/**
 * Whether a class is known to derive from the modules' `BaseModule`: near or through classes of the same file, from a
 * package of that name or in a file that stands in a module (other libraries have a `BaseModule` too).
 */
export function isModuleClass(
  file: SourceFile,
  definition: TypedNode<'class_definition'>,
  roots: readonly string[] = moduleRoots,
): boolean {
  if (!definition.field('superclasses')) return false;
  const base = file.bases(definition).find((name) => name === 'BaseModule' || name?.endsWith('.BaseModule'));
  return base !== undefined && (modulePlace(file.path, roots) !== undefined || namesRoot(base, roots));
}

/** The name of the event bus that a call subscribes, publishes or connects with: `event_bus` of `event_bus.publish(…)`. */
export function busOfCall(call: TypedNode<'call'>): string | undefined {
  const callee = call.field('function');
  if (!callee.is('attribute') || !busMethods.has(callee.field('attribute').text)) return undefined;
  const object = callee.field('object');
  const named = object.is('call') ? object.field('function') : object;
  const name = named.is('attribute') ? named.field('attribute').text : named.is('identifier') ? named.text : '';
  return busNames.test(name) ? object.text : undefined;
}

// Lists of roots live as long as the configured rule, and so does what is known by them.
const places = new WeakMap<readonly string[], Map<string, ModulePlace | null>>();

function readPlace(path: string, roots: readonly string[]): ModulePlace | undefined {
  const segments = path.split('/');
  for (const root of roots) {
    const wanted = root.split('/').filter((segment) => segment !== '' && segment !== '.');
    if (wanted.length === 0) continue;
    for (let index = 0; index + wanted.length + 2 < segments.length; index++) {
      if (!wanted.every((segment, offset) => segments[index + offset] === segment)) continue;
      // `tests/modules/…` mirrors the modules and is none of them.
      if (segments.slice(0, index).some((segment) => segment === 'tests' || segment === 'test')) continue;
      const at = index + wanted.length;
      const [layer = '', name = '', ...inside] = segments.slice(at);
      if (!isOwnName(layer) || !isOwnName(name)) continue;
      return {
        folder: segments.slice(0, at + 2).join('/'),
        layer,
        name,
        inside: inside.join('/'),
        part: partOf(inside),
      };
    }
  }
  return undefined;
}

function partOf(inside: readonly string[]): ModulePart {
  const [first = ''] = inside;
  if (inside.length === 1) return fileParts.get(first) ?? 'other';
  return folderParts.get(first) ?? 'other';
}

/** Folders that say what kind of code they hold are no layers and no modules. */
function isOwnName(name: string): boolean {
  return /^[A-Za-z]\w*$/.test(name) && !kinds.has(name);
}

function namesRoot(qualified: string, roots: readonly string[]): boolean {
  const packages = qualified.split('.');
  return roots.some((root) => packages.includes(root.slice(root.lastIndexOf('/') + 1)));
}

const fileParts = new Map<string, ModulePart>([
  ['__init__.py', 'init'],
  ['module.py', 'module'],
  ['schemas.py', 'schemas'],
  ['service.py', 'service'],
  ['models.py', 'models'],
  ['crud.py', 'crud'],
  ['tasks.py', 'tasks'],
]);

const folderParts = new Map<string, ModulePart>([
  ['schemas', 'schemas'],
  ['service', 'service'],
  ['models', 'models'],
  ['crud', 'crud'],
  ['tasks', 'tasks'],
  ['brain', 'brain'],
  ['refinement', 'refinement'],
  ['tests', 'tests'],
  ['test', 'tests'],
]);

const kinds = new Set(
  [
    'api v1 v2 v3 route routes router routers endpoint endpoints controller controllers handlers views',
    'service services repository repositories repo repos crud dao model models schema schemas entities dto dtos',
    'core config db database migrations versions alembic common shared util utils helpers lib libs',
    'test tests unit integration e2e fixtures brain refinement tasks jobs workers templates static',
    'domain application infrastructure presentation adapters ports usecases use_cases',
  ].flatMap((line) => line.split(' ')),
);

const busMethods = new Set(['subscribe', 'publish', 'emit', 'initialize']);
const busNames = /(?:^|_)(?:event_?)?bus$|^events$|[eE]ventBus$|^_*event_(?:broker|dispatcher|emitter|manager)$/;
