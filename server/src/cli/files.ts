import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The text of a file (a byte order mark is part of it), or in words why it is left alone. */
export type SourceFile = { text: string } | { skipped: string };

/** Reads a Python file. Never throws: what cannot be read, is no text, no UTF-8 or too large says so in `skipped`. */
export function readSource(path: string, maxFileSize: number): SourceFile {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return { skipped: `cannot be read: ${reasonOf(error)}` };
  }
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) return { skipped: 'is a folder' };
    if (!stat.isFile()) return { skipped: 'is not a regular file' };
    if (stat.size > maxFileSize) {
      return { skipped: `has ${stat.size} bytes, more than \`max-file-size\` = ${maxFileSize}` };
    }
    const buffer = Buffer.allocUnsafe(stat.size);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return decodeSource(buffer.subarray(0, length));
  } catch (error) {
    return { skipped: `cannot be read: ${reasonOf(error)}` };
  } finally {
    closeSync(file);
  }
}

/** The text of bytes, or why they are no Python source that we can read. */
export function decodeSource(bytes: Buffer): SourceFile {
  if (bytes.includes(0)) return { skipped: 'is binary: it has a NUL byte' };
  if (!isUtf8(bytes)) return { skipped: 'is not UTF-8' };
  return { text: bytes.toString('utf8') };
}

/**
 * Replaces the text of a file, wholly or not at all: the new text is written beside it, flushed to the disk and renamed.
 * A symbolic link stays one, its target is replaced; mode and owner are kept. `before` is what the file must still hold.
 * @throws when the file cannot be written or somebody changed it meanwhile; then it is as it was.
 */
export function replaceFile(path: string, before: string, after: string): void {
  const target = realpathSync(path);
  // A rename would replace a read-only file too; whoever took away the right to write meant it.
  accessSync(target, constants.W_OK);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.groundrules`);
  const original = openSync(target, 'r');
  try {
    const { mode, uid, gid } = fstatSync(original);
    const file = openSync(temporary, 'wx', mode & 0o777);
    try {
      writeFileSync(file, after, 'utf8');
      keepOwner(file, uid, gid);
      fchmodSync(file, mode & 0o7777);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (readFileSync(target, 'utf8') !== before) throw new Error('it was changed by somebody else meanwhile');
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(original);
  }
}

/** Only the superuser may give a file away; anybody else writes files of their own, as any editor does. */
function keepOwner(file: number, uid: number, gid: number): void {
  const own = fstatSync(file);
  if (own.uid === uid && own.gid === gid) return;
  try {
    fchownSync(file, uid, gid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
  }
}

/** Why the operating system refused, in words; its own message where we have none. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ENOENT: 'no such file or folder',
    ENOTDIR: 'a part of its path is not a folder',
    EISDIR: 'it is a folder',
    ELOOP: 'its symbolic links go in a circle',
    EMFILE: 'too many files are open',
    ENOSPC: 'the disk is full',
    EROFS: 'the disk is read-only',
  };
  return known[code] ?? (error instanceof Error ? error.message : String(error));
}
