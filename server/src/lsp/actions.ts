import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Diagnostic,
  LSPErrorCodes,
  ResponseError,
  type TextEdit,
} from 'vscode-languageserver';
import { serverCommands, showRuleDocumentationCommand } from '../../../shared-rules/src/index.ts';
import type { Document, Fix, FixChoice, Reported } from '../engine/index.ts';
import { choosePass, readSuppression, unknownSuppression, unusedSuppression } from '../engine/index.ts';
import { overlaps, renamedUri, toDiagnostic, toRange, toTextEdits, toWorkspaceEdit } from './convert.ts';
import { lineEdits } from './edits.ts';
import type { ActionData } from './notifications.ts';
import type { OpenFile } from './open-file.ts';

/** What the client can take, as far as code actions care. */
export interface ActionClient {
  readonly versionedEdits: boolean;
  /** An edit may rename files. */
  readonly renames: boolean;
  readonly preferred: boolean;
  /** `edit` may be left to `codeAction/resolve`. */
  readonly resolvesEdits: boolean;
  readonly commands: boolean;
  readonly relatedInformation: boolean;
  readonly documentation: (code: string) => string | undefined;
}

/** What is said of a suppression comment cannot itself be suppressed by one. */
const unsuppressible = new Set([unusedSuppression.card.code, unknownSuppression.card.code]);

export const fixAllKind = `${CodeActionKind.SourceFixAll}.groundrules`;

/** The actions for a range: fixes, fix all of the rule, suppressions, documentation; or fix-all when that is asked for. */
export function codeActions(file: OpenFile, params: CodeActionParams, client: ActionClient): CodeAction[] {
  const { document } = file;
  if (!document) return [];
  const { only } = params.context;
  const wants = (kind: string): boolean =>
    only === undefined || only.some((asked) => asked === '' || kind === asked || kind.startsWith(`${asked}.`));
  const actions: CodeAction[] = [];
  if (wants(CodeActionKind.QuickFix)) actions.push(...quickFixes(file, document, params, client));
  // Without being asked for, a source action would stand in every lightbulb.
  if (only !== undefined && wants(fixAllKind)) actions.push(...sourceFixAll(file, document, client));
  return actions;
}

/**
 * The edit of an action that was sent without one.
 * @throws ResponseError `ContentModified` when the text is no longer the one that the action was offered for.
 */
export function resolveAction(
  file: OpenFile | undefined,
  action: CodeAction,
  data: ActionData,
  client: ActionClient,
): CodeAction {
  if (!file || file.version !== data.version)
    throw new ResponseError(LSPErrorCodes.ContentModified, 'the text has changed since this action was offered');
  const edits = data.rule === undefined ? fixAllEdits(file) : ruleEdits(file, data.rule);
  return { ...action, edit: toWorkspaceEdit(file.uri, file.version, edits, client.versionedEdits) };
}

/** Everything that fix-all may do in a file, as edits of its current text. */
export function fixAllEdits(file: OpenFile): TextEdit[] {
  return editsOf(file, fixAllChoice(file));
}

function fixAllChoice(file: OpenFile): FixChoice {
  return (finding, fix) => file.settings?.resolved.fixAllAllows(finding.code, fix.safety) ?? false;
}

function ruleEdits(file: OpenFile, rule: NonNullable<ActionData['rule']>): TextEdit[] {
  return editsOf(file, ruleChoice(rule));
}

function ruleChoice({ code, unsafe }: NonNullable<ActionData['rule']>): FixChoice {
  return (finding, fix) => finding.code === code && (unsafe || fix.safety === 'safe');
}

function editsOf(file: OpenFile, choose: FixChoice): TextEdit[] {
  const outcome = file.fixAll(choose);
  return outcome && file.document ? toTextEdits(file.document, lineEdits(file.text, outcome.text)) : [];
}

function sourceFixAll(file: OpenFile, document: Document, client: ActionClient): CodeAction[] {
  if (choosePass(document, fixAllChoice(file)).length === 0) return [];
  const action: CodeAction = { title: 'Groundrules: fix all', kind: fixAllKind };
  if (client.resolvesEdits) return [{ ...action, data: { uri: file.uri, version: file.version } satisfies ActionData }];
  return [{ ...action, edit: toWorkspaceEdit(file.uri, file.version, fixAllEdits(file), client.versionedEdits) }];
}

function quickFixes(file: OpenFile, document: Document, params: CodeActionParams, client: ActionClient): CodeAction[] {
  const here = document.findings().filter((finding) => overlaps(params.range, finding));
  const fixes: CodeAction[] = [];
  const perRule: CodeAction[] = [];
  const suppressions: CodeAction[] = [];
  const documentation: CodeAction[] = [];
  const rules = new Set<string>();
  for (const finding of here) {
    const diagnostic = toDiagnostic(finding, file.uri, client.documentation, client.relatedInformation);
    const all = finding.fixes();
    const offered = all.filter((fix) => fix.edits.length > 0);
    offered.forEach((fix, index) => {
      fixes.push(
        fixAction(file, document, fix, diagnostic, index === 0 && fix.safety === 'safe' && client.preferred, client),
      );
    });
    if (client.renames)
      for (const fix of all) {
        const newUri = fix.rename === undefined ? undefined : renamedUri(file.uri, document.file.path, fix.rename);
        if (newUri !== undefined) fixes.push(renameAction(file, fix, newUri, diagnostic));
      }
    const suppressible = !unsuppressible.has(finding.code);
    if (suppressible) suppressions.push(lineSuppression(file, document, finding, diagnostic, client));
    if (rules.has(finding.code)) continue;
    rules.add(finding.code);
    const [first] = offered;
    const rule = { code: finding.code, unsafe: first?.safety === 'unsafe' };
    if (first && choosePass(document, ruleChoice(rule)).length > 1)
      perRule.push(fixAllOfRule(file, finding, rule, diagnostic, client));
    if (suppressible) suppressions.push(fileSuppression(file, document, finding, diagnostic, client));
    if (client.commands) {
      const title = `Show documentation for ${finding.code}`;
      documentation.push({
        title,
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnostic],
        command: { title, command: showRuleDocumentationCommand, arguments: [finding.code] },
      });
    }
  }
  return [...fixes, ...perRule, ...suppressions, ...documentation];
}

