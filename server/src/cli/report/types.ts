import type { Severity } from '../../../../shared-rules/src/index.ts';

/** What was found in one file; offsets in UTF-16 code units of `text`. */
export interface FileReport {
  /** Absolute path; `-` for standard input without a name. */
  path: string;
  /** The path as people read it: relative to the working folder when it is inside. */
  shownPath: string;
  text: string;
  /** In the order of their places. */
  findings: readonly ReportedFinding[];
}

export interface ReportedFinding {
  code: string;
  name: string;
  message: string;
  severity: Severity;
  start: number;
  end: number;
  /** The line, from 1, at whose end a `# noqa` silences the finding. */
  noqaRow: number;
  /** The rule's page. */
  url?: string | undefined;
  /** `--unsafe-fixes` may put it right; known for sure only where `fix` is given. */
  mayFix: boolean;
  fix?: ReportedFix | undefined;
}

export interface ReportedFix {
  title: string;
  safety: 'safe' | 'unsafe';
  /** Whether `--fix` would apply it, with the settings and options of this run. */
  applies: boolean;
  edits: readonly { start: number; end: number; text: string }[];
}

/**
 * How findings are written. Files are written one by one, by whichever thread looked at them, and put together in order:
 * `begin`, what `file` gave for each file with findings with `between` between two, `end`.
 */
export interface ReportFormat {
  begin: string;
  between: string;
  /** The findings of one file; the empty string when there are none. */
  file(report: FileReport): string;
  end(tally: Tally): string;
}

/** How often each rule reported, and how much of that can be fixed. */
export interface RuleTally {
  name: string;
  count: number;
  /** Findings that `--fix` would put right, with the settings and options of this run. */
  fixable: number;
  /** Findings with a fix that only `--unsafe-fixes` would apply. */
  unsafe: number;
}

/** The numbers of a run, or of one file. */
export interface Tally {
  files: number;
  filesWithFindings: number;
  findings: number;
  /** Findings that `--fix` put right. */
  fixed: number;
  rules: Map<string, RuleTally>;
}
