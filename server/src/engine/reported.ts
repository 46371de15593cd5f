import type { Severity } from '../../../shared-rules/src/index.ts';
import type { SourceFile } from './file.ts';
import { guarded } from './fix.ts';
import { asList, type Fix, type StoredFinding } from './rule.ts';
import type { Position } from './text.ts';

/** A finding as everybody outside the engine sees it. Offsets are UTF-16 code units in the current text. */
export interface Reported {
  readonly code: string;
  readonly name: string;
  readonly severity: Severity;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly from: Position;
  readonly to: Position;
  readonly tags: readonly ('unnecessary' | 'deprecated')[];
  readonly related: readonly { readonly from: Position; readonly to: Position; readonly message: string }[];
  /** The rule may have a fix here; `fixes` finds out. */
  readonly mayFix: boolean;
  /** The rule's fixes, computed now; valid for the current text. Never throws. */
  fixes(): readonly Fix[];
}

/**
 * A stored finding seen from outside. Positions are worked out when asked for, since most are published by line and
 * column alone, and a file can have thousands.
 */
export class LiveFinding implements Reported {
  readonly #file: SourceFile;
  readonly #position: (offset: number) => Position;
  readonly #ask: (finding: StoredFinding) => StoredFinding | undefined;
  readonly #finding: StoredFinding;

  constructor(
    file: SourceFile,
    position: (offset: number) => Position,
    ask: (finding: StoredFinding) => StoredFinding | undefined,
    finding: StoredFinding,
  ) {
    this.#file = file;
    this.#position = position;
    this.#ask = ask;
    this.#finding = finding;
  }

  get code(): string {
    return this.#finding.rule.card.code;
  }

  get name(): string {
    return this.#finding.rule.card.name;
  }

  get severity(): Severity {
    return this.#finding.severity;
  }

  get message(): string {
    return this.#finding.message;
  }

  get start(): number {
    return this.#finding.start + this.#finding.unit.start;
  }

  get end(): number {
    return this.#finding.end + this.#finding.unit.start;
  }

  get from(): Position {
    const { from, unit } = this.#finding;
    return { line: from.line + unit.startLine, character: from.character };
  }

  get to(): Position {
    const { to, unit } = this.#finding;
    return { line: to.line + unit.startLine, character: to.character };
  }

  get tags(): readonly ('unnecessary' | 'deprecated')[] {
    return this.#finding.source.tags ?? noTags;
  }

  get related(): Reported['related'] {
    return (this.#finding.source.related ?? []).map((other) => ({
      from: this.#position(other.at.start),
      to: this.#position(other.at.end),
      message: other.message,
    }));
  }

  get mayFix(): boolean {
    return this.#finding.source.fix !== undefined;
  }

  fixes(): readonly Fix[] {
    const { rule } = this.#finding;
    let made: ReturnType<NonNullable<StoredFinding['source']['fix']>>;
    try {
      // What was found before an edit elsewhere holds, but its fix may know the nodes and offsets from then.
      const isOld = this.#finding.revision !== this.#file.revision;
      const finding = isOld ? this.#ask(this.#finding) : this.#finding;
      made = finding?.source.fix?.();
    } catch {
      // A fix that fails is one that is not offered; the finding stands.
      return [];
    }
    return asList(made).map((fix) => guarded(fix, this.#file, rule.card.fixSafety));
  }
}

const noTags: readonly ('unnecessary' | 'deprecated')[] = [];
