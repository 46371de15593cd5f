import { z } from 'zod';
import {
  defineRule,
  destinationOf,
  lastParts,
  matchesAny,
  type Node,
  type Printer,
  printFix,
  printsAreProduct,
  py,
  type SourceFile,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR401',
  name: 'print',
  family: 'errors',
  severity: 'warning',
  standards: ['flow', 'production', 'backend'],
  summary: 'Output by `print` instead of a logger',
  advice: "Call the module's logger",
  why: 'What is printed has no time, no level, no module and no way to be turned down or collected; under a server it often goes nowhere at all. A logger gives all of that for the same line of code.',
  fix: 'unsafe',
  fixSafety: 'The text goes to the logging system instead of standard output, and only shows when logging is set up.',
  requirements: ['002-002', '002-041', '002-045', '002-065', '002-074', '004-118', '004-338'],
  peers: ['T201', 'T203'],
  options: z.strictObject({
    allowedPaths: z
      .array(z.string())
      .default([])
      .meta({ description: 'Globs of files that may print; one without a slash names a file or folder anywhere.' }),
  }),
  mentions: ['print', 'stdout'],
  calls: () => lastParts(printers.keys()),
  examples: [
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def login(user_id):
            print("User logged in:", user_id)
        #   ^^^^^ GR401 unsafe: \`print\` bypasses logging; call the module's logger.
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)


        def login(user_id):
            logger.info("User logged in: %s", user_id)
      `,
    },
    {
      bad: py`
        """Users."""

        from app.models import User


        def login(user: User) -> None:
            try:
                check(user)
            except ValueError as err:
                print(f"Login of {user.id} failed: {err!r:>20}")
        #       ^^^^^ GR401 unsafe
      `,
      good: py`
        """Users."""

        from app.models import User
        import logging

        logger = logging.getLogger(__name__)


        def login(user: User) -> None:
            try:
                check(user)
            except ValueError as err:
                logger.exception(f"Login of {user.id} failed: {err!r:>20}")
      `,
    },
    {
      bad: py`
        import sys
        from pprint import pprint

        from loguru import logger


        def show(row):
            pprint(row, width=60)
        #   ^^^^^^ GR401 unsafe: \`pprint\` bypasses logging; call the module's logger.
            sys.stdout.write(f"{row.id}\n")
        #   ^^^^^^^^^^^^^^^^ GR401 unsafe: \`sys.stdout.write\` bypasses logging; call the module's logger.
            print("row", row, file=sys.stderr, flush=True)
        #   ^^^^^ GR401 unsafe
      `,
      good: py`
        import sys
        from pprint import pprint, pformat

        from loguru import logger


        def show(row):
            logger.info("{}", pformat(row, width=60))
            logger.info(f"{row.id}")
            logger.error("row {}", row)
      `,
    },
    {
      bad: py`
        def show(rows, separator):
            print(*rows)
        #   ^^^^^ GR401 none
            print(rows, end="")
        #   ^^^^^ GR401 none
            print(rows, rows, sep=separator)
        #   ^^^^^ GR401 none
            print(rows.password)
        #   ^^^^^ GR401 none
      `,
    },
    {
      bad: py`
        def main():
            serve()


        if __name__ == "__main__":
            print("starting")
        #   ^^^^^ GR401 none: \`print\` bypasses logging; call the module's logger.
      `,
    },
    {
      // What is run by hand prints for whoever runs it, in its helpers too.
      bad: py`
        import click


        @click.command()
        def release_notes() -> None:
            show({"bugs": collect("bug")})


        def show(sections: dict[str, list[str]]) -> None:
            for name, lines in sections.items():
                print(name, len(lines))
        #       ^^^^^ GR401 none


        if "__main__" == __name__:
            release_notes()
      `,
      path: 'utils/release.py',
    },
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def main() -> None:
            import uvicorn

            print("starting")
        #   ^^^^^ GR401 unsafe
            uvicorn.run("app.main:app")


        if __name__ == "__main__":
            main()
      `,
      good: py`
        import logging

        logger = logging.getLogger(__name__)


        def main() -> None:
            import uvicorn

            logger.info("starting")
            uvicorn.run("app.main:app")


        if __name__ == "__main__":
            main()
      `,
    },
    {
      bad: py`
        from app.log import logger


        def create() -> None:
            print("created")
        #   ^^^^^ GR401 unsafe
      `,
      good: py`
        from app.log import logger


        def create() -> None:
            logger.info("created")
      `,
      path: 'src/app/database/manage.py',
    },
    {
      bad: py`
        def main() -> None:
            print("run one of these commands")
        #   ^^^^^ GR401 none
      `,
      path: 'backend/manage.py',
    },
    {
      ok: py`
        from rich import print

        print("in colour")
        self.print("on paper")
        callbacks.append(print)
      `,
    },
    {
      ok: py`
        try:
            from rich import print
        except ImportError:
            pass

        print("in colour, perhaps")
      `,
    },
    {
      ok: py`
        def save(rows, path):
            """Writes rows.

            >>> print(save([], "x"))
            """
            with open(path, "w") as out:
                for row in rows:
                    print(row, file=out)
      `,
    },
    {
      ok: py`
        print("seeded")
      `,
      path: 'app/seeds/seed_users.py',
      options: { allowedPaths: ['seed_*.py'] },
    },
  ],
  on: {
    call(call, file, options) {
      const callee = call.field('function');
      const printer = printerOf(callee, file);
      if (!printer || matchesAny(options.allowedPaths, file.path)) return undefined;
      if (printer !== 'write' && destinationOf(call, file) === 'other') return undefined;
      const product = printsAreProduct(call, file);
      return {
        at: callee,
        message: `\`${callee.text}\` bypasses logging; call the module's logger.`,
        ...(product ? { severity: 'information' } : {}),
        fix: () => {
          const made = product ? undefined : printFix(call, printer, file);
          return made && { title: made.title, safety: 'unsafe', edits: made.edits };
        },
      };
    },
  },
});

const printers: ReadonlyMap<string, Printer> = new Map([
  ['builtins.print', 'print'],
  ['pprint.pprint', 'pprint'],
  ['sys.stdout.write', 'write'],
]);

function printerOf(callee: Node, file: SourceFile): Printer | undefined {
  if (!callee.is('identifier', 'attribute')) return undefined;
  if (callee.is('attribute') && !/print$|write$/.test(callee.field('attribute').text)) return undefined;
  const name = file.qualified(callee);
  return name === undefined ? undefined : printers.get(name);
}
