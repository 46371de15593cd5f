import * as assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureInstalled, findDesktopVSCode, findOnPath, findOrInstallChromium } from '../../tools/environment.mjs';

describe('what the commands need from the machine', () => {
  let folder: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'groundrules-environment-')));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function program(...place: string[]): string {
    const file = path.join(folder, ...place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  }

  function lockfile(place: string, packages: Record<string, object>): void {
    const file = path.join(folder, place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ packages: { '': { name: 'x' }, ...packages } }));
  }

  describe('a program on the PATH', () => {
    it('is the first of the names, whatever folder it stands in', () => {
      const chromium = program('second', 'chromium');
      program('first', 'google-chrome');
      const env = { PATH: ['first', 'second'].map((name) => path.join(folder, name)).join(path.delimiter) };
      assert.equal(findOnPath(['chromium', 'google-chrome'], env), chromium);
    });

    it('is no folder and no file that cannot run', () => {
      mkdirSync(path.join(folder, 'code'));
      writeFileSync(path.join(folder, 'nvim'), '', { mode: 0o644 });
      assert.equal(findOnPath(['code', 'nvim'], { PATH: folder }), undefined);
    });
  });

  describe('the desktop VS Code', () => {
    it('is the program behind the "code" script on Linux', () => {
      program('share', 'code', 'bin', 'code');
      const executable = program('share', 'code', 'code');
      mkdirSync(path.join(folder, 'bin'));
      symlinkSync(path.join(folder, 'share', 'code', 'bin', 'code'), path.join(folder, 'bin', 'code'));
      assert.equal(findDesktopVSCode({ PATH: path.join(folder, 'bin'), DISPLAY: ':0' }, 'linux'), executable);
    });

    it('is the program behind the "code" script on macOS', () => {
      const contents = ['Visual Studio Code.app', 'Contents'];
      const script = program(...contents, 'Resources', 'app', 'bin', 'code');
      const executable = program(...contents, 'MacOS', 'Electron');
      assert.equal(findDesktopVSCode({ PATH: path.dirname(script) }, 'darwin'), executable);
    });

    it('does not count where no window can open', () => {
      program('share', 'code', 'code');
      const script = program('share', 'code', 'bin', 'code');
      assert.equal(findDesktopVSCode({ PATH: path.dirname(script) }, 'linux'), undefined);
    });

    it('is not the "code" script of a remote window, which has no program behind it', () => {
      const script = program('remote-cli', 'code');
      assert.equal(findDesktopVSCode({ PATH: path.dirname(script), DISPLAY: ':0' }, 'linux'), undefined);
    });

    it('is refused with one sentence when VSCODE_EXECUTABLE names nothing', () => {
      const file = path.join(folder, 'absent');
      assert.throws(() => findDesktopVSCode({ VSCODE_EXECUTABLE: file }), {
        name: 'MissingPart',
        message: `VSCODE_EXECUTABLE names ${file}, which is no program: set it to the program file of a VS Code.`,
      });
    });
  });

  it('refuses a CHROMIUM that names nothing with one sentence', () => {
    const before = process.env.CHROMIUM;
    const file = path.join(folder, 'absent');
    process.env.CHROMIUM = file;
    try {
      assert.throws(findOrInstallChromium, {
        name: 'MissingPart',
        message: `CHROMIUM names ${file}, which is no program: set it to a Chromium, Chrome or Edge.`,
      });
    } finally {
      if (before === undefined) delete process.env.CHROMIUM;
      else process.env.CHROMIUM = before;
    }
  });

  describe('the installed modules', () => {
    it('are left alone when they are what the lockfile says, absent optional ones aside', async () => {
      lockfile('package-lock.json', { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { optional: true } });
      lockfile('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
      const mark = program('node_modules', 'mark');
      await ensureInstalled(folder);
      assert.equal(findOnPath(['mark'], { PATH: path.dirname(mark) }), mark, 'npm ci would have emptied the folder');
    });

    it('are never emptied through a link to another checkout', async () => {
      lockfile('package-lock.json', { 'node_modules/a': { version: '2.0.0' } });
      lockfile('elsewhere/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
      symlinkSync(path.join(folder, 'elsewhere'), path.join(folder, 'node_modules'));
      await assert.rejects(ensureInstalled(folder), {
        name: 'MissingPart',
        message: /is a link to modules of another/,
      });
    });
  });
});
