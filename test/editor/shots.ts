// Screenshots of the real workbench: `node --import tsx test/editor/run.ts --shots` writes them to test/editor/shots/.

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
  /** Puts the cursor at a place; both count from 1. */
  goTo(line: number, column?: number): Promise<void>;
  /** Waits until an element that a CSS selector names, and that holds the text, is on the screen. */
  see(selector: string, text?: string): Promise<void>;
  seeGone(selector: string, text?: string): Promise<void>;
  click(selector: string, text?: string): Promise<void>;
  /** Holds the mouse over an element until the hover opens. */
  hover(selector: string, text?: string): Promise<void>;
  /** Opens the quick fix menu at the cursor until it offers this title. */
  quickFixMenu(title: string): Promise<void>;
  countSquiggles(): Promise<number>;
  /** The text of a file of the folder as it is on the disk. */
  read(file: string): string;
  reload(): Promise<void>;
  shot(name: string): Promise<void>;
}

interface Scene {
  readonly name: string;
  play(workbench: Workbench): Promise<void>;
}

const scenes: readonly Scene[] = [
  {
    name: 'a Python file',
    async play(workbench) {
      await workbench.open('src/app/main.py');
      await workbench.shot('01-python-file');
    },
  },
];

/** Plays every scene, also after one failed; gives the exit code and prints the line that run.ts counts. */
export default async function play(workbench: Workbench): Promise<number> {
  await workbench.ready();
  const failures: string[] = [];
  for (const scene of scenes) {
    try {
      await scene.play(workbench);
      console.log(`  ✓ ${scene.name}`);
    } catch (error) {
      failures.push(scene.name);
      console.log(`  ✗ ${scene.name}: ${error instanceof Error ? error.message : String(error)}`);
      await workbench.shot(`failure-${scene.name.replaceAll(' ', '-')}`);
    }
    await workbench.press('Escape');
  }
  const failed = failures.length;
  console.log(JSON.stringify({ suite: 'shots', passed: scenes.length - failed, failed }));
  return failed === 0 ? 0 : 1;
}
