import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRandom, type Edit } from './edit-script.ts';
import { type ServerCommand, startServer } from './lsp-driver.ts';
import { percentile, type Summary, summarise } from './statistics.ts';

export interface KeystrokeResult extends Summary {
  server: string;
  mode: 'push' | 'pull';
  edits: number;
  unanswered: number;
  /** Versions that the server published more than once. */
  repeats: number;
  /** Medians over the states that CPython parses, and over those that it does not. */
  p50Whole: number;
  p50Broken: number;
  /** The most that was published for one edit: what a text without a syntax error brings. */
  diagnostics: number;
  kilobytes: number;
  openMilliseconds: number;
}

export interface KeystrokeOptions {
  /** An empty folder, so that no configuration is found. */
  folder: string;
  /** The first edits of the script are sent unmeasured: servers and their just-in-time compilers warm up. */
  warmUp: number;
  /** Milliseconds between the answer to the opened file and the first edit: a person reads before typing. */
  settle: number;
  /** Upper end of a random pause between an answer and the next edit, in milliseconds; work done when idle starts in it. */
  pause: number;
  seed: number;
  /** Milliseconds after which no further edit is sent, once ten were measured. */
  limit: number;
}

/**
 * Opens one document in a new server and sends the edits one by one, each after the answer to the one before. `broken`
 * says of each edit whether it leaves a text that does not parse.
 */
export async function measureKeystrokes(
  server: ServerCommand,
  text: string,
  edits: readonly Edit[],
  broken: readonly boolean[],
  options: KeystrokeOptions,
): Promise<KeystrokeResult> {
  const file = path.join(options.folder, 'typed.py');
  await writeFile(file, text);
  const uri = pathToFileURL(file).href;
  const driver = await startServer(server, options.folder);
  try {
    const opened = await driver.open(uri, text);
    await new Promise((resolve) => setTimeout(resolve, options.settle));
    const random = createRandom(options.seed);
    const started = performance.now();
    const milliseconds: number[] = [];
    const whole: number[] = [];
    const brokenOnes: number[] = [];
    const diagnostics: number[] = [];
    const bytes: number[] = [];
    let unanswered = 0;
    for (const [index, edit] of edits.entries()) {
      const enough = index >= options.warmUp + 10;
      if (enough && performance.now() - started > options.limit) break;
      if (options.pause > 0) await new Promise((resolve) => setTimeout(resolve, random() * options.pause));
      const answer = await driver.change(uri, edit.range, edit.text);
      if (answer === undefined) {
        unanswered += 1;
        continue;
      }
      if (index < options.warmUp) continue;
      milliseconds.push(answer.milliseconds);
      (broken[index] ? brokenOnes : whole).push(answer.milliseconds);
      diagnostics.push(answer.diagnostics);
      bytes.push(answer.bytes);
    }
    return {
      ...summarise(milliseconds),
      server: server.name,
      mode: driver.mode(),
      edits: milliseconds.length,
      unanswered,
      repeats: driver.repeats(),
      p50Whole: percentile(whole, 0.5),
      p50Broken: percentile(brokenOnes, 0.5),
      diagnostics: summarise(diagnostics).max,
      kilobytes: summarise(bytes).max / 1000,
      openMilliseconds: opened.milliseconds,
    };
  } finally {
    await driver.stop();
  }
}
