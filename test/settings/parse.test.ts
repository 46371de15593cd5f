import assert from 'node:assert/strict';
import { z } from 'zod';
import { problemsOf } from '../../server/src/settings/issues.ts';
import {
  type ConfigurationKind,
  type KnownRules,
  parseConfiguration,
  parseEditorSettings,
} from '../../server/src/settings/parse.ts';

const lazySchema = z.strictObject({
  allowedStrategies: z.array(z.string()).optional(),
  maxDepth: z.int().min(1).optional(),
});
const known: KnownRules = {
  cards: [
    { code: 'GR101', name: 'utcnow' },
    { code: 'GR102', name: 'naive-now' },
    { code: 'GR202', name: 'lazy-select' },
  ],
  checkOptions: (code, value) => problemsOf(code === 'GR202' ? lazySchema : z.strictObject({}), value),
};

/** Each problem as `marked text: message`. */
function problems(text: string, kind: ConfigurationKind = 'groundrules'): string[] {
  return parseConfiguration(text, kind, known).problems.map(
    ({ start, end, message }) => `${text.slice(start, end)} @${start}: ${message}`,
  );
}

describe('configuration files', () => {
  it('reads everything there is to set, from kebab-case', () => {
    const text = `
[tool.groundrules]
select = ["ALL"]
ignore = ["GR102"]
exclude = ["migrations"]
target-version = "3.12"
fix-all-unsafe = true
fix-all-exclude = ["GR1"]
max-file-size = 500
standards.module = false

[tool.groundrules.severity]
GR1 = "hint"

[tool.groundrules.per-file-ignores]
"tests/*" = ["GR101"]

[tool.groundrules.rules.GR202]
allowed-strategies = ["raise"]
`;
    assert.deepEqual(parseConfiguration(text, 'pyproject', known), {
      settings: {
        select: ['ALL'],
        ignore: ['GR102'],
        exclude: ['migrations'],
        targetVersion: '3.12',
        fixAllUnsafe: true,
        fixAllExclude: ['GR1'],
        maxFileSize: 500,
        standards: { module: false },
        severity: { GR1: 'hint' },
        perFileIgnores: { 'tests/*': ['GR101'] },
        rules: { GR202: { allowedStrategies: ['raise'] } },
      },
      requiresPython: undefined,
      problems: [],
    });
  });

  it('tells a pyproject.toml without our table from one with an empty table', () => {
    assert.equal(parseConfiguration('[tool.ruff]\n', 'pyproject', known).settings, undefined);
    assert.deepEqual(parseConfiguration('[tool.groundrules]\n', 'pyproject', known).settings, {});
    assert.deepEqual(parseConfiguration('', 'groundrules', known).settings, {});
  });

  const faults: [text: string, expected: string[]][] = [
    ['selct = ["GR101"]\n', ['selct @0: unknown option `selct`; did you mean `select`?']],
    [
      'per_file_ignores = {}\n',
      ['per_file_ignores @0: unknown option `per_file_ignores`; did you mean `per-file-ignores`?'],
    ],
    ['perFileIgnores = {}\n', ['perFileIgnores @0: unknown option `perFileIgnores`; did you mean `per-file-ignores`?']],
    ['frobnicate = 1\n', ['frobnicate @0: unknown option `frobnicate`']],
    ['[lint]\nselect = []\n', ['lint @1: unknown option `lint`']],
    ['select = "GR101"\n', ['"GR101" @9: `select`: expected a list, not the string `GR101`']],
    ['select = ["GR101", "GR999"]\n', ['"GR999" @19: unknown rule `GR999`']],
    ['select = ["GR111"]\n', ['"GR111" @10: unknown rule `GR111`; did you mean `GR101`?']],
    ['ignore = ["GR7"]\n', ['"GR7" @10: no rule begins with `GR7`']],
    [
      'select = ["E501"]\n',
      [
        '"E501" @10: `select`: the string `E501`: expected a rule code such as "GR101", a prefix such as "GR1", or "ALL"',
      ],
    ],
    [
      'select = ["naive-now"]\n',
      [
        '"naive-now" @10: `select`: the string `naive-now`: expected a rule code such as "GR101", a prefix such as "GR1", or "ALL"; did you mean `GR102`?',
      ],
    ],
    ['select = ["GR101", 7]\n', ['7 @19: `select`: expected a string, not the number `7`']],
    [
      'target-version = "3.7"\n',
      [
        '"3.7" @17: `target-version`: expected one of `3.8`, `3.9`, `3.10`, `3.11`, `3.12`, `3.13`, `3.14`, not the string `3.7`; did you mean `3.8`?',
      ],
    ],
    ['max-file-size = -1\n', ['-1 @16: `max-file-size`: expected more than 0, not the number `-1`']],
    ['max-file-size = 1.5\n', ['1.5 @16: `max-file-size`: expected a whole number, not the number `1.5`']],
    ['fix-all-unsafe = "yes"\n', ['"yes" @17: `fix-all-unsafe`: expected `true` or `false`, not the string `yes`']],
    ['[standards]\nmodul = true\n', ['modul @12: unknown option `modul`; did you mean `module`?']],
    [
      '[severity]\nGR101 = "eror"\n',
      [
        '"eror" @19: `severity.GR101`: expected one of `error`, `warning`, `information`, `hint`, not the string `eror`; did you mean `error`?',
      ],
    ],
    ['[severity]\nGR888 = "error"\n', ['GR888 @11: unknown rule `GR888`']],
    ['[per-file-ignores]\n"a.py" = ["GR555"]\n', ['"GR555" @29: unknown rule `GR555`']],
    ['[rules.GR203]\n', ['GR203 @7: unknown rule `GR203`; did you mean `GR202`?']],
    ['[rules.GR202]\nmax-dept = 1\n', ['max-dept @14: unknown option `max-dept`; did you mean `max-depth`?']],
    ['[rules.GR202]\nmaxDepth = 1\n', ['maxDepth @14: unknown option `maxDepth`; did you mean `max-depth`?']],
    ['[rules.GR202]\nmax-depth = 0\n', ['0 @26: `rules.GR202.max-depth`: expected at least 1, not the number `0`']],
    ['rules.GR202 = 3\n', ['3 @14: `rules.GR202`: expected a table, not the number `3`']],
    ['select = [\n', ['select = [ @0: not valid TOML: a value is missing here']],
    ['ignore = ["GR101"]\nselect =\n', ['select = @19: not valid TOML: a value is missing here']],
    ['select = []\nselect = []\n', ['select @12: not valid TOML: this key is defined a second time']],
  ];
  for (const [text, expected] of faults) {
    it(`names the fault in ${JSON.stringify(text)}`, () => assert.deepEqual(problems(text), expected));
  }

  it('counts UTF-16 code units, after a byte order mark, CRLF and astral characters', () => {
    const text = '\ufeff# 😀 é\r\nselct = 1\r\nignore = ["😀", "GR999"]\r\n';
    const expected =
      '`ignore`: the string `😀`: expected a rule code such as "GR101", a prefix such as "GR1", or "ALL"';
    assert.deepEqual(problems(text), [
      'selct @9: unknown option `selct`; did you mean `select`?',
      `"😀" @30: ${expected}`,
      '"GR999" @36: unknown rule `GR999`',
    ]);
  });

  it('names what is wrong with the table itself', () => {
    assert.deepEqual(problems('tool.groundrules = 1\n', 'pyproject'), [
      '1 @19: `tool.groundrules`: expected a table, not the number `1`',
    ]);
  });

  it('keeps the good parts beside a problem', () => {
    const { settings } = parseConfiguration(
      'selct = []\nignore = ["GR101"]\nmax-file-size = "1"\n',
      'groundrules',
      known,
    );
    assert.deepEqual(settings, { ignore: ['GR101'] });
  });

  it('takes a key named __proto__ for an unknown option', () => {
    assert.deepEqual(problems('__proto__ = 1\n'), ['__proto__ @0: unknown option `__proto__`']);
    assert.deepEqual(problems('[rules.constructor]\nx = 1\n'), ['constructor @7: unknown rule `constructor`']);
  });

  it('reads settings of an editor and leaves out the wrong ones', () => {
    assert.deepEqual(
      parseEditorSettings({ select: null, ignore: ['GR101'], maxFindings: 'many', parser: 'native', rules: {} }, known),
      {
        settings: { ignore: ['GR101'], parser: 'native', rules: {} },
        problems: [
          { path: ['maxFindings'], at: 'value', message: '`maxFindings`: expected a number, not the string `many`' },
        ],
      },
    );
    assert.deepEqual(parseEditorSettings(null, known), { settings: {}, problems: [] });
    assert.deepEqual(parseEditorSettings({ perFileIgnore: {} }, known).problems, [
      { path: ['perFileIgnore'], at: 'key', message: 'unknown option `perFileIgnore`; did you mean `perFileIgnores`?' },
    ]);
  });
});

