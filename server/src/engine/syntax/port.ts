import type { Rows } from './rows.ts';

/**
 * The only thing the engine asks of a parser: flat rows of a piece of Python. Everything that is bound to a binding
 * (trees, cursors, memory) stays behind it.
 */
export interface ParserPort {
  readonly name: 'wasm' | 'native';
  /**
   * What does not parse becomes ERROR rows.
   * @throws Error when memory does not suffice, for texts of tens of megabytes; other texts can still be parsed.
   */
  parse(text: string): Rows;
}
