/**
 * The benchmark: `npm run bench`, or `node --v8-pool-size=1 --import tsx test/bench/run.ts [options]`. Build first. The one
 * thread for this process’s own compiler and garbage leaves the cores to what is measured.
 *
 *   --only PART       one of keystroke, analysis, cold, memory (may be given more than once)
 *   --quick           fewer edits, two sizes, one cold run: to see that it works, not to quote
 *   --sizes 1000,5000 other file sizes (lines)
 *   --edits N         edits per file and server
 *   --pause MS        a random pause of up to MS between an answer and the next edit, so that idle work begins in between
 *   --settle MS       how long each server is left alone between opening the file and the first edit (5,000)
 *   --seed N          another edit script
 *   --without-peers   Groundrules alone; otherwise Ruff and Pyright are looked for and installed into out/bench
 *   --peers-only      Ruff and Pyright alone; needs no build
 *   --per-rule        milliseconds per rule over the standard library
 *
 * `GROUNDRULES_BENCH_PYTHON`, `GROUNDRULES_BENCH_RUFF` and `GROUNDRULES_BENCH_PYRIGHT` (its langserver.index.js) name
 * other programs than those on the PATH. The latest result that came to its end is kept in out/bench/result.md.
 *
 * How to read it. All numbers of a table come from one run on one machine; compare within it, not across runs. Times are
 * milliseconds; p50 is the median, p95 the time that 95 of 100 edits stay within. A ratio is the other tool's time over
 * that of Groundrules: 15 × means that the other took fifteen times as long.
 *
 * Keystroke: from handing one `didChange` to the pipe until the last byte of the `publishDiagnostics` of that version has
 * arrived; what the client then makes of it is not counted, for no server. All servers get the same text and the same
 * edits, each after the answer to the one before, the first ones unmeasured. Before them every server is left alone for as
 * long as a person reads a file that was just opened (`--settle`); Groundrules warms up in that time. "Broken" is the share of edits after which CPython does not parse the file; the medians of both kinds of
 * state stand apart, because Ruff runs few rules on a file that does not parse. Groundrules publishes at most 1,000
 * findings a file, Ruff all of them: "findings" and "KB" tell the most that each wrote for one edit. "Again" counts the versions
 * that a server published a second time. Two texts: `typed` is the standard library with `object` as the missing
 * annotations and cut so that Groundrules has at most about 500 findings; `plain` is the standard library as it is.
 * Pyright answers another question (types) and waits before it starts; it stands there for orientation.
 *
 * Analysis: the same edits given to the engine in this process, nothing published; bundled as in the server, and after the
 * warm-up that the server does while a person reads: that is the engine as the server runs it.
 * Cold: the whole standard library, a new process each time, output to a file, the tools taking turns. The goal is measured
 * against Ruff printing one line a finding, as Groundrules does; with what it prints by default it takes several times longer.
 * Memory: resident memory of the server process with 50 open files of 1,000 lines.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measureAnalysis } from './analysis.ts';
import { loadBundledEngine } from './bundled-engine.ts';
import { type CheckCommand, findingLines, groundrulesCheck, measureCold, measureRules, ruffCheck } from './cold.ts';
import * as corpus from './corpus.ts';
import { type Edit, makeEditScript } from './edit-script.ts';
import { type KeystrokeResult, measureKeystrokes } from './keystroke.ts';
import type { ServerCommand } from './lsp-driver.ts';
import { measureMemory } from './memory.ts';
import { findPeers, type Peers, pyrightServer, ruffServer } from './peers.ts';
import { formatCount, formatMilliseconds, formatRatio, formatShare, table } from './statistics.ts';

const parts = ['keystroke', 'analysis', 'cold', 'memory'] as const;
const maxFindings = 500;

const Options = z.object({
  only: z.array(z.enum(parts)).default([...parts]),
  quick: z.boolean().default(false),
  sizes: z
    .string()
    .regex(/^\d+(,\d+)*$/)
    .optional(),
  edits: z.coerce.number().int().positive().optional(),
  pause: z.coerce.number().nonnegative().default(0),
  settle: z.coerce.number().nonnegative().default(5000),
  seed: z.coerce.number().int().default(20_250_101),
  'without-peers': z.boolean().default(false),
  'peers-only': z.boolean().default(false),
  'per-rule': z.boolean().default(false),
});

/** Everything that the parts of the benchmark share. */
interface Bench {
  options: z.infer<typeof Options>;
  sizes: number[];
  edits: number;
  peers: Peers | undefined;
  /** The built command line; undefined with `--peers-only`. */
  cli: string | undefined;
  stdlib: corpus.Stdlib;
  /** Removed at the end. */
  scratch: string;
  goals: Goal[];
}

