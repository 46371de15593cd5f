import assert from 'node:assert/strict';
import { fixAll, py } from '../../server/src/engine/index.ts';
import { everything, factsOf, open } from '../support/engine.ts';

describe('fixing all', () => {
  it('brings one logger for two places that would each have their own', () => {
    const text = py`
      import os

      try:
          from app.names import title
      except ValueError:
          title = "none"

      # What follows needs the names.
      import warnings

      warnings.filterwarnings("ignore")


      def load(path: str) -> str | None:
          """Load a file."""
          try:
              return os.readlink(path)
          except OSError:
              return None
    `;
    const codes = new Set(['GR403', 'GR406']);
    const rules = { ...everything, rules: everything.rules.filter(({ rule }) => codes.has(rule.card.code)) };
    const outcome = fixAll(
      text,
      (current) => open(current, rules, factsOf('app/files.py')),
      () => true,
    );
    assert.equal(
      outcome.text,
      py`
        import os
        import logging

        logger = logging.getLogger(__name__)

        try:
            from app.names import title
        except ValueError as err:
            logger.exception("Unexpected error: %s", err)
            title = "none"

        # What follows needs the names.
        import warnings

        warnings.filterwarnings("ignore")


        def load(path: str) -> str | None:
            """Load a file."""
            try:
                return os.readlink(path)
            except OSError:
                logger.exception("load failed")
                return None
      `,
    );
    assert.equal(outcome.settled, true);
  });
});
