import assert from 'node:assert/strict';
import { modulePlace } from '../../server/src/engine/index.ts';

/** What a path is in its module, in one line; `-` where it is in none. */
function told(path: string, roots?: readonly string[]): string {
  const place = modulePlace(path, roots);
  return place ? `${place.folder} | ${place.layer} | ${place.name} | ${place.inside} | ${place.part}` : '-';
}

describe('module layout', () => {
  it('tells the module and the part of it that a path is', () => {
    const folder = 'src/app/modules/calculation/orbit';
    assert.equal(told(`${folder}/module.py`), `${folder} | calculation | orbit | module.py | module`);
    assert.equal(told(`${folder}/__init__.py`), `${folder} | calculation | orbit | __init__.py | init`);
    assert.equal(told(`${folder}/schemas/read.py`), `${folder} | calculation | orbit | schemas/read.py | schemas`);
    assert.equal(
      told(`${folder}/tests/test_orbit.py`),
      `${folder} | calculation | orbit | tests/test_orbit.py | tests`,
    );
    assert.equal(told(`${folder}/brain/service.py`), `${folder} | calculation | orbit | brain/service.py | brain`);
    assert.equal(told(`${folder}/kernel.py`), `${folder} | calculation | orbit | kernel.py | other`);
    assert.equal(told('modules/insight/sleep/crud.py'), 'modules/insight/sleep | insight | sleep | crud.py | crud');
  });

  it('takes other layouts for none', () => {
    for (const path of [
      'app/modules/base.py',
      'app/modules/__init__.py',
      'app/modules/calculation/registry.py',
      'app/modules/users/service.py',
      'app/modules/users/api/schemas.py',
      'app/modules/tests/orbit/module.py',
      'tests/modules/calculation/orbit/module.py',
      'node_modules/calculation/orbit/module.py',
      'modules/.cache/orbit/module.py',
      'service.py',
      '',
    ])
      assert.equal(told(path), '-', path);
  });

  it('looks below the roots that are set, by name or by the end of a path', () => {
    const path = 'src/features/tracking/steps/tasks.py';
    assert.equal(told(path), '-');
    assert.equal(told(path, ['features']), 'src/features/tracking/steps | tracking | steps | tasks.py | tasks');
    assert.equal(told(path, ['./src/features/']), 'src/features/tracking/steps | tracking | steps | tasks.py | tasks');
    assert.equal(told(path, ['lib/features', '']), '-');
    const roots = ['features'];
    assert.equal(modulePlace(path, roots), modulePlace(path, roots), 'the answer is kept');
  });
});
