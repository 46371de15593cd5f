// The mocha entry that VS Code's extension host loads: runs every suite file bundled beside it.
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What run.ts and vscode-host.mjs take as the proof that a run came to its end. */
export interface Result {
  readonly tests: number;
  readonly passes: number;
  readonly failures: number;
}

/** VS Code calls this; a rejection makes the extension host end with 1. */
export async function run(): Promise<void> {
  // mocha is an ES module, which the Node inside VS Code 1.91 cannot require.
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({
    ui: 'bdd',
    color: false,
    timeout: 60_000,
    slow: 2_000,
    reporter: 'spec',
    forbidPending: true,
  });
  const pattern = process.env.EDITOR_GREP;
  if (pattern) mocha.grep(new RegExp(pattern));
  for (const file of readdirSync(__dirname).sort()) {
    if (file.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, file));
  }
  const result = await new Promise<Result>((resolve) => {
    const runner = mocha.run((failures) => {
      resolve({ tests: runner.stats?.tests ?? 0, passes: runner.stats?.passes ?? 0, failures });
    });
  });
  const file = process.env.EDITOR_RESULT;
  if (file) writeFileSync(file, JSON.stringify(result));
  if (result.failures > 0) throw new Error(`${result.failures} tests failed`);
  if (result.tests === 0) throw new Error('no test ran');
}
