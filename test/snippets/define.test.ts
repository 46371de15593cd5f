// biome-ignore-all lint/suspicious/noTemplateCurlyInString: snippet syntax is what these tests are about.
import assert from 'node:assert/strict';
import { ask, choose, jsonSnippet, pascal, pythonSnippet, spoken, template } from '../../snippets/define.ts';

const rest = { id: 'S-x', name: 'X', prefix: 'gr-x', description: 'x', requirements: [] };

describe('template', () => {
  it('asks at the first place, mirrors at the others, and derives', () => {
    const name = ask(1, 'name', 'moon_phase');
    const snippet = pythonSnippet({
      ...rest,
      file: template`tests/test_${name}.py`,
      body: template`
class ${pascal(name)}:
    """A ${spoken(name)}."""
    name = "${name}" + "${name}"
`,
    });
    assert.deepEqual(snippet.body, [
      'class ${1/(.*)/${1:/pascalcase}/}:',
      '    """A ${1/_/ /g}."""',
      '    name = "${1:moon_phase}" + "${1}"',
      '$0',
    ]);
    assert.equal(snippet.file, 'tests/test_${1:moon_phase}.py');
    assert.deepEqual(snippet.placeholders, [{ index: 1, name: 'name', default: 'moon_phase' }]);
    assert.equal(snippet.language, 'python');
  });

  it('escapes everything that is not a question', () => {
    const body = template`f"{x}\n" $y ${ask(1, 'value', 'a}b$')}`;
    assert.deepEqual(jsonSnippet({ ...rest, file: 'x.json', body }).body, ['f"{x\\}\\\\n" \\$y ${1:a\\}b\\$}', '$0']);
  });

  it('offers choices and lets one answer follow another', () => {
    const name = ask(1, 'name', 'a');
    const layer = choose(2, 'layer', 'x', 'y,z');
    const snippet = pythonSnippet({ ...rest, file: '*.py', body: template`${name} ${layer} ${ask(3, 'other', name)}` });
    assert.deepEqual(snippet.body, ['${1:a} ${2|x,y\\,z|} ${3:${1}}', '$0']);
    assert.deepEqual(snippet.placeholders, [
      { index: 1, name: 'name', default: 'a' },
      { index: 2, name: 'layer', default: 'x', choices: ['x', 'y,z'] },
      { index: 3, name: 'other', follows: 'name' },
    ]);
  });

  it('refuses a name that is derived from but never asked for', () => {
    const body = template`class ${pascal(ask(1, 'name', 'a'))}:`;
    assert.throws(() => pythonSnippet({ ...rest, file: '*.py', body }), {
      message: 'name is used but never asked for',
    });
  });
});
