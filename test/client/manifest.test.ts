import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { Catalogue, EditorSettings } from '../../shared-rules/src/index.ts';
import { manifest } from '../../tools/generate-manifest.ts';

const root = new URL('../../', import.meta.url);
const Json = z.record(z.string(), z.unknown());
const Manifest = z.object({
  main: z.string(),
  icon: z.string(),
  contributes: z.object({
    commands: z.array(z.object({ command: z.string(), title: z.string() })),
    menus: z.record(z.string(), z.array(z.object({ command: z.string() }))),
    viewsContainers: z.object({ activitybar: z.array(z.object({ icon: z.string() })) }),
    configuration: z.object({ properties: z.record(z.string(), Json) }),
  }),
});

const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const packageJson = Json.parse(JSON.parse(read('package.json')));
const catalogue = Catalogue.parse(JSON.parse(read('shared-rules/catalogue.json')));
const { contributes, icon } = Manifest.parse(packageJson);
const properties = contributes.configuration.properties;

describe('package.json', () => {
  it('has the blocks that the generator writes today', () => {
    const generated = manifest(packageJson, catalogue);
    assert.deepEqual(packageJson, generated, 'package.json is stale: generate it again');
    assert.deepEqual(Object.keys(packageJson), Object.keys(generated));
  });

  it('is taken over by the generator wherever it generates nothing', () => {
    const { contributes: _, ...rest } = packageJson;
    const generated = manifest({ ...rest, dependencies: { zod: '1' }, scripts: { x: 'y' }, main: 'old' }, []);
    assert.deepEqual(generated.dependencies, { zod: '1' });
    assert.deepEqual(generated.scripts, { x: 'y' });
    assert.equal(generated.main, './dist/client.cjs');
    assert.deepEqual(manifest(generated, []), generated);
  });

  it('has a resource setting with a Markdown description and a default for every key of the schema', () => {
    assert.deepEqual(
      Object.keys(properties).sort(),
      [...Object.keys(EditorSettings.shape), 'trace.server'].map((key) => `groundrules.${key}`).sort(),
    );
    for (const [name, property] of Object.entries(properties)) {
      assert.equal(typeof property.markdownDescription, 'string', name);
      assert.ok('default' in property, name);
      assert.equal(property.scope, name === 'groundrules.trace.server' ? 'window' : 'resource', name);
    }
  });

  it('gives defaults that the schema accepts', () => {
    for (const key of Object.keys(EditorSettings.shape)) {
      const value = properties[`groundrules.${key}`]?.default;
      if (value === null) continue;
      assert.equal(EditorSettings.safeParse({ [key]: value }).success, true, key);
    }
  });

  it('lets a setting without a default be null and nothing else', () => {
    assert.deepEqual(properties['groundrules.targetVersion']?.type, ['string', 'null']);
    assert.equal(properties['groundrules.targetVersion']?.default, null);
    assert.deepEqual(properties['groundrules.maxFindings'], {
      markdownDescription: 'At most this many diagnostics are shown for a file. Default: 1000.',
      type: 'integer',
      exclusiveMinimum: 0,
      default: 1000,
      scope: 'resource',
      order: 13,
    });
  });

  it('offers the options of rules where the catalogue has them', () => {
    const options = { type: 'object', properties: { max: { type: 'integer', description: 'Most lines.' } } };
    const generated = Manifest.parse(
      manifest(packageJson, [
        {
          code: 'GR902',
          name: 'long-function',
          family: 'style',
          severity: 'warning',
          standards: ['backend'],
          summary: 'The function is too long',
          advice: '',
          why: '',
          fix: 'none',
          requirements: [],
          peers: [],
          options,
        },
      ]),
    );
    assert.deepEqual(generated.contributes.configuration.properties['groundrules.rules']?.properties, {
      GR902: {
        type: 'object',
        properties: { max: { type: 'integer', markdownDescription: 'Most lines.' } },
        markdownDescription: '`long-function`: The function is too long',
      },
    });
  });

  it('contributes exactly the commands that the client registers, and menus only of those', () => {
    const contributed = contributes.commands.map(({ command }) => command).sort();
    assert.deepEqual(contributed, registeredCommands().sort());
    for (const { command } of Object.values(contributes.menus).flat())
      assert.ok(contributed.includes(command), command);
  });

  it('names icons that are there', () => {
    for (const path of [icon, ...contributes.viewsContainers.activitybar.map((container) => container.icon)]) {
      assert.ok(existsSync(new URL(path, root)), path);
    }
  });
});

function registeredCommands(): string[] {
  const sources = readdirSync(new URL('client/src/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`client/src/${name}`));
  return sources.flatMap((source) =>
    [...source.matchAll(/registerCommand\(\s*'([^']+)'/g)].map((match) => match[1] ?? ''),
  );
}
