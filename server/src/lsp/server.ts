import { Console } from 'node:console';
import { setFlagsFromString } from 'node:v8';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startSession } from './session.ts';
import { PromptReader, PromptWriter } from './stdio.ts';

// What is alive hardly grows while a person types, so there is no reason to wait until the heap has become four times it.
setFlagsFromString('--heap-growing-percent=25');

/** The entry of the language server: speaks over IPC or stdio, as its arguments say (`--node-ipc`, `--stdio`). */
const writer = process.argv.includes('--stdio') ? new PromptWriter(process.stdout) : undefined;
const connection = writer
  ? createConnection(ProposedFeatures.all, new PromptReader(process.stdin), writer)
  : createConnection(ProposedFeatures.all);
// The last net: a request of the library's own that a client refuses would otherwise end the server.
process.on('unhandledRejection', (reason) => {
  connection.console.error(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
});
// Over IPC nothing else tells that the editor is gone.
process.once('disconnect', () => process.exit(1));
const session = startSession(connection, writer);
if (writer) {
  // A word that a library prints must not get between two messages.
  globalThis.console = new Console(process.stderr);
  for (const ending of ['end', 'close']) process.stdin.once(ending, () => process.exit(session.isShutDown() ? 0 : 1));
}
connection.listen();
