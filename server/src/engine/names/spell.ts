import { ownModule, type SourceFile, unitOf } from '../file.ts';
import type { Node } from '../syntax/node.ts';
import type { Edit } from '../text.ts';
import type { Binding } from './scopes.ts';

/** How to write a name at a place, and the edits that make it mean what it should. */
export interface Spelling {
  readonly text: string;
  readonly edits: readonly Edit[];
}

/**
 * How to spell `module.member` at a node, as the file itself spells such things: by a name already imported there, through
 * an imported module, or by extending or adding an import. Undefined when the name is taken by something else, so that
 * nothing trustworthy can be written.
 */
export function spell(file: SourceFile, module: string, member: string, at: Node): Spelling | undefined {
  const qualified = `${module}.${member}`;
  for (const statement of importsSeenFrom(file, module, at)) {
    for (const binding of statement) {
      if (!isUsable(file, binding, at)) continue;
      if (binding.target === qualified) return { text: binding.name, edits: [] };
    }
  }
  for (const statement of importsSeenFrom(file, module, at)) {
    for (const binding of statement) {
      if (binding.target === module && isUsable(file, binding, at))
        return { text: `${binding.name}.${member}`, edits: [] };
    }
  }
  if (isTaken(file, member, at)) return undefined;
  for (const statement of importsSeenFrom(file, module, at)) {
    const [binding] = statement;
    if (
      !binding?.by.is('import_from_statement') ||
      binding.conditional ||
      binding.typeOnly ||
      !isUsable(file, binding, at)
    )
      continue;
    if (binding.by.field('module_name').text !== module) continue;
    const edit = extension(binding.by, member);
    if (edit) return { text: member, edits: [edit] };
  }
  return { text: member, edits: [insertion(file, `from ${module} import ${member}`, at)] };
}

/** How to spell a module at a node: by an import of it, or by adding `import module`. */
export function spellModule(file: SourceFile, module: string, at: Node): Spelling | undefined {
  for (const statement of importsSeenFrom(file, module, at)) {
    for (const binding of statement)
      if (binding.target === module && isUsable(file, binding, at)) return { text: binding.name, edits: [] };
  }
  const [root = module] = module.split('.');
  if (isTaken(file, root, at)) return undefined;
  return { text: module, edits: [insertion(file, `import ${module}`, at)] };
}

/**
 * The edit that adds a statement where the module's imports end: behind the docstring, `__future__` and the last import
 * that runs unconditionally before any definition, and before `at`.
 */
export function insertion(file: SourceFile, statement: string, at: Node): Edit {
  const { eol } = file;
  const use = unitOf(at);
  let after: Node | undefined;
  let afterDocstring = false;
  for (const unit of file.units) {
    if (unit.start >= use.start || unit.role !== 'statement') break;
    for (const node of unit.statements) {
      if (node.is('import_statement', 'import_from_statement', 'future_import_statement')) {
        after = node;
        afterDocstring = false;
      } else if (node.is('function_definition', 'class_definition', 'decorated_definition')) break;
      else if (!after && node.is('expression_statement') && node.firstNamed?.is('string', 'concatenated_string')) {
        after = node;
        afterDocstring = true;
      }
    }
  }
  if (after) {
    const unit = unitOf(after);
    const line = unit.lines.line(after.end - unit.start);
    const next = unit.lines.lineStart(line + 1);
    const ended = unit.text.slice(0, next).endsWith('\n');
    const gap = afterDocstring ? eol : '';
    const blankFollows = /^[ \t]*\r?\n/.test(file.slice(unit.start + next, unit.start + next + 200));
    return {
      start: unit.start + next,
      end: unit.start + next,
      text: `${ended ? '' : eol}${gap}${statement}${eol}${afterDocstring && !blankFollows ? eol : ''}`,
    };
  }
  const first = file.units.find((unit) => unit.statements.length > 0) ?? file.units[0];
  const firstStatement = first?.statements[0];
  const offset =
    first && firstStatement
      ? first.start + first.lines.lineStart(first.lines.line(firstStatement.start - first.start))
      : 0;
  const bom = offset === 0 && first?.text.startsWith('\ufeff') ? 1 : 0;
  const followedByImport = firstStatement?.is('import_statement', 'import_from_statement') ?? false;
  return { start: offset + bom, end: offset + bom, text: `${statement}${eol}${followedByImport ? '' : eol}` };
}

