import assert from 'node:assert/strict';
import { SourceFile } from '../../server/src/engine/file.ts';
import { type LayoutOptions, placeOf } from '../../server/src/engine/index.ts';

const standard: LayoutOptions = { roots: ['src', 'app'], servicePackages: ['services'] };

function place(path: string, options: LayoutOptions = standard): string | undefined {
  const found = placeOf(new SourceFile({ path, target: '3.12', targetKnown: true }), options);
  return found && `${found.layer ?? 'none'} ${found.layout}`;
}

describe('the layer of a file', () => {
  const paths: [path: string, layer: string | undefined][] = [
    ['src/api/routes/users.py', 'routes layers'],
    ['src/api/routes/models.py', 'routes layers'],
    ['src/api/dependencies.py', 'dependencies layers'],
    ['src/api/middleware.py', 'api layers'],
    ['src/api/schemas/user.py', 'schemas layers'],
    ['src/api/v1/users.py', 'routes layers'],
    ['src/api/v1/utils.py', 'api layers'],
    ['src/api/v1/endpoints/users.py', 'routes layers'],
    ['backend/app/api/deps.py', 'dependencies layers'],
    ['app/routers/users.py', 'routes layers'],
    ['src/services/user_service.py', 'services layers'],
    ['src/services/mail/sender.py', 'services layers'],
    ['src/services/models/loader.py', 'none layers'],
    ['src/repositories/user_repository.py', 'repositories layers'],
    ['app/db/repositories/users.py', 'repositories layers'],
    ['app/db/session.py', 'core layers'],
    ['src/models/user.py', 'models layers'],
    ['app/models/schemas/users.py', 'schemas layers'],
    ['src/core/config.py', 'core layers'],
    ['src/shop/services/orders.py', 'services layers'],
    ['app/models.py', 'models layers'],
    ['app/crud.py', 'crud layers'],
    ['src/main.py', 'none layers'],
    ['src/workers/report.py', 'none layers'],
    ['services/billing/routes.py', 'routes packages'],
    ['services/billing/service.py', 'services packages'],
    ['services/billing/repositories/invoice.py', 'repositories packages'],
    ['services/billing/src/api/routes/invoices.py', 'routes layers'],
    ['src/services/billing/models.py', 'models packages'],
    // The layout is not there.
    ['services/user_service.py', undefined],
    ['src/dispatch/service/service.py', 'none layers'],
    ['src/users/service.py', 'none layers'],
    ['shop/server/services/orders.py', undefined],
    ['api/routes/users.py', undefined],
    ['src/modules/calculation/orbit/service.py', undefined],
    ['src/alembic/versions/1_users.py', undefined],
    ['src/services/tests/test_user.py', undefined],
    ['tests/services/user_service.py', undefined],
    ['src/services/data.json', undefined],
  ];
  for (const [path, layer] of paths) it(`${path}: ${layer ?? 'none'}`, () => assert.equal(place(path), layer));

  it('other roots are an option', () => {
    const options = { roots: ['shop/server'], servicePackages: ['domains'] };
    assert.equal(place('shop/server/services/orders.py', options), 'services layers');
    assert.equal(place('src/services/orders.py', options), undefined);
    assert.equal(place('domains/billing/crud.py', options), 'crud packages');
  });
});
