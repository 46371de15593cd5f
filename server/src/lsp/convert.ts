import {
  type CodeAction,
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type Range,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import type { Severity } from '../../../shared-rules/src/index.ts';
import type { Document, Edit, Position, Reported } from '../engine/index.ts';

/** The only file that turns the engine's words into the protocol's. Positions count UTF-16 code units in both. */

export const source = 'groundrules';

export const protocolSeverity: Record<Severity, DiagnosticSeverity> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

const tags = { unnecessary: DiagnosticTag.Unnecessary, deprecated: DiagnosticTag.Deprecated } as const;

export function toDiagnostic(
  finding: Reported,
  uri: string,
  documentation: (code: string) => string | undefined,
  related: boolean,
): Diagnostic {
  const diagnostic: Diagnostic = {
    range: { start: finding.from, end: finding.to },
    severity: protocolSeverity[finding.severity],
    code: finding.code,
    source,
    message: finding.message,
  };
  const href = documentation(finding.code);
  if (href !== undefined) diagnostic.codeDescription = { href };
  if (finding.tags.length > 0) diagnostic.tags = finding.tags.map((tag) => tags[tag]);
  const others = related ? finding.related : [];
  if (others.length > 0) {
    diagnostic.relatedInformation = others.map((other) => ({
      location: { uri, range: { start: other.from, end: other.to } },
      message: other.message,
    }));
  }
  return diagnostic;
}

export function toRange(document: Document, from: number, to: number): Range {
  return { start: document.position(from), end: document.position(to) };
}

export function toTextEdits(document: Document, edits: readonly Edit[]): TextEdit[] {
  return edits.map((edit) => ({ range: toRange(document, edit.start, edit.end), newText: edit.text }));
}

/** Edits of one document; with its version where the client understands that, so that a stale one is refused. */
export function toWorkspaceEdit(uri: string, version: number, edits: TextEdit[], versioned: boolean): WorkspaceEdit {
  return versioned ? { documentChanges: [{ textDocument: { uri, version }, edits }] } : { changes: { [uri]: edits } };
}

/**
 * The URI of a file whose path below some folder becomes another one below the same folder. Undefined where the URI does
 * not end with the path, as that of a document without a file.
 */
export function renamedUri(uri: string, path: string, newPath: string): string | undefined {
  const segments = uri.split('/');
  const own = segments.splice(-path.split('/').length);
  let decoded: string;
  try {
    decoded = decodeURIComponent(own.join('/'));
  } catch {
    return undefined;
  }
  return decoded === path ? [...segments, ...newPath.split('/').map(encodeURIComponent)].join('/') : undefined;
}

export function overlaps(range: Range, finding: Reported): boolean {
  return !isBefore(range.end, finding.from) && !isBefore(finding.to, range.start);
}

function isBefore(left: Position, right: Position): boolean {
  return left.line < right.line || (left.line === right.line && left.character < right.character);
}

export type { CodeAction };
