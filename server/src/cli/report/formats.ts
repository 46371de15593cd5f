import type { RuleCard } from '../../../../shared-rules/src/index.ts';
import type { CheckArguments } from '../arguments.ts';
import { githubFormat } from './github.ts';
import { jsonFormat } from './json.ts';
import { sarifFormat } from './sarif.ts';
import { textFormat } from './text.ts';
import type { ReportFormat } from './types.ts';

export interface FormatChoice {
  format: CheckArguments['format'];
  version: string;
  documentation: string | undefined;
}

/** The format that `--format` names. */
export function formatOf({ format, version, documentation }: FormatChoice, cards: readonly RuleCard[]): ReportFormat {
  switch (format) {
    case 'json':
      return jsonFormat;
    case 'github':
      return githubFormat;
    case 'sarif':
      return sarifFormat({
        version,
        cards,
        urlOf: (code) => (documentation === undefined ? undefined : `${documentation}/${code}.md`),
      });
    default:
      return textFormat;
  }
}
