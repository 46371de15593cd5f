import type { SourceFile } from '../file.ts';
import type { Spelling } from '../names/spell.ts';
import type { Fix } from '../rule.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import type { Edit } from '../text.ts';
import { consequencesOfAwareness, isChoice, zonelessParts } from './becoming-aware.ts';
import { isUtc, mergeInsertions, spellDatetime, spellUtc } from './datetimes.ts';
import { type NaiveColumn, naiveColumnType, naiveMappedAttribute } from './timestamp-columns.ts';

/** A call that makes a naive datetime and has an aware form which differs in its zone argument. */
export interface NaiveClock {
  readonly call: TypedNode<'call'>;
  /** Whether the naive value is UTC, so that only its zone is missing; else it is local time and another value. */
  readonly isUtc: boolean;
  /** What the aware form calls, and its arguments before the zone: `now` without any, `fromtimestamp` with `stamp, tz=`. */
  readonly method: string;
  readonly leading: string;
}

/**
 * When a call runs, where that is not simply when its line is reached: as a parameter's default (once), or as a called
 * default of a column or field, which should run for every row. `wrap` makes a lambda of it; undefined where none helps.
 */
export type Timing =
  | { readonly kind: 'plain' }
  | { readonly kind: 'parameter' }
  | {
      readonly kind: 'default';
      readonly keyword: string;
      readonly maker: TypedNode<'call'>;
      readonly wrap: Edit[] | undefined;
    };

/**
 * The qualified name that a call calls, when it is one of `wanted`. Cheap for all other calls: a method's last name is
 * compared as text first.
 */
export function calledClock(
  file: SourceFile,
  call: TypedNode<'call'>,
  wanted: ReadonlySet<string>,
): string | undefined {
  const callee = call.field('function');
  if (callee.is('attribute')) {
    if (!clockMethods.has(callee.field('attribute').text)) return undefined;
  } else if (!callee.is('identifier')) return undefined;
  const name = file.qualified(callee);
  return name !== undefined && wanted.has(name) ? name : undefined;
}

const clockMethods = new Set(['utcnow', 'now', 'today', 'utcfromtimestamp', 'fromtimestamp', 'strptime', 'datetime']);

/** What is wrong with a naive clock where it stands, and what to do. */
export function clockMessage(call: Node, timing: Timing, kind: string, advice: string): string {
  const text = call.text.length > 60 || call.text.includes('\n') ? 'This time' : `\`${call.text}\``;
  if (timing.kind === 'parameter')
    return `${text} in a parameter's default is evaluated once, when the function is defined, and is ${kind}; default to \`None\` and take the time in the body.`;
  if (timing.kind === 'default')
    return `${text} as a called default is evaluated once, at import, and is ${kind}; pass a callable that gives an aware time.`;
  return `${text} is ${kind}; ${advice}.`;
}

