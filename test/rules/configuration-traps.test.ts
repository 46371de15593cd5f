import assert from 'node:assert/strict';
import { applyEdits, py } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { factsOf, only, open } from '../support/engine.ts';

/** The findings of one rule in a text, and the text after the first fix of each, applied one at a time. */
function examined(code: string, text: string, path = 'app/example.py', options: unknown = {}) {
  const rule = rules.find((candidate) => candidate.card.code === code);
  assert.ok(rule, `${code} exists`);
  const findings = open(text, only(rule, options), factsOf(path)).findings();
  const fixed = findings.flatMap((finding) => finding.fixes().slice(0, 1)).map((fix) => applyEdits(text, fix.edits));
  return { spans: findings.map((finding) => text.slice(finding.start, finding.end)), fixed };
}

describe('Fixes of configuration and log files', () => {
  it('GR413 offers nothing where the arguments do not fit a rotating handler', () => {
    const { spans, fixed } = examined(
      'GR413',
      py`
        import logging

        a = logging.FileHandler("a.log", "w")
        b = logging.FileHandler("b.log", "a", "utf-8")
        c = logging.FileHandler(*given)
        logging.basicConfig(filename="d.log", filemode="w")
      `,
    );
    assert.equal(spans.length, 4);
    assert.deepEqual(fixed, []);
  });

  it('GR413 keeps the layout and the alias of the module', () => {
    const { fixed } = examined(
      'GR413',
      py`
        import logging.handlers as handlers
        import logging

        a = logging.FileHandler(
            "a.log",
            delay=True,  # opened late
        )
      `,
    );
    assert.deepEqual(fixed, [
      py`
        import logging.handlers as handlers
        import logging

        a = handlers.RotatingFileHandler(
            "a.log",
            delay=True,  # opened late
            maxBytes=10_000_000, backupCount=5,
        )
      `,
    ]);
  });

  it('GR701 offers nothing where neither a configuration nor settings are at hand', () => {
    const { spans, fixed } = examined(
      'GR701',
      py`
        def run(config: Config) -> None:
            batch_size = 50
            send(batch_size)
      `,
    );
    assert.deepEqual(spans, ['50']);
    assert.deepEqual(fixed, []);
  });

  it('GR701 reads what the option names', () => {
    const text = py`
      from app.core.config import settings


      def run(config: dict[str, int]) -> None:
          batch_size = 50
          send(batch_size)
    `;
    assert.deepEqual(examined('GR701', text).fixed, [text.replace('= 50', '= config.get("batch_size", 50)')]);
    assert.deepEqual(examined('GR701', text, 'app/example.py', { source: 'settings' }).fixed, [
      text.replace('= 50', '= settings.BATCH_SIZE'),
    ]);
  });

  it('GR701 takes no local name for the settings object', () => {
    const { spans, fixed } = examined(
      'GR701',
      py`
        def run(settings: dict[str, int]) -> None:
            batch_size = 50
            send(batch_size)
      `,
    );
    assert.deepEqual(spans, ['50']);
    assert.deepEqual(fixed, []);
  });

  it('GR706 gives a constant a name that nothing else has', () => {
    const text = py`
      ROWS_INDEX = 3


      def first(rows: list[str]) -> str:
          return rows[5]
    `;
    assert.deepEqual(examined('GR706', text).fixed, [
      `ROWS_INDEX_2 = 5\n\n\n${text.replace('rows[5]', 'rows[ROWS_INDEX_2]')}`,
    ]);
  });

  it('GR707 offers nothing where the old form of configuration stands', () => {
    const { spans, fixed } = examined(
      'GR707',
      py`
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            name: str

            class Config:
                case_sensitive = True
      `,
    );
    assert.deepEqual(spans, ['Settings']);
    assert.deepEqual(fixed, []);
  });
});
