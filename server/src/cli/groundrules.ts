#!/usr/bin/env node
import manifest from '../../../package.json' with { type: 'json' };
import { pageOf } from '../host/pages.ts';
import { loadWasmParser } from '../host/parser.ts';
import { timedRules } from '../host/timing.ts';
import { rules } from '../rules/index.generated.ts';
import { runCommandLine } from './main.ts';

/** In the source tree this file and its neighbours are TypeScript; bundled, everything lies in one folder. */
const bundled = !import.meta.url.endsWith('.ts');

process.stdout.on('error', endOfPipe);
process.stderr.on('error', endOfPipe);

// For measuring: every check is timed, in one thread, and the last line of stderr says what each rule took.
const timing = process.env.GROUNDRULES_TIMING === '1' ? timedRules(rules) : undefined;
const running = timing?.rules ?? rules;

// Set, not `process.exit`: what is still on its way to a pipe must get there.
process.exitCode = await runCommandLine(process.argv.slice(2), {
  folder: process.cwd(),
  version: manifest.version,
  rules: running,
  page: pageOf,
  engine: async () => ({ rules: running, parser: await loadWasmParser() }),
  ...(timing ? {} : { worker: new URL(bundled ? './worker.mjs' : './worker.ts', import.meta.url) }),
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  async readInput() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return Buffer.concat(chunks);
  },
  async startLanguageServer() {
    await import(new URL(bundled ? './server.mjs' : '../lsp/server.ts', import.meta.url).href);
  },
});

if (timing) {
  const took = [...timing.milliseconds].map(([code, time]) => [code, Math.round(time * 10) / 10]);
  process.stderr.write(`${JSON.stringify({ rules: Object.fromEntries(took) })}\n`);
}

/** `groundrules check | head` closes the pipe early; that is no error. */
function endOfPipe(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  throw error;
}