/** The fixes of a naive clock, best first: the aware one, and one that keeps the value naive where it was UTC. */
export function clockFixes(file: SourceFile, clock: NaiveClock): Fix[] {
  const { call } = clock;
  const timing = timingOf(file, call);
  if (timing.kind === 'parameter' || (timing.kind === 'default' && !timing.wrap)) return [];
  const deferral = timing.kind === 'default' ? (timing.wrap ?? []) : [];
  const labelled = relabelled(file, clock, deferral);
  if (labelled) return [labelled];
  const aware = spellClock(file, clock);
  if (!aware) return [];
  const replace = (text: string): Edit => ({ start: call.start, end: call.end, text });
  const column = defaultColumn(file, call);
  const around = timing.kind === 'default' ? timing.maker : call;
  const consequences = consequencesOfAwareness(file, around, clock.isUtc);
  const reasons = [
    ...(clock.isUtc || consequences.keepsTimestamp ? [] : [localReason]),
    ...(timing.kind === 'default' ? [deferredReason] : []),
    ...(column ? [columnReason] : []),
    ...(timing.kind === 'default' ? [] : consequences.reasons),
  ];
  const fixes: Fix[] = [];
  const widened = column ? column.aware() : [];
  const inLambda = deferral.length > 0 ? 'lambda: ' : '';
  if (!consequences.mustStayNaive && widened) {
    const timestamp = consequences.changesTimestamp ? ' (the value of `.timestamp()` changes)' : '';
    const withColumn = column ? ', and the column with `timezone=True`' : '';
    fixes.push({
      title: `Replace with \`${inLambda}${aware.text}\`${timestamp}${withColumn}`,
      safety: consequences.safe && clock.isUtc && deferral.length === 0 && !column ? 'safe' : 'unsafe',
      ...(reasons.length > 0 ? { reason: reasons.join(' ') } : {}),
      edits: mergeInsertions([...aware.edits, ...widened, ...deferral, replace(aware.text), ...consequences.edits]),
    });
  }
  if (clock.isUtc && !(fixes.length > 0 && consequences.safe && deferral.length === 0 && !column)) {
    const naive = `${aware.text}.replace(tzinfo=None)`;
    fixes.push({
      title: `Keep the value naive: \`${inLambda}${naive}\``,
      safety: 'unsafe',
      reason: deferral.length > 0 ? `${deferredReason} ${naiveReason}` : naiveReason,
      edits: mergeInsertions([...aware.edits, ...deferral, replace(naive)]),
    });
  }
  return fixes;
}

/**
 * Whether the naive value of a call gets out of its expression: false where a zone is put on it there, or only a part is
 * taken that has none, such as its date or a text without a zone. Code that says it wants a naive value gets what it wants.
 */
export function escapesNaive(file: SourceFile, call: Node): boolean {
  let value = call;
  for (let parent = value.parent; parent; parent = value.parent) {
    if (parent.is('parenthesized_expression') || isChoice(value, parent)) {
      value = parent;
      continue;
    }
    if (getsZone(file, value)) return false;
    if (!parent.is('attribute')) return !isNaiveOnPurpose(file, value);
    const method = parent.parent;
    const name = parent.field('attribute').text;
    if (zonelessParts.has(name)) return false;
    if (name === 'strftime' && method?.is('call')) return !isZonelessFormat(argumentsOf(method).at(0, 'format'));
    if (name !== 'replace' || !method?.is('call')) return true;
    const { positional, hasDoubleSplat } = argumentsOf(method);
    if (hasDoubleSplat || positional.length > 7) return false;
    value = method;
  }
  return true;
}

/** Whether a zone is put on a value right where it stands: by a method of its own, pytz's `localize` or Django's `make_aware`. */
export function getsZone(file: SourceFile, value: Node): boolean {
  const holder = value.parent;
  const call = holder?.parent;
  if (holder?.is('attribute')) {
    const method = holder.field('attribute').text;
    if (method === 'astimezone') return true;
    return method === 'replace' && call?.is('call') === true && argumentsOf(call).keywords.has('tzinfo');
  }
  if (!holder?.is('argument_list') || !call?.is('call')) return false;
  const callee = call.field('function');
  if (callee.is('attribute') && callee.field('attribute').text === 'localize') return true;
  return file.qualified(callee) === 'django.utils.timezone.make_aware';
}

/** Whether a format writes neither a zone nor the seconds since the epoch, which depend on one. */
function isZonelessFormat(format: Node | undefined): boolean {
  const text = stringValue(format);
  return text !== undefined && !/%(?:[zZsc+]|:z)/.test(text);
}

/** What holds a value, or a function around it, has the word `naive` in its name, as tests of naive times do. */
function isNaiveOnPurpose(file: SourceFile, value: Node): boolean {
  const { parent } = value;
  const target = parent?.is('assignment')
    ? parent.field('left')
    : parent?.is('keyword_argument')
      ? parent.field('name')
      : undefined;
  if (target && naive.test(target.text)) return true;
  for (let held = file.enclosingFunction(value); held; held = file.enclosingFunction(held))
    if (held.is('function_definition') && naive.test(held.field('name').text)) return true;
  return false;
}

