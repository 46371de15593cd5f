import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { runCommandLine, type Surroundings } from '../../server/src/cli/main.ts';
import { rulePage } from '../../server/src/docs/rule-page.ts';
import { defineRule, ownRules, type Rule } from '../../server/src/engine/index.ts';
import { normalisePath } from '../../server/src/settings/paths.ts';
import { parser } from '../support/engine.ts';

/** A rule that wants a name replaced: all that the command line needs to know of rules. */
function nameRule(code: string, name: string, wrong: string, right: string, safety: 'safe' | 'unsafe'): Rule {
  return defineRule({
    code,
    name,
    family: 'style',
    severity: 'warning',
    standards: ['module'],
    summary: `The name \`${wrong}\` is not used`,
    advice: `Use \`${right}\``,
    why: 'Because the test says so.',
    fix: safety,
    ...(safety === 'unsafe' ? { fixSafety: 'Somebody may look for the old name.' } : {}),
    requirements: [],
    peers: ['X001'],
    options: z.strictObject({ allowedNames: z.array(z.string()).default([]).meta({ description: 'Names to keep.' }) }),
    examples: [{ bad: `${wrong} = 1\n${'^'.repeat(wrong.length)} ${code} ${safety}\n`, good: `${right} = 1\n` }],
    on: {
      identifier(node, _file, options) {
        if (node.text !== wrong || options.allowedNames.includes(wrong)) return undefined;
        return {
          at: node,
          message: `\`${wrong}\` should be \`${right}\`.`,
          fix: () => ({
            title: `Use \`${right}\``,
            safety,
            edits: [{ start: node.start, end: node.end, text: right }],
          }),
        };
      },
    },
  });
}

const rules = [
  ...ownRules,
  nameRule('GR901', 'bad-name', 'bad', 'good', 'safe'),
  nameRule('GR902', 'risky-name', 'risky', 'fine', 'unsafe'),
  nameRule('GR903', 'breaking-name', 'breaking', '= (', 'safe'),
];

