/**
 * The last parts of qualified names, each once: for the `calls` of rules that know their calls by such names. What a
 * call is called never has a dot in it.
 */
export function lastParts(names: Iterable<string>): string[] {
  return [...new Set([...names].map((name) => name.slice(name.lastIndexOf('.') + 1)))];
}
