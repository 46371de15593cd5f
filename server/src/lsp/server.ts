import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startSession } from './session.ts';

/** The entry of the language server: speaks over IPC or stdio, as its arguments say (`--node-ipc`, `--stdio`). */
const connection = createConnection(ProposedFeatures.all);
startSession(connection);
connection.listen();
