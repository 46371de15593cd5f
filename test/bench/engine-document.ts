import { Document } from '../../server/src/engine/index.ts';
import { loadWasmParser } from '../../server/src/host/parser.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import type { OpenDocument } from './analysis.ts';

/** The engine with every rule on and its options as they come; the one file here that knows the engine's door. */
export const openDocument: OpenDocument = async (text) => {
  const parser = await loadWasmParser();
  const document = new Document(
    parser,
    text,
    { path: 'typed.py', target: '3.11', targetKnown: true },
    {
      rules: rules.map((rule) => ({ rule: rule.configure(undefined).rule, severity: undefined })),
      knownCodes: new Set(rules.map((rule) => rule.card.code)),
    },
  );
  return {
    edit(start, end, replacement) {
      document.edit(start, end, replacement);
      return document.count();
    },
  };
};
