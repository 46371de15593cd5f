import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type ParserPort, webParser } from '../engine/index.ts';

/**
 * Loads the WebAssembly parser from the files beside the bundle, or, in the source tree, from the installed packages.
 * @throws Error naming the file that is missing.
 */
export async function loadWebParser(): Promise<ParserPort> {
  return webParser(
    wasm('web-tree-sitter.wasm', 'web-tree-sitter/web-tree-sitter.wasm'),
    wasm('tree-sitter-python.wasm', 'tree-sitter-python/tree-sitter-python.wasm'),
  );
}

function wasm(name: string, packaged: string): Uint8Array {
  const beside = path.join(import.meta.dirname, name);
  if (existsSync(beside)) return readFileSync(beside);
  try {
    return readFileSync(createRequire(import.meta.url).resolve(packaged));
  } catch {
    throw new Error(`${name} is missing beside ${import.meta.dirname}; run npm run build`);
  }
}
