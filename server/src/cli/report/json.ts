import type { Severity } from '../../../../shared-rules/src/index.ts';
import { createPlaces, type Place } from './places.ts';
import type { ReportedFinding, ReportedFix, ReportFormat } from './types.ts';

/**
 * The shape of Ruff's `--output-format json` (0.17), key by key, so that what reads the one reads the other. Ruff knows
 * no hints: information and hints are `info`.
 */
export const jsonFormat: ReportFormat = {
  begin: '[',
  between: ',',
  file(report) {
    const place = createPlaces(report.text);
    return report.findings.map((finding) => `\n${writeFinding(finding, report.path, place)}`).join(',');
  },
  end: (tally) => (tally.findings === 0 ? ']\n' : '\n]\n'),
};

const ruffSeverities: Record<Severity, string> = {
  error: 'error',
  warning: 'warning',
  information: 'info',
  hint: 'info',
};

function writeFinding(finding: ReportedFinding, filename: string, place: (offset: number) => Place): string {
  return `  {
    "cell": null,
    "code": ${JSON.stringify(finding.code)},
    "end_location": ${writePlace(place(finding.end), '    ')},
    "filename": ${JSON.stringify(filename)},
    "fix": ${finding.fix === undefined ? 'null' : writeFix(finding.fix, place)},
    "location": ${writePlace(place(finding.start), '    ')},
    "message": ${JSON.stringify(finding.message)},
    "name": ${JSON.stringify(finding.name)},
    "noqa_row": ${finding.noqaRow},
    "severity": "${ruffSeverities[finding.severity]}",
    "url": ${JSON.stringify(finding.url ?? null)}
  }`;
}

function writeFix(fix: ReportedFix, place: (offset: number) => Place): string {
  const edits = fix.edits.map(
    (edit) => `        {
          "content": ${JSON.stringify(edit.text)},
          "end_location": ${writePlace(place(edit.end), '          ')},
          "location": ${writePlace(place(edit.start), '          ')}
        }`,
  );
  return `{
      "applicability": "${fix.safety}",
      "edits": [
${edits.join(',\n')}
      ],
      "message": ${JSON.stringify(fix.title)}
    }`;
}

function writePlace({ row, column }: Place, indent: string): string {
  return `{\n${indent}  "column": ${column},\n${indent}  "row": ${row}\n${indent}}`;
}
