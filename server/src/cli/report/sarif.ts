import type { RuleCard, Severity } from '../../../../shared-rules/src/index.ts';
import { uriOfPath } from '../../settings/paths.ts';
import { createPlaces, type Place } from './places.ts';
import type { ReportedFix, ReportFormat, Tally } from './types.ts';

/** Who reports, for the formats that name the tool. */
export interface Tool {
  version: string;
  cards: readonly RuleCard[];
  urlOf(code: string): string | undefined;
}

const levels: Record<Severity, string> = { error: 'error', warning: 'warning', information: 'note', hint: 'note' };

/** SARIF 2.1.0; columns count Unicode characters, which `columnKind` says. */
export function sarifFormat(tool: Tool): ReportFormat {
  return {
    begin: '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"results":[',
    between: ',',
    file(report) {
      const place = createPlaces(report.text);
      const artifactLocation = { uri: report.path === '-' ? '-' : uriOfPath(report.path) };
      return report.findings
        .map(({ code, message, severity, start, end, fix }) => {
          const region = regionOf(place, start, end);
          const result = {
            ruleId: code,
            level: levels[severity],
            message: { text: message },
            locations: [{ physicalLocation: { artifactLocation, region } }],
            ...(fix === undefined ? {} : { fixes: [sarifFix(fix, artifactLocation, place)] }),
          };
          return `\n${JSON.stringify(result)}`;
        })
        .join(',');
    },
    end: (tally) =>
      `\n],"columnKind":"unicodeCodePoints","tool":${JSON.stringify({ driver: driver(tool, tally) })}}]}\n`,
  };
}

function sarifFix(fix: ReportedFix, artifactLocation: { uri: string }, place: (offset: number) => Place): object {
  const replacements = fix.edits.map((edit) => ({
    deletedRegion: regionOf(place, edit.start, edit.end),
    ...(edit.text === '' ? {} : { insertedContent: { text: edit.text } }),
  }));
  const text = fix.safety === 'safe' ? fix.title : `${fix.title} (unsafe)`;
  return { description: { text }, artifactChanges: [{ artifactLocation, replacements }] };
}

function regionOf(place: (offset: number) => Place, start: number, end: number): object {
  const from = place(start);
  const to = place(end);
  return { startLine: from.row, startColumn: from.column, endLine: to.row, endColumn: to.column };
}

function driver(tool: Tool, tally: Tally): object {
  const rules = tool.cards
    .filter((card) => tally.rules.has(card.code))
    .map((card) => {
      const helpUri = tool.urlOf(card.code);
      return {
        id: card.code,
        name: card.name,
        shortDescription: { text: card.summary },
        fullDescription: { text: card.why },
        help: { text: card.advice },
        ...(helpUri === undefined ? {} : { helpUri }),
        defaultConfiguration: { level: levels[card.severity] },
      };
    });
  return { name: 'Groundrules', version: tool.version, rules };
}
