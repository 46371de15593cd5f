import type { Rows } from './rows.ts';

/**
 * The only thing the engine asks of a parser: flat rows of a piece of Python. Everything that is bound to a binding
 * (trees, cursors, memory) stays behind it.
 */
export interface ParserPort {
  readonly name: 'wasm' | 'native';
  /** Never throws on any text; what does not parse becomes ERROR rows. */
  parse(text: string): Rows;
}
