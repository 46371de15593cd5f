import type { SourceFile } from '../file.ts';
import { ownModule } from '../file.ts';
import { argumentsIn, argumentsOf, stringValue } from '../syntax/calls.ts';
import type { Node, TypedNode } from '../syntax/node.ts';

type ClassNode = TypedNode<'class_definition'>;

/** A class with what it derives from, as far as the file tells. */
export interface SchemaAncestry {
  /** The class and those of its ancestors that the file defines, nearest first. */
  readonly own: readonly ClassNode[];
  /** Qualified names of the ancestors from elsewhere. */
  readonly foreign: readonly string[];
  /** Some base cannot be named, or is a name of the file that is no class. */
  readonly isUncertain: boolean;
}

/** What a class derives from. Call it from the class's own handler, so that what it reads is noted for it. */
export function ancestry(file: SourceFile, definition: ClassNode): SchemaAncestry {
  const own: ClassNode[] = [];
  const foreign: string[] = [];
  let isUncertain = false;
  function visit(current: ClassNode): void {
    if (own.includes(current)) return;
    own.push(current);
    for (const base of current.field('superclasses')?.namedChildren ?? []) {
      if (base.is('keyword_argument')) continue;
      const expression = base.is('subscript') ? base.field('value') : base;
      const binding = expression.is('identifier') ? file.binding(expression) : undefined;
      const name = file.qualified(expression);
      if (binding?.kind === 'class' && binding.by.is('class_definition')) visit(binding.by);
      else if (name === undefined || name.startsWith(`${ownModule}.`)) isUncertain = true;
      else foreign.push(name);
    }
  }
  visit(definition);
  return { own, foreign, isUncertain };
}

/** The class of Pydantic that a class derives from, and nothing beside it that could be another schema. */
export type SchemaBase = 'BaseModel' | 'RootModel' | 'BaseSettings' | 'SQLModel';

const schemaBases = new Map<string, SchemaBase>([
  ['pydantic.BaseModel', 'BaseModel'],
  ['pydantic.main.BaseModel', 'BaseModel'],
  ['pydantic.RootModel', 'RootModel'],
  ['pydantic.root_model.RootModel', 'RootModel'],
  ['pydantic_settings.BaseSettings', 'BaseSettings'],
  ['pydantic_settings.main.BaseSettings', 'BaseSettings'],
  ['sqlmodel.SQLModel', 'SQLModel'],
  ['sqlmodel.main.SQLModel', 'SQLModel'],
]);

/** Ancestors that bring neither fields nor configuration. */
const neutral = new Set([
  'typing.Generic',
  'typing_extensions.Generic',
  'typing.Protocol',
  'abc.ABC',
  'builtins.object',
  'builtins.str',
]);

/** Which base of Pydantic a class has; undefined when it has none, or none that the file tells. */
export function schemaBase(family: SchemaAncestry): SchemaBase | undefined {
  for (const name of family.foreign) {
    const base = schemaBases.get(name);
    if (base) return base;
  }
  return undefined;
}

/** Whether every ancestor is known, so that what the file does not say of the class is not said elsewhere either. */
export function isFullyKnown(family: SchemaAncestry): boolean {
  return !family.isUncertain && family.foreign.every((name) => schemaBases.has(name) || neutral.has(name));
}

/** One field of a schema, as its own body declares it. */
export interface SchemaField {
  readonly name: string;
  readonly node: TypedNode<'assignment'>;
  readonly annotation: TypedNode<'type'>;
  readonly value: Node | undefined;
}

/** The fields that a class's own body declares (Pydantic, "Fields"): annotated, public and no `ClassVar`. */
export function schemaFields(file: SourceFile, definition: ClassNode): SchemaField[] {
  return assignmentsIn(file, definition).flatMap((node) => schemaField(file, node) ?? []);
}

/** The field that an assignment in the body of a schema declares, or undefined when it declares none. */
export function schemaField(file: SourceFile, node: TypedNode<'assignment'>): SchemaField | undefined {
  const left = node.field('left');
  const annotation = node.field('type');
  if (!annotation || !left.is('identifier') || left.text.startsWith('_') || left.text === 'model_config')
    return undefined;
  const inner = annotation.firstNamed;
  const base = inner?.is('generic_type') ? inner.firstNamed : inner;
  const name = base?.is('identifier', 'attribute') ? file.qualified(base) : undefined;
  if (name === 'typing.ClassVar' || name === 'typing_extensions.ClassVar') return undefined;
  return { name: left.text, node, annotation, value: node.field('right') };
}