describe('requires-python', () => {
  const cases: [specifier: string, version: string | undefined][] = [
    ['>=3.11', '3.11'],
    ['>= 3.10, < 4', '3.10'],
    ['>3.10', '3.10'],
    ['~=3.12', '3.12'],
    ['~=3.9.2', '3.9'],
    ['==3.12.*', '3.12'],
    ['==3.12.4', '3.12'],
    ['>=3.8,!=3.8.*,!=3.9.*', '3.10'],
    ['>=3.9.1,!=3.9.2', '3.9'],
    ['<3.12', '3.8'],
    ['>=3.6', '3.8'],
    ['>=3.99', '3.14'],
    ['^3.11', '3.11'],
    ['~3.10', '3.10'],
    ['3.13.*', '3.13'],
    ['^3.12 || ^3.10', '3.10'],
    ['*', '3.8'],
    ['>=3.11.0rc1', '3.11'],
    ['>=2.7,<3', undefined],
    ['newest please', undefined],
  ];
  for (const [specifier, version] of cases) {
    it(`${specifier} → ${version}`, () => {
      const text = `[project]\nrequires-python = ${JSON.stringify(specifier)}\n`;
      assert.equal(parseConfiguration(text, 'pyproject', known).requiresPython, version);
    });
  }

  it('is found in Poetry’s place too', () => {
    const poetry = '[tool.poetry.dependencies]\npython = "^3.12"\n';
    assert.equal(parseConfiguration(poetry, 'pyproject', known).requiresPython, '3.12');
    const table = '[tool.poetry.dependencies]\npython = { version = ">=3.9" }\n';
    assert.equal(parseConfiguration(table, 'pyproject', known).requiresPython, '3.9');
    assert.equal(parseConfiguration(poetry, 'groundrules', known).requiresPython, undefined);
  });
});
