import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { discoverFiles } from '../../server/src/cli/discover.ts';
import { readSource, replaceFile } from '../../server/src/cli/files.ts';
import { normalisePath } from '../../server/src/settings/paths.ts';
import { resolveSettings } from '../../server/src/settings/resolve.ts';

let root = '';
beforeEach(() => {
  root = normalisePath(mkdtempSync(join(tmpdir(), 'groundrules-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, content: string | Buffer = ''): string {
  const path = `${root}/${name}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe('reading files', () => {
  it('keeps the byte order mark and every line ending', () => {
    assert.deepEqual(readSource(put('a.py', '\ufeffé = "😀"\r\n\r'), 100), { text: '\ufeffé = "😀"\r\n\r' });
    assert.deepEqual(readSource(put('empty.py'), 100), { text: '' });
  });

  it('says in words why a file is left alone', () => {
    assert.deepEqual(readSource(put('nul.py', 'a = 1\0'), 100), { skipped: 'is binary: it has a NUL byte' });
    assert.deepEqual(readSource(put('latin.py', Buffer.from([0x61, 0xe9])), 100), { skipped: 'is not UTF-8' });
    assert.deepEqual(readSource(put('huge.py', '#'.repeat(101)), 100), {
      skipped: 'has 101 bytes, more than `max-file-size` = 100',
    });
    assert.deepEqual(readSource(`${root}/none.py`, 100), { skipped: 'cannot be read: no such file or folder' });
    assert.deepEqual(readSource(root, 100), { skipped: 'is a folder' });
    assert.deepEqual(readSource(put('fits.py', '#'.repeat(100)), 100), { text: '#'.repeat(100) });
  });
});

describe('writing files', () => {
  it('replaces the text, keeps the mode and leaves nothing beside it', () => {
    const path = put('a.py', 'old\n');
    chmodSync(path, 0o751);
    replaceFile(path, 'old\n', '\ufeffnew é\r\n');
    assert.equal(readFileSync(path, 'utf8'), '\ufeffnew é\r\n');
    assert.equal(statSync(path).mode & 0o7777, process.platform === 'win32' ? statSync(path).mode & 0o7777 : 0o751);
    assert.deepEqual(readdirSync(root), ['a.py']);
  });

  it('writes through a symbolic link and leaves the link', () => {
    const target = put('real/a.py', 'old\n');
    symlinkSync(target, `${root}/link.py`);
    replaceFile(`${root}/link.py`, 'old\n', 'new\n');
    assert.equal(lstatSync(`${root}/link.py`).isSymbolicLink(), true);
    assert.equal(readFileSync(target, 'utf8'), 'new\n');
    assert.deepEqual(readdirSync(`${root}/real`), ['a.py']);
  });

  it('writes nothing over what somebody changed meanwhile', () => {
    const path = put('a.py', 'theirs\n');
    assert.throws(() => replaceFile(path, 'old\n', 'new\n'), /changed by somebody else/);
    assert.equal(readFileSync(path, 'utf8'), 'theirs\n');
    assert.deepEqual(readdirSync(root), ['a.py']);
  });

  it('leaves the other name of a hard link alone', () => {
    const path = put('a.py', 'old\n');
    linkSync(path, `${root}/b.py`);
    replaceFile(path, 'old\n', 'new\n');
    assert.equal(readFileSync(`${root}/b.py`, 'utf8'), 'old\n');
  });
});

describe('finding files', () => {
  const settings = () =>
    resolveSettings({
      cards: [],
      layers: [{ settings: { exclude: ['generated', 'app/old_*.py'] }, folder: root }],
      root,
    });

  function find(...paths: string[]) {
    const { files, skipped, missing } = discoverFiles(paths, root, settings().excludesEntry);
    return { files: files.map(({ path }) => path.slice(root.length + 1)), skipped, missing };
  }

  it('takes Python files, sorted, without what is excluded', () => {
    for (const name of [
      'b.py',
      'a.pyi',
      'c.txt',
      'x.pyc',
      'app/z.py',
      'app/old_1.py',
      'old_2.py',
      'app/generated/g.py',
    ])
      put(name);
    for (const name of ['.venv/lib/x.py', 'node_modules/y.py', 'app/__pycache__/z.py', '.hidden/h.py']) put(name);
    assert.deepEqual(find('.'), {
      files: ['.hidden/h.py', 'a.pyi', 'app/z.py', 'b.py', 'old_2.py'],
      skipped: [],
      missing: [],
    });
  });

  it('knows sizes', () => {
    put('a.py', '12345');
    assert.deepEqual(discoverFiles(['.'], root, () => false).files, [{ path: `${root}/a.py`, size: 5 }]);
  });

  it('respects nested .gitignore files and those above, up to the repository', () => {
    put('.gitignore', '*_gen.py\n/top\n!keep_gen.py\nsub/inner/\n');
    put('repo/.git/HEAD');
    put('repo/.git/info/exclude', 'private.py\n');
    put('repo/.gitignore', '*_pb2.py\n/build_it/\nlogs/\n');
    put('repo/app/.gitignore', '!good_pb2.py\nlocal.py\n');
    for (const name of ['a_gen.py', 'a_pb2.py', 'private.py', 'build_it/x.py', 'logs/x.py', 'Logs/x.py'])
      put(`repo/${name}`);
    for (const name of ['good_pb2.py', 'bad_pb2.py', 'local.py', 'build_it/y.py', 'deep/local.py'])
      put(`repo/app/${name}`);
    const expected = ['repo/Logs/x.py', 'repo/a_gen.py', 'repo/app/build_it/y.py', 'repo/app/good_pb2.py'];
    assert.deepEqual(find('repo').files, expected);
    assert.deepEqual(find('repo/app').files, ['repo/app/build_it/y.py', 'repo/app/good_pb2.py']);
    assert.deepEqual(find('repo/logs').files, ['repo/logs/x.py'], 'a folder that is named is walked, ignored or not');
  });

  it('takes a file that is named, whatever it is called, once', () => {
    put('script');
    put('.venv/a.py');
    assert.deepEqual(find('script', './script', '.venv/a.py', '.venv').files, ['.venv/a.py', 'script']);
  });

  it('names what is not there', () => {
    put('a.py');
    assert.deepEqual(find('a.py', 'nowhere', 'b/c.py'), {
      files: ['a.py'],
      skipped: [],
      missing: ['nowhere', 'b/c.py'],
    });
  });

  it('goes round no circle and looks at a linked file once', () => {
    put('pkg/a.py');
    symlinkSync(root, `${root}/pkg/loop`, 'junction');
    symlinkSync(`${root}/pkg/a.py`, `${root}/pkg/link.py`);
    put('elsewhere/target.txt');
    symlinkSync(`${root}/elsewhere/target.txt`, `${root}/pkg/one.py`);
    symlinkSync(`${root}/elsewhere/target.txt`, `${root}/pkg/two.py`);
    symlinkSync(`${root}/gone.py`, `${root}/pkg/broken.py`);
    assert.deepEqual(find('pkg'), {
      files: ['pkg/a.py', 'pkg/one.py'],
      skipped: [{ path: `${root}/pkg/broken.py`, reason: 'cannot be read: no such file or folder' }],
      missing: [],
    });
  });
});
