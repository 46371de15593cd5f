import { z } from 'zod';
import catalogueJson from '../../shared-rules/catalogue.json' with { type: 'json' };
import { Catalogue, Standard } from '../../shared-rules/src/index.ts';
import architecture from '../../shared-rules/standards/architecture.json' with { type: 'json' };
import backend from '../../shared-rules/standards/backend.json' with { type: 'json' };
import flow from '../../shared-rules/standards/flow.json' with { type: 'json' };
import module from '../../shared-rules/standards/module.json' with { type: 'json' };
import production from '../../shared-rules/standards/production.json' with { type: 'json' };

/** The rules that exist. */
export const catalogue = Catalogue.parse(catalogueJson);

/** The five standards, in the order the checklist shows them. */
export const standards = z.array(Standard).parse([production, architecture, flow, module, backend]);
