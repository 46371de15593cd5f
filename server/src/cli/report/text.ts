import { createPlaces } from './places.ts';
import type { ReportFormat, Tally } from './types.ts';

/** `path:line:column: CODE [*] message`, a line a finding; `[*]` marks what `--fix` would put right. */
export const textFormat: ReportFormat = {
  begin: '',
  between: '',
  file(report) {
    if (report.findings.length === 0) return '';
    const place = createPlaces(report.text);
    let lines = '';
    for (const { code, message, start, fix } of report.findings) {
      const { row, column } = place(start);
      lines += `${report.shownPath}:${row}:${column}: ${code}${fix?.applies ? ' [*]' : ''} ${oneLine(message)}\n`;
    }
    return lines;
  },
  end: summary,
};

/** What a run found, in one or two sentences, a line each. */
export function summary(tally: Tally): string {
  const { findings, fixed } = tally;
  if (findings === 0 && fixed === 0) return `No findings in ${count(tally.files, 'file')}.\n`;
  if (fixed > 0) return `Found ${count(findings + fixed, 'finding')} (${fixed} fixed, ${findings} remaining).\n`;
  const found = `Found ${count(findings, 'finding')} in ${count(tally.filesWithFindings, 'file')}.\n`;
  let fixable = 0;
  let unsafe = 0;
  for (const rule of tally.rules.values()) {
    fixable += rule.fixable;
    unsafe += rule.unsafe;
  }
  if (fixable === 0 && unsafe === 0) return found;
  if (unsafe === 0) return `${found}[*] ${fixable} fixable with \`--fix\`.\n`;
  if (fixable === 0) return `${found}Up to ${unsafe} fixable with \`--fix --unsafe-fixes\`.\n`;
  return `${found}[*] ${fixable} fixable with \`--fix\`, up to ${unsafe} more with \`--unsafe-fixes\`.\n`;
}

/** `1 file`, `2 files`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function oneLine(message: string): string {
  return message.includes('\n') ? message.replace(/\s*\n\s*/g, ' ') : message;
}
