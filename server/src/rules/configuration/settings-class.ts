import { z } from 'zod';
import {
  ancestry,
  defineRule,
  type Finding,
  isSettingsClass,
  isTestFile,
  matchesAny,
  type Node,
  py,
  type SourceFile,
  type Span,
  type TypedNode,
} from '../../engine/index.ts';

const options = z.strictObject({
  settingsModules: z
    .array(z.string())
    .default(['**/core/config.py', '**/core/settings.py', '**/core/config/**', '**/core/settings/**'])
    .meta({ description: 'Globs of the modules that may define settings classes.' }),
});

/** A settings class, or the names that the fields of any class are annotated with. */
type Told =
  | { is: 'settings'; name: string; bases: readonly string[]; nameSpan: { start: number; end: number } }
  | { is: 'field'; types: readonly string[] };

export default defineRule<typeof options, Told>({
  code: 'GR704',
  name: 'settings-class',
  family: 'configuration',
  severity: 'warning',
  standards: ['backend'],
  summary: 'Settings are not one class in the core configuration module, or one of them has no type',
  advice: 'Keep one settings class in `core/config.py`, with a type for every setting',
  why: 'One settings class is the list of what the service can be told. With a second one elsewhere nobody knows which variables exist, each reads `.env` in its own way, and a test that replaces the settings replaces only some. A setting without a type is none: Pydantic refuses the class.',
  fix: 'none',
  requirements: ['004-105', '004-106', '004-108'],
  peers: [],
  options,
  mentions: ['BaseSettings'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from pydantic_settings import BaseSettings


        class MailSettings(BaseSettings):
        #     ^^^^^^^^^^^^ GR704 none: The settings class \`MailSettings\` stands outside the core configuration module; move its fields to the settings class in \`core/config.py\`.
            host: str
      `,
      path: 'app/mail/client.py',
    },
    {
      bad: py`
        from pydantic import BaseModel
        from pydantic_settings import BaseSettings


        class MailFields(BaseModel):
            host: str


        class MailSettings(MailFields, BaseSettings):
        #     ^^^^^^^^^^^^ GR704 none
            user: str


        class TestMailSettings(MailSettings):
            user: str = "test"
      `,
      path: 'app/mail/client.py',
    },
    {
      bad: py`
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_file=".env")

            debug = False
        #   ^^^^^ GR704 none: The setting \`debug\` has no type; annotate it, as in \`debug: bool\`.
            name: str = "app"


        class MailSettings(BaseSettings):
        #     ^^^^^^^^^^^^ GR704 none: \`MailSettings\` is a second settings class beside \`Settings\`; make it a field of that class.
            host: str
      `,
      path: 'app/core/config.py',
    },
    {
      ok: py`
        from typing import ClassVar

        from pydantic_settings import BaseSettings, SettingsConfigDict


        class DatabaseSettings(BaseSettings):
            host: str = "localhost"


        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_file=".env")

            _cache = None
            known: ClassVar[list[str]] = []
            database: DatabaseSettings = DatabaseSettings()

            class Config:
                debug = False

            def url(self) -> str:
                scheme = "https"
                return scheme


        class DevelopmentSettings(Settings):
            name: str = "dev"
      `,
      path: 'app/core/config.py',
    },
    {
      ok: py`
        from app.base import BaseSettings


        class MailSettings(BaseSettings):
            host = "localhost"
      `,
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings


        class FakeSettings(BaseSettings):
            host: str = "localhost"
      `,
      path: 'tests/test_settings.py',
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings


        class AppSettings(BaseSettings):
            name: str = "app"


        class CacheSettings(BaseSettings):
            cache_host: str = "localhost"


        class Settings(AppSettings, CacheSettings):
            debug: bool = False
      `,
      path: 'app/core/config.py',
    },
    {
      ok: py`
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            host: str = "localhost"
      `,
      path: 'service/configuration.py',
      options: { settingsModules: ['configuration.py'] },
    },
  ],
  on: {
    class_definition(definition, file, { settingsModules }) {
      if (!definition.field('superclasses')) return undefined;
      const family = ancestry(file, definition);
      if (!isSettingsClass(family)) return undefined;
      const found: Finding[] = [];
      const name = definition.field('name');
      // Of settings classes that derive from each other the first is reported.
      const derives = family.own.slice(1).some((base) => isSettingsClass(ancestry(file, base)));
      if (!matchesAny(settingsModules, file.path) && !derives)
        found.push({
          at: name,
          message: `The settings class \`${name.text}\` stands outside the core configuration module; move its fields to the settings class in \`core/config.py\`.`,
        });
      for (const statement of file.classBody(definition)) {
        const target = unannotated(statement);
        if (target) found.push({ at: target.at, message: target.message });
      }
      return found;
    },
  },
  collect: {
    class_definition(definition, file) {
      if (file.enclosingFunction(definition)) return undefined;
      const name = definition.field('name');
      const family = ancestry(file, definition);
      const bases = family.own.slice(1).map((base) => base.field('name').text);
      const told: { at: Span; data: Told }[] = [];
      if (isSettingsClass(family)) {
        const nameSpan = { start: name.start - definition.start, end: name.end - definition.start };
        told.push({ at: definition, data: { is: 'settings', name: name.text, bases, nameSpan } });
      }
      return told;
    },
    assignment(assignment, file) {
      const annotation = assignment.field('type');
      if (!annotation || file.enclosingFunction(assignment) || !file.enclosingClass(assignment)) return undefined;
      return { at: assignment, data: { is: 'field', types: namesIn(annotation, file) } };
    },
  },
  file(facts, file, { settingsModules }) {
    if (!matchesAny(settingsModules, file.path)) return [];
    const nested = new Set(facts.flatMap(({ data }) => (data.is === 'field' ? data.types : [])));
    // A group of settings that another class inherits is part of that class.
    const inherited = new Set(facts.flatMap(({ data }) => (data.is === 'settings' ? data.bases : [])));
    let root: string | undefined;
    return facts.flatMap(({ at, data }): Finding[] => {
      if (data.is !== 'settings' || data.bases.length > 0 || nested.has(data.name) || inherited.has(data.name))
        return [];
      if (root === undefined) {
        root = data.name;
        return [];
      }
      return [
        {
          at: { start: at.start + data.nameSpan.start, end: at.start + data.nameSpan.end },
          message: `\`${data.name}\` is a second settings class beside \`${root}\`; make it a field of that class.`,
        },
      ];
    });
  },
});

