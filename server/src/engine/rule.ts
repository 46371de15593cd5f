import type { z } from 'zod';
import type { Family, FixKind, RuleCard, Severity, StandardId } from '../../../shared-rules/src/index.ts';
import type { FileFacts, SourceFile } from './file.ts';
import type { Kind } from './syntax/grammar.generated.ts';
import type { Node, TypedNode } from './syntax/node.ts';
import type { Edit, Position, Span } from './text.ts';
import type { Unit } from './unit.ts';

/**
 * What a check returns. `at` is anything with a start and an end: usually a node. A fix is computed when somebody asks
 * for it, from the text as it then stands; it may be undefined when nothing trustworthy can be offered.
 */
export interface Finding {
  readonly at: Span;
  /** What is wrong here, with the names in it, and what to do. */
  readonly message: string;
  /** The quick fixes, best first. */
  readonly fix?: () => Fix | readonly Fix[] | undefined;
  readonly related?: readonly { readonly at: Span; readonly message: string }[];
  readonly tags?: readonly ('unnecessary' | 'deprecated')[];
  /** Instead of the rule's own severity, where the catalogue grades one rule. */
  readonly severity?: Severity;
}

export interface Fix {
  /** Imperative, without a full stop: ``Replace with `datetime.now(UTC)` ``. */
  readonly title: string;
  /** `safe` promises the same behaviour and no lost comment. */
  readonly safety: 'safe' | 'unsafe';
  /** Why it is unsafe here, when that is not what the rule's card says. */
  readonly reason?: string;
  readonly edits: readonly Edit[];
  /**
   * The path that the file is to have, below the configuration's folder and with forward slashes. Such a fix is offered one
   * at a time, by editors that can move files; fix-all and the command line leave it.
   */
  readonly rename?: string;
}

/** What one unit tells the file level: plain data at a place. `file` decides by the data; the place is for its findings. */
export interface Fact<D> {
  readonly at: Span;
  readonly data: D;
}

export type Findings = Finding | readonly Finding[] | undefined;
export type Handlers<O> = { readonly [K in Kind]?: (node: TypedNode<K>, file: SourceFile, options: O) => Findings };
export type Collectors<O, D> = {
  readonly [K in Kind]?: (node: TypedNode<K>, file: SourceFile, options: O) => Fact<D> | readonly Fact<D>[] | undefined;
};

/**
 * One example: documentation and test at once. In `bad`, a line of carets below a line of code marks what must be
 * reported there: `#   ^^^^ GR101 unsafe`, with the safety of the first fix (`safe`, `unsafe`, or `none`), and after a
 * colon the exact message where it is worth stating. A span that starts at column 0 or 1 has its carets without `#`.
 * `^^^~2` ends on the second line below. `good` is the text after the first fixes of all findings of this rule, applied
 * until none is left. `ok` raises nothing.
 */
export type Example =
  | {
      readonly bad: string;
      readonly good?: string;
      readonly path?: string;
      readonly target?: string;
      readonly options?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly ok: string;
      readonly path?: string;
      readonly target?: string;
      readonly options?: Readonly<Record<string, unknown>>;
    };

export interface RuleDefinition<S extends z.ZodObject, D> {
  readonly code: string;
  /** The fault, in kebab case; also the name of the file. */
  readonly name: string;
  readonly family: Family;
  readonly severity: Severity;
  readonly standards: readonly StandardId[];
  readonly summary: string;
  readonly advice: string;
  readonly why: string;
  readonly fix: FixKind;
  /** Why an unsafe fix is unsafe, in words the user sees. Required unless `fix` is `none` or `safe`. */
  readonly fixSafety?: string;
  readonly requirements: readonly string[];
  readonly peers: readonly string[];
  readonly options?: S;
  /**
   * Words of which a file must hold at least one before the rule can report anything there, such as the last part of a
   * qualified name: whatever way it is imported, that part is written somewhere. The rule is not asked in other files.
   */
  readonly mentions?: readonly string[] | ((options: z.output<S>) => readonly string[]);
  /** Words of which a file must hold at least one, besides, before `collect` is asked; by itself it always is. */
  readonly collectMentions?: readonly string[];
  /**
   * Last parts of the qualified names of calls that the rule's `call` handlers have anything to say about: for
   * `time.sleep(1)`, `sleep`, whatever way it is imported; for a method of something that has no qualified name, the
   * method's name. Other calls are not shown to them.
   */
  readonly calls?: readonly string[] | ((options: z.output<S>) => readonly string[]);
  /**
   * Whether the rule has anything to say in a file with this path and target; asked once, when the file is opened. A rule
   * about one layer, or not about tests, says so here rather than at every node.
   */
  readonly applies?: (file: Pick<FileFacts, 'path' | 'target' | 'targetKnown'>, options: z.output<S>) => boolean;
  readonly examples: readonly Example[];
  /** False for rules about suppression comments, which a blanket `# noqa` must not hide. */
  readonly blanketSuppressible?: boolean;
  /** Looks at one node of one unit. Called for nodes without a syntax error in their own part. */
  readonly on?: Handlers<z.output<S>>;
  /** What a unit tells `file`. */
  readonly collect?: Collectors<z.output<S>, D>;
  /** Looks at the facts of all units, in the file's order. */
  readonly file?: (facts: readonly Fact<D>[], file: SourceFile, options: z.output<S>) => readonly Finding[];
}

/** A rule as the engine holds it. */
export interface Rule {
  readonly card: RuleCard;
  readonly examples: readonly Example[];
  readonly blanketSuppressible: boolean;
  /**
   * The rule with its options in force. What is wrong with them is returned as problems, each at a path of keys; then the
   * defaults hold.
   */
  configure(options: unknown): { rule: ConfiguredRule; problems: readonly OptionProblem[] };
}

export interface OptionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface ConfiguredRule {
  readonly card: RuleCard;
  readonly mentions: readonly string[] | undefined;
  readonly collectMentions: readonly string[] | undefined;
  readonly calls: readonly string[] | undefined;
  applies(file: Pick<FileFacts, 'path' | 'target' | 'targetKnown'>): boolean;
  readonly blanketSuppressible: boolean;
  readonly on: readonly (readonly [Kind, (node: Node, file: SourceFile) => Findings])[];
  readonly collect: readonly (readonly [
    Kind,
    (node: Node, file: SourceFile) => Fact<unknown> | readonly Fact<unknown>[] | undefined,
  ])[];
  readonly file: ((facts: readonly Fact<unknown>[], file: SourceFile) => readonly Finding[]) | undefined;
}

/** A rule that runs, with the severity that the settings give it (undefined: the rule's own). */
export interface EnabledRule {
  readonly rule: ConfiguredRule;
  readonly severity: Severity | undefined;
}

/** A finding as a unit keeps it: positions are the unit's own. */
export interface StoredFinding {
  readonly rule: ConfiguredRule;
  readonly unit: Unit;
  readonly start: number;
  readonly end: number;
  readonly from: Position;
  readonly to: Position;
  readonly message: string;
  readonly severity: Severity;
  readonly source: Finding;
  /** What the rule was asked about: a row of a segment, usually of `unit`; or the whole file, or its suppressions. */
  readonly asked: { readonly unit: Unit; readonly row: number } | 'file' | 'suppressions';
  /** The revision of the file that the rule was asked in: what `source` knows is as it was then. */
  readonly revision: number;
}

/** What a rule returns where one, several or nothing may be returned, as a list. */
export function asList<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
