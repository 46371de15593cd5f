import type { SourceFile } from '../file.ts';
import { reachingBindings } from '../flow/trace.ts';
import { lastParts } from '../names/last-parts.ts';
import { argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';

/** The claims that a call of `jwt.encode` signs, as far as its function tells. */
export interface Claims {
  /** Values by claim; of several that may hold, all. */
  readonly entries: ReadonlyMap<string, readonly Node[]>;
  /** Every claim is written in the function, so that what is not among them is not there. */
  readonly complete: boolean;
}

/** The claims of a call of `encode` of PyJWT, python-jose or Authlib; undefined for any other call. */
export function jwtClaims(file: SourceFile, call: TypedNode<'call'>): Claims | undefined {
  const callee = call.field('function');
  const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  if (!callee.is('identifier', 'attribute')) return undefined;
  if (!tokenCalls.includes(last) && file.binding(callee)?.kind !== 'import') return undefined;
  const name = file.qualified(callee);
  if (name === undefined || !encoders.has(name)) return undefined;
  const given = argumentsOf(call);
  if (given.hasSplat) return { entries: new Map(), complete: false };
  const payload = name.startsWith('authlib.')
    ? given.at(1, 'payload')
    : (given.positional[0] ?? given.keyword('payload') ?? given.keyword('claims'));
  const entries = new Map<string, Node[]>();
  const seen = new Set<Node>();
  const complete = payload !== undefined && read(payload);
  return { entries, complete };

  function add(key: string, value: Node): void {
    entries.set(key, [...(entries.get(key) ?? []), value]);
  }

  /** Notes what a dictionary holds; false when it may hold more. */
  function read(expression: Node): boolean {
    if (seen.has(expression)) return true;
    seen.add(expression);
    if (expression.is('parenthesized_expression')) return expression.firstNamed ? read(expression.firstNamed) : false;
    if (expression.is('dictionary')) {
      let whole = true;
      for (const pair of expression.namedChildren) {
        const key = pair.is('pair') ? stringValue(pair.field('key')) : undefined;
        if (pair.is('pair') && key !== undefined) add(key, pair.field('value'));
        else if (pair.is('dictionary_splat') && pair.firstNamed) whole = read(pair.firstNamed) && whole;
        else whole = false;
      }
      return whole;
    }
    if (expression.is('binary_operator') && expression.field('operator').text === '|') {
      const left = read(expression.field('left'));
      return read(expression.field('right')) && left;
    }
    if (expression.is('call')) return readCall(expression);
    return expression.is('identifier') && readName(expression);
  }

  function readCall(made: TypedNode<'call'>): boolean {
    const maker = made.field('function');
    const inner = argumentsOf(made);
    if (file.qualified(maker) === 'builtins.dict') {
      for (const [key, keyword] of inner.keywords) add(key, keyword.field('value'));
      const [source] = inner.positional;
      return (!source || read(source)) && !inner.hasDoubleSplat;
    }
    return maker.is('attribute') && maker.field('attribute').text === 'copy' && read(maker.field('object'));
  }

  function readName(name: TypedNode<'identifier'>): boolean {
    readChanges(name);
    const bindings = reachingBindings(file, name);
    let whole = bindings.length > 0;
    for (const binding of bindings) {
      const value = binding.by.is('assignment') ? binding.by.field('right') : undefined;
      // What is bound outside of the function may have been changed anywhere.
      const isLocal = file.enclosingFunction(binding.by) === file.enclosingFunction(name);
      whole = value !== undefined && isLocal && binding.kind === 'assignment' && read(value) && whole;
    }
    return whole && !isHandedOn(name);
  }

  /** `claims["exp"] = …` and `claims.update(…)` anywhere in the function. */
  function readChanges(name: TypedNode<'identifier'>): void {
    const body = file.enclosingFunction(name)?.field('body');
    for (const use of body?.below('identifier') ?? []) {
      if (use.text !== name.text) continue;
      const holder = use.parent;
      if (holder?.is('subscript') && holder.parent?.is('assignment')) {
        const key = stringValue(holder.field('subscript'));
        const value = holder.parent.field('right');
        if (key !== undefined && value && holder.isField('left')) add(key, value);
        else if (key === undefined && holder.isField('left')) add('exp', holder);
      } else if (holder?.is('attribute') && holder.parent?.is('call')) {
        const method = holder.field('attribute').text;
        const inner = argumentsOf(holder.parent);
        if (method === 'setdefault') {
          const key = stringValue(inner.positional[0]);
          if (key !== undefined && inner.positional[1]) add(key, inner.positional[1]);
        }
        if (method !== 'update') continue;
        for (const [key, keyword] of inner.keywords) add(key, keyword.field('value'));
        const [source] = inner.positional;
        if ((source && !read(source)) || inner.hasDoubleSplat) add('exp', holder.parent);
      }
    }
  }

  /** The dictionary goes into another call, which may put claims into it. */
  function isHandedOn(name: TypedNode<'identifier'>): boolean {
    const body = file.enclosingFunction(name)?.field('body');
    return (body?.below('argument_list') ?? []).some(
      (list) =>
        list.parent?.row !== call.row &&
        !/(?:^|\.)(?:copy|dict|len|dumps|debug|info|update)$/.test(list.parent?.field('function')?.text ?? '') &&
        list.namedChildren.some((argument) => argument.is('identifier') && argument.text === name.text),
    );
  }
}

const encoders: ReadonlySet<string> = new Set(
  ['jwt', 'jose.jwt', 'jwt.api_jwt', 'authlib.jose.jwt', 'joserfc.jwt'].map((module) => `${module}.encode`),
);

/** What calls that `jwtClaims` reads are called: for the `calls` of rules about tokens. */
export const tokenCalls: readonly string[] = lastParts(encoders);

/** Whether a call of `encode` makes a token of a kind (`refresh`, `access`): by its claims, its function or its target. */
export function isTokenOf(kind: string, file: SourceFile, call: TypedNode<'call'>, claims: Claims): boolean {
  const types = ['type', 'token_type', 'typ', 'scope', 'grant_type', 'token_use'].flatMap(
    (key) => claims.entries.get(key) ?? [],
  );
  const written = types.map((value) => stringValue(value) ?? value.text);
  if (written.length > 0) return written.some((text) => text.toLowerCase().includes(kind));
  const target = call.above('assignment')?.field('left').text ?? '';
  if (/access|refresh|reset|verif/i.test(target)) return target.toLowerCase().includes(kind);
  const definition = file.enclosingFunction(call);
  return definition?.is('function_definition') === true && definition.field('name').text.toLowerCase().includes(kind);
}
