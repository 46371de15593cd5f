import assert from 'node:assert/strict';
import {
  baseName,
  normalisePath,
  parentFolder,
  pathOfUri,
  relativePath,
  resolvePath,
  uriOfPath,
} from '../../server/src/settings/paths.ts';

describe('paths and URIs', () => {
  const uris: [uri: string, path: string][] = [
    ['file:///home/me/a.py', '/home/me/a.py'],
    ['file:///home/me/with%20space/%C3%A9%F0%9F%98%80.py', '/home/me/with space/é😀.py'],
    ['file:///home/me/a%23b%3Fc%25.py', '/home/me/a#b?c%.py'],
    ['file:///c%3A/Users/Me/a.py', 'c:/Users/Me/a.py'],
    ['file:///c:/Users/Me/a.py', 'c:/Users/Me/a.py'],
    ['file:///C:/Users/Me/a.py', 'c:/Users/Me/a.py'],
    ['file:///C%3A/Users/Me/a.py', 'c:/Users/Me/a.py'],
    ['file://server/share/a.py', '//server/share/a.py'],
    ['file:///home/me/a%5Cb.py', '/home/me/a\\b.py'],
  ];
  for (const [uri, path] of uris) it(`reads ${uri}`, () => assert.equal(pathOfUri(uri), path));

  it('knows no path for other schemes and for what is no URI', () => {
    assert.equal(pathOfUri('untitled:Untitled-1'), undefined);
    assert.equal(pathOfUri('vscode-vfs://github/a/b.py'), undefined);
    assert.equal(pathOfUri('/home/me/a.py'), undefined);
  });

  const spelt: [path: string, uri: string][] = [
    ['/home/me/with space/é.py', 'file:///home/me/with%20space/%C3%A9.py'],
    ['/home/me/a#b?c%.py', 'file:///home/me/a%23b%3Fc%25.py'],
    ['C:\\Users\\Me\\a.py', 'file:///c%3A/Users/Me/a.py'],
    ['c:/Users/Me/a.py', 'file:///c%3A/Users/Me/a.py'],
    ['\\\\server\\share\\a b.py', 'file://server/share/a%20b.py'],
  ];
  for (const [path, uri] of spelt) it(`spells ${path} as VS Code does`, () => assert.equal(uriOfPath(path), uri));

  it('gives the same path back for the URI of a path', () => {
    for (const path of ['/', '/a/é😀 #?%.py', 'c:/', 'c:/a b/c.py', '//server/share/x/y.py', '/a/b\\c.py']) {
      assert.equal(pathOfUri(uriOfPath(path)), path);
    }
  });

  const spellings: [given: string, normal: string][] = [
    ['/a/./b/../c//d/', '/a/c/d'],
    ['/../a', '/a'],
    ['C:\\a\\..\\b', 'c:/b'],
    ['C:', 'c:/'],
    ['c:\\..\\a', 'c:/a'],
    ['\\\\server\\share\\..\\a', '//server/share/a'],
    ['\\\\?\\C:\\a', 'c:/a'],
    ['\\\\?\\UNC\\server\\share\\a', '//server/share/a'],
    ['/a/b\\c', '/a/b\\c'],
  ];
  for (const [given, normal] of spellings) it(`normalises ${given}`, () => assert.equal(normalisePath(given), normal));

  it('sees a path from a folder', () => {
    assert.equal(relativePath('/a/b', '/a/b/c/d.py'), 'c/d.py');
    assert.equal(relativePath('/', '/a.py'), 'a.py');
    assert.equal(relativePath('/a/b', '/a/b'), '');
    assert.equal(relativePath('/a/b', '/a/bc/d.py'), undefined);
    assert.equal(relativePath('/a/B', '/a/b/c.py'), undefined);
    assert.equal(relativePath('c:/A', 'c:/a/c.py'), 'c.py');
  });

  it('climbs to the root and no further', () => {
    assert.equal(parentFolder('/a/b.py'), '/a');
    assert.equal(parentFolder('/a'), '/');
    assert.equal(parentFolder('/'), undefined);
    assert.equal(parentFolder('c:/a'), 'c:/');
    assert.equal(parentFolder('c:/'), undefined);
    assert.equal(parentFolder('//server/share/a'), '//server/share/');
    assert.equal(parentFolder('//server/share/'), undefined);
    assert.equal(baseName('/a/b.py'), 'b.py');
  });

  it('resolves relative paths, on Windows with either slash', () => {
    assert.equal(resolvePath('/a/b', '../c.py'), '/a/c.py');
    assert.equal(resolvePath('/a/b', '/c.py'), '/c.py');
    assert.equal(resolvePath('c:/a', 'x\\y.py'), 'c:/a/x/y.py');
    assert.equal(resolvePath('c:/a', 'D:\\y.py'), 'd:/y.py');
  });
});
