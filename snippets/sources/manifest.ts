import { ask, choose, jsonSnippet, template } from '../define.ts';

const moduleName = ask(1, 'module_name', 'module_name');
const layer = choose(2, 'layer', 'calculation', 'tracking', 'intelligence');
const version = ask(3, 'version', '1.0.0');
const description = ask(4, 'description', 'Position of a moment in its cycle');
const subscription = ask(5, 'subscriptions', 'user.updated');

export const manifest = jsonSnippet({
  id: 'S-manifest',
  name: 'Module manifest (manifest.json)',
  prefix: 'gr-manifest',
  description: 'The metadata of a module: name, layer, version, description and the events it subscribes to.',
  file: 'manifest.json',
  requirements: ['000-020', '000-021'],
  body: template`
{
  "name": "${moduleName}",
  "layer": "${layer}",
  "version": "${version}",
  "description": "${description}",
  "subscriptions": ["${subscription}"]
}
`,
});
