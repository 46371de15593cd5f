import { z } from 'zod';
import { ancestry, defineRule, isSettingsClass, isTestFile, py, schemaFields } from '../../engine/index.ts';

const options = z.strictObject({
  fields: z
    .int()
    .min(2)
    .default(3)
    .meta({ description: 'From how many settings with one prefix on a group is reported.' }),
});

export default defineRule({
  code: 'GR708',
  name: 'flat-settings-group',
  family: 'configuration',
  severity: 'hint',
  standards: ['backend'],
  summary: 'Settings with one prefix could be a nested model',
  advice: 'Put them into a model of their own and make it one field',
  why: 'Ten names that begin alike are one thing with ten parts. As a model of its own it can be passed to the code that needs it, checked as a whole and made in a test, and that code no longer sees the other settings.',
  fix: 'none',
  requirements: ['004-113'],
  peers: [],
  options,
  mentions: ['BaseSettings'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            name: str
            smtp_host: str
        #   ^^^^^^^^^ GR708 none: \`smtp_host\`, \`smtp_port\` and \`smtp_user\` share the prefix \`smtp_\`; make them the nested model \`smtp\`.
            smtp_port: int = 25
            smtp_user: str | None = None
            LOG_LEVEL: str = "INFO"
            LOG_FILE: str = "app.log"
      `,
    },
    {
      bad: py`
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            REDIS_HOST: str
        #   ^^^^^^^^^^ GR708 none: \`REDIS_HOST\` and \`REDIS_PORT\` share the prefix \`REDIS_\`; make them the nested model \`REDIS\`.
            REDIS_PORT: int
      `,
      options: { fields: 2 },
    },
    {
      ok: py`
        from pydantic import BaseModel
        from pydantic_settings import BaseSettings


        class Smtp(BaseModel):
            smtp_host: str
            smtp_port: int
            smtp_user: str


        class Settings(BaseSettings):
            smtp: Smtp
            redis_url: str
            redis_timeout: int
            max_size: int
            max_age: int
            max_depth: int
      `,
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings


        class SmtpSettings(BaseSettings):
            smtp_host: str
            smtp_port: int
            smtp_user: str


        class Flags(BaseSettings):
            enable_mail: bool
            enable_search: bool
            enable_login: bool
      `,
    },
  ],
  on: {
    class_definition(definition, file, { fields }) {
      if (!definition.field('superclasses')) return undefined;
      if (!isSettingsClass(ancestry(file, definition))) return undefined;
      const groups = new Map<string, { names: string[]; start: number; end: number }>();
      const all = schemaFields(file, definition);
      for (const field of all) {
        const prefix = /^([A-Za-z][A-Za-z0-9]*)_./.exec(field.name)?.[1];
        if (prefix === undefined || plainWords.has(prefix.toLowerCase())) continue;
        const target = field.node.field('left');
        const group = groups.get(prefix) ?? { names: [], start: target.start, end: target.end };
        group.names.push(field.name);
        groups.set(prefix, group);
      }
      return [...groups].flatMap(([prefix, { names, start, end }]) =>
        // A class that holds nothing else is such a model already.
        names.length < fields || (names.length === all.length && sounds(definition.field('name').text, prefix))
          ? []
          : [
              {
                at: { start, end },
                message: `${listed(names)} share the prefix \`${prefix}_\`; make them the nested model \`${prefix}\`.`,
              },
            ],
      );
    },
  },
});

function sounds(className: string, prefix: string): boolean {
  return className.toLowerCase().startsWith(prefix.toLowerCase());
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 4).map((name) => `\`${name}\``);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

/** First words that say what kind of value it is, not what it belongs to. */
const plainWords = new Set([
  'max',
  'min',
  'default',
  'enable',
  'enabled',
  'disable',
  'use',
  'is',
  'has',
  'allow',
  'allowed',
  'first',
  'last',
  'num',
  'total',
  'base',
  'the',
  'app',
  'project',
  'show',
  'no',
  'new',
]);
