import { parseArgs } from 'node:util';
import { z } from 'zod';
import { didYouMean } from '../settings/suggest.ts';

export const reportFormats = ['text', 'json', 'sarif', 'github'] as const;

const CheckArguments = z.strictObject({
  command: z.literal('check'),
  /** Files and folders; `-` alone is standard input. */
  paths: z.array(z.string()),
  fix: z.boolean(),
  unsafeFixes: z.boolean(),
  diff: z.boolean(),
  format: z.enum(reportFormats),
  statistics: z.boolean(),
  select: z.array(z.string()).optional(),
  ignore: z.array(z.string()).optional(),
  config: z.string().min(1).optional(),
  isolated: z.boolean(),
  stdinFilename: z.string().min(1).optional(),
});
export type CheckArguments = z.infer<typeof CheckArguments>;

const Arguments = z.discriminatedUnion('command', [
  CheckArguments,
  z.strictObject({ command: z.literal('rules'), format: z.enum(['text', 'json']) }),
  z.strictObject({ command: z.literal('rule'), code: z.string() }),
  z.strictObject({ command: z.literal('lsp') }),
  z.strictObject({ command: z.literal('version') }),
  z.strictObject({ command: z.literal('help') }),
]);
export type Arguments = z.infer<typeof Arguments>;

/** Reads the arguments behind the program's name, or says in one sentence what is wrong with them. */
export function parseArguments(argv: readonly string[]): Arguments | { problem: string } {
  const [command = '', ...rest] = argv;
  if (command === '--version' || command === '-V') return { command: 'version' };
  if (command === '--help' || command === '-h' || command === 'help') return { command: 'help' };
  if (command === '') return { problem: 'no command was given; `groundrules --help` lists them' };
  const options = commandOptions[command];
  if (options === undefined) {
    const kind = command.startsWith('-') ? 'option' : 'command';
    const hint = didYouMean(command, Object.keys(commandOptions));
    return { problem: `unknown ${kind} \`${command}\`${hint || '; `groundrules --help` lists them'}` };
  }
  const read = readOptions(command, options, rest);
  if ('problem' in read) return read;
  if (read.flags.has('help')) return { command: 'help' };
  switch (command) {
    case 'check':
      return checkArguments(read);
    case 'rules':
      if (read.positionals.length > 0)
        return { problem: `\`rules\` takes no argument; \`groundrules rule CODE\` describes one rule` };
      return parsed({ command, format: read.values.get('format')?.at(-1) ?? 'text' });
    case 'rule': {
      const [code, more] = read.positionals;
      if (code === undefined || more !== undefined)
        return { problem: '`rule` takes one rule code, such as `groundrules rule GR101`' };
      return { command, code };
    }
    default:
      return { command: 'lsp' };
  }
}

export const usage = `Groundrules: production standards for Python backends, checked.

Usage: groundrules check [OPTIONS] [PATH...]   look at files and folders (default: the working folder)
       groundrules rules [--format text|json]  list the rules
       groundrules rule CODE                   explain one rule
       groundrules lsp --stdio                 start the language server
       groundrules --version | --help

Options of check:
  --fix                  apply safe fixes
  --unsafe-fixes         with --fix or --diff, apply unsafe fixes too; else count them
  --diff                 print what --fix would change, and change nothing
  --format FORMAT        text (default), json (as Ruff writes it), sarif or github
  --statistics           count the findings of each rule instead of listing them
  --select CODES         rules to run: codes, prefixes or ALL, separated by commas
  --ignore CODES         rules not to run
  --config FILE          use this configuration file instead of the nearest one
  --isolated             use no configuration file
  --stdin-filename FILE  the name of what is read from standard input (PATH is -)

Exit codes: 0 nothing found, 1 findings, 2 wrong usage or configuration.
`;

interface OptionRead {
  flags: Set<string>;
  values: Map<string, string[]>;
  positionals: string[];
}

type OptionTypes = Record<string, 'boolean' | 'string'>;

