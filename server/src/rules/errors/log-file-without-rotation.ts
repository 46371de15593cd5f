import { z } from 'zod';
import {
  appended,
  argumentsOf,
  constantNumber,
  defineRule,
  dottedName,
  type Edit,
  type Finding,
  type Fix,
  isTestFile,
  type Node,
  py,
  type SourceFile,
  spell,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  maxBytes: z.int().positive().default(10_485_760).meta({
    description: 'The largest size of a log file, in bytes. By default 10 MiB, so that 10 MB of either kind fit.',
  }),
  backupCount: z.int().positive().default(5).meta({ description: 'How many old log files are kept.' }),
});
type Options = z.output<typeof options>;

export default defineRule({
  code: 'GR413',
  name: 'log-file-without-rotation',
  family: 'errors',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A log file grows without an end, or rotates in another way than agreed',
  advice: 'Use `RotatingFileHandler` with `maxBytes=10_000_000` and `backupCount=5`',
  why: 'A log file that is only appended to fills the disk, and it does so on the day when something goes wrong and every request logs a traceback; then the database on the same disk stops too. A rotating handler keeps the last files and no more.',
  fix: 'unsafe',
  fixSafety: 'Old log lines are deleted when the files are full, and several processes must not share such a file.',
  requirements: ['004-121'],
  peers: [],
  options,
  mentions: ['FileHandler', 'basicConfig', 'RotatingFileHandler'],
  calls: ['FileHandler', 'basicConfig', 'RotatingFileHandler'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import logging

        handler = logging.FileHandler("app.log", encoding="utf-8")
        #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR413 unsafe: The log file of \`logging.FileHandler\` grows without an end; use \`RotatingFileHandler\` with \`maxBytes=10_000_000\` and \`backupCount=5\`.
        logging.basicConfig(level=logging.INFO, filename="app.log")
        #                                       ^^^^^^^^^^^^^^^^^^ GR413 unsafe: The log file of \`logging.basicConfig\` grows without an end; use \`RotatingFileHandler\` with \`maxBytes=10_000_000\` and \`backupCount=5\`.
      `,
      good: py`
        import logging
        from logging.handlers import RotatingFileHandler

        handler = RotatingFileHandler("app.log", encoding="utf-8", maxBytes=10_000_000, backupCount=5)
        logging.basicConfig(level=logging.INFO, handlers=[RotatingFileHandler("app.log", maxBytes=10_000_000, backupCount=5)])
      `,
    },
    {
      bad: py`
        from logging.handlers import RotatingFileHandler

        first = RotatingFileHandler("a.log", maxBytes=50 * 1024 * 1024, backupCount=5)
        #                                    ^^^^^^^^^^^^^^^^^^^^^^^^^ GR413 unsafe: The log file rotates at 52428800 bytes, the standard is at most 10485760; set \`maxBytes=10_000_000\`.
        second = RotatingFileHandler("b.log", maxBytes=10_000_000, backupCount=3)
        #                                                          ^^^^^^^^^^^^^ GR413 unsafe: 3 old log files are kept, the standard is 5; set \`backupCount=5\`.
        third = RotatingFileHandler("c.log")
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR413 unsafe: \`RotatingFileHandler\` without \`maxBytes\` and \`backupCount\` never rotates; set \`maxBytes=10_000_000\` and \`backupCount=5\`.
        fourth = RotatingFileHandler("c.log", maxBytes=10_000_000)
        #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR413 unsafe
      `,
      good: py`
        from logging.handlers import RotatingFileHandler

        first = RotatingFileHandler("a.log", maxBytes=10_000_000, backupCount=5)
        second = RotatingFileHandler("b.log", maxBytes=10_000_000, backupCount=5)
        third = RotatingFileHandler("c.log", maxBytes=10_000_000, backupCount=5)
        fourth = RotatingFileHandler("c.log", maxBytes=10_000_000, backupCount=5)
      `,
    },
    {
      bad: py`
        LOGGING = {
            "version": 1,
            "handlers": {
                "plain": {"class": "logging.FileHandler", "filename": "app.log"},
        #                          ^^^^^^^^^^^^^^^^^^^^^ GR413 none: The log file of \`logging.FileHandler\` grows without an end; use \`RotatingFileHandler\` with \`maxBytes=10_000_000\` and \`backupCount=5\`.
                "rotating": {
                    "class": "logging.handlers.RotatingFileHandler",
                    "filename": "app.log",
                    "maxBytes": 10_000_000,
                    "backupCount": 50,
        #           ^^^^^^^^^^^^^^^^^ GR413 unsafe: 50 old log files are kept, the standard is 5; set \`"backupCount": 5\`.
                },
            },
        }
      `,
      good: py`
        LOGGING = {
            "version": 1,
            "handlers": {
                "plain": {"class": "logging.FileHandler", "filename": "app.log"},
                "rotating": {
                    "class": "logging.handlers.RotatingFileHandler",
                    "filename": "app.log",
                    "maxBytes": 10_000_000,
                    "backupCount": 5,
                },
            },
        }
      `,
    },
    {
      ok: py`
        import logging
        from logging.handlers import RotatingFileHandler, TimedRotatingFileHandler, WatchedFileHandler

        first = RotatingFileHandler("a.log", maxBytes=10 * 1024 * 1024, backupCount=5)
        second = RotatingFileHandler("a.log", maxBytes=LIMIT, backupCount=COUNT)
        third = RotatingFileHandler("a.log", "a", 1_000_000, 5)
        fourth = RotatingFileHandler("a.log", **settings)
        fifth = TimedRotatingFileHandler("a.log", when="D", backupCount=5)
        sixth = WatchedFileHandler("a.log")
        logging.basicConfig(level=logging.INFO)
        logging.basicConfig(filename=None)
      `,
    },
    {
      ok: py`
        from app.files import FileHandler

        handler = FileHandler("rows.csv")
        shape = {"class": "logging.StreamHandler"}
      `,
    },
    {
      ok: py`
        import logging

        handler = logging.FileHandler("test.log")
      `,
      path: 'tests/conftest.py',
    },
  ],
  on: {
    call(call, file, given) {
      const callee = call.field('function');
      const last = callee.is('attribute') ? callee.field('attribute').text : undefined;
      if (last !== undefined && last !== 'basicConfig' && !last.endsWith('FileHandler')) return undefined;
      const name = dottedName(callee, file);
      if (name === undefined || !name.startsWith('logging.')) return undefined;
      if (name === 'logging.FileHandler') return plainHandler(call, callee.text, file, given);
      if (name === 'logging.basicConfig') return basicConfig(call, callee.text, file, given);
      return name === 'logging.handlers.RotatingFileHandler' ? rotating(call, file, given) : undefined;
    },
    pair(pair, _file, given) {
      if (stringValue(pair.field('key')) !== 'class') return undefined;
      const value = pair.field('value');
      const name = stringValue(value);
      const holder = pair.parent;
      if (name === undefined || !name.startsWith('logging.') || !holder?.is('dictionary')) return undefined;
      if (name === 'logging.FileHandler') return { at: value, message: endless(name, given) };
      if (name !== 'logging.handlers.RotatingFileHandler') return undefined;
      if (holder.child('dictionary_splat')) return undefined;
      const entries = new Map(
        holder.namedChildren.flatMap((entry) =>
          entry.is('pair') ? [[stringValue(entry.field('key')) ?? '', entry] as const] : [],
        ),
      );
      const sized = entries.get('maxBytes');
      const counted = entries.get('backupCount');
      if (!sized || !counted) return { at: value, message: missing(!sized, !counted, given) };
      return [
        ...tooLarge(sized, sized.field('value'), '"maxBytes": ', given),
        ...otherCount(counted, counted.field('value'), '"backupCount": ', given),
      ];
    },
  },
});

