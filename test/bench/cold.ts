import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { percentile } from './statistics.ts';

/** A program that checks a folder once. */
export interface CheckCommand {
  name: string;
  command: string;
  args: readonly string[];
}

export interface ColdResult {
  name: string;
  best: number;
  median: number;
  /** Lines that it wrote, about one a finding. */
  outputLines: number;
}

/** Groundrules without any configuration; `extra` goes behind the path. */
export function groundrulesCheck(cli: string, folder: string, ...extra: string[]): CheckCommand {
  return {
    name: 'Groundrules',
    command: process.execPath,
    args: [cli, 'check', folder, '--isolated', ...extra],
  };
}

/**
 * Every Ruff rule that is not a preview, no cache. `concise` is one line a finding, as Groundrules prints it; `full`, what
 * Ruff prints when nothing is said, shows the source of each.
 */
export function ruffCheck(
  executable: string,
  version: string,
  folder: string,
  format: 'concise' | 'full' = 'concise',
): CheckCommand {
  const flags = ['--isolated', '--select', 'ALL', '--no-cache', '--output-format', format];
  const name = `Ruff ${version}${format === 'full' ? ', full output' : ''}`;
  return { name, command: executable, args: ['check', ...flags, folder] };
}

/**
 * Runs every command `times` times, taking turns, so that a busy moment of the machine hits both. Output goes to a file
 * in `scratch`, as neither should wait for a reader. Throws when a command ends with anything but 0 (clean) or 1 (findings).
 */
export async function measureCold(
  commands: readonly CheckCommand[],
  times: number,
  scratch: string,
): Promise<ColdResult[]> {
  const samples = commands.map(() => [] as number[]);
  const outputLines = commands.map(() => 0);
  for (let round = 0; round < times; round++) {
    for (const [index, command] of commands.entries()) {
      const done = await runToFile(command, path.join(scratch, 'check.txt'));
      samples[index]?.push(done.milliseconds);
      outputLines[index] = done.output.split('\n').length - 1;
    }
  }
  return commands.map((command, index) => ({
    name: command.name,
    best: Math.min(...(samples[index] ?? [])),
    median: percentile(samples[index] ?? [], 0.5),
    outputLines: outputLines[index] ?? 0,
  }));
}

export async function runToFile(
  command: CheckCommand,
  file: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<{ milliseconds: number; output: string; errors: string }> {
  const handle = await open(file, 'w');
  const errors: Buffer[] = [];
  const started = performance.now();
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(command.command, [...command.args], { stdio: ['ignore', handle.fd, 'pipe'], env: environment });
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', reject);
    child.on('close', resolve);
  });
  const milliseconds = performance.now() - started;
  await handle.close();
  const errorText = Buffer.concat(errors).toString('utf8');
  if (code !== 0 && code !== 1) throw new Error(`${command.name} ended with ${code}: ${errorText.trim().slice(-500)}`);
  return { milliseconds, output: await readFile(file, 'utf8'), errors: errorText };
}

/** What the command line prints as the last line of stderr when `GROUNDRULES_TIMING=1`: milliseconds by rule code. */
const Timing = z.object({ rules: z.record(z.string(), z.number()) });

/** Milliseconds that each rule took over a folder, the slowest first. Throws when the command line printed no timing. */
export async function measureRules(
  cli: string,
  folder: string,
  scratch: string,
): Promise<[code: string, milliseconds: number][]> {
  const command = groundrulesCheck(cli, folder);
  const done = await runToFile(command, path.join(scratch, 'check.txt'), { ...process.env, GROUNDRULES_TIMING: '1' });
  const line = done.errors.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{'))
    throw new Error('The command line printed no timing although GROUNDRULES_TIMING=1 was set.');
  return Object.entries(Timing.parse(JSON.parse(line)).rules).sort((a, b) => b[1] - a[1]);
}

const Findings = z.array(z.object({ filename: z.string(), location: z.object({ row: z.int() }) }));

/** The lines (from 0) with findings of Groundrules, by base name of the file; one entry a finding. */
export async function findingLines(cli: string, folder: string, scratch: string): Promise<Map<string, number[]>> {
  const command = groundrulesCheck(cli, folder, '--format', 'json');
  const done = await runToFile(command, path.join(scratch, 'findings.json'));
  const byFile = new Map<string, number[]>();
  for (const finding of Findings.parse(JSON.parse(done.output))) {
    const name = path.basename(finding.filename);
    byFile.set(name, [...(byFile.get(name) ?? []), finding.location.row - 1]);
  }
  return byFile;
}
