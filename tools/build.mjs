// `npm run build`: bundles client, server and command line into dist/, with the parser's module beside them.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { parserFile } from './build-parser.mjs';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/** @type {import('esbuild').BuildOptions} */
const server = {
  ...common,
  format: 'esm',
  // What the programs share is one file, so that the command line does not load it twice when it starts the server.
  splitting: true,
  chunkNames: 'shared-[hash]',
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  entryPoints: {
    server: 'server/src/lsp/server.ts',
    cli: 'server/src/cli/groundrules.ts',
    worker: 'server/src/cli/worker.ts',
  },
  // The protocol library is CommonJS and asks for Node's modules by `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  external: ['tree-sitter'],
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
await Promise.all([
  build({
    ...common,
    format: 'cjs',
    entryPoints: ['client/src/extension.ts'],
    outfile: path.join(dist, 'client.cjs'),
    external: ['vscode'],
  }),
  build(server),
]);
copyFileSync(path.join(root, parserFile), path.join(dist, path.basename(parserFile)));
