import { Console } from 'node:console';
import { setFlagsFromString } from 'node:v8';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startSession } from './session.ts';
import { PromptReader, PromptWriter } from './stdio.ts';

// The heap is let grow less beyond what is alive, and pages that typing has left half empty are put together: without it
// fifty open files need a third more memory, and more with every edit.
setFlagsFromString('--optimize-for-size');

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
