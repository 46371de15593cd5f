import { summary } from './text.ts';
import type { RuleTally, Tally } from './types.ts';

/** A line a rule, the most frequent first: count, code, `[*]` when every finding can be fixed (`[-]` some), name. */
export function statisticsText(tally: Tally): string {
  const lines = sorted(tally).map(([code, rule]) => {
    const { fixable } = rule;
    const mark = fixable === 0 ? '[ ]' : fixable === rule.count ? '[*]' : '[-]';
    return `${rule.count}\t${code}\t${mark} ${rule.name}\n`;
  });
  return lines.join('') + summary(tally);
}

/** The same as Ruff's `--statistics --output-format json` has it. */
export function statisticsJson(tally: Tally): string {
  const rows = sorted(tally).map(([code, rule]) => {
    const { fixable } = rule;
    return { code, name: rule.name, count: rule.count, fixable: fixable === rule.count, fixable_count: fixable };
  });
  return `${JSON.stringify(rows, null, 2)}\n`;
}

function sorted(tally: Tally): [string, RuleTally][] {
  return [...tally.rules].sort(([oneCode, one], [otherCode, other]) =>
    other.count === one.count ? (oneCode < otherCode ? -1 : 1) : other.count - one.count,
  );
}
