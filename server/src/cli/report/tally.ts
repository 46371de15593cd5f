import type { FileReport, Tally } from './types.ts';

export function emptyTally(): Tally {
  return { files: 0, filesWithFindings: 0, findings: 0, fixed: 0, rules: new Map() };
}

/** Counts the findings of one file. */
export function addReport(tally: Tally, report: FileReport): void {
  tally.files += 1;
  if (report.findings.length > 0) tally.filesWithFindings += 1;
  tally.findings += report.findings.length;
  for (const { code, name, fix, mayFix } of report.findings) {
    let rule = tally.rules.get(code);
    if (rule === undefined) {
      rule = { name, count: 0, fixable: 0, unsafe: 0 };
      tally.rules.set(code, rule);
    }
    rule.count += 1;
    if (fix?.applies) rule.fixable += 1;
    else if (fix ? fix.safety === 'unsafe' : mayFix) rule.unsafe += 1;
  }
}

/** Adds the numbers of one tally to another. */
export function addTally(tally: Tally, other: Tally): void {
  tally.files += other.files;
  tally.filesWithFindings += other.filesWithFindings;
  tally.findings += other.findings;
  tally.fixed += other.fixed;
  for (const [code, more] of other.rules) {
    const rule = tally.rules.get(code);
    if (rule === undefined) {
      tally.rules.set(code, { ...more });
      continue;
    }
    rule.count += more.count;
    rule.fixable += more.fixable;
    rule.unsafe += more.unsafe;
  }
}