const naive = /(?:^|_)naive(?:_|$)/i;

/** When a call runs. */
export function timingOf(file: SourceFile, call: Node): Timing {
  let child = call;
  for (let node = call.parent; node; node = node.parent) {
    if (node.is('default_parameter', 'typed_default_parameter')) return { kind: 'parameter' };
    if (node.is('lambda', 'function_definition', 'class_definition') && node.field('body')?.row === child.row) break;
    child = node;
  }
  const value = wholeExpression(call);
  const holder = value.parent;
  const list = holder?.is('keyword_argument') ? holder.parent : holder;
  const maker = list?.is('argument_list') ? list.parent : undefined;
  if (!holder || !maker?.is('call')) return { kind: 'plain' };
  const callee = maker.field('function');
  const name = file.qualified(callee);
  const factory = factories.get(name ?? '');
  const opens = { start: value.start, end: value.start, text: 'lambda: ' };
  if (!holder.is('keyword_argument')) {
    const { positional, keywords } = argumentsOf(maker);
    if (factory === undefined || factory === '' || positional[0] !== value) return { kind: 'plain' };
    const wrap =
      positional.length === 1 && !keywords.has(factory) ? [{ ...opens, text: `${factory}=lambda: ` }] : undefined;
    return { kind: 'default', keyword: 'default', maker, wrap };
  }
  const keyword = holder.field('name').text;
  if (keyword === 'default_factory') return { kind: 'default', keyword, maker, wrap: [opens] };
  if (factory !== undefined && keyword === 'default') {
    const free = factory !== '' && !argumentsOf(maker).keywords.has(factory);
    const key = holder.field('name');
    const wrap = free ? [{ start: key.start, end: key.end, text: factory }, opens] : undefined;
    return { kind: 'default', keyword, maker, wrap };
  }
  if (keyword === 'onupdate' || (columnDefaults.has(keyword) && isColumnMaker(callee, name)))
    return { kind: 'default', keyword, maker, wrap: [opens] };
  return { kind: 'plain' };
}

/** How the keyword of a callable default must be called for its maker; undefined where a lambda is refused. */
export function callableKeyword(file: SourceFile, maker: TypedNode<'call'>, keyword: string): string | undefined {
  const name = file.qualified(maker.field('function')) ?? '';
  if (name.startsWith('django.')) return undefined;
  const factory = factories.get(name);
  if (factory === undefined || keyword !== 'default') return keyword;
  return factory === '' || argumentsOf(maker).keywords.has(factory) ? undefined : factory;
}

/** The naive column that a default's value, or the lambda around it, goes into. */
export function defaultColumn(file: SourceFile, value: Node): NaiveColumn | undefined {
  let holder = wholeExpression(value).parent;
  if (holder?.is('lambda')) holder = holder.parent;
  const maker = holder?.is('keyword_argument') ? holder.parent?.parent : undefined;
  if (!maker?.is('call')) return undefined;
  const attribute = maker.parent;
  return (
    naiveColumnType(file, maker) ??
    (attribute?.is('assignment') && attribute.field('right') === maker
      ? naiveMappedAttribute(file, attribute)
      : undefined)
  );
}

export const columnReason =
  'The column becomes `timezone=True` with it, since asyncpg rejects aware values for the naive type: the table needs a migration.';
export const naiveReason =
  'The value stays without a zone, as it was; use it where a naive column or caller needs that.';
const deferredReason = 'The default is taken anew for every object instead of once, when the module is imported.';
const localReason = 'The value becomes UTC instead of the local time of the machine.';

