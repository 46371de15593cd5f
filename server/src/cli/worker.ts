import { loadWasmParser } from '../host/parser.ts';
import { rules } from '../rules/index.generated.ts';
import { runWorker } from './pool.ts';

runWorker({ rules, parser: await loadWasmParser() });
