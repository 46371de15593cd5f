import type { Diagnostic } from 'vscode-languageserver';
import type { Document, Position, Reported, SegmentFindings } from '../engine/index.ts';
import { toDiagnostic } from './convert.ts';

/** What a client is able to show of a finding. */
export interface DiagnosticClient {
  readonly relatedInformation: boolean;
  documentation(code: string): string | undefined;
}

/**
 * Writes the diagnostics of one file as JSON. What a keystroke does not change is not written anew: the text of a
 * segment's diagnostics is kept with its findings, and of one that only moved, all but the lines.
 */
export class DiagnosticsText {
  readonly #uri: string;
  readonly #client: DiagnosticClient;
  readonly #kept = new WeakMap<object, SegmentText>();

  constructor(uri: string, client: DiagnosticClient) {
    this.#uri = uri;
    this.#client = client;
  }

  /** The diagnostics in the order of the text, joined by commas: those of at most `most` findings. */
  of(document: Document, most: number): string {
    const texts: string[] = [];
    let left = most;
    for (const segment of document.findingsBySegment()) {
      if (left <= 0) break;
      texts.push(segment.count > left ? this.#written(segment.findings().slice(0, left)) : this.#textOf(segment));
      left -= segment.count;
    }
    return texts.join(',');
  }

  #textOf(segment: SegmentFindings): string {
    const kept = this.#kept.get(segment.key);
    if (kept?.line === segment.line) return kept.text;
    const findings = kept ? [] : segment.findings();
    // Related places can lie in other segments, which move by themselves.
    if (this.#client.relatedInformation && findings.some((finding) => finding.related.length > 0))
      return this.#written(findings);
    const parts = kept?.parts ?? findings.map((finding) => this.#partOf(finding, segment.line));
    const text = parts.map((part) => joined(part, segment.line)).join(',');
    this.#kept.set(segment.key, { line: segment.line, text, parts });
    return text;
  }

  #written(findings: readonly Reported[]): string {
    return findings.map((finding) => JSON.stringify(this.#diagnostic(finding))).join(',');
  }

  #partOf(finding: Reported, line: number): Part {
    const { range: _, ...rest } = this.#diagnostic(finding);
    const from = { ...finding.from, line: finding.from.line - line };
    const to = { ...finding.to, line: finding.to.line - line };
    return { from, to, rest: JSON.stringify(rest).slice(1) };
  }

  #diagnostic(finding: Reported): Diagnostic {
    return toDiagnostic(finding, this.#uri, this.#client.documentation, this.#client.relatedInformation);
  }
}

interface SegmentText {
  /** The segment's first line when `text` was written. */
  readonly line: number;
  readonly text: string;
  readonly parts: readonly Part[];
}

/** One diagnostic: its range with lines counted from the segment's first, and the JSON of the rest without its `{`. */
interface Part {
  readonly from: Position;
  readonly to: Position;
  readonly rest: string;
}

function joined({ from, to, rest }: Part, line: number): string {
  return `{"range":{"start":{"line":${from.line + line},"character":${from.character}},"end":{"line":${to.line + line},"character":${to.character}}},${rest}`;
}
