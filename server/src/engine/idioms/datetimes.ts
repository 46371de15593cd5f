import { type SourceFile, unitOf } from '../file.ts';
import { rootOf } from '../names/dotted.ts';
import { type Binding, scopeAt } from '../names/scopes.ts';
import { extension, insertion, type Spelling, spell } from '../names/spell.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node } from '../syntax/node.ts';
import type { Edit } from '../text.ts';

/**
 * How to write aware times with the standard library's `datetime`, in a file's own import style. A *reference* is the
 * node that names a method of the class, such as `datetime.utcnow` in `datetime.utcnow()`. New names come by the very
 * import that brings the class in, so that they are there wherever the class is.
 */

/**
 * `datetime.now(UTC)` in the spelling of the place. Undefined when a name it needs is taken, or when `deferred` is true
 * (the text goes into a lambda) and the class is imported in a class body, which a lambda cannot see.
 */
export function spellNow(file: SourceFile, reference: Node, deferred = false): Spelling | undefined {
  const owner = spellDatetime(file, reference);
  const zone = spellUtc(file, reference);
  if (!owner || !zone || (deferred && isImportedInClass(file, reference))) return undefined;
  return { text: `${owner.text}.now(${zone.text})`, edits: mergeInsertions([...owner.edits, ...zone.edits]) };
}

/** The class `datetime.datetime` at a reference: as the reference itself spells it, where it names that class. */
export function spellDatetime(file: SourceFile, reference: Node): Spelling | undefined {
  const receiver = receiverOf(reference);
  if (receiver && file.qualified(receiver) === 'datetime.datetime') return { text: receiver.text, edits: [] };
  return spellBeside(file, 'datetime', reference);
}

/**
 * The UTC zone at a reference: the name the file has imported, else `UTC` where the target Python is known to have it
 * (3.11) and the file does not write `timezone.utc` elsewhere, else `timezone.utc`.
 */
export function spellUtc(file: SourceFile, reference: Node): Spelling | undefined {
  const utc = spellBeside(file, 'UTC', reference);
  const timezone = spellBeside(file, 'timezone', reference);
  const zone = timezone && { text: `${timezone.text}.utc`, edits: timezone.edits };
  if (utc && utc.edits.length === 0 && !utc.text.includes('.')) return utc;
  if (zone && zone.edits.length === 0 && !timezone.text.includes('.')) return zone;
  const hasUtc = file.facts.targetKnown && file.targets('3.11');
  if (utc?.text.includes('.') && (mentions(file, utc.text) || (hasUtc && zone && !mentions(file, zone.text))))
    return utc;
  if (utc && hasUtc && !mentions(file, 'timezone.utc')) return utc;
  return zone ?? (hasUtc ? utc : undefined) ?? spellAliasedTimezone(file, reference);
}

/** The node that a reference is a method of: `datetime` of `datetime.utcnow`. */
export function receiverOf(reference: Node): Node | undefined {
  return reference.is('attribute') ? reference.field('object') : undefined;
}

/** Joins insertions at one place, so that one import can gain two names in one fix. */
export function mergeInsertions(edits: readonly Edit[]): Edit[] {
  const merged: Edit[] = [];
  for (const edit of edits) {
    const index = merged.findIndex((known) => known.start === edit.start && known.end === edit.end);
    const known = merged[index];
    if (!known) merged.push(edit);
    else if (known.text !== edit.text) merged[index] = { ...known, text: known.text + edit.text };
  }
  return merged;
}

/** Whether an expression is one of the usual objects for UTC. */
export function isUtc(file: SourceFile, expression: Node | undefined): boolean {
  if (!expression) return false;
  if (!expression.is('call')) return utcNames.has(file.qualified(expression) ?? '');
  const maker = file.qualified(expression.field('function')) ?? '';
  if (maker === 'dateutil.tz.tzutc') return true;
  const key = stringValue(argumentsOf(expression).positional[0]);
  return zoneMakers.has(maker) && (key === 'UTC' || key === 'Etc/UTC');
}

