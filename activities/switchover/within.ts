import { CutoverFault, type FaultCode } from '../../domain/faults';

/**
 * @returns what `work` gives, if that is within `timeoutMs`; whatever it does later is of no interest then
 * @throws CutoverFault `code` when the time is over
 */
export async function within<T>(timeoutMs: number, what: string, code: FaultCode, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    const limitMs = Math.max(0, Math.round(timeoutMs));
    const late = () =>
      reject(new CutoverFault(code, `${what} took longer than the ${limitMs} ms that are left for it`));
    timer = setTimeout(late, limitMs);
  });
  work.catch(() => undefined); // it may reject after the time is over
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
