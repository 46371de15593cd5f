import { z } from 'zod';
import {
  annotatedClass,
  configurationNames,
  constantNumber,
  defineRule,
  type Finding,
  type Fix,
  isMigration,
  isMigrationPath,
  isScript,
  isSettingsModule,
  isTestFile,
  type Node,
  parametersOf,
  py,
  readsAsConfiguration,
  type SourceFile,
  settingsModules,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  names: z
    .array(z.string())
    .default([...configurationNames])
    .meta({ description: 'Names that read as configuration; a name fits when it is one of them or ends with one.' }),
  source: z.enum(['auto', 'config', 'settings']).default('auto').meta({
    description:
      'Where the fix reads the value: `config` is `self.config` or a `config` parameter, `settings` the settings object, `auto` whichever is at hand.',
  }),
  settingsModules: z
    .array(z.string())
    .default([...settingsModules])
    .meta({ description: 'Globs of the modules whose literals are the defaults of settings.' }),
});
type Options = z.output<typeof options>;

export default defineRule({
  code: 'GR701',
  name: 'hardcoded-value',
  family: 'configuration',
  severity: 'warning',
  standards: ['production', 'module'],
  summary: 'A value that reads as configuration is a literal in a function',
  advice: 'Read it from the configuration, with the literal as the default',
  why: 'Thresholds, limits and timeouts are what somebody wants to change first when the system runs, and then they are found in the middle of functions, each in its own place. Read from the configuration they have a name, one place and a default, and to change one is no release.',
  fix: 'unsafe',
  fixSafety: 'From now on the configuration decides, and the settings class must have the field that is read.',
  requirements: ['000-003', '000-037', '000-038', '001-023', '002-071', '003-041', '004-110'],
  peers: [],
  options,
  mentions: ({ names }) => names.flatMap((name) => spellings(name)),
  applies: (file, given) =>
    !isTestFile(file) && !isScript(file) && !isMigrationPath(file) && !isSettingsModule(file, given.settingsModules),
  examples: [
    {
      bad: py`
        from app.core.module import BaseModule


        class Scoring(BaseModule):
            async def score(self, value: float) -> bool:
                threshold = 8
        #                   ^ GR701 unsafe: \`threshold\` is the literal \`8\`; read it from the configuration, with \`8\` as the default.
                return value > threshold


        def retry_delay(config: dict[str, float]) -> float:
            retry_limit = 5
        #                 ^ GR701 unsafe
            strategy: str = "exponential"
        #                   ^^^^^^^^^^^^^ GR701 unsafe: \`strategy\` is the literal \`"exponential"\`; read it from the configuration, with \`"exponential"\` as the default.
            return wait(retry_limit, strategy)
      `,
      good: py`
        from app.core.module import BaseModule


        class Scoring(BaseModule):
            async def score(self, value: float) -> bool:
                threshold = self.config.get("threshold", 8)
                return value > threshold


        def retry_delay(config: dict[str, float]) -> float:
            retry_limit = config.get("retry_limit", 5)
            strategy: str = config.get("strategy", "exponential")
            return wait(retry_limit, strategy)
      `,
    },
    {
      bad: py`
        from app.core.config import settings


        class Importer:
            def __init__(self) -> None:
                self.batch_size = 500
        #                         ^^^ GR701 unsafe: \`self.batch_size\` is the literal \`500\`; read it from the configuration, with \`500\` as the default.
                self.weights = {"title": 0.7, "body": 0.3}
        #                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR701 unsafe

            def is_large(self, timeout: float) -> bool:
                return timeout > 30
        #                        ^^ GR701 none: \`timeout\` is compared with the literal \`30\`; read the bound from the configuration.
      `,
      good: py`
        from app.core.config import settings


        class Importer:
            def __init__(self) -> None:
                self.batch_size = settings.BATCH_SIZE
                self.weights = settings.WEIGHTS

            def is_large(self, timeout: float) -> bool:
                return timeout > 30
      `,
    },
    {
      bad: py`
        def tokens(model: str) -> int:
            model_token_limits = {
        #                        ^~8 GR701 none: \`model_token_limits\` is the literal \`{"large-4": 128000, …}\`; read it from the configuration, with the literal as the default.
                # The ones in use.
                "large-4": 128000,
                "large-4-mini": 64000,  # half

                # The old ones.
                "large-3": 32000,
                "small-3": 16000,
            }
            return model_token_limits[model]
      `,
    },
    {
      bad: py`
        def fetch() -> None:
            timeout_seconds = 2 * 60
        #                     ^^^^^^ GR701 none
            connect(timeout_seconds)
      `,
    },
    {
      ok: py`
        DEFAULT_TIMEOUT = 30


        class Client:
            timeout = 30

            def fetch(self, timeout: float = 30, limit: int | None = None) -> None:
                if limit is None or timeout <= 0:
                    limit = DEFAULT_TIMEOUT
                connect(timeout=30)


        threshold = 8
      `,
    },
    {
      ok: py`
        def total(rows: list[Row]) -> int:
            size = 0
            weight = 10
            for row in rows:
                size += row.size
                weight -= 1
            limit = 5
            while limit:
                limit = advance(limit)
            threshold = None
            timeout = config.get("timeout", 30)
            return size
      `,
    },
    {
      ok: py`
        def check(strategy: str, font_size: int) -> None:
            if strategy == "exponential":
                grow()
            batch_size = 64
      `,
      path: 'tests/test_growth.py',
    },
    {
      ok: py`
        def check(strategy: str, size: int) -> None:
            if strategy == "exponential" and size == 0:
                grow()
            file_size = 64
            page_size = "A4"


        def shown(size_bytes: int, size_kb: float) -> str:
            if size_bytes < 1024:
                return f"{size_bytes} B"
            return "large" if size_kb > 5000 else "small"
      `,
    },
    {
      bad: py`
        def accepts(max_size_mb: int, batch_size: int) -> bool:
            return max_size_mb > 20 and batch_size < 500
        #                        ^^ GR701 none
        #                                            ^^^ GR701 none
      `,
    },
  ],
  on: {
    assignment(assignment, file, given) {
      const right = assignment.field('right');
      const left = assignment.field('left');
      if (!right || !isLiteral(right) || !left.is('identifier', 'attribute')) return undefined;
      const name = left.is('attribute') ? left.field('attribute').text : left.text;
      if (left.is('attribute') && left.field('object').text !== 'self') return undefined;
      if (!configures(name, given) || !isTunable(right, name)) return undefined;
      const definition = file.enclosingFunction(assignment);
      if (!definition || isMigration(file) || changes(left, definition)) return undefined;
      return {
        at: right,
        message: messageFor(left, right),
        fix: () => readFix(name, right, file, given),
      };
    },
    comparison_operator(comparison, file, given): Finding | undefined {
      if (!comparison.child('integer') && !comparison.child('float')) return undefined;
      const [left, right, more] = comparison.namedChildren;
      if (!left || !right || more) return undefined;
      const literal = right.is('integer', 'float') ? right : left.is('integer', 'float') ? left : undefined;
      const other = literal === right ? left : right;
      if (!literal || !other.is('identifier', 'attribute')) return undefined;
      const name = other.is('attribute') ? other.field('attribute').text : other.text;
      if (!configures(name, given) || !isTunable(literal, name) || (measured.test(name) && !chosen.test(name)))
        return undefined;
      if (!file.enclosingFunction(comparison) || isMigration(file)) return undefined;
      return {
        at: literal,
        message: `\`${other.text}\` is compared with the literal \`${literal.text}\`; read the bound from the configuration.`,
      };
    },
  },
});

