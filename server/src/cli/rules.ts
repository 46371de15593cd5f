import type { RuleCard } from '../../../shared-rules/src/index.ts';
import { fixWords } from '../docs/rule-page.ts';

/** The rules, a line each: code, name, severity, fix, summary. */
export function ruleList(cards: readonly RuleCard[]): string {
  const width = (pick: (card: RuleCard) => string) => Math.max(0, ...cards.map((card) => pick(card).length));
  const names = width((card) => card.name);
  const severities = width((card) => card.severity);
  const fixes = width((card) => fixWords[card.fix]);
  return sorted(cards)
    .map(
      (card) =>
        `${card.code}  ${card.name.padEnd(names)}  ${card.severity.padEnd(severities)}  ${fixWords[card.fix].padEnd(fixes)}  ${card.summary}\n`,
    )
    .join('');
}

/** The catalogue: the cards as they are, in the order of their codes. */
export function rulesJson(cards: readonly RuleCard[]): string {
  return `${JSON.stringify(sorted(cards), null, 2)}\n`;
}

function sorted(cards: readonly RuleCard[]): RuleCard[] {
  return [...cards].sort((one, other) => (one.code < other.code ? -1 : 1));
}
