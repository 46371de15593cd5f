import { type Dispatch, type InPlay, tablesOf, type Work } from './dispatch.ts';
import type { SourceFile } from './file.ts';
import { commentsBeside, type Heir, spans } from './heir.ts';
import { UnitReads, Visits, visiting } from './reads.ts';
import { asList, type ConfiguredRule, type EnabledRule, type Finding, type StoredFinding } from './rule.ts';
import { type ChangedPart, isAbove } from './syntax/changed-part.ts';
import { Node } from './syntax/node.ts';
import { brokenFlag, kindColumn, kindMask, rowSize } from './syntax/rows.ts';
import type { Position, Span } from './text.ts';
import { type Examination, type Outcome, PlacedFact, positionIn, type ToldFact, type Unit } from './unit.ts';

/** What an examination needs beside the segment. */
export interface Examiner {
  readonly file: SourceFile;
  readonly dispatch: Dispatch;
}

/** Asks every check about a segment. What they read is kept where `isEdited` and the segment is long. */
export function examine(examiner: Examiner, unit: Unit, isEdited: boolean): void {
  unit.consulted = undefined;
  unit.membersRead = undefined;
  unit.qualified = undefined;
  unit.findings = [];
  unit.facts = undefined;
  unit.examination = undefined;
  const parts = isEdited ? unit.parts : undefined;
  if (parts) unit.examination = { reads: UnitReads.of(parts), outcomes: new Map() };
  unit.visits = isEdited ? new Visits() : undefined;
  visit(examiner.file, unit, () => walk(examiner, unit, unit.examination));
}

function visit(file: SourceFile, unit: Unit, ask: () => void): void {
  const examineIt = (): void => file.examine(unit, ask);
  if (unit.visits) visiting(unit, unit.visits, examineIt);
  else examineIt();
}

/** Asks about what an edit changed in a segment, and about what read that; the rest is taken from before the edit. */
export function examineHeir(examiner: Examiner, { unit, before, change, changed, examination }: Heir): void {
  const { first, oldEnd, newEnd } = change;
  const kept: Examination = {
    reads: examination.reads.replaced(unit.rows, first, oldEnd, newEnd),
    outcomes: new Map(),
  };
  unit.consulted = before.consulted;
  unit.membersRead = before.membersRead;
  unit.visits = before.visits;
  unit.examination = kept;
  const { table } = examiner.dispatch;
  const { rows } = unit;
  const count = rows.length / rowSize;
  const comments = commentsBeside(rows, change);
  visit(examiner.file, unit, () => {
    for (let row = 0; row < count; row++) {
      if (table[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] === undefined) continue;
      const oldRow = row < first ? row : row - newEnd + oldEnd;
      const holds =
        (row < comments.from ? !isAbove(rows, row, change) : row >= comments.to) &&
        !examination.reads.touches(oldRow, changed);
      const outcome = holds ? examination.outcomes.get(oldRow) : undefined;
      if (!holds || (outcome && spans(outcome, before, change))) {
        kept.reads.forget(row);
        askAbout(examiner, unit, row, kept);
      } else if (outcome) kept.outcomes.set(row, takeOver(outcome, unit, row, change));
    }
  });
}

/** Asks rules that have just come into play about every segment that was not examined anyway, and adds those with findings. */
export function examineFor(
  { file, dispatch }: Examiner,
  woken: readonly InPlay[],
  units: readonly Unit[],
  examined: Set<Unit>,
): void {
  const { table, calls } = tablesOf(woken, []);
  const examiner = { file, dispatch: { ...dispatch, table, calls } };
  for (const unit of units) {
    if (examined.has(unit)) continue;
    const before = unit.findings.length;
    visit(file, unit, () => walk(examiner, unit, unit.examination));
    if (unit.findings.length > before) examined.add(unit);
  }
}

/** What a rule says of a row now. */
export function askAgain(file: SourceFile, enabled: EnabledRule, unit: Unit, row: number): StoredFinding[] {
  const now: StoredFinding[] = [];
  const node = Node.at(unit, row);
  for (const [kind, handle] of enabled.rule.on) {
    if (!node.is(kind)) continue;
    for (const finding of asList(file.examine(unit, () => handle(node, file))))
      store(file, unit, enabled, finding, now, { unit, row });
  }
  return now;
}

/** Keeps a finding with the segment it starts in; `unit` is the one that was looked at, usually the same. */
export function store(
  file: SourceFile,
  unit: Unit,
  enabled: EnabledRule,
  source: Finding,
  into: StoredFinding[],
  asked: StoredFinding['asked'],
): void {
  const isHere = source.at.start >= unit.start && source.at.start <= unit.end;
  const home = isHere ? unit : file.units[file.unitIndexAt(source.at.start)];
  if (!home) return;
  const start = source.at.start - home.start;
  const end = source.at.end - home.start;
  into.push({
    rule: enabled.rule,
    unit: home,
    start,
    end,
    from: home.lines.position(start),
    to: end <= home.text.length ? home.lines.position(end) : relativeTo(positionIn(file.units, source.at.end), home),
    message: source.message,
    severity: enabled.severity ?? source.severity ?? enabled.rule.card.severity,
    source,
    asked,
    revision: file.revision,
  });
}

