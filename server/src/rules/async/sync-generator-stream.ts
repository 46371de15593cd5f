import {
  argumentsOf,
  defineRule,
  type Finding,
  functionKey,
  ioCall,
  isAsync,
  isGenerator,
  lastParts,
  type Node,
  namedFunctionKey,
  py,
  type SourceFile,
  type Span,
  type TypedNode,
} from '../../engine/index.ts';

/** `generator`: a synchronous one of the file that does I/O. `stream`: a call's result is streamed. */
type Told = { is: 'generator'; key: string; does: string } | { is: 'stream'; key: string };

export default defineRule<never, Told>({
  code: 'GR517',
  name: 'sync-generator-stream',
  family: 'async',
  severity: 'information',
  standards: ['backend'],
  summary: 'A response is streamed from a synchronous generator that does I/O',
  advice: 'Stream from an `async def` generator that awaits its I/O',
  why: 'A synchronous generator gets a thread of the pool for every chunk, and the pool has forty. A few slow downloads hold them all, and then every plain `def` route and dependency of the worker waits. An async generator gives the loop back while it waits for the next chunk.',
  fix: 'none',
  requirements: ['004-248'],
  peers: [],
  mentions: ['StreamingResponse'],
  calls: () => lastParts(responses),
  examples: [
    {
      bad: py`
        from collections.abc import Iterator

        from fastapi.responses import StreamingResponse


        def chunks(path: str) -> Iterator[bytes]:
            with open(path, "rb") as file:
                yield from file


        async def download(path: str) -> StreamingResponse:
            return StreamingResponse(chunks(path), media_type="text/csv")
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR517 none: \`chunks\` is a synchronous generator that does I/O (\`open()\`), so each chunk takes a thread of the pool; make it an \`async def\` that awaits.
      `,
    },
    {
      bad: py`
        import httpx
        from starlette.responses import StreamingResponse


        class Files:
            def lines(self, url: str):
                with httpx.stream("GET", url) as answer:
                    yield from answer.iter_lines()

            async def download(self, url: str, path: str) -> StreamingResponse:
                def rows():
                    for line in open(path):
                        yield line

                if path:
                    return StreamingResponse(content=rows())
        #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR517 none: \`rows\` is a synchronous generator that does I/O (\`open()\`), so each chunk takes a thread of the pool; make it an \`async def\` that awaits.
                stream = self.lines(url)
                return StreamingResponse(stream)
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^ GR517 none: \`lines\` is a synchronous generator that does I/O (\`httpx.stream()\`), so each chunk takes a thread of the pool; make it an \`async def\` that awaits.
      `,
    },
    {
      bad: py`
        from fastapi.responses import StreamingResponse


        async def download(path: str) -> StreamingResponse:
            return StreamingResponse(line for line in open(path))
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR517 none: This generator expression does I/O (\`open()\`) synchronously, so each chunk takes a thread of the pool; make it an \`async def\` that awaits.
      `,
    },
    {
      ok: py`
        from collections.abc import AsyncIterator

        import anyio
        from fastapi.responses import StreamingResponse


        async def chunks(path: str) -> AsyncIterator[bytes]:
            async with await anyio.open_file(path, "rb") as file:
                async for chunk in file:
                    yield chunk


        async def download(path: str) -> StreamingResponse:
            return StreamingResponse(chunks(path), media_type="text/csv")
      `,
    },
    {
      ok: py`
        import io

        from fastapi.responses import StreamingResponse


        def rows(names: list[str]):
            buffer = io.StringIO()
            for name in names:
                yield name + "\n"


        def read(path: str) -> list[str]:
            with open(path) as file:
                return list(file)


        async def download(names: list[str], path: str) -> StreamingResponse:
            if path:
                return StreamingResponse(read(path))
            return StreamingResponse(rows(names))
      `,
    },
    {
      ok: py`
        from app.responses import StreamingResponse


        def chunks(path: str):
            with open(path, "rb") as file:
                yield from file


        async def download(path: str) -> StreamingResponse:
            return StreamingResponse(chunks(path))
      `,
    },
  ],
  on: {
    call(call, file) {
      const content = streamed(file, call);
      if (!content) return undefined;
      if (content.is('generator_expression')) {
        const does = ioBelow(file, content);
        return does === undefined
          ? undefined
          : {
              at: call,
              message: `This generator expression does I/O (\`${does}()\`) synchronously, so each chunk takes a thread of the pool; make it an \`async def\` that awaits.`,
            };
      }
      const callee = content.is('call') ? content.field('function') : undefined;
      const by = callee?.is('identifier') ? file.binding(callee)?.by : undefined;
      // A function in this function; those of the module and of classes are told as facts.
      if (!by?.is('function_definition') || !file.enclosingFunction(by)) return undefined;
      const does = synchronousIo(file, by);
      return does === undefined ? undefined : report(call, by.field('name').text, does);
    },
  },
  collect: {
    function_definition(definition, file) {
      const key = functionKey(file, definition);
      const does = key === undefined ? undefined : synchronousIo(file, definition);
      return key === undefined || does === undefined
        ? undefined
        : { at: definition, data: { is: 'generator', key, does } };
    },
    call(call, file) {
      const content = streamed(file, call);
      const key = content?.is('call') ? namedFunctionKey(file, content.field('function')) : undefined;
      return key === undefined ? undefined : { at: call, data: { is: 'stream', key } };
    },
  },
  file(facts) {
    const does = new Map(facts.flatMap(({ data }) => (data.is === 'generator' ? [[data.key, data.does]] : [])));
    return facts.flatMap(({ at, data }) => {
      const io = data.is === 'stream' ? does.get(data.key) : undefined;
      return data.is === 'stream' && io !== undefined
        ? [report(at, data.key.slice(data.key.lastIndexOf('.') + 1), io)]
        : [];
    });
  },
});

function report(at: Span, name: string, does: string): Finding {
  return {
    at,
    message: `\`${name}\` is a synchronous generator that does I/O (\`${does}()\`), so each chunk takes a thread of the pool; make it an \`async def\` that awaits.`,
  };
}

const responses = new Set([
  'fastapi.responses.StreamingResponse',
  'fastapi.StreamingResponse',
  'starlette.responses.StreamingResponse',
]);

/** What a `StreamingResponse` streams, through one name. */
function streamed(file: SourceFile, call: TypedNode<'call'>): Node | undefined {
  const name = file.qualified(call.field('function'));
  if (name === undefined || !responses.has(name)) return undefined;
  const content = argumentsOf(call).at(0, 'content');
  if (!content?.is('identifier')) return content;
  const binding = file.binding(content);
  return binding?.kind === 'assignment' && file.enclosingFunction(binding.node) === file.enclosingFunction(call)
    ? binding.value
    : undefined;
}

/** The I/O that a synchronous generator does itself. */
function synchronousIo(file: SourceFile, definition: TypedNode<'function_definition'>): string | undefined {
  if (isAsync(definition) || !isGenerator(definition)) return undefined;
  return ioBelow(file, definition.field('body'));
}

function ioBelow(file: SourceFile, node: Node): string | undefined {
  for (const call of node.belowOutside(['function_definition', 'lambda', 'class_definition'], 'call')) {
    const io = ioCall(file, call);
    if (io && !io.isAsync) return io.name;
  }
  return undefined;
}
