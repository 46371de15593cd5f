import assert from 'node:assert/strict';
import { applyEdits, Document, fixAll, type Reported, type Rule } from '../../server/src/engine/index.ts';
import print from '../../server/src/rules/errors/print.ts';
import sensitive from '../../server/src/rules/errors/sensitive-data-in-log.ts';
import { factsOf, only, parser } from '../support/engine.ts';
import { run, syntaxErrors } from '../support/python.ts';

const header = 'import logging\n\nlogger = logging.getLogger(__name__)\n';

describe('print → logger: what real code does to the fix', () => {
  describe('1. several arguments', () => {
    it('becomes one format with a value for each', () => {
      rewrites('print(a, b)', 'logger.info("%s %s", a, b)');
      rewrites('print(a, b.c, d[0], f(x))', 'logger.info("%s %s %s %s", a, b.c, d[0], f(x))');
    });
    it('puts plain literals into the format', () => {
      rewrites('print("a:", a, "b:", b)', 'logger.info("a: %s b: %s", a, b)');
      rewrites(`print('say "x"', a)`, `logger.info('say "x" %s', a)`);
      rewrites(`print("it's", a, 'a "b"')`, `logger.info("it's %s a \\"b\\"", a)`);
      rewrites('print("a", "b")', 'logger.info("a b")');
    });
    it('leaves raw, byte and triple-quoted literals and f-strings as values', () => {
      rewrites('print(r"\\d", a)', 'logger.info("%s %s", r"\\d", a)');
      rewrites('print(b"x", a)', 'logger.info("%s %s", b"x", a)');
      rewrites('print("""x""", a)', 'logger.info("%s %s", """x""", a)');
      rewrites('print(f"{a} %", b)', 'logger.info("%s %s", f"{a} %", b)');
      rewrites('print("\\N{BULLET}", a)', 'logger.info("%s %s", "\\N{BULLET}", a)');
    });
    it('keeps the layout and the comments of a call over several lines', () => {
      rewrites(
        'print(\n    "total:",\n    a,  # net\n    b,\n)',
        'logger.info(\n    "total: %s %s",\n    a,  # net\n    b,\n)',
      );
      rewrites('print(\n    a,\n    "and",\n    b,\n    sep="-",\n)', 'logger.info(\n    "%s-and-%s", a,\n    b,\n)');
    });
  });

  describe('2. a literal %', () => {
    it('is escaped where values are added', () => {
      rewrites('print("100% of", a)', 'logger.info("100%% of %s", a)');
      rewrites('print(a, "%d")', 'logger.info("%s %%d", a)');
    });
    it('is left where none are', () => {
      rewrites('print("100% done")', 'logger.info("100% done")');
      rewrites('print("100%", "done")', 'logger.info("100% done")');
    });
  });

  describe('3. one f-string', () => {
    it('is kept with its conversions, specs and self-documenting fields', () => {
      rewrites('print(f"{a=} {b!r:>{width}} 5% {{x}}")', 'logger.info(f"{a=} {b!r:>{width}} 5% {{x}}")');
      rewrites('print(f"{a=}" "and")', 'logger.info(f"{a=}" "and")');
      rewrites('print("%s of %s" % (a, b))', 'logger.info("%s of %s" % (a, b))');
      rewrites('print("{} of {}".format(a, b))', 'logger.info("{} of {}".format(a, b))');
      rewrites('print("a " + str(a))', 'logger.info("a " + str(a))');
    });
  });

  describe('4. an object, an exception, a traceback', () => {
    it('is given as a value', () => {
      rewrites('print(a)', 'logger.info("%s", a)');
      rewrites('print(None)', 'logger.info("%s", None)');
      rewrites('print({"a": 1})', 'logger.info("%s", {"a": 1})');
    });
    it('is an exception in a handler', () => {
      rewritesBody(
        'try:\n    f(a)\nexcept ValueError as e:\n    print(e)\n',
        'try:\n    f(a)\nexcept ValueError as e:\n    logger.exception("%s", e)\n',
      );
      rewritesBody(
        'try:\n    f(a)\nexcept ValueError as e:\n    print("Error:", str(e))\n',
        'try:\n    f(a)\nexcept ValueError as e:\n    logger.exception("Error: %s", str(e))\n',
      );
    });
    it('is an exception for a formatted traceback', () => {
      rewritesBody(
        'import traceback\n\ndef load():\n    try:\n        f(a)\n    except ValueError:\n        print(traceback.format_exc())\n',
        'import traceback\n\ndef load():\n    try:\n        f(a)\n    except ValueError:\n        logger.exception("load failed")\n',
      );
    });
    it('is not in a function that only stands in a handler', () => {
      rewritesBody(
        'try:\n    f(a)\nexcept ValueError:\n    def later():\n        print(a)\n',
        'try:\n    f(a)\nexcept ValueError:\n    def later():\n        logger.info("%s", a)\n',
      );
    });
    it('takes its level from the words of the text', () => {
      rewrites('print("Error:", a)', 'logger.error("Error: %s", a)');
      rewrites('print(f"Failed to load {a}")', 'logger.error(f"Failed to load {a}")');
      rewrites('print("WARNING: slow")', 'logger.warning("WARNING: slow")');
      rewrites('print("DEBUG", a)', 'logger.debug("DEBUG %s", a)');
      rewrites('print("no error")', 'logger.info("no error")');
    });
  });

  describe('5. an empty print()', () => {
    it('is removed with its line', () => {
      rewritesBody('f(a)\nprint()\nf(b)\n', 'f(a)\nf(b)\n');
      rewritesBody('f(a)\nprint()  # noqa: T201\nf(b)\n', 'f(a)\nf(b)\n');
    });
    it('leaves a pass where it was all', () => {
      rewritesBody('if a:\n    print()\n', 'if a:\n    pass\n');
      rewritesBody('f(a); print()\n', 'f(a); pass\n');
      rewritesBody('if a:\n    f(a)\n    print()  # a gap\n', 'if a:\n    f(a)\n    pass  # a gap\n');
    });
    it('is left where its value is used', () => nothing('x = print()'));
  });

  describe('6. end, sep, *args, flush', () => {
    it('offers nothing for what does not end a line, or takes any number of values', () => {
      nothing('print(a, end="")');
      nothing('print(end="")');
      nothing('print(*a)');
      nothing('print(a, *b)');
      nothing('print(a, **b)');
      nothing('print(a for a in b)');
      nothing('print(a, b, sep=c)');
    });
    it('folds a literal sep into the format and drops flush', () => {
      rewrites('print(a, b, sep=", ")', 'logger.info("%s, %s", a, b)');
      rewrites(`print(a, b, sep='"%')`, 'logger.info("%s\\"%%%s", a, b)');
      rewrites('print(a, b, sep="")', 'logger.info("%s%s", a, b)');
      rewrites('print(a, "x", b, sep="\\n", flush=True)', 'logger.info("%s\\nx\\n%s", a, b)');
      rewrites('print(a, b, sep=None)', 'logger.info("%s %s", a, b)');
      rewrites('print(a, sep=c)', 'logger.info("%s", a)');
      rewrites('print("a", flush=True)', 'logger.info("a")');
    });
  });

  describe('7. file=', () => {
    it('is an error or a warning for standard error', () => {
      const stderr = 'import sys\n\n';
      rewritesBody(`${stderr}print("down", file=sys.stderr)\n`, `${stderr}logger.error("down")\n`);
      rewritesBody(`${stderr}print("Warning: slow", file=sys.stderr)\n`, `${stderr}logger.warning("Warning: slow")\n`);
      rewritesBody(`${stderr}print(a, b, file=sys.stdout, flush=True)\n`, `${stderr}logger.info("%s %s", a, b)\n`);
      rewritesBody(
        'from sys import stderr as err\n\nprint(a, file=err)\n',
        'from sys import stderr as err\n\nlogger.error("%s", a)\n',
      );
    });
    it('is no business of ours for anything else', () => {
      assert.deepEqual(report('with open("x") as out:\n    print(1, file=out)\n'), []);
      assert.deepEqual(report('def f(out):\n    print(1, file=out)\n'), []);
    });
  });

  describe('8. where standard output is the product', () => {
    const places: [string, string, string][] = [
      ['a main block', 'app/run.py', 'if __name__ == "__main__":\n    print("x")\n'],
      ['a script', 'scripts/run.py', 'print("x")\n'],
      ['a command line', 'app/cli.py', 'print("x")\n'],
      ['a command', 'app/run.py', '@app.command()\ndef run():\n    print("x")\n'],
      ['a test', 'tests/test_run.py', 'print("x")\n'],
      ['a migration', 'alembic/versions/0a1b2c3d4e5f_x.py', 'print("x")\n'],
    ];
    for (const [name, path, source] of places) {
      it(`reports ${name} as information and offers nothing`, () => {
        const [finding, ...more] = report(source, path);
        assert.deepEqual(more, []);
        assert.equal(finding?.severity, 'information');
        assert.deepEqual(finding?.fixes(), []);
      });
    }
    it('reports a warning elsewhere', () => {
      assert.deepEqual(
        report('print("x")\n').map((finding) => finding.severity),
        ['warning'],
      );
    });
  });

  describe('9. the logger that is there', () => {
    for (const name of ['LOG', 'log', 'logger', '_LOGGER', 'audit_log']) {
      it(`is called ${name}`, () => {
        const made = `import logging\n\n${name} = logging.getLogger(__name__)\n`;
        fixes(`${made}print("x")\n`, `${made}${name}.info("x")\n`);
      });
    }
    it('was made by something else, under an alias or in a class', () => {
      const alias = 'from logging import getLogger as g\n\nL = g("x")\n';
      fixes(`${alias}print(a)\n`, `${alias}L.info("%s", a)\n`);
      const task = 'from celery.utils.log import get_task_logger\n\nlogger = get_task_logger(__name__)\n';
      fixes(`${task}print(a)\n`, `${task}logger.info("%s", a)\n`);
      const self =
        'import logging\n\nclass A:\n    def __init__(self):\n        self._log = logging.getLogger("a")\n\n';
      fixes(
        `${self}    def f(self):\n        print(a, b)\n`,
        `${self}    def f(self):\n        self._log.info("%s %s", a, b)\n`,
      );
    });
    it('formats braces for loguru', () => {
      const made = 'from loguru import logger\n\na = 1\nb = {}\n';
      fixesAlike(`${made}print("a {x} 5%", a, b)\n`, `${made}logger.info("a {{x}} 5% {} {}", a, b)\n`);
      fixesAlike(`${made}print(b)\n`, `${made}logger.info("{}", b)\n`);
      fixesAlike(`${made}print("{x}")\n`, `${made}logger.info("{x}")\n`);
      fixesAlike(`${made}print(f"{b}")\n`, `${made}logger.info(f"{b}")\n`);
    });
    it('gives structlog keywords, or a finished string', () => {
      const made = 'import structlog\n\nlog = structlog.get_logger()\n';
      fixes(`${made}print("User logged in:", user_id)\n`, `${made}log.info("User logged in", user_id=user_id)\n`);
      fixes(`${made}print("moved", a.x, b.y)\n`, `${made}log.info("moved", x=a.x, y=b.y)\n`);
      fixes(`${made}print("moved", a.x, b.x)\n`, `${made}log.info(f"moved {a.x} {b.x}")\n`);
      fixes(`${made}print("100% {", f(a))\n`, `${made}log.info(f"100% {{ {f(a)}")\n`);
      fixes(`${made}print(a)\n`, `${made}log.info(str(a))\n`);
    });
    it('gives a logger nobody can tell a finished string, which suits all', () => {
      const made = 'from app.log import logger\n\n';
      fixes(`${made}print("a:", a["x"])\n`, `${made}logger.info(f'a: {a["x"]}')\n`);
      fixes(`${made}print({"x": 1}, a)\n`, `${made}logger.info(f'{ {"x": 1} } {a}')\n`);
      fixes(`${made}print(a)\n`, `${made}logger.info(str(a))\n`);
      unfixed(`${made}print(a["x"], b['y'])\n`);
      unfixed(`${made}print("\\n".join(a), b)\n`);
    });
    it('is not a function that makes or writes one, nor a module of that name', () => {
      const start = 'from app.log import get_logger, setup_logger, log, audit_log\n';
      fixes(`${start}print(a)\n`, `${start}${header}\nlogger.info("%s", a)\n`);
      const used = 'from app.log import log\n\nlog.info("x")\n';
      fixes(`${used}print(a)\n`, `${used}log.info(str(a))\n`);
    });
    it('is not one that is not made yet, or means something else here', () => {
      unfixed(
        'from app import log as logger, _logger, log\n\ndef f(logger, _logger, log):\n    logger = _logger = log = 1\n    print("x")\n',
      );
      unfixed('print("x")\nimport logging as logger, other as _logger, more as log\n');
    });
  });

  describe('10. where the logger is made', () => {
    const made = 'import logging\n\nlogger = logging.getLogger(__name__)\n';
    it('stands behind shebang, coding, docstring, __future__ and imports', () => {
      fixes(
        '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n"""Doc."""\nfrom __future__ import annotations\n\nimport os\nfrom a import (\n    b,\n)\n\n\ndef f():\n    print("x")\n',
        `#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n"""Doc."""\nfrom __future__ import annotations\n\nimport os\nfrom a import (\n    b,\n)\n${made}\n\ndef f():\n    logger.info("x")\n`,
      );
    });
    it('stands behind a docstring alone, and behind comments alone', () => {
      fixes('"""Doc."""\n\n\ndef f():\n    print("x")\n', `"""Doc."""\n\n${made}\n\ndef f():\n    logger.info("x")\n`);
      fixes('"""Doc."""\nprint("x")\n', `"""Doc."""\n\n${made}\nlogger.info("x")\n`);
      fixes('#!/usr/bin/env python\nprint("x")\n', `#!/usr/bin/env python\n${made}\nlogger.info("x")\n`);
    });
    it('never stands below TYPE_CHECKING or try, nor behind a definition that uses it', () => {
      fixes(
        'from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import a\n\ntry:\n    import b\nexcept ImportError:\n    b = None\n\n\ndef f():\n    print("x")\n\n\nimport c\n\nf()\n',
        `from typing import TYPE_CHECKING\n${made}\nif TYPE_CHECKING:\n    import a\n\ntry:\n    import b\nexcept ImportError:\n    b = None\n\n\ndef f():\n    logger.info("x")\n\n\nimport c\n\nf()\n`,
      );
    });
    it('stands before a use at the top, whatever follows', () => {
      fixes('print("x")\nimport os\n', `${made}\nlogger.info("x")\nimport os\n`);
    });
    it('uses the import of logging that is there', () => {
      fixes(
        'import logging as std\nimport os\n\nprint("x")\n',
        'import logging as std\nimport os\n\nlogger = std.getLogger(__name__)\n\nlogger.info("x")\n',
      );
      fixes(
        'import os\nfrom logging import getLogger\n\n\ndef f():\n    print("x")\n',
        'import os\nfrom logging import getLogger\n\nlogger = getLogger(__name__)\n\n\ndef f():\n    logger.info("x")\n',
      );
    });
    it('takes another name where the name is taken, and offers nothing where logging is', () => {
      fixes(
        'logger = 1\n\n\ndef f():\n    print("x")\n',
        'import logging\n\n_logger = logging.getLogger(__name__)\n\nlogger = 1\n\n\ndef f():\n    _logger.info("x")\n',
      );
      unfixed('from app import logging\n\nprint("x")\n');
    });
    it('keeps carriage returns and a byte order mark', () => {
      fixes(
        '\ufeffimport os\r\n\r\n\r\ndef f():\r\n    print("x")\r\n',
        '\ufeffimport os\r\nimport logging\r\n\r\nlogger = logging.getLogger(__name__)\r\n\r\n\r\ndef f():\r\n    logger.info("x")\r\n',
      );
      fixes('\ufeffprint("x")\n', `\ufeff${made}\nlogger.info("x")\n`);
    });
    it('is made once for all prints of a file', () => {
      const outcome = fixAll(
        'import os\n\nprint("a")\nprint("b")\n',
        (text) => open(text),
        () => true,
      );
      assert.equal(outcome.text, `import os\n${made}\nlogger.info("a")\nlogger.info("b")\n`);
    });
  });

  describe('11. what is not the builtin', () => {
    const sources = [
      'from rich import print\nprint("x")\n',
      'try:\n    from rich import print\nexcept ImportError:\n    pass\nprint("x")\n',
      'def print(x):\n    pass\nprint("x")\n',
      'def f(print):\n    print("x")\n',
      'self.print("x")\n',
      'x = """\n>>> print("x")\n"""\n',
      'map(print, rows)\n',
      'from x import *\nprint("x")\n',
    ];
    for (const source of sources)
      it(`is left alone: ${JSON.stringify(source)}`, () => assert.deepEqual(report(source), []));
    it('is the builtin under a qualified name', () => {
      assert.equal(report('import builtins\nbuiltins.print("x")\n').length, 1);
    });
  });

  describe('12. a stale # noqa, a file named logging.py', () => {
    it('goes with the print it was for', () => {
      rewrites('print("x")  # noqa: T201', 'logger.info("x")');
      rewrites('print("x")  # noqa: E501, T201', 'logger.info("x")  # noqa: E501');
      rewrites('print("x")  # noqa: T201 # why', 'logger.info("x")  # why');
      rewrites('print("x")  # noqa: E501', 'logger.info("x")  # noqa: E501');
      rewrites('print(\n    "x",\n)  # noqa: T201', 'logger.info(\n    "x",\n)');
    });
    it('may shadow the standard library: no import is added there', () => {
      const [finding] = report('print("x")\n', 'app/logging.py');
      assert.deepEqual(finding?.fixes(), []);
    });
    it('uses the import of logging that such a file has', () => {
      const [finding] = report('import logging\n\nprint("x")\n', 'app/logging.py');
      assert.equal(finding?.fixes().length, 1);
    });
  });

  describe('13. secrets', () => {
    for (const call of [
      'print(password)',
      'print(f"{user.token}")',
      'print("key", settings.API_KEY)',
      'print({"email": mail})',
    ])
      it(`are not carried into logs: ${call}`, () => nothing(call));
    it('and what is fixed says nothing to GR412', () => {
      const outcome = fixed('print("user", user_id, max_tokens)\n');
      assert.deepEqual(
        new Document(parser, outcome, factsOf(), only(sensitive)).findings().map((finding) => finding.message),
        [],
      );
    });
  });

  describe('pprint and sys.stdout.write', () => {
    it('logs what pformat gives', () => {
      const start = 'import pprint\n\n';
      rewritesBody(`${start}pprint.pprint(a, width=30)\n`, `${start}logger.info("%s", pprint.pformat(a, width=30))\n`);
      rewritesBody(`${start}pprint.pprint(a)  # noqa: T203\n`, `${start}logger.info("%s", pprint.pformat(a))\n`);
    });
    it('logs a written line, and leaves a part of one', () => {
      const start = 'import sys\n\n';
      rewritesBody(`${start}sys.stdout.write("x\\n")\n`, `${start}logger.info("x")\n`);
      rewritesBody(`${start}sys.stdout.write(f"{a}\\n")\n`, `${start}logger.info(f"{a}")\n`);
      unfixed(`${header}${start}sys.stdout.write("x")\n`);
      unfixed(`${header}${start}sys.stdout.write("x\\\\n")\n`);
      unfixed(`${header}${start}sys.stdout.write(a)\n`);
      unfixed(`${header}${start}n = sys.stdout.write("x\\n")\n`);
    });
  });

  describe('what is logged', () => {
    it('is what was printed', () => {
      assert.ok(pairs.length > 50);
      assert.deepEqual(
        syntaxErrors(others.map((text) => text.replace(/^\ufeff/, ''))).filter((error) => error !== undefined),
        [],
      );
      const same = pairs.filter(([source]) => !/print\(\)|format_exc/.test(source));
      const printed = run(
        same.map(([source]) => source),
        prelude,
      );
      const logged = run(
        same.map(([, source]) => source),
        prelude,
      );
      same.forEach(([source, result], index) => {
        assert.equal(logged[index], printed[index], `${source}\n--- became\n${result}`);
      });
    });
  });
});

