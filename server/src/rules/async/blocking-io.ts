import { z } from 'zod';
import {
  argumentsOf,
  asyncFunctionAt,
  awaitEdits,
  defineRule,
  type Fix,
  isPath,
  isTestFile,
  lastParts,
  madeBy,
  mayAwaitAt,
  py,
  type SourceFile,
  spellAsyncio,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR503',
  name: 'blocking-io',
  family: 'async',
  severity: 'warning',
  standards: ['architecture', 'backend'],
  summary: 'Files, subprocesses, sockets and `input()` block the event loop of an `async def`',
  advice: 'Use an async library, or `await asyncio.to_thread(…)`',
  why: 'A disk that is slow for a moment, a subprocess that runs for a second, a socket whose other end is silent: inside an `async def` each of them stops every request of the worker. `asyncio.to_thread()` moves the call into a thread; `asyncio.create_subprocess_exec()`, `anyio.Path` and `asyncio.open_connection()` are async from the start.',
  fix: 'unsafe',
  fixSafety: 'The call runs in another thread, and other tasks run while it does.',
  requirements: ['001-007', '001-017', '001-058', '001-093', '004-010', '004-246', '004-252'],
  peers: ['ASYNC220', 'ASYNC221', 'ASYNC230', 'ASYNC250'],
  options: z.strictObject({
    calls: z
      .array(z.string())
      .default([])
      .meta({ description: 'Further functions that block, by their qualified names: `shutil.copytree`.' }),
  }),
  mentions: ['async '],
  // A test has the loop to itself.
  calls: ({ calls }) => [...lastParts([...functions.keys(), ...calls]), ...pathMethods, ...socketMethods],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import asyncio
        import subprocess


        async def convert(source: str) -> int:
            done = subprocess.run(["convert", source], check=True)
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR503 unsafe: \`subprocess.run()\` blocks the event loop of the \`async def\` \`convert\`; await it in a thread through \`asyncio.to_thread()\`, or use \`asyncio.create_subprocess_exec()\`.
            return done.returncode
      `,
      good: py`
        import asyncio
        import subprocess


        async def convert(source: str) -> int:
            done = await asyncio.to_thread(subprocess.run, ["convert", source], check=True)
            return done.returncode
      `,
    },
    {
      bad: py`
        from pathlib import Path

        root = Path(__file__).parent


        async def read(name: str, where: Path) -> list[str]:
            lines = (root / name).read_text().splitlines()
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^ GR503 unsafe: \`Path.read_text()\` blocks the event loop of the \`async def\` \`read\`; await it in a thread through \`asyncio.to_thread()\`, or use \`anyio.Path\`.
            where.write_text("done")
        #   ^^^^^^^^^^^^^^^^^^^^^^^^ GR503 unsafe
            return lines
      `,
      good: py`
        from pathlib import Path
        import asyncio

        root = Path(__file__).parent


        async def read(name: str, where: Path) -> list[str]:
            lines = (await asyncio.to_thread((root / name).read_text)).splitlines()
            await asyncio.to_thread(where.write_text, "done")
            return lines
      `,
    },
    {
      bad: py`
        import asyncio
        import os


        async def main(path: str) -> str:
            with open(path) as file:
        #        ^^^^^^^^^^ GR503 unsafe: \`open()\` blocks the event loop of the \`async def\` \`main\`; read and write the file in a thread through \`asyncio.to_thread()\`, or use \`anyio.open_file()\`.
                text = file.read()
            os.system(
        #   ^~2 GR503 unsafe
                text,
            )
            return input()
        #          ^^^^^^^ GR503 unsafe
      `,
      good: py`
        import asyncio
        import os


        async def main(path: str) -> str:
            with await asyncio.to_thread(open, path) as file:
                text = file.read()
            await asyncio.to_thread(os.system,
                text,
            )
            return await asyncio.to_thread(input)
      `,
    },
    {
      bad: py`
        import socket


        async def reach(host: str) -> None:
            address = socket.gethostbyname(host)
        #             ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR503 unsafe
            connection = socket.socket()
            connection.connect((address, 80))
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR503 unsafe: \`socket.connect()\` blocks the event loop of the \`async def\` \`reach\`; await it in a thread through \`asyncio.to_thread()\`, or use \`asyncio.open_connection()\`.
      `,
      good: py`
        import socket
        import asyncio


        async def reach(host: str) -> None:
            address = await asyncio.to_thread(socket.gethostbyname, host)
            connection = socket.socket()
            await asyncio.to_thread(connection.connect, (address, 80))
      `,
    },
    {
      bad: py`
        import shutil


        async def copy(source: str, target: str) -> None:
            [shutil.copytree(source, name) for name in target]
        #    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR503 none
      `,
      options: { calls: ['shutil.copytree'] },
    },
    {
      ok: py`
        import asyncio
        from pathlib import Path

        import aiofiles
        import anyio


        async def read(path: Path, other: anyio.Path) -> str:
            first = await asyncio.to_thread(path.read_text)
            second = await asyncio.to_thread(lambda: open(path).read())
            async with aiofiles.open(path) as file:
                third = await file.read()
            return first + second + third + await other.read_text()
      `,
    },
    {
      ok: py`
        import asyncio
        import subprocess


        async def convert(source: str) -> None:
            process = await asyncio.create_subprocess_exec("convert", source, stdout=subprocess.PIPE)
            await process.wait()


        def convert_now(source: str) -> None:
            subprocess.run(["convert", source], check=True)
            with open(source) as file:
                file.read()
      `,
    },
    {
      ok: py`
        async def test_reads(tmp_path) -> None:
            with open(tmp_path) as file:
                assert file.read() == ""
      `,
      path: 'tests/test_files.py',
    },
    {
      ok: py`
        import asyncio
        import socket

        from app.storage import open


        async def reach(address: tuple[str, int]) -> None:
            connection = socket.socket()
            connection.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, address)
            connection.connect(address)
            with open("name") as file:
                await file.read()
      `,
    },
  ],
  on: {
    call(call, file, options) {
      const callee = call.field('function');
      if (!callee.is('attribute', 'identifier')) return undefined;
      const found = blocking(file, call, callee, options.calls);
      const owner = found && asyncFunctionAt(file, call);
      if (!found || !owner) return undefined;
      const { name, instead } = found;
      const how = name === 'open' ? 'read and write the file in a thread' : 'await it in a thread';
      const or = instead === undefined ? '' : `, or use \`${instead}\``;
      return {
        at: call,
        message: `\`${name}()\` blocks the event loop of the \`async def\` \`${owner.field('name').text}\`; ${how} through \`asyncio.to_thread()\`${or}.`,
        fix: () => inThread(file, call, name),
      };
    },
  },
});

