import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Snippet, Standard, standardIds } from '../../shared-rules/src/index.ts';
import { expandSnippet, parseSnippet, type SnippetNode } from '../../snippets/expand.ts';
import { snippets } from '../../snippets/index.ts';
import { generateSnippetFiles } from '../../tools/generate-snippets.ts';

const root = join(import.meta.dirname, '../..');

/** Other answers than the defaults, by the placeholder's name. */
const answers: Record<string, string> = {
  module_name: 'moon_phase',
  model_name: 'moon_phase',
  model: 'order_line',
  resource: 'order_line',
  resources: 'order_lines',
  repositories: 'order_lines',
  table_name: 'order_lines',
  layer: 'tracking',
  app_root: 'shop.backend',
  app_name: 'moon_shop',
};

const expectedIds = [
  'S-module-py',
  'S-schemas-py',
  'S-service-py',
  'S-models-py',
  'S-crud-py',
  'S-manifest',
  'S-test-module',
  'S-route',
  'S-service-class',
  'S-repository',
  'S-model',
  'S-settings',
  'S-logging',
  'S-logging',
  'S-exceptions',
];

describe('snippet sources', () => {
  it('are all there, valid, and named once', () => {
    assert.deepEqual(
      snippets.map((snippet) => Snippet.parse(snippet).id),
      expectedIds,
    );
    assert.equal(new Set(snippets.map((snippet) => snippet.prefix)).size, snippets.length);
    assert.equal(new Set(snippets.map((snippet) => snippet.name)).size, snippets.length);
  });

  it('are written out as snippets/*.json (else run `npx tsx tools/generate-snippets.ts`)', () => {
    const files = generateSnippetFiles(snippets);
    assert.deepEqual([...files.keys()], ['snippets/python.json', 'snippets/json.json']);
    for (const [path, text] of files) assert.equal(readFileSync(join(root, path), 'utf8'), text, path);
    assert.deepEqual(generateSnippetFiles(snippets), files);
  });

  it('refuse to hide one another in a generated file', () => {
    const [first] = snippets;
    assert.ok(first);
    assert.throws(() => generateSnippetFiles([first, first]), { message: 'two python snippets share a name' });
  });

  it('serve exactly the requirements that name them', () => {
    const named = new Map<string, Set<string>>();
    for (const standard of standardIds) {
      const text = readFileSync(join(root, 'shared-rules/standards', `${standard}.json`), 'utf8');
      for (const row of Standard.parse(JSON.parse(text)).sections.flatMap((section) => section.requirements)) {
        for (const id of row.snippets) named.set(id, (named.get(id) ?? new Set()).add(row.id));
      }
    }
    for (const id of new Set(expectedIds)) {
      const served = snippets.filter((snippet) => snippet.id === id).flatMap((snippet) => snippet.requirements);
      assert.deepEqual([...new Set(served)].sort(), [...(named.get(id) ?? [])].sort(), id);
    }
  });

  for (const snippet of snippets) {
    it(`${snippet.name}: asks once, mirrors, and ends with the cursor`, () => {
      const stops = allStops(parseSnippet(snippet.body.join('\n')));
      assert.deepEqual(
        [...new Set(stops.map((stop) => stop.index))].sort((a, b) => a - b),
        [0, ...snippet.placeholders.map((placeholder) => placeholder.index)],
      );
      for (const { index, name, choices } of snippet.placeholders) {
        const same = stops.filter((stop) => stop.index === index);
        const asking = same.filter((stop) => stop.content);
        assert.equal(asking.length, 1, `${name} is asked for more than once`);
        assert.deepEqual(asking[0]?.choices, choices);
      }
      assert.equal(snippet.body.at(-1), '$0');
      assert.deepEqual(
        snippet.placeholders.map((placeholder) => placeholder.index),
        snippet.placeholders.map((_, position) => position + 1),
      );
    });

    it(`${snippet.name}: an answer reaches every place of its placeholder`, () => {
      const body = snippet.body.join('\n');
      for (const { index, name } of snippet.placeholders) {
        const places = allStops(parseSnippet(body)).filter((stop) => stop.index === index);
        const expanded = expandSnippet(body, { [index]: 'qqqq' });
        const found = expanded.match(/qqqq/gi)?.length ?? 0;
        assert.ok(found >= places.length, `${name}: ${found} of ${places.length}`);
      }
    });
  }
});

