import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    /** A folder with these files. */
    files: async (contents: Readonly<Record<string, string>>): Promise<string> => {
      const folder = await mkdtemp(join(tmpdir(), 'gateway-files-'));
      open.push({ close: () => rm(folder, { recursive: true, force: true }) });
      for (const [name, text] of Object.entries(contents)) await writeFile(join(folder, name), text);
      return folder;
    },
    gateway: (options: TestGatewayOptions = {}): Promise<TestGateway> => keep(startTestGateway(options)),
    upstream: (...args: Parameters<typeof startUpstream>): Promise<TestUpstream> => keep(startUpstream(...args)),
    rawUpstream: (...args: Parameters<typeof startRawUpstream>): Promise<TestServer> => keep(startRawUpstream(...args)),
  };
}
