import { z } from 'zod';
import { Ticks } from '../../../shared-rules/src/index.ts';

/** One tick, or undefined where the tick is taken away. */
export type Tick = Ticks['ticks'][string];
export type TickChanges = ReadonlyMap<string, Tick | undefined>;

/** A ticks file as text, understood or not. `problem` is one sentence without the file's name. */
export type ParsedTicks =
  | { readonly ticks: Ticks; readonly problem?: undefined }
  | { readonly ticks?: undefined; readonly problem: string };

export const noTicks: Ticks = { version: 1, ticks: {} };

/** Reads the text of `.groundrules/ticks.json`. An empty file counts as one without ticks. Never throws. */
export function parseTicks(text: string): ParsedTicks {
  const withoutMark = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (withoutMark.trim() === '') return { ticks: noTicks };
  let json: unknown;
  try {
    json = JSON.parse(withoutMark);
  } catch (error) {
    return { problem: `it is not JSON (${oneLine(error instanceof Error ? error.message : String(error))})` };
  }
  const parsed = Ticks.safeParse(json);
  if (parsed.success) return { ticks: parsed.data };
  return { problem: oneLine(z.prettifyError(parsed.error)).replace(/^✖ /, '') };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

/**
 * Writes ticks as text that diffs and merges well: sorted by requirement, a line each, a final newline. The same ticks
 * give the same text.
 */
export function serialiseTicks(ticks: Ticks): string {
  const lines = Object.entries(ticks.ticks)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, { at, by }]) => {
      const parts = [`"at": ${JSON.stringify(at)}`, ...(by === undefined ? [] : [`"by": ${JSON.stringify(by)}`])];
      return `    ${JSON.stringify(id)}: { ${parts.join(', ')} }`;
    });
  const body = lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n  }`;
  return `{\n  "version": 1,\n  "ticks": ${body}\n}\n`;
}

/**
 * The ticks on disk with one person's changes in them. Ticks that are there already keep who set them and when, and
 * ids this version does not know stay.
 */
export function mergeTicks(onDisk: Ticks, tickChanges: TickChanges): Ticks {
  const merged = new Map(Object.entries(onDisk.ticks));
  for (const [id, tick] of tickChanges) {
    if (tick === undefined) merged.delete(id);
    else if (!merged.has(id)) merged.set(id, tick);
  }
  return { version: 1, ticks: Object.fromEntries(merged) };
}
