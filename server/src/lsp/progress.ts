import type { Connection } from 'vscode-languageserver';

export interface Progress {
  /** How far the work is, from 0 to 1. */
  report(part: number): void;
  done(): void;
}

/** Shows work in the client. The work does not wait for the client's consent, which may never come. */
export function showProgress(connection: Connection, title: string): Progress {
  let percentage = 0;
  let finished = false;
  let report: ((percentage: number) => void) | undefined;
  let end: (() => void) | undefined;
  connection.window.createWorkDoneProgress().then(
    (reporter) => {
      reporter.begin(title, percentage);
      if (finished) return reporter.done();
      report = (now) => reporter.report(now);
      end = () => reporter.done();
    },
    // A client that refuses a progress goes without it.
    () => undefined,
  );
  return {
    report(part) {
      percentage = Math.round(part * 100);
      report?.(percentage);
    },
    done() {
      finished = true;
      end?.();
    },
  };
}
