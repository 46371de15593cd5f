import { spawnSync } from 'node:child_process';

const program = `
import ast, json, sys
sources = json.load(sys.stdin)
answers = []
for source in sources:
    try:
        ast.parse(source)
        answers.append(None)
    except (SyntaxError, ValueError) as error:
        answers.append(str(error))
json.dump(answers, sys.stdout)
`;

/** What CPython's \`ast.parse\` says of each source: undefined when it parses, else the error. One process for all. */
export function syntaxErrors(sources: readonly string[]): (string | undefined)[] {
  const run = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(sources),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, PYTHONWARNINGS: 'ignore' },
  });
  if (run.status !== 0) throw new Error(`python3 is needed to check fixed code: ${run.error?.message ?? run.stderr}`);
  const answers: unknown = JSON.parse(run.stdout);
  if (!Array.isArray(answers)) throw new TypeError('python3 answered something else than a list');
  return answers.map((answer) => (typeof answer === 'string' ? answer : undefined));
}

const runner = `
import contextlib, io, json, sys, types
request = json.load(sys.stdin)
answers = []
for source in request["sources"]:
    output = io.StringIO()
    module = types.ModuleType("ran")
    sys.modules["ran"] = module
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(request["before"], "before", "exec"), module.__dict__)
            exec(compile(source, "ran", "exec"), module.__dict__)
        answers.append(output.getvalue())
    except Exception as error:
        answers.append(f"{type(error).__name__}: {error}")
json.dump(answers, sys.stdout)
`;

/** What CPython prints when it runs each source after \`before\`, or its error: \`AttributeError: …\`. One process for all. */
export function run(sources: readonly string[], before = ''): string[] {
  const ran = spawnSync('python3', ['-c', runner], {
    input: JSON.stringify({ sources, before }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, PYTHONWARNINGS: 'ignore', TZ: 'Asia/Tokyo' },
  });
  if (ran.status !== 0) throw new Error(`python3 is needed to run fixed code: ${ran.error?.message ?? ran.stderr}`);
  const answers: unknown = JSON.parse(ran.stdout);
  if (!Array.isArray(answers)) throw new TypeError('python3 answered something else than a list');
  return answers.map(String);
}