/** How a name can be written as a part of another: `batch_size`, `BATCH_SIZE`, `batchSize`, `BatchSize`. */
function spellings(name: string): string[] {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [name, name.toUpperCase(), camel, camel.charAt(0).toUpperCase() + camel.slice(1)];
}

/** Sizes, limits and weights of a thing at hand: compared with a number, they say nothing of the configuration. */
const measured = /(?:size|weight|limit)s?(?:_(?:bytes|[kmg]b))?$/i;
const chosen =
  /(?:^|_)(?:max|min|batch|chunk|pool|page|cache|buffer|queue|rate)_?(?:size|weight|limit)s?(?:_(?:bytes|[kmg]b))?$/i;

function configures(name: string, { names }: Options): boolean {
  if (!readsAsConfiguration(name, names)) return false;
  return !/^(?:is|has|use|no|get|set|total|current|old|new|original|remaining|actual|num|n|count|font|file|paper)_/i.test(
    name,
  );
}

function isLiteral(value: Node): boolean {
  return value.is('integer', 'float', 'string', 'binary_operator', 'dictionary', 'list', 'tuple', 'unary_operator');
}

/** A number beside the ones that counting starts from, the name of a strategy, or numbers by name. */
function isTunable(value: Node, name: string): boolean {
  if (value.is('string')) {
    const text = stringValue(value);
    if (text === undefined || text === '') return false;
    return /(?:strategy|algorithm)$/i.test(name)
      ? /^[\w. -]+$/.test(text)
      : /^\d+(?:\.\d+)?\s?[A-Za-z]{0,3}$/.test(text);
  }
  if (value.is('dictionary', 'list', 'tuple')) {
    const values = value.namedChildren.map((entry) => (entry.is('pair') ? entry.field('value') : entry));
    return /s$/i.test(name) && values.length > 0 && values.every((entry) => constantNumber(entry) !== undefined);
  }
  const number = constantNumber(value);
  return number !== undefined && ![0, 1, -1].includes(number);
}

