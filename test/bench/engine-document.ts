import { Document, type FileFacts, type RuleSet } from '../../server/src/engine/index.ts';
import { loadWasmParser } from '../../server/src/host/parser.ts';
import { warmUp } from '../../server/src/lsp/warm-up.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import type { OpenDocument } from './analysis.ts';

const facts: FileFacts = { path: 'typed.py', target: '3.11', targetKnown: true };
const idle = (): number => Number.NEGATIVE_INFINITY;

/** The engine with every rule on and its options as they come; the one file here that knows the engine's door. */
export const openDocument: OpenDocument = async (text) => {
  const parser = await loadWasmParser();
  const set: RuleSet = {
    rules: rules.map((rule) => ({ rule: rule.configure(undefined).rule, severity: undefined })),
    knownCodes: new Set(rules.map((rule) => rule.card.code)),
  };
  const document = new Document(parser, text, facts, set);
  return {
    edit(start, end, replacement) {
      document.edit(start, end, replacement);
      return document.count();
    },
    warmUp: () =>
      warmUp(parser, rules, () => ({ text, parser, facts, rules: set }), idle, new AbortController().signal),
  };
};
