import type { SourceFile } from '../file.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';

/** Whether a statement is a docstring: a plain string that stands alone (language reference, "Function definitions"). */
export function isDocstring(statement: Node | undefined): boolean {
  if (!statement?.is('expression_statement')) return false;
  const value = statement.firstNamed;
  if (!value?.is('string', 'concatenated_string') || statement.namedChildren.length > 1) return false;
  if (value.is('concatenated_string')) return value.namedChildren.every(isPlainString);
  return isPlainString(value);
}

/** The docstring statement of a function or class. For a class, only from the class's own handler. */
export function docstringOf(
  definition: TypedNode<'function_definition'> | TypedNode<'class_definition'>,
  file: SourceFile,
): Node | undefined {
  const first = definition.is('class_definition') ? file.classBody(definition)[0] : definition.field('body').firstNamed;
  return isDocstring(first) ? first : undefined;
}

/** The statements of a function's body behind its docstring. */
export function statementsBehindDocstring(definition: TypedNode<'function_definition'>): Node[] {
  const [first, ...rest] = definition.field('body').namedChildren;
  if (!first) return [];
  return isDocstring(first) ? rest : [first, ...rest];
}

/** One parameter as a docstring names it: with its stars. */
export function documentedParameters(definition: TypedNode<'function_definition'>, file: SourceFile): string[] {
  const names: string[] = [];
  for (const parameter of definition.field('parameters').namedChildren) {
    const name = parameterName(parameter);
    if (name !== undefined) names.push(name);
  }
  const isStatic = file.decorators(definition).some((decorator) => decorator.text === 'staticmethod');
  const isMethod = file.enclosingClass(definition) !== undefined && file.enclosingFunction(definition) === undefined;
  return isMethod && !isStatic && !names[0]?.startsWith('*') ? names.slice(1) : names;
}

/** An exception that a function raises itself, and the condition it stands under where that is short enough to say. */
export interface RaisedException {
  readonly name: string;
  readonly condition: string | undefined;
}

/** What a function raises by name and does not catch again; each exception once, in the order of the text. */
export function raisedExceptions(definition: TypedNode<'function_definition'>): RaisedException[] {
  const found = new Map<string, RaisedException>();
  for (const raise of definition.field('body').belowOutside(nestedScopes, 'raise_statement')) {
    const name = exceptionName(raise);
    if (name === undefined || found.has(name) || isCaughtHere(raise, name)) continue;
    found.set(name, { name, condition: conditionOf(raise) });
  }
  return [...found.values()];
}

/** Whether the body yields, returns a value, or is annotated to. */
export function resultOf(definition: TypedNode<'function_definition'>): 'yields' | 'returns' | undefined {
  const body = definition.field('body');
  if (body.belowOutside(nestedScopes, 'yield').length > 0) return 'yields';
  const annotation = definition.field('return_type')?.text;
  if (annotation !== undefined) return /^(typing\.)?(None|NoReturn|Never)$/.test(annotation) ? undefined : 'returns';
  const returned = body.belowOutside(nestedScopes, 'return_statement').map((statement) => statement.firstNamed);
  return returned.some((value) => value && !value.is('none')) ? 'returns' : undefined;
}

/**
 * A docstring in Google's style for a function, as lines without indentation: a summary made of the name, and the real
 * parameters, result and exceptions.
 */
