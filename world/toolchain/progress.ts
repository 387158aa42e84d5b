import { type ToolContext } from './context';

const TICK_MS = 5_000;

/**
 * Says `what` at once and again every 5 s with the seconds that have passed, until the returned function is called.
 * @param detail the latest thing known about the work, for example the last line a compiler wrote
 */
export function withTicker(
  context: Pick<ToolContext, 'progress'>,
  what: string,
  detail: () => string = () => '',
): () => void {
  const startedAt = Date.now();
  context.progress(`${what} ...`);
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    const latest = detail();
    context.progress(`${what} ... ${seconds} s${latest === '' ? '' : `: ${latest}`}`);
  }, TICK_MS);
  return () => clearInterval(timer);
}

/**
 * Rejects with the signal's reason when it fires while `mayLeave()` says yes; `work` itself goes on, its outcome ignored.
 */
export async function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  mayLeave: () => boolean,
): Promise<T> {
  if (signal === undefined) return work;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      if (mayLeave()) reject(abortReason(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What callers of an aborted call get. By shape: a DOMException may come from another realm. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return typeof reason === 'object' && reason !== null && 'message' in reason
    ? (reason as Error)
    : new Error(String(reason));
}
