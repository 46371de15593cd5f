import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nativeParser, type ParserPort, webParser } from '../engine/index.ts';

/**
 * The parser that the settings ask for. Where the native module is not installed or does not load, `warn` is told why and
 * the WebAssembly one is given, which runs everywhere.
 */
export async function loadParser(kind: ParserPort['name'], warn: (message: string) => void): Promise<ParserPort> {
  if (kind === 'native') {
    try {
      return loadNativeParser();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      warn(
        `The native parser cannot be loaded, so the WebAssembly one is used. Install the npm packages tree-sitter and tree-sitter-python beside the server. (${reason.split('\n')[0]})`,
      );
    }
  }
  return loadWebParser();
}

/**
 * Loads the WebAssembly parser from the files beside the bundle, or, in the source tree, from the installed packages.
 * @throws Error naming the file that is missing.
 */
export async function loadWebParser(): Promise<ParserPort> {
  return webParser(
    () => wasm('web-tree-sitter.wasm', 'web-tree-sitter/web-tree-sitter.wasm'),
    () => wasm('tree-sitter-python.wasm', 'tree-sitter-python/tree-sitter-python.wasm'),
  );
}

/** Loads the optional native modules. @throws Error when they are not installed or were built for another system. */
export function loadNativeParser(): ParserPort {
  const require = createRequire(import.meta.url);
  return nativeParser(require('tree-sitter'), require('tree-sitter-python'));
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
