import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertPortFree } from '../../../../world/net/free-port';
import { WorldSettings } from '../../../../world/up/world-settings';
import { prepareReadyFile } from '../../../../world/up/write-ready-file';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'settings-'));
  file = join(dir, 'settings.json');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Below those that the kernel gives to whoever asks for any: what is free now is free later. Source: ip(7), ip_local_port_range. */
async function quietPort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); ; port += 1) {
    const isFree = await assertPortFree(port, 'a test').then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
}

describe('world settings', () => {
  it('keep secrets and ports for the next start, for the owner’s eyes only', async () => {
    const first = new WorldSettings(file);
    const [secret, port] = [first.secret('db'), await first.port('gateway', await quietPort())];
    const chosen = await first.port('ui');
    expect(secret).toMatch(/^[\w-]{24}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ ports: { gateway: port, ui: chosen } });
    const second = new WorldSettings(file);
    expect(second.secret('db')).toBe(secret);
    expect(await second.port('gateway')).toBe(port);
    expect(second.secret('other')).not.toBe(secret);
  });

  it('take another port when the one of last time is in use', async () => {
    const port = await new WorldSettings(file).port('gateway', await quietPort());
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    expect(await new WorldSettings(file).port('gateway')).not.toBe(port);
    other.close();
    await once(other, 'close');
  });

  it('refuse a fixed port that is in use, and never give one port to two', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const settings = new WorldSettings(file);
    await expect(settings.port('ui', taken)).rejects.toMatchObject({ code: 'PORT_TAKEN', details: { port: taken } });
    other.close();
    await once(other, 'close');
    const ports = new Set<number>();
    for (let index = 0; index < 50; index++) ports.add(await settings.port(`p${index}`));
    expect(ports.size).toBe(50);
  });

  it('begin anew when the file is damaged', () => {
    writeFileSync(file, '{"secrets":{"db":');
    expect(new WorldSettings(file).secret('db')).toMatch(/^[\w-]{24}$/);
  });
});

describe('ready file', () => {
  it('that names a folder is refused before anything starts', async () => {
    await expect(prepareReadyFile(dir)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('of an earlier world is removed', async () => {
    writeFileSync(file, '{}');
    await prepareReadyFile(file);
    expect(() => statSync(file)).toThrow(/ENOENT/);
  });
});
