import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, lines, openWith, started, until, untilFindings } from './support.ts';

describe('a hover', () => {
  before(started);
  afterEach(closeAll);

  async function hoverTexts(uri: vscode.Uri, line: number, character: number): Promise<string[]> {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      uri,
      new vscode.Position(line, character),
    );
    return hovers.flatMap(({ contents }) =>
      contents.map((content) => (typeof content === 'string' ? content : content.value)),
    );
  }

  it('over a code in a suppression says what is suppressed', async () => {
    const { uri } = (
      await openWith('src/app/hovered.py', lines('try:', '    call()', 'except:  # noqa: E722, GR402', '    raise'))
    ).document;
    await untilFindings(uri, 'GR402', 0);
    const text = await until('the hover', async () => {
      const texts = await hoverTexts(uri, 2, 'except:  # noqa: E722, GR'.length);
      return texts.find((candidate) => candidate.includes('GR402'));
    });
    assert.match(text, /^\*\*GR402 bare-except\*\*: A bare `except:` catches even/);
    assert.match(text, /\[Documentation\]\(\S+GR402\.md\)$/);
    assert.deepEqual(await hoverTexts(uri, 2, 'except:  # noqa: E7'.length), []);
  });
});

describe('the page of a rule', () => {
  after(closeAll);

  it('is shown as Markdown', async () => {
    await started();
    const uri = vscode.Uri.from({ scheme: 'groundrules-rule', path: '/GR402.md' });
    const document = await vscode.workspace.openTextDocument(uri);
    assert.match(document.getText(), /^# .*GR402/m);
    await vscode.commands.executeCommand('groundrules.showRuleDocumentation', 'GR402');
    await until('the preview', () =>
      vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => tab.label.includes('GR402'))),
    );
  });
});
