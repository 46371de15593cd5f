import type { SourceFile } from '../file.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { dottedName, type LogCall, logCallOf, logsTraceback, tracebackFunctions } from './logging.ts';

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

/** Whether the handler writes the traceback somewhere: by a logger, `traceback`, or an error tracker. */
export function recordsTraceback(handler: Handler, file: SourceFile): boolean {
  return inHandler(handler).calls.some((call) => {
    const log = logCallOf(call, file);
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
    const cause = raise.field('cause');
    if (cause) return !cause.is('none');
    if (raised.is('identifier')) return raised.text === alias;
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
