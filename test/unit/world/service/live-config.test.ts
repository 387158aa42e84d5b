import { mkdtempSync, rmSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { z } from 'zod';
import { LiveConfig } from '../../../../world/service/live-config';
import { SOON, until } from '../../../support/until';

const schema = z.strictObject({ port: z.int(), speed: z.int().max(10) });
type Config = z.infer<typeof schema>;

describe('LiveConfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'live-config-'));
  const file = join(folder, 'config.yaml');
  let lines: string[] = [];
  let live: LiveConfig<Config>;
  const heard: number[] = [];

  const write = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };

  beforeEach(async () => {
    lines = [];
    heard.length = 0;
    const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) });
    write('port: 1\nspeed: 1\n');
    live = await LiveConfig.open({ file, schema, startOnly: ['port'], logger: pino({}, sink), pollMs: 10 });
    live.onChange(({ speed }) => void heard.push(speed));
  });
  afterEach(() => live.close());
  afterAll(() => rmSync(folder, { recursive: true }));

  it('follows its file without being told', async () => {
    write('port: 1\nspeed: 2\n');
    await until('the new speed is in force', () => live.current.speed === 2, SOON);
    expect(heard).toEqual([2]);
    expect(live.status.lastError).toBeNull();
  });

  it.each([
    ['invalid values', 'port: 1\nspeed: 11\n', 'CONFIG_INVALID'],
    ['no YAML', '{', 'CONFIG_UNREADABLE'],
    ['nothing', '', 'CONFIG_INVALID'],
  ])('keeps the last good settings when the file holds %s, says so once, and recovers', async (_what, text, code) => {
    write(text);
    for (let look = 0; look < 3; look++) await live.reload();
    expect(live.current).toEqual({ port: 1, speed: 1 });
    expect(live.status.lastError).toMatchObject({ code });
    expect(lines.filter((line) => line.includes('config refused'))).toHaveLength(1);
    write('port: 1\nspeed: 3\n');
    await live.reload();
    expect([live.current.speed, live.status.lastError]).toEqual([3, null]);
    expect(heard).toEqual([3]);
  });

  it('keeps the last good settings when the file is gone, and clears the error when it is back unchanged', async () => {
    rmSync(file);
    await live.reload();
    expect(live.status.lastError).toMatchObject({ code: 'CONFIG_UNREADABLE' });
    write('port: 1\nspeed: 1\n');
    await live.reload();
    expect(live.status.lastError).toBeNull();
    expect(heard).toEqual([]);
  });

  it('reports a change of what is bound at start, and takes the rest', async () => {
    write('port: 2\nspeed: 4\n');
    await live.reload();
    expect(live.current).toEqual({ port: 1, speed: 4 });
    expect(live.status.needRestart).toEqual(['port']);
  });

  it('keeps a change that somebody could not follow', async () => {
    live.onChange(() => {
      throw new Error('no');
    });
    write('port: 1\nspeed: 5\n');
    await live.reload();
    expect(live.current.speed).toBe(5);
    expect(lines.join('')).toContain('config change not followed everywhere');
  });

  it('does not start from a bad file', async () => {
    write('speed: 1\n');
    const options = { file, schema, startOnly: [], logger: pino({ level: 'silent' }) };
    await expect(LiveConfig.open(options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