interface Goal {
  what: string;
  goal: string;
  measured: string;
  reached: boolean;
}

/** A text with its edits, the same for all servers. */
interface Input {
  variant: 'typed' | 'plain';
  size: number;
  file: corpus.SourceFile;
  edits: Edit[];
  broken: boolean[];
}

const root = path.join(import.meta.dirname, '../..');
const output = path.join(root, 'out/bench');
const printed: string[] = [];

await main();

async function main(): Promise<void> {
  const options = readOptions();
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'groundrules-bench-'));
  try {
    await mkdir(output, { recursive: true });
    const needsServers = options.only.some((part) => part !== 'analysis');
    const bench: Bench = {
      options,
      sizes:
        options.sizes?.split(',').map(Number) ?? (options.quick ? [1000, 10_000] : [200, 1000, 5000, 10_000, 20_000]),
      edits: options.edits ?? (options.quick ? 120 : 500),
      peers: options['without-peers'] || !needsServers ? undefined : await findPeers(output),
      cli: options['peers-only'] ? undefined : findCommandLine(),
      stdlib: await corpus.findStdlib(),
      scratch,
      goals: [],
    };
    await runParts(bench);
    await writeResult();
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function runParts(bench: Bench): Promise<void> {
  const { options } = bench;
  const processors = os.cpus();
  print('# Groundrules benchmark');
  print(
    `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${process.platform}, ` +
      `Node ${process.versions.node}, Python ${bench.stdlib.version}. Seed ${options.seed}, ${bench.edits} edits a file.`,
  );
  if (options['without-peers']) print('Without Ruff and Pyright (`--without-peers`): no ratios.');
  if (options.quick) print('A quick run: see that it works, do not quote it.');

  const runs = new Set(options.only);
  const modules = runs.has('cold') && runs.size === 1 ? [] : await corpus.readModules();
  const pools = { typed: await readUnits(bench, modules, 'typed'), plain: await readUnits(bench, modules, 'plain') };
  if (runs.has('keystroke') || runs.has('analysis')) {
    const inputs = await makeInputs(bench, pools);
    if (runs.has('keystroke')) await keystrokePart(bench, inputs);
    if (runs.has('analysis') && bench.cli !== undefined) await analysisPart(bench, inputs);
  }
  if (runs.has('cold')) await coldPart(bench);
  if (runs.has('memory')) await memoryPart(bench, pools.typed);
  if (bench.goals.length > 0) {
    print('## Goals');
    const rows = bench.goals.map((goal) => [goal.what, goal.goal, goal.measured, goal.reached ? 'yes' : '**no**']);
    print(table(['what', 'goal', 'measured', 'reached'], rows));
  }
}

async function keystrokePart(bench: Bench, inputs: readonly Input[]): Promise<void> {
  print('## Keystroke → diagnostics published');
  for (const variant of ['typed', 'plain'] as const) {
    const rows: string[][] = [];
    const notes: string[] = [];
    for (const input of inputs.filter((candidate) => candidate.variant === variant)) {
      const results: KeystrokeResult[] = [];
      for (const [server, limit] of servers(bench, variant)) {
        progress(`keystroke, ${variant}, ${input.size} lines: ${server.name}`);
        const folder = await mkdtemp(path.join(bench.scratch, 'folder-'));
        const { pause, settle, seed } = bench.options;
        const options = { folder, warmUp: Math.floor(Math.min(bench.edits / 10, 50)), settle, pause, seed, limit };
        // A slow server gets a shorter warm-up, or none of its edits would be measured.
        if (Number.isFinite(limit)) options.warmUp = 3;
        results.push(await measureKeystrokes(server, input.file.text, input.edits, input.broken, options));
      }
      rows.push(...results.map((result) => keystrokeRow(bench, input, result, results)));
      notes.push(
        ...results
          .filter((result) => result.unanswered > 0 || result.mode === 'pull')
          .map(
            (result) =>
              `${result.server} at ${input.size} lines: ${result.unanswered} edits unanswered, ${result.mode}.`,
          ),
      );
    }
    if (rows.length === 0) continue;
    print(`### Text: ${variant}`);
    print(
      table(
        [
          'server',
          'lines',
          'edits',
          'broken',
          'findings',
          'KB',
          'p50',
          'p95',
          'max',
          'p50 whole',
          'p50 broken',
          'again',
          'p50 ratio',
          'p95 ratio',
        ],
        rows,
      ),
    );
    print(notes.length > 0 ? notes.join('\n') : 'Every edit was answered by a pushed `publishDiagnostics`.');
  }
}

function keystrokeRow(bench: Bench, input: Input, result: KeystrokeResult, all: readonly KeystrokeResult[]): string[] {
  const own = bench.cli === undefined ? undefined : all[0];
  const ratio = { p50: result.p50 / (own?.p50 ?? Number.NaN), p95: result.p95 / (own?.p95 ?? Number.NaN) };
  if (input.variant === 'typed') {
    const limit = { 10000: 3, 20000: 6 }[input.size];
    if (result === own && limit !== undefined) {
      addGoal(
        bench,
        `keystroke p95 at ${formatCount(input.size)} lines`,
        `< ${limit} ms`,
        result.p95,
        result.p95 < limit,
      );
    }
    if (result !== own && own !== undefined && input.size === 10_000 && result.server.startsWith('Ruff')) {
      for (const key of ['p50', 'p95'] as const) {
        addGoal(
          bench,
          `${result.server} / Groundrules, ${key} at 10,000 lines`,
          '≥ 15 ×',
          ratio[key],
          ratio[key] >= 15,
        );
      }
    }
  }
  return [
    result.server,
    formatCount(input.file.lines),
    formatCount(result.edits),
    formatShare(input.broken.filter(Boolean).length / input.broken.length),
    formatCount(result.diagnostics),
    formatCount(Math.round(result.kilobytes)),
    ...[result.p50, result.p95, result.max, result.p50Whole, result.p50Broken].map(formatMilliseconds),
    formatCount(result.repeats),
    result === own ? '1' : formatRatio(ratio.p50),
    result === own ? '1' : formatRatio(ratio.p95),
  ];
}

async function analysisPart(bench: Bench, inputs: readonly Input[]): Promise<void> {
  print('## Analysis alone');
  const openDocument = await loadBundledEngine(bench.scratch);
  const rows: string[][] = [];
  for (const input of inputs) {
    progress(`analysis, ${input.variant}, ${input.size} lines`);
    const result = await measureAnalysis(openDocument, input.file.text, input.edits, Math.min(bench.edits / 10, 50));
    rows.push([
      input.variant,
      formatCount(input.file.lines),
      formatCount(result.edits),
      formatCount(result.findings),
      ...[result.p50, result.p95, result.max, result.openMilliseconds].map(formatMilliseconds),
    ]);
    addGoal(
      bench,
      `analysis p95 at ${formatCount(input.size)} lines, ${input.variant}`,
      '< 1 ms',
      result.p95,
      result.p95 < 1,
    );
  }
  print(table(['text', 'lines', 'edits', 'findings', 'p50', 'p95', 'max', 'first analysis'], rows));
}

async function coldPart(bench: Bench): Promise<void> {
  print('## Cold check of the standard library');
  const rows: string[][] = [];
  for (const tests of [true, false]) {
    const folder = path.join(bench.scratch, tests ? 'stdlib' : 'stdlib-without-tests');
    const files = await corpus.copyStdlib(bench.stdlib, folder, { tests });
    const what = `${formatCount(files)} files${tests ? '' : ', no tests'}`;
    progress(`cold, ${what}`);
    const commands = [
      ...(bench.cli === undefined ? [] : [groundrulesCheck(bench.cli, folder)]),
      ...(bench.peers === undefined ? [] : ruffChecks(bench.peers, folder)),
    ];
    const results = await measureCold(commands, bench.options.quick ? 1 : 3, bench.scratch);
    const own = bench.cli === undefined ? undefined : results[0];
    const other = results[1];
    for (const result of results) {
      const ratio = result === own ? '1' : formatRatio(result.median / (own?.median ?? Number.NaN));
      rows.push([
        result.name,
        what,
        formatMilliseconds(result.best),
        formatMilliseconds(result.median),
        formatCount(result.outputLines),
        ratio,
      ]);
    }
    // What is asked for is the whole library; the part of it stands there for orientation.
    if (tests && own !== undefined && other !== undefined) {
      const times = own.median / other.median;
      addGoal(bench, `cold check of ${what}, Groundrules / Ruff`, '≤ 4 ×', times, times <= 4);
    }
    if (bench.options['per-rule'] && bench.cli !== undefined && !tests)
      await perRulePart(bench.cli, folder, bench.scratch);
  }
  print(table(['tool', 'input', 'best', 'median', 'lines written', 'ratio'], rows));
}

function ruffChecks({ ruff: { executable, version } }: Peers, folder: string): CheckCommand[] {
  return [ruffCheck(executable, version, folder), ruffCheck(executable, version, folder, 'full')];
}

async function perRulePart(cli: string, folder: string, scratch: string): Promise<void> {
  const rules = await measureRules(cli, folder, scratch);
  print('### Milliseconds per rule, standard library without tests');
  print(
    table(
      ['rule', 'ms'],
      rules.map(([code, milliseconds]) => [code, formatMilliseconds(milliseconds)]),
    ),
  );
}

async function memoryPart(bench: Bench, units: readonly corpus.Unit[]): Promise<void> {
  print('## Memory of the server: 50 open files of 1,000 lines');
  const files: corpus.SourceFile[] = [];
  for (let next = 0; files.length < 50; ) {
    const file = corpus.composeFile(units, 1000, Number.POSITIVE_INFINITY, next);
    files.push(file);
    next = file.nextUnit;
  }
  const edits = bench.options.quick ? 1000 : 10_000;
  const rows: string[][] = [];
  // Ruff takes some ten milliseconds an edit: a tenth of them tells its size well enough.
  const runs: [ServerCommand, number][] = [
    ...(bench.cli === undefined ? [] : [[groundrulesServer(bench.cli), edits] satisfies [ServerCommand, number]]),
    ...(bench.peers === undefined ? [] : [[ruffServer(bench.peers), edits / 10] satisfies [ServerCommand, number]]),
  ];
  for (const [server, count] of runs) {
    progress(`memory: ${server.name}`);
    const folder = await mkdtemp(path.join(bench.scratch, 'folder-'));
    const result = await measureMemory(server, files, count, folder, bench.options.seed);
    const megabytes = result.samples.map((bytes) => Math.round(bytes / 1_000_000));
    const max = Math.max(...megabytes);
    rows.push([server.name, formatCount(count), ...[megabytes[0], megabytes[5], max, megabytes.at(-1)].map(String)]);
    print(`${server.name}, MB at the start and after every tenth: ${megabytes.join(', ')}.`);
    if (server.name !== 'Groundrules') continue;
    // The heap of a young process grows to its working size first; a leak goes on growing.
    const growth = (megabytes.at(-1) ?? Number.NaN) / (megabytes[5] ?? Number.NaN);
    addGoal(bench, 'memory, most', '< 250 MB', max, max < 250);
    addGoal(bench, 'memory, end / after half of the edits', '≤ 1.1', growth, growth <= 1.1);
  }
  print(table(['server', 'edits', 'start MB', 'at half', 'most', 'end'], rows));
}

/** Every server of this run with the milliseconds it may take in all; Pyright stands only beside the first text. */
function servers(bench: Bench, variant: Input['variant']): [ServerCommand, number][] {
  const list: [ServerCommand, number][] = [];
  if (bench.cli !== undefined) list.push([groundrulesServer(bench.cli), Number.POSITIVE_INFINITY]);
  if (bench.peers === undefined) return list;
  list.push([ruffServer(bench.peers), Number.POSITIVE_INFINITY]);
  if (variant === 'typed') list.push([pyrightServer(bench.peers), bench.options.quick ? 8_000 : 25_000]);
  return list;
}

/** The server as the extension starts it. */
function groundrulesServer(cli: string): ServerCommand {
  const server = path.join(path.dirname(cli), 'server.mjs');
  return { name: 'Groundrules', command: process.execPath, args: ['--v8-pool-size=1', server, '--stdio'] };
}

/** The units of the standard library; with a build, each knows how many findings Groundrules has in it. */
async function readUnits(bench: Bench, modules: corpus.Modules, kind: 'typed' | 'plain'): Promise<corpus.Unit[]> {
  if (bench.cli === undefined || modules.length === 0) return corpus.toUnits(modules, kind, () => []);
  const folder = path.join(bench.scratch, `modules-${kind}`);
  await corpus.writeModules(modules, kind, folder);
  const findings = await findingLines(bench.cli, folder, bench.scratch);
  return corpus.toUnits(modules, kind, (name) => findings.get(name) ?? []);
}

async function makeInputs(bench: Bench, pools: Record<Input['variant'], corpus.Unit[]>): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const variant of ['typed', 'plain'] as const) {
    const most = variant === 'typed' ? maxFindings : Number.POSITIVE_INFINITY;
    for (const size of bench.sizes) {
      const file = corpus.composeFile(pools[variant], size, most);
      const places = await corpus.findEditPlaces(file.text);
      const edits = makeEditScript(file.text, places, bench.edits, bench.options.seed + size);
      inputs.push({ variant, size, file, edits, broken: await corpus.findBrokenStates(file, edits) });
    }
  }
  return inputs;
}

