/** Text to insert for a tab stop, by its number. */
export type StopValues = Readonly<Record<number, string>>;
/** Text to insert for a variable such as `TM_FILENAME`, by its name. */
export type VariableValues = Readonly<Record<string, string>>;

/**
 * The text of a snippet once every tab stop has been visited: values where given, else the defaults, mirrored and
 * transformed. A choice without a value is its first option; a variable without a value is its default or nothing.
 * The syntax is VS Code's (https://code.visualstudio.com/docs/editing/userdefinedsnippets).
 *
 * @throws SnippetSyntaxError at a `${` that does not form a tab stop, choice, variable or transform. VS Code would
 *   insert it as text, which in a template of ours can only be a slip.
 */
export function expandSnippet(body: string, values: StopValues = {}, variables: VariableValues = {}): string {
  const nodes = parseSnippet(body);
  const defaults = new Map<number, SnippetNode[]>();
  collectDefaults(nodes, defaults);
  const resolving = new Set<number>();

  const stopText = (stop: TabStop): string => {
    const given = values[stop.index];
    if (given !== undefined) return given;
    const content = stop.index === 0 ? stop.content : defaults.get(stop.index);
    if (!content || resolving.has(stop.index)) return '';
    resolving.add(stop.index);
    const text = render(content);
    resolving.delete(stop.index);
    return text;
  };
  const nodeText = (node: SnippetNode): string => {
    if (node.kind === 'text') return node.value;
    const text = node.kind === 'stop' ? stopText(node) : (variables[node.name] ?? render(node.content ?? []));
    return node.transform ? applyTransform(node.transform, text) : text;
  };
  const render = (content: SnippetNode[]): string => content.map(nodeText).join('');
  return render(nodes);
}

/** Escapes text so that a snippet inserts it as it is, at top level and inside a placeholder. */
export function escapeSnippetText(text: string): string {
  return text.replace(/[$}\\]/g, '\\$&');
}

/** Escapes text so that it stands as one option of a choice. */
export function escapeChoice(text: string): string {
  return text.replace(/[|,\\]/g, '\\$&');
}

export interface Text {
  kind: 'text';
  value: string;
}

export interface TabStop {
  kind: 'stop';
  index: number;
  /** The default; a choice has its first option here. */
  content?: SnippetNode[];
  choices?: string[];
  transform?: Transform;
}

export interface Variable {
  kind: 'variable';
  name: string;
  content?: SnippetNode[];
  transform?: Transform;
}

export type SnippetNode = Text | TabStop | Variable;

export interface Transform {
  pattern: RegExp;
  format: (string | FormatGroup)[];
}

/** `${1:/upcase}` and its like: a group of the match, changed or replaced. */
export interface FormatGroup {
  group: number;
  change?: (value: string) => string;
  whenMatched?: string;
  whenEmpty?: string;
}

/** A snippet that cannot be read, with the offset (UTF-16 code units) of the `$` at fault. */
export class SnippetSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at offset ${offset}`);
    this.name = 'SnippetSyntaxError';
    this.offset = offset;
  }
}

/**
 * The parts of a snippet, in order.
 *
 * @throws SnippetSyntaxError as `expandSnippet` does.
 */
export function parseSnippet(body: string): SnippetNode[] {
  return parseNodes({ body, offset: 0 }, false);
}

interface Cursor {
  body: string;
  offset: number;
}

function parseNodes(cursor: Cursor, nested: boolean): SnippetNode[] {
  const nodes: SnippetNode[] = [];
  let text = '';
  const flush = (): void => {
    if (text) nodes.push({ kind: 'text', value: text });
    text = '';
  };
  while (cursor.offset < cursor.body.length && !(nested && cursor.body[cursor.offset] === '}')) {
    const literal = accept(cursor, /\\[$}\\]/y);
    if (literal !== undefined) {
      text += literal.slice(1);
      continue;
    }
    const node = cursor.body[cursor.offset] === '$' ? parseDollar(cursor) : undefined;
    if (node) {
      flush();
      nodes.push(node);
    } else {
      text += cursor.body[cursor.offset];
      cursor.offset += 1;
    }
  }
  flush();
  return nodes;
}

/** Undefined, with the cursor where it was, when the dollar is only a dollar. */
function parseDollar(cursor: Cursor): SnippetNode | undefined {
  const start = cursor.offset;
  const short = accept(cursor, /\$(?:\d+|[A-Za-z_]\w*)/y);
  if (short !== undefined) return named(short.slice(1));
  if (accept(cursor, /\$\{/y) === undefined) return undefined;

  const name = accept(cursor, /\d+|[A-Za-z_]\w*/y);
  if (name === undefined) throw new SnippetSyntaxError('expected a number or a name after "${"', start);
  const node = named(name);
  if (accept(cursor, /\}/y) !== undefined) return node;
  if (accept(cursor, /:/y) !== undefined) {
    node.content = parseNodes(cursor, true);
  } else if (node.kind === 'stop' && node.index > 0 && accept(cursor, /\|/y) !== undefined) {
    node.choices = parseChoices(cursor, start);
    node.content = [{ kind: 'text', value: node.choices[0] ?? '' }];
  } else if (accept(cursor, /\//y) !== undefined) {
    node.transform = parseTransform(cursor, start);
  }
  if (accept(cursor, /\}/y) === undefined) throw new SnippetSyntaxError(`"\${${name}" is not closed`, start);
  return node;
}

function named(name: string): TabStop | Variable {
  return /^\d/.test(name) ? { kind: 'stop', index: Number(name) } : { kind: 'variable', name };
}

function parseChoices(cursor: Cursor, start: number): string[] {
  const choices: string[] = [];
  do {
    const choice = accept(cursor, /(?:\\[|,\\]|[^|,])+/y);
    if (choice === undefined) throw new SnippetSyntaxError('a choice has an empty option', start);
    choices.push(choice.replace(/\\([|,\\])/g, '$1'));
  } while (accept(cursor, /,/y) !== undefined);
  if (accept(cursor, /\|/y) === undefined) throw new SnippetSyntaxError('a choice is not closed by "|"', start);
  return choices;
}

function parseTransform(cursor: Cursor, start: number): Transform {
  const source = accept(cursor, /(?:\\\/|[^/])*/y) ?? '';
  if (accept(cursor, /\//y) === undefined) throw new SnippetSyntaxError('a transform lacks its format', start);
  const format: (string | FormatGroup)[] = [];
  while (accept(cursor, /\//y) === undefined) {
    const literal = accept(cursor, /\\[\\/]/y);
    const group = literal === undefined ? parseFormatGroup(cursor) : undefined;
    const part = literal?.slice(1) ?? group ?? accept(cursor, /[\s\S]/y);
    if (part === undefined) throw new SnippetSyntaxError('a transform lacks its last "/"', start);
    format.push(part);
  }
  const flags = accept(cursor, /[a-z]*/y) ?? '';
  try {
    return { pattern: new RegExp(source.replaceAll('\\/', '/'), flags), format };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SnippetSyntaxError(`a transform's regular expression is wrong (${reason})`, start);
  }
}