/** What is said of a rule that threw: one mistake of ours costs one rule in one place. */
export function crash(rule: ConfiguredRule, error: unknown, at: Span): Finding {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    at: { start: at.start, end: Math.min(at.end, at.start + 1) },
    message: `The rule ${rule.card.code} failed here (${reason}).`,
  };
}

function walk(examiner: Examiner, unit: Unit, examination: Examination | undefined): void {
  const { table } = examiner.dispatch;
  const { rows } = unit;
  const count = rows.length / rowSize;
  for (let row = 0; row < count; row++)
    if (table[(rows[row * rowSize + kindColumn] ?? 0) & kindMask] !== undefined)
      askAbout(examiner, unit, row, examination);
}

/** Asks the checks about a row, watching what they read where that is kept. */
function askAbout(examiner: Examiner, unit: Unit, row: number, examination: Examination | undefined): void {
  if (!examination) {
    askRow(examiner, unit, row, undefined);
    return;
  }
  const { reads, outcomes } = examination;
  const found = unit.findings.length;
  const facts: ToldFact[] = [];
  reads.watch(unit, row, () => askRow(examiner, unit, row, facts));
  if (unit.findings.length === found && facts.length === 0) return;
  const findings = unit.findings.slice(found);
  // Other rules may have said something of this row before these came into play.
  const known = outcomes.get(row);
  outcomes.set(
    row,
    known ? { findings: [...known.findings, ...findings], facts: [...known.facts, ...facts] } : { findings, facts },
  );
  // Related places are looked at without being asked for, and other segments move by themselves.
  if (findings.some((finding) => finding.unit !== unit || finding.source.related)) reads.always(row);
}

function askRow(examiner: Examiner, unit: Unit, row: number, told: ToldFact[] | undefined): void {
  const { table, calls } = examiner.dispatch;
  const cell = unit.rows[row * rowSize + kindColumn] ?? 0;
  const node = Node.at(unit, row);
  if ((cell & brokenFlag) !== 0 && !isWholeEnough(node)) return;
  // A re-export can give a method another name than it is called by, so then every rule is shown every call.
  const byName = node.is('call') && examiner.file.facts.reexport === undefined;
  const work = byName ? calls.of(examiner.file.calledName(node)) : table[cell & kindMask];
  if (work) ask(examiner, unit, node, work, told);
}

function ask(
  { file, dispatch }: Examiner,
  unit: Unit,
  node: Node,
  { checks, collectors }: Work,
  into: ToldFact[] | undefined,
): void {
  for (let index = 0; index < checks.length; index++) {
    const check = checks[index];
    if (!check) continue;
    try {
      const found = check.handle(node, file);
      if (found === undefined) continue;
      for (const finding of asList(found))
        store(file, unit, check.enabled, finding, unit.findings, { unit, row: node.row });
    } catch (error) {
      const crashed = crash(check.enabled.rule, error, node);
      store(file, unit, dispatch.crashed ?? check.enabled, crashed, unit.findings, { unit, row: node.row });
    }
  }
  for (let index = 0; index < collectors.length; index++) {
    const collector = collectors[index];
    if (!collector) continue;
    let told: ReturnType<typeof collector.handle>;
    try {
      told = collector.handle(node, file);
    } catch {
      // What a rule cannot tell here it does not tell; its check is where a mistake shows.
      continue;
    }
    if (told === undefined) continue;
    const { code } = collector.enabled.rule.card;
    for (const { at, data } of asList(told)) {
      const fact = { code, fact: new PlacedFact(unit, at, data) };
      tell(unit, fact);
      into?.push(fact);
    }
  }
}

/** What was found and told about a row before an edit elsewhere in its segment, for the segment as it is now. */
function takeOver(outcome: Outcome, unit: Unit, row: number, { movedFrom, shift }: ChangedPart): Outcome {
  const moved = (offset: number): number => (offset >= movedFrom ? offset + shift : offset);
  const findings = outcome.findings.map((finding): StoredFinding => {
    const start = moved(finding.start);
    const end = start + finding.end - finding.start;
    const { lines } = unit;
    return { ...finding, unit, asked: { unit, row }, start, end, from: lines.position(start), to: lines.position(end) };
  });
  const facts = outcome.facts.map(({ code, fact }) => ({ code, fact: fact.movedTo(unit, moved(fact.startInUnit)) }));
  unit.findings.push(...findings);
  for (const fact of facts) tell(unit, fact);
  return { findings, facts };
}

function tell(unit: Unit, { code, fact }: ToldFact): void {
  unit.facts ??= new Map();
  const known = unit.facts.get(code);
  if (known) known.push(fact);
  else unit.facts.set(code, [fact]);
}

/** Kinds whose own part is whole when only what stands in their blocks is broken. */
const containers = ['module', 'function_definition', 'class_definition', 'decorated_definition'] as const;

function isWholeEnough(node: Node): boolean {
  if (node.is('module')) return true;
  if (!node.is(...containers)) return false;
  return node.children.every(
    (child) => !child.isBroken || child.is('block', 'function_definition', 'class_definition'),
  );
}

function relativeTo(position: Position, unit: Unit): Position {
  return { line: position.line - unit.startLine, character: position.character };
}
