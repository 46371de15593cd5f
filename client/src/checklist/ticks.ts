import {
  type Disposable,
  type Event,
  EventEmitter,
  FileSystemError,
  RelativePattern,
  Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from 'vscode';
import type { Ticks } from '../../../shared-rules/src/index.ts';
import { messageOf } from '../server.ts';
import { mergeTicks, noTicks, type ParsedTicks, parseTicks, serialiseTicks, type TickChanges } from './ticks-file.ts';

/** The ticks of one workspace folder, in step with its `.groundrules/ticks.json`. */
export interface FolderTicks extends Disposable {
  /** The ticks as last read; those of the last good file while the file is broken. */
  readonly ticks: Ticks['ticks'];
  readonly onDidChange: Event<void>;
  /** Settled when the file was read for the first time. */
  readonly loaded: Promise<void>;
  /**
   * Writes changes into the file, over what it holds at that moment. A file that is broken or cannot be written is left
   * as it is and named in a message. The promise is always kept.
   */
  change(tickChanges: TickChanges): Promise<void>;
}

/** Reads the ticks of a folder and follows changes made outside the editor, such as a git pull. */
export function folderTicks(folder: WorkspaceFolder): FolderTicks {
  const directory = Uri.joinPath(folder.uri, '.groundrules');
  const file = Uri.joinPath(directory, 'ticks.json');
  const changed = new EventEmitter<void>();
  let ticks = noTicks;
  let reported: string | undefined;
  let queue = Promise.resolve();

  function take(read: Ticks): void {
    reported = undefined;
    const same = serialiseTicks(read) === serialiseTicks(ticks);
    ticks = read;
    if (!same) changed.fire();
  }

  async function report(problem: string): Promise<void> {
    const name = workspace.asRelativePath(file);
    const answer = await window.showErrorMessage(
      `The ticks in ${name} are not read and not changed: ${problem}.`,
      'Open File',
    );
    if (answer === 'Open File') await window.showTextDocument(file);
  }

  async function load(): Promise<void> {
    const read = await readTicks(file);
    if (read.ticks !== undefined) return take(read.ticks);
    // The watcher tells of every save of a broken file: the same problem is told once.
    if (reported === read.problem) return;
    reported = read.problem;
    void report(read.problem);
  }

  async function write(tickChanges: TickChanges): Promise<void> {
    const read = await readTicks(file);
    if (read.ticks === undefined) {
      reported = read.problem;
      void report(read.problem);
      return;
    }
    const merged = mergeTicks(read.ticks, tickChanges);
    try {
      await writeAtomically(directory, file, serialiseTicks(merged));
      take(merged);
    } catch (error) {
      take(read.ticks);
      void window.showErrorMessage(
        `The ticks could not be written to ${workspace.asRelativePath(file)}: ${messageOf(error)}`,
      );
    }
  }

  function enqueue(step: () => Promise<void>): Promise<void> {
    queue = queue.then(step);
    return queue;
  }

  const watchers = ['.groundrules', '.groundrules/ticks.json'].map((pattern) => {
    const watcher = workspace.createFileSystemWatcher(new RelativePattern(folder, pattern));
    watcher.onDidCreate(() => enqueue(load));
    watcher.onDidChange(() => enqueue(load));
    watcher.onDidDelete(() => enqueue(load));
    return watcher;
  });

  return {
    get ticks() {
      return ticks.ticks;
    },
    onDidChange: changed.event,
    loaded: enqueue(load),
    change: (tickChanges) => enqueue(() => write(tickChanges)),
    dispose() {
      changed.dispose();
      for (const watcher of watchers) watcher.dispose();
    },
  };
}

async function readTicks(file: Uri): Promise<ParsedTicks> {
  let bytes: Uint8Array;
  try {
    bytes = await workspace.fs.readFile(file);
  } catch (error) {
    if (error instanceof FileSystemError && error.code === 'FileNotFound') return { ticks: noTicks };
    return { problem: `it cannot be read (${messageOf(error)})` };
  }
  try {
    return parseTicks(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { problem: 'it is not UTF-8 text' };
  }
}

/** Writes a file beside the target and renames it, so that the target is always either the old text or the new one. */
async function writeAtomically(directory: Uri, file: Uri, text: string): Promise<void> {
  await workspace.fs.createDirectory(directory);
  const temporary = Uri.joinPath(directory, `ticks.json.${crypto.randomUUID()}.tmp`);
  await workspace.fs.writeFile(temporary, new TextEncoder().encode(text));
  try {
    await workspace.fs.rename(temporary, file, { overwrite: true });
  } catch (error) {
    // A file system that removes the target before it renames may have lost it: then the temporary file is all there is.
    const targetIsThere = await exists(file);
    if (targetIsThere) await workspace.fs.delete(temporary);
    throw error;
  }
}

async function exists(file: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}
