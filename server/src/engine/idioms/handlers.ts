import type { SourceFile } from '../file.ts';
import type { Binding } from '../names/scopes.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit, Span } from '../text.ts';
import {
  dottedName,
  type LogCall,
  logCallOf,
  logsTraceback,
  possibleLogCallOf,
  tracebackFunctions,
} from './logging.ts';

/** An `except` clause, read. */
export interface Handler {
  readonly clause: TypedNode<'except_clause'>;
  /** The exception expressions; none for a bare `except:`. */
  readonly types: readonly Node[];
  /** The whole expression between `except` and the alias. */
  readonly caught: Node | undefined;
  /** `except A, B:` without parentheses (PEP 758), which cannot take an alias. */
  readonly bareTuple: boolean;
  readonly alias: Node | undefined;
  readonly body: TypedNode<'block'>;
}

const nested = ['function_definition', 'lambda', 'class_definition'] as const;

/** Reads an `except` clause; undefined when it has no body yet. */
export function handlerOf(clause: TypedNode<'except_clause'>): Handler | undefined {
  const body = clause.child('block');
  if (!body) return undefined;
  const values = clause.namedChildren.filter((child) => child.row !== body.row);
  const [first] = values;
  let caught = first;
  let alias: Node | undefined;
  if (first?.is('as_pattern')) {
    caught = first.firstNamed;
    const last = first.children.at(-1);
    alias = last?.is('identifier') ? last : last?.below('identifier')[0];
  }
  const types = values.length > 1 ? values : caught?.is('tuple') ? caught.namedChildren : caught ? [caught] : [];
  return { clause, types, caught, bareTuple: values.length > 1, alias, body };
}

/** The handler whose body a node stands in, not beyond the function, lambda or class it belongs to. */
export function handlerAround(node: Node): Handler | undefined {
  let child = node;
  for (let parent = node.parent; parent; parent = parent.parent) {
    if (parent.is('function_definition', 'lambda', 'class_definition')) {
      const body = parent.field('body');
      if (body?.row === child.row) return undefined;
    }
    if (parent.is('except_clause') && child.is('block')) return handlerOf(parent);
    child = parent;
  }
  return undefined;
}

/** Nodes of some kinds that run as part of the handler itself, nested functions left out. */
export function inHandler(handler: Handler): {
  readonly calls: readonly TypedNode<'call'>[];
  readonly raises: readonly TypedNode<'raise_statement'>[];
} {
  return {
    calls: handler.body.belowOutside(nested, 'call'),
    raises: handler.body.belowOutside(nested, 'raise_statement'),
  };
}

/** The log calls that the handler itself makes. */
export function logCallsIn(handler: Handler, file: SourceFile): LogCall[] {
  return inHandler(handler).calls.flatMap((call) => logCallOf(call, file) ?? []);
}

/** Whether the handler writes the traceback somewhere: by what may be a logger, `traceback`, or an error tracker. */
export function recordsTraceback(handler: Handler, file: SourceFile): boolean {
  return inHandler(handler).calls.some((call) => {
    const log = possibleLogCallOf(call, file);
    if (log) return logsTraceback(log, file);
    const name = dottedName(call.field('function'), file);
    return name !== undefined && (tracebackFunctions.has(name) || trackers.test(name));
  });
}

const trackers = /(?:^|\.)(?:capture_exception|captureException|record_exception|notify_exception)$/;

/**
 * Whether the handler lets the exception go on: a bare `raise`, a `raise` of the caught object, or one that names it as its cause.
 */
export function reraises(handler: Handler): boolean {
  const alias = handler.alias?.text;
  return inHandler(handler).raises.some((raise) => {
    const raised = raise.firstNamed;
    if (!raised) return true;
    // `raise error from None` is still that error.
    if (raised.is('identifier') && raised.text === alias) return true;
    const cause = raise.field('cause');
    if (cause) return !cause.is('none');
    return alias !== undefined && raised.is('call') && raised.field('function').text === `${alias}.with_traceback`;
  });
}

/**
 * Whether the handler gives the exception itself to somebody else: as an argument, a result, or a value kept. What becomes of it cannot
 * be seen from here. A text made of it (`str(err)`, an f-string) is not the exception.
 */
export function handsOver(handler: Handler, file: SourceFile): boolean {
  const { alias } = handler;
  if (!alias) return false;
  return handler.body.below('identifier').some((use) => {
    if (use.text !== alias.text) return false;
    let value: Node = use;
    let holder = value.parent;
    while (
      holder?.is(
        'tuple',
        'list',
        'parenthesized_expression',
        'expression_list',
        'keyword_argument',
        'pair',
        'dictionary',
      )
    ) {
      if (holder.is('keyword_argument') && holder.field('name').row === value.row) return false;
      value = holder;
      holder = value.parent;
    }
    if (!holder) return false;
    if (holder.is('assignment')) return holder.field('right')?.row === value.row;
    if (holder.is('return_statement', 'yield')) return true;
    if (!holder.is('argument_list')) return false;
    const call = holder.parent;
    if (!call?.is('call')) return false;
    const callee = call.field('function');
    const name = file.qualified(callee);
    if (name?.startsWith('builtins.') || name?.startsWith('traceback.')) return false;
    return logCallOf(call, file) === undefined && name !== 'json.dumps';
  });
}

