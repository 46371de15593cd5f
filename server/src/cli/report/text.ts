import { createPlaces } from './places.ts';
import type { ReportFormat, Tally } from './types.ts';

/**
 * `path:line:column: CODE [*] message`, a line a finding; `[*]` marks what `--fix` would put right. `unsafeFixes` tells
 * that unsafe fixes are wanted too.
 */
export function textFormat({ unsafeFixes }: { unsafeFixes: boolean }): ReportFormat {
  return {
    begin: '',
    between: '',
    file(report) {
      if (report.findings.length === 0) return '';
      const place = createPlaces(report.text);
      let lines = '';
      for (const { code, message, start, fix } of report.findings) {
        const { row, column } = place(start);
        const mark = fix !== undefined && (unsafeFixes || fix.safety === 'safe') ? ' [*]' : '';
        lines += `${report.shownPath}:${row}:${column}: ${code}${mark} ${oneLine(message)}\n`;
      }
      return lines;
    },
    end: (tally) => summary(tally, unsafeFixes),
  };
}

/** What a run found, in one or two sentences, a line each. */
export function summary(tally: Tally, unsafeFixes: boolean): string {
  const { findings, fixed } = tally;
  if (findings === 0 && fixed === 0) return `No findings in ${count(tally.files, 'file')}.\n`;
  if (fixed > 0) return `Found ${count(findings + fixed, 'finding')} (${fixed} fixed, ${findings} remaining).\n`;
  const found = `Found ${count(findings, 'finding')} in ${count(tally.filesWithFindings, 'file')}.\n`;
  let safe = 0;
  let unsafe = 0;
  for (const rule of tally.rules.values()) {
    safe += rule.safe;
    unsafe += rule.unsafe;
  }
  if (safe + unsafe === 0) return found;
  if (unsafeFixes) return `${found}[*] ${safe + unsafe} fixable with \`--fix --unsafe-fixes\`.\n`;
  if (unsafe === 0) return `${found}[*] ${safe} fixable with \`--fix\`.\n`;
  if (safe === 0) return `${found}${unsafe} fixable with \`--fix --unsafe-fixes\`.\n`;
  return `${found}[*] ${safe} fixable with \`--fix\`, ${unsafe} more with \`--fix --unsafe-fixes\`.\n`;
}

/** `1 file`, `2 files`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function oneLine(message: string): string {
  return message.includes('\n') ? message.replace(/\s*\n\s*/g, ' ') : message;
}
