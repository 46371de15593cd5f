import { fields, kinds } from './grammar.generated.ts';
import type { ParserPort } from './port.ts';
import { fieldTable, isBareToken, isLeaf, type Rows, rowSize, symbolTable } from './rows.ts';

/** What is used of WebAssembly, whose types stand only in those of the browser. */
declare namespace WebAssembly {
  class Module {
    private readonly opaque: never;
  }
  class Memory {
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    readonly exports: object;
    constructor(module: Module);
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}

/** What `server/parser/python.c` exports. Addresses are bytes in its memory. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  start(): void;
  symbol_count(): number;
  symbol_name(symbol: number): number;
  symbol_is_named(symbol: number): number;
  set_kind(symbol: number, kind: number, isLeaf: boolean, holdsField: boolean): void;
  last_field(): number;
  name_of_field(field: number): number;
  set_field(field: number, number: number): void;
  place_text(units: number): number;
  parse(): number;
  rows_of_text(): number;
}

/** An instance whose memory has grown beyond this is given up: memory never shrinks, and huge files are rare. */
const largestKept = 64 << 20;

let shared: Promise<WasmParser> | undefined;

/**
 * The WebAssembly binding: tree-sitter and its Python grammar in one module, which lays the rows itself. Runs on every
 * platform and in the browser. `module` gives the bytes of `python.wasm`; they are asked for once.
 * @throws when the bytes are no WebAssembly or not this module.
 */
export async function wasmParser(module: () => Uint8Array): Promise<WasmParser> {
  shared ??= load(module());
  return shared;
}

async function load(bytes: Uint8Array): Promise<WasmParser> {
  const module = await WebAssembly.compile(bytes);
  const parser = new WasmParser(module);
  // The first parse compiles what it runs through; better here than under the first keystroke.
  parser.parse('class A:\n    def f(self) -> None:\n        return None\n');
  return parser;
}

/** A parser in an instance of the module, which it replaces when that has died or holds much memory. */
export class WasmParser implements ParserPort {
  readonly name = 'wasm';
  readonly #module: WebAssembly.Module;
  #instance: Instance | undefined;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** How many bytes its instance holds until the next parse. */
  get memorySize(): number {
    return this.#instance?.memorySize ?? 0;
  }

  parse(text: string): Rows {
    // After a trap an instance is in no state to go on; the next text gets another.
    const instance = this.#instance ?? new Instance(this.#module);
    this.#instance = undefined;
    try {
      const rows = instance.parse(text);
      if (instance.memorySize <= largestKept) this.#instance = instance;
      return rows;
    } catch (cause) {
      throw new Error(`A text of ${text.length} characters is too much for the parser`, { cause });
    }
  }
}

class Instance {
  readonly #exports: Exports;
  /** The memory as texts and as rows. Empty once the memory has grown, which gives it another buffer. */
  #units = new Uint16Array();
  #cells = new Int32Array();

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module);
    if (!isParser(exports)) throw new Error('the module is not the one that server/parser builds');
    this.#exports = exports;
    exports.start();
    const symbols = Array.from({ length: exports.symbol_count() }, (_, symbol) => ({
      name: this.#textAt(exports.symbol_name(symbol)),
      named: exports.symbol_is_named(symbol) !== 0,
    }));
    for (const [symbol, number] of symbolTable(symbols).entries()) {
      const kind = kinds[number] ?? '';
      exports.set_kind(symbol, number, isLeaf(kind), !isBareToken(kind));
    }
    const names = Array.from({ length: exports.last_field() }, (_, id) => this.#textAt(exports.name_of_field(id + 1)));
    for (const [id, number] of fieldTable(names).entries()) exports.set_field(id + 1, number);
    if (!names.some((name) => fields.some((field) => field === name)))
      throw new Error('the grammar in the module is not that of the generated kinds');
  }

  get memorySize(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  parse(text: string): Rows {
    const { length } = text;
    const start = this.#exports.place_text(length) >>> 1;
    if (this.#units.length === 0) this.#view();
    const units = this.#units;
    for (let index = 0; index < length; index++) units[start + index] = text.charCodeAt(index);
    const count = this.#exports.parse();
    if (this.#cells.length === 0) this.#view();
    const first = this.#exports.rows_of_text() >>> 2;
    return this.#cells.slice(first, first + count * rowSize);
  }

  #view(): void {
    const { buffer } = this.#exports.memory;
    this.#units = new Uint16Array(buffer);
    this.#cells = new Int32Array(buffer);
  }

  /** A string of C; the grammar's names are ASCII. */
  #textAt(address: number): string {
    const bytes = new Uint8Array(this.#exports.memory.buffer, address);
    return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
  }
}

function isParser(exports: object): exports is Exports {
  const functions = ['start', 'place_text', 'parse', 'rows_of_text', 'set_kind', 'set_field'];
  return 'memory' in exports && functions.every((name) => name in exports);
}
