import { z } from 'zod';
import {
  defineRule,
  externalCall,
  type Fact,
  type Fix,
  isTestFile,
  logCallOf,
  loggerKind,
  matchesAny,
  type Node,
  py,
  type SourceFile,
  spellLogger,
} from '../../engine/index.ts';

const options = z.strictObject({
  components: z
    .array(z.string())
    .default([
      '**/services/*.py',
      '**/repositories/*.py',
      'service.py',
      '*_service.py',
      'repository.py',
      '*_repository.py',
      'module.py',
    ])
    .meta({ description: 'Globs of the files that are components: services, repositories, modules.' }),
});

/** Something that is worth a log line, or proof that the file logs. */
type Told = 'logs' | 'works';

export default defineRule<typeof options, Told>({
  code: 'GR419',
  name: 'component-without-logging',
  family: 'errors',
  severity: 'information',
  standards: ['flow', 'backend'],
  summary: 'A component that talks to other systems, or handles errors, logs nothing',
  advice: 'Give the module a logger and log at its key points',
  why: 'Services and repositories are where a request meets the database, the network and the files. When one of them says nothing, its part of the story is missing from the log, and the search for a fault stops there.',
  fix: 'unsafe',
  fixSafety: 'A logger alone logs nothing: the log calls are yours to write.',
  requirements: ['002-041', '002-065'],
  peers: [],
  options,
  mentions: ['def'],
  applies: (file, { components }) => isComponent(file, components),
  examples: [
    {
      bad: py`
        import httpx
        ^^^^^^^^^^^^ GR419 unsafe: This component does I/O or handles errors and has no logger; add \`logger = logging.getLogger(__name__)\` and log at its key points.


        class WeatherService:
            async def fetch(self, city: str) -> str:
                async with httpx.AsyncClient(timeout=30) as client:
                    answer = await client.get(f"/cities/{city}")
                return answer.text
      `,
      good: py`
        import httpx
        import logging

        logger = logging.getLogger(__name__)


        class WeatherService:
            async def fetch(self, city: str) -> str:
                async with httpx.AsyncClient(timeout=30) as client:
                    answer = await client.get(f"/cities/{city}")
                return answer.text
      `,
      path: 'app/services/weather.py',
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        def load(path: str) -> str:
            with open(path) as stream:
                return stream.read()
      `,
      path: 'app/services/weather.py',
    },
    {
      ok: py`
        def double(value: int) -> int:
            return 2 * value
      `,
      path: 'app/services/arithmetic.py',
    },
    {
      ok: py`
        def load(path: str) -> str:
            with open(path) as stream:
                return stream.read()
      `,
      path: 'app/reader.py',
    },
    {
      ok: py`
        from app.base import Component


        class Loader(Component):
            def load(self, path: str) -> str:
                self.logger.info("loading %s", path)
                with open(path) as stream:
                    return stream.read()
      `,
      path: 'app/services/loader.py',
    },
    {
      ok: py`
        from app.services._base import BaseService

        from ..base import BaseModule as Base


        class TemplateService(BaseService):
            def render(self, path: str) -> str:
                with open(path) as stream:
                    return stream.read()


        class StrictTemplateService(TemplateService):
            def render(self, path: str) -> str:
                try:
                    return super().render(path)
                except OSError:
                    return ""


        class Templates(Base):
            def render(self, path: str) -> str:
                return open(path).read()
      `,
      path: 'src/app/services/templates.py',
    },
    {
      bad: py`
        from app.services.names import BasePath, NamedService
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR419 unsafe
        from toolkit import BaseService


        class TemplateService(BaseService):
            def render(self, path: str) -> str:
                with open(path) as stream:
                    return stream.read()
      `,
      good: py`
        from app.services.names import BasePath, NamedService
        from toolkit import BaseService
        import logging

        logger = logging.getLogger(__name__)


        class TemplateService(BaseService):
            def render(self, path: str) -> str:
                with open(path) as stream:
                    return stream.read()
      `,
      path: 'src/app/services/templates.py',
    },
    {
      bad: py`
        from app.services.base import BaseService
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR419 unsafe


        class TemplateService(BaseService):
            def render(self, name: str) -> str:
                return load(name)


        def load(path: str) -> str:
            with open(path) as stream:
                return stream.read()
      `,
      good: py`
        from app.services.base import BaseService
        import logging

        logger = logging.getLogger(__name__)


        class TemplateService(BaseService):
            def render(self, name: str) -> str:
                return load(name)


        def load(path: str) -> str:
            with open(path) as stream:
                return stream.read()
      `,
      path: 'src/app/services/templates.py',
    },
  ],
  collect: {
    except_clause: (clause, file) => works(clause, file),
    call(call, file) {
      if (logCallOf(call, file) || loggerKind(call, file)) return { at: call, data: 'logs' as const };
      return externalCall(call, file) ? works(call, file) : undefined;
    },
    import_from_statement(statement) {
      const names = statement.fields('name').map((name) => name.text);
      return names.some((name) => /logg(?:er|ing)/i.test(name)) ? { at: statement, data: 'logs' as const } : undefined;
    },
  },
  file(facts, file) {
    const [first] = facts;
    if (!first || facts.some(({ data }) => data === 'logs')) return [];
    const head = file.slice(0, 400);
    const start = head.startsWith('\ufeff') ? 1 : 0;
    const length = /^[^\r\n]*/.exec(head.slice(start))?.[0].length ?? 0;
    return [
      {
        at: { start, end: start + length },
        message:
          'This component does I/O or handles errors and has no logger; add `logger = logging.getLogger(__name__)` and log at its key points.',
        fix: () => addLogger(file),
      },
    ];
  },
});

/**
 * Work that asks for a logger, unless the class around it may have one from a base that stands elsewhere in the
 * project.
 */
function works(at: Node, file: SourceFile): Fact<Told> | undefined {
  const owner = file.enclosingClass(at);
  if (owner && file.bases(owner).some((base) => base !== undefined && mayBringLogger(base, file))) return undefined;
  return { at, data: 'works' };
}

/** Whether a base is one that the project wrote for its components, which is where they get a logger from. */
function mayBringLogger(base: string, file: SourceFile): boolean {
  if (!/(?:^|\.)_?Base\w*(?:Service|Repository|Module)$/.test(base)) return false;
  const [first] = base.split('.');
  return (
    first === '' ||
    file.path
      .split('/')
      .slice(0, -1)
      .includes(first ?? '')
  );
}

function isComponent(file: { readonly path: string }, components: readonly string[]): boolean {
  return (
    matchesAny(components, file.path) && !/(?:^|\/)(?:routes|routers|api|views)\//.test(file.path) && !isTestFile(file)
  );
}

function addLogger(file: SourceFile): Fix | undefined {
  const definition = file.units
    .flatMap((unit) => unit.root.below('function_definition'))
    .find((one) => one.field('body')?.firstNamed);
  const place = definition?.field('body')?.firstNamed;
  const logger = place && spellLogger(file, place);
  return logger && logger.edits.length > 0
    ? { title: `Add \`${logger.text} = logging.getLogger(__name__)\``, safety: 'unsafe', edits: logger.edits }
    : undefined;
}
