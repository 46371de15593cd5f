import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of the machine's Python standard library. @throws when there is no python3. */
export function stdlibFolder(): string {
  const run = spawnSync('python3', ['-c', 'import sysconfig; print(sysconfig.get_paths()["stdlib"])'], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error('python3 is needed: its standard library is the input of these tests');
  return run.stdout.trim();
}

/** Every Python file of the standard library that is UTF-8, installed packages left out, in a fixed order. */
export function stdlibFiles(): { path: string; text: string }[] {
  const folder = stdlibFolder();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file.endsWith('.py') && !file.includes('site-packages') && !file.includes('dist-packages'))
    .sort()
    .flatMap((file) => {
      try {
        return [{ path: file, text: decoder.decode(readFileSync(path.join(folder, file))) }];
      } catch {
        return [];
      }
    });
}
