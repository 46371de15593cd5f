import { Document, type FixOutcome, fixAll, type ParserPort, type Reported, type Rule } from '../engine/index.ts';
import { baseName, relativePath } from '../settings/paths.ts';
import { type ResolvedSettings, resolveSettings, type SettingsSources } from '../settings/resolve.ts';
import { createRuleSets } from '../settings/rule-sets.ts';
import type { CheckArguments } from './arguments.ts';
import { readSource, reasonOf, replaceFile } from './files.ts';
import { unifiedDiff } from './report/diff.ts';
import { formatOf } from './report/formats.ts';
import { addReport } from './report/tally.ts';
import type { FileReport, ReportedFinding, Tally } from './report/types.ts';

/** What to look at and how: plain data, so that it can be sent to a worker thread. */
export interface CheckPlan {
  files: readonly PlannedFile[];
  /** The settings in use; files name theirs by index. */
  settings: readonly Omit<SettingsSources, 'cards'>[];
  action: 'report' | 'fix' | 'diff';
  format: CheckArguments['format'];
  /** Findings are counted only. */
  statistics: boolean;
  version: string;
  /** The folder of the rules' pages, when they are published: a page is `GR101.md` in it. */
  documentation: string | undefined;
}

export interface PlannedFile {
  path: string;
  shownPath: string;
  size: number;
  settings: number;
}

/** What came of one file. */
export interface FileOutcome {
  /** Its part of the report, or its diff. */
  output: string;
  /** Why it was left alone, or could not be written. */
  problem?: string;
}

/** What came of a text: its part of the report or its diff, and the text as fixed. */
export interface CheckedText extends FileOutcome {
  text: string;
}

/** The engine's parts that a thread of its own needs. */
export interface EngineParts {
  rules: readonly Rule[];
  parser: ParserPort;
}

export interface Checker {
  /** Looks at the file with this index, writes it when the plan says so, and counts it. Never throws. */
  checkFile(index: number, tally: Tally): FileOutcome;
  /** The same for a text that is at hand; the fixed text is given back, not written. May throw when a fix is at fault. */
  checkText(file: PlannedFile, text: string, tally: Tally): CheckedText;
}

/** Makes the function that looks at the files of a plan, in whatever thread. */
export function createChecker(plan: CheckPlan, { rules, parser }: EngineParts): Checker {
  const cards = rules.map((rule) => rule.card);
  const groups = plan.settings.map((sources) => {
    const settings = resolveSettings({ ...sources, cards });
    return { root: sources.root, settings, ruleSetOf: createRuleSets(rules, settings) };
  });
  const format = formatOf(plan, cards);
  const fixOf = new Map(cards.map((card) => [card.code, card.fix]));
  // Only these show the edits; elsewhere a fix that `--fix` would not take need not be worked out.
  const showsEdits = plan.format === 'json' || plan.format === 'sarif';

  function groupOf(file: PlannedFile) {
    const group = groups[file.settings];
    if (group === undefined) throw new RangeError(`the plan has no settings ${file.settings}`);
    return group;
  }

  function open(file: PlannedFile, text: string): Document {
    const { root, settings, ruleSetOf } = groupOf(file);
    const path = relativePath(root, file.path) ?? baseName(file.path);
    const { targetVersion: target, targetKnown } = settings;
    return new Document(parser, text, { path, target, targetKnown }, ruleSetOf(file.path), false);
  }

  function report(file: PlannedFile, text: string, document: Document, tally: Tally): string {
    const { settings } = groupOf(file);
    const findings = document.findings().map((finding) => {
      const wanted =
        showsEdits || fixOf.get(finding.code) !== 'unsafe' || settings.fixAllAllows(finding.code, 'unsafe');
      const noqaLine = plan.format === 'json' ? document.suppressionLine(finding.from.line) : finding.from.line;
      return reportedFinding(finding, settings, plan.documentation, wanted, noqaLine + 1);
    });
    // What comes from standard input without a name has a path only for its settings.
    const path = file.shownPath === '-' ? '-' : file.path;
    const fileReport: FileReport = { path, shownPath: file.shownPath, text, findings };
    addReport(tally, fileReport);
    return plan.statistics || plan.action === 'diff' ? '' : format.file(fileReport);
  }

  function fix(file: PlannedFile, text: string): FixOutcome {
    const { settings } = groupOf(file);
    return fixAll(
      text,
      (current) => open(file, current),
      ({ code }, { safety }) => settings.fixAllAllows(code, safety),
    );
  }

  function checkText(
    file: PlannedFile,
    text: string,
    tally: Tally,
    save: (fixed: string) => string | undefined = () => undefined,
  ): CheckedText {
    const before = open(file, text);
    if (plan.action === 'report') return { output: report(file, text, before, tally), text };
    const outcome = fix(file, text);
    if (outcome.text === text) {
      const output = report(file, text, before, tally);
      return { output: plan.action === 'diff' ? '' : output, text };
    }
    const after = open(file, outcome.text);
    const problem =
      after.isBroken && !before.isBroken
        ? 'was not fixed: the fixes would leave it with a syntax error'
        : save(outcome.text);
    if (problem !== undefined) return { output: report(file, text, before, tally), text, problem };
    tally.fixed += outcome.applied;
    const remaining = report(file, outcome.text, after, tally);
    const output = plan.action === 'diff' ? unifiedDiff(file.shownPath, text, outcome.text) : remaining;
    return { output, text: outcome.text };
  }

  function checkFile(index: number, tally: Tally): FileOutcome {
    const file = plan.files[index];
    if (file === undefined) throw new RangeError(`the plan has no file ${index}`);
    const source = readSource(file.path, groupOf(file).settings.maxFileSize);
    if ('skipped' in source) return { output: '', problem: source.skipped };
    try {
      const save = (fixed: string) => (plan.action === 'fix' ? writeProblem(file.path, source.text, fixed) : undefined);
      const { output, problem } = checkText(file, source.text, tally, save);
      return problem === undefined ? { output } : { output, problem };
    } catch (error) {
      return { output: '', problem: `could not be analysed: ${reasonOf(error)}` };
    }
  }

  return { checkFile, checkText };
}

function writeProblem(path: string, before: string, after: string): string | undefined {
  try {
    replaceFile(path, before, after);
    return undefined;
  } catch (error) {
    return `could not be written: ${reasonOf(error)}`;
  }
}

function reportedFinding(
  finding: Reported,
  settings: ResolvedSettings,
  documentation: string | undefined,
  wantsFix: boolean,
  noqaRow: number,
): ReportedFinding {
  const { code, name, message, severity, start, end } = finding;
  const fixes = wantsFix ? finding.fixes().filter((fix) => fix.edits.length > 0) : [];
  // What `--fix` would take, else the best there is.
  const fix = fixes.find(({ safety }) => settings.fixAllAllows(code, safety)) ?? fixes[0];
  return {
    code,
    name,
    message,
    severity,
    start,
    end,
    noqaRow,
    url: documentation === undefined ? undefined : `${documentation}/${code}.md`,
    mayFix: wantsFix ? fix !== undefined : finding.mayFix,
    fix: fix && {
      title: fix.title,
      safety: fix.safety,
      applies: settings.fixAllAllows(code, fix.safety),
      edits: fix.edits,
    },
  };
}
