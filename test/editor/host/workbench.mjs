// What a drive script may do with VS Code's window, in the words of someone who sits before it. The scripts stay free
// of selectors that VS Code's next version renames. Its type stands in ../shots.ts.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const patience = 30_000;

/**
 * @param {any} page the playwright page that shows the workbench
 * @param {{ folder: string, out: string, log: (...args: unknown[]) => void }} place
 * @returns {import('../shots.ts').Workbench}
 */
export function workbenchOf(page, { folder, out, log }) {
  const squiggles = page.locator('.monaco-editor .squiggly-error, .squiggly-warning, .squiggly-info, .squiggly-hint');
  const quickInput = page.locator('.quick-input-widget:visible input');

  /** @param {string} keys */
  const press = (keys) => page.keyboard.press(keys);

  /** @param {string} selector @param {string} [text] */
  const find = (selector, text) => page.locator(selector, text === undefined ? {} : { hasText: text }).first();

  /** @param {string} prefix @param {string} text */
  async function pick(prefix, text) {
    await press(prefix === '>' ? 'F1' : 'Control+P');
    await quickInput.waitFor({ timeout: patience });
    await quickInput.fill(prefix + text);
    await find('.quick-input-list .monaco-list-row', path.posix.basename(text)).waitFor({ timeout: patience });
    await press('Enter');
    await quickInput.waitFor({ state: 'hidden', timeout: patience });
  }

  return {
    folder,
    ready: () => page.locator('.monaco-workbench').waitFor({ timeout: patience }),
    press,
    type: (text) => page.keyboard.type(text, { delay: 20 }),
    runCommand: (title) => pick('>', title),
    async open(file) {
      await pick('', file);
      await find('.tab.active', path.posix.basename(file)).waitFor({ timeout: patience });
      await find('.monaco-editor .view-line').waitFor({ timeout: patience });
    },
    async goTo(line, column = 1) {
      await press('Control+G');
      await quickInput.waitFor({ timeout: patience });
      await quickInput.fill(`:${line}:${column}`);
      await press('Enter');
      await quickInput.waitFor({ state: 'hidden', timeout: patience });
    },
    see: (selector, text) => find(selector, text).waitFor({ timeout: patience }),
    seeGone: (selector, text) => find(selector, text).waitFor({ state: 'hidden', timeout: patience }),
    click: (selector, text) => find(selector, text).click({ timeout: patience }),
    async hover(selector, text) {
      const box = await find(selector, text).boundingBox();
      if (box === null) throw new Error(`${selector} is not on the screen`);
      // A hover opens on movement, not on being there.
      await page.mouse.move(box.x + 3, box.y + box.height / 2);
      await page.waitForTimeout(200);
      await page.mouse.move(box.x + Math.min(12, box.width - 1), box.y + box.height / 2);
      await page.locator('.monaco-hover:visible').first().waitFor({ timeout: patience });
    },
    async quickFixMenu(title) {
      const entry = page.locator('.action-widget .monaco-list-row', { hasText: title }).first();
      const end = Date.now() + patience;
      // The request is cancelled when a provider registers meanwhile: ask again.
      while (!(await entry.isVisible())) {
        if (Date.now() > end) throw new Error(`no quick fix "${title}" in the menu`);
        await press('Escape');
        await press('Control+.');
        await entry.waitFor({ timeout: 2000 }).catch(() => {});
      }
    },
    countSquiggles: () => squiggles.count(),
    read: (file) => readFileSync(path.join(folder, file), 'utf8'),
    reload: async () => {
      await page.reload();
      await page.locator('.monaco-workbench').waitFor({ timeout: patience });
    },
    async shot(name) {
      const file = path.join(out, `${name}.png`);
      await page.screenshot({ path: file });
      log('screenshot %s', file);
    },
  };
}
