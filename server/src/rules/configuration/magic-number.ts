import { z } from 'zod';
import {
  argumentsOf,
  constantNumber,
  defineRule,
  type Finding,
  type Fix,
  insertion,
  isHttpStatus,
  isMigration,
  isMigrationPath,
  isScript,
  isSettingsModule,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  allowed: z
    .array(z.number())
    .default([0, 1, -1, 2, 7, 10, 24, 60, 100, 365, 1000, 1024, 3600])
    .meta({ description: 'Numbers that everybody can read, so that they need no name.' }),
});
type Options = z.output<typeof options>;

export default defineRule({
  code: 'GR706',
  name: 'magic-number',
  family: 'configuration',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A number without a name decides something',
  advice: 'Give it a name: a constant at the top of the module',
  why: 'Nobody can tell from `if age > 17` whether seventeen is a law, a guess or a mistake, nor which of the other seventeens must change with it. A name says what the number means, and there is one place to change it.',
  fix: 'unsafe',
  fixSafety: 'The name is made from the code around the number and wants a better one.',
  requirements: ['004-265'],
  peers: ['PLR2004'],
  options,
  mentions: ['def'],
  applies: (file) => !isTestFile(file) && !isScript(file) && !isMigrationPath(file) && !isSettingsModule(file),
  examples: [
    {
      bad: py`
        import time


        def wait(attempts: int, rows: list[str]) -> str:
            if attempts > 9:
        #                 ^ GR706 unsafe: The number \`9\` has no name; make it a constant that says what it means.
                time.sleep(45)
        #                  ^^ GR706 unsafe
            return rows[6]
        #               ^ GR706 unsafe
      `,
      good: py`
        import time

        ROWS_INDEX = 6

        SLEEP_ARGUMENT = 45

        ATTEMPTS_LIMIT = 9


        def wait(attempts: int, rows: list[str]) -> str:
            if attempts > ATTEMPTS_LIMIT:
                time.sleep(SLEEP_ARGUMENT)
            return rows[ROWS_INDEX]
      `,
    },
    {
      bad: py`
        def section(text: str, status_code: int) -> Section:
            if len(text) > 500 and text[-500:] in seen:
        #                  ^^^ GR706 unsafe
                return Section(width=500, text=text[:500])
            size = 300
            shown = text if len(text) <= 300 or status_code == 300 else f"{text[:300]}..."
        #                                ^^^ GR706 unsafe
            return Section(width=300, text=shown)


        def ends(first: Row, last: Row) -> bool:
            return first[5] == last[5]
        #                ^ GR706 unsafe
        #                           ^ GR706 unsafe
      `,
      good: py`
        LAST_INDEX = 5


        FIRST_INDEX = 5


        TEXT_LIMIT_2 = 300


        TEXT_LIMIT = 500


        def section(text: str, status_code: int) -> Section:
            if len(text) > TEXT_LIMIT and text[-TEXT_LIMIT:] in seen:
                return Section(width=500, text=text[:500])
            size = 300
            shown = text if len(text) <= TEXT_LIMIT_2 or status_code == 300 else f"{text[:TEXT_LIMIT_2]}..."
            return Section(width=300, text=shown)


        def ends(first: Row, last: Row) -> bool:
            return first[FIRST_INDEX] == last[LAST_INDEX]
      `,
    },
    {
      ok: py`
        from datetime import datetime, timedelta

        MAX_AGE = timedelta(90)


        class Row:
            width = size(77)


        def check(age: int, rows: list[str], limit: int = 50) -> bool:
            WIDTH = round(9.7)
            rows[0] = rows[-1]
            connect(timeout=45)
            if len(rows) >= 2 or age == 100:
                return False
            day = datetime(2024, 5, 17)
            share = age * 9
            return rows[5:9] == [] and 0x7F > share
      `,
    },
    {
      ok: py`
        import sys

        from fastapi import HTTPException
        from sqlalchemy import String


        def check(response, code: int) -> None:
            if response.status_code == 404 or code >= 500:
                raise HTTPException(404)
            column = String(250)
            if sys.version_info[0] < 3:
                raise SystemExit(5)
            round(1.2345, 5)
            range(9)
            if getattr(response, "status_code", None) == 404:
                error_response(409, "taken")
            if response["code"] == 409:
                span.set_attribute("http.response.size", 4096)
                read_env("ATTEMPTS", 9)


        def test_size(rows: list[str]) -> None:
            assert len(rows) == 9


        class OrderClosed(AppError):
            def __init__(self, order_id: int) -> None:
                super().__init__(f"order {order_id} is closed", 409)
      `,
    },
    {
      bad: py`
        class Rate(Limit):
            def __init__(self, name: str) -> None:
                super().__init__(name, 42)
        #                              ^^ GR706 unsafe
                self.pause(404)
        #                  ^^^ GR706 unsafe
      `,
      good: py`
        PAUSE_ARGUMENT = 404


        INIT_ARGUMENT = 42


        class Rate(Limit):
            def __init__(self, name: str) -> None:
                super().__init__(name, INIT_ARGUMENT)
                self.pause(PAUSE_ARGUMENT)
      `,
    },
    {
      ok: py`
        def test_rows(rows: list[str]) -> None:
            assert len(rows) == 9
      `,
      path: 'tests/test_rows.py',
    },
    {
      ok: py`
        def check(rows: list[str]) -> bool:
            return len(rows) == 9
      `,
      options: { allowed: [9] },
    },
  ],
  on: {
    comparison_operator(comparison, file, given): Finding[] {
      if (!comparison.child('integer') && !comparison.child('float') && !comparison.child('unary_operator')) return [];
      const operands = comparison.namedChildren;
      if (!operands.some(isNumber) || operands.some(isCode)) return [];
      return operands.flatMap((operand, index) => {
        const other = operands[index === 0 ? 1 : index - 1];
        if (!other || !isNumber(operand) || isNumber(other)) return [];
        const constant = (): string => `${nameOf(other)}_${isOrdered(comparison) ? 'LIMIT' : 'VALUE'}`;
        return report(operand, constant, file, given);
      });
    },
    subscript(subscript, file, given): Finding[] {
      const [index, more] = subscript.fields('subscript');
      if (!index || more || !isNumber(index) || !isUnknown(index, given) || subscript.above('type')) return [];
      return report(index, () => `${nameOf(subscript.field('value'))}_INDEX`, file, given);
    },
    call(call, file, given): Finding[] {
      const list = call.field('arguments');
      if (!list.child('integer') && !list.child('float') && !list.child('unary_operator')) return [];
      const callee = call.field('function');
      const name = callee.is('attribute') ? callee.field('attribute').text : callee.text;
      const { positional } = argumentsOf(call);
      // Constructors and several numbers side by side have their own order; the name of a builtin tells what its number is.
      if (/^[A-Z]/.test(name) || plain.has(name)) return [];
      const numbers = positional.filter(isNumber);
      const [number, another] = numbers;
      if (number && (isStatus(number, callee) || isNamedByText(number, positional, name))) return [];
      return number && !another ? report(number, () => `${nameOf(callee)}_ARGUMENT`, file, given) : [];
    },
  },
});

