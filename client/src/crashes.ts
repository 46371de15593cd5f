/** Decides whether a server that ended on its own is started again. */
export interface CrashGuard {
  /** Counts a crash at `now` (milliseconds) and says whether to start the server again. */
  crashed(now: number): boolean;
  /** Forgets the crashes: a person restarted the server. */
  reset(): void;
}

/** Gives up with the `limit`-th crash within `window` milliseconds; a server that ran longer starts with a clean slate. */
export function crashGuard(limit: number, window: number): CrashGuard {
  let crashes: number[] = [];
  return {
    crashed(now) {
      crashes = [...crashes.filter((at) => now - at < window), now];
      return crashes.length < limit;
    },
    reset() {
      crashes = [];
    },
  };
}
