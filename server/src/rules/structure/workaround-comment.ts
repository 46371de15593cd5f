import { z } from 'zod';
import { defineRule, markersIn, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR824',
  name: 'workaround-comment',
  family: 'structure',
  severity: 'warning',
  standards: ['production'],
  summary: 'A comment that admits a workaround',
  advice: 'Solve the problem itself, or leave the feature out until it can be',
  why: 'A comment like this is honest about what the code is not: a solution. Workarounds outlive the person who knew why, and the next change is built on them. Solve the cause; what cannot be solved yet is better left out than patched over.',
  fix: 'none',
  requirements: ['000-001', '000-004'],
  peers: ['FIX003', 'FIX004', 'pylint W0511'],
  options: z.strictObject({
    words: z
      .array(z.string().min(1))
      .default(['HACK', 'XXX', 'WORKAROUND', 'workaround', 'temporary', 'quick fix'])
      .meta({
        description:
          'The words. One in capitals is found in capitals, and in any case where it opens the comment; others in any case. `temporary` is found where it speaks of the code, not of a temporary file.',
      }),
  }),
  examples: [
    {
      bad: py`
        # HACK: the gateway answers twice
        # ^^^^ GR824 none: The comment admits a workaround (\`HACK\`); solve the problem itself.
        first = answers[0]  # temporary fix until the gateway is replaced
        #                     ^^^^^^^^^ GR824 none: The comment admits a workaround (\`temporary\`); solve the problem itself.
        # XXX why does this work?
        # ^^^ GR824 none
        # XXX doesn't work on Windows
        # ^^^ GR824 none
        # This is only temporary.
        #              ^^^^^^^^^ GR824 none
        # Quick fix for the release, a Workaround really
        # ^^^^^^^^^ GR824 none
        #                              ^^^^^^^^^^ GR824 none
        retry()  # WORKAROUND(anna) see the vendor's ticket
        #          ^^^^^^^^^^ GR824 none
      `,
    },
    {
      bad: py`
        # Left out as a temporary workaround
        #               ^^^^^^^^^ GR824 none
        answers.pop()
      `,
    },
    {
      bad: py`
        # kludge, sorry
        # ^^^^^^ GR824 none
        # HACK: not one of the words any more
      `,
      options: { words: ['kludge'] },
    },
    {
      ok: py`
        # Written to a temporary file, then renamed; the temporary directory is removed.
        # A temporary password is sent; temporary credentials expire.
        # The hack week calendar; hackers; a shack. Format: XXX-XX-XXXX, sk_XXX.
        # One future workaround is to send them apart.
        # The library's workaround doesn't cover all providers.
        # No workaround is needed any more; see the HACK above. Delete it if temporary
        text = "HACK: is data"  # quickly fixed prices
      `,
    },
    {
      ok: py`
        def upload(data):
            """A temporary fix is data here."""
            # Temporary tables are dropped at commit.
            return "workaround"
      `,
    },
  ],
  on: {
    comment(comment, _file, { words }) {
      const markers = markersIn(comment, words);
      if (markers.length === 0) return undefined;
      const { text, start } = comment;
      const seen = new Set<number>();
      let reported = -1;
      return markers.flatMap(({ word, at }) => {
        // `WORKAROUND` is found by both of its spellings.
        if (seen.has(at.start)) return [];
        seen.add(at.start);
        const before = text.slice(0, at.start - start);
        const after = text.slice(at.end - start);
        if (denial.test(before) || (/^workaround$/i.test(word) && isOfOthers.test(after))) return [];
        // "Temporary workaround" admits one thing.
        const isSaid = reported >= 0 && text.slice(reported - start, at.start - start).trim() === '';
        if (/^temporary$/i.test(word) && !isAboutCode(before, after)) return [];
        reported = at.end;
        if (isSaid) return [];
        return { at, message: `The comment admits a workaround (\`${word}\`); solve the problem itself.` };
      });
    },
  },
});

const denial =
  /\b(no|not|not an?|isn't an?|without an?|never an?|former|old|removed?( the| a)?|see( the)?|cf\.?|future|possible|potential)\s+$/i;
/** What a workaround of somebody else's does or does not do. */
const isOfOthers = /^\s+(doesn't|does not|isn't|is not)\b/i;

/** Whether "temporary" is said of the code, and not of a file, a table or a password. */
function isAboutCode(before: string, after: string): boolean {
  if (codeNoun.test(after) || /^\s+(until|till)\b/i.test(after)) return true;
  const isSaidOfAll = /^[#!\s]*$/.test(before) || /\b(is|are|this|only|just|purely|very)\s+$/i.test(before);
  return isSaidOfAll && /^\s*($|[.:;!—–]|- |while\b|because\b)/i.test(after);
}

const codeNoun =
  /^[\s,-]+((and|ugly|dirty|quick|local|dev|development|manual|simple|hacky|hard-?coded) )*(fix|fixes|hack|hacks|solution|workaround|work-?around|patch|patches|measure|code|implementation|stub|shim|kludge|bypass|stop-?gap|placeholder|crutch|band-?aid)\b/i;