function isNumber(node: Node): boolean {
  if (node.is('unary_operator')) return node.field('argument').is('integer', 'float');
  return node.is('integer', 'float');
}

/** A number that needs a name. Numbers in hexadecimal are masks and formats, known by their digits. */
function isUnknown(number: Node, { allowed }: Options): boolean {
  const value = constantNumber(number);
  return value !== undefined && !allowed.includes(value) && !/^[-+~]?0[xXbBoO]/.test(number.text);
}

function report(number: Node, constant: () => string, file: SourceFile, given: Options): Finding[] {
  if (!isUnknown(number, given)) return [];
  const owner = file.enclosingFunction(number);
  if (!owner || isNamed(number)) return [];
  // A test may stand in any file.
  if (owner.is('function_definition') && owner.field('name').text.startsWith('test_')) return [];
  if (isMigration(file)) return [];
  return [
    {
      at: number,
      message: `The number \`${number.text}\` has no name; make it a constant that says what it means.`,
      fix: () => extracted(number, constant(), file),
    },
  ];
}

/** The number goes into a constant with a name: `WIDTH = round(9.7)`. */
function isNamed(number: Node): boolean {
  for (let node = number.parent; node; node = node.parent) {
    if (node.is('assignment')) return /^_*[A-Z][A-Z0-9_]*$/.test(node.field('left').text);
    if (node.is('keyword_argument', 'default_parameter', 'typed_default_parameter', 'decorator')) return true;
    if (node.is('block', 'function_definition')) return false;
  }
  return false;
}

function isOrdered(comparison: TypedNode<'comparison_operator'>): boolean {
  return comparison.children.some((child) => /^[<>]=?$/.test(child.text));
}

/** Status and exit codes, versions and character codes have meanings that everybody can look up. */
function isCode(operand: Node): boolean {
  const read = operand.is('call') && operand.field('function').text === 'getattr' && argumentsOf(operand).positional[1];
  const [key] = operand.is('subscript') ? operand.fields('subscript') : [];
  const name = read
    ? (stringValue(read) ?? '')
    : operand.is('subscript')
      ? ((key && stringValue(key)) ?? operand.field('value').text)
      : operand.text;
  return /(?:status|code|errno|version|version_info|ord\(.*\)|sqlstate|year|month|day|hour|minute|weekday\(\))$/i.test(
    name,
  );
}

