import { constants } from 'node:os';

/** How a person or a service manager ends a world. */
export interface EndSignals {
  /** Fires with the first signal. */
  readonly ended: AbortSignal;
  /** Resolves with the first signal. */
  readonly happened: Promise<undefined>;
  /** What the process ends with: 130 for Ctrl-C; 0 for SIGTERM and SIGHUP, which are the ordinary end of a service. */
  exitCode(): number;
  /** What a second signal does before it ends the process at once. @default nothing: the reaper does the rest */
  onSecond(action: () => void): void;
  release(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function watchEndSignals(): EndSignals {
  const controller = new AbortController();
  let first: NodeJS.Signals | undefined;
  let second: () => void = () => undefined;
  const handler = (signal: NodeJS.Signals): void => {
    if (first === undefined) {
      first = signal;
      controller.abort(new Error(`interrupted by ${signal}`));
      return;
    }
    second();
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, handler);
  return {
    ended: controller.signal,
    happened: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    }),
    exitCode: () => (first === 'SIGINT' ? 128 + constants.signals.SIGINT : 0),
    onSecond: (action) => {
      second = action;
    },
    release: () => {
      for (const signal of SIGNALS) process.off(signal, handler);
    },
  };
}
