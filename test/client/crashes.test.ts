import assert from 'node:assert/strict';
import { crashGuard } from '../../client/src/crashes.ts';

describe('crash guard', () => {
  it('starts the server again four times and gives up with the fifth crash', () => {
    const guard = crashGuard(5, 1000);
    assert.deepEqual(
      [0, 10, 20, 30, 40].map((now) => guard.crashed(now)),
      [true, true, true, true, false],
    );
  });

  it('forgets crashes that are older than the window', () => {
    const guard = crashGuard(2, 1000);
    assert.equal(guard.crashed(0), true);
    assert.equal(guard.crashed(1000), true);
    assert.equal(guard.crashed(1999), false);
  });

  it('starts from nothing after a reset', () => {
    const guard = crashGuard(2, 1000);
    guard.crashed(0);
    guard.reset();
    assert.equal(guard.crashed(1), true);
    assert.equal(guard.crashed(2), false);
  });
});
