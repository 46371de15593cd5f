import type { Diagnostic } from 'vscode-languageserver';
import type { Document, Position, Reported, SegmentFindings } from '../engine/index.ts';
import { toDiagnostic } from './convert.ts';

/** What a client is able to show of a finding. */
export interface DiagnosticClient {
  readonly relatedInformation: boolean;
  documentation(code: string): string | undefined;
}

/**
 * Writes the diagnostics of one file as JSON in UTF-8. What a keystroke does not change is not written anew: the bytes
 * before and behind the segments with other findings stay in their buffer, and of a segment that only moved, all but the
 * lines is kept.
 */
export class DiagnosticsText {
  readonly #uri: string;
  readonly #client: DiagnosticClient;
  readonly #parts = new WeakMap<object, readonly Part[]>();
  /** What `#bytes` holds, in its order; each behind a comma. */
  #written: readonly WrittenSegment[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #isGivenAway = false;
  #scratch: Buffer = Buffer.alloc(0);

  constructor(uri: string, client: DiagnosticClient) {
    this.#uri = uri;
    this.#client = client;
  }

  /**
   * The diagnostics in the order of the text, joined by commas: those of at most `most` findings. The bytes stay as they
   * are until the next call, and behind it after `giveAway`.
   */
  of(document: Document, most: number): Buffer {
    const segments = document.findingsBySegment();
    const before = this.#written;
    const least = Math.min(before.length, segments.length);
    let head = 0;
    let headBytes = 0;
    let left = most;
    for (; head < least && holds(before[head], segments[head]); head++) {
      const written = before[head];
      if (!written || written.count > left) break;
      headBytes += written.bytes;
      left -= written.count;
    }
    let tail = 0;
    let tailBytes = 0;
    // Where not all findings are wanted, what is written last has another end each time.
    if (segments.reduce((sum, { count }) => sum + count, 0) <= most)
      for (; tail < least - head && holds(before.at(-1 - tail), segments.at(-1 - tail)); tail++)
        tailBytes += before.at(-1 - tail)?.bytes ?? 0;
    const middle = this.#write(segments.slice(head, segments.length - tail), left);
    const middleBytes = bytesOf(middle);
    const end = bytesOf(before);
    const bytes = headBytes + middleBytes + tailBytes;
    if (this.#isGivenAway || this.#bytes.length < bytes) this.#bytes = larger(this.#bytes, bytes);
    this.#isGivenAway = false;
    this.#bytes.copyWithin(headBytes + middleBytes, end - tailBytes, end);
    this.#scratch.copy(this.#bytes, headBytes, 0, middleBytes);
    this.#written = [...before.slice(0, head), ...middle, ...before.slice(before.length - tail)];
    return this.#bytes.subarray(Math.min(1, bytes), bytes);
  }

  /** Leaves the bytes that `of` gave last to somebody who still reads them. */
  giveAway(): void {
    this.#isGivenAway = true;
  }

  /** Writes the first findings of segments into the scratch buffer. */
  #write(segments: readonly SegmentFindings[], most: number): WrittenSegment[] {
    const written: WrittenSegment[] = [];
    let left = most;
    let end = 0;
    for (const segment of segments) {
      if (left <= 0) break;
      const { text, isWhole } = this.#textOf(segment, left);
      const bytes = 1 + Buffer.byteLength(text);
      if (this.#scratch.length < end + bytes) this.#scratch = larger(this.#scratch, end + bytes);
      this.#scratch.write(`,${text}`, end);
      written.push({ key: isWhole ? segment.key : undefined, line: segment.line, count: segment.count, bytes });
      end += bytes;
      left -= segment.count;
    }
    return written;
  }

  /** The text of a segment's first findings, and whether it is all there is to say for as long as the segment stays. */
  #textOf(segment: SegmentFindings, most: number): { text: string; isWhole: boolean } {
    let parts = this.#parts.get(segment.key);
    if (!parts || segment.count > most) {
      const findings = segment.findings().slice(0, most);
      // Related places can lie in other segments, which move by themselves.
      const moves = this.#client.relatedInformation && findings.some((finding) => finding.related.length > 0);
      if (moves || segment.count > most)
        return { text: findings.map((finding) => JSON.stringify(this.#diagnostic(finding))).join(','), isWhole: false };
      parts = findings.map((finding) => this.#partOf(finding, segment.line));
      this.#parts.set(segment.key, parts);
    }
    return { text: parts.map((part) => joined(part, segment.line)).join(','), isWhole: true };
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

/** A segment's diagnostics as bytes. */
interface WrittenSegment {
  /** Undefined where the same segment can come to say something else. */
  readonly key: object | undefined;
  readonly line: number;
  readonly count: number;
  readonly bytes: number;
}

/** One diagnostic: its range with lines counted from the segment's first, and the JSON of the rest without its `{`. */
interface Part {
  readonly from: Position;
  readonly to: Position;
  readonly rest: string;
}

function holds(written: WrittenSegment | undefined, segment: SegmentFindings | undefined): boolean {
  return written !== undefined && written.key === segment?.key && written.line === segment?.line;
}

function bytesOf(written: readonly WrittenSegment[]): number {
  return written.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A copy with room for so many bytes, and for some more that a person may bring about. */
function larger(buffer: Buffer, bytes: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(Math.max(buffer.length, Math.ceil(bytes * 1.25)));
  buffer.copy(copy);
  return copy;
}

function joined({ from, to, rest }: Part, line: number): string {
  return `{"range":{"start":{"line":${from.line + line},"character":${from.character}},"end":{"line":${to.line + line},"character":${to.character}}},${rest}`;
}