/** `env_float("TIMEOUT", 45.0)`, `span.set_attribute("size", 45)`: the text before the number is its name. */
function isNamedByText(number: Node, positional: readonly Node[], callee: string): boolean {
  const before = positional[positional.indexOf(number) - 1];
  const text = before && stringValue(before);
  return text !== undefined && /^[\w.:/-]+$/.test(text) && /env|attr|tag|option|config|setting|param/i.test(callee);
}

/** The status of an answer, or of the exception that becomes one: `error_response(409, …)`, `super().__init__(message, 404)`. */
function isStatus(number: Node, callee: Node): boolean {
  const code = constantNumber(number) ?? 0;
  // What comes before an answer has codes below 200.
  if (code < 200 || !isHttpStatus(code)) return false;
  if (!callee.is('attribute')) return answers.test(callee.text);
  const object = callee.field('object');
  const name = callee.field('attribute').text;
  return answers.test(name) || (name === '__init__' && object.is('call') && object.field('function').text === 'super');
}

const answers = /error|exception|response|respond|status|abort|redirect|reject|fail|http/i;

/** Calls whose one number is told by their own name, or by what they are for. */
const plain = new Set([
  'abs',
  'chr',
  'exit',
  '_exit',
  'float',
  'int',
  'max',
  'min',
  'pow',
  'range',
  'round',
  'str',
  'timedelta',
  'center',
  'ljust',
  'rjust',
  'zfill',
  'randint',
  'token_hex',
  'token_urlsafe',
  'token_bytes',
  'getrandbits',
  'randbytes',
  'urandom',
  'type',
  'super',
  'append',
  'add',
  'insert',
  'pop',
  'get',
  'setdefault',
  'status',
  'send_response',
  'set_option',
  'setsockopt',
  'send_error',
  'HTTPException',
]);

/** The last name of an expression in capitals: `ATTEMPTS` for `self.attempts`, `ROWS` for `len(rows)`. */
function nameOf(expression: Node): string {
  if (expression.is('call')) {
    const { positional } = argumentsOf(expression);
    const [only] = positional;
    return nameOf(only?.is('identifier', 'attribute') ? only : expression.field('function'));
  }
  if (expression.is('subscript')) return nameOf(expression.field('value'));
  const text = expression.is('attribute') ? expression.field('attribute').text : expression.text;
  if (!/^[A-Za-z_]\w*$/.test(text)) return 'NUMBER';
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/^_+|_+$/g, '')
    .toUpperCase();
}

/** Writes the constant behind the module's imports, under a name that nothing else has. */
function extracted(number: Node, constant: string, file: SourceFile): Fix | undefined {
  const name = ['', '_2', '_3'].map((suffix) => `${constant}${suffix}`).find((one) => isFree(number, one, file));
  if (name === undefined || file.mayComeFromStar()) return undefined;
  const place = insertion(file, `${name} = ${number.text}`, number);
  const { eol } = file;
  const isAfterImports = place.start > 0 && file.slice(place.start - 1, place.start) === '\n';
  const text = isAfterImports ? `${eol}${name} = ${number.text}${eol}` : `${name} = ${number.text}${eol}${eol}${eol}`;
  return {
    title: `Extract the constant \`${name}\``,
    safety: 'unsafe',
    edits: [{ ...place, text }, ...sameNumbers(number, constant).map(({ start, end }) => ({ start, end, text: name }))],
  };
}

/** The number and its equals in the same statement, which change with it: `text if len(text) <= 500 else text[:500]`. */
function sameNumbers(number: Node, constant: string): Node[] {
  const { text } = number;
  return statementOf(number)
    .below('integer', 'float', 'unary_operator')
    .filter((other) => other.text === text && (other.row === number.row || meansSame(other, constant)));
}

/** The simple statement that a node stands in, or the part of a compound one's header. */
function statementOf(node: Node): Node {
  let part = node;
  for (let { parent } = node; parent && !parent.is('block', 'module') && !parent.child('block'); { parent } = part)
    part = parent;
  return part;
}

/** What a keyword or a key names means something else, and so do a code and an index of something else. */
function meansSame({ parent }: Node, constant: string): boolean {
  if (parent?.is('comparison_operator')) return !parent.namedChildren.some(isCode);
  if (parent?.is('subscript')) return constant.startsWith(`${nameOf(parent.field('value'))}_`);
  return !parent?.is('keyword_argument', 'pair', 'default_parameter');
}

function isFree(at: Node, name: string, file: SourceFile): boolean {
  return file.bindings(at, name).length === 0 && file.moduleBindings(name).length === 0;
}
