import {
  ancestry,
  appended,
  argumentsOf,
  defineRule,
  type Edit,
  type Fix,
  inheritedConfig,
  isFullyKnown,
  isTestFile,
  type ModelConfig,
  modelConfigs,
  type Node,
  py,
  type SchemaAncestry,
  type SourceFile,
  schemaBase,
  spell,
  startsLine,
  type TypedNode,
} from '../../engine/index.ts';

type ClassNode = TypedNode<'class_definition'>;

export default defineRule({
  code: 'GR707',
  name: 'settings-without-env-file',
  family: 'configuration',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A settings class reads no `.env` file',
  advice: 'Add `model_config = SettingsConfigDict(env_file=".env")`',
  why: 'Without `env_file` the settings come from the process alone, and everybody who starts the service on a laptop exports a dozen variables first, or writes defaults into the class that then hold in production too. With it, what a machine needs is one file that is not in version control.',
  fix: 'unsafe',
  fixSafety: 'A `.env` file that lies in the working directory is read from now on.',
  requirements: ['004-107'],
  peers: [],
  mentions: ['BaseSettings'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
        #     ^^^^^^^^ GR707 unsafe: The settings class \`Settings\` names no \`env_file\`; add \`model_config = SettingsConfigDict(env_file=".env")\`.
            name: str
      `,
      good: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_file=".env", extra="ignore")

            name: str
      `,
    },
    {
      bad: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
        #     ^^^^^^^^ GR707 unsafe
            """What the service can be told."""

            model_config = SettingsConfigDict(
                case_sensitive=True,
            )
            name: str


        class Others(BaseSettings):
        #     ^^^^^^ GR707 unsafe
            """What others can be told."""

            model_config = {"extra": "ignore", "env_file": None}
            name: str


        class More(BaseSettings):
        #     ^^^^ GR707 unsafe
            """What more can be told."""

            name: str
      `,
      good: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            """What the service can be told."""

            model_config = SettingsConfigDict(
                case_sensitive=True,
                env_file=".env",
                extra="ignore",
            )
            name: str


        class Others(BaseSettings):
            """What others can be told."""

            model_config = {"extra": "ignore", "env_file": ".env"}
            name: str


        class More(BaseSettings):
            """What more can be told."""

            model_config = SettingsConfigDict(env_file=".env", extra="ignore")

            name: str
      `,
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_file=".env", extra="ignore")


        class DevelopmentSettings(Settings):
            name: str


        class Old(BaseSettings):
            class Config:
                env_file = ".env"


        class Files(BaseSettings):
            model_config = SettingsConfigDict(**common)
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel
        from pydantic_settings import BaseSettings

        from app.base import AppSettings


        class DatabaseSettings(BaseModel):
            host: str


        class Settings(AppSettings):
            name: str


        class VaultSettings(BaseSettings):
            name: str

            @classmethod
            def settings_customise_sources(cls, settings_cls, init_settings, **others):
                return (init_settings,)
      `,
    },
    {
      bad: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Theme(BaseSettings):
        #     ^^^^^ GR707 unsafe
            model_config = SettingsConfigDict(env_prefix="theme_", extra="allow")
            primary: str = "#E58325"


        class Mail(BaseSettings):
        #     ^^^^ GR707 unsafe
            model_config = {"env_file": None}
            host: str
      `,
      good: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Theme(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="theme_", extra="allow", env_file=".env")
            primary: str = "#E58325"


        class Mail(BaseSettings):
            model_config = {"env_file": ".env", "extra": "ignore"}
            host: str
      `,
    },
    {
      ok: py`
        from dotenv import load_dotenv as load
        from pydantic_settings import BaseSettings

        load()


        class Settings(BaseSettings):
            name: str
      `,
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            name: str


        settings = Settings(_env_file=".env.local")
      `,
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class AppSettings(BaseSettings):
            name: str = "app"


        class CacheSettings(BaseSettings):
            cache_host: str = "localhost"


        class Settings(AppSettings, CacheSettings):
            model_config = SettingsConfigDict(env_file=".env")
      `,
      path: 'app/core/config.py',
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class MailSettings(BaseSettings):
            host: str


        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_file=".env")
            mail: MailSettings
      `,
    },
  ],
  collect: {
    class_definition(definition, file) {
      if (!definition.field('superclasses')) return undefined;
      const family = ancestry(file, definition);
      if (schemaBase(family) !== 'BaseSettings' || !isFullyKnown(family)) return undefined;
      const value = inheritedConfig(file, family, 'env_file');
      // A class that names one reads it for all the groups of settings that it inherits.
      if (value === 'hidden' || (value && !value.is('none')))
        return family.own
          .slice(1)
          .map((base) => ({ at: definition.field('name'), data: `=${base.field('name').text}` }));
      if (family.own.some((one) => file.classBindings(one, 'settings_customise_sources').length > 0)) return undefined;
      const name = definition.field('name');
      return { at: name, data: name.text };
    },
    call(call, file) {
      const callee = call.field('function');
      if (loadsEnvFile(callee, file)) return { at: call, data: loaded };
      if (!callee.is('identifier') || !call.field('arguments').child('keyword_argument')) return undefined;
      if (!argumentsOf(call).keywords.has('_env_file')) return undefined;
      return { at: call, data: `=${file.binding(callee)?.name ?? callee.text}` };
    },
    assignment(assignment, file) {
      const annotation = assignment.field('type');
      if (!annotation || file.enclosingFunction(assignment) || !file.enclosingClass(assignment)) return undefined;
      return annotation.below('identifier').map((name) => ({ at: assignment, data: `=${name.text}` }));
    },
  },
  file(facts, file) {
    // What the file is loaded into is read as the environment.
    if (facts.some(({ data }) => data === loaded)) return [];
    const elsewhere = new Set(facts.flatMap(({ data }) => (data.startsWith('=') ? [data.slice(1)] : [])));
    return facts.flatMap(({ at, data }) =>
      data.startsWith('=') || elsewhere.has(data)
        ? []
        : [
            {
              at,
              message: `The settings class \`${data}\` names no \`env_file\`; add \`model_config = SettingsConfigDict(env_file=".env")\`.`,
              fix: () => addEnvFile(at.start, file),
            },
          ],
    );
  },
});

