/** A stretch of text: offsets in UTF-16 code units, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Replaces `start` to `end` by `text`; an insertion has both equal. */
export interface Edit extends Span {
  readonly text: string;
}

/** Line and column from zero, columns in UTF-16 code units, as the Language Server Protocol counts by default. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Converts between offsets and positions of one text: the only place that knows both. */
export class LineIndex {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(text: string) {
    this.#length = text.length;
    for (let offset = text.indexOf('\n'); offset >= 0; offset = text.indexOf('\n', offset + 1))
      this.#starts.push(offset + 1);
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** The position of an offset; offsets beyond the text count as its end. */
  position(offset: number): Position {
    const line = this.line(offset);
    return { line, character: Math.min(offset, this.#length) - this.lineStart(line) };
  }

  /** The line an offset is on, from zero. */
  line(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  lineStart(line: number): number {
    return this.#starts[line] ?? this.#length;
  }

  /** The offset of a position; a column beyond the line counts as the line's end. */
  offset(position: Position): number {
    const start = this.lineStart(position.line);
    const next = this.#starts[position.line + 1];
    return Math.min(start + position.character, next === undefined ? this.#length : next - 1);
  }
}

/**
 * The text after all edits. Offsets are those of the old text; edits that touch at a point are applied in their order.
 * @throws RangeError when two edits overlap or an edit lies outside the text.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let result = '';
  let offset = 0;
  for (const edit of sorted) {
    if (edit.start < offset || edit.end < edit.start || edit.end > text.length)
      throw new RangeError('edits overlap or lie outside the text');
    result += text.slice(offset, edit.start) + edit.text;
    offset = edit.end;
  }
  return result + text.slice(offset);
}

/** Whether any edit of one list touches text that an edit of the other changes. */
export function collide(left: readonly Edit[], right: readonly Edit[]): boolean {
  return left.some((a) => right.some((b) => !sameEdit(a, b) && a.start <= b.end && b.start <= a.end));
}

function sameEdit(a: Edit, b: Edit): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text;
}
