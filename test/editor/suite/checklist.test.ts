import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  apply,
  closeAll,
  inWorkspace,
  lines,
  openWith,
  quickFix,
  setSetting,
  started,
  until,
  untilFinding,
} from './support.ts';

/** The requirement that GR402 alone answers. */
const requirement = '000-044';
const faulty = lines('try:', '    call()', 'except:', '    raise');

describe('the checklist', () => {
  afterEach(async () => {
    await setSetting('groundrules.standards', undefined);
    await closeAll();
  });

  async function row(id: string) {
    const { checklist } = await started();
    const found = checklist.current.requirements.get(id);
    assert.ok(found, `there is no requirement ${id}`);
    return found;
  }

  function untilState(id: string, state: string): Promise<true> {
    return until(`${id} being ${state}`, async () => (await row(id)).state === state);
  }

  it('holds every requirement of the five standards', async () => {
    const { checklist } = await started();
    assert.deepEqual(
      [...checklist.current.standards.keys()],
      ['production', 'architecture', 'flow', 'module', 'backend'],
    );
    assert.equal(checklist.current.requirements.size, 722);
  });

  it('opens, and a requirement turns met when its finding is fixed', async () => {
    await vscode.commands.executeCommand('groundrules.checklist.focus');
    const { uri } = (await openWith('src/app/listed.py', faulty)).document;
    await untilState(requirement, 'violated');
    const { count, groups } = await row(requirement);
    assert.equal(count, 1);
    assert.deepEqual(
      groups.map(({ code, places }) => `${code} ${places.map(({ line, character }) => `${line}:${character}`)}`),
      ['GR402 2:0'],
    );
    await apply(await quickFix(uri, await untilFinding(uri, 'GR402'), /^Catch `Exception`/));
    await untilState(requirement, 'met');
  });

  it('follows typing and closing', async () => {
    const editor = await openWith('src/app/followed.py', lines('limit = 1'));
    await untilState(requirement, 'met');
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 0), faulty.repeat(2)));
    await until('two places', async () => (await row(requirement)).count === 2);
    await closeAll();
    await untilState(requirement, 'pending');
  });

  it('greys out a standard that is turned off', async () => {
    await openWith('src/app/off.py', faulty);
    await untilState(requirement, 'violated');
    await setSetting('groundrules.standards', { production: false });
    // The committed file of the sample turns it on, and it wins over the editor's settings.
    await untilState(requirement, 'violated');
    await vscode.workspace.fs.writeFile(
      inWorkspace('off/groundrules.toml'),
      Buffer.from(lines('[standards]', 'production = false')),
    );
    await openWith('off/app.py', faulty);
    await untilState(requirement, 'off');
  });
});

describe('ticks', () => {
  const file = '.groundrules/ticks.json';
  const Tick =
    /^\{\n {2}"version": 1,\n {2}"ticks": \{\n {4}"(?<id>[\w-]+)": \{ "at": "\d{4}-[^"]+Z"(, "by": "[^"]+")? \}\n {2}\}\n\}\n$/;

  afterEach(async () => {
    await vscode.workspace.fs.delete(inWorkspace('.groundrules'), { recursive: true });
    const { checklist } = await started();
    await until('no tick', () => ![...checklist.current.requirements.values()].some((entry) => entry.ticked));
  });

  /** A requirement that only a person can judge. */
  async function manual(): Promise<string> {
    const { checklist } = await started();
    const [id] = [...checklist.current.requirements].find(([, row]) => row.state === 'toTick') ?? [];
    assert.ok(id);
    return id;
  }

  async function onDisk(): Promise<string> {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(inWorkspace(file)));
  }

  it('are written into the folder, and taken away again', async () => {
    const { checklist } = await started();
    await checklist.ticksLoaded;
    const id = await manual();
    await checklist.tick([id], true);
    assert.equal(checklist.current.requirements.get(id)?.ticked, true);
    assert.equal(Tick.exec(await onDisk())?.groups?.id, id);
    await checklist.tick([id], false);
    assert.equal(checklist.current.requirements.get(id)?.state, 'toTick');
    assert.equal(await onDisk(), '{\n  "version": 1,\n  "ticks": {}\n}\n');
    const folder = await vscode.workspace.fs.readDirectory(inWorkspace('.groundrules'));
    assert.deepEqual(folder, [['ticks.json', vscode.FileType.File]]);
  });

  it('that a colleague committed appear', async () => {
    const { checklist } = await started();
    await checklist.ticksLoaded;
    const id = await manual();
    const ticks = { version: 1, ticks: { [id]: { at: '2025-01-31T08:30:00Z', by: 'Ida' } } };
    await vscode.workspace.fs.writeFile(inWorkspace(file), Buffer.from(JSON.stringify(ticks)));
    await until('the tick', () => checklist.current.requirements.get(id)?.ticked === true);
    assert.notEqual(checklist.current.requirements.get(id)?.state, 'toTick');
  });
});
