import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { expandSnippet } from '../../../snippets/expand.ts';
import { snippets } from '../../../snippets/index.ts';
import { closeAll, codeOf, diagnosticsOf, lines, openWith, placeOf, started, untilFindings } from './support.ts';

describe('snippets', () => {
  before(started);
  afterEach(closeAll);

  for (const snippet of snippets) {
    it(`insert "${snippet.name}"`, async () => {
      const file = `snippets/${expandSnippet(snippet.file).replace('*', 'any')}`;
      const editor = await openWith(file, '');
      await vscode.commands.executeCommand('editor.action.insertSnippet', {
        langId: snippet.language,
        name: snippet.name,
      });
      // Transforms are applied as one leaves a placeholder, so all of them are visited; the last jump ends the snippet.
      for (const _ of snippet.placeholders) await vscode.commands.executeCommand('jumpToNextSnippetPlaceholder');
      const { document } = editor;
      assert.equal(document.getText(), expandSnippet(snippet.body.join('\n')));
      if (snippet.language === 'json') {
        JSON.parse(document.getText());
        return;
      }
      // What is known to be a fault, put behind it, proves that the text above was analysed.
      const end = document.lineCount;
      const fault = lines('', 'try:', '    call()', 'except:', '    raise');
      await editor.edit((edit) => edit.insert(new vscode.Position(end, 0), fault));
      await untilFindings(document.uri, 'GR402', 1);
      const findings = diagnosticsOf(document.uri).filter(({ range }) => range.start.line < end - 1);
      assert.deepEqual(
        findings.map((finding) => `${codeOf(finding)}@${placeOf(finding.range)} ${finding.message}`),
        [],
      );
    });
  }

  it('are offered while one types their prefix', async () => {
    const editor = await openWith('snippets/offered.py', 'gr-log');
    const offered = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      editor.document.uri,
      new vscode.Position(0, 6),
    );
    const labels = offered.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.ok(labels.includes('gr-logger'), labels.join(' '));
  });
});