/** Programs before and after the fix that CPython can run, and fixed ones that it can only parse. */
const pairs: [string, string][] = [];
const others: string[] = [];

/** Writes the messages of records, without tracebacks, to where prints go, and formats braces as loguru does. */
const prelude = `
import logging, sys, types
class Plain(logging.Handler):
    def emit(self, record):
        print(record.getMessage(), file=sys.stdout)
class Braces:
    def __getattr__(self, method):
        return lambda message, *values, **named: print(message.format(*values, **named) if values or named else message)
sys.stderr = sys.stdout
logging.root.handlers[:] = [Plain()]
logging.root.setLevel(1)
sys.modules['loguru'] = types.ModuleType('loguru')
sys.modules['loguru'].logger = Braces()
`;

const names = `a = 3\nb = [1, "x"]\nc = "-"\nd = [0]\nx = 1\nwidth = 12\n\n\nclass Box:\n    c = 1\n\n\ndef f(x):\n    raise ValueError("bad %s {x}")\n`;

function open(text: string, path?: string): Document {
  return new Document(parser, text, factsOf(path), only(print));
}

function report(text: string, path?: string): Reported[] {
  return open(text, path).findings();
}

function fixed(text: string, rule: Rule = print): string {
  const document = new Document(parser, text, factsOf(), only(rule));
  const [finding] = document.findings();
  const [fix] = finding?.fixes() ?? [];
  assert.ok(fix, `no fix for:\n${text}`);
  assert.equal(fix.safety, 'unsafe');
  return applyEdits(text, fix.edits);
}

/** The fix of the first finding turns one file into the other. */
function fixes(text: string, wanted: string): void {
  const result = fixed(text);
  assert.equal(result, wanted);
  others.push(result);
}

/** As `fixes`, for files that run. */
function fixesAlike(text: string, wanted: string): void {
  fixes(text, wanted);
  pairs.push([text, wanted]);
}

/** One statement below a module logger. */
function rewrites(statement: string, wanted: string): void {
  rewritesBody(`${statement}\n`, `${wanted}\n`);
}

function rewritesBody(body: string, wanted: string): void {
  fixes(`${header}${body}`, `${header}${wanted}`);
  const runnable = !/b\.c|f\(x\)/.test(body);
  if (runnable) pairs.push([`${names}${header}${body}`, `${names}${header}${wanted}`]);
}

function nothing(statement: string): void {
  unfixed(`${header}${statement}\n`);
}

function unfixed(text: string): void {
  const findings = report(text);
  assert.equal(findings.length, 1, text);
  assert.deepEqual(findings[0]?.fixes(), [], text);
}