/**
 * The edit that adds a name to `from module import …`, inside its parentheses where it has them; undefined for a star
 * import.
 */
export function extension(statement: Node, member: string): Edit | undefined {
  if (statement.child('wildcard_import')) return undefined;
  const last = statement.fields('name').at(-1);
  if (!last) return undefined;
  const closing = statement.child('")"');
  const trailingComma = closing && statement.children.some((child) => child.kind === '","' && child.start >= last.end);
  if (closing && trailingComma && last.text !== '') {
    const { ground } = last;
    const lineStart = ground.text.lastIndexOf('\n', last.start - ground.start) + 1;
    const indent = /^[ \t]*/.exec(ground.text.slice(lineStart))?.[0] ?? '';
    const multiline = ground.text.slice(last.end - ground.start, closing.start - ground.start).includes('\n');
    const comma = statement.children.find((child) => child.kind === '","' && child.start >= last.end);
    const offset = comma?.end ?? last.end;
    const eol = ground.text.includes('\r\n') ? '\r\n' : '\n';
    return { start: offset, end: offset, text: multiline ? `${eol}${indent}${member},` : ` ${member},` };
  }
  return { start: last.end, end: last.end, text: `, ${member}` };
}

/** Import bindings that have to do with a module, by statement; those of the scopes around the node first. */
function importsSeenFrom(file: SourceFile, module: string, at: Node): (readonly Binding[])[] {
  const [root = module] = module.split('.');
  const statements = new Map<Node, Binding[]>();
  const add = (binding: Binding): void => {
    if (binding.kind !== 'import' || !binding.target) return;
    const related =
      binding.target === module ||
      binding.target.startsWith(`${module}.`) ||
      (binding.target === root && binding.by.is('import_statement'));
    if (!related) return;
    const known = statements.get(binding.by);
    if (known) known.push(binding);
    else statements.set(binding.by, [binding]);
  };
  const unit = unitOf(at);
  for (let node = at.parent; node; node = node.parent) {
    const scope = unit.scopes.byRow.get(node.row);
    if (scope?.kind === 'function')
      for (const bindings of scope.names.values()) for (const binding of bindings) add(binding);
  }
  for (const other of file.units) {
    if (other.role === 'member') continue;
    for (const bindings of other.scopes.top.names.values()) for (const binding of bindings) add(binding);
  }
  return [...statements.values()];
}

/** Whether the name of an import means that import at the node, and the import has run by then. */
function isUsable(file: SourceFile, binding: Binding, at: Node): boolean {
  if (binding.typeOnly) return false;
  const meant = file.binding(at, binding.name);
  if (meant?.kind !== 'import' || meant.target !== binding.target) return false;
  if (binding.conditional && !sharesBlock(binding, at)) return false;
  if (unitOf(at) === binding.unit) return binding.node.start < at.start;
  return file.enclosingFunction(at) !== undefined || binding.node.start < at.start;
}

/** A conditional import serves only what stands below the same condition. */
function sharesBlock(binding: Binding, at: Node): boolean {
  const block = binding.by.parent;
  return block?.contains(at) ?? false;
}

/** Whether anything at all binds the name where the node or the module could see it. */
function isTaken(file: SourceFile, name: string, at: Node): boolean {
  return file.bindings(at, name).length > 0 || file.moduleBindings(name).length > 0;
}

/** The part of a qualified name behind the file's own module, or undefined for a name from elsewhere. */
export function ownName(qualified: string | undefined): string | undefined {
  return qualified?.startsWith(`${ownModule}.`) ? qualified.slice(ownModule.length + 1) : undefined;
}
