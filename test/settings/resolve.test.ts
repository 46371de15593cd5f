import assert from 'node:assert/strict';
import { compileGlob } from '../../server/src/settings/globs.ts';
import { resolveSettings, type SettingsCard, type SettingsLayer } from '../../server/src/settings/resolve.ts';
import type { ProjectSettings } from '../../shared-rules/src/index.ts';

const cards: SettingsCard[] = [
  { code: 'GR001', severity: 'warning', standards: [] },
  { code: 'GR101', severity: 'error', standards: ['production', 'backend'] },
  { code: 'GR102', severity: 'error', standards: ['production'] },
  { code: 'GR201', severity: 'warning', standards: ['backend'] },
];

/** Settings of a configuration file in /repo, then of an editor whose folder is /. */
function resolve(file: ProjectSettings | undefined, editor: ProjectSettings = {}) {
  const layers: SettingsLayer[] = [{ settings: editor, folder: '/' }];
  if (file !== undefined) layers.unshift({ settings: file, folder: '/repo' });
  return resolveSettings({ cards, layers, root: '/repo' });
}

function rules(file: ProjectSettings | undefined, editor?: ProjectSettings, path = '/repo/app/a.py'): string {
  return [...resolve(file, editor).rulesFor(path)].join(' ');
}

describe('resolved settings', () => {
  it('runs everything where nothing is set', () => assert.equal(rules({}), 'GR001 GR101 GR102 GR201'));

  it('lets the longest selector win, and ignore at equal length', () => {
    assert.equal(rules({ select: ['GR1'] }), 'GR101 GR102');
    assert.equal(rules({ select: ['GR101'], ignore: ['GR1'] }), 'GR101');
    assert.equal(rules({ select: ['GR1'], ignore: ['GR101'] }), 'GR102');
    assert.equal(rules({ select: ['GR1'], ignore: ['GR1'] }), '');
    assert.equal(rules({ ignore: ['ALL'], select: ['GR'] }), 'GR001 GR101 GR102 GR201');
    assert.equal(rules({ ignore: ['ALL'] }), '');
    assert.equal(rules({ select: [] }), '');
  });

  it('stacks layers: select replaces, ignore alone takes away', () => {
    assert.equal(rules({ select: ['GR1'] }, { select: ['GR2'], ignore: ['GR101'] }), 'GR101 GR102');
    assert.equal(rules({ ignore: ['GR102'] }, { select: ['GR1'] }), 'GR101');
    assert.equal(rules({ ignore: ['GR102'] }, { ignore: ['GR2'] }), 'GR001 GR101');
    assert.equal(rules({ ignore: ['GR1'] }, { select: ['GR101'] }), '');
    assert.equal(rules(undefined, { select: ['GR2'] }), 'GR201');
  });

  it('runs a rule when any of its standards is on, and one without a standard always', () => {
    assert.equal(rules({ standards: { production: false } }), 'GR001 GR101 GR201');
    assert.equal(rules({ standards: { production: false, backend: false } }), 'GR001');
    assert.equal(
      rules({ standards: { production: false } }, { standards: { production: true, backend: false } }),
      'GR001',
    );
    assert.equal(rules({ select: ['GR102'], standards: { production: false } }), '');
  });

  it('ignores rules per file, from the folder of the configuration file on', () => {
    const file: ProjectSettings = {
      perFileIgnores: { 'tests/*': ['GR1'], 'conftest.py': ['GR201'], '.hidden': ['ALL'], '!src/**': ['GR001'] },
    };
    const paths: [path: string, expected: string][] = [
      ['/repo/src/a.py', 'GR001 GR101 GR102 GR201'],
      ['/repo/tests/a.py', 'GR201'],
      ['/repo/tests/deep/er/a.py', 'GR201'],
      ['/repo/src/tests/a.py', 'GR001 GR101 GR102 GR201'],
      ['/repo/src/x/conftest.py', 'GR001 GR101 GR102'],
      ['/repo/src/.hidden/a.py', ''],
      ['/elsewhere/tests/conftest.py', 'GR001 GR101 GR102 GR201'],
    ];
    for (const [path, expected] of paths) assert.equal(rules(file, undefined, path), expected, path);
    assert.equal(resolve(file).isEnabled('GR101', '/repo/tests/a.py'), false);
    assert.equal(resolve(file).isEnabled('GR201', '/repo/tests/a.py'), true);
  });

  it('gives files with the same rules the same set', () => {
    const settings = resolve({ perFileIgnores: { tests: ['GR1'] } });
    assert.equal(settings.rulesFor('/repo/tests/a.py'), settings.rulesFor('/repo/tests/b.py'));
    assert.notEqual(settings.rulesFor('/repo/tests/a.py'), settings.rulesFor('/repo/a.py'));
  });

  it('takes severity from the first layer that has one, its longest selector, else the card', () => {
    const settings = resolve(
      { severity: { GR1: 'hint', GR102: 'warning' } },
      { severity: { GR101: 'error', GR2: 'hint' } },
    );
    assert.deepEqual(
      cards.map((card) => settings.severityOf(card)),
      ['warning', 'hint', 'warning', 'hint'],
    );
  });

  it('joins options of rules key by key', () => {
    const settings = resolve({ rules: { GR101: { a: 1 } } }, { rules: { GR101: { a: 2, b: 2 }, GR102: { c: 3 } } });
    assert.deepEqual(settings.optionsOf('GR101'), { a: 1, b: 2 });
    assert.deepEqual(settings.optionsOf('GR102'), { c: 3 });
    assert.deepEqual(settings.optionsOf('GR201'), {});
  });

  it('leaves environments, caches and what is excluded alone, below the root only', () => {
    const settings = resolve({ exclude: ['migrations', 'src/generated/*_pb2.py'] });
    const paths: [path: string, excluded: boolean][] = [
      ['/repo/.venv/lib/a.py', true],
      ['/repo/src/__pycache__/a.py', true],
      ['/repo/app/migrations/versions/1.py', true],
      ['/repo/app/migrations.py', false],
      ['/repo/src/generated/a_pb2.py', true],
      ['/repo/src/generated/a.py', false],
      ['/repo/a_pb2.py', false],
      ['/build/repo/a.py', false],
    ];
    for (const [path, excluded] of paths) assert.equal(settings.isExcluded(path), excluded, path);
    assert.equal(settings.excludesEntry('/repo/.venv'), true);
    assert.equal(settings.excludesEntry('/repo/.venv/a.py'), false);
    assert.equal(settings.excludesEntry('/repo/app/migrations'), true);
  });

  it('is not excluded by the name of a folder above the root', () => {
    const settings = resolveSettings({ cards, layers: [], root: '/home/build/repo' });
    assert.equal(settings.isExcluded('/home/build/repo/a.py'), false);
    assert.equal(settings.isExcluded('/home/build/repo/build/a.py'), true);
  });

  it('knows the target version, the size limit and what fix-all may do', () => {
    const plain = resolve({});
    assert.equal(plain.targetVersion, '3.10');
    assert.equal(plain.targetKnown, false);
    assert.equal(plain.maxFileSize, 1_000_000);
    assert.equal(plain.fixAllAllows('GR101', 'safe'), true);
    assert.equal(plain.fixAllAllows('GR101', 'unsafe'), false);
    const set = resolve({ targetVersion: '3.12', maxFileSize: 5, fixAllUnsafe: true, fixAllExclude: ['GR2'] });
    assert.equal(set.targetVersion, '3.12');
    assert.equal(set.targetKnown, true);
    assert.equal(set.maxFileSize, 5);
    assert.equal(set.fixAllAllows('GR101', 'unsafe'), true);
    assert.equal(set.fixAllAllows('GR201', 'safe'), false);
    const required = resolveSettings({ cards, layers: [], root: '/', requiresPython: '3.9' });
    assert.equal(required.targetVersion, '3.9');
    assert.equal(required.targetKnown, true);
  });
});

describe('globs', () => {
  it('match on Windows without regard to case and slash', () => {
    const glob = compileGlob('Src\\legacy\\*', 'c:/Repo');
    assert.equal(glob.covers('c:/repo/src/Legacy/deep/a.py'), true);
    assert.equal(glob.covers('c:/repo/src/a.py'), false);
  });

  it('take ./, a trailing slash and an absolute path', () => {
    assert.equal(compileGlob('./a/b.py', '/r').matches('/r/a/b.py'), true);
    assert.equal(compileGlob('docs/', '/r').covers('/r/x/docs/a.py'), true);
    assert.equal(compileGlob('/r/a/*.py', '/r').matches('/r/a/b.py'), true);
    assert.equal(compileGlob('a/**/b.py', '/r').matches('/r/a/b.py'), true);
  });
});
