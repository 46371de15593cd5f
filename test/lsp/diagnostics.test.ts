import assert from 'node:assert/strict';
import { Document } from '../../server/src/engine/index.ts';
import { loadWasmParser } from '../../server/src/host/parser.ts';
import { toDiagnostic } from '../../server/src/lsp/convert.ts';
import { DiagnosticsText } from '../../server/src/lsp/diagnostics.ts';
import { rules } from '../../server/src/rules/index.generated.ts';

const uri = 'file:///app/a.py';
const source = [
  'from datetime import datetime',
  '',
  '',
  'class Kept:',
  '    def first(self):',
  '        print(datetime.utcnow(), "ä😀")',
  '        return eval("1")',
  '',
  '    def first(self):',
  '        print("again")',
  '',
  '',
  'def late():',
  '    try:',
  '        print(1)',
  '    except:',
  '        pass',
  '',
].join('\n');

describe('language server: the text of diagnostics', () => {
  const set = {
    rules: rules.map((rule) => ({ rule: rule.configure({}).rule, severity: undefined })),
    knownCodes: new Set(rules.map((rule) => rule.card.code)),
  };
  const open = async () =>
    new Document(await loadWasmParser(), source, { path: 'app/a.py', target: '3.12', targetKnown: true }, set);
  const clients = {
    'a client that can show everything': { relatedInformation: true, documentation: (code: string) => `rule:/${code}` },
    'a client that can show little': { relatedInformation: false, documentation: () => undefined },
  };

  for (const [name, client] of Object.entries(clients)) {
    it(`is what JSON.stringify writes, whatever was typed and moved, for ${name}`, async () => {
      const document = await open();
      const written = new DiagnosticsText(uri, client);
      let rounds = 0;
      const check = (): void => {
        const wanted = document
          .findings()
          .map((finding) => toDiagnostic(finding, uri, client.documentation, client.relatedInformation));
        assert.ok(wanted.length > 3);
        assert.equal(`[${written.of(document, wanted.length)}]`, JSON.stringify(wanted));
        // Once more from what was kept, and once more from less than that.
        assert.equal(`[${written.of(document, wanted.length)}]`, JSON.stringify(wanted));
        const most = wanted.length - 1 - (rounds++ % 3);
        assert.equal(`[${written.of(document, most)}]`, JSON.stringify(wanted.slice(0, most)));
      };
      check();
      for (const [at, text] of [
        ['class Kept', '\n\n'],
        ['print("again")', 'x = 1; '],
        ['def late', 'import os\n'],
        ['pass', '# noqa\n        '],
      ] as const) {
        const start = document.text.indexOf(at);
        document.edit(start, start, text);
        check();
        document.edit(start, start + text.length, '');
        check();
      }
    });
  }

  it('leaves bytes alone that were given away', async () => {
    const document = await open();
    const client = clients['a client that can show everything'];
    const wanted = (): string => {
      const all = document.findings().map((finding) => toDiagnostic(finding, uri, client.documentation, true));
      return JSON.stringify(all).slice(1, -1);
    };
    const written = new DiagnosticsText(uri, client);
    const first = written.of(document, document.count());
    written.giveAway();
    const before = wanted();
    document.edit(0, 0, '\n');
    assert.equal(written.of(document, document.count()).toString(), wanted());
    assert.equal(first.toString(), before);
  });

  it('ends after as many as are wanted, within a segment too', async () => {
    const document = await open();
    const client = clients['a client that can show everything'];
    const all = document.findings().map((finding) => toDiagnostic(finding, uri, client.documentation, true));
    const written = new DiagnosticsText(uri, client);
    for (let most = 0; most <= all.length; most++)
      assert.equal(`[${written.of(document, most)}]`, JSON.stringify(all.slice(0, most)));
  });
});