function findCommandLine(): string {
  const cli = path.join(root, 'dist/cli.mjs');
  if (!existsSync(cli)) throw new Error('dist/cli.mjs is missing: build first (npm run build), or give --peers-only.');
  return cli;
}

function addGoal(bench: Bench, what: string, goal: string, measured: number, reached: boolean): void {
  bench.goals.push({ what, goal, measured: measured.toFixed(measured < 10 ? 2 : 0), reached });
}

function readOptions(): z.infer<typeof Options> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        quick: flag,
        sizes: text,
        edits: text,
        pause: text,
        settle: text,
        seed: text,
        'without-peers': flag,
        'peers-only': flag,
        'per-rule': flag,
      },
    });
    return Options.parse(values);
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    process.stderr.write(`bench: ${message}\nThe options stand at the top of test/bench/run.ts.\n`);
    process.exit(2);
  }
}

function print(markdown: string): void {
  printed.push(markdown);
  process.stdout.write(`${markdown}\n\n`);
}

function progress(what: string): void {
  process.stderr.write(`… ${what}\n`);
}

/** `out/bench/result.md` holds the latest run that came to its end. */
async function writeResult(): Promise<void> {
  const target = path.join(output, 'result.md');
  await writeFile(`${target}.tmp`, `${printed.join('\n\n')}\n`);
  await rename(`${target}.tmp`, target);
  progress(`written to ${path.relative(process.cwd(), target)}`);
}