/** Whether the name gets another value in the function too: then the literal is where it starts from, or one of its cases. */
function changes(target: Node, definition: Node): boolean {
  const { text } = target;
  return definition
    .below('assignment', 'augmented_assignment', 'named_expression', 'for_statement', 'global_statement')
    .some((other) => {
      if (other.is('global_statement')) return other.namedChildren.some((name) => name.text === text);
      const left = givenTo(other);
      if (!left || left.row === target.row) return false;
      if (left.is('pattern_list', 'tuple_pattern', 'list_pattern'))
        return left.namedChildren.some((part) => part.text === text);
      return left.text === text;
    });
}

/** What a statement or expression gives a value to. */
function givenTo(statement: Node): Node | undefined {
  if (statement.is('named_expression')) return statement.field('name');
  return statement.is('assignment', 'augmented_assignment', 'for_statement') ? statement.field('left') : undefined;
}

function messageFor(target: Node, value: Node): string {
  const text = onOneLine(value);
  const [shown, fallback] = text.length > 40 ? [shortened(text), 'the literal'] : [text, `\`${text}\``];
  return `\`${target.text}\` is the literal \`${shown}\`; read it from the configuration, with ${fallback} as the default.`;
}

/** The beginning of a literal; of several values the whole ones among it. */
function shortened(text: string): string {
  const beginning = text.slice(0, 40);
  const end = /^[[({]/.test(text) ? beginning.lastIndexOf(',') : -1;
  return end > 0 ? `${beginning.slice(0, end + 1)} …${text.slice(-1)}` : `${beginning}…`;
}

/** The text of a literal without its comments and line breaks. */
function onOneLine(value: Node): string {
  const { start, text } = value;
  let plain = '';
  let from = 0;
  for (const comment of value.below('comment')) {
    plain += text.slice(from, comment.start - start);
    from = comment.end - start;
  }
  return (plain + text.slice(from)).replace(/\s+/g, ' ').replace(/^([[({]) /, '$1');
}

function readFix(name: string, value: Node, file: SourceFile, given: Options): Fix | undefined {
  const key = name.replace(/^_+/, '');
  const read = readOf(key, value, file, given);
  return read === undefined
    ? undefined
    : {
        title: `Read \`${read.title}\``,
        safety: 'unsafe',
        edits: [{ start: value.start, end: value.end, text: read.text }],
      };
}

function readOf(
  key: string,
  value: Node,
  file: SourceFile,
  { source }: Options,
): { text: string; title: string } | undefined {
  const holder = source === 'settings' ? undefined : configHolder(value, file);
  if (holder !== undefined) {
    const text = `${holder}.get("${key.toLowerCase()}", ${value.text})`;
    return { text, title: `${holder}.get("${key.toLowerCase()}", …)` };
  }
  if (source === 'config') return undefined;
  const settings = file.binding(value, 'settings');
  if (settings?.kind !== 'import' || settings.typeOnly) return undefined;
  const text = `settings.${key.toUpperCase()}`;
  return { text, title: text };
}

/** `self.config` in a class that derives from a module's base class, or `config` where a parameter of that name can be asked. */
function configHolder(value: Node, file: SourceFile): string | undefined {
  const definition = file.enclosingFunction(value);
  if (!definition?.is('function_definition')) return undefined;
  const parameter = parametersOf(definition).find((one) => one.name === 'config');
  if (parameter && (!parameter.annotation || isMapping(parameter.annotation, file))) return 'config';
  const [first] = parametersOf(definition);
  const owner = file.enclosingClass(definition);
  if (first?.name !== 'self' || !owner) return undefined;
  return isModuleClass(owner, file) ? 'self.config' : undefined;
}

function isMapping(annotation: Node, file: SourceFile): boolean {
  const named = annotatedClass(file, annotation);
  const name = named && file.qualified(named);
  return name !== undefined && mappings.has(name);
}

const mappings = new Set([
  'builtins.dict',
  'typing.Dict',
  'typing.Mapping',
  'typing.MutableMapping',
  'collections.abc.Mapping',
  'collections.abc.MutableMapping',
]);

function isModuleClass(owner: TypedNode<'class_definition'>, file: SourceFile): boolean {
  return file.bases(owner).some((base) => base !== undefined && /(?:^|\.)BaseModule$/.test(base));
}
