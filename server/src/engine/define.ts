import { z } from 'zod';
import type { SourceFile } from './file.ts';
import type { ConfiguredRule, Fact, Finding, OptionProblem, Rule, RuleDefinition } from './rule.ts';
import { type Kind, kinds } from './syntax/grammar.generated.ts';
import type { Node, TypedNode } from './syntax/node.ts';

/**
 * Makes a rule of its definition. The definition's types are those of the grammar and of the rule's own options schema,
 * so that a misspelt kind, field or option does not compile.
 * @throws Error when an unsafe fix has no reason, since the user is shown it.
 */
export function defineRule<S extends z.ZodObject = z.ZodObject<Record<never, never>>, D = never>(
  definition: RuleDefinition<S, D>,
): Rule {
  const { code, name, options } = definition;
  if ((definition.fix === 'unsafe' || definition.fix === 'mixed') && !definition.fixSafety)
    throw new Error(`${code} has an unsafe fix and does not say why`);
  const schema = options ?? z.strictObject({});
  const card = {
    code,
    name,
    family: definition.family,
    severity: definition.severity,
    standards: [...definition.standards],
    summary: definition.summary,
    advice: definition.advice,
    why: definition.why,
    fix: definition.fix,
    ...(definition.fixSafety === undefined ? {} : { fixSafety: definition.fixSafety }),
    requirements: [...definition.requirements],
    peers: [...definition.peers],
    ...(options === undefined ? {} : { options: jsonSchema(options) }),
  };
  const blanketSuppressible = definition.blanketSuppressible ?? true;

  function configure(raw: unknown): { rule: ConfiguredRule; problems: readonly OptionProblem[] } {
    const given = schema.safeParse(raw ?? {});
    const problems = given.success ? [] : given.error.issues.flatMap(optionProblems);
    const values = (given.success ? given.data : schema.parse({})) as z.output<S>;
    const { file } = definition;
    return {
      problems,
      rule: {
        card,
        mentions: findable(
          typeof definition.mentions === 'function' ? definition.mentions(values) : definition.mentions,
        ),
        collectMentions: definition.collectMentions,
        calls: typeof definition.calls === 'function' ? definition.calls(values) : definition.calls,
        applies: (facts) => definition.applies?.(facts, values) ?? true,
        blanketSuppressible,
        on: bound(definition.on, values),
        collect: bound(definition.collect, values),
        // Facts come back to the rule that made them, so their data has the type it gave them.
        file: file
          ? (facts: readonly Fact<unknown>[], source: SourceFile): readonly Finding[] =>
              file(facts as readonly Fact<D>[], source, values)
          : undefined,
      },
    };
  }

  return { card, examples: definition.examples, blanketSuppressible, configure };
}

/** Options can bring words that are not ASCII, which are not looked for: then the rule waits for none. */
function findable(words: readonly string[] | undefined): readonly string[] | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
  return words?.every((word) => /^[\x00-\x7f]+$/.test(word)) ? words : undefined;
}

type ByKind<O, R> = { readonly [K in Kind]?: (node: TypedNode<K>, file: SourceFile, options: O) => R };

function bound<O, R>(
  handlers: ByKind<O, R> | undefined,
  options: O,
): [Kind, (node: Node, file: SourceFile) => R | undefined][] {
  if (!handlers) return [];
  function one<K extends Kind>(kind: K): [Kind, (node: Node, file: SourceFile) => R | undefined][] {
    const handler = handlers?.[kind];
    // The document calls a check only for nodes of its kind, so asking each node again would be paid for nothing.
    return handler ? [[kind, (node, file) => handler(node as TypedNode<K>, file, options)]] : [];
  }
  return kinds.flatMap((kind) => one(kind));
}

function optionProblems(issue: z.core.$ZodIssue): OptionProblem[] {
  const path = issue.path.filter((key): key is string | number => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown option \`${key}\`` }));
  return [{ path, message: issue.message }];
}

function jsonSchema(schema: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/**
 * Python source written as an indented template: the first and last line breaks and the common indentation are removed,
 * and escapes are left as they stand.
 */
export function py(strings: TemplateStringsArray): string {
  const lines = (strings.raw[0] ?? '')
    .replace(/^\n/, '')
    .replace(/\n[ \t]*$/, '\n')
    .split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return lines
    .map((line) => line.slice(Number.isFinite(indent) ? indent : 0))
    .join('\n')
    .replaceAll('\\`', '`')
    .replaceAll('\\${', '${');
}
