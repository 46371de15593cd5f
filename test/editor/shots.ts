// What a person does before the real workbench, played and photographed: `node --import tsx test/editor/run.ts --shots`
// writes the pictures to test/editor/shots/.

/** What a scene may do with VS Code's window (made by host/workbench.mjs). Every wait ends with an error after 30 s. */
export interface Workbench {
  /** The opened copy of the sample project. */
  readonly folder: string;
  ready(): Promise<void>;
  /** Presses a key with its modifiers, as in `Control+.`. */
  press(keys: string): Promise<void>;
  type(text: string): Promise<void>;
  /** Runs a command by its title, through the command palette. */
  runCommand(title: string): Promise<void>;
  /** Opens a file by its path in the folder. */
  open(file: string): Promise<void>;
  /** Puts the cursor of the active editor before a text of its file, as the file is on the disk. */
  goTo(file: string, text: string): Promise<void>;
  /** Waits until an element that a CSS selector names, and that holds the text, is on the screen. */
  see(selector: string, text?: string): Promise<void>;
  seeGone(selector: string, text?: string): Promise<void>;
  /** Waits until a web view, such as a Markdown preview, shows the text. */
  seeInWebview(text: string): Promise<void>;
  click(selector: string, text?: string): Promise<void>;
  /** Holds the mouse over an element until the hover opens. */
  hover(selector: string, text?: string): Promise<void>;
  /** Holds the mouse over a word of the editor's text until the hover opens. */
  hoverText(word: string): Promise<void>;
  /** Opens the hover of what the cursor stands on, by the keyboard. */
  hoverAtCursor(): Promise<void>;
  /** Opens the quick fix menu at the cursor until it offers this title. */
  quickFixMenu(title: string): Promise<void>;
  /** Chooses an entry of the open quick fix menu. */
  choose(title: string): Promise<void>;
  /** Saves the active editor and waits until it is saved. */
  save(): Promise<void>;
  /** Waits until a file of the folder, as it is on the disk, matches. */
  expectFile(file: string, pattern: RegExp): Promise<void>;
  /** Writes a file of the folder, behind the back of the editor. */
  write(file: string, text: string): void;
  /** Ends the language server as a crash would. */
  killServer(): Promise<void>;
  /** Loads the window again. */
  reload(): Promise<void>;
  shot(name: string): Promise<void>;
}

interface Scene {
  readonly name: string;
  play(workbench: Workbench): Promise<void>;
}

const service = 'src/app/services/order_service.py';
const model = 'src/app/models/order.py';
const treeRow = '.tree-explorer-viewlet-tree-view .monaco-list-row';
const checkbox = '.custom-view-tree-node-item-checkbox';
/** A requirement that only a person can judge, and one that GR402 alone answers. */
const judged = 'Code is readable, clean and easy to maintain.';
const bareExcept = 'an except clause that names no exception type';