let root = '';
beforeEach(() => {
  root = normalisePath(mkdtempSync(join(tmpdir(), 'groundrules-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, content: string | Buffer): void {
  mkdirSync(dirname(`${root}/${name}`), { recursive: true });
  writeFileSync(`${root}/${name}`, content);
}

function text(name: string): string {
  return readFileSync(`${root}/${name}`, 'utf8');
}

async function run(
  args: string,
  input = '',
  engineProblem?: Error,
): Promise<{ code: number | undefined; out: string; err: string }> {
  let out = '';
  let err = '';
  const around: Surroundings = {
    folder: root,
    version: '1.2.3',
    rules,
    async engine() {
      if (engineProblem !== undefined) throw engineProblem;
      return { rules, parser };
    },
    write: (more) => {
      out += more;
    },
    writeError: (more) => {
      err += more;
    },
    readInput: async () => Buffer.from(input),
    page: rulePage,
    startLanguageServer: async () => {
      out += 'server';
    },
  };
  const code = await runCommandLine(args.split(' '), around);
  return { code, out, err };
}

describe('groundrules check', () => {
  it('reports in the order of paths and leaves 1; nothing found leaves 0', async () => {
    put('b.py', 'bad = 1\n');
    put('a/c.py', 'x = "😀"; risky = bad\n');
    put('ok/fine.py', 'x = 1\n');
    assert.deepEqual(await run('check'), {
      code: 1,
      out: `a/c.py:1:10: GR902 \`risky\` should be \`fine\`.
a/c.py:1:18: GR901 [*] \`bad\` should be \`good\`.
b.py:1:1: GR901 [*] \`bad\` should be \`good\`.
Found 3 findings in 2 files.
[*] 2 fixable with \`--fix\`, up to 1 more with \`--unsafe-fixes\`.
`,
      err: '',
    });
    assert.deepEqual(await run('check ok'), { code: 0, out: 'No findings in 1 file.\n', err: '' });
  });

  it('shows paths outside the working folder whole', async () => {
    put('b.py', 'bad = 1\n');
    mkdirSync(`${root}/inner`);
    const outside = root;
    root = `${root}/inner`;
    const { out } = await run('check ..');
    root = outside;
    assert.equal(out.split(':1:1')[0], `${outside}/b.py`);
  });

  it('names what it cannot read, a line each, and goes on', async () => {
    put('pyproject.toml', '[tool.groundrules]\nmax-file-size = 40\n');
    put('bad.py', 'bad = 1\n');
    put('binary.py', 'x = 1\0\n');
    put('huge.py', `${'#'.repeat(40)}\n`);
    put('latin.py', Buffer.from([0x23, 0xe9]));
    const { code, out, err } = await run('check .');
    assert.equal(code, 1);
    assert.equal(out.split('\n')[0], 'bad.py:1:1: GR901 [*] `bad` should be `good`.');
    assert.equal(
      err,
      `binary.py: is binary: it has a NUL byte
huge.py: has 41 bytes, more than \`max-file-size\` = 40
latin.py: is not UTF-8
`,
    );
  });

  it('follows the nearest configuration of every file', async () => {
    put('pyproject.toml', '[tool.groundrules]\nignore = ["GR901"]\nexclude = ["skip"]\n');
    put('skip/a.py', 'bad = risky\n');
    put('a.py', 'bad = risky\n');
    put(
      'sub/groundrules.toml',
      '[per-file-ignores]\n"test_*.py" = ["GR902"]\n[rules.GR901]\nallowed-names = ["bad"]\n',
    );
    put('sub/a.py', 'bad = risky\n');
    put('sub/test_a.py', 'bad = risky\n');
    const lines = async (args: string) => (await run(args)).out.split('\n').filter((line) => line.includes(': GR'));
    assert.deepEqual(await lines('check'), [
      'a.py:1:7: GR902 `risky` should be `fine`.',
      'sub/a.py:1:7: GR902 `risky` should be `fine`.',
    ]);
    assert.equal((await lines('check --isolated')).length, 8);
    assert.equal((await lines('check --config sub/groundrules.toml a.py')).length, 1);
    assert.deepEqual(await lines('check --select GR901 sub/a.py a.py'), [
      'a.py:1:1: GR901 [*] `bad` should be `good`.',
    ]);
    assert.deepEqual(await lines('check --ignore GR902 a.py'), []);
  });

  it('refuses a broken configuration, at its place', async () => {
    put('pyproject.toml', '[project]\nname = "é"\n\n[tool.groundrules]\n  selct = []\nselect = ["GR777"]\n');
    put('sub/groundrules.toml', '[rules.GR901]\nallowed-name = []\n');
    put('sub/a.py', 'bad = 1\n');
    put('a.py', 'bad = 1\n');
    assert.deepEqual(await run('check'), {
      code: 2,
      out: '',
      err: `pyproject.toml:5:3: unknown option \`selct\`; did you mean \`select\`?
pyproject.toml:6:11: unknown rule \`GR777\`
sub/groundrules.toml:2:1: unknown option \`allowed-name\`; did you mean \`allowed-names\`?
`,
    });
    assert.equal((await run('check --isolated')).code, 1);
  });

  it('refuses wrong usage in one sentence', async () => {
    put('a.py', '');
    put('pyproject.toml', '[project]\n');
    const cases: [args: string, err: string][] = [
      ['check --selct GR901', 'unknown option `--selct` of `check`; did you mean `--select`?'],
      ['check nowhere', 'no such file or folder: `nowhere`'],
      ['check --select GR801', '`--select`: unknown rule `GR801`; did you mean `GR001`?'],
      [
        'check --ignore E501',
        '`--ignore`: the string `E501`: expected a rule code such as "GR101", a prefix such as "GR1", or "ALL"',
      ],
      ['check --config none.toml', 'no such configuration file: `none.toml`'],
      ['check --config pyproject.toml', '`pyproject.toml` has no table `[tool.groundrules]`'],
      ['rule bad-nam', 'unknown rule `bad-nam`; did you mean `bad-name`?'],
    ];
    for (const [args, err] of cases)
      assert.deepEqual(await run(args), { code: 2, out: '', err: `groundrules: ${err}\n` });
  });

  it('fixes safely, and unsafely when asked or set', async () => {
    put('a.py', '\ufeffbad = risky\r\nbad\r\n');
    put('untouched.py', 'x = 1\n');
    assert.deepEqual(await run('check --fix'), {
      code: 1,
      out: 'a.py:1:8: GR902 `risky` should be `fine`.\nFound 3 findings (2 fixed, 1 remaining).\n',
      err: '',
    });
    assert.equal(text('a.py'), '\ufeffgood = risky\r\ngood\r\n');
    assert.deepEqual(await run('check --fix --unsafe-fixes'), {
      code: 0,
      out: 'Found 1 finding (1 fixed, 0 remaining).\n',
      err: '',
    });
    assert.equal(text('a.py'), '\ufeffgood = fine\r\ngood\r\n');
    put('groundrules.toml', 'fix-all-unsafe = true\nfix-all-exclude = ["GR901"]\n');
    put('b.py', 'bad = risky\n');
    await run('check --fix');
    assert.equal(text('b.py'), 'bad = fine\n');
    assert.deepEqual(readdirSync(root).sort(), ['a.py', 'b.py', 'groundrules.toml', 'untouched.py']);
  });

  it('writes nothing that no longer parses', async () => {
    put('a.py', 'x = 1\nbreaking = 2\n');
    const { code, out } = await run('check --fix');
    assert.equal(code, 1);
    assert.equal(text('a.py'), 'x = 1\nbreaking = 2\n');
    assert.equal(out.split('\n')[1], 'Found 1 finding in 1 file.');
  });

  it('shows a diff and changes nothing', async () => {
    put('a.py', 'bad = risky\n');
    put('b.py', 'x = 1\n');
    assert.deepEqual(await run('check --diff'), {
      code: 1,
      out: '--- a.py\n+++ a.py\n@@ -1,1 +1,1 @@\n-bad = risky\n+good = risky\n',
      err: 'Would fix 1 finding in 1 file.\n',
    });
    assert.equal(text('a.py'), 'bad = risky\n');
    assert.deepEqual(await run('check --diff b.py'), { code: 0, out: '', err: 'Nothing to fix.\n' });
  });

  it('reads standard input', async () => {
    put('pyproject.toml', '[tool.groundrules.per-file-ignores]\n"app/*" = ["GR901"]\n');
    const { code, out } = await run('check -', 'bad = 1\n');
    assert.equal(code, 1);
    assert.equal(out.split('\n')[0], '-:1:1: GR901 [*] `bad` should be `good`.');
    assert.equal(JSON.parse((await run('check - --format json', 'bad = 1\n')).out)[0].filename, '-');
    assert.equal((await run('check --stdin-filename app/a.py -', 'bad = 1\n')).code, 0);
    const named = await run('check --stdin-filename lib/a.py --format json -', 'bad = 1\n');
    assert.equal(JSON.parse(named.out)[0].filename, `${root}/lib/a.py`);
    assert.deepEqual(await run('check - --fix', 'bad = risky\n'), {
      code: 1,
      out: 'good = risky\n',
      err: '-:1:8: GR902 `risky` should be `fine`.\nFound 2 findings (1 fixed, 1 remaining).\n',
    });
    assert.deepEqual(await run('check -', 'x\0'), {
      code: 2,
      out: '',
      err: 'groundrules: standard input is binary: it has a NUL byte\n',
    });
  });

  it('leaves 2 when the engine is not there, and says so when there is nothing to look at', async () => {
    put('a.py', '');
    assert.deepEqual(await run('check', '', new Error('x.wasm is missing')), {
      code: 2,
      out: '',
      err: 'groundrules: x.wasm is missing\n',
    });
    mkdirSync(`${root}/empty`);
    const nothing = { code: 0, out: 'No findings in 0 files.\n', err: 'groundrules: no Python files found\n' };
    assert.deepEqual(await run('check empty'), nothing);
  });

  it('writes json, sarif, github and statistics', async () => {
    put('a.py', 'bad = 1\n');
    put('b.py', 'bad = risky\n');
    const json = JSON.parse((await run('check --format json')).out);
    assert.deepEqual(
      json.map((finding: { filename: string; code: string }) => [finding.filename, finding.code]),
      [
        [`${root}/a.py`, 'GR901'],
        [`${root}/b.py`, 'GR901'],
        [`${root}/b.py`, 'GR902'],
      ],
    );
    const sarif = JSON.parse((await run('check --format sarif')).out);
    assert.equal(sarif.runs[0].results.length, 3);
    assert.deepEqual(
      sarif.runs[0].tool.driver.rules.map((rule: { id: string }) => rule.id),
      ['GR901', 'GR902'],
    );
    assert.equal(
      (await run('check --format github a.py')).out,
      `::warning title=Groundrules (GR901),file=${root}/a.py,line=1,col=1,endLine=1,endColumn=4::a.py:1:1: GR901 \`bad\` should be \`good\`.\n`,
    );
    assert.equal((await run('check --statistics')).out.split('\n')[0], '2\tGR901\t[*] bad-name');
    assert.equal((await run('check --format json nothing-here.py')).code, 2);
  });
});

describe('groundrules', () => {
  it('says its version, how it is used, and starts the server', async () => {
    assert.deepEqual(await run('--version'), { code: 0, out: 'groundrules 1.2.3\n', err: '' });
    assert.match((await run('check --help')).out, /^Groundrules: /);
    assert.deepEqual(await run('lsp --stdio'), { code: undefined, out: 'server', err: '' });
  });

  it('lists the rules', async () => {
    const { out } = await run('rules');
    assert.equal(out.split('\n').length, rules.length + 1);
    assert.equal(
      out.split('\n')[4],
      'GR902  risky-name           warning      unsafe fix  The name `risky` is not used',
    );
    const json = JSON.parse((await run('rules --format json')).out);
    assert.deepEqual(
      json,
      rules.map((rule) => rule.card),
    );
  });

  it('explains a rule by code or name', async () => {
    const page = `# GR902 risky-name

The name \`risky\` is not used. Use \`fine\`.

Because the test says so.

- Severity: warning.
- Fix: unsafe fix. Somebody may look for the old name.
- Asked for by the standards: module.
- Nearest rules of other tools: X001.

## Examples

Reported:

\`\`\`python
risky = 1
\`\`\`

After the fix:

\`\`\`python
fine = 1
\`\`\`

## Options

In \`[tool.groundrules.rules.GR902]\`:

- \`allowed-names\` Names to keep. (default: \`[]\`)
`;
    assert.deepEqual(await run('rule gr902'), { code: 0, out: page, err: '' });
    assert.deepEqual(await run('rule risky-name'), { code: 0, out: page, err: '' });
  });
});