/** Where a class states its configuration itself. */
export type ModelConfig =
  /** `model_config = ConfigDict(…)`. */
  | { readonly form: 'call'; readonly node: TypedNode<'call'> }
  /** `model_config = {…}`. */
  | { readonly form: 'dictionary'; readonly node: TypedNode<'dictionary'> }
  /** `model_config = …` in another way. */
  | { readonly form: 'other'; readonly node: Node }
  /** `class Config:`, the form of version 1. */
  | { readonly form: 'class'; readonly node: ClassNode }
  /** `class Model(BaseModel, frozen=True)`. */
  | { readonly form: 'keywords'; readonly node: Node };

/** Every statement of configuration in a class itself, the header's keywords first. */
export function modelConfigs(file: SourceFile, definition: ClassNode): ModelConfig[] {
  const found: ModelConfig[] = [];
  const superclasses = definition.field('superclasses');
  if (superclasses?.child('keyword_argument')) found.push({ form: 'keywords', node: superclasses });
  for (const statement of file.classBody(definition)) {
    if (statement.is('class_definition') && statement.field('name').text === 'Config')
      found.push({ form: 'class', node: statement });
    const assignment = statement.is('expression_statement') ? statement.firstNamed : undefined;
    if (!assignment?.is('assignment') || assignment.field('left').text !== 'model_config') continue;
    const value = assignment.field('right');
    if (value?.is('call') && isConfigDict(file.qualified(value.field('function'))))
      found.push({ form: 'call', node: value });
    else if (value?.is('dictionary')) found.push({ form: 'dictionary', node: value });
    else found.push({ form: 'other', node: value ?? assignment });
  }
  return found;
}

/** What a statement of configuration gives a key: the value, undefined when it does not name the key, `hidden` when it may. */
export function configured(config: ModelConfig, key: string): Node | 'hidden' | undefined {
  switch (config.form) {
    case 'call': {
      const { keyword, hasDoubleSplat, positional } = argumentsOf(config.node);
      return keyword(key) ?? (hasDoubleSplat || positional.length > 0 ? 'hidden' : undefined);
    }
    case 'keywords': {
      const { keyword, hasDoubleSplat } = argumentsIn(config.node);
      return keyword(key) ?? (hasDoubleSplat ? 'hidden' : undefined);
    }
    case 'dictionary': {
      let hidden = false;
      for (const entry of config.node.namedChildren) {
        const name = entry.is('pair') ? stringValue(entry.field('key')) : undefined;
        if (entry.is('pair') && name === key) return entry.field('value');
        if (name === undefined) hidden = true;
      }
      return hidden ? 'hidden' : undefined;
    }
    case 'class': {
      if (config.node.field('superclasses')?.firstNamed) return 'hidden';
      for (const statement of config.node.field('body').namedChildren) {
        const assignment = statement.is('expression_statement') ? statement.firstNamed : undefined;
        if (assignment?.is('assignment') && assignment.field('left').text === key)
          return assignment.field('right') ?? 'hidden';
      }
      return undefined;
    }
    case 'other':
      return 'hidden';
  }
}

/**
 * What a schema's configuration gives a key, its own before its ancestors' (Pydantic merges them): the value, undefined
 * when nobody names the key, `hidden` when that cannot be told.
 */
export function inheritedConfig(file: SourceFile, family: SchemaAncestry, key: string): Node | 'hidden' | undefined {
  for (const definition of family.own) {
    for (const config of modelConfigs(file, definition)) {
      const value = configured(config, key);
      if (value !== undefined) return value;
    }
  }
  return isFullyKnown(family) ? undefined : 'hidden';
}

/** Whether a name fits one of the patterns, in which `*` stands for anything: `*Read` fits `UserRead`. */
export function fitsPattern(name: string, patterns: readonly string[]): boolean {
  let known = patternsRead.get(patterns);
  if (!known) {
    known = readPatterns(patterns);
    patternsRead.set(patterns, known);
  }
  return known.names.has(name) || known.globs?.test(name) === true;
}

// Options live as long as the configured rule, and so does what was read of them.
const patternsRead = new WeakMap<readonly string[], ReturnType<typeof readPatterns>>();

function readPatterns(patterns: readonly string[]): { names: ReadonlySet<string>; globs: RegExp | undefined } {
  const globs = patterns
    .filter((pattern) => pattern.includes('*'))
    .map((pattern) => {
      const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return parts.join('.*');
    });
  return {
    names: new Set(patterns.filter((pattern) => !pattern.includes('*'))),
    globs: globs.length > 0 ? new RegExp(`^(?:${globs.join('|')})$`) : undefined,
  };
}

function isConfigDict(name: string | undefined): boolean {
  return (
    name === 'pydantic.ConfigDict' ||
    name === 'pydantic.config.ConfigDict' ||
    name === 'pydantic_settings.SettingsConfigDict'
  );
}

function assignmentsIn(file: SourceFile, definition: ClassNode): TypedNode<'assignment'>[] {
  return file.classBody(definition).flatMap((statement) => {
    const inner = statement.is('expression_statement') ? statement.firstNamed : undefined;
    return inner?.is('assignment') ? [inner] : [];
  });
}