/** Each scene starts in the state that the one before it left. */
const scenes: readonly Scene[] = [
  {
    name: 'a file with faults has squiggles',
    async play(workbench) {
      await workbench.open(service);
      await workbench.see('.squiggly-error');
      await workbench.shot('01-squiggles');
    },
  },
  {
    name: 'a hover over a squiggle',
    async play(workbench) {
      await workbench.goTo(service, 'datetime.utcnow()');
      await workbench.hoverText('utcnow');
      await workbench.see('.monaco-hover', 'GR101');
      await workbench.shot('02-hover-over-a-squiggle');
      await workbench.click('.monaco-hover a', 'GR101');
      await workbench.see('.tab.active', 'GR101.md');
      await workbench.see('.view-line', 'naive-utcnow');
      await workbench.shot('02b-page-behind-the-code');
      await workbench.open(service);
    },
  },
  {
    name: 'Ctrl+. makes utcnow() aware',
    async play(workbench) {
      await workbench.goTo(service, 'utcnow()');
      await workbench.quickFixMenu('Replace with `datetime.now(UTC)`');
      await workbench.shot('03-menu-utcnow');
      await workbench.choose('Replace with `datetime.now(UTC)`');
      await workbench.see('.view-line', 'placed_at = datetime.now(UTC)');
      await workbench.shot('04-after-utcnow');
      await workbench.save();
      await workbench.expectFile(service, /^from datetime import .*\bUTC\b/m);
    },
  },
  {
    name: 'Ctrl+. makes print() a call of the logger',
    async play(workbench) {
      await workbench.goTo(service, 'print(');
      await workbench.quickFixMenu('logger');
      await workbench.shot('05-menu-print');
      await workbench.choose('logger');
      await workbench.see('.view-line', 'logger.info("placed an order for');
      await workbench.shot('06-after-print');
      await workbench.save();
      await workbench.expectFile(service, /logger\.info\("placed an order for %s", wanted\.customer_id\)/);
    },
  },
  {
    name: 'Ctrl+. adds lazy="select"',
    async play(workbench) {
      await workbench.open(model);
      await workbench.goTo(model, 'relationship(\n');
      await workbench.quickFixMenu('Add `lazy="select"`');
      await workbench.shot('07-menu-relationship');
      await workbench.choose('Add `lazy="select"`');
      await workbench.see('.view-line', 'lazy="select",');
      await workbench.shot('08-after-relationship');
      await workbench.save();
      await workbench.expectFile(model, /cascade="all, delete-orphan",\n {8}lazy="select",\n {4}\)/);
    },
  },
  {
    name: 'the Problems panel lists the findings',
    async play(workbench) {
      await workbench.runCommand('Problems: Focus on Problems View');
      await workbench.see('.markers-panel .monaco-list-row', 'groundrules');
      await workbench.shot('09-problems');
      await workbench.press('Control+J');
    },
  },
  {
    name: 'the language status tells count and configuration',
    async play(workbench) {
      await workbench.click('#status\\.languageStatus');
      await workbench.see('.hover-language-status', 'findings');
      await workbench.see('.hover-language-status', 'pyproject.toml');
      await workbench.shot('10-language-status');
      await workbench.press('Escape');
    },
  },
  {
    name: 'the checklist shows a requirement as violated, and as met once its finding is fixed',
    async play(workbench) {
      await workbench.open(service);
      await workbench.runCommand('View: Show Groundrules');
      await workbench.see(treeRow, 'violated');
      await workbench.shot('11-checklist');
      await workbench.click(treeRow, 'Production implementation');
      await workbench.click(treeRow, 'Explicit Errors');
      await workbench.see(`${treeRow}:has(.codicon-error)`, bareExcept);
      await workbench.shot('12-checklist-before');
      await workbench.goTo(service, 'except:\n');
      await workbench.quickFixMenu('Catch `Exception`');
      await workbench.choose('Catch `Exception`');
      await workbench.see(`${treeRow}:has(.codicon-pass)`, bareExcept);
      await workbench.shot('13-checklist-after');
      await workbench.save();
      await workbench.click(treeRow, 'Production implementation');
    },
  },
  {
    name: 'a tick survives a reload',
    async play(workbench) {
      await workbench.runCommand('View: Show Groundrules');
      await workbench.click(treeRow, 'Production flow');
      await workbench.click(treeRow, 'Code Style & Quality');
      await workbench.click(`${treeRow}:has-text("${judged}") ${checkbox}`);
      await workbench.see(`${treeRow}:has(${checkbox}.codicon-check)`, judged);
      await workbench.shot('14-ticked');
      await workbench.expectFile('.groundrules/ticks.json', /"002-001": \{ "at": "\d{4}-/);
      await workbench.reload();
      await workbench.click(treeRow, 'Production flow');
      await workbench.click(treeRow, 'Code Style & Quality');
      await workbench.see(`${treeRow}:has(${checkbox}.codicon-check)`, judged);
      await workbench.shot('15-ticked-after-reload');
    },
  },
  {
    name: 'a snippet',
    async play(workbench) {
      workbench.write('src/app/modules/tracking/moon_phase/module.py', '');
      await workbench.open('src/app/modules/tracking/moon_phase/module.py');
      await workbench.type('gr-module');
      await workbench.see('.suggest-widget .monaco-list-row.focused', 'gr-module');
      await workbench.shot('16-snippet-offered');
      await workbench.press('Enter');
      await workbench.see('.view-line', '(BaseModule)');
      await workbench.type('moon_phase');
      await workbench.press('Tab');
      await workbench.see('.view-line', 'class MoonPhaseModule(BaseModule)');
      await workbench.shot('17-snippet-inserted');
      await workbench.press('Escape');
      await workbench.save();
    },
  },
  {
    name: 'a hover over a suppressed code',
    async play(workbench) {
      workbench.write(
        'src/app/legacy.py',
        'try:\n    import uvloop\nexcept:  # noqa: E722, GR402\n    uvloop = None\n',
      );
      await workbench.open('src/app/legacy.py');
      await workbench.goTo('src/app/legacy.py', 'GR402');
      await workbench.hoverAtCursor();
      await workbench.see('.monaco-hover', 'bare-except');
      await workbench.shot('18-hover-over-a-suppression');
    },
  },
  {
    name: 'the page of a rule',
    async play(workbench) {
      await workbench.runCommand('Groundrules: Show Rule Documentation');
      await workbench.see('.quick-input-list .monaco-list-row', 'GR101');
      await workbench.shot('19-choose-a-rule');
      await workbench.type('GR402');
      await workbench.press('Enter');
      await workbench.see('.tab.active', 'GR402');
      await workbench.seeInWebview('bare-except');
      await workbench.shot('20-page-of-a-rule');
    },
  },
  {
    name: 'a broken pyproject.toml',
    async play(workbench) {
      await workbench.open('pyproject.toml');
      await workbench.goTo('pyproject.toml', 'exclude = ["alembic');
      await workbench.type('ignroe = ["GR402"]\n');
      await workbench.runCommand('Problems: Focus on Problems View');
      await workbench.see('.markers-panel .monaco-list-row', 'unknown option `ignroe`; did you mean `ignore`?');
      await workbench.see('.squiggly-error');
      await workbench.shot('21-broken-pyproject');
      await workbench.press('Control+J');
      await workbench.runCommand('File: Revert File');
      await workbench.seeGone('.squiggly-error');
    },
  },
  {
    name: 'a server that keeps ending is told of, and started again when a person asks for it',
    async play(workbench) {
      await workbench.open(service);
      for (let crash = 0; crash < 5; crash += 1) {
        await workbench.see('.squiggly-error');
        await workbench.killServer();
      }
      await workbench.seeGone('.squiggly-error');
      // Under the test driver VS Code keeps messages in its list, without popping them up.
      await workbench.runCommand('Notifications: Show Notifications');
      await workbench.see('.notifications-center .notification-list-item', 'ended unexpectedly 5 times');
      await workbench.shot('22-server-gone');
      await workbench.click('.notifications-center .monaco-button', 'Restart');
      await workbench.see('.squiggly-error');
      await workbench.shot('23-server-back');
    },
  },
];

/** Plays every scene, also after one failed; gives the exit code and prints the line that run.ts counts. */
export default async function play(workbench: Workbench): Promise<number> {
  await workbench.ready();
  const failures: string[] = [];
  const pattern = new RegExp(process.env.EDITOR_GREP ?? '');
  const chosen = scenes.filter((scene) => pattern.test(scene.name));
  for (const scene of chosen) {
    try {
      await scene.play(workbench);
      console.log(`  ✓ ${scene.name}`);
    } catch (error) {
      failures.push(scene.name);
      console.log(`  ✗ ${scene.name}: ${error instanceof Error ? error.message : String(error)}`);
      await workbench.shot(`failure-${scene.name.replaceAll(/\W+/g, '-').slice(0, 40)}`);
    }
    await workbench.press('Escape');
  }
  const failed = failures.length;
  console.log(JSON.stringify({ suite: 'editor', passed: chosen.length - failed, failed }));
  return failed === 0 && chosen.length > 0 ? 0 : 1;
}
