// biome-ignore-all lint/suspicious/noTemplateCurlyInString: snippet syntax is what these tests are about.
import assert from 'node:assert/strict';
import {
  escapeChoice,
  escapeSnippetText,
  expandSnippet,
  parseSnippet,
  SnippetSyntaxError,
} from '../../snippets/expand.ts';

describe('expandSnippet', () => {
  const cases: [title: string, body: string, values: Record<number, string>, expanded: string][] = [
    ['plain text', 'a { b } c', {}, 'a { b } c'],
    ['tab stops without a default', 'a$1b${2}c$0', {}, 'abc'],
    ['a default', '${1:name} = 1', {}, 'name = 1'],
    ['a value instead of the default', '${1:name} = 1', { 1: 'x' }, 'x = 1'],
    ['an empty value instead of the default', '[${1:name}]', { 1: '' }, '[]'],
    ['mirrors before and after the default', '$1-${1:name}-${1}', {}, 'name-name-name'],
    ['a number that a letter follows', '${1:a}$1b', {}, 'aab'],
    ['the first of two defaults', '${1:a} ${1:b}', {}, 'a a'],
    ['a nested default', '${1:a} ${2:x_$1} $2', {}, 'a x_a x_a'],
    ['a nested default after the outer value changed', '${1:a} ${2:x_$1} $2', { 1: 'b' }, 'b x_b x_b'],
    ['a nested default replaced', '${1:a} ${2:x_$1} $2', { 2: 'y' }, 'a y y'],
    ['a default defined only inside another', '${1:<${2:in}>} $2', {}, '<in> in'],
    ['defaults that need each other', '${1:a$2}${2:b$1}', {}, 'abba'],
    ['the first option of a choice', '${1|one,two|} $1', {}, 'one one'],
    ['another option', '${1|one,two|} $1', { 1: 'two' }, 'two two'],
    ['escapes in a choice', '${1|a\\,b,c\\|d|}', {}, 'a,b'],
    ['escaped dollar, brace and backslash', '\\$1 \\} \\\\ \\n', {}, '$1 } \\ \\n'],
    ['escapes in a default', '${1:a\\}b\\$c\\\\}', {}, 'a}b$c\\'],
    ['a dollar that begins nothing', 'cost: 5$ or $', {}, 'cost: 5$ or $'],
    ['a final stop with text', 'a${0:b}', {}, 'ab'],
    ['pascalcase', '${1:moon_phase} ${1/(.*)/${1:/pascalcase}/}', {}, 'moon_phase MoonPhase'],
    [
      'pascalcase of a value',
      '${1:a} ${1/(.*)/${1:/pascalcase}/}',
      { 1: 'tide-table v2' },
      'tide-table v2 TideTableV2',
    ],
    ['camelcase', '${1:Moon_phase} ${1/(.*)/${1:/camelcase}/}', {}, 'Moon_phase moonPhase'],
    ['upcase', '${1:moon} ${1/(.*)/${1:/upcase}/}', {}, 'moon MOON'],
    ['downcase', '${1:MOON} ${1/(.*)/${1:/downcase}/}', {}, 'MOON moon'],
    ['capitalize', '${1:moon phase} ${1/(.*)/${1:/capitalize}/}', {}, 'moon phase Moon phase'],
    ['a global replacement', '${1:a_b_c} ${1/_/ /g}', {}, 'a_b_c a b c'],
    ['only the first match without the flag', '${1:a_b_c} ${1/_/ /}', {}, 'a_b_c a b_c'],
    ['the flag i', '${1:aXbx} ${1/x/-/gi}', {}, 'aXbx a-b-'],
    ['groups in another order', '${1:ab.cd} ${1/(\\w+)\\.(\\w+)/$2:${1}/}', {}, 'ab.cd cd:ab'],
    ['slashes in pattern and format', '${1:a/b} ${1/\\//\\/\\//}', {}, 'a/b a//b'],
    ['if matched', '${1:ab} ${1/(a)?b/${1:+yes}/}', {}, 'ab yes'],
    ['if not matched', '${1:b} ${1/(a)?b/${1:+yes}/}', {}, 'b '],
    ['if and else', '${1:b} ${1/(a)?b/${1:?yes:no}/}', {}, 'b no'],
    ['else with a dash', '${1:b} ${1/(a)?b/${1:-no}/}', {}, 'b no'],
    ['else without a dash', '${1:b} ${1/(a)?b/${1:no}/}', {}, 'b no'],
    ['else when nothing matches at all', '${1:c} ${1/(a)/${1:-none}/}', {}, 'c none'],
    ['an unmatched text without else', '${1:c} ${1/(a)/x/}', {}, 'c c'],
    ['an astral character', '${1:🌙_x} ${1/_/🌗/}', {}, '🌙_x 🌙🌗x'],
  ];
  for (const [title, body, values, expanded] of cases) {
    it(title, () => assert.equal(expandSnippet(body, values), expanded));
  }

  it('takes variables, their defaults and their transforms', () => {
    const body = '$TM_FILENAME_BASE ${WHO:you} ${TM_FILENAME_BASE/(.*)/${1:/pascalcase}/} $NOBODY.';
    assert.equal(expandSnippet(body, {}, { TM_FILENAME_BASE: 'moon_phase' }), 'moon_phase you MoonPhase .');
  });

  const wrong: [body: string, message: string][] = [
    ['ab ${1:c', '"${1" is not closed at offset 3'],
    ['${}', 'expected a number or a name after "${" at offset 0'],
    ['${1|a,|}', 'a choice has an empty option at offset 0'],
    ['${1|a,b}', 'a choice is not closed by "|" at offset 0'],
    ['${1/a}', 'a transform lacks its format at offset 0'],
    ['${1/a/b}', 'a transform lacks its last "/" at offset 0'],
    [
      'x${1/a/b/q}',
      "a transform's regular expression is wrong (Invalid flags supplied to RegExp constructor 'q') at offset 1",
    ],
    ['${1-a}', '"${1" is not closed at offset 0'],
  ];
  for (const [body, message] of wrong) {
    it(`refuses ${body}`, () => {
      assert.throws(
        () => expandSnippet(body),
        (error) => error instanceof SnippetSyntaxError && error.message === message,
      );
    });
  }
});

describe('escaping for snippets', () => {
  it('gives the text back, at top level and in a default', () => {
    const text = 'f"{a}" \\n $1 ${x} \\} \\\\ |,';
    assert.equal(expandSnippet(escapeSnippetText(text)), text);
    assert.equal(expandSnippet(`\${1:${escapeSnippetText(text)}}`), text);
  });

  it('gives the options of a choice back', () => {
    const [stop] = parseSnippet(`\${1|${['a,b', 'c|d', 'e\\f'].map(escapeChoice).join(',')}|}`);
    assert.deepEqual(stop?.kind === 'stop' && stop.choices, ['a,b', 'c|d', 'e\\f']);
  });
});
