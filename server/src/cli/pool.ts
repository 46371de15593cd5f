import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type CheckPlan, createChecker, type EngineParts, type FileOutcome } from './check-file.ts';
import { addTally, emptyTally } from './report/tally.ts';
import type { Tally } from './report/types.ts';

/**
 * Looks at the files of a plan in this thread and as many workers as the machine has further cores. There is no
 * dispatcher: all threads take the next file, the largest first, from one shared counter, so none waits for another.
 * What a worker that died had taken is done again here.
 */
export async function runPlan(
  plan: CheckPlan,
  engine: Promise<EngineParts>,
  options: PoolOptions,
): Promise<PlanOutcome> {
  const order = plan.files.map((_, index) => index);
  order.sort((one, other) => (plan.files[other]?.size ?? 0) - (plan.files[one]?.size ?? 0));
  const job: Job = { plan, order, counter: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) };
  const outcomes: (FileOutcome | undefined)[] = plan.files.map(() => undefined);
  const tally = emptyTally();
  const bytes = plan.files.reduce((sum, file) => sum + file.size, 0);
  const count = workerCount(bytes, options);
  if (bytes >= bytesPerWorker) compileForManyFiles();
  const workers = Array.from({ length: count }, () => startWorker(job, options, outcomes, tally));
  const checker = createChecker(plan, await engine);
  const take = (index: number) => {
    outcomes[index] = checker.checkFile(index, tally);
  };
  takeFiles(job, take);
  await Promise.all(workers);
  for (const [index, outcome] of outcomes.entries()) if (outcome === undefined) take(index);
  return { outcomes: outcomes.filter((outcome) => outcome !== undefined), tally };
}

export interface PoolOptions {
  /** The script that calls `runWorker`; without it everything is done in this thread. */
  worker?: URL | undefined;
  /** How many threads to use; by default as many as there are cores to use. */
  threads?: number | undefined;
}

export interface PlanOutcome {
  /** One for each file of the plan, in its order. */
  outcomes: FileOutcome[];
  tally: Tally;
}

/** What a worker script does: it takes files of the job it was started with until none is left. */
export function runWorker(engine: EngineParts): void {
  const job: Job = workerData;
  const checker = createChecker(job.plan, engine);
  let report: WorkerReport = { outcomes: [], tally: emptyTally() };
  takeFiles(job, (index) => {
    report.outcomes.push([index, checker.checkFile(index, report.tally)]);
    if (report.outcomes.length < filesPerReport) return;
    parentPort?.postMessage(report);
    report = { outcomes: [], tally: emptyTally() };
  });
  parentPort?.postMessage(report);
}

/** A worker is worth its start, about a tenth of a second, from about this much source on. */
const bytesPerWorker = 300_000;
const filesPerReport = 64;

interface Job {
  plan: CheckPlan;
  /** Indexes of files, the largest first: a large one taken last would keep one thread busy alone. */
  order: readonly number[];
  counter: Int32Array;
}

interface WorkerReport {
  outcomes: [index: number, outcome: FileOutcome][];
  tally: Tally;
}

/**
 * Each thread compiles the rules for itself, and on few cores V8's optimising compiler takes them from the check: it gets
 * less to do, and the quick compiler more. From Node 22 on V8 has a compiler between the two and does well by itself.
 *
 * The large files come first, and from them V8 would learn that what is made of a file lives long, and make the same of
 * small ones among the old objects at once. From there dead files keep the next ones alive until a full collection: a
 * quarter of all that is allocated was moved for nothing, which was a seventh of the time.
 */
function compileForManyFiles(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  if (Number.parseInt(process.versions.node, 10) >= 22) return;
  setFlagsFromString('--always-sparkplug');
  setFlagsFromString('--interrupt-budget=400000');
}

function workerCount(bytes: number, { worker, threads }: PoolOptions): number {
  if (worker === undefined) return 0;
  return Math.min((threads ?? availableParallelism()) - 1, Math.floor(bytes / bytesPerWorker));
}

function takeFiles(job: Job, take: (index: number) => void): void {
  for (;;) {
    const index = job.order[Atomics.add(job.counter, 0, 1)];
    if (index === undefined) return;
    take(index);
  }
}

/** Resolves when the worker has ended, well or not. */
function startWorker(
  job: Job,
  { worker: script }: PoolOptions,
  outcomes: (FileOutcome | undefined)[],
  tally: Tally,
): Promise<void> {
  if (script === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const worker = new Worker(script, { workerData: job });
    worker.on('message', (report: WorkerReport) => {
      for (const [index, outcome] of report.outcomes) outcomes[index] = outcome;
      addTally(tally, report.tally);
    });
    // What it had taken and not reported is done again by the main thread; there the reason shows, if it is the file.
    // After an error there is always an exit, and by then every report has come.
    worker.on('error', () => undefined);
    worker.on('exit', () => resolve());
  });
}
