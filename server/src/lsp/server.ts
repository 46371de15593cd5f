import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startSession } from './session.ts';

/** The entry of the language server: speaks over IPC or stdio, as its arguments say (`--node-ipc`, `--stdio`). */
const connection = createConnection(ProposedFeatures.all);
// The last net: a request of the library's own that a client refuses would otherwise end the server.
process.on('unhandledRejection', (reason) => {
  connection.console.error(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
});
// Over IPC nothing else tells that the editor is gone.
process.once('disconnect', () => process.exit(1));
startSession(connection);
connection.listen();
