// Mocha's spec reporter that also writes its totals to the file that TEST_TOTALS names. `complete` is false when the
// process ended before the run did: whoever counts must then not believe the numbers alone.
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

const { EVENT_RUN_BEGIN, EVENT_RUN_END } = mocha.Runner.constants;

export default class TotalsReporter extends mocha.reporters.Spec {
  /**
   * @param {import('mocha').Runner} runner
   * @param {import('mocha').MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.TEST_TOTALS;
    if (file === undefined) return;
    /** @param {boolean} complete */
    const write = (complete) => {
      const { tests = 0, passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      writeFileSync(file, JSON.stringify({ tests, passes, failures, pending, complete }));
    };
    const writeUnfinished = () => write(false);
    runner.once(EVENT_RUN_BEGIN, () => {
      writeUnfinished();
      process.once('exit', writeUnfinished);
    });
    runner.once(EVENT_RUN_END, () => {
      process.removeListener('exit', writeUnfinished);
      write(true);
    });
  }
}
