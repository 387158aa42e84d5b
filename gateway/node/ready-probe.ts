import { type UpstreamCall, type Upstream } from './upstream';

/**
 * Asks `/health/ready`, on a kept connection if there is one: asked several times a second, a new one each time would cost
 * more than the answer. One that turns out to be dead is replaced once.
 * @returns true for 200; false for anything else, an error or no answer within `timeoutMs`. Never rejects.
 */
export function probeReady(upstream: Upstream, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let call: UpstreamCall | undefined;
    const timer = setTimeout(() => {
      call?.destroy();
      resolve(false);
    }, timeoutMs).unref();
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      resolve(ready);
    };
    const headers = ['Host', upstream.authority, 'X-Forwarded-Proto', 'https'];
    const ask = (fresh: boolean) => {
      let status = 0;
      call = upstream.call(
        { method: 'GET', path: '/health/ready', headers, body: 'none', fresh },
        {
          onHead: (head) => (status = head.status),
          onData: () => undefined,
          onEnd: () => settle(status === 200),
          onError: (error) => {
            if (error === 'lost' && call?.reused === true) ask(true);
            else settle(false);
          },
        },
      );
      call.end();
    };
    ask(false);
  });
}
