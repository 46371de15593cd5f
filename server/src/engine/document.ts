import { type Dispatch, dispatchOf, type InPlay, wokenSince, wordsOf } from './dispatch.ts';
import { askAgain, crash, type Examiner, examine, examineFor, examineHeir, store } from './examine.ts';
import { FactTable } from './facts.ts';
import {
  bitsOf,
  type Consulted,
  consultKey,
  type FileFacts,
  firstKey,
  headerKey,
  intersects,
  linesKey,
  type Reader,
  SourceFile,
} from './file.ts';
import { concerns, type Heir, heirOf } from './heir.ts';
import { type Change, cutWhole, type NewCut, recut } from './recut.ts';
import { LiveFinding, type Reported } from './reported.ts';
import type { EnabledRule, Finding, StoredFinding } from './rule.ts';
import { suppressionLineIn } from './suppress.ts';
import { type Parsed, parseOnce, parseSegment } from './syntax/pieces.ts';
import type { ParserPort } from './syntax/port.ts';
import { type Rows, rowSize } from './syntax/rows.ts';
import type { Position } from './text.ts';
import { positionIn, Unit } from './unit.ts';
import { Visibility, visibleIn } from './visibility.ts';

/** What runs in a document: the rules that the file's settings enable, and which codes exist at all. */
export interface RuleSet {
  readonly rules: readonly EnabledRule[];
  readonly knownCodes: ReadonlySet<string>;
}

/** What is reported in one segment. */
export interface SegmentFindings {
  /** The same object for as long as the findings are the same; they may have moved, all by as many lines. */
  readonly key: object;
  /** The line that the segment starts on now. */
  readonly line: number;
  readonly count: number;
  findings(): Reported[];
}

/**
 * One open file: its segments, and what the rules say of each. An edit costs what its segments cost; findings elsewhere
 * are computed again only when a name they looked up has changed.
 *
 * Invariant: after every `edit` the findings equal those of a new document with the same text, because segments are cut
 * by the text alone and a segment's findings depend on its text and on what it looked up.
 */
export class Document {
  readonly file: SourceFile;
  readonly #parser: ParserPort;
  readonly #rules: readonly EnabledRule[];
  /** The rules that have something to say in a file with this path and target. */
  readonly #applicable: readonly EnabledRule[];
  readonly #words: ReturnType<typeof wordsOf>;
  /** Words that rules wait for and the text holds. */
  readonly #mentioned: Set<string>;
  #dispatch: Dispatch;
  readonly #positionOf = (offset: number): Position => this.position(offset);
  readonly #askAgain = (finding: StoredFinding): StoredFinding | undefined => this.#again(finding);
  readonly #isEdited: boolean;
  #length: number;
  #text: string | undefined;
  #units: Unit[] = [];
  /** Units that have just been given another class and must be examined again. */
  readonly #homeless = new Set<Unit>();
  /** Keys of the names that those units took along. */
  readonly #movedNames = new Set<string>();
  /** Scope ids of the classes that units left or came into. */
  readonly #movedClasses = new Set<number>();
  /** Units that read the members of a class, by its scope id. */
  readonly #memberReaders = new Map<number, Set<Unit>>();
  /** The unit with the first statement, and the unit with the first line. */
  #firstUnit: Unit | undefined;
  #topUnit: Unit | undefined;
  /** Units whose checks placed findings in other units, such as a class's in its members; by the unit they lie in. */
  readonly #guests = new Map<Unit, Set<Unit>>();
  readonly #facts = new FactTable();
  readonly #visibility: Visibility;
  #fileLevel: FileLevel[] = [];

