import { z } from 'zod';
import {
  type Catalogue,
  defaultMaxFileSize,
  defaultMaxFindings,
  EditorSettings,
  type RuleCard,
  standardIds,
} from '../shared-rules/src/index.ts';

/** package.json, as far as anybody here needs to know it. */
export type PackageJson = Readonly<Record<string, unknown>>;

/**
 * package.json with the blocks that VS Code reads of the extension. Settings come from the schema `EditorSettings`,
 * options of rules from the catalogue. Everything else is taken over as it is. Pure: the same input gives the same
 * output, and its own output gives itself.
 */
export function manifest(packageJson: PackageJson, catalogue: Catalogue): PackageJson {
  const generated = extensionManifest(catalogue);
  const others = Object.entries(packageJson).filter(([key]) => !Object.hasOwn(generated, key));
  // The blocks stand where a reader looks for them: before what npm alone reads.
  const index = others.findIndex(([key]) => ['scripts', 'devDependencies', 'dependencies'].includes(key));
  const split = index === -1 ? others.length : index;
  return Object.fromEntries([...others.slice(0, split), ...Object.entries(generated), ...others.slice(split)]);
}

function extensionManifest(catalogue: Catalogue): Record<string, unknown> {
  return {
    categories: ['Linters', 'Programming Languages', 'Snippets'],
    icon: 'client/media/icon.png',
    main: './dist/client.cjs',
    activationEvents: ['onLanguage:python', 'workspaceContains:pyproject.toml', 'workspaceContains:groundrules.toml'],
    capabilities: {
      untrustedWorkspaces: { supported: true },
      virtualWorkspaces: {
        supported: true,
        description: 'Open files are analysed; configuration files are found where the server can read the disk.',
      },
    },
    contributes: {
      commands,
      menus,
      viewsContainers: {
        activitybar: [{ id: 'groundrules', title: 'Groundrules', icon: 'client/media/groundrules.svg' }],
      },
      views: {
        groundrules: [{ id: 'groundrules.checklist', name: 'Checklist', icon: 'client/media/groundrules.svg' }],
      },
      viewsWelcome: [
        {
          view: 'groundrules.checklist',
          contents:
            'The checklist shows which requirements of your standards the open files meet, and keeps the ticks of your team in the folder.\n[Open Folder](command:vscode.openFolder)',
          when: 'workspaceFolderCount == 0',
        },
      ],
      snippets: [
        { language: 'python', path: './snippets/python.json' },
        { language: 'json', path: './snippets/json.json' },
      ],
      configuration: { title: 'Groundrules', properties: configurationProperties(catalogue) },
    },
  };
}

const category = 'Groundrules';

const commands = [
  { command: 'groundrules.fixAll', title: 'Fix All in File', category },
  { command: 'groundrules.restart', title: 'Restart Server', category },
  { command: 'groundrules.showOutput', title: 'Show Output', category },
  { command: 'groundrules.showRuleDocumentation', title: 'Show Rule Documentation', category },
  { command: 'groundrules.openSettings', title: 'Open Settings', category },
  { command: 'groundrules.openConfiguration', title: 'Open Configuration', category },
  { command: 'groundrules.checklist.goToPlace', title: 'Go to Place', category, icon: '$(go-to-file)' },
  { command: 'groundrules.checklist.showDocumentation', title: 'Show Documentation', category, icon: '$(book)' },
];

const menus = {
  commandPalette: [
    { command: 'groundrules.fixAll', when: 'editorLangId == python' },
    { command: 'groundrules.checklist.goToPlace', when: 'false' },
    { command: 'groundrules.checklist.showDocumentation', when: 'false' },
  ],
  'view/title': [
    { command: 'groundrules.openConfiguration', when: 'view == groundrules.checklist', group: '1_configuration@1' },
    { command: 'groundrules.openSettings', when: 'view == groundrules.checklist', group: '1_configuration@2' },
    { command: 'groundrules.showOutput', when: 'view == groundrules.checklist', group: '2_server@1' },
    { command: 'groundrules.restart', when: 'view == groundrules.checklist', group: '2_server@2' },
  ],
  'view/item/context': [
    {
      command: 'groundrules.checklist.showDocumentation',
      when: 'view == groundrules.checklist && viewItem =~ /^(requirement\\.rules|place)$/',
      group: 'inline@1',
    },
    {
      command: 'groundrules.checklist.goToPlace',
      when: 'view == groundrules.checklist && viewItem == place',
      group: 'navigation@1',
    },
    {
      command: 'groundrules.checklist.showDocumentation',
      when: 'view == groundrules.checklist && viewItem =~ /^(requirement\\.rules|place)$/',
      group: 'navigation@2',
    },
  ],
};

type Schema = Record<string, unknown>;

const JsonObject = z.record(z.string(), z.unknown());

/** What stands in the settings editor where nobody set anything. The client sends only what somebody set. */
const defaults: Record<keyof z.infer<typeof EditorSettings>, unknown> = {
  standards: Object.fromEntries(standardIds.map((id) => [id, true])),
  select: [],
  ignore: [],
  severity: {},
  perFileIgnores: {},
  exclude: [],
  targetVersion: null,
  fixAllUnsafe: false,
  fixAllExclude: [],
  maxFileSize: defaultMaxFileSize,
  rules: {},
  enable: true,
  configuration: '',
  maxFindings: defaultMaxFindings,
  parser: 'wasm',
};

function configurationProperties(catalogue: Catalogue): Record<string, Schema> {
  const schema = z.toJSONSchema(EditorSettings, { io: 'input', target: 'draft-7' });
  const properties = JsonObject.parse(schema.properties);
  const entries = Object.entries(defaults).map(([key, value], order) => {
    const property = forVsCode(JsonObject.parse(properties[key]));
    const described = key === 'rules' ? { ...property, properties: ruleOptions(catalogue) } : property;
    return [`groundrules.${key}`, { ...described, ...nullable(described, value), scope: 'resource', order }] as const;
  });
  return Object.fromEntries([...entries, ['groundrules.trace.server', trace(entries.length)]]);
}

/** A setting without a default is null in the settings editor, so null has to be allowed there. */
function nullable(property: Schema, value: unknown): Schema {
  if (value !== null) return { default: value };
  const choices = Array.isArray(property.enum) ? { enum: [...property.enum, null] } : {};
  return { type: [property.type, 'null'], ...choices, default: null };
}

/** Takes out what only machines read, and says that descriptions are Markdown. */
function forVsCode(schema: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !(key === 'maximum' && value === Number.MAX_SAFE_INTEGER))
      .map(([key, value]) => {
        if (key === 'description') return ['markdownDescription', value];
        const nested = JsonObject.safeParse(value);
        return [key, nested.success ? forVsCode(nested.data) : value];
      }),
  );
}

function ruleOptions(catalogue: Catalogue): Record<string, Schema> {
  return Object.fromEntries(
    catalogue.flatMap((card) => (card.options === undefined ? [] : [[card.code, option(card)]])),
  );
}

function option(card: RuleCard): Schema {
  return { ...forVsCode(card.options ?? {}), markdownDescription: `\`${card.name}\`: ${card.summary}` };
}

function trace(order: number): Schema {
  return {
    type: 'string',
    enum: ['off', 'messages', 'compact', 'verbose'],
    default: 'off',
    markdownDescription: 'Writes what editor and server say to each other into the output channel Groundrules Trace.',
    scope: 'window',
    order,
  };
}
