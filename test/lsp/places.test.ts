import assert from 'node:assert/strict';
import { folderOfPlace, homeOf, placeOf } from '../../server/src/lsp/places.ts';
import { relativePath } from '../../server/src/settings/paths.ts';

const folder = (uri: string) => ({ uri, name: '' });

describe('language server: where documents lie', () => {
  const home = '/work/project';
  const cases: [string, string | undefined, string][] = [
    ['file:///work/project/app%20one.py', home, '/work/project/app one.py'],
    ['file:///c%3A/proj/app.py', home, 'c:/proj/app.py'],
    ['file:///C:/Proj/app.py', home, 'c:/Proj/app.py'],
    ['file://server/share/app.py', home, '//server/share/app.py'],
    ['untitled:Untitled-1', home, '/work/project/Untitled-1'],
    ['untitled:Untitled-1', 'c:/proj', 'c:/proj/Untitled-1'],
    ['untitled:Untitled-1', undefined, '/untitled:/Untitled-1'],
    ['untitled:/work/other/new.py', home, '/work/other/new.py'],
    ['untitled:/c%3A/proj/new.py', home, 'c:/proj/new.py'],
    ['vscode-vfs://github/team/project/app.py', home, '/vscode-vfs:github/team/project/app.py'],
    ['no uri', home, '/unknown:/no uri'],
    ['http://[::1', home, '/http:[::1'],
  ];
  for (const [uri, from, expected] of cases)
    it(`${uri}${from === home ? '' : ` from ${from}`}`, () => assert.equal(placeOf(uri, from), expected));

  it('finds the innermost folder, and paths below it', () => {
    const folders = ['file:///c%3A/proj', 'file:///c%3A/proj/packages/api', 'vscode-vfs://github/team'].map(folder);
    const place = placeOf('file:///C%3A/proj/packages/api/app/main.py', homeOf(folders));
    assert.equal(homeOf(folders), 'c:/proj');
    const found = folderOfPlace(place, folders, homeOf(folders));
    assert.equal(found, 'c:/proj/packages/api');
    assert.equal(relativePath(found, place), 'app/main.py');
    assert.equal(folderOfPlace('/vscode-vfs:github/team/app.py', folders, homeOf(folders)), '/vscode-vfs:github/team');
    assert.equal(folderOfPlace('/elsewhere/app.py', folders, homeOf(folders)), undefined);
    assert.equal(homeOf([folder('vscode-vfs://github/team')]), undefined);
  });
});