function namesIn(annotation: Node, file: SourceFile): string[] {
  return annotation.below('identifier').flatMap((name) => (file.binding(name)?.kind === 'class' ? [name.text] : []));
}

/** A public name of a class's body that is given a value and no type. */
function unannotated(statement: Node): { at: Node; message: string } | undefined {
  const assignment: TypedNode<'assignment'> | undefined =
    statement.is('expression_statement') && statement.firstNamed?.is('assignment') ? statement.firstNamed : undefined;
  const target = assignment?.field('left');
  const value = assignment?.field('right');
  if (!assignment || assignment.field('type') || !target?.is('identifier') || !value) return undefined;
  if (target.text.startsWith('_') || target.text === 'model_config') return undefined;
  // A validator that is made by a call, a method under another name, and a property are no settings.
  const type = typeOf(value);
  if (type === undefined) return undefined;
  return {
    at: target,
    message: `The setting \`${target.text}\` has no type; annotate it, as in \`${target.text}: ${type}\`.`,
  };
}

function typeOf(value: Node): string | undefined {
  if (value.is('true', 'false')) return 'bool';
  if (value.is('integer')) return 'int';
  if (value.is('float')) return 'float';
  if (value.is('string', 'concatenated_string')) return 'str';
  if (value.is('list')) return 'list[str]';
  if (value.is('dictionary')) return 'dict[str, str]';
  if (value.is('none')) return 'str | None';
  if (value.is('call') && /(?:^|\.)Field$/.test(value.field('function').text)) return 'str';
  return undefined;
}
