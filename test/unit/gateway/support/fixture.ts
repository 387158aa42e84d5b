import { startTestGateway, type TestGateway, type TestGatewayOptions } from './test-gateway';
import { startRawUpstream, startUpstream, type TestServer, type TestUpstream } from './sockets';

interface Closable {
  close(): Promise<void>;
}

/** Starts parts of a test and closes them after it, last first. */
export function useParts() {
  let open: Closable[] = [];
  afterEach(async () => {
    const closing = open.reverse();
    open = [];
    for (const part of closing) await part.close();
  });
  const keep = async <T extends Closable>(part: Promise<T>): Promise<T> => {
    const started = await part;
    open.push(started);
    return started;
  };
  return {
    keep,
    gateway: (options: TestGatewayOptions = {}): Promise<TestGateway> => keep(startTestGateway(options)),
    upstream: (...args: Parameters<typeof startUpstream>): Promise<TestUpstream> => keep(startUpstream(...args)),
    rawUpstream: (...args: Parameters<typeof startRawUpstream>): Promise<TestServer> => keep(startRawUpstream(...args)),
  };
}