/** Makers of fields whose default may be a callable under another keyword; empty where there is no such keyword to use. */
const factories = new Map([
  ['pydantic.Field', 'default_factory'],
  ['pydantic.fields.Field', 'default_factory'],
  ['pydantic.PrivateAttr', 'default_factory'],
  ['sqlmodel.Field', 'default_factory'],
  ['dataclasses.field', 'default_factory'],
  ['attrs.field', 'factory'],
  ['attr.ib', 'factory'],
  ['attr.attrib', 'factory'],
  // Django calls a callable default but cannot write a lambda into a migration.
  ['django.db.models.DateTimeField', ''],
  ['django.db.models.DateField', ''],
]);
const columnDefaults = new Set(['default', 'onupdate', 'insert_default']);

/** `Column` and `mapped_column`, also as an attribute of something that only runs tell, such as `db.Column`. */
function isColumnMaker(callee: Node, qualified: string | undefined): boolean {
  if (qualified !== undefined && /^(sqlalchemy|sqlmodel)\./.test(qualified))
    return /\.(Column|mapped_column)$/.test(qualified);
  if (!callee.is('attribute') || callee.field('attribute').text !== 'Column') return false;
  return qualified === undefined || qualified.endsWith('.db.Column');
}

/** The expression that a value is the start of: `datetime.utcnow().date() + day` of the call. */
function wholeExpression(value: Node): Node {
  let whole = value;
  for (let parent = whole.parent; parent; parent = whole.parent) {
    if (!parent.is('attribute', 'call', 'parenthesized_expression', 'binary_operator')) break;
    whole = parent;
  }
  return whole;
}

function spellClock(file: SourceFile, clock: NaiveClock, zone?: string): Spelling | undefined {
  const reference = clock.call.field('function');
  const owner = spellDatetime(file, reference);
  const utc = zone === undefined ? spellUtc(file, reference) : { text: zone, edits: [] };
  if (!owner || !utc) return undefined;
  return {
    text: `${owner.text}.${clock.method}(${clock.leading}${utc.text})`,
    edits: mergeInsertions([...owner.edits, ...utc.edits]),
  };
}

/** A zone is put on the naive value right away: by `.replace(tzinfo=…)`, or by pytz's `localize`. */
function relabelled(file: SourceFile, clock: NaiveClock, deferral: readonly Edit[]): Fix | undefined {
  const { call } = clock;
  const inner = call.parent;
  const outer = inner?.parent;
  if (inner?.is('attribute') && inner.field('attribute').text === 'replace' && outer?.is('call')) {
    const { positional, keywords, keyword, hasDoubleSplat } = argumentsOf(outer);
    const zone = keyword('tzinfo');
    if (!zone || hasDoubleSplat) return undefined;
    const sole = positional.length === 0 && keywords.size === 1;
    const collapses = sole && !zone.is('none') && (isUtc(file, zone) || !clock.isUtc);
    return collapses ? collapsed(outer, zone.text) : collapsed(call, undefined);
  }
  const localizer = inner?.is('argument_list') ? inner.parent : undefined;
  const callee = localizer?.is('call') ? localizer.field('function') : undefined;
  if (!localizer || !callee?.is('attribute') || callee.field('attribute').text !== 'localize') return undefined;
  if (inner?.namedChildren.length !== 1) return undefined;
  const zone = callee.field('object');
  return isUtc(file, zone) || !clock.isUtc ? collapsed(localizer, zone.text) : undefined;

  function collapsed(whole: Node, zone: string | undefined): Fix | undefined {
    const aware = spellClock(file, clock, zone);
    if (!aware) return undefined;
    const safe = clock.isUtc && deferral.length === 0;
    const reasons = [...(clock.isUtc ? [] : [localReason]), ...(deferral.length > 0 ? [deferredReason] : [])];
    return {
      title: `Replace with \`${aware.text}\``,
      safety: safe ? 'safe' : 'unsafe',
      ...(safe ? {} : { reason: reasons.join(' ') }),
      edits: mergeInsertions([...aware.edits, ...deferral, { start: whole.start, end: whole.end, text: aware.text }]),
    };
  }
}