/** The head of a handler: from `except` to the alias, without the colon. */
export function headOf(handler: Handler): Span {
  const end = handler.alias?.end ?? handler.types.at(-1)?.end ?? handler.clause.start + 'except'.length;
  return { start: handler.clause.start, end: Math.max(end, handler.caught?.end ?? end) };
}

/** Whether every caught type is among the qualified names; false for a bare `except:`. */
export function catchesOnly(handler: Handler, names: readonly string[], file: SourceFile): boolean {
  return (
    handler.types.length > 0 &&
    handler.types.every((type) => {
      const name = file.qualified(type)?.replace(/^builtins\./, '');
      return name !== undefined && names.includes(name);
    })
  );
}

/**
 * Whether all the handler does is to end: `pass`, `...`, a string, `continue`, or the return of a constant.
 */
export function isSilent(handler: Handler): boolean {
  const statements = handler.body.namedChildren;
  return statements.length > 0 && statements.every(isSilentStatement);
}

function isSilentStatement(statement: Node): boolean {
  if (statement.is('pass_statement', 'continue_statement')) return true;
  if (statement.is('expression_statement')) {
    const [only, ...more] = statement.namedChildren;
    return only?.is('ellipsis', 'string', 'concatenated_string') === true && more.length === 0;
  }
  if (!statement.is('return_statement')) return false;
  const value = statement.firstNamed;
  return !value || isConstant(value);
}

function isConstant(value: Node): boolean {
  if (value.is('none', 'true', 'false', 'integer', 'float', 'ellipsis')) return true;
  if (value.is('string')) return value.child('interpolation') === undefined;
  if (value.is('list', 'tuple', 'dictionary', 'set', 'expression_list', 'parenthesized_expression', 'unary_operator'))
    return value.namedChildren.every(isConstant);
  return value.is('pair') && isConstant(value.field('key')) && isConstant(value.field('value'));
}

/** A name for the caught exception, and the edit that binds it where the handler has none. Undefined when neither is possible. */
export function spellCaught(handler: Handler, file: SourceFile): { text: string; edits: readonly Edit[] } | undefined {
  if (handler.alias) return { text: handler.alias.text, edits: [] };
  const { caught } = handler;
  if (!caught) return undefined;
  const text = ['err', 'exc', 'error'].find(
    (name) =>
      file.bindings(handler.body, name).every((binding) => isFreeAlias(binding, handler)) &&
      file.moduleBindings(name).every((binding) => isFreeAlias(binding, handler)) &&
      !handler.body.below('identifier').some((used) => used.text === name),
  );
  if (text === undefined) return undefined;
  const last = handler.types.at(-1);
  if (handler.bareTuple && last)
    return {
      text,
      edits: [
        { start: caught.start, end: caught.start, text: '(' },
        { start: last.end, end: last.end, text: `) as ${text}` },
      ],
    };
  return { text, edits: [{ start: caught.end, end: caught.end, text: ` as ${text}` }] };
}

/**
 * Whether a binding is the alias of a handler beside this one, in the same scope. Such a name is unbound where its handler
 * ends, so that this one can have it too; else each fix in a function would take a name from the next.
 */
function isFreeAlias({ node }: Binding, handler: Handler): boolean {
  const clause = node.above('except_clause');
  if (!clause || handlerOf(clause)?.alias?.row !== node.row) return false;
  const holds = clause.start <= handler.clause.start && handler.clause.end <= clause.end;
  return !holds && scopeRow(clause) === scopeRow(handler.clause);
}

function scopeRow(clause: Node): number | undefined {
  return clause.above(...nested)?.row;
}

/** The edit that puts a statement in front of a handler's first one, on a line of its own where that one has its own. */
export function atStartOf(handler: Handler, statement: string, file: SourceFile): Edit | undefined {
  const [first] = handler.body.namedChildren;
  if (!first) return undefined;
  const lineStart = file.lineStart(first.start);
  const indent = file.slice(lineStart, first.start);
  const text = /^[ \t]*$/.test(indent) ? `${statement}${file.eol}${indent}` : `${statement}; `;
  return { start: first.start, end: first.start, text };
}

/** The words that begin a failure's message: the function's name, or that something unexpected happened. */
export function failureOf(node: Node, file: SourceFile): string {
  const definition = file.enclosingFunction(node);
  return definition?.is('function_definition') ? `${definition.field('name').text} failed` : 'Unexpected error';
}

/** What `except StopIteration` and the like mean is a turn of the program, not a failure. */
export const controlFlow: readonly string[] = [
  'StopIteration',
  'StopAsyncIteration',
  'GeneratorExit',
  'KeyboardInterrupt',
  'asyncio.CancelledError',
  'asyncio.QueueEmpty',
  'queue.Empty',
];