/** What is told of a call that loads `.env` into the environment. */
const loaded = '=load_dotenv';

/** `load_dotenv` of python-dotenv, by whatever name it is imported. */
function loadsEnvFile(callee: Node, file: SourceFile): boolean {
  if (!callee.is('identifier') && !(callee.is('attribute') && callee.field('attribute').text === 'load_dotenv'))
    return false;
  const name = file.qualified(callee);
  return name === 'dotenv.load_dotenv' || name === 'dotenv.main.load_dotenv';
}

function addEnvFile(nameStart: number, file: SourceFile): Fix | undefined {
  const unit = file.units[file.unitIndexAt(nameStart)];
  const definition = unit?.root.below('class_definition').find((one) => one.field('name').start === nameStart);
  if (!definition) return undefined;
  const family = ancestry(file, definition);
  const given = inheritedConfig(file, family, 'env_file');
  const configs = modelConfigs(file, definition);
  const [config] = configs;
  if (configs.length > 1) return undefined;
  // Every key of the file is handed to the class, which refuses those that are no fields unless it is told otherwise.
  const ignoresOthers = inheritedConfig(file, family, 'extra') === undefined;
  const keys = ignoresOthers ? ['env_file=".env"', 'extra="ignore"'] : ['env_file=".env"'];
  if (given && given !== 'hidden')
    return definition.start < given.start && config ? replacedNone(config, given, keys, file) : undefined;
  if (config?.form === 'call') return fixOf(added(argumentsOf(config.node).list, keys, file), keys);
  if (config?.form === 'dictionary') {
    const entries = keys.map((key) => key.replace(/^(\w+)=/, '"$1": '));
    return fixOf(added(config.node, entries, file), keys);
  }
  return config ? undefined : addConfig(definition, family, keys, file);
}

function fixOf(edits: readonly Edit[], keys: readonly string[]): Fix {
  return { title: `Read \`.env\`: \`${keys.join(', ')}\``, safety: 'unsafe', edits };
}

/** Adds items to a list or dictionary, each on a line of its own where the others are. */
function added(list: Node, items: readonly string[], file: SourceFile): Edit[] {
  const last = list.namedChildren.at(-1);
  const separator = last && startsLine(last) ? `,${file.eol}${file.indentAt(last.start)}` : ', ';
  return appended(list, items.join(separator), file.eol);
}

/** `env_file=None` with a file instead, and with what else the configuration needs behind it. */
function replacedNone(config: ModelConfig, given: Node, keys: readonly string[], file: SourceFile): Fix {
  const others = {
    call: ', extra="ignore"',
    keywords: ', extra="ignore"',
    dictionary: ', "extra": "ignore"',
    class: `${file.eol}${file.indentAt(given.start)}extra = "ignore"`,
    other: '',
  }[config.form];
  return fixOf([{ start: given.start, end: given.end, text: `".env"${keys.length > 1 ? others : ''}` }], keys);
}

/** Writes a `model_config` before the class's first statement, or behind its docstring. */
function addConfig(
  definition: ClassNode,
  family: SchemaAncestry,
  keys: readonly string[],
  file: SourceFile,
): Fix | undefined {
  const usesOldForm = family.own.some((one) => modelConfigs(file, one).some((other) => other.form === 'class'));
  const config = spell(file, 'pydantic_settings', 'SettingsConfigDict', definition);
  const colon = definition.child('":"');
  const [first, second] = file.classBody(definition);
  if (usesOldForm || !config || !colon || !first) return undefined;
  const line = `${config.text}(${keys.join(', ')})`;
  const start = file.lineStart(first.start);
  if (start <= colon.end || file.slice(start, first.start).trim() !== '') return undefined;
  const indent = file.indentAt(first.start);
  const { eol } = file;
  if (first.is('pass_statement') && !second)
    return fixOf([{ start: first.start, end: first.end, text: `model_config = ${line}` }, ...config.edits], keys);
  const isDocstring = first.is('expression_statement') && first.firstNamed?.is('string', 'concatenated_string');
  if (!isDocstring) {
    // A comment above the first field stays with it.
    const text = `${indent}model_config = ${line}${eol}${eol}`;
    const comment = file.commentsIn({ start: colon.end, end: first.start }).find((one) => one.start > colon.end);
    const at = comment ? file.lineStart(comment.start) : start;
    return at <= colon.end ? undefined : fixOf([{ start: at, end: at, text }, ...config.edits], keys);
  }
  const rest = /^[ \t]*(?:#[^\r\n]*)?/.exec(file.slice(first.end, first.end + 400))?.[0] ?? '';
  const at = first.end + rest.length;
  const text = `${eol}${eol}${indent}model_config = ${line}`;
  return fixOf([{ start: at, end: at, text }, ...config.edits], keys);
}
