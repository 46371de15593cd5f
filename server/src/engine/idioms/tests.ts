import type { SourceFile } from '../file.ts';
import type { Node, TypedNode } from '../syntax/node.ts';
import { baseName, byPath, isTestFile } from './paths.ts';

/** What pytest and unittest take for tests (pytest, "Conventions for Python test discovery"). */

/** Code that only runs under test: test files, and the support code that is named for it. */
export const isTestCode = byPath(
  (path) => isTestFile({ path }) || /(^|\/)(testing|test_?(utils?|support|helpers?|lib|ing))(\/|\.pyi?$)/.test(path),
);

/** A file whose functions and classes are collected: not a conftest, and not the helpers that stand beside tests. */
export const isTestModule = byPath((path) => {
  const name = baseName({ path });
  if (/^tests?(_.*)?\.py$|_tests?\.py$/.test(name)) return true;
  return (
    isTestFile({ path }) &&
    !/^(__\w+__|conftest|_.*|.*(helpers?|utils?|factor(y|ies)|fixtures?|common|support|base|mocks?|fakes?|data))\.py$/.test(
      name,
    )
  );
});

/** Whether a class is collected: `Test…` for pytest, or a `unittest.TestCase`, near or far. */
export function isTestClass(definition: TypedNode<'class_definition'>, file: SourceFile): boolean {
  const name = definition.field('name').text;
  const looksLikeOne =
    name.startsWith('Test') ||
    (/Tests?(Case|Mixin)?$/.test(name) && definition.field('superclasses') !== undefined) ||
    isTestCase(definition, file);
  return looksLikeOne && file.classBindings(definition, '__test__').length === 0;
}

/** Whether a class is known to be a `unittest.TestCase`. */
export function isTestCase(definition: TypedNode<'class_definition'>, file: SourceFile): boolean {
  return file.bases(definition).some((base) => base !== undefined && testCases.has(base));
}

/** Whether a function is a test: `test…` at the top of a test file or of a test class, and not a fixture. */
export function isTestFunction(definition: TypedNode<'function_definition'>, file: SourceFile): boolean {
  const name = definition.field('name').text;
  if (!/^test(_|[A-Z0-9]|$)/.test(name) || !isTestModule(file) || file.enclosingFunction(definition)) return false;
  // What a script calls `test_connection` is a step that it runs itself.
  if (isStartedByHand(file)) return false;
  const owner = file.enclosingClass(definition);
  if (owner ? file.enclosingFunction(owner) || !isTestClass(owner, file) : /^test[A-Z0-9]/.test(name)) return false;
  return !file.decorators(definition).some((decorator) => isFixture(decorator, file));
}

/** A file of a folder of scripts that is no folder of tests. */
function isStartedByHand(file: { readonly path: string }): boolean {
  return /(^|\/)scripts?\//.test(file.path) && !/(^|\/)tests?\//.test(file.path);
}

/** The test that a node stands in the body of, however deep; undefined outside tests. */
export function enclosingTest(node: Node, file: SourceFile): TypedNode<'function_definition'> | undefined {
  if (!isTestModule(file)) return undefined;
  for (let around = file.enclosingFunction(node); around; around = file.enclosingFunction(around)) {
    if (around.is('function_definition') && isTestFunction(around, file)) return around;
  }
  return undefined;
}

/** Whether a decorator makes a fixture: `pytest.fixture`, `pytest_asyncio.fixture`, with arguments or without. */
export function isFixture(decorator: Node, file: SourceFile): boolean {
  const name = file.qualified(called(decorator));
  return name === 'pytest.fixture' || name === 'pytest_asyncio.fixture' || name === 'pytest.yield_fixture';
}

/** The marks that a function stands under. */
export interface Marks {
  /** Names of pytest marks: `asyncio` for `@pytest.mark.asyncio`. */
  readonly names: ReadonlySet<string>;
  /** Something marks, decorates or is inherited that nobody can name, so more marks may be there. */
  readonly isOpen: boolean;
}

/** The marks on a test: on the function, on its classes, and in `pytestmark` of class and module. */
export function marksOf(definition: TypedNode<'function_definition'>, file: SourceFile): Marks {
  const names = new Set<string>();
  let isOpen = false;
  const read = (expression: Node | undefined): void => {
    if (!expression) return;
    if (expression.is('list', 'tuple', 'set')) {
      for (const entry of expression.namedChildren) read(entry);
      return;
    }
    const name = markName(expression, file);
    if (name === undefined) isOpen = true;
    else names.add(name);
  };
  for (const decorator of file.decorators(definition)) if (!isHarmless(decorator, file)) read(decorator);
  const readBindings = (bindings: ReturnType<SourceFile['moduleBindings']>): void => {
    for (const binding of bindings) {
      if (binding.value) read(binding.value);
      else isOpen = true;
    }
  };
  const owner = file.enclosingClass(definition);
  if (owner) {
    for (const decorator of file.decorators(owner)) if (!isHarmless(decorator, file)) read(decorator);
    readBindings(file.classBindings(owner, 'pytestmark'));
    // A base may carry marks, and what it is cannot be seen from here.
    if (file.bases(owner).some((base) => base !== 'builtins.object')) isOpen = true;
  }
  readBindings(file.moduleBindings('pytestmark'));
  return { names, isOpen };
}

/** `asyncio` for `pytest.mark.asyncio` and `pytest.mark.asyncio(…)`. */
function markName(expression: Node, file: SourceFile): string | undefined {
  const name = file.qualified(called(expression));
  return name?.startsWith(markPrefix) ? name.slice(markPrefix.length) : undefined;
}

/** Decorators that neither mark nor run a test themselves. */
function isHarmless(decorator: Node, file: SourceFile): boolean {
  const name = file.qualified(called(decorator));
  return (
    name !== undefined &&
    (name.startsWith('unittest.mock.patch') ||
      name.startsWith('mock.patch') ||
      name === 'builtins.staticmethod' ||
      name === 'freezegun.freeze_time' ||
      name === 'time_machine.travel')
  );
}

/** What is called, of a call; else the expression. */
export function called(expression: Node): Node {
  return expression.is('call') ? expression.field('function') : expression;
}

const markPrefix = 'pytest.mark.';
const testCases = new Set([
  'unittest.TestCase',
  'unittest.case.TestCase',
  'unittest.IsolatedAsyncioTestCase',
  'unittest.async_case.IsolatedAsyncioTestCase',
  'django.test.TestCase',
  'django.test.SimpleTestCase',
  'django.test.TransactionTestCase',
]);
