/**
 * A language server for the test of the driver: it reports one diagnostic for every `x` in a document. Its argument says
 * how: `push`, `pull`, `late` (publishes the version before once more, then the right one), `silent` (no answer to a
 * change) or `crash` (ends at the first change).
 */
import {
  createConnection,
  DocumentDiagnosticReportKind,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';

const manner = process.argv[2];
const connection = createConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
const documents = new TextDocuments(TextDocument);

connection.onInitialize(() => ({
  capabilities: {
    textDocumentSync: TextDocumentSyncKind.Incremental,
    ...(manner === 'pull' && { diagnosticProvider: { interFileDependencies: false, workspaceDiagnostics: false } }),
  },
}));

documents.onDidChangeContent(async ({ document }) => {
  const diagnostics = diagnose(document);
  const { uri, version } = document;
  if (manner === 'crash' && version > 1) process.exit(3);
  if (manner === 'pull' || (manner === 'silent' && version > 1)) return;
  if (manner === 'late') await connection.sendDiagnostics({ uri, version: version - 1, diagnostics: [] });
  await connection.sendDiagnostics({ uri, version, diagnostics });
});

connection.languages.diagnostics.on((asked) => {
  const document = documents.get(asked.textDocument.uri);
  return { kind: DocumentDiagnosticReportKind.Full, items: document === undefined ? [] : diagnose(document) };
});

documents.listen(connection);
connection.listen();

function diagnose(document: TextDocument) {
  return [...document.getText().matchAll(/x/g)].map((match) => ({
    range: { start: document.positionAt(match.index), end: document.positionAt(match.index + 1) },
    message: 'x',
  }));
}