function fixAction(
  file: OpenFile,
  document: Document,
  fix: Fix,
  diagnostic: Diagnostic,
  preferred: boolean,
  client: ActionClient,
): CodeAction {
  return {
    title: titleOf(fix),
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    ...(preferred ? { isPreferred: true } : {}),
    edit: toWorkspaceEdit(file.uri, file.version, toTextEdits(document, fix.edits), client.versionedEdits),
  };
}

/** Moves the file, and never over another one. */
function renameAction(file: OpenFile, fix: Fix, newUri: string, diagnostic: Diagnostic): CodeAction {
  return {
    title: titleOf(fix),
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    edit: { documentChanges: [{ kind: 'rename', oldUri: file.uri, newUri, options: { overwrite: false } }] },
  };
}

/** A person who picks an unsafe fix has read why it is one; menus cut long titles, so the reason ends with its first clause. */
function titleOf(fix: Fix): string {
  if (fix.safety === 'safe' || fix.reason === undefined) return fix.title;
  const [clause = fix.reason] = fix.reason.split(/: |; |\. /, 1);
  return `${fix.title} (unsafe: ${clause.replace(/\.$/, '')})`;
}

function fixAllOfRule(
  file: OpenFile,
  finding: Reported,
  rule: NonNullable<ActionData['rule']>,
  diagnostic: Diagnostic,
  client: ActionClient,
): CodeAction {
  const title = `Fix all ${finding.code} (${finding.name}) in this file${rule.unsafe ? ' (unsafe)' : ''}`;
  const action: CodeAction = { title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic] };
  if (client.resolvesEdits)
    return { ...action, data: { uri: file.uri, version: file.version, rule } satisfies ActionData };
  return { ...action, edit: toWorkspaceEdit(file.uri, file.version, ruleEdits(file, rule), client.versionedEdits) };
}

function lineSuppression(
  file: OpenFile,
  document: Document,
  finding: Reported,
  diagnostic: Diagnostic,
  client: ActionClient,
): CodeAction {
  const line = document.suppressionLine(finding.from.line);
  const start = document.offset({ line, character: 0 });
  const end = document.offset({ line, character: Number.MAX_SAFE_INTEGER });
  const text = document.file.slice(start, end).replace(/\r$/, '');
  const known = document.file
    .commentsIn({ start, end })
    .map(readSuppression)
    .find((suppression) => suppression?.scope === 'line' && suppression.codes !== undefined);
  const edit = known
    ? { start: known.comment.start + known.end, end: known.comment.start + known.end, text: `, ${finding.code}` }
    : { start: start + text.trimEnd().length, end: start + text.length, text: `  # noqa: ${finding.code}` };
  return suppression(file, document, `Disable ${finding.code} for this line`, edit, diagnostic, client);
}

function fileSuppression(
  file: OpenFile,
  document: Document,
  finding: Reported,
  diagnostic: Diagnostic,
  client: ActionClient,
): CodeAction {
  const known = document.file
    .commentsIn({ start: 0, end: document.length })
    .map(readSuppression)
    .find((candidate) => candidate?.scope === 'file' && candidate.codes !== undefined);
  const { eol } = document.file;
  const head = headOf(document.file.slice(0, Math.min(document.length, 4000)));
  const edit = known
    ? { start: known.comment.start + known.end, end: known.comment.start + known.end, text: `, ${finding.code}` }
    : { start: head, end: head, text: `# groundrules: noqa: ${finding.code}${eol}` };
  return suppression(file, document, `Disable ${finding.code} for this file`, edit, diagnostic, client);
}

function suppression(
  file: OpenFile,
  document: Document,
  title: string,
  edit: { start: number; end: number; text: string },
  diagnostic: Diagnostic,
  client: ActionClient,
): CodeAction {
  const edits = [{ range: toRange(document, edit.start, edit.end), newText: edit.text }];
  return {
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    edit: toWorkspaceEdit(file.uri, file.version, edits, client.versionedEdits),
  };
}

/**
 * Where a comment of the whole file goes: behind a shebang, and behind an encoding declaration, which counts in the first
 * two lines only (PEP 263).
 */
function headOf(text: string): number {
  const [first = '', second = ''] = text.match(/[^\n]*(?:\n|$)/g) ?? [];
  const coding = /^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+/;
  if (/^\s*(?:#|$)/.test(first) && coding.test(second)) return first.length + second.length;
  if (first.startsWith('#!') || coding.test(first)) return first.length;
  return first.startsWith('\ufeff') ? 1 : 0;
}

export const executeCommands: string[] = [serverCommands.fixAll];