describe('snippet expansions', () => {
  it('parse in CPython, with the defaults and with other answers', () => {
    const sources = snippets
      .filter((snippet) => snippet.language === 'python')
      .flatMap((snippet) => [
        { name: `${snippet.name}, defaults`, text: expanded(snippet, {}) },
        { name: `${snippet.name}, other answers`, text: expanded(snippet, answers) },
      ]);
    const script = `
import ast, json, sys
wrong = []
for source in json.load(sys.stdin):
    try:
        compile(ast.parse(source["text"]), source["name"], "exec")
    except SyntaxError as error:
        wrong.append(f"{source['name']}: {error}")
json.dump(wrong, sys.stdout)
`;
    const python = spawnSync('python3', ['-c', script], { input: JSON.stringify(sources), encoding: 'utf8' });
    assert.equal(python.error, undefined, 'python3 is needed to check the snippets: install Python 3.11 or later');
    assert.equal(python.status, 0, python.stderr);
    assert.deepEqual(JSON.parse(python.stdout), []);
    assert.equal(sources.length, 28);
  });

  for (const snippet of snippets) {
    it(`${snippet.name}: lines fit, nothing is left over, the file ends with one line break`, () => {
      for (const text of [expanded(snippet, {}), expanded(snippet, answers)]) {
        assert.deepEqual(
          text.split('\n').filter((line) => line.length > 100),
          [],
        );
        assert.match(text, /[^\n]\n$/);
        assert.doesNotMatch(text, /[ \t]$|\$\{|\t/m);
        assert.doesNotMatch(text, /\b(Any|TODO|FIXME|HACK|print|utcnow)\b/);
      }
    });
  }

  it('put the class name of a module wherever it belongs', () => {
    const text = expanded(withPrefix('gr-module'), answers);
    assert.ok(text.includes('class MoonPhaseModule(BaseModule):\n    """Position of a moment in its cycle."""\n'));
    assert.ok(text.includes('    name = "moon_phase"\n    layer = "tracking"\n    version = "1.0.0"\n'));
    assert.ok(text.includes('from .schemas import ConfigValue, MoonPhaseData, MoonPhaseInput\n'));
    assert.ok(text.includes('from .service import calculate_moon_phase\n'));
    assert.ok(text.includes('from shop.backend.modules.base import BaseModule\n'));
    assert.ok(text.includes('await event_bus.publish("moon_phase.calculated", profile.model_dump(mode="json"))\n'));
    assert.doesNotMatch(text, /module_name\b(?! ==)|ModuleName/);
  });

  it('keep the files of one module in step', () => {
    const service = expanded(withPrefix('gr-module-service'), answers);
    assert.ok(service.includes('async def calculate_moon_phase(\n    source: MoonPhaseInput,\n'));
    assert.ok(service.includes('    return MoonPhaseData(\n        value=float(position),\n'));
    const schemas = expanded(withPrefix('gr-module-schemas'), answers);
    for (const name of ['MoonPhaseInput', 'MoonPhaseData', 'MoonPhaseRead']) {
      assert.ok(schemas.includes(`class ${name}(BaseModel):\n`), name);
    }
    const test = withPrefix('gr-module-test');
    assert.ok(expanded(test, answers).includes('from ..service import calculate_moon_phase\n'));
    assert.equal(expandSnippet(test.file, valuesOf(test, answers)), 'tests/test_moon_phase.py');
    assert.equal(expandSnippet(test.file), 'tests/test_module_name.py');
  });

  it('name routes and their service after the resource', () => {
    const text = expanded(withPrefix('gr-route'), answers);
    assert.ok(
      text.includes('router = APIRouter(prefix="/api/v1/users/{user_id}/order_lines", tags=["order_lines"])\n'),
    );
    assert.ok(text.includes('    "/{order_line_id}",\n    response_model=OrderLineResponse,\n'));
    assert.ok(text.includes('async def list_order_lines(\n'));
    assert.ok(text.includes('    service: Annotated[OrderLineService, Depends(get_order_line_service)],\n'));
    const service = expanded(withPrefix('gr-service'), answers);
    assert.ok(service.includes('class OrderLineService:\n'));
    assert.ok(service.includes('raise NotFoundError(f"There is no order line {order_line_id}")\n'));
  });

  it('let a function differ from its module', () => {
    const service = withPrefix('gr-module-service');
    const text = expanded(service, { module_name: 'moon_phase', function: 'illumination' });
    assert.ok(text.includes('async def calculate_illumination(\n'));
    assert.ok(text.includes(') -> MoonPhaseData:\n'));
  });

  it('give a manifest with every key that a module needs', () => {
    const Manifest = z.strictObject({
      name: z.string().regex(/^[a-z]+(_[a-z]+)*$/),
      layer: z.enum(['calculation', 'tracking', 'intelligence']),
      version: z.string().regex(/^\d+\.\d+\.\d+$/),
      description: z.string().min(1),
      subscriptions: z.array(z.string()),
    });
    const snippet = withPrefix('gr-manifest');
    assert.deepEqual(Manifest.parse(JSON.parse(expanded(snippet, {}))), {
      name: 'module_name',
      layer: 'calculation',
      version: '1.0.0',
      description: 'Position of a moment in its cycle',
      subscriptions: ['user.updated'],
    });
    assert.deepEqual(Manifest.parse(JSON.parse(expanded(snippet, answers))).name, 'moon_phase');
    assert.ok(
      expanded(withPrefix('gr-module'), {}).includes('event_bus.subscribe("user.updated", self.handle_event)\n'),
    );
  });
});

function withPrefix(prefix: string): Snippet {
  const found = snippets.find((snippet) => snippet.prefix === prefix);
  assert.ok(found, prefix);
  return found;
}

function expanded(snippet: Snippet, given: Record<string, string>): string {
  return expandSnippet(snippet.body.join('\n'), valuesOf(snippet, given));
}

function valuesOf(snippet: Snippet, given: Record<string, string>): Record<number, string> {
  const values: Record<number, string> = {};
  for (const { index, name } of snippet.placeholders) {
    const value = given[name];
    if (value !== undefined) values[index] = value;
  }
  return values;
}

function allStops(nodes: SnippetNode[]): Extract<SnippetNode, { kind: 'stop' }>[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'text') return [];
    const inner = allStops(node.content ?? []);
    return node.kind === 'stop' ? [node, ...inner] : inner;
  });
}
