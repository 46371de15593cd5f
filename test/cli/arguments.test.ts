import assert from 'node:assert/strict';
import { parseArguments } from '../../server/src/cli/arguments.ts';

const check = {
  command: 'check',
  paths: ['.'],
  fix: false,
  unsafeFixes: false,
  diff: false,
  format: 'text',
  statistics: false,
  select: undefined,
  ignore: undefined,
  config: undefined,
  isolated: false,
  stdinFilename: undefined,
};

describe('arguments', () => {
  const good: [args: string, expected: object][] = [
    ['check', check],
    ['check app tests --fix --unsafe-fixes', { ...check, paths: ['app', 'tests'], fix: true, unsafeFixes: true }],
    ['check --diff app', { ...check, paths: ['app'], diff: true }],
    ['check --format=json --statistics', { ...check, format: 'json', statistics: true }],
    [
      'check --select GR1,GR201 --select ALL --ignore=GR101',
      { ...check, select: ['GR1', 'GR201', 'ALL'], ignore: ['GR101'] },
    ],
    ['check --config x.toml', { ...check, config: 'x.toml' }],
    ['check --isolated -- --odd.py', { ...check, isolated: true, paths: ['--odd.py'] }],
    ['check --stdin-filename app/a.py -', { ...check, paths: ['-'], stdinFilename: 'app/a.py' }],
    ['rules', { command: 'rules', format: 'text' }],
    ['rules --format json', { command: 'rules', format: 'json' }],
    ['rule GR101', { command: 'rule', code: 'GR101' }],
    ['lsp --stdio', { command: 'lsp' }],
    ['lsp --node-ipc --clientProcessId=12', { command: 'lsp' }],
    ['--version', { command: 'version' }],
    ['check -h', { command: 'help' }],
    ['--help', { command: 'help' }],
  ];
  for (const [args, expected] of good) {
    it(`reads ${args}`, () => assert.deepEqual(parseArguments(args.split(' ')), expected));
  }

  const bad: [args: string, problem: string][] = [
    ['', 'no command was given; `groundrules --help` lists them'],
    ['chekc', 'unknown command `chekc`; did you mean `check`?'],
    ['app.py', 'unknown command `app.py`; `groundrules --help` lists them'],
    ['--fix', 'unknown option `--fix`; `groundrules --help` lists them'],
    ['check --selct GR1', 'unknown option `--selct` of `check`; did you mean `--select`?'],
    ['check -x', 'unknown option `-x` of `check`'],
    ['check --fix=yes', 'option `--fix` takes no value'],
    ['check --format', 'option `--format` needs a value'],
    ['check --format --fix', 'option `--format` needs a value'],
    ['check --config=', 'option `--config` needs a value'],
    [
      'check --format jsn',
      'unknown format `jsn`: `--format` is one of text, json, sarif, github; did you mean `json`?',
    ],
    ['check --fix --diff', '`--fix` and `--diff` exclude each other: the one writes, the other only shows'],
    ['check --diff --format json', '`--diff` is a format of its own; leave `--format` away'],
    ['check --isolated --config x.toml', '`--isolated` and `--config` exclude each other'],
    ['check --statistics --format sarif', '`--statistics` can be written as text or json, not as sarif'],
    ['check - a.py', '`-` (standard input) cannot be joined by other paths'],
    ['check a.py --stdin-filename b.py', '`--stdin-filename` needs `-` as the path'],
    ['rule', '`rule` takes one rule code, such as `groundrules rule GR101`'],
    ['rules GR101', '`rules` takes no argument; `groundrules rule CODE` describes one rule'],
    ['rules --format sarif', 'unknown format `sarif`: `--format` is one of text, json'],
  ];
  for (const [args, problem] of bad) {
    it(`refuses ${args || 'nothing'}`, () =>
      assert.deepEqual(parseArguments(args === '' ? [] : args.split(' ')), { problem }));
  }
});
