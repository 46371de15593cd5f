import type { EditPlaces } from './corpus.ts';

/** One change as an editor sends it: offsets and columns are UTF-16 code units of the text before this edit. */
export interface Edit {
  kind: 'character' | 'line';
  start: number;
  end: number;
  text: string;
  range: { start: Position; end: Position };
}

export interface Position {
  line: number;
  character: number;
}

/** What a person types between, and inside, the names of an expression. Half of it breaks the code. */
const typedCharacters = ['x', 's', '1', '_', ' ', '.', '(', ')', ',', '[', '"', ':'];

/** Lines that pass through broken states while they are typed; about half are broken when they are complete, too. */
const typedLines = [
  'x = foo(',
  '"""',
  'def f(',
  'result = service.fetch(item_id, limit=10)',
  'items = [row["name"] for row in rows]',
  'print(f"{name!r} took {seconds:.1f} s")',
  "title = 'unfinished",
  'return {"id": user.id, "roles": [',
  'raise Exception("not found")',
  'stamp = datetime.utcnow()',
  '"""A note that is closed again."""',
  'async with session.begin() as transaction:',
  'if value is None:',
  'except (ValueError, KeyError):',
  'logger.error("failed: %s", error)  # noqa: E501',
  'class Item(BaseModel):',
  '@router.get("/items/{item_id}")',
  'import os, sys',
];

/**
 * About `count` edits at random places, the same for the same seed. Every burst takes back what it typed, character by
 * character, so that the text after the last edit is the text before the first one and its size never drifts.
 */
export function makeEditScript(text: string, places: EditPlaces, count: number, seed: number): Edit[] {
  const random = createRandom(seed);
  const lineStarts = findLineStarts(text);
  const edits: Edit[] = [];
  while (edits.length < count) {
    // A line burst is some fifty edits and a character burst two: this gives both kinds about the same share.
    const typesLine = random() < 0.04 && places.statements.length > 0;
    if (typesLine) {
      const [line, character, indent] = pick(places.statements, random);
      const own = text.slice(lineStarts[line], (lineStarts[line] ?? 0) + indent);
      const pieces = [`\n${own}`, ...pick(typedLines, random)];
      edits.push(...burst('line', pieces, { line, character }, (lineStarts[line] ?? 0) + character));
    } else {
      const [line, character] = pick(places.expressions, random);
      const pieces = [pick(typedCharacters, random)];
      edits.push(...burst('character', pieces, { line, character }, (lineStarts[line] ?? 0) + character));
    }
  }
  return edits;
}

/** Types the pieces one after the other, then deletes them again from the last to the first. */
function burst(kind: Edit['kind'], pieces: readonly string[], anchor: Position, anchorOffset: number): Edit[] {
  const typed: Edit[] = [];
  let position = anchor;
  let offset = anchorOffset;
  const deletions: Edit[] = [];
  for (const piece of pieces) {
    const after = advance(position, piece);
    typed.push({ kind, start: offset, end: offset, text: piece, range: { start: position, end: position } });
    deletions.unshift({
      kind,
      start: offset,
      end: offset + piece.length,
      text: '',
      range: { start: position, end: after },
    });
    position = after;
    offset += piece.length;
  }
  return [...typed, ...deletions];
}

function advance(position: Position, typed: string): Position {
  const lastBreak = typed.lastIndexOf('\n');
  if (lastBreak < 0) return { line: position.line, character: position.character + typed.length };
  return { line: position.line + typed.split('\n').length - 1, character: typed.length - lastBreak - 1 };
}

/** Offsets at which the lines start; only `\n` ends a line here, as the corpus holds no other line ends. */
export function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

export function applyEdit(text: string, edit: Pick<Edit, 'start' | 'end' | 'text'>): string {
  return text.slice(0, edit.start) + edit.text + text.slice(edit.end);
}

/** Numbers from 0 up to 1, the same for the same seed on every machine (mulberry32, Tommy Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Throws on an empty list: there is nothing to pick. */
export function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is nothing to pick from');
  return item;
}
