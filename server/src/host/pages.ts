import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rulePage } from '../docs/rule-page.ts';
import type { Rule } from '../engine/index.ts';

/** The folder of the generated pages, beside the bundle's folder or in the source tree; undefined where neither is. */
export function pagesFolder(): string | undefined {
  const candidates = [
    path.join(import.meta.dirname, '..', 'docs', 'rules'),
    path.join(import.meta.dirname, '..', '..', '..', 'docs', 'rules'),
  ];
  return candidates.find((folder) => existsSync(path.join(folder, 'README.md')));
}

/** A rule's page: the generated one, which words its requirements, or one made on the spot. */
export function pageOf(rule: Rule): string {
  const folder = pagesFolder();
  const file = folder === undefined ? undefined : path.join(folder, `${rule.card.code}.md`);
  return file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : rulePage(rule);
}