const utcNames = new Set([
  'datetime.UTC',
  'datetime.timezone.utc',
  'pytz.utc',
  'pytz.UTC',
  'dateutil.tz.UTC',
  'django.utils.timezone.utc',
]);
const zoneMakers = new Set(['zoneinfo.ZoneInfo', 'pytz.timezone', 'dateutil.tz.gettz', 'backports.zoneinfo.ZoneInfo']);

function spellBeside(file: SourceFile, member: string, reference: Node): Spelling | undefined {
  const statements = importsOf(file, reference);
  const beside = statements && nameInAll(file, statements, member, reference);
  if (beside !== undefined) return { text: beside, edits: [] };
  const usual = spell(file, 'datetime', member, reference);
  if (usual && usual.edits.length === 0 && !usual.text.includes('.')) return usual;
  const path = modulePath(file, reference);
  if (path !== undefined) return { text: `${path}.${member}`, edits: [] };
  if (usual?.edits.length === 0) return usual;
  if (isTaken(file, member, reference)) return undefined;
  return statements ? extendAll(statements, member, member) : usual;
}

/** Another library's `timezone` keeps its name; the standard library's comes in beside it. */
function spellAliasedTimezone(file: SourceFile, reference: Node): Spelling | undefined {
  const alias = 'dt_timezone';
  if (isTaken(file, alias, reference)) return undefined;
  const statements = importsOf(file, reference);
  const imported = statements
    ? extendAll(statements, `timezone as ${alias}`, alias)
    : {
        text: alias,
        edits: [insertion(file, `from datetime import timezone as ${alias}`, reference)],
      };
  return imported && { text: `${alias}.utc`, edits: imported.edits };
}

/** The module as a reference spells it: `dt` of `dt.datetime.utcnow`. */
function modulePath(file: SourceFile, reference: Node): string | undefined {
  const receiver = receiverOf(reference);
  if (!receiver?.is('attribute')) return undefined;
  const module = receiver.field('object');
  return file.qualified(module) === 'datetime' ? module.text : undefined;
}

/** The `from datetime import …` statements that bind the class a reference names. */
function importsOf(file: SourceFile, reference: Node): readonly Node[] | undefined {
  const receiver = receiverOf(reference);
  if (!receiver?.is('identifier')) return undefined;
  const bindings = file.bindings(receiver).filter((binding) => !binding.typeOnly);
  const fromDatetime = (binding: Binding): boolean =>
    binding.by.is('import_from_statement') && binding.by.field('module_name').text === 'datetime';
  return bindings.length > 0 && bindings.every(fromDatetime) ? bindings.map((binding) => binding.by) : undefined;
}

/** The name that every one of the statements gives `datetime.member`, when it means that at the reference. */
function nameInAll(file: SourceFile, statements: readonly Node[], member: string, reference: Node): string | undefined {
  const named = (statement: Node): string | undefined => {
    for (const name of statement.fields('name')) {
      if (name.is('aliased_import') && name.field('name').text === member) return name.field('alias').text;
      if (name.is('dotted_name') && name.text === member) return name.text;
    }
    return undefined;
  };
  const [first] = statements;
  const name = first && named(first);
  if (name === undefined || !statements.every((statement) => named(statement) === name)) return undefined;
  return file.binding(reference, name)?.target === `datetime.${member}` ? name : undefined;
}

function extendAll(statements: readonly Node[], imported: string, name: string): Spelling | undefined {
  const edits: Edit[] = [];
  for (const statement of statements) {
    const edit = extension(statement, imported);
    if (!edit) return undefined;
    edits.push(edit);
  }
  return { text: name, edits };
}

function isTaken(file: SourceFile, name: string, at: Node): boolean {
  return file.bindings(at, name).length > 0 || file.moduleBindings(name).length > 0;
}

/** Whether the file writes these characters anywhere; a matter of taste only, so text is enough. */
function mentions(file: SourceFile, text: string): boolean {
  return file.units.some((unit) => unit.text.includes(text));
}

function isImportedInClass(file: SourceFile, reference: Node): boolean {
  const root = rootOf(receiverOf(reference) ?? reference);
  const binding = root.is('identifier') ? file.bindings(root)[0] : undefined;
  return binding !== undefined && scopeAt(unitOf(binding.by).scopes, binding.by).kind === 'class';
}
