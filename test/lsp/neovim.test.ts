import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findOrInstallNeovim, root } from '../../tools/environment.mjs';

describe('language server: from Neovim', function () {
  this.timeout(60_000);

  it('shows a finding, applies its fix, and follows what is typed', async () => {
    const neovim = findOrInstallNeovim();
    const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'groundrules-nvim-')));
    try {
      const file = path.join(folder, 'app.py');
      writeFileSync(file, "name = '😀'\ntry:\n    connect()\nexcept:\n    reconnect()\n");
      const { stdout } = await promisify(execFile)(
        neovim,
        ['--headless', '--clean', '-n', '-c', `luafile ${path.join(import.meta.dirname, 'neovim.lua')}`],
        {
          cwd: folder,
          timeout: 50_000,
          env: {
            ...process.env,
            // Nothing of the person who runs the tests is read or written.
            HOME: folder,
            XDG_CONFIG_HOME: folder,
            XDG_DATA_HOME: folder,
            XDG_STATE_HOME: folder,
            XDG_CACHE_HOME: folder,
            GROUNDRULES_FILE: file,
            GROUNDRULES_NODE: process.execPath,
            GROUNDRULES_SERVER: path.join(root, 'dist', 'server.mjs'),
          },
        },
      );
      assert.deepEqual(JSON.parse(stdout), {
        diagnostic: {
          line: 3,
          column: 0,
          code: 'GR402',
          source: 'groundrules',
          severity: 1,
          message: 'Bare `except:` also catches `SystemExit` and `KeyboardInterrupt`; name the exception.',
        },
        title:
          'Catch `Exception` (unsafe: `SystemExit`, `KeyboardInterrupt` and `GeneratorExit` are no longer caught here)',
        text: ["name = '😀'", 'try:', '    connect()', 'except Exception:', '    reconnect()'],
        exitCode: 0,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
