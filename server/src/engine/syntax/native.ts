import { fields, kinds } from './grammar.generated.ts';
import type { ParserPort } from './port.ts';
import {
  afterColumn,
  brokenFlag,
  endColumn,
  fieldNumber,
  fieldShift,
  isBareToken,
  kindColumn,
  kindNumber,
  missingFlag,
  parentColumn,
  parentMask,
  type Rows,
  rowSize,
  spreadBroken,
  startColumn,
} from './rows.ts';

/** What the native module `tree-sitter` offers, as far as it is used here. Indices are UTF-16 code units. */
interface NativeCursor {
  readonly nodeType: string;
  readonly nodeIsNamed: boolean;
  readonly nodeIsMissing: boolean;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly currentFieldName: string | null;
  gotoFirstChild(): boolean;
  gotoNextSibling(): boolean;
  gotoParent(): boolean;
}

interface NativeParser {
  setLanguage(language: unknown): void;
  parse(input: (index: number) => string | null): { walk(): NativeCursor };
}

/**
 * The native binding: the optional modules `tree-sitter` and `tree-sitter-python`, handed in because loading them is
 * the caller's. It parses faster than WebAssembly but pays for every node it hands out, and cannot free its trees; it is
 * the reference that the other binding is tested against.
 * @throws when the modules are not what they should be.
 */
export function nativeParser(module: unknown, language: unknown): ParserPort {
  if (!isParserClass(module)) throw new TypeError('the module tree-sitter has no Parser class');
  const parser = new module();
  parser.setLanguage(language);
  let scratch = new Int32Array(rowSize * 4096);

  function parse(text: string): Rows {
    const cursor = parser.parse((index) => (index < text.length ? text.slice(index, index + chunk) : null)).walk();
    let count = 0;
    let parent = 0;
    let broken = false;
    for (;;) {
      if ((count + 1) * rowSize > scratch.length) {
        const larger = new Int32Array(scratch.length * 2);
        larger.set(scratch);
        scratch = larger;
      }
      const at = count * rowSize;
      const type = cursor.nodeType;
      const name = cursor.nodeIsNamed ? type : `"${type}"`;
      const { startIndex, endIndex } = cursor;
      let kind = known.get(name) ?? 0;
      if (type === 'ERROR') kind = brokenFlag;
      else if (startIndex === endIndex && cursor.nodeIsMissing) kind |= brokenFlag | missingFlag;
      broken ||= kind >= brokenFlag;
      const field = isBareToken(name) ? null : cursor.currentFieldName;
      scratch[at + kindColumn] = kind;
      scratch[at + startColumn] = startIndex;
      scratch[at + endColumn] = endIndex;
      scratch[at + parentColumn] = parent | ((fieldNumbers.get(field ?? '') ?? 0) << fieldShift);
      const row = count++;
      // What the grammar keeps below a token (`is not`) or a name (a keyword that serves as one) says nothing.
      if (name !== 'identifier' && !name.startsWith('"') && cursor.gotoFirstChild()) {
        parent = row;
        continue;
      }
      scratch[at + afterColumn] = count;
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) {
          const rows = scratch.slice(0, count * rowSize);
          if (broken) spreadBroken(rows, count);
          return rows;
        }
        scratch[parent * rowSize + afterColumn] = count;
        parent = (scratch[parent * rowSize + parentColumn] ?? 0) & parentMask;
      }
    }
  }

  return { name: 'native', parse };
}

const chunk = 16_384;
const known = new Map<string, number>(kinds.map((kind) => [kind, kindNumber(kind)]));
const fieldNumbers = new Map<string, number>(fields.map((field) => [field, fieldNumber(field)]));

function isParserClass(module: unknown): module is new () => NativeParser {
  return (
    typeof module === 'function' &&
    'prototype' in module &&
    typeof module.prototype === 'object' &&
    module.prototype !== null &&
    'parse' in module.prototype
  );
}
