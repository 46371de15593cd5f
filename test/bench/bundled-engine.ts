import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { OpenDocument } from './analysis.ts';

const root = path.join(import.meta.dirname, '../..');

/**
 * The engine bundled into `folder` as `npm run build` bundles it. What runs TypeScript as it stands names every function
 * anew each time it is made, which costs the engine about a third.
 */
export async function loadBundledEngine(folder: string): Promise<OpenDocument> {
  const bundle = path.join(folder, 'engine-document.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/bench/engine-document.ts'],
    outfile: bundle,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    external: ['tree-sitter'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  await copyFile(path.join(root, 'dist', 'python.wasm'), path.join(folder, 'python.wasm'));
  const { openDocument }: { openDocument: OpenDocument } = await import(pathToFileURL(bundle).href);
  return openDocument;
}