/** The size that fixes write: a round number within the limit. */
function sizeOf({ maxBytes }: Options): string {
  return maxBytes === 10_485_760 ? '10_000_000' : String(maxBytes);
}

function endless(callee: string, given: Options): string {
  return `The log file of \`${callee}\` grows without an end; use \`RotatingFileHandler\` with \`maxBytes=${sizeOf(given)}\` and \`backupCount=${given.backupCount}\`.`;
}

function missing(size: boolean, count: boolean, given: Options): string {
  const names = [size ? 'maxBytes' : '', count ? 'backupCount' : ''].filter((name) => name !== '');
  const values = [size ? `\`maxBytes=${sizeOf(given)}\`` : '', count ? `\`backupCount=${given.backupCount}\`` : ''];
  return `\`RotatingFileHandler\` without ${names.map((name) => `\`${name}\``).join(' and ')} never rotates; set ${values.filter((value) => value !== '').join(' and ')}.`;
}

function plainHandler(call: TypedNode<'call'>, callee: string, file: SourceFile, given: Options): Finding {
  return {
    at: call,
    message: endless(callee, given),
    fix: () => {
      const { positional, keyword, hasSplat, hasDoubleSplat, list } = argumentsOf(call);
      const mode = stringValue(positional[1] ?? keyword('mode')) ?? 'a';
      // The places of what follows the mode differ, and a rotating handler always appends.
      if (hasSplat || hasDoubleSplat || positional.length > 2 || !mode.startsWith('a')) return undefined;
      const handler = spell(file, 'logging.handlers', 'RotatingFileHandler', call);
      if (!handler) return undefined;
      const named = call.field('function');
      return rotate([
        { start: named.start, end: named.end, text: handler.text },
        ...appended(list, `maxBytes=${sizeOf(given)}, backupCount=${given.backupCount}`, file.eol),
        ...handler.edits,
      ]);
    },
  };
}

function basicConfig(call: TypedNode<'call'>, callee: string, file: SourceFile, given: Options): Finding | undefined {
  const { keywords } = argumentsOf(call);
  const filename = keywords.get('filename');
  if (!filename || filename.field('value').is('none')) return undefined;
  return {
    at: filename,
    message: endless(callee, given),
    fix: () => {
      const { keywords: named, hasDoubleSplat } = argumentsOf(call);
      if (hasDoubleSplat || ['filemode', 'encoding', 'errors', 'handlers', 'stream'].some((name) => named.has(name)))
        return undefined;
      const handler = spell(file, 'logging.handlers', 'RotatingFileHandler', call);
      if (!handler) return undefined;
      const value = filename.field('value');
      const text = `handlers=[${handler.text}(${value.text}, maxBytes=${sizeOf(given)}, backupCount=${given.backupCount})]`;
      return rotate([{ start: filename.start, end: filename.end, text }, ...handler.edits]);
    },
  };
}

function rotating(call: TypedNode<'call'>, file: SourceFile, given: Options): Finding | readonly Finding[] | undefined {
  const { positional, keywords, hasSplat, hasDoubleSplat, list } = argumentsOf(call);
  if (hasSplat || hasDoubleSplat) return undefined;
  const size = positional[2] ?? keywords.get('maxBytes');
  const count = positional[3] ?? keywords.get('backupCount');
  if (!size || !count)
    return {
      at: call,
      message: missing(!size, !count, given),
      fix: () => {
        const added = [
          ...(size ? [] : [`maxBytes=${sizeOf(given)}`]),
          ...(count ? [] : [`backupCount=${given.backupCount}`]),
        ];
        return rotate(appended(list, added.join(', '), file.eol));
      },
    };
  return [
    ...tooLarge(size, givenBy(size), size.is('keyword_argument') ? 'maxBytes=' : '', given),
    ...otherCount(count, givenBy(count), count.is('keyword_argument') ? 'backupCount=' : '', given),
  ];
}

function givenBy(argument: Node): Node {
  return argument.is('keyword_argument') ? argument.field('value') : argument;
}

function tooLarge(argument: Node, value: Node, lead: string, given: Options): Finding[] {
  const size = constantNumber(value);
  if (size === undefined || (size > 0 && size <= given.maxBytes)) return [];
  const wanted = `${lead === '' ? 'maxBytes=' : lead}${sizeOf(given)}`;
  return [
    {
      at: argument,
      message:
        size > 0
          ? `The log file rotates at ${size} bytes, the standard is at most ${given.maxBytes}; set \`${wanted}\`.`
          : `With \`maxBytes\` of ${size} the log file never rotates; set \`${wanted}\`.`,
      fix: () => rotate([{ start: value.start, end: value.end, text: sizeOf(given) }]),
    },
  ];
}

function otherCount(argument: Node, value: Node, lead: string, given: Options): Finding[] {
  const count = constantNumber(value);
  if (count === undefined || count === given.backupCount) return [];
  const wanted = `${lead === '' ? 'backupCount=' : lead}${given.backupCount}`;
  return [
    {
      at: argument,
      message: `${count} old log files are kept, the standard is ${given.backupCount}; set \`${wanted}\`.`,
      fix: () => rotate([{ start: value.start, end: value.end, text: String(given.backupCount) }]),
    },
  ];
}

function rotate(edits: readonly Edit[]): Fix | undefined {
  return edits.length > 0 ? { title: 'Rotate the log file', safety: 'unsafe', edits } : undefined;
}
