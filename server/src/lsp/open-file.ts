import {
  Document,
  type FileFacts,
  type FixChoice,
  type FixOutcome,
  fixAll,
  type ParserPort,
  type RuleSet,
} from '../engine/index.ts';
import type { ResolvedSettings } from '../settings/resolve.ts';
import { type DiagnosticClient, DiagnosticsText } from './diagnostics.ts';
import type { Change } from './notifications.ts';

/** What holds for one file: resolved anew when a configuration changes, never a global. */
export interface FileSettings {
  readonly resolved: ResolvedSettings;
  readonly facts: FileFacts;
  readonly rules: RuleSet;
  readonly maxFindings: number;
  /** False where the editor turned the folder off, or the configuration excludes the file. */
  readonly enabled: boolean;
  readonly parser: ParserPort;
  readonly configuration: string | undefined;
  readonly problem: string | undefined;
}

/**
 * One open Python file. Owns its document, which exists from the moment its settings are known; changes that arrive
 * before wait as text.
 */
export class OpenFile {
  readonly uri: string;
  version: number;
  settings: FileSettings | undefined;
  /** Number of the last round of asking for settings that this file was part of; earlier answers no longer count. */
  round = 0;
  #waiting: string;
  #document: Document | undefined;
  #diagnostics: DiagnosticsText | undefined;

  constructor(uri: string, version: number, text: string) {
    this.uri = uri;
    this.version = version;
    this.#waiting = text;
  }

  get document(): Document | undefined {
    return this.#document;
  }

  get text(): string {
    return this.#document?.text ?? this.#waiting;
  }

  /** Size of the text when it was last put under settings, where that is more than they allow; it is then left alone. */
  tooManyBytes: number | undefined;

  /** Writes the file's diagnostics, and keeps what it wrote. */
  diagnostics(client: DiagnosticClient): DiagnosticsText {
    this.#diagnostics ??= new DiagnosticsText(this.uri, client);
    return this.#diagnostics;
  }

  /** Puts settings in force; the file is analysed anew where they say something else than those before. */
  configure(settings: FileSettings): void {
    const before = this.settings;
    const text = this.text;
    const bytes = settings.enabled ? Buffer.byteLength(text) : 0;
    this.tooManyBytes = bytes > settings.resolved.maxFileSize ? bytes : undefined;
    this.settings = settings;
    if (!settings.enabled || this.tooManyBytes !== undefined) {
      this.#waiting = text;
      this.#document = undefined;
      return;
    }
    if (this.#document && before && alike(before, settings)) return;
    this.#document = this.open(text, settings);
    this.#waiting = '';
  }

  /** Applies the changes of one notification, in their order (LSP 3.17, `TextDocumentContentChangeEvent`). */
  change(version: number, changes: readonly Change[]): void {
    for (const change of changes) {
      if (!this.#document) this.#waiting = changed(this.#waiting, change);
      else if (change.range) {
        const start = this.#document.offset(change.range.start);
        const end = Math.max(start, this.#document.offset(change.range.end));
        this.#edit(this.#document, start, end, change.text);
      } else this.#replaceAll(this.#document, change.text);
    }
    this.version = version;
    // It may have become small enough.
    if (this.tooManyBytes !== undefined && this.settings) this.configure(this.settings);
  }

  /** The text after every fix that is chosen; a new document is opened for every pass, this one stays. */
  fixAll(choose: FixChoice): FixOutcome | undefined {
    const { settings } = this;
    if (!settings || !this.#document) return undefined;
    return fixAll(this.text, (text) => this.open(text, settings, false), choose);
  }

  private open(text: string, settings: FileSettings, isEdited = true): Document {
    return new Document(settings.parser, text, settings.facts, settings.rules, isEdited);
  }

  /**
   * A mistake of ours in the incremental part must not leave a file with a wrong text for as long as it is open: the file
   * is then opened anew, and only if that fails too it goes without an analysis.
   */
  #edit(document: Document, start: number, end: number, replacement: string): void {
    const { length } = document;
    try {
      document.edit(start, end, replacement);
    } catch (error) {
      // Where the lengths are equal, replacing once more changes nothing, so it need not be known how far the edit got.
      const { text } = document;
      this.#waiting = text.length === length ? text.slice(0, start) + replacement + text.slice(end) : text;
      this.#document = undefined;
      if (!this.settings) throw error;
      this.#document = this.open(this.#waiting, this.settings);
    }
  }

  /** A client that sends whole texts still pays only for what differs. */
  #replaceAll(document: Document, text: string): void {
    const before = document.text;
    const most = Math.min(before.length, text.length);
    let head = 0;
    while (head < most && before.charCodeAt(head) === text.charCodeAt(head)) head++;
    let tail = 0;
    while (
      tail < most - head &&
      before.charCodeAt(before.length - 1 - tail) === text.charCodeAt(text.length - 1 - tail)
    )
      tail++;
    this.#edit(document, head, before.length - tail, text.slice(head, text.length - tail));
  }
}

/** Whether two settings give a file the same findings. */
function alike(left: FileSettings, right: FileSettings): boolean {
  return (
    left.rules === right.rules &&
    left.parser === right.parser &&
    left.facts.path === right.facts.path &&
    left.facts.target === right.facts.target &&
    left.facts.targetKnown === right.facts.targetKnown
  );
}

function changed(text: string, change: Change): string {
  if (!change.range) return change.text;
  const offset = ({ line, character }: { line: number; character: number }): number => {
    let start = 0;
    for (let count = 0; count < line; count++) {
      const next = text.indexOf('\n', start);
      if (next < 0) return text.length;
      start = next + 1;
    }
    const end = text.indexOf('\n', start);
    return Math.min(start + character, end < 0 ? text.length : end);
  };
  const start = offset(change.range.start);
  return text.slice(0, start) + change.text + text.slice(Math.max(start, offset(change.range.end)));
}
