import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { applyEdit, type Edit } from './edit-script.ts';

/** One input of the benchmark. */
export interface SourceFile {
  text: string;
  lines: number;
  /** Offsets at which the top-level statements start, for `findBrokenStates`. */
  unitStarts: number[];
}

const Stdlib = z.object({ path: z.string(), version: z.string() });
export type Stdlib = z.infer<typeof Stdlib>;

const Modules = z.array(z.object({ name: z.string(), plain: z.array(z.string()), typed: z.array(z.string()) }));
export type Modules = z.infer<typeof Modules>;

const EditPlaces = z.object({
  /** Line and column where a name or number of an expression ends. */
  expressions: z.array(z.tuple([z.int(), z.int()])),
  /** Line, column at which a simple statement ends its line, and the indentation of that line. */
  statements: z.array(z.tuple([z.int(), z.int(), z.int()])),
});
export type EditPlaces = z.infer<typeof EditPlaces>;

/** `GROUNDRULES_BENCH_PYTHON` names another interpreter than the machine's `python3`. */
export const python = process.env.GROUNDRULES_BENCH_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');

export async function findStdlib(): Promise<Stdlib> {
  return Stdlib.parse(await askPython('stdlib', ''));
}

export async function readModules(): Promise<Modules> {
  return Modules.parse(await askPython('units', ''));
}

export async function findEditPlaces(text: string): Promise<EditPlaces> {
  return EditPlaces.parse(await askPython('places', text));
}

/** What a module holds per top-level statement, and how many findings Groundrules has there. */
export interface Unit {
  text: string;
  lines: number;
  findings: number;
}

/**
 * Concatenates units, in their order, up to `lines` lines. Units that would bring more findings than their share of
 * `maxFindings` are left out. `skipUnits` leaves out the first ones, so that many files can be cut from one corpus.
 */
export function composeFile(
  units: readonly Unit[],
  lines: number,
  maxFindings: number,
  skipUnits = 0,
): SourceFile & { nextUnit: number } {
  const texts: string[] = [];
  const unitStarts: number[] = [];
  let length = 0;
  let total = 0;
  let findings = 0;
  let index = skipUnits;
  for (; index < units.length && total < lines - 3; index++) {
    const unit = units[index];
    if (unit === undefined || total + unit.lines > lines) continue;
    const allowance = (maxFindings * (total + unit.lines)) / lines;
    if (findings + unit.findings > allowance) continue;
    unitStarts.push(length);
    texts.push(unit.text);
    length += unit.text.length;
    total += unit.lines;
    findings += unit.findings;
  }
  return { text: texts.join(''), lines: total, unitStarts, nextUnit: index };
}

/** The modules as units; `findingsAt` gives the lines (from 0) that Groundrules has findings at in a module. */
export function toUnits(
  modules: Modules,
  kind: 'plain' | 'typed',
  findingsAt: (name: string) => readonly number[],
): Unit[] {
  return modules.flatMap((module) => {
    const findings = findingsAt(module.name);
    let start = 0;
    return module[kind].map((text) => {
      const lines = text.split('\n').length - 1;
      const end = start + lines;
      const inside = findings.filter((line) => line >= start && line < end).length;
      start = end;
      return { text, lines, findings: inside };
    });
  });
}

/** Writes one file a module, so that the command line can be asked for the findings of each. */
export async function writeModules(modules: Modules, kind: 'plain' | 'typed', folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const module of modules) await writeFile(path.join(folder, module.name), module[kind].join(''));
}

/**
 * For every edit of a script, whose bursts each take back what they typed, whether CPython refuses the text after it. Only the top-level statement around the edit is parsed: the
 * ones beside it are whole, so they neither heal nor break it.
 */
export async function findBrokenStates(file: SourceFile, edits: readonly Edit[]): Promise<boolean[]> {
  const numbers = new Map<string, number>();
  const states: number[] = [];
  let unit = { start: 0, length: 0 };
  let state = '';
  for (const edit of edits) {
    // A burst stays in the unit that it began in, however much it has typed.
    if (state.length === unit.length) {
      unit = unitAround(file, edit.start);
      state = file.text.slice(unit.start, unit.start + unit.length);
    }
    state = applyEdit(state, { start: edit.start - unit.start, end: edit.end - unit.start, text: edit.text });
    const number = numbers.get(state) ?? numbers.size;
    numbers.set(state, number);
    states.push(number);
  }
  const broken = z.array(z.boolean()).parse(await askPython('broken', JSON.stringify([...numbers.keys()])));
  return states.map((number) => broken[number] ?? false);
}

function unitAround(file: SourceFile, offset: number): { start: number; length: number } {
  const next = file.unitStarts.findIndex((start) => start > offset);
  const start = file.unitStarts.at(next < 0 ? -1 : next - 1) ?? 0;
  const end = next < 0 ? file.text.length : (file.unitStarts[next] ?? file.text.length);
  return { start, length: end - start };
}

/**
 * Copies the `.py` files of the standard library, without `site-packages`, to `target`; returns how many. A copy, because
 * both tools leave out what lies under `.pyenv` or in a folder that git ignores.
 */
export async function copyStdlib(stdlib: Stdlib, target: string, options: { tests: boolean }): Promise<number> {
  const left = new Set(['site-packages', 'dist-packages', ...(options.tests ? [] : ['test', 'tests'])]);
  const entries = await readdir(stdlib.path, { recursive: true, withFileTypes: true });
  let count = 0;
  for (const entry of entries) {
    const folder = path.relative(stdlib.path, entry.parentPath);
    if (!entry.isFile() || !entry.name.endsWith('.py')) continue;
    if (folder.split(path.sep).some((part) => left.has(part))) continue;
    await mkdir(path.join(target, folder), { recursive: true });
    await copyFile(path.join(entry.parentPath, entry.name), path.join(target, folder, entry.name));
    count += 1;
  }
  return count;
}

function askPython(mode: string, input: string): Promise<unknown> {
  const script = path.join(import.meta.dirname, 'corpus.py');
  return new Promise((resolve, reject) => {
    const child = spawn(python, [script, mode], { stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', () => reject(new Error(`The benchmark needs Python 3.10 or later: "${python}" did not start.`)));
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(output).toString('utf8')));
      else reject(new Error(`corpus.py ${mode} failed: ${Buffer.concat(errors).toString('utf8').trim()}`));
    });
    child.stdin.end(input);
  });
}
