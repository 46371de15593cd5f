#!/usr/bin/env node
// Stands in for the desktop VS Code's program file: @vscode/test-electron starts it with VS Code's own switches, and
// it passes on to vscode-host.mjs those that mean something there.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const names = new Map([
  ['extensionDevelopmentPath', '--ext'],
  ['extensionTestsPath', '--tests'],
  ['vsix', '--vsix'],
]);

/** @param {string} argument */
function translate(argument) {
  if (!argument.startsWith('-')) return ['--workspace', argument];
  const [, name = '', value = ''] = /^--(\w+)=(.*)$/s.exec(argument) ?? [];
  const own = names.get(name);
  return own === undefined ? [] : [own, value];
}

const host = path.join(path.dirname(fileURLToPath(import.meta.url)), 'vscode-host.mjs');
const child = spawn(process.execPath, [host, ...process.argv.slice(2).flatMap(translate)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code) => process.exit(code ?? 1));