const subprocesses = 'asyncio.create_subprocess_exec()';
const connections = 'asyncio.open_connection()';

/** Functions that block, with what is async from the start. */
const functions = new Map<string, string | undefined>([
  ['builtins.open', 'anyio.open_file()'],
  ['io.open', 'anyio.open_file()'],
  ['builtins.input', undefined],
  ['os.system', 'asyncio.create_subprocess_shell()'],
  ['os.popen', 'asyncio.create_subprocess_shell()'],
  ['subprocess.run', subprocesses],
  ['subprocess.call', subprocesses],
  ['subprocess.check_call', subprocesses],
  ['subprocess.check_output', subprocesses],
  ['subprocess.getoutput', subprocesses],
  ['subprocess.getstatusoutput', subprocesses],
  ['socket.create_connection', connections],
  ['socket.getaddrinfo', 'loop.getaddrinfo()'],
  ['socket.gethostbyname', 'loop.getaddrinfo()'],
  ['socket.gethostbyname_ex', 'loop.getaddrinfo()'],
  ['socket.gethostbyaddr', 'loop.getnameinfo()'],
]);

const pathMethods = new Set(['read_text', 'read_bytes', 'write_text', 'write_bytes', 'open']);
const socketMethods = new Set([
  'connect',
  'accept',
  'recv',
  'recv_into',
  'recvfrom',
  'sendall',
  'sendfile',
  'makefile',
]);

function blocking(
  file: SourceFile,
  call: TypedNode<'call'>,
  callee: TypedNode<'attribute' | 'identifier'>,
  further: readonly string[],
): { name: string; instead: string | undefined } | undefined {
  const qualified = file.qualified(callee);
  if (qualified !== undefined) {
    if (functions.has(qualified))
      return { name: qualified.replace(/^builtins\./, ''), instead: functions.get(qualified) };
    if (further.includes(qualified)) return { name: qualified, instead: undefined };
  }
  if (!callee.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  const object = callee.field('object');
  if (pathMethods.has(method) && asyncFunctionAt(file, call) && isPath(file, object))
    return { name: `Path.${method}`, instead: 'anyio.Path' };
  if (socketMethods.has(method) && madeBy(file, object) === 'socket.socket' && !isNonBlocking(file, call, object.text))
    return { name: `socket.${method}`, instead: connections };
  return undefined;
}

/** Whether the function switches the socket to non-blocking, or gives it a timeout. */
function isNonBlocking(file: SourceFile, call: TypedNode<'call'>, socket: string): boolean {
  const owner = file.enclosingFunction(call);
  return (owner?.below('attribute') ?? []).some(
    (attribute) =>
      attribute.field('object').text === socket &&
      ['setblocking', 'settimeout'].includes(attribute.field('attribute').text),
  );
}

function inThread(file: SourceFile, call: TypedNode<'call'>, name: string): Fix | undefined {
  if (!file.targets('3.9') || !mayAwaitAt(call)) return undefined;
  const { list, positional, keywords, hasDoubleSplat } = argumentsOf(call);
  const opening = list.child('"("');
  const toThread = spellAsyncio(file, 'to_thread', call);
  if (!list.is('argument_list') || !opening || !toThread) return undefined;
  const callee = call.field('function');
  const isEmpty = positional.length === 0 && keywords.size === 0 && !hasDoubleSplat;
  const gap = /^\s/.test(file.slice(opening.end, opening.end + 1)) ? '' : ' ';
  const [before, ...closing] = awaitEdits(call);
  return {
    title: `Run in a thread with \`${toThread.text}()\``,
    safety: 'unsafe',
    ...(name === 'open' || name === 'Path.open'
      ? { reason: 'Only opening moves to a thread; reading and writing the file still blocks.' }
      : {}),
    edits: [
      { start: call.start, end: call.start, text: `${before?.text ?? ''}${toThread.text}(` },
      { start: callee.end, end: opening.end, text: isEmpty ? '' : `,${gap}` },
      ...closing,
      ...toThread.edits,
    ],
  };
}
