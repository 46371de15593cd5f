import { type SourceFile, unitOf } from '../file.ts';
import type { Binding } from '../names/scopes.ts';
import { argumentsOf } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';
import { baseName } from './paths.ts';

/**
 * What made a logger. It decides how arguments are written: `%s` for the standard library, `{}` for loguru, keywords for
 * structlog; where nobody can tell (an imported `logger`, `self.logger`), only a finished string suits all of them.
 */
export type LoggerKind = 'std' | 'loguru' | 'structlog' | 'unknown';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** A call that writes a log record. */
export interface LogCall {
  readonly call: TypedNode<'call'>;
  readonly kind: LoggerKind;
  /** The method's or function's last name: `info`, `exception`, `log`. */
  readonly method: string;
  /** The identifier of that name. */
  readonly methodNode: Node;
  /** Undefined where the level is an argument. */
  readonly level: LogLevel | undefined;
  /** A function of the `logging` module, which writes to the root logger. */
  readonly root: boolean;
  /** The message and what follows it; the level argument of `log` is left out. */
  readonly message: Node | undefined;
  readonly values: readonly Node[];
}

/** How to write a logger at a place. */
export interface LoggerSpelling {
  readonly text: string;
  readonly kind: LoggerKind;
  /** Imports and creates the logger where there is none. */
  readonly edits: readonly Edit[];
}

