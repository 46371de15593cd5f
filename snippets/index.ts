import type { Snippet } from '../shared-rules/src/snippet.ts';
import { crudPy } from './sources/crud-py.ts';
import { exceptions } from './sources/exceptions.ts';
import { logger } from './sources/logger.ts';
import { logging } from './sources/logging.ts';
import { manifest } from './sources/manifest.ts';
import { itemModel } from './sources/model.ts';
import { modelsPy } from './sources/models-py.ts';
import { modulePy } from './sources/module-py.ts';
import { repository } from './sources/repository.ts';
import { route } from './sources/route.ts';
import { schemasPy } from './sources/schemas-py.ts';
import { serviceClass } from './sources/service-class.ts';
import { servicePy } from './sources/service-py.ts';
import { settings } from './sources/settings.ts';
import { testModule } from './sources/test-module.ts';

/** Every snippet, in the order in which they are listed. */
export const snippets: readonly Snippet[] = [
  modulePy,
  schemasPy,
  servicePy,
  modelsPy,
  crudPy,
  manifest,
  testModule,
  route,
  serviceClass,
  repository,
  itemModel,
  settings,
  logging,
  logger,
  exceptions,
];
