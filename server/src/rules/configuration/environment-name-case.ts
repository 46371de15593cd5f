import { z } from 'zod';
import {
  defineRule,
  type EnvironmentUse,
  environmentCalls,
  environmentUse,
  environmentWords,
  type Finding,
  py,
} from '../../engine/index.ts';

const options = z.strictObject({
  allowed: z
    .array(z.string())
    .default([
      'http_proxy',
      'https_proxy',
      'ftp_proxy',
      'all_proxy',
      'no_proxy',
      'SystemRoot',
      'SystemDrive',
      'ProgramFiles',
      'ProgramFiles(x86)',
      'ProgramData',
      'CommonProgramFiles',
      'LocalAppData',
      'AppData',
      'ComSpec',
      'windir',
      'Path',
    ])
    .meta({ description: 'Names of the system and its tools that are not written in capitals.' }),
});

export default defineRule({
  code: 'GR709',
  name: 'environment-name-case',
  family: 'configuration',
  severity: 'warning',
  standards: ['backend'],
  summary: 'The name of an environment variable is not in UPPER_CASE',
  advice: 'Write the name in UPPER_CASE, here and where it is set',
  why: 'Names of environment variables tell capitals from small letters on Linux and do not on Windows, so `api_key` and `API_KEY` are two variables on one machine and one on the next. When all are written in capitals, nobody has to know.',
  fix: 'none',
  requirements: ['004-115'],
  peers: ['SIM112'],
  options,
  mentions: environmentWords,
  calls: environmentCalls,
  examples: [
    {
      bad: py`
        import os
        from os import getenv

        key = os.environ["api_key"]
        #                ^^^^^^^^^ GR709 none: The environment variable \`api_key\` is not in UPPER_CASE; name it \`API_KEY\`, here and where it is set.
        url = getenv("databaseUrl", "sqlite://")
        #            ^^^^^^^^^^^^^ GR709 none: The environment variable \`databaseUrl\` is not in UPPER_CASE; name it \`DATABASE_URL\`, here and where it is set.
        os.environ["log-level"] = "debug"
        #          ^^^^^^^^^^^ GR709 none
      `,
    },
    {
      ok: py`
        import os

        key = os.environ["API_KEY"]
        url = os.getenv("DB2_URL", "sqlite://")
        proxy = os.environ.get("https_proxy")
        root = os.environ.get("SystemRoot")
        other = os.environ.get(name)
        prefixed = os.environ.get(f"app_{name}")
      `,
    },
    {
      ok: py`
        from app.context import environ
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            api_key: str


        key = environ["api_key"]
        value = {"api_key": 1}["api_key"]
      `,
    },
  ],
  on: {
    call: (call, file, given) => named(environmentUse(call, file), given),
    subscript: (subscript, file, given) => named(environmentUse(subscript, file), given),
    comparison_operator: (comparison, file, given) => named(environmentUse(comparison, file), given),
  },
});

function named(use: EnvironmentUse | undefined, { allowed }: z.output<typeof options>): Finding | undefined {
  if (!use?.key || use.name === undefined || use.name === '') return undefined;
  const { name } = use;
  if (!/[a-z-]/.test(name) || allowed.includes(name)) return undefined;
  const better = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
  return {
    at: use.key,
    message: `The environment variable \`${name}\` is not in UPPER_CASE; name it \`${better}\`, here and where it is set.`,
  };
}
