import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nativeParser, type ParserPort, wasmParser } from '../engine/index.ts';

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
  return loadWasmParser();
}

/**
 * Loads the WebAssembly parser from the file beside the bundle, or, in the source tree, from where it is built.
 * @throws Error when the file is missing.
 */
export async function loadWasmParser(): Promise<ParserPort> {
  return wasmParser(() => {
    const places = ['python.wasm', '../../parser/python.wasm'].map((file) => path.join(import.meta.dirname, file));
    const found = places.find((file) => existsSync(file));
    if (found === undefined) throw new Error(`python.wasm is missing beside ${import.meta.dirname}; run npm run build`);
    return readFileSync(found);
  });
}

/** Loads the optional native modules. @throws Error when they are not installed or were built for another system. */
export function loadNativeParser(): ParserPort {
  const require = createRequire(import.meta.url);
  return nativeParser(require('tree-sitter'), require('tree-sitter-python'));
}
