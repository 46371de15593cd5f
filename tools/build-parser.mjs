// `npm run build:parser`: compiles server/parser/python.c, with the tree-sitter and tree-sitter-python of node_modules,
// to server/parser/python.wasm, and writes down what it was made from. Both are committed, so that nobody else needs a
// compiler. The same sources give the same bytes.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findPython3, missing, root, run, runCommand } from './environment.mjs';

/** The compiler is a Python package, the same on every system: Zig, which holds clang and a linker for WebAssembly. */
const compiler = 'ziglang==0.13.0';
const runtime = 'node_modules/tree-sitter/vendor/tree-sitter/lib';
const grammar = 'node_modules/tree-sitter-python/src';
const source = 'server/parser/python.c';

const flags = [
  '--target=wasm32-wasi',
  '-O3',
  '-DNDEBUG',
  '-fvisibility=hidden',
  '-fno-stack-protector',
  '-Wno-unused-value', // of the names that stand before a comma where the grammar calls the lexer
  '-nostdlib', // only the headers of the C library are used, none of its functions
  '-Wl,--no-entry',
  '-Wl,--gc-sections',
  '-Wl,-z,stack-size=1048576',
  '-Wl,--max-memory=7fff0000', // two gigabytes less a page; Zig reads it as hexadecimal
  '-s',
  `-I${runtime}/include`,
  `-I${runtime}/src`,
  `-DGRAMMAR_PARSER="../../${grammar}/parser.c"`,
  `-DGRAMMAR_SCANNER="../../${grammar}/scanner.c"`,
];

/** The module, from the repository's root. */
export const parserFile = 'server/parser/python.wasm';
const recordFile = 'server/parser/python.json';

/**
 * What the committed module no longer agrees with: the files it was compiled from, itself, or how it is compiled.
 * @returns {string[]}
 */
export function staleParserInputs() {
  /** @type {{ compiler: string, flags: string[], files: Record<string, string> }} */
  const record = JSON.parse(readFileSync(path.join(root, recordFile), 'utf8'));
  const files = Object.entries(record.files).filter(([file, sum]) => sum !== checksum(file));
  const same = record.compiler === compiler && JSON.stringify(record.flags) === JSON.stringify(flags);
  return [...files.map(([file]) => file), ...(same ? [] : ['tools/build-parser.mjs'])];
}

/**
 * SHA-256 of a file, of a text without carriage returns, which git may have put there; empty where there is none.
 * @param {string} file from the repository's root
 */
function checksum(file) {
  const full = path.join(root, file);
  if (!existsSync(full)) return '';
  const bytes = readFileSync(full);
  const content = file.endsWith('.wasm') ? bytes : bytes.toString('utf8').replaceAll('\r\n', '\n');
  return createHash('sha256').update(content).digest('hex');
}

async function buildParser() {
  if (!existsSync(path.join(root, runtime)))
    throw missing('The sources of tree-sitter are missing: npm installs them with its optional dependencies.');
  const zig = await installCompiler();
  const headers = path.join(zig, 'lib', 'libc', 'include');
  const dependencies = path.join(root, 'out', 'python.d');
  const cache = path.join(root, 'out', 'zig-cache');
  const code = await run(
    path.join(zig, process.platform === 'win32' ? 'zig.exe' : 'zig'),
    [
      'cc',
      ...flags,
      ...['wasm-wasi-musl', 'generic-musl'].flatMap((folder) => ['-isystem', path.join(headers, folder)]),
      ...['-MD', '-MF', dependencies],
      ...['-o', parserFile, source],
    ],
    { cwd: root, env: { ...process.env, ZIG_LOCAL_CACHE_DIR: cache, ZIG_GLOBAL_CACHE_DIR: cache } },
  );
  if (code !== 0) throw missing('The parser was not compiled: see the messages above.');
  chmodSync(path.join(root, parserFile), 0o644); // the linker makes it a program
  const compiled = readFileSync(dependencies, 'utf8')
    .split(/[\s\\]*\n\s*|\s+/)
    .map((file) => path.relative(root, path.resolve(root, file)).split(path.sep).join('/'))
    .filter((file) => file === source || file.startsWith('node_modules/'));
  const files = [...new Set([...compiled, parserFile])].sort();
  const record = { compiler, flags, files: Object.fromEntries(files.map((file) => [file, checksum(file)])) };
  writeFileSync(path.join(root, recordFile), `${JSON.stringify(record, null, 2)}\n`);
  return 0;
}

/** The folder of the compiler, which is installed into out/ when it is not there yet. */
async function installCompiler() {
  const target = path.join(root, 'out', compiler.replace('==', '-'));
  const zig = path.join(target, 'ziglang');
  if (existsSync(zig)) return zig;
  mkdirSync(target, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  if ((await run(findPython3(), [...pip, '--target', target, compiler])) !== 0)
    throw missing(`The compiler could not be installed: pip install ${compiler} must work.`);
  return zig;
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) await runCommand(buildParser);