const commandOptions: Record<string, OptionTypes> = {
  check: {
    fix: 'boolean',
    'unsafe-fixes': 'boolean',
    diff: 'boolean',
    format: 'string',
    statistics: 'boolean',
    select: 'string',
    ignore: 'string',
    config: 'string',
    isolated: 'boolean',
    'stdin-filename': 'string',
    help: 'boolean',
  },
  rules: { format: 'string', help: 'boolean' },
  rule: { help: 'boolean' },
  // The protocol library reads how to connect from the arguments itself; these are the ways it knows.
  lsp: {
    stdio: 'boolean',
    'node-ipc': 'boolean',
    socket: 'string',
    pipe: 'string',
    clientProcessId: 'string',
    help: 'boolean',
  },
};

function readOptions(command: string, types: OptionTypes, args: readonly string[]): OptionRead | { problem: string } {
  const options = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type, multiple: true }]));
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h', multiple: true } },
    strict: false,
    tokens: true,
  });
  const read: OptionRead = { flags: new Set(), values: new Map(), positionals: [] };
  for (const token of tokens) {
    if (token.kind === 'positional') read.positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const type = types[token.name];
    if (type === undefined) {
      const hint = didYouMean(
        token.rawName,
        Object.keys(types).map((name) => `--${name}`),
      );
      return { problem: `unknown option \`${token.rawName}\` of \`${command}\`${hint}` };
    }
    if (type === 'boolean') {
      if (token.value !== undefined) return { problem: `option \`${token.rawName}\` takes no value` };
      read.flags.add(token.name);
      continue;
    }
    const isOption = token.inlineValue === false && token.value.startsWith('-') && token.value !== '-';
    if (token.value === undefined || token.value === '' || isOption) {
      return { problem: `option \`${token.rawName}\` needs a value` };
    }
    read.values.set(token.name, [...(read.values.get(token.name) ?? []), token.value]);
  }
  return read;
}

function checkArguments({ flags, values, positionals }: OptionRead): Arguments | { problem: string } {
  const list = (name: string) =>
    values.get(name)?.flatMap((value) =>
      value
        .split(',')
        .map((code) => code.trim())
        .filter((code) => code !== ''),
    );
  const last = (name: string) => values.get(name)?.at(-1);
  const result = parsed({
    command: 'check',
    paths: positionals.length === 0 ? ['.'] : positionals,
    fix: flags.has('fix'),
    unsafeFixes: flags.has('unsafe-fixes'),
    diff: flags.has('diff'),
    format: last('format') ?? 'text',
    statistics: flags.has('statistics'),
    select: list('select'),
    ignore: list('ignore'),
    config: last('config'),
    isolated: flags.has('isolated'),
    stdinFilename: last('stdin-filename'),
  });
  if ('problem' in result || result.command !== 'check') return result;
  if (result.fix && result.diff)
    return { problem: '`--fix` and `--diff` exclude each other: the one writes, the other only shows' };
  if (result.isolated && result.config !== undefined)
    return { problem: '`--isolated` and `--config` exclude each other' };
  if (result.diff && result.format !== 'text')
    return { problem: '`--diff` is a format of its own; leave `--format` away' };
  if (result.diff && result.statistics) return { problem: '`--diff` and `--statistics` exclude each other' };
  if (result.statistics && result.format !== 'text' && result.format !== 'json') {
    return { problem: `\`--statistics\` can be written as text or json, not as ${result.format}` };
  }
  if (result.paths.includes('-') && result.paths.length > 1) {
    return { problem: '`-` (standard input) cannot be joined by other paths' };
  }
  if (result.stdinFilename !== undefined && !result.paths.includes('-')) {
    return { problem: '`--stdin-filename` needs `-` as the path' };
  }
  return result;
}

/** At the door only `--format` can still be wrong: everything else was given its type above. */
function parsed(value: Record<string, unknown>): Arguments | { problem: string } {
  const result = Arguments.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const given = String(value[String(issue?.path[0])]);
  if (issue?.code !== 'invalid_value') return { problem: `option \`--${issue?.path.join('.')}\`: ${issue?.message}` };
  const list = issue.values.map(String);
  return {
    problem: `unknown format \`${given}\`: \`--format\` is one of ${list.join(', ')}${didYouMean(given, list)}`,
  };
}
