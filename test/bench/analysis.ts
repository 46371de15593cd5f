import type { Edit } from './edit-script.ts';
import { type Summary, summarise } from './statistics.ts';

/** The engine as the benchmark sees it: one document, edited in place, that knows its findings after every edit. */
export interface AnalysedDocument {
  /** Replaces `start`–`end` (UTF-16 offsets) by `text` and brings the findings up to date; returns how many there are. */
  edit(start: number, end: number, text: string): number;
  /** What the server does while a person reads a file that was opened. */
  warmUp(): Promise<void>;
}

export type OpenDocument = (text: string) => Promise<AnalysedDocument>;

export interface AnalysisResult extends Summary {
  edits: number;
  findings: number;
  /** The first analysis of the whole text. */
  openMilliseconds: number;
}

/** The edits in this process: no protocol, no findings written out. */
export async function measureAnalysis(
  open: OpenDocument,
  text: string,
  edits: readonly Edit[],
  warmUp: number,
): Promise<AnalysisResult> {
  const opening = performance.now();
  const document = await open(text);
  const openMilliseconds = performance.now() - opening;
  await document.warmUp();
  const milliseconds: number[] = [];
  const findings: number[] = [];
  for (const [index, edit] of edits.entries()) {
    const started = performance.now();
    const count = document.edit(edit.start, edit.end, edit.text);
    const taken = performance.now() - started;
    if (index < warmUp) continue;
    milliseconds.push(taken);
    findings.push(count);
  }
  return {
    ...summarise(milliseconds),
    edits: milliseconds.length,
    findings: summarise(findings).p50,
    openMilliseconds,
  };
}