export function functionSkeleton(definition: TypedNode<'function_definition'>, file: SourceFile): string[] {
  const lines = [`${words(definition.field('name').text)}.`];
  const parameters = documentedParameters(definition, file);
  if (parameters.length > 0)
    lines.push('', 'Args:', ...parameters.map((name) => `    ${name}: The ${words(name, 'lower')}.`));
  const result = resultOf(definition);
  if (result === 'returns') lines.push('', 'Returns:', '    The result.');
  if (result === 'yields') lines.push('', 'Yields:', '    The next item.');
  const raised = raisedExceptions(definition);
  if (raised.length > 0)
    lines.push(
      '',
      'Raises:',
      ...raised.map(({ name, condition }) => `    ${name}: ${condition ? `If \`${condition}\`` : 'If it fails'}.`),
    );
  return lines;
}

/** The words of a name as a sentence begins with them: `get_user` gives "Get user", `HTTPClient` "HTTP client". */
export function words(name: string, start: 'upper' | 'lower' = 'upper'): string {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .flatMap((part) => part.split(' '))
    .filter((part) => part !== '')
    .map((part) => (/^[A-Z0-9]{2,}$/.test(part) ? part : part.toLowerCase()));
  const text = parts.join(' ');
  if (text === '') return name;
  return start === 'upper' ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/**
 * The edit that gives a function or class a docstring of the given lines; undefined where its header cannot be
 * followed by a line of its own.
 */
export function docstringEdit(
  definition: TypedNode<'function_definition'> | TypedNode<'class_definition'>,
  lines: readonly string[],
  file: SourceFile,
): Edit | undefined {
  const colon = definition.children.findLast((child) => child.kind === '":"');
  const [first] = definition.is('class_definition')
    ? file.classBody(definition)
    : definition.field('body').namedChildren;
  if (!colon || !first) return undefined;
  const { eol } = file;
  if (file.lineStart(first.start) === file.lineStart(colon.start)) {
    const outer = file.indentAt(definition.start);
    const indent = outer + (outer.includes('\t') ? '\t' : '    ');
    return { start: colon.end, end: first.start, text: `${eol}${quoted(lines, indent, eol)}${eol}${indent}` };
  }
  const between = file.slice(colon.end, file.lineStart(first.start));
  const header = between.slice(0, between.indexOf('\n') + 1);
  if (/\\\r?\n$/.test(header)) return undefined;
  const at = colon.end + header.length;
  const indent = file.indentAt(first.start);
  const blank = definition.is('class_definition') && !/^[ \t]*\r?\n/.test(between.slice(header.length)) ? eol : '';
  return { start: at, end: at, text: `${quoted(lines, indent, eol)}${eol}${blank}` };
}

/** The lines as a docstring, indented. */
export function quoted(lines: readonly string[], indent: string, eol: string): string {
  const [summary = '', ...rest] = lines;
  if (rest.length === 0) return `${indent}"""${summary}"""`;
  const unit = indent.includes('\t') ? '\t' : '    ';
  const body = rest.map((line) => (line === '' ? '' : indent + line.replace(/^ {4}/, unit)));
  return [`${indent}"""${summary}`, ...body, `${indent}"""`].join(eol);
}

const nestedScopes = ['function_definition', 'lambda', 'class_definition'] as const;

function isPlainString(node: Node | undefined): boolean {
  return node?.is('string') === true && !/[bft]/i.test(node.child('string_start')?.text ?? '');
}

function parameterName(parameter: Node): string | undefined {
  if (parameter.is('identifier')) return parameter.text;
  if (parameter.is('default_parameter', 'typed_default_parameter')) return parameter.field('name').text;
  if (parameter.is('typed_parameter')) {
    const inner = parameter.firstNamed;
    return inner ? parameterName(inner) : undefined;
  }
  if (parameter.is('list_splat_pattern')) return parameter.firstNamed ? `*${parameter.firstNamed.text}` : undefined;
  if (parameter.is('dictionary_splat_pattern'))
    return parameter.firstNamed ? `**${parameter.firstNamed.text}` : undefined;
  return undefined;
}

/** `raise errors.NotFound("…")` gives `errors.NotFound`; raising a variable again gives nothing. */
function exceptionName(raise: TypedNode<'raise_statement'>): string | undefined {
  const value = raise.firstNamed;
  if (!value || raise.field('cause') === value) return undefined;
  const named = value.is('call') ? value.field('function') : value;
  if (!named.is('identifier', 'attribute')) return undefined;
  return /^[\w.]+$/u.test(named.text) && /(^|\.)_*[A-Z]\w*$/u.test(named.text) ? named.text : undefined;
}

function isCaughtHere(raise: Node, name: string): boolean {
  let child: Node = raise;
  for (let parent = raise.parent; parent && !parent.is(...nestedScopes); parent = parent.parent) {
    if (parent.is('try_statement') && parent.field('body') === child) {
      for (const clause of parent.children) {
        if (!clause.is('except_clause')) continue;
        const caught = clause.namedChildren.filter((part) => !part.is('block')).map((part) => part.text);
        if (caught.length === 0 || caught.some((text) => text.split(/[^\w.]+/u).some((one) => covers(one, name))))
          return true;
      }
    }
    child = parent;
  }
  return false;
}

function covers(caught: string, name: string): boolean {
  return caught === name || caught === 'Exception' || caught === 'BaseException';
}

/** The condition of the `if` whose first branch does nothing before it raises. */
function conditionOf(raise: Node): string | undefined {
  const branch = raise.parent?.parent;
  if (!branch?.is('if_statement', 'elif_clause') || branch.field('consequence') !== raise.parent) return undefined;
  const { text } = branch.field('condition');
  return text.length <= 60 && !/[\n\\`]|"""/.test(text) ? text : undefined;
}

/** What the sections of a docstring in Google's style say; a section that is not there, or not understood, is undefined. */
export interface DocumentedSections {
  /** Names below `Args:`, with their stars. */
  readonly parameters: readonly string[] | undefined;
  /** Names below `Keyword Args:` and the like, which need not be parameters. */
  readonly keywords: readonly string[];
  /** What stands below `Returns:`. */
  readonly returns: string | undefined;
  /** Names below `Raises:`. */
  readonly raises: readonly string[] | undefined;
}

/** Reads the sections of a docstring (Google Python Style Guide, "Functions and Methods"). */
export function sectionsOf(docstring: string): DocumentedSections {
  const lines = docstring.split(/\r?\n/);
  let parameters: string[] | undefined;
  let keywords: string[] = [];
  let returns: string | undefined;
  let raises: string[] | undefined;
  for (let index = 0; index < lines.length; index++) {
    const [, indent, title = ''] = sectionTitle.exec(lines[index] ?? '') ?? [];
    if (indent === undefined) continue;
    const content: string[] = [];
    while (index + 1 < lines.length) {
      const next = lines[index + 1] ?? '';
      if (next.trim() !== '' && widthOf(next) <= widthOf(`${indent}x`)) break;
      content.push(next);
      index++;
    }
    const kind = title.toLowerCase();
    if (kind.startsWith('return')) returns = content.join('\n').trim();
    else if (kind.startsWith('raise')) raises = namesIn(content, raisedEntry);
    else if (kind === 'args' || kind === 'arguments') parameters = namesIn(content, parameterEntry);
    else keywords = namesIn(content, parameterEntry) ?? [];
  }
  return { parameters, keywords, returns, raises };
}

const sectionTitle = /^([ \t]*)(Args|Arguments|Returns?|Raises|Keyword Arg(?:ument)?s|Other Arg(?:ument)?s):[ \t]*$/;
const parameterEntry = /^`{0,2}((?:\\?\*){0,2}\w+(?:, *(?:\\?\*){0,2}\w+)*)`{0,2}(?: *\(.*?\))? *(?::|--| - |$)/u;
const raisedEntry = /^`{0,2}(\w+(?:\.\w+)*(?:(?:, *| or )\w+(?:\.\w+)*)*)`{0,2} *(?::|--| - |$)/u;

/** The names that the entries of a section begin with; undefined when one of them does not look like an entry. */
function namesIn(content: readonly string[], entry: RegExp): string[] | undefined {
  const written = content.filter((line) => line.trim() !== '');
  const [first] = written;
  if (first === undefined) return undefined;
  const names: string[] = [];
  for (const line of written) {
    if (widthOf(line) > widthOf(first)) continue;
    const [, found] = entry.exec(line.trim()) ?? [];
    if (found === undefined) return undefined;
    names.push(...found.replaceAll('\\', '').split(/, *| or /));
  }
  return names;
}

function widthOf(line: string): number {
  return line.length - line.trimStart().length;
}
