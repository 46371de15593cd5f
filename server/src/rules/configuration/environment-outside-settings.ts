import { z } from 'zod';
import {
  defineRule,
  type EnvironmentUse,
  environmentCalls,
  environmentUse,
  environmentWords,
  type Finding,
  isMainGuard,
  isScript,
  isSettingsModule,
  isTestFile,
  type Node,
  py,
  settingsModules,
} from '../../engine/index.ts';

const options = z.strictObject({
  settingsModules: z
    .array(z.string())
    .default([...settingsModules])
    .meta({ description: 'Globs of the modules that may read the environment.' }),
  allowed: z
    .array(z.string())
    .default([
      'PATH',
      'HOME',
      'HOSTNAME',
      'USER',
      'PWD',
      'LANG',
      'SHELL',
      'TERM',
      'COLUMNS',
      'LINES',
      'NO_COLOR',
      'EDITOR',
      'TMPDIR',
      'TEMP',
      'APPDATA',
      'LOCALAPPDATA',
      'USERPROFILE',
      'VIRTUAL_ENV',
      'CONDA_PREFIX',
      'PYTHONPATH',
      'PYTEST_CURRENT_TEST',
      'PYTEST_XDIST_WORKER',
      'XDG_CONFIG_HOME',
      'XDG_CACHE_HOME',
      'XDG_DATA_HOME',
    ])
    .meta({ description: 'Variables of the system and its tools, which are no settings and may be read anywhere.' }),
});

export default defineRule({
  code: 'GR703',
  name: 'environment-outside-settings',
  family: 'configuration',
  severity: 'warning',
  standards: ['backend'],
  summary: 'The environment is read outside the settings module',
  advice: 'Make it a field of the settings class',
  why: 'A variable that is read where it is used is checked nowhere: a missing or misspelt one is found when the line runs, perhaps weeks after the deployment, and its type is always text. As a field of the settings class it has a type, a default and a place in the list of what the service needs, and a wrong one stops the start.',
  fix: 'none',
  requirements: ['004-105', '004-114', '004-167'],
  peers: [],
  options,
  mentions: environmentWords,
  calls: environmentCalls,
  applies: (file, given) => !isSettingsModule(file, given.settingsModules) && !isTestFile(file) && !isScript(file),
  examples: [
    {
      bad: py`
        import os

        API_KEY = os.environ["API_KEY"]
        #         ^^^^^^^^^^^^^^^^^^^^^ GR703 none: \`API_KEY\` is read from the environment here; make it a field of the settings class and read it from there.


        def retries(name: str) -> int:
            if "DEBUG" in os.environ:
        #      ^^^^^^^^^^^^^^^^^^^^^ GR703 none
                return 0
            os.environ.get(name)
        #   ^^^^^^^^^^^^^^^^^^^^ GR703 none: The environment is read here; make it a field of the settings class and read it from there.
            return int(os.getenv("RETRIES", "3"))
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^ GR703 none
      `,
    },
    {
      bad: py`
        from os import environ as env
        from os import getenv

        mode = env.get("MODE") or getenv("FALLBACK_MODE")
        #      ^^^^^^^^^^^^^^^ GR703 none
        #                         ^^^^^^^^^^^^^^^^^^^^^^^ GR703 none
      `,
    },
    {
      ok: py`
        import os

        DATABASE_URL = os.environ["DATABASE_URL"]
      `,
      path: 'app/core/config.py',
    },
    {
      ok: py`
        import os
        import subprocess

        os.environ["TZ"] = "UTC"
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        del os.environ["LD_PRELOAD"]
        subprocess.run(["ls"], env={**os.environ, "LANG": "C"}, check=True)
        home = os.environ["HOME"]
        worker = os.environ.get("HOSTNAME")
      `,
    },
    {
      ok: py`
        import os


        def weather(city: str, token: str) -> str:
            return fetch(city, token)


        if __name__ == "__main__":
            for city in ("Oslo", "Rome"):
                show(weather(city, os.environ["WEATHER_TOKEN"]))
      `,
    },
    {
      ok: py`
        from app.context import environ, os

        user = environ["user"]
        mode = os.getenv("MODE")
      `,
    },
    {
      ok: py`
        import os

        URL = os.environ["TEST_DATABASE_URL"]
      `,
      path: 'tests/conftest.py',
    },
    {
      ok: py`
        import os

        REGION = os.environ["REGION"]
      `,
      path: 'app/environment.py',
      options: { settingsModules: ['**/environment.py'] },
    },
  ],
  on: {
    call: (call, file, given) => read(environmentUse(call, file), given),
    subscript: (subscript, file, given) => read(environmentUse(subscript, file), given),
    comparison_operator: (comparison, file, given) => read(environmentUse(comparison, file), given),
  },
});

function read(use: EnvironmentUse | undefined, given: z.output<typeof options>): Finding | undefined {
  if (!use || use.writes || (use.name !== undefined && given.allowed.includes(use.name))) return undefined;
  // A module that is run by hand is a script then.
  if (isBelowMainGuard(use.node)) return undefined;
  const subject = use.name === undefined ? 'The environment' : `\`${use.name}\``;
  const source = use.name === undefined ? '' : ' from the environment';
  return {
    at: use.node,
    message: `${subject} is read${source} here; make it a field of the settings class and read it from there.`,
  };
}

function isBelowMainGuard(node: Node): boolean {
  for (let statement = node.parent; statement; statement = statement.parent) {
    if (statement.is('function_definition', 'class_definition')) return false;
    if (statement.is('if_statement') && isMainGuard(statement)) return true;
  }
  return false;
}
