// What a drive script may do with VS Code's window, in the words of someone who sits before it. The scripts stay free
// of selectors that VS Code's next version renames. Its type stands in ../shots.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const patience = 30_000;

/**
 * @param {any} page the playwright page that shows the workbench
 * @param {{ folder: string, out: string, group: number, log: (...args: unknown[]) => void }} place `group` is the
 *   process group of VS Code's server
 * @returns {import('../shots.ts').Workbench}
 */
export function workbenchOf(page, { folder, out, group, log }) {
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
    // The list shows what was chosen lately until it is filtered: only the row that Enter takes counts.
    await find('.quick-input-list .monaco-list-row.focused', path.posix.basename(text)).waitFor({ timeout: patience });
    await press('Enter');
    await quickInput.waitFor({ state: 'hidden', timeout: patience });
  }

  /** Waits until nothing fades or slides any more; what turns for ever is let be. */
  async function settle() {
    await page.evaluate(async () => {
      const ending = document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
      await Promise.allSettled(ending.map((animation) => animation.finished));
    });
  }

  /**
   * Holds the mouse over a place until a hover opens. A hover opens on movement, and not while the editor is scrolling
   * or its first findings arrive, so the mouse leaves and comes again until one does.
   *
   * @param {() => Promise<{ x: number, y: number }>} aim
   */
  async function hoverUntilItOpens(aim) {
    const opened = page.locator('.monaco-hover:visible').first();
    const end = Date.now() + patience;
    while (!(await opened.isVisible())) {
      if (Date.now() > end) throw new Error('no hover opened');
      const place = await aim();
      await page.mouse.move(place.x - 9, place.y);
      await page.waitForTimeout(150);
      await page.mouse.move(place.x, place.y, { steps: 5 });
      await opened.waitFor({ timeout: 2500 }).catch(() => {});
    }
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
    async goTo(file, text) {
      const content = readFileSync(path.join(folder, file), 'utf8');
      const before = content.slice(0, content.indexOf(text)).split('\n');
      if (!content.includes(text)) throw new Error(`${file} does not hold ${JSON.stringify(text)}`);
      await press('Control+G');
      await quickInput.waitFor({ timeout: patience });
      await quickInput.fill(`:${before.length}:${(before.at(-1) ?? '').length + 1}`);
      await press('Enter');
      await quickInput.waitFor({ state: 'hidden', timeout: patience });
    },
    see: (selector, text) => find(selector, text).waitFor({ timeout: patience }),
    seeGone: (selector, text) => find(selector, text).waitFor({ state: 'hidden', timeout: patience }),
    seeInWebview: (text) =>
      page
        .frameLocator('iframe.webview.ready')
        .frameLocator('iframe#active-frame')
        .getByText(text)
        .first()
        .waitFor({ timeout: patience }),
    click: (selector, text) => find(selector, text).click({ timeout: patience }),
    hover: (selector, text) =>
      hoverUntilItOpens(async () => {
        const box = await find(selector, text).boundingBox();
        if (box === null) throw new Error(`${selector} is not on the screen`);
        return { x: box.x + Math.min(12, box.width - 1), y: box.y + box.height / 2 };
      }),
    hoverText: (word) =>
      hoverUntilItOpens(async () => {
        const place = await page.evaluate((/** @type {string} */ wanted) => {
          for (const line of document.querySelectorAll('.editor-instance .view-line')) {
            const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
              const at = node.textContent?.indexOf(wanted) ?? -1;
              if (at < 0) continue;
              const range = document.createRange();
              range.setStart(node, at);
              range.setEnd(node, at + wanted.length);
              const { x, y, width, height } = range.getBoundingClientRect();
              return { x: x + width / 2, y: y + height / 2 };
            }
          }
          return undefined;
        }, word);
        if (place === undefined) throw new Error(`"${word}" is not on the screen`);
        return place;
      }),
    async hoverAtCursor() {
      const opened = page.locator('.monaco-hover:visible').first();
      const end = Date.now() + patience;
      // The keys do nothing while the server does not know the file yet.
      while (!(await opened.isVisible())) {
        if (Date.now() > end) throw new Error('no hover opened at the cursor');
        await press('Control+K');
        await press('Control+I');
        await opened.waitFor({ timeout: 2000 }).catch(() => {});
      }
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
    choose: (title) => find('.action-widget .monaco-list-row', title).click({ timeout: patience }),
    async save() {
      await press('Control+S');
      await page.locator('.tab.active.dirty').waitFor({ state: 'detached', timeout: patience });
    },
    async expectFile(file, pattern) {
      const end = Date.now() + patience;
      for (;;) {
        const place = path.join(folder, file);
        const text = existsSync(place) ? readFileSync(place, 'utf8') : '';
        if (pattern.test(text)) return;
        if (Date.now() > end) throw new Error(`${file} does not match ${pattern}:\n${text}`);
        await page.waitForTimeout(50);
      }
    },
    write(file, text) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    },
    async killServer() {
      const end = Date.now() + patience;
      let pid = languageServer(group);
      while (pid === undefined) {
        if (Date.now() > end) throw new Error('no language server runs');
        await page.waitForTimeout(100);
        pid = languageServer(group);
      }
      process.kill(pid, 'SIGKILL');
      while (languageServer(group) === pid) await page.waitForTimeout(50);
    },
    reload: async () => {
      await page.reload();
      await page.locator('.monaco-workbench').waitFor({ timeout: patience });
    },
    async shot(name) {
      const file = path.join(out, `${name}.png`);
      await settle();
      await page.screenshot({ path: file });
      log('screenshot %s', file);
    },
  };
}

/**
 * The language server among VS Code's processes.
 * @param {number} group
 */
function languageServer(group) {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,pgid=,stat=,args='], { encoding: 'utf8' });
  for (const line of stdout.split('\n')) {
    const [, pid, pgid, state, args] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (Number(pgid) === group && !state?.startsWith('Z') && args?.includes('dist/server.mjs')) return Number(pid);
  }
  return undefined;
}
