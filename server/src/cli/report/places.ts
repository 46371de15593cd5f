/** A place as reports have it: both from 1, the column in Unicode characters (code points), as Ruff counts. */
export interface Place {
  row: number;
  column: number;
}

/**
 * Converts offsets of a text to rows and columns. Lines end at `\n`, `\r\n` and a lone `\r`, as Python has it; a byte
 * order mark is in no column. Fast for offsets that come in rising order.
 */
export function createPlaces(text: string): (offset: number) => Place {
  const starts = lineStarts(text);
  const hasAstral = /[\ud800-\udbff]/.test(text);
  let line = 0;
  return (offset) => {
    if ((starts[line] ?? 0) > offset) line = 0;
    while ((starts[line + 1] ?? Number.POSITIVE_INFINITY) <= offset) line += 1;
    const start = starts[line] ?? 0;
    return { row: line + 1, column: offset - start - (hasAstral ? surrogatePairs(text, start, offset) : 0) + 1 };
  };
}

function lineStarts(text: string): number[] {
  const starts = [text.startsWith('\ufeff') ? 1 : 0];
  if (!text.includes('\r')) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    return starts;
  }
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 10 || (unit === 13 && text.charCodeAt(at + 1) !== 10)) starts.push(at + 1);
  }
  return starts;
}

function surrogatePairs(text: string, start: number, end: number): number {
  let pairs = 0;
  for (let at = start; at < end; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xdc00 && unit <= 0xdfff) pairs += 1;
  }
  return pairs;
}