const untilBrace = String.raw`((?:\\[$}\\]|[^}\\])+)`;
const untilColon = String.raw`((?:\\[$}\\]|[^:\\])+)`;
/** `$1`, `${1}`, `${1:/style}`, `${1:+if}`, `${1:?if:else}`, `${1:-else}`, `${1:else}`. */
const formatGroup = new RegExp(
  String.raw`\$(?:(\d+)|\{(\d+)(?::(?:/(\w+)|\+${untilBrace}|\?${untilColon}:${untilBrace}|-?${untilBrace}))?\})`,
  'y',
);

function parseFormatGroup(cursor: Cursor): FormatGroup | undefined {
  const found = acceptMatch(cursor, formatGroup);
  if (!found) return undefined;
  const [, short, long, style, plus, yes, no, otherwise] = found;
  const whenMatched = plus ?? yes;
  const whenEmpty = no ?? otherwise;
  const change = style === undefined ? undefined : changes[style];
  return {
    group: Number(short ?? long),
    ...(change && { change }),
    ...(whenMatched !== undefined && { whenMatched: unescapeText(whenMatched) }),
    ...(whenEmpty !== undefined && { whenEmpty: unescapeText(whenEmpty) }),
  };
}

function unescapeText(text: string): string {
  return text.replace(/\\([$}\\])/g, '$1');
}

const changes: Readonly<Record<string, (value: string) => string>> = {
  upcase: (value) => value.toUpperCase(),
  downcase: (value) => value.toLowerCase(),
  capitalize: (value) => capitalize(value),
  pascalcase: (value) => words(value, value).map(capitalize).join(''),
  camelcase: (value) => {
    const [first = '', ...rest] = words(value, value);
    return first.charAt(0).toLowerCase() + first.slice(1) + rest.map(capitalize).join('');
  },
};

function words(value: string, otherwise: string): string[] {
  return value.match(/[a-z0-9]+/gi) ?? [otherwise];
}

function capitalize(value: string): string {
  return value.charAt(0).toUpperCase() + value.slice(1);
}

function applyTransform(transform: Transform, text: string): string {
  let matched = false;
  const replaced = text.replace(transform.pattern, (...found: unknown[]) => {
    matched = true;
    return formatGroups(transform.format, found);
  });
  const hasElse = transform.format.some((part) => typeof part !== 'string' && part.whenEmpty);
  return !matched && hasElse ? formatGroups(transform.format, []) : replaced;
}

function formatGroups(format: Transform['format'], groups: readonly unknown[]): string {
  return format
    .map((part) => {
      if (typeof part === 'string') return part;
      const group = groups[part.group];
      const value = typeof group === 'string' ? group : '';
      if (part.change) return part.change(value);
      return value ? (part.whenMatched ?? value) : (part.whenEmpty ?? '');
    })
    .join('');
}

/** The first tab stop of a number that has a default gives it to all of them. */
function collectDefaults(nodes: SnippetNode[], defaults: Map<number, SnippetNode[]>): void {
  for (const node of nodes) {
    if (node.kind === 'text' || !node.content) continue;
    if (node.kind === 'stop' && !defaults.has(node.index)) defaults.set(node.index, node.content);
    collectDefaults(node.content, defaults);
  }
}

function accept(cursor: Cursor, sticky: RegExp): string | undefined {
  return acceptMatch(cursor, sticky)?.[0];
}

function acceptMatch(cursor: Cursor, sticky: RegExp): RegExpExecArray | undefined {
  sticky.lastIndex = cursor.offset;
  const found = sticky.exec(cursor.body) ?? undefined;
  if (found) cursor.offset = sticky.lastIndex;
  return found;
}
