import assert from 'node:assert/strict';
import type { Reported } from '../../server/src/engine/index.ts';
import { overlaps, renamedUri, toDiagnostic } from '../../server/src/lsp/convert.ts';
import { lineEdits } from '../../server/src/lsp/edits.ts';
import { at } from '../support/client.ts';

const finding: Reported = {
  code: 'GR101',
  name: 'naive-utcnow',
  severity: 'warning',
  message: 'Wrong.',
  start: 4,
  end: 9,
  from: { line: 1, character: 2 },
  to: { line: 1, character: 7 },
  tags: ['deprecated', 'unnecessary'],
  related: [{ from: { line: 0, character: 0 }, to: { line: 0, character: 3 }, message: 'Because of this.' }],
  mayFix: false,
  fixes: () => [],
};

describe('language server: the protocol’s words', () => {
  it('has a place for everything that the engine reports', () => {
    const documentation = (code: string) => `rule:/${code}`;
    assert.deepEqual(toDiagnostic(finding, 'file:///a.py', documentation, true), {
      range: at(1, 2, 7),
      severity: 2,
      code: 'GR101',
      codeDescription: { href: 'rule:/GR101' },
      source: 'groundrules',
      message: 'Wrong.',
      tags: [2, 1],
      relatedInformation: [{ location: { uri: 'file:///a.py', range: at(0, 0, 3) }, message: 'Because of this.' }],
    });
  });

  it('leaves out what the client cannot show and what there is not', () => {
    assert.deepEqual(
      toDiagnostic({ ...finding, tags: [] }, 'file:///a.py', () => undefined, false),
      {
        range: at(1, 2, 7),
        severity: 2,
        code: 'GR101',
        source: 'groundrules',
        message: 'Wrong.',
      },
    );
  });

  it('has the four severities', () => {
    const severities = (['error', 'warning', 'information', 'hint'] as const).map(
      (severity) => toDiagnostic({ ...finding, severity }, '', () => undefined, false).severity,
    );
    assert.deepEqual(severities, [1, 2, 3, 4]);
  });

  it('renames what lies below a folder, however its URI is written', () => {
    assert.equal(
      renamedUri('file:///c%3A/my%20app/src/users.py', 'src/users.py', 'src/tests/test_#.py'),
      'file:///c%3A/my%20app/src/tests/test_%23.py',
    );
    assert.equal(renamedUri('file:///app/%C3%A9.py', 'é.py', 'e.py'), 'file:///app/e.py');
    assert.equal(renamedUri('untitled:Untitled-1', 'src/users.py', 'src/test_users.py'), undefined);
    assert.equal(renamedUri('file:///app/%E0%A4.py', 'x.py', 'y.py'), undefined);
  });

  it('counts a cursor at either end of a finding as on it', () => {
    assert.deepEqual(
      [at(1, 2), at(1, 7), at(1, 0, 2), at(1, 7, 9), at(1, 1), at(1, 8), at(0, 4), at(2, 0)].map((range) =>
        overlaps(range, finding),
      ),
      [true, true, true, true, false, false, false, false],
    );
  });

  it('turns one text into another by whole lines', () => {
    assert.deepEqual(lineEdits('a\nb\nc\nd\n', 'a\nx\ny\nc\n'), [
      { start: 2, end: 4, text: 'x\ny\n' },
      { start: 6, end: 8, text: '' },
    ]);
    assert.deepEqual(lineEdits('a\r\nb\r\n', 'import x\r\na\r\nb'), [
      { start: 0, end: 0, text: 'import x\r\n' },
      { start: 3, end: 6, text: 'b' },
    ]);
    assert.deepEqual(lineEdits('same\n', 'same\n'), []);
  });
});
