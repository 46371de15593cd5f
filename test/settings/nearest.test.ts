import assert from 'node:assert/strict';
import { createConfigurationCache } from '../../server/src/settings/nearest.ts';

function setUp(files: Record<string, string>) {
  const texts = new Map(Object.entries(files));
  const reads: string[] = [];
  const cache = createConfigurationCache(
    {
      readFile(path) {
        reads.push(path);
        const text = texts.get(path);
        if (text === 'UNREADABLE') throw new Error('permission denied');
        return text;
      },
    },
    { cards: [{ code: 'GR101', name: 'utcnow' }], checkOptions: () => [] },
  );
  return { cache, texts, reads };
}

const table = '[tool.groundrules]\nignore = ["GR101"]\n';

describe('nearest configuration', () => {
  it('prefers groundrules.toml in the same folder', () => {
    const { cache } = setUp({ '/r/groundrules.toml': 'select = []\n', '/r/pyproject.toml': table });
    assert.equal(cache.nearest('/r/app/a.py').file?.path, '/r/groundrules.toml');
    assert.equal(cache.nearest('/r/app/a.py').file?.folder, '/r');
  });

  it('goes past a pyproject.toml without the table, whose requires-python counts', () => {
    const { cache } = setUp({
      '/r/pyproject.toml': `[project]\nrequires-python = ">=3.9"\n${table}`,
      '/r/app/pyproject.toml': '[project]\nrequires-python = ">=3.12"\n',
    });
    const { file, requiresPython } = cache.nearest('/r/app/x/a.py');
    assert.equal(file?.path, '/r/pyproject.toml');
    assert.deepEqual(file?.settings, { ignore: ['GR101'] });
    assert.equal(requiresPython, '3.12');
    assert.equal(cache.nearest('/r/a.py').requiresPython, '3.9');
  });

  it('finds requires-python above the settings', () => {
    const { cache } = setUp({
      '/r/pyproject.toml': '[project]\nrequires-python = ">=3.9"\n',
      '/r/app/groundrules.toml': '',
    });
    assert.equal(cache.nearest('/r/app/a.py').requiresPython, '3.9');
    assert.equal(cache.nearest('/r/app/a.py').file?.path, '/r/app/groundrules.toml');
    assert.deepEqual(cache.nearest('/elsewhere/a.py'), { file: undefined, requiresPython: undefined });
  });

  it('works from a drive and from a share', () => {
    const { cache } = setUp({ 'c:/groundrules.toml': '', '//server/share/groundrules.toml': '' });
    assert.equal(cache.nearest('c:/x/a.py').file?.folder, 'c:/');
    assert.equal(cache.nearest('//server/share/x/a.py').file?.path, '//server/share/groundrules.toml');
  });

  it('reads a file once until it is told that it changed', () => {
    const { cache, texts, reads } = setUp({ '/r/groundrules.toml': 'select = []\n' });
    cache.nearest('/r/a.py');
    cache.nearest('/r/b.py');
    cache.nearest('/r/x/c.py');
    assert.equal(reads.filter((path) => path === '/r/groundrules.toml').length, 1);
    texts.set('/r/groundrules.toml', 'max-file-size = 7\n');
    cache.invalidate('/r/groundrules.toml');
    assert.deepEqual(cache.nearest('/r/a.py').file?.settings, { maxFileSize: 7 });
    texts.set('/r/x/groundrules.toml', 'max-file-size = 8\n');
    assert.deepEqual(cache.nearest('/r/x/c.py').file?.settings, { maxFileSize: 7 });
    cache.invalidate('/r/x/groundrules.toml');
    assert.deepEqual(cache.nearest('/r/x/c.py').file?.settings, { maxFileSize: 8 });
  });

  it('keeps the last good settings in force while the file is broken', () => {
    const { cache, texts } = setUp({ '/r/pyproject.toml': table });
    cache.nearest('/r/a.py');
    for (const broken of ['[tool.groundrules\n', '[tool.groundrules]\nselct = 1\n', 'UNREADABLE']) {
      texts.set('/r/pyproject.toml', broken);
      cache.invalidate('/r/pyproject.toml');
      const { file } = cache.nearest('/r/a.py');
      assert.deepEqual(file?.settings, { ignore: ['GR101'] });
      assert.equal(file?.problems.length, 1);
    }
    assert.equal(cache.read('/r/pyproject.toml')?.problems[0]?.message, 'cannot be read: permission denied');
    texts.set('/r/pyproject.toml', '[tool.groundrules]\n');
    cache.invalidate();
    assert.deepEqual(cache.nearest('/r/a.py').file?.settings, {});
    assert.deepEqual(
      cache.files().map(({ path, problems }) => [path, problems.length]),
      [['/r/pyproject.toml', 0]],
    );
  });

  it('uses the good parts of a file that never was right', () => {
    const { cache } = setUp({ '/r/groundrules.toml': 'selct = 1\nmax-file-size = 9\n' });
    const { file } = cache.nearest('/r/a.py');
    assert.deepEqual(file?.settings, { maxFileSize: 9 });
    assert.deepEqual(file?.problems, [{ start: 0, end: 5, message: 'unknown option `selct`; did you mean `select`?' }]);
  });

  it('forgets the settings of a file that was deleted', () => {
    const { cache, texts } = setUp({ '/r/groundrules.toml': 'max-file-size = 9\n' });
    cache.nearest('/r/a.py');
    texts.delete('/r/groundrules.toml');
    cache.invalidate('/r/groundrules.toml');
    assert.equal(cache.nearest('/r/a.py').file, undefined);
    texts.set('/r/groundrules.toml', 'max-file-size = \n');
    cache.invalidate('/r/groundrules.toml');
    assert.equal(cache.nearest('/r/a.py').file, undefined);
    assert.equal(cache.files()[0]?.problems.length, 1);
  });
});
