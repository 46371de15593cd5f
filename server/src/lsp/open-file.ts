import type { TextDocumentContentChangeEvent } from 'vscode-languageserver';
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
  #waiting: string;
  #document: Document | undefined;

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

  /** Puts settings in force; the file is analysed anew unless they turn it off. */
  configure(settings: FileSettings): void {
    const text = this.text;
    this.settings = settings;
    this.#waiting = text;
    this.#document = settings.enabled ? this.open(text, settings) : undefined;
  }

  /** Applies the changes of one notification, in their order (LSP 3.17, `TextDocumentContentChangeEvent`). */
  change(version: number, changes: readonly TextDocumentContentChangeEvent[]): void {
    this.version = version;
    for (const change of changes) {
      if (!this.#document) {
        this.#waiting = changed(this.#waiting, change);
      } else if ('range' in change) {
        const start = this.#document.offset(change.range.start);
        const end = Math.max(start, this.#document.offset(change.range.end));
        this.#document.edit(start, end, change.text);
      } else this.#replaceAll(this.#document, change.text);
    }
  }

  /** The text after every fix that is chosen; a new document is opened for every pass, this one stays. */
  fixAll(choose: FixChoice): FixOutcome | undefined {
    const { settings } = this;
    if (!settings || !this.#document) return undefined;
    return fixAll(this.text, (text) => this.open(text, settings), choose);
  }

  private open(text: string, settings: FileSettings): Document {
    return new Document(settings.parser, text, settings.facts, settings.rules);
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
    document.edit(head, before.length - tail, text.slice(head, text.length - tail));
  }
}

function changed(text: string, change: TextDocumentContentChangeEvent): string {
  if (!('range' in change)) return change.text;
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
