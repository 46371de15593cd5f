import { defineRule, isTestCode, type Node, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR820',
  name: 'mock-in-production',
  family: 'structure',
  severity: 'error',
  standards: ['production'],
  summary: '`unittest.mock` imported or used outside tests',
  advice: 'Use the real implementation, and move test doubles to the tests',
  why: 'A mock answers every question with something that looks right. In production code it hides that a part was never written: calls succeed, nothing happens, and the first to notice is a customer. Test doubles belong into test code, where the person who reads them knows what they are.',
  fix: 'none',
  requirements: ['000-002'],
  peers: ['TID251'],
  mentions: ['mock'],
  applies: (file) => !isTestCode(file) && !/(^|\/)scripts?\//.test(file.path),
  examples: [
    {
      bad: py`
        from unittest.mock import MagicMock, patch
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR820 none: \`unittest.mock\` is imported in production code; move test doubles to the tests and use the real implementation here.


        def client():
            return MagicMock()
            #      ^^^^^^^^^^^ GR820 none: \`MagicMock()\` stands in production code; use the real implementation.


        @patch("app.mail.send")
        #^^^^^^^^^^^^^^^^^^^^^^ GR820 none: \`patch()\` stands in production code; use the real implementation.
        def register(send):
            with patch.object(client, "post") as post:
                #^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR820 none: \`patch.object()\` stands in production code; use the real implementation.
                post()
      `,
    },
    {
      bad: py`
        import unittest.mock as um
        ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR820 none
        from unittest import TestCase, mock
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR820 none

        fake = um.Mock(return_value=mock.AsyncMock())
        #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR820 none
        #                           ^^^^^^^^^^^^^^^^ GR820 none
      `,
    },
    {
      ok: py`
        from unittest.mock import MagicMock

        client = MagicMock()
      `,
      path: 'tests/unit/test_client.py',
    },
    {
      ok: py`
        from unittest import mock

        client = mock.Mock()
      `,
      path: 'app/testing/doubles.py',
    },
    {
      ok: py`
        from unittest.mock import AsyncMock

        manager.llm = AsyncMock()
      `,
      path: 'scripts/audit.py',
    },
    {
      ok: py`
        from app.http import patch
        from app.shop import Mock


        class MagicMock:
            pass


        @patch("/users/{id}")
        def update(id):
            return Mock(), MagicMock(), router.patch("/x")
      `,
    },
  ],
  on: {
    import_statement(statement) {
      const names = statement
        .fields('name')
        .map((name) => (name.is('aliased_import') ? name.field('name') : name).text);
      const found = names.find(isMockModule);
      return found === undefined ? undefined : imported(statement, found);
    },
    import_from_statement(statement) {
      const module = statement.field('module_name').text;
      const found = isMockModule(module)
        ? module
        : module === 'unittest' && statement.fields('name').some(importsMock)
          ? 'unittest.mock'
          : undefined;
      return found === undefined ? undefined : imported(statement, found);
    },
    call(call, file) {
      const called = call.field('function');
      const name = file.qualified(called);
      if (name === undefined || !isMockModule(name)) return undefined;
      return {
        at: call,
        message: `\`${name.replace(/^(unittest\.)?mock\.(mock\.)?/, '')}()\` stands in production code; use the real implementation.`,
      };
    },
  },
});

/** `unittest.mock`, its backport `mock`, or something in them. */
function isMockModule(name: string): boolean {
  return /^(unittest\.)?mock(\.|$)/.test(name);
}

function importsMock(name: Node): boolean {
  return (name.is('aliased_import') ? name.field('name') : name).text === 'mock';
}

function imported(statement: Node, module: string) {
  return {
    at: statement,
    message: `\`${module}\` is imported in production code; move test doubles to the tests and use the real implementation here.`,
  };
}
