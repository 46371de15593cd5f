import { type SourceFile, unitOf } from '../file.ts';
import type { Binding } from '../names/scopes.ts';
import { type Spelling, spell } from '../names/spell.ts';
import type { Node } from '../syntax/node.ts';
import type { Edit, Span } from '../text.ts';
import { without } from './item-edits.ts';

/** For fixes that bring in several names at once, or leave an import without use. They read the whole file. */

/** How to spell several names at a node, with the imports of all of them in as few edits as can be. */
export function spellAll(
  file: SourceFile,
  names: readonly (readonly [module: string, member: string])[],
  at: Node,
): { readonly texts: readonly string[]; readonly edits: readonly Edit[] } | undefined {
  const spellings: Spelling[] = [];
  for (const [module, member] of names) {
    const spelling = spell(file, module, member, at);
    if (!spelling) return undefined;
    spellings.push(spelling);
  }
  return {
    texts: spellings.map((spelling) => spelling.text),
    edits: joinInsertions(spellings.flatMap((spelling) => spelling.edits)),
  };
}

/** Edits with the insertions of one place made one, equal ones once, and equal `from` imports put into one statement. */
export function joinInsertions(edits: readonly Edit[]): Edit[] {
  const joined: Edit[] = [];
  for (const edit of edits) {
    const index = joined.findIndex((known) => known.start === edit.start && known.end === edit.end);
    const known = joined[index];
    if (!known || edit.end > edit.start) joined.push(edit);
    else if (!known.text.split(/(?=,)|\n/).includes(edit.text.replace(/\r?\n$/, '')))
      joined[index] = { ...known, text: joinedImports(known.text, edit.text) };
  }
  return joined;
}

function joinedImports(first: string, second: string): string {
  const added = /^from (\S+) import (\w+)\s*$/.exec(second);
  const lead = added && `from ${added[1]} import `;
  const at = lead ? first.indexOf(lead) : -1;
  if (!added || !lead || at < 0) return first + second;
  const line = /^[^\r\n]*/.exec(first.slice(at))?.[0] ?? '';
  return `${first.slice(0, at + line.length)}, ${added[2]}${first.slice(at + line.length)}`;
}

/**
 * How to write a name at a node where another stood, with its import; the import of the old name goes when nothing else
 * uses it, and the new one takes its place where it can.
 */
export function spellInstead(
  file: SourceFile,
  old: Node,
  [module, member]: readonly [module: string, member: string],
  at: Node,
): { readonly text: string; readonly edits: readonly Edit[] } | undefined {
  const spelled = spell(file, module, member, at);
  if (!spelled) return undefined;
  const { text, edits } = spelled;
  const binding = old.is('identifier') ? unusedImport(file, old.text, [old]) : undefined;
  if (!binding) return spelled;
  const statement = binding.by;
  const names = statement.fields('name');
  const imported = names.find((name) => name.contains(binding.node));
  const [added] = edits;
  if (!added || !imported) return { text, edits: [...edits, ...withoutUnusedImport(file, old.text, [old])] };
  if (statement.start <= added.start && added.end <= statement.end)
    return { text, edits: [{ start: imported.start, end: imported.end, text: member }] };
  if (names.length === 1 && added.text.trim() === `from ${module} import ${member}`)
    return { text, edits: [{ start: statement.start, end: statement.end, text: added.text.trim() }] };
  return { text, edits: joinInsertions([...withoutUnusedImport(file, old.text, [old]), ...edits]) };
}

/**
 * The edits that take a name out of the module-level `from … import` that binds it, when nothing uses it beside the
 * given spans; none otherwise. A mention in a string counts as a use.
 */
export function withoutUnusedImport(file: SourceFile, name: string, ignoring: readonly Span[]): Edit[] {
  const binding = unusedImport(file, name, ignoring);
  if (!binding) return [];
  const statement = binding.by;
  const names = statement.fields('name');
  const item = names.find((candidate) => candidate.contains(binding.node));
  if (!item) return [];
  return names.length > 1 ? [without(item, names)] : wholeLine(file, statement);
}

/** The one unconditional `from … import` of the module that binds a name which nothing uses beside the given spans. */
export function unusedImport(file: SourceFile, name: string, ignoring: readonly Span[]): Binding | undefined {
  const [binding, ...others] = file.moduleBindings(name);
  if (!binding || others.length > 0 || binding.conditional || !binding.by.is('import_from_statement')) return undefined;
  const spans = [...ignoring, binding.by];
  for (const unit of file.units) {
    if (!unit.text.includes(name)) continue;
    for (const node of unit.root.below('identifier', 'string')) {
      const used = node.is('identifier') ? node.text === name : new RegExp(`\\b${name}\\b`).test(node.text);
      if (used && !spans.some((span) => span.start <= node.start && node.end <= span.end)) return undefined;
    }
  }
  return binding;
}

/** The edit that removes a statement with its line; none when something else stands on it. */
export function wholeLine(file: SourceFile, statement: Node): Edit[] {
  const unit = unitOf(statement);
  const start = file.lineStart(statement.start);
  const rest = /^[ \t]*(?:\r?\n|$)/.exec(unit.text.slice(statement.end - unit.start));
  if (!rest || file.slice(start, statement.start).trim() !== '') return [];
  return [{ start, end: statement.end + rest[0].length, text: '' }];
}
