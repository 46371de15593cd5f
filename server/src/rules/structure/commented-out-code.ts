import { type CodeRun, codeIn, defineRule, type Finding, type Node, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR822',
  name: 'commented-out-code',
  family: 'structure',
  severity: 'information',
  standards: ['flow'],
  summary: 'Comment lines that are Python statements',
  advice: 'Remove them; version control keeps what was there',
  why: 'Commented-out code is never run, never tested and never renamed, so within weeks it no longer fits what stands around it. Whoever reads the file has to find out whether it is a reminder, an alternative or an accident. The version history remembers it better than the file does.',
  fix: 'unsafe',
  fixSafety: 'The lines are gone from the file; what they were is only in the version history.',
  requirements: ['002-019', '002-047'],
  peers: ['ERA001'],
  examples: [
    {
      bad: py`
        def total(items):
            # discount = load_discount(items)
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR822 unsafe: This comment is code; remove it, the version history keeps it.
            return sum(items)
      `,
      good: py`
        def total(items):
            return sum(items)
      `,
    },
    {
      bad: py`
        import os

        # for user in users:
        ^~6 GR822 unsafe: These 7 comment lines are code; remove them, the version history keeps them.
        #     if user.is_active:
        #         send(
        #             user,
        #             subject="Hello",
        #         )
        # return None

        print(os.name)
      `,
      good: py`
        import os


        print(os.name)
      `,
    },
    {
      bad: py`
        # TODO: enable again
        # app.include_router(users.router, prefix="/users")
        ^~1 GR822 unsafe: These 2 comment lines are code; remove them, the version history keeps them.
        # app = configure(app)
        app = create()

        # print(app)
        ^^^^^^^^^^^^ GR822 unsafe

        # Not needed any more.
        # from app import legacy
        ^~2 GR822 unsafe
        # await legacy.start()
        # await app.start()  # later
      `,
      good: py`
        # TODO: enable again
        app = create()


        # Not needed any more.
      `,
    },
    {
      // A comment in the code that was commented out goes with it.
      bad: py`
        # def after_cursor_execute(conn, statement):
        ^~4 GR822 unsafe: These 5 comment lines are code; remove them, the version history keeps them.
        #     total = time.time() - conn.info["start"]
        #     # Log queries that take more than 1 second as warnings
        #     if total > 1.0:
        #         logger.warning("Slow query: %s", statement)
        start()
      `,
      good: py`
        start()
      `,
    },
    {
      ok: py`
        #!/usr/bin/env python3
        # -*- coding: utf-8 -*-
        # Copyright (c) 2024 The authors. Licence = MIT
        # SPDX-License-Identifier: MIT
        # mypy: disable-error-code="no-any-return"
        # pylint: disable=invalid-name
        # isort: skip_file

        # /// script
        # requires-python = ">=3.12"
        # dependencies = ["httpx"]
        # ///

        value = load()  # type: ignore[no-untyped-call]
        # type: ignore
        # fmt: off
        # noqa: E501
        # region helpers
        other = value  # other = compute(value)
      `,
    },
    {
      ok: py`
        # note: text
        # name: str
        # value
        # newline=None
        # a = 0, b.c = 1
        # a.b, c[0]
        # total(items)
        # see total(items), or
        # return early
        # import order matters
        # from here on: the fast path
        # if found:
        # for each item:
        # pass
        # else: the rest
        # with care
        # speed = distance / time
        # y = 2 * x + 1
        # assert nothing
        # 1. x = first
        # x = the first of all
        # -> result = list
      `,
    },
    {
      ok: py`
        # The settings can be changed, for example:
        #
        #     settings.timeout = 30
        #     settings.load("prod")
        #
        # and then hold for all.

        # >>> total([1, 2])
        # 3
        # >>> x = total([])
        # x = 0

        # The result is cached, so that
        # value = load(key)
        # costs nothing the second time.

        # Equivalent to
        # x = load(key) or default

        text = 
      `,
    },
  ],
  on: {
    comment(comment) {
      const block = blockAt(comment);
      if (!block) return undefined;
      return codeIn(block.contents).map((run, index) => finding(comment, block, run, index));
    },
  },
});

