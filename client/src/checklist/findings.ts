import type { FindingsParams, Place } from '../../../shared-rules/src/index.ts';

/** The places of one rule in one file. The object stays the same while the places do, so identity tells change. */
export interface PlaceGroup {
  readonly uri: string;
  readonly code: string;
  readonly places: readonly Place[];
}

/** What the server said last of every file it analyses: uri → rule code → places. Every rule that ran has an entry. */
export type Findings = ReadonlyMap<string, ReadonlyMap<string, PlaceGroup>>;

/**
 * The findings after one notification. Groups whose places did not change are taken over from `findings`, and
 * `findings` itself is returned when the notification changes nothing.
 */
export function withFindings(findings: Findings, params: FindingsParams): Findings {
  const known = findings.get(params.uri);
  if (params.closed === true) return known === undefined ? findings : without(findings, params.uri);

  const groups = new Map<string, PlaceGroup>();
  let changed = known === undefined || known.size !== Object.keys(params.rules).length;
  for (const [code, places] of Object.entries(params.rules)) {
    const before = known?.get(code);
    const same = before !== undefined && samePlaces(before.places, places);
    groups.set(code, same ? before : { uri: params.uri, code, places });
    if (!same) changed = true;
  }
  if (!changed) return findings;
  return new Map(findings).set(params.uri, groups);
}

function without(findings: Findings, uri: string): Findings {
  const rest = new Map(findings);
  rest.delete(uri);
  return rest;
}

function samePlaces(left: readonly Place[], right: readonly Place[]): boolean {
  return left.length === right.length && left.every((place, index) => samePlace(place, right[index]));
}

function samePlace(left: Place, right: Place | undefined): boolean {
  return (
    right !== undefined &&
    left.line === right.line &&
    left.character === right.character &&
    left.endLine === right.endLine &&
    left.endCharacter === right.endCharacter &&
    left.message === right.message
  );
}