const levels: ReadonlyMap<string, LogLevel | undefined> = new Map([
  ['trace', 'debug'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['msg', 'info'],
  ['success', 'info'],
  ['warn', 'warning'],
  ['warning', 'warning'],
  ['error', 'error'],
  ['exception', 'error'],
  ['critical', 'critical'],
  ['fatal', 'critical'],
  ['log', undefined],
  ['adebug', 'debug'],
  ['ainfo', 'info'],
  ['awarning', 'warning'],
  ['aerror', 'error'],
  ['aexception', 'error'],
  ['acritical', 'critical'],
]);

const rootFunctions = new Set(['debug', 'info', 'warning', 'warn', 'error', 'exception', 'critical', 'fatal', 'log']);

/** What calls that log are called, and those that write to the root logger: for the `calls` of rules about them. */
export const logCalls: readonly string[] = [...levels.keys()];
export const rootLogCalls: readonly string[] = [...rootFunctions];

const makers: ReadonlyMap<string, LoggerKind> = new Map([
  ['logging.getLogger', 'std'],
  ['logging.Logger', 'std'],
  ['logging.LoggerAdapter', 'std'],
  ['logging.root', 'std'],
  ['multiprocessing.get_logger', 'std'],
  ['multiprocessing.log_to_stderr', 'std'],
  ['celery.utils.log.get_task_logger', 'std'],
  ['fastapi.logger.logger', 'std'],
  ['asyncio.log.logger', 'std'],
  ['loguru.logger', 'loguru'],
  ['loguru.Logger', 'loguru'],
  ['structlog.get_logger', 'structlog'],
  ['structlog.getLogger', 'structlog'],
  ['structlog.wrap_logger', 'structlog'],
  ['structlog.stdlib.get_logger', 'structlog'],
  ['structlog.stdlib.BoundLogger', 'structlog'],
  ['structlog.BoundLogger', 'structlog'],
  ['structlog.types.FilteringBoundLogger', 'structlog'],
  ['structlog.typing.FilteringBoundLogger', 'structlog'],
]);

/** Those of the above that are loggers themselves; the others make one. */
const loggerObjects = new Set(['logging.root', 'loguru.logger', 'fastapi.logger.logger', 'asyncio.log.logger']);

const derivations = new Set(['bind', 'new', 'unbind', 'try_unbind', 'opt', 'patch', 'getChild', 'get_child']);

/** Names that people give to loggers: `log`, `LOG`, `_logger`, `audit_logger`. */
const loggerName = /^_*(?:[A-Za-z][A-Za-z0-9]*_)*(?:logger|log|LOGGER|LOG|Logger)$|^[a-z][A-Za-z0-9]*Logger$/;
const makerName = /(?:^|_)(?:get|make|create|setup|set_up|init|build|configure|new)_?(?:[a-z]+_)*logg(?:er|ing)$/i;

/** Words of which a file that logs holds one: for the `mentions` of rules about log calls. `makerName` takes any case. */
export const logWords: readonly string[] = ['log', 'Log', 'lOg', 'loG', 'LOg', 'LoG', 'lOG', 'LOG'];

/** Whether the call writes a log record, and how. Undefined for any other call. */
export function logCallOf(call: TypedNode<'call'>, file: SourceFile): LogCall | undefined {
  return readLogCall(call, file, loggerKind);
}

/**
 * As `logCallOf`, and besides a call of an imported `log` that may be a logger or a module: for rules that accuse of
 * writing no log.
 */
export function possibleLogCallOf(call: TypedNode<'call'>, file: SourceFile): LogCall | undefined {
  return readLogCall(call, file, (receiver) => {
    const kind = loggerKind(receiver, file);
    if (kind || !receiver.is('identifier') || !loggerName.test(receiver.text)) return kind;
    return file.binding(receiver)?.kind === 'import' ? 'unknown' : undefined;
  });
}

function readLogCall(
  call: TypedNode<'call'>,
  file: SourceFile,
  kindOfReceiver: (receiver: Node, file: SourceFile) => LoggerKind | undefined,
): LogCall | undefined {
  const callee = call.field('function');
  const methodNode = callee.is('attribute') ? callee.field('attribute') : callee;
  if (!methodNode.is('identifier')) return undefined;
  const imported = callee.is('identifier');
  const method = imported ? rootFunctionName(callee, file) : methodNode.text;
  if (method === undefined || !levels.has(method)) return undefined;
  let kind: LoggerKind | undefined;
  let root = imported;
  if (imported) kind = 'std';
  else if (callee.is('attribute')) {
    const receiver = callee.field('object');
    if (rootFunctions.has(method) && dottedName(receiver, file) === 'logging') {
      kind = 'std';
      root = true;
    } else kind = kindOfReceiver(receiver, file);
  }
  if (!kind) return undefined;
  const { positional } = argumentsOf(call);
  const skipped = method === 'log' ? 1 : 0;
  return {
    call,
    kind,
    method,
    methodNode,
    level: levels.get(method),
    root,
    message: positional[skipped],
    values: positional.slice(skipped + 1),
  };
}

/** What kind of logger an expression is, or undefined when nothing says that it is one. */
export function loggerKind(expression: Node, file: SourceFile): LoggerKind | undefined {
  return kindOf(expression, file, 4);
}

/** Whether a log call writes the traceback of the exception being handled. */
export function logsTraceback(log: LogCall, file: SourceFile): boolean {
  if (log.method === 'exception' || log.method === 'aexception') return true;
  const { keyword, hasDoubleSplat } = argumentsOf(log.call);
  const excInfo = keyword('exc_info');
  if (excInfo) return !excInfo.is('false', 'none') && excInfo.text !== '0';
  if (hasDoubleSplat) return true;
  const receiver = log.call.field('function');
  if (receiver.is('attribute')) {
    for (const derived of receiver.field('object').is('call') ? [receiver.field('object')] : []) {
      if (!derived.is('call')) continue;
      const option = argumentsOf(derived).keyword('exception') ?? argumentsOf(derived).keyword('exc_info');
      if (option && !option.is('false', 'none')) return true;
    }
  }
  return log.call.below('call').some((inner) => {
    const name = dottedName(inner.field('function'), file);
    return name !== undefined && tracebackFunctions.has(name);
  });
}

/** Functions of the standard library that write or give the traceback of the exception being handled. */
export const tracebackFunctions: ReadonlySet<string> = new Set([
  'traceback.format_exc',
  'traceback.print_exc',
  'traceback.print_exception',
  'traceback.format_exception',
  'traceback.TracebackException.from_exception',
]);

/**
 * How to write a logger at a node: one of the scopes around it, the module's own under whatever name and whatever made
 * it, the class's `self.logger`, or else a new `logger = logging.getLogger(__name__)` behind the module's imports.
 * Undefined when the names are taken. Reads the whole file, so it is for fixes, not for checks.
 */
export function spellLogger(file: SourceFile, at: Node): LoggerSpelling | undefined {
  return localLogger(file, at) ?? moduleLogger(file, at) ?? selfLogger(file, at) ?? newLogger(file, at);
}

/** A dotted name with its first part resolved through imports: `logging.getLogger`. Undefined when it is no import. */
export function dottedName(expression: Node, file: SourceFile): string | undefined {
  const parts: string[] = [];
  let node = expression;
  while (node.is('attribute')) {
    parts.unshift(node.field('attribute').text);
    node = node.field('object');
  }
  if (!node.is('identifier')) return undefined;
  const binding = file.binding(node);
  if (binding?.kind !== 'import' || binding.target === undefined) return undefined;
  const name = [binding.target, ...parts].join('.');
  return file.facts.reexport?.(name) ?? name;
}

function rootFunctionName(callee: Node, file: SourceFile): string | undefined {
  // The qualified name is kept for the other rules that ask about the same call; most calls are of something else.
  if (!file.qualified(callee)) return undefined;
  const binding = file.binding(callee);
  if (binding?.kind !== 'import' || !binding.target?.startsWith('logging.')) return undefined;
  const method = binding.target.slice('logging.'.length);
  return rootFunctions.has(method) ? method : undefined;
}

function kindOf(expression: Node, file: SourceFile, depth: number): LoggerKind | undefined {
  if (depth === 0) return undefined;
  if (expression.is('parenthesized_expression'))
    return expression.firstNamed ? kindOf(expression.firstNamed, file, depth - 1) : undefined;
  if (expression.is('call')) return kindOfCall(expression, file, depth);
  if (expression.is('identifier')) return kindOfName(expression, file, depth);
  if (expression.is('boolean_operator')) return kindOf(expression.field('right'), file, depth - 1);
  if (!expression.is('attribute')) return undefined;
  const target = dottedName(expression, file) ?? '';
  if (makers.has(target)) return loggerObjects.has(target) ? makers.get(target) : undefined;
  const name = expression.field('attribute').text;
  if (!loggerName.test(name)) return undefined;
  // `math.log` and the like are functions of a module; `app.logger` and `self.log` are loggers.
  const object = expression.field('object');
  return object.is('identifier', 'attribute', 'call') && dottedName(object, file) !== 'math' ? 'unknown' : undefined;
}

function kindOfCall(call: TypedNode<'call'>, file: SourceFile, depth: number): LoggerKind | undefined {
  const callee = call.field('function');
  const known = makers.get(dottedName(callee, file) ?? '');
  if (known) return known;
  if (callee.is('attribute')) {
    const name = callee.field('attribute').text;
    if (derivations.has(name)) return kindOf(callee.field('object'), file, depth - 1);
    return makerName.test(name) ? 'unknown' : undefined;
  }
  return callee.is('identifier') && makerName.test(callee.text) ? 'unknown' : undefined;
}

function kindOfName(name: Node, file: SourceFile, depth: number): LoggerKind | undefined {
  const { text } = name;
  const bindings = file.bindings(name, text);
  const binding = file.binding(name, text);
  if (!binding) {
    // Of several bindings, such as a logger made in both branches of an `if`, the first that is one decides.
    for (const one of bindings) {
      const kind = kindOfBinding(one, file, depth);
      if (kind) return kind;
    }
    return bindings.length === 0 && loggerName.test(text) ? 'unknown' : undefined;
  }
  return kindOfBinding(binding, file, depth);
}

function kindOfBinding(binding: Binding, file: SourceFile, depth: number): LoggerKind | undefined {
  if (binding.kind === 'import') {
    const target = file.facts.reexport?.(binding.target ?? '') ?? binding.target ?? '';
    if (loggerObjects.has(target)) return makers.get(target);
    const last = target.slice(target.lastIndexOf('.') + 1);
    if (makers.has(target) || /Logger$/.test(last) || /^(?:math|numpy|cmath|torch)\./.test(target)) return undefined;
    if (!loggerName.test(binding.name) || makerName.test(binding.name)) return undefined;
    // `from app.core import log` imports a module as easily as a logger.
    return !/^_*log$/i.test(binding.name) || /log/i.test(target.slice(0, -last.length)) ? 'unknown' : undefined;
  }
  if (binding.annotation) {
    for (const part of binding.annotation.below('identifier', 'attribute')) {
      const known = makers.get(dottedName(part, file) ?? '');
      if (known) return known;
    }
  }
  if (binding.kind === 'assignment' && binding.value) {
    const kind = kindOf(binding.value, file, depth - 1);
    if (kind) return kind;
    return binding.value.is('none') && loggerName.test(binding.name) ? 'unknown' : undefined;
  }
  return binding.kind === 'parameter' && loggerName.test(binding.name) ? 'unknown' : undefined;
}

function localLogger(file: SourceFile, at: Node): LoggerSpelling | undefined {
  const unit = unitOf(at);
  for (let node: Node | undefined = at.parent; node; node = node.parent) {
    const scope = unit.scopes.byRow.get(node.row);
    if (scope?.kind !== 'function') continue;
    for (const [name, bindings] of scope.names) {
      const [binding] = bindings;
      if (!binding || bindings.length > 1 || binding.conditional || binding.node.start >= at.start) continue;
      if (binding.value?.is('none')) continue;
      const kind = file.binding(at, name) === binding ? kindOfBinding(binding, file, 4) : undefined;
      if (kind && (kind !== 'unknown' || isCertain(binding, file))) return { text: name, kind, edits: [] };
    }
  }
  return undefined;
}

function moduleLogger(file: SourceFile, at: Node): LoggerSpelling | undefined {
  const late = file.enclosingFunction(at) !== undefined;
  const found: { spelling: LoggerSpelling; assigned: boolean }[] = [];
  for (const unit of file.units) {
    if (unit.role === 'member') continue;
    for (const [name, bindings] of unit.scopes.top.names) {
      const [binding] = bindings;
      if (!binding || bindings.length > 1 || binding.conditional || binding.typeOnly) continue;
      if (binding.kind !== 'assignment' && binding.kind !== 'import') continue;
      if (binding.value?.is('none')) continue;
      if (!late && binding.node.start >= at.start) continue;
      const kind = kindOfBinding(binding, file, 4);
      if (!kind || (kind === 'unknown' && !isCertain(binding, file))) continue;
      if (file.moduleBindings(name).length > 1 || file.binding(at, name)?.node !== binding.node) continue;
      found.push({ spelling: { text: name, kind, edits: [] }, assigned: binding.kind === 'assignment' });
    }
  }
  return (found.find((one) => one.assigned) ?? found[0])?.spelling;
}

/**
 * Whether a name that only sounds like a logger is one: `logger` is; `log` may be a function or a module, unless the file writes with it.
 */
function isCertain(binding: Binding, file: SourceFile): boolean {
  if (binding.value || /^_*logger$/i.test(binding.name)) return true;
  return file.units.some((unit) => {
    if (!unit.text.includes(`${binding.name}.`)) return false;
    return unit.root
      .below('attribute')
      .some((use) => use.field('object').text === binding.name && levels.has(use.field('attribute').text));
  });
}

/**
 * `self.logger` where the class makes one, in its body or on `self`, a base of the file does, or another method
 * writes with it.
 */
function selfLogger(file: SourceFile, at: Node): LoggerSpelling | undefined {
  let method = file.enclosingFunction(at);
  for (let outer = method; outer; outer = file.enclosingFunction(outer)) method = outer;
  if (!method?.is('function_definition')) return undefined;
  const definition = file.enclosingClass(method);
  const self = method.field('parameters')?.firstNamed;
  if (!definition || self?.text !== 'self' || file.binding(at, 'self')?.node !== self) return undefined;
  const isInitializer = method.field('name').text === '__init__';
  for (const owner of withOwnBases(definition, file)) {
    for (const statement of file.classBody(owner)) {
      for (const assignment of statement.below('assignment')) {
        const left = assignment.field('left');
        const right = assignment.field('right');
        if (!right || right.is('none')) continue;
        const inBody = left.is('identifier') && file.enclosingFunction(assignment) === undefined;
        const onSelf = left.is('attribute') && left.field('object').text === 'self';
        const here = method.contains(assignment);
        if (!inBody && !(onSelf && (here ? assignment.end < at.start : !isInitializer))) continue;
        const kind = kindOf(right, file, 4);
        const name = left.is('attribute') ? left.field('attribute').text : left.text;
        // A base keeps a name with two underscores to itself.
        if (kind && (owner === definition || !name.startsWith('__'))) return { text: `self.${name}`, kind, edits: [] };
      }
    }
  }
  // In an initializer nobody can tell whether what makes the logger has run.
  return isInitializer ? undefined : writtenWith(file.classBody(definition));
}

/** A class and its bases as far as the file defines them, nearest first. */
function withOwnBases(definition: TypedNode<'class_definition'>, file: SourceFile): TypedNode<'class_definition'>[] {
  const found = [definition];
  for (const owner of found) {
    for (const base of owner.field('superclasses')?.namedChildren ?? []) {
      const defined = base.is('identifier') ? file.binding(base)?.by : undefined;
      if (defined?.is('class_definition') && !found.includes(defined)) found.push(defined);
    }
  }
  return found;
}

/** What loggers of every kind have; what only has `log` may be of the project's own kind, without `exception`. */
const everyLogger = new Set(['debug', 'info', 'warning', 'error', 'exception', 'critical']);

/** The logger of `self.logger.info(…)` in a class, whoever made it. */
function writtenWith(body: readonly Node[]): LoggerSpelling | undefined {
  for (const call of body.flatMap((statement) => statement.below('call'))) {
    const callee = call.field('function');
    if (!callee.is('attribute') || !everyLogger.has(callee.field('attribute').text)) continue;
    const receiver = callee.field('object');
    if (!receiver.is('attribute') || receiver.field('object').text !== 'self') continue;
    if (loggerName.test(receiver.field('attribute').text)) return { text: receiver.text, kind: 'unknown', edits: [] };
  }
  return undefined;
}

function newLogger(file: SourceFile, at: Node): LoggerSpelling | undefined {
  const text = ['logger', '_logger', 'log'].find(
    (name) => file.bindings(at, name).length === 0 && file.moduleBindings(name).length === 0,
  );
  if (text === undefined || file.mayComeFromStar()) return undefined;
  const use = unitOf(at).start;
  const place = topOfModule(file, use);
  const made = loggingImport(file, use, place.after);
  if (!made) return undefined;
  const { eol } = file;
  const statement = `${text} = ${made.call}(__name__)`;
  const after = made.after ?? place.after;
  const lines = made.importLine === undefined ? [] : [made.importLine];
  if (!after) {
    const head = [...lines, ...(lines.length > 0 ? [''] : []), statement, '', ''].join(eol);
    return { text, kind: 'std', edits: [{ start: place.offset, end: place.offset, text: head }] };
  }
  const unit = unitOf(after);
  const next = unit.start + unit.lines.lineStart(unit.lines.line(after.end - unit.start) + 1);
  const ended = file.slice(next - 1, next) === '\n';
  const isImport = !after.is('expression_statement');
  const follows = file.slice(next, next + 400);
  const blankFollows = /^[ \t]*(?:\r?\n|$)/.test(follows);
  const gap = isImport && lines.length > 0 ? [] : [''];
  const body = [...gap, ...lines, ...(lines.length > 0 ? [''] : []), statement].join(eol);
  return {
    text,
    kind: 'std',
    edits: [{ start: next, end: next, text: `${ended ? '' : eol}${body}${eol}${blankFollows ? '' : eol}` }],
  };
}

interface TopOfModule {
  /** The last import, `__future__` import or docstring before any definition and before the use. */
  readonly after: Node | undefined;
  /** Where to write when there is none: before the first statement. */
  readonly offset: number;
}

const importKinds = ['import_statement', 'import_from_statement', 'future_import_statement'] as const;

function topOfModule(file: SourceFile, use: number): TopOfModule {
  let after: Node | undefined;
  for (const unit of file.units) {
    if (unit.start >= use || unit.role !== 'statement') break;
    const [node] = unit.statements;
    if (!node) continue;
    if (node.is('function_definition', 'class_definition', 'decorated_definition')) break;
    const last = unit.statements.findLast((statement) => statement.is(...importKinds));
    if (last) after = last;
    else if (!after && node.is('expression_statement') && node.firstNamed?.is('string', 'concatenated_string'))
      after = node;
  }
  const first = file.units.find((unit) => unit.statements.length > 0);
  const statement = first?.statements[0];
  const start = first && statement ? file.lineStart(statement.start) : 0;
  const offset = start === 0 && file.slice(0, 1) === '\ufeff' ? 1 : start;
  return { after, offset };
}

/** How to call `getLogger` behind the top of the module: by an import that has run by then, or by a new one. */
function loggingImport(
  file: SourceFile,
  use: number,
  after: Node | undefined,
): { call: string; importLine?: string; after?: Node } | undefined {
  for (const unit of file.units) {
    if (unit.start >= use) break;
    if (unit.role === 'member') continue;
    for (const [name, bindings] of unit.scopes.top.names) {
      const [binding] = bindings;
      if (binding?.kind !== 'import' || binding.conditional || binding.typeOnly) continue;
      if (binding.target !== 'logging' && binding.target !== 'logging.getLogger') continue;
      const known = file.moduleBindings(name);
      if (known.some((other) => other.kind !== 'import' || other.target !== binding.target)) continue;
      const call = binding.target === 'logging' ? `${name}.getLogger` : name;
      return !after || binding.by.start > after.start ? { call, after: binding.by } : { call };
    }
  }
  if (file.moduleBindings('logging').length > 0) return undefined;
  // A script's own folder comes first on the path, so this file may be what `import logging` finds.
  if (baseName(file) === 'logging.py') return undefined;
  return { call: 'logging.getLogger', importLine: 'import logging' };
}
