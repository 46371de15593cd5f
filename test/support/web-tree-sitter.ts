import { Language, Parser } from 'web-tree-sitter';
import { fields, kinds } from '../../server/src/engine/syntax/grammar.generated.ts';
import type { ParserPort } from '../../server/src/engine/syntax/port.ts';
import {
  afterColumn,
  brokenFlag,
  endColumn,
  fieldShift,
  fieldTable,
  isBareToken,
  isLeaf,
  kindColumn,
  missingFlag,
  parentColumn,
  parentMask,
  type Rows,
  rowSize,
  spreadBroken,
  startColumn,
  symbolTable,
} from '../../server/src/engine/syntax/rows.ts';

/**
 * The cursor functions of the WebAssembly module itself. Through the JavaScript wrapper a walk costs three times as
 * much, because every step copies the cursor out of the transfer buffer and back.
 */
interface CursorExports {
  /** Leaves the root in the transfer buffer, where `new` takes the node from. */
  _ts_tree_root_node_wasm(tree: number): void;
  /** Of the node in the transfer buffer. */
  _ts_node_has_error_wasm(tree: number): number;
  _ts_tree_cursor_new_wasm(tree: number): void;
  _ts_tree_cursor_delete_wasm(tree: number): void;
  _ts_tree_cursor_goto_first_child_wasm(tree: number): number;
  _ts_tree_cursor_goto_next_sibling_wasm(tree: number): number;
  _ts_tree_cursor_goto_parent_wasm(tree: number): number;
  _ts_tree_cursor_current_node_type_id_wasm(tree: number): number;
  _ts_tree_cursor_current_node_is_missing_wasm(tree: number): number;
  _ts_tree_cursor_current_field_id_wasm(tree: number): number;
  _ts_tree_cursor_start_index_wasm(tree: number): number;
  _ts_tree_cursor_end_index_wasm(tree: number): number;
}

const errorSymbol = 0xffff;

const isToken = (kind: string): boolean => kind.startsWith('"');
const leaves = Uint8Array.from(kinds, (kind) => (isLeaf(kind) ? 1 : 0));
const holdsField = Uint8Array.from(kinds, (kind) => (isBareToken(kind) ? 0 : 1));
/** How wide a token is; zero where its spelling varies, as with `is  not`. */
const tokenWidths = Uint8Array.from(kinds, (kind) => (isToken(kind) && !kind.includes(' ') ? kind.length - 2 : 0));

/**
 * The parser that web-tree-sitter makes of its runtime and the grammar that tree-sitter-python publishes: what the
 * module of server/parser is compared with. Both are given as the bytes of their `.wasm`.
 * @throws when they do not fit each other.
 */
export async function webTreeSitter(runtime: Uint8Array, grammar: Uint8Array): Promise<Pick<ParserPort, 'parse'>> {
  const { parser, exports, kindOfSymbol, fieldOfId } = await load(runtime, grammar);
  let scratch = new Int32Array(rowSize * 4096);

  function parse(text: string): Rows {
    const tree = parser.parse(text);
    if (!tree) throw new Error('web-tree-sitter returned no tree although nothing cancels a parse');
    const address = Reflect.get(tree, 0);
    if (typeof address !== 'number') throw new Error('web-tree-sitter no longer keeps a tree’s address at index 0');
    try {
      return flatten(address);
    } finally {
      tree.delete();
    }
  }

  // The cursor lives in the transfer buffer from `new` to `delete`; nothing else may call into the module meanwhile.
  function flatten(tree: number): Rows {
    let count = 0;
    let parent = 0;
    exports._ts_tree_root_node_wasm(tree);
    const broken = exports._ts_node_has_error_wasm(tree) === 1;
    exports._ts_tree_cursor_new_wasm(tree);
    for (;;) {
      if ((count + 1) * rowSize > scratch.length) scratch = enlarged(scratch);
      const at = count * rowSize;
      const symbol = exports._ts_tree_cursor_current_node_type_id_wasm(tree);
      const start = exports._ts_tree_cursor_start_index_wasm(tree);
      let kind = kindOfSymbol[symbol] ?? 0;
      // Two rows of three are tokens or names. Of those in a whole tree, width, fields and children need not be asked for.
      const width = broken ? 0 : (tokenWidths[kind] ?? 0);
      const end = width > 0 ? start + width : exports._ts_tree_cursor_end_index_wasm(tree);
      const field = holdsField[kind] === 1 ? (fieldOfId[exports._ts_tree_cursor_current_field_id_wasm(tree)] ?? 0) : 0;
      const leaf = leaves[kind] === 1;
      if (broken) {
        if (symbol === errorSymbol) kind = brokenFlag;
        else if (start === end && exports._ts_tree_cursor_current_node_is_missing_wasm(tree) === 1)
          kind |= brokenFlag | missingFlag;
      }
      scratch[at + kindColumn] = kind;
      scratch[at + startColumn] = start;
      scratch[at + endColumn] = end;
      scratch[at + parentColumn] = parent | (field << fieldShift);
      const row = count++;
      if (!leaf && exports._ts_tree_cursor_goto_first_child_wasm(tree) === 1) {
        parent = row;
        continue;
      }
      scratch[at + afterColumn] = count;
      while (exports._ts_tree_cursor_goto_next_sibling_wasm(tree) !== 1) {
        if (exports._ts_tree_cursor_goto_parent_wasm(tree) !== 1) {
          exports._ts_tree_cursor_delete_wasm(tree);
          const rows = scratch.slice(0, count * rowSize);
          if (broken) spreadBroken(rows, count);
          return rows;
        }
        scratch[parent * rowSize + afterColumn] = count;
        parent = (scratch[parent * rowSize + parentColumn] ?? 0) & parentMask;
      }
    }
  }

  return { parse };
}

async function load(runtime: Uint8Array, grammar: Uint8Array) {
  const module: { wasmBinary: Uint8Array } = { wasmBinary: runtime };
  await Parser.init(module);
  const exports: object = module;
  if (!hasCursorExports(exports)) throw new Error('web-tree-sitter no longer exports its cursor functions');
  const language = await Language.load(grammar);
  const parser = new Parser();
  parser.setLanguage(language);
  const symbols = Array.from({ length: language.nodeTypeCount }, (_, id) => ({
    name: language.nodeTypeForId(id) ?? '',
    named: language.nodeTypeIsNamed(id),
  }));
  const fieldNames = Array.from({ length: language.fieldCount + 1 }, (_, id) => language.fieldNameForId(id));
  const known = new Set<string>(fields);
  if (!fieldNames.some((name) => name !== null && known.has(name)))
    throw new Error('the grammar is not tree-sitter-python');
  return { parser, exports, kindOfSymbol: symbolTable(symbols), fieldOfId: fieldTable(fieldNames) };
}

function hasCursorExports(module: object): module is CursorExports {
  return '_ts_tree_cursor_new_wasm' in module && '_ts_tree_cursor_current_field_id_wasm' in module;
}

function enlarged(scratch: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(scratch.length * 2);
  larger.set(scratch);
  return larger;
}
