import type { Severity } from '../../../../shared-rules/src/index.ts';
import { createPlaces } from './places.ts';
import type { ReportFormat } from './types.ts';

const commands: Record<Severity, string> = {
  error: 'error',
  warning: 'warning',
  information: 'notice',
  hint: 'notice',
};

/** Workflow commands of GitHub Actions, which show as annotations in a pull request. */
export const githubFormat: ReportFormat = {
  begin: '',
  between: '',
  file(report) {
    const place = createPlaces(report.text);
    return report.findings
      .map(({ code, message, severity, start, end }) => {
        const from = place(start);
        const to = place(end);
        const properties = [
          `title=${escapeProperty(`Groundrules (${code})`)}`,
          `file=${escapeProperty(report.path)}`,
          `line=${from.row}`,
          // GitHub takes columns only for a range within one line.
          ...(from.row === to.row
            ? [`col=${from.column}`, `endLine=${to.row}`, `endColumn=${to.column}`]
            : [`endLine=${to.row}`]),
        ];
        const text = `${report.shownPath}:${from.row}:${from.column}: ${code} ${message}`;
        return `::${commands[severity]} ${properties.join(',')}::${escapeData(text)}\n`;
      })
      .join('');
  },
  end: () => '',
};

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