function finding(comment: Node, block: Block, run: CodeRun, index: number): Finding {
  const { start } = comment.ground;
  const isOne = run.first === run.last;
  return {
    at: { start: start + (block.lines[run.first]?.hash ?? 0), end: start + (block.lines[run.last]?.end ?? 0) },
    message: isOne
      ? 'This comment is code; remove it, the version history keeps it.'
      : `These ${run.last - run.first + 1} comment lines are code; remove them, the version history keeps them.`,
    // Read again when it is asked for: the comment may have moved since.
    fix: () => {
      const now = blockAt(comment);
      const found = now && codeIn(now.contents)[index];
      const first = found && now.lines[found.first];
      const last = found && now.lines[found.last];
      if (!first || !last) return undefined;
      const offset = comment.ground.start;
      return {
        title: 'Remove the commented-out code',
        safety: 'unsafe',
        edits: [{ start: offset + first.start, end: offset + last.next, text: '' }],
      };
    },
  };
}

interface CommentLine {
  readonly start: number;
  readonly hash: number;
  /** Behind the last character. */
  readonly end: number;
  /** Behind the line break. */
  readonly next: number;
}

/** Comment lines that stand alone, one below the other in one column. Offsets are from the start of the segment. */
interface Block {
  readonly lines: readonly CommentLine[];
  /** What stands behind `#` and the space after it. */
  readonly contents: readonly string[];
}

/** The block that a comment opens; undefined where it goes on with one, stands behind code, or cannot hold any. */
function blockAt(comment: Node): Block | undefined {
  const { text, start: segmentStart } = comment.ground;
  const hash = comment.start - segmentStart;
  if (standsBehindCode(text, hash)) return undefined;
  const start = text.lastIndexOf('\n', hash - 1) + 1;
  const indent = text.slice(start, hash).replace('\ufeff', '');
  if (indent.trim() !== '') return undefined;
  const before = text.slice(text.lastIndexOf('\n', start - 2) + 1, Math.max(0, start - 1));
  if (start > 0 && isLineOf(before.replace('\ufeff', ''), indent)) return undefined;
  const lines: CommentLine[] = [];
  const contents: string[] = [];
  let at = start;
  while (at < text.length) {
    const lineBreak = text.indexOf('\n', at);
    const next = lineBreak < 0 ? text.length : lineBreak;
    const line = text.slice(at, next).replace(/\r$/, '');
    const own = lines.length === 0 ? line.replace('\ufeff', '') : line;
    if (!isLineOf(own, indent)) break;
    const shift = line.length - own.length;
    lines.push({
      start: at + shift,
      hash: at + shift + indent.length,
      end: at + line.trimEnd().length,
      next: Math.min(next + 1, text.length),
    });
    contents.push(own.slice(indent.length).replace(/^#+ ?/, '').trimEnd());
    at = next + 1;
  }
  if (!contents.some((content) => hint.test(content)) || scriptMetadata.test(contents[0] ?? '')) return undefined;
  return { lines, contents };
}

/** Cheap to test: a sign other than white space stands before the comment on its line. */
function standsBehindCode(text: string, hash: number): boolean {
  let at = hash - 1;
  while (at >= 0 && (text.charCodeAt(at) === space || text.charCodeAt(at) === tab)) at--;
  const code = text.charCodeAt(at);
  return code > space && code < 127;
}

const tab = 9;
const space = 32;

function isLineOf(line: string, indent: string): boolean {
  return line.startsWith(indent) && line.charAt(indent.length) === '#';
}

/** Something that surely is a statement has one of these. */
const hint = /[=([]|^\s*(?:import|from|return|raise|del|assert|yield|await|class|def|@)/;
/** PEP 723. */
const scriptMetadata = /^\/\/\/ /;