  /** `isEdited`: whether edits are to come; then what checks read is kept, which costs some time and memory. */
  constructor(parser: ParserPort, text: string, facts: FileFacts, rules: RuleSet, isEdited = true) {
    this.#parser = parser;
    this.#isEdited = isEdited;
    this.#length = text.length;
    this.#rules = rules.rules;
    this.#applicable = rules.rules.filter(({ rule }) => rule.applies(facts));
    this.#words = wordsOf(rules.rules);
    // A re-export can give any name another one, so that its words need not be written here.
    this.#mentioned = new Set(facts.reexport ? this.#words.words : []);
    if (!facts.reexport) this.#words.finder.find(text, this.#mentioned);
    this.#dispatch = dispatchOf(this.#rules, this.#applicable, this.#mentioned);
    this.#visibility = new Visibility(rules.knownCodes);
    this.file = new SourceFile(facts);
    this.#fileLevel = this.#applicable.flatMap((enabled) =>
      enabled.rule.file
        ? [
            {
              enabled,
              consulted: undefined,
              membersRead: undefined,
              findings: [],
              homes: new Set(),
              hasRelated: false,
              hasRun: false,
            },
          ]
        : [],
    );
    this.#replace(0, 0, cutWhole(text), { start: 0, end: 0, replacement: '' }, '');
  }

  get #examiner(): Examiner {
    return { file: this.file, dispatch: this.#dispatch };
  }

  /** The whole text; it is put together when asked for. */
  get text(): string {
    this.#text ??= this.#units.map((unit) => unit.text).join('');
    return this.#text;
  }

  /** Length of the text in UTF-16 code units. */
  get length(): number {
    return this.#length;
  }

  /**
   * Replaces the text between two offsets and brings every finding up to date.
   * @throws RangeError when the offsets do not lie in the text.
   */
  edit(start: number, end: number, replacement: string): void {
    if (start < 0 || end < start || end > this.#length)
      throw new RangeError(`an edit from ${start} to ${end} does not lie in the text`);
    if (this.#units.length === 0) {
      this.#length = replacement.length;
      this.#text = undefined;
      this.#replace(0, 0, cutWhole(replacement), { start, end, replacement }, replacement);
      return;
    }
    const margin = this.#words.finder.longest;
    const change = { start, end, replacement };
    const { from, count, cuts, around } = recut(this.#units, change, margin);
    this.#length += replacement.length - (end - start);
    this.#text = undefined;
    this.#replace(from, count, cuts, change, around);
  }

  /** Every finding that is not suppressed, in the order of the text. */
  findings(): Reported[] {
    const reported: Reported[] = [];
    for (const unit of this.#units) for (const finding of visibleIn(unit)) reported.push(this.#report(finding));
    return reported;
  }

  /** The same findings by the segment they start in, segments without any left out. */
  findingsBySegment(): SegmentFindings[] {
    const segments: SegmentFindings[] = [];
    for (const unit of this.#units) {
      const key = visibleIn(unit);
      if (key.length === 0) continue;
      segments.push({
        key,
        line: unit.startLine,
        count: key.length,
        findings: () => key.map((finding) => this.#report(finding)),
      });
    }
    return segments;
  }

  /** How many findings `findings` gives. */
  count(): number {
    return this.#visibility.count;
  }

  /** The position of an offset. */
  position(offset: number): Position {
    return positionIn(this.#units, offset);
  }

  /** The offset of a position; a line or column beyond the text counts as its end. */
  offset(position: Position): number {
    let low = 0;
    let high = this.#units.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#units[middle]?.startLine ?? 0) <= position.line) low = middle;
      else high = middle - 1;
    }
    const unit = this.#units[low];
    if (!unit) return 0;
    return unit.start + unit.lines.offset({ line: position.line - unit.startLine, character: position.character });
  }

  /**
   * The line at whose end a suppression comment for something on `line` has to stand: that of the end of a string of
   * several lines, or of lines joined by a backslash, since no comment can stand inside.
   */
  suppressionLine(line: number): number {
    const unit = this.#units[this.file.unitIndexAt(this.offset({ line, character: 0 }))];
    if (!unit) return line;
    return suppressionLineIn(unit, line - unit.startLine) + unit.startLine;
  }

  /** True when the parser found a syntax error somewhere. */
  get isBroken(): boolean {
    return this.#units.some((unit) => unit.isBroken);
  }

  /** How many segments have a syntax error. */
  get brokenCount(): number {
    return this.#units.reduce((count, unit) => count + (unit.isBroken ? 1 : 0), 0);
  }

  /** Puts units for the cuts in the place of others; `heard` is the new text as far as a word may have come up in it. */
  #replace(from: number, count: number, cuts: readonly NewCut[], change: Change, heard: string): void {
    const removed = this.#units.slice(from, from + count);
    const added = this.#reuse(removed, cuts);
    if (count === added.length) for (const [index, unit] of added.entries()) this.#units[from + index] = unit;
    else this.#units = this.#units.slice(0, from).concat(added, this.#units.slice(from + count));
    this.#inheritScopes(removed, added);
    this.#place(from);
    this.file.setUnits(this.#units);

    const kept = new Set(added);
    const gone = removed.filter((unit) => !kept.has(unit));
    const changed = this.#rebind(gone, added);
    for (const key of this.#movedNames) changed.add(key);
    this.#movedNames.clear();
    const stale = new Set<Unit>(added.filter((unit) => unit.visible === undefined));
    for (const unit of this.#homeless) stale.add(unit);
    this.#homeless.clear();
    if (changed.size > 0) {
      const bits = bitsOf(changed);
      for (const unit of this.#units) if (unit.consulted?.includesAnyOf(changed, bits)) stale.add(unit);
    }
    const fresh = new Set(added.filter((unit) => unit.visible === undefined));
    // What a segment reads of itself is watched, so for the heir only other members of its class count.
    const touchedElsewhere = new Set(this.#movedClasses);
    this.#movedClasses.clear();
    for (const unit of stale) if (unit.owner && !fresh.has(unit)) touchedElsewhere.add(unit.owner.scopeId);
    const woken = this.#awaken(heard);
    const moved = new Set<Unit>();
    for (const unit of gone) for (const home of this.#homesOf(unit)) moved.add(home);
    const heir = woken.length === 0 ? heirOf(gone, fresh, changed, touchedElsewhere, change) : undefined;
    for (const unit of this.#readersOfMembers(gone, fresh, touchedElsewhere, heir)) stale.add(unit);
    const facts = this.#examineAll(stale, fresh, gone, moved, heir);
    if (woken.length > 0) {
      examineFor(this.#examiner, woken, this.#units, stale);
      for (const unit of this.#units) this.#noteReader(unit);
      const collecting = woken.filter(({ collects }) => collects).map(({ enabled }) => enabled);
      this.#facts.fill(collecting, this.#units);
      for (const { rule } of collecting) facts.add(rule.card.code);
    }
    this.#rehouse(gone, stale);
    for (const home of moved) if (home.bound) stale.add(home);
    const changedForFile = this.#noteOutline(changed, gone, fresh);
    for (const unit of this.#runFileLevel(facts, changedForFile, new Set(gone), stale.size > 0 || gone.length > 0))
      stale.add(unit);
    // What the file level said before may stand in segments that are no more.
    for (const unit of gone) stale.delete(unit);
    this.#visibility.decide(stale, gone, {
      file: this.file,
      dispatch: this.#dispatch,
      findingsIn: (unit) => this.#findingsIn(unit),
    });
  }

  /** The units that must be examined again because they read the members of a class of which some have changed. */
  #readersOfMembers(
    gone: readonly Unit[],
    fresh: ReadonlySet<Unit>,
    touchedElsewhere: ReadonlySet<number>,
    heir: Heir | undefined,
  ): Unit[] {
    for (const unit of gone) this.#forgetReader(unit);
    const touchedHere = new Set<number>();
    for (const unit of [...fresh, ...gone]) if (unit.owner) touchedHere.add(unit.owner.scopeId);
    const readersOf = (scopes: ReadonlySet<number>): Unit[] =>
      [...scopes].flatMap((scope) => [...(this.#memberReaders.get(scope) ?? [])]);
    const here = readersOf(touchedHere).filter((unit) => {
      if (!heir || concerns(heir, unit)) return true;
      unit.visits?.follow(heir.before, heir.unit);
      return false;
    });
    return [...readersOf(touchedElsewhere), ...here];
  }

  #noteReader(unit: Unit): void {
    for (const scope of unit.membersRead ?? [])
      this.#memberReaders.set(scope, (this.#memberReaders.get(scope) ?? new Set()).add(unit));
  }

  #forgetReader(unit: Unit): void {
    for (const scope of unit.membersRead ?? []) {
      const readers = this.#memberReaders.get(scope);
      readers?.delete(unit);
      if (readers?.size === 0) this.#memberReaders.delete(scope);
    }
  }

  /** The changed keys, with those of what the file level may ask of the whole file. */
  #noteOutline(changed: ReadonlySet<string>, gone: readonly Unit[], fresh: ReadonlySet<Unit>): ReadonlySet<string> {
    const all = new Set(changed);
    const last = this.#units.at(-1);
    const lines = last ? last.startLine + last.lineBreaks + (last.text.endsWith('\n') ? 0 : 1) : 0;
    if (lines !== this.file.lineCountForDocument) all.add(consultKey(0, linesKey));
    this.file.lineCountForDocument = lines;
    const before = gone.some((unit) => unit === this.#firstUnit || unit === this.#topUnit);
    this.#topUnit = this.#units[0];
    this.#firstUnit = this.#units.find((unit) => unit.rows.length > rowSize && unit.root.firstNamed !== undefined);
    if (before || (this.#firstUnit && fresh.has(this.#firstUnit)) || (this.#topUnit && fresh.has(this.#topUnit)))
      all.add(consultKey(0, firstKey));
    return all;
  }

  /**
   * What comes into play because a text mentions a word it waits for. None ever leaves: a rule that is asked in
   * a file without its words finds nothing there.
   */
  #awaken(heard: string): InPlay[] {
    const known = this.#mentioned.size;
    const { words, finder } = this.#words;
    if (known < words.length) finder.find(heard, this.#mentioned);
    if (this.#mentioned.size === known) return [];
    const before = this.#dispatch;
    this.#dispatch = dispatchOf(this.#rules, this.#applicable, this.#mentioned);
    return wokenSince(before, this.#dispatch);
  }

  /** The other units that a unit's checks placed findings in. */
  #homesOf(unit: Unit): Unit[] {
    return unit.findings.flatMap((finding) => (finding.unit === unit ? [] : [finding.unit]));
  }

  /** Brings `#guests` up to date. */
  #rehouse(gone: readonly Unit[], examined: ReadonlySet<Unit>): void {
    if (this.#guests.size > 0) {
      for (const unit of gone) this.#guests.delete(unit);
      for (const [home, guests] of this.#guests) {
        for (const unit of gone) guests.delete(unit);
        for (const unit of examined) guests.delete(unit);
        if (guests.size === 0) this.#guests.delete(home);
      }
    }
    for (const unit of examined) {
      for (const home of this.#homesOf(unit)) this.#guests.set(home, (this.#guests.get(home) ?? new Set()).add(unit));
    }
  }

  /** Examines units and returns the codes of the rules that were told something else than before. */
  #examineAll(
    stale: ReadonlySet<Unit>,
    fresh: ReadonlySet<Unit>,
    gone: readonly Unit[],
    moved: Set<Unit>,
    heir: Heir | undefined,
  ): Set<string> {
    const changed = new Set<string>();
    const told = [...stale].map((unit) => ({ unit, before: unit.facts }));
    for (const unit of stale) {
      for (const home of this.#homesOf(unit)) moved.add(home);
      this.#forgetReader(unit);
      if (unit === heir?.unit) examineHeir(this.#examiner, heir);
      else examine(this.#examiner, unit, this.#isEdited);
      for (const home of this.#homesOf(unit)) moved.add(home);
      this.#noteReader(unit);
    }
    // What is gone first: its segments do not know where they stand any more.
    const [first] = gone.length > 0 ? gone : fresh;
    this.#facts.replace(
      first?.start ?? 0,
      gone.map((unit) => unit.facts),
      [...fresh].map((unit) => unit.facts),
      changed,
    );
    for (const { unit, before } of told)
      if (!fresh.has(unit)) this.#facts.replace(unit.start, [before], [unit.facts], changed);
    return changed;
  }

  /**
   * Units for the cuts: what stands unchanged before and behind the edit is kept. Only there, because what a name means
   * can depend on the order of the units that bind it.
   */
  #reuse(removed: readonly Unit[], cuts: readonly NewCut[]): Unit[] {
    const fits = (unit: Unit | undefined, cut: NewCut | undefined): unit is Unit =>
      unit !== undefined && cut !== undefined && unit.role === cut.role && unit.text === cut.text;
    const most = Math.min(removed.length, cuts.length);
    let head = 0;
    while (head < most && fits(removed[head], cuts[head])) head++;
    let tail = 0;
    while (tail < most - head && fits(removed.at(-1 - tail), cuts.at(-1 - tail))) tail++;
    const known = piecesOf(removed);
    const parse = ({ text, lines }: NewCut): Parsed =>
      this.#isEdited ? parseSegment(this.#parser, text, known, lines) : parseOnce(this.#parser, text);
    return cuts.map((cut, index) => {
      const same =
        index < head
          ? removed[index]
          : index >= cuts.length - tail
            ? removed[removed.length - cuts.length + index]
            : undefined;
      const unit = same ?? new Unit(cut.text, cut.role, parse(cut));
      unit.reach = cut.reach;
      unit.cutState = cut.state;
      unit.logicalLines = cut.lines;
      return unit;
    });
  }

  /** A class whose header is edited stays the same class, so that its members are examined again only if they looked. */
  #inheritScopes(removed: readonly Unit[], added: readonly Unit[]): void {
    const before = removed.filter((unit) => unit.role === 'class' && !added.includes(unit));
    const after = added.filter((unit) => unit.role === 'class' && !removed.includes(unit));
    if (before.length === 1 && after.length === 1 && before[0] && after[0]) after[0].scopeId = before[0].scopeId;
  }

  /** Sets starts, lines and class owners from a unit on. */
  #place(from: number): void {
    const before = this.#units[from - 1];
    let start = before ? before.end : 0;
    let line = before ? before.startLine + before.lineBreaks : 0;
    let header = before?.role === 'class' ? before : before?.role === 'member' ? before.owner : undefined;
    for (let index = from; index < this.#units.length; index++) {
      const unit = this.#units[index];
      if (!unit) continue;
      unit.start = start;
      unit.startLine = line;
      start += unit.text.length;
      line += unit.lineBreaks;
      if (unit.role === 'class') header = unit;
      else if (unit.role === 'statement') header = undefined;
      const owner = unit.role === 'member' ? header : undefined;
      if (unit.owner !== owner) this.#adopt(unit, owner);
    }
  }

  /** Gives a unit another class, or none: its names move, and what it said of the old header no longer holds. */
  #adopt(unit: Unit, owner: Unit | undefined): void {
    const signatures = unit.bound;
    const from = unit.owner?.scopeId ?? 0;
    const to = owner?.scopeId ?? 0;
    if (signatures && from !== to) {
      this.#tableOf(unit).remove(unit, signatures);
      this.#homeless.add(unit);
      this.#movedClasses.add(from).add(to);
      for (const name of signatures.keys())
        for (const scope of [from, to]) this.#movedNames.add(consultKey(scope, name));
    }
    unit.owner = owner;
    if (signatures && from !== to) this.#tableOf(unit).add(unit, signatures);
  }

  /** Brings the name tables up to date and returns the keys whose answers changed. */
  #rebind(gone: readonly Unit[], added: readonly Unit[]): Set<string> {
    const before = new Map<string, string>();
    const after = new Map<string, string>();
    const note = (into: Map<string, string>, unit: Unit, signatures: ReadonlyMap<string, string>): void => {
      const scope = unit.owner?.scopeId ?? 0;
      for (const [name, signature] of signatures) {
        const key = consultKey(scope, name);
        into.set(key, `${into.get(key) ?? ''}${signature}\u0000`);
      }
      // A class's own header is looked up by its members.
      if (unit.role === 'class') into.set(consultKey(unit.scopeId, headerKey), unit.text);
    };
    const inherited = new Set(added.map((unit) => unit.scopeId));
    for (const unit of gone) {
      const signatures = unit.bound;
      if (!signatures) continue;
      note(before, unit, signatures);
      this.#tableOf(unit).remove(unit, signatures);
      if (unit.role === 'class' && !inherited.has(unit.scopeId)) this.file.dropClassTable(unit);
      unit.bound = undefined;
      this.#visibility.show(unit, undefined);
    }
    for (const unit of added) {
      if (unit.bound) continue;
      const signatures = unit.signatures();
      unit.bound = signatures;
      this.#tableOf(unit).add(unit, signatures);
      note(after, unit, signatures);
    }
    const changed = new Set<string>();
    for (const [key, signature] of before) if (after.get(key) !== signature) changed.add(key);
    for (const key of after.keys()) if (!before.has(key)) changed.add(key);
    return changed;
  }

  #tableOf(unit: Unit) {
    return unit.owner ? this.file.classTable(unit.owner) : this.file.moduleTable;
  }

  /** Runs the file level of rules whose facts or looked-up names changed; returns the units whose findings changed. */
  #runFileLevel(
    changedFacts: ReadonlySet<string>,
    changedNames: ReadonlySet<string>,
    gone: ReadonlySet<Unit>,
    moved: boolean,
  ): Set<Unit> {
    const touched = new Set<Unit>();
    const bits = bitsOf(changedNames);
    for (const level of this.#fileLevel) {
      const { code } = level.enabled.rule.card;
      const active = this.#dispatch.active.has(level.enabled);
      if (!active && level.findings.length === 0) continue;
      const due =
        !active ||
        !level.hasRun ||
        changedFacts.has(code) ||
        level.hasRelated ||
        intersects(level.homes, gone) ||
        level.consulted?.includesAnyOf(changedNames, bits) ||
        (level.membersRead !== undefined && moved);
      if (!due) continue;
      for (const home of level.homes) touched.add(home);
      level.consulted = undefined;
      level.membersRead = undefined;
      level.findings = [];
      level.homes = new Set();
      level.hasRelated = false;
      level.hasRun = active && this.#units.length > 0;
      if (!level.hasRun) continue;
      level.findings = this.#askFile(level.enabled, level);
      level.homes = new Set(level.findings.map((finding) => finding.unit));
      level.hasRelated = level.findings.some((finding) => finding.source.related !== undefined);
      for (const home of level.homes) touched.add(home);
    }
    return touched;
  }

  /** The same finding from the text as it is now. */
  #again(finding: StoredFinding): StoredFinding | undefined {
    const { rule, unit, asked, start, end, message } = finding;
    const enabled = this.#rules.find((candidate) => candidate.rule === rule);
    // What is said of a suppression comment is said anew whenever its segment changes.
    if (!enabled || asked === 'suppressions') return finding;
    const now =
      asked === 'file'
        ? this.#askFile(enabled, { consulted: undefined, membersRead: undefined })
        : askAgain(this.file, enabled, asked.unit, asked.row);
    return now.find(
      (other) => other.unit === unit && other.start === start && other.end === end && other.message === message,
    );
  }

  /** What the file level of a rule says now. */
  #askFile(enabled: EnabledRule, reader: Reader): StoredFinding[] {
    const found: StoredFinding[] = [];
    const keep = (by: EnabledRule, finding: Finding): void => {
      const unit = this.#units[this.file.unitIndexAt(finding.at.start)];
      if (unit) store(this.file, unit, by, finding, found, 'file');
    };
    this.file.examine(reader, () => {
      try {
        const facts = this.#facts.of(enabled.rule.card.code);
        for (const finding of enabled.rule.file?.(facts, this.file) ?? []) keep(enabled, finding);
      } catch (error) {
        keep(this.#dispatch.crashed ?? enabled, crash(enabled.rule, error, { start: 0, end: 0 }));
      }
    });
    return found;
  }

  /** Everything the checks placed in a unit: its own, those of other units, and those of the file level. */
  #findingsIn(unit: Unit): StoredFinding[] {
    const all = unit.findings.filter((finding) => finding.unit === unit);
    for (const guest of this.#guests.get(unit) ?? [])
      for (const finding of guest.findings) if (finding.unit === unit) all.push(finding);
    for (const level of this.#fileLevel) {
      if (!level.homes.has(unit)) continue;
      for (const finding of level.findings) if (finding.unit === unit) all.push(finding);
    }
    return all;
  }

  #report(finding: StoredFinding): Reported {
    return new LiveFinding(this.file, this.#positionOf, this.#askAgain, finding);
  }
}

interface FileLevel {
  readonly enabled: EnabledRule;
  consulted: Consulted | undefined;
  membersRead: Set<number> | undefined;
  findings: StoredFinding[];
  /** The units that the findings stand in. */
  homes: ReadonlySet<Unit>;
  hasRelated: boolean;
  hasRun: boolean;
}

/** The parsed statements of long units that are about to be replaced. */
function piecesOf(units: readonly Unit[]): ReadonlyMap<string, Rows> | undefined {
  let known: Map<string, Rows> | undefined;
  for (const unit of units) {
    if (!unit.pieces) continue;
    known ??= new Map();
    for (const [text, rows] of unit.pieces) known.set(text, rows);
  }
  return known;
}
