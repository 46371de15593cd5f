import { eastAsianWidth } from 'get-east-asian-width';
import { z } from 'zod';
import { defineRule, isGeneratedPath, py, type Unit, unitOf } from '../../engine/index.ts';

export default defineRule({
  code: 'GR904',
  name: 'line-length',
  family: 'style',
  severity: 'information',
  standards: ['architecture', 'backend'],
  summary: 'A line wider than the limit',
  advice: 'Break the line, or let Black break it',
  why: "Lines of one width can be read side by side, in a diff as in a review. The width is what Black and Ruff measure: characters of East Asian width count two, combining ones none, a tab goes to the next multiple of four. As in Ruff, a line that ends in a URL or is one word cannot be broken and is left alone, and a `# noqa`, `# type: ignore` or another tool's comment at the end does not count; the code before it must fit.",
  fix: 'none',
  requirements: ['001-027', '004-253'],
  peers: ['E501', 'pylint C0301', 'Black --line-length'],
  options: z.strictObject({
    max: z.int().min(1).default(100).meta({ description: 'The widest line that is allowed, in columns.' }),
  }),
  applies: (file) => !isGeneratedPath(file),
  examples: [
    {
      bad: py`
        total = first + second
        total = first + second + third
        #                     ^^^^^^^^ GR904 none: The line is 30 columns wide, and 22 are allowed; break it.
        total = first + second + third  # type: ignore[operator]
        #                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR904 none: The code of the line is 30 columns wide, and 22 are allowed; break it.
      `,
      options: { max: 22 },
    },
    {
      bad: py`
        text = call("名前", "名前")
        #                    ^^ GR904 none
        name = call("abcd", "ef")
      `,
      options: { max: 25 },
    },
    {
      ok: py`
        # https://example.com/a/very/long/address/that/nobody/can/break
        value = compute(1)  # noqa: F401
        other = compute(2)  # type: ignore[assignment]
      `,
      options: { max: 22 },
    },
    {
      ok: py`
        source = (
            "https://example.com/a/very/long/address/that/nobody/can/break"
        )
        # SPDX-License-Identifier: Apache-2.0
      `,
      options: { max: 22 },
    },
    {
      ok: py`
        e = "eeé́é́é́"
        x = "abcdefg"
      `,
      options: { max: 13 },
    },
    {
      ok: py`
        order = descriptor.message_types_by_name["Order"]
      `,
      path: 'app/rpc/orders_pb2_grpc.py',
      options: { max: 22 },
    },
  ],
  on: {
    module(segment, _file, { max }) {
      const unit = unitOf(segment);
      const { text, start } = unit;
      const widest = text.includes('\t') || wide.test(text) ? tabSize : 1;
      const found: { at: { start: number; end: number }; message: string }[] = [];
      for (let from = 0; from < text.length; ) {
        const newline = text.indexOf('\n', from);
        const end = newline < 0 ? text.length : newline;
        if ((end - from) * widest > max) {
          const line = text.slice(from, end).trimEnd();
          const tooWide = line.length * widest > max ? overlong(line, start + from, max, unit) : undefined;
          if (tooWide) {
            const what = tooWide.isWhole ? 'The line' : 'The code of the line';
            found.push({
              at: { start: start + from + offsetOfColumn(line, max), end: start + from + line.length },
              message: `${what} is ${tooWide.width} columns wide, and ${max} are allowed; break it.`,
            });
          }
        }
        from = end + 1;
      }
      return found;
    },
  },
});

const tabSize = 4;
/** Text without these and without tabs is at most as wide as it is long. */
const wide = /[\u1100-\uffff]/;
const combining = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const pragma = /#\s*(?:isort|type|pyright|pylint|flake8|ruff|groundrules|mypy|fmt|pragma)\s*:|noqa|nosec/i;

/** The width of a line that is too wide, or of the code before a pragma; undefined when it fits or cannot be broken (Ruff, E501). */
function overlong(
  whole: string,
  at: number,
  max: number,
  unit: Pick<Unit, 'comments'>,
): { readonly width: number; readonly isWhole: boolean } | undefined {
  if (widthOf(whole) <= max) return undefined;
  const comment = unit.comments.find((candidate) => candidate.start >= at && candidate.end <= at + whole.length);
  const line = comment && pragma.test(comment.text) ? whole.slice(0, comment.start - at).trimEnd() : whole;
  const width = widthOf(line);
  if (width <= max) return undefined;
  const words = line.split(/\s+/).filter((word) => word !== '');
  const last = words.at(-1) ?? '';
  if (words.length < 2) return undefined;
  if (last.includes('://') && width - widthOf(last) <= max) return undefined;
  if (words[0] === '#' && /^SPDX-(License-Identifier|FileCopyrightText):$/.test(words[1] ?? '')) return undefined;
  return { width, isWhole: line === whole };
}

function widthOf(text: string): number {
  let width = 0;
  let column = 0;
  for (const character of text) {
    const size = character === '\t' ? tabSize - (column % tabSize) : widthOfCharacter(character);
    width += size;
    column += character === '\t' ? size : 1;
  }
  return width;
}

function widthOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return code < 0x20 || code === 0xfeff ? 0 : 1;
  return combining.test(character) ? 0 : eastAsianWidth(code);
}

/** Where the part of a line begins that is beyond the limit. */
function offsetOfColumn(line: string, max: number): number {
  let width = 0;
  let offset = 0;
  let column = 0;
  for (const character of line) {
    if (width >= max) break;
    const size = character === '\t' ? tabSize - (column % tabSize) : widthOfCharacter(character);
    width += size;
    column += character === '\t' ? size : 1;
    offset += character.length;
  }
  return Math.min(offset, line.length - 1);
}
