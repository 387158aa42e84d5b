import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { Connection } from '@temporalio/client';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTE_NAMES } from '../../domain/search-attributes';
import { pageLoginApp } from '../../world/login-app/page-login-app';
import { grantTokens, introspectToken, listConsents, refreshTokens } from '../../world/oauth';
import { readBoard } from '../../world/supervisor/parts-board';
import { type WorldInfo, rdsClient, worldHttp } from '../../world/up';
import { documentedParts } from '../support/by-hand';
import { childrenOf, endWorlds, processesOf, startWorld } from './world-process';
import { until } from '../support/until';

const LONG_MS = 600_000;
let kept: string;

beforeAll(() => {
  kept = join(mkdtempSync(join(tmpdir(), 'world-kept-')), 'world');
  chmodSync(join(kept, '..'), 0o711);
});

afterAll(async () => {
  await endWorlds();
  rmSync(join(kept, '..'), { recursive: true, force: true });
});

async function grant(info: WorldInfo, username: string): Promise<{ accessToken: string; refreshToken: string }> {
  const http = worldHttp(info.oauth);
  try {
    const { url, password } = info.loginApp;
    const { tokens } = await grantTokens(http, {
      client: info.client,
      loginApp: pageLoginApp({ url, username, password }),
    });
    return { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken ?? '' };
  } finally {
    await http.close();
  }
}

describe('npm run world', () => {
  let issuer: string;
  let token: { accessToken: string; refreshToken: string };

  it(
    'is ready once a grant works at the addresses it names, and ends in order on Ctrl-C with its data kept',
    async () => {
      const world = startWorld(['--keep', '--dir', kept]);
      const info = await world.up();
      expect(statSync(world.readyFile).mode & 0o777).toBe(0o600);
      issuer = info.oauth.issuer;
      token = await grant(info, 'zoe');
      const rds = rdsClient(info.rds);
      const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'blue' }));
      rds.destroy();
      expect(DBInstances).toMatchObject([
        { DBInstanceStatus: 'available', Endpoint: { Port: info.blue.instance.port } },
      ]);
      const connection = await Connection.connect({ address: info.temporal.address });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      await connection.close();
      expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTE_NAMES]));
      world.child.kill('SIGINT');
      expect(await world.ended()).toBe(130);
      expect(world.stderr()).toContain(`--dir ${kept}`);
      expect(processesOf(kept)).toEqual([]);
      expect(existsSync(world.readyFile)).toBe(false);
    },
    LONG_MS,
  );

  it(
    'goes on from kept data, and starts a part that dies again where it was',
    async () => {
      const world = startWorld(['--dir', kept]);
      const info = await world.up();
      expect(info).toMatchObject({ keep: true, oauth: { issuer } });
      // What `break` and `mend` know are the parts that the documents tell a person of.
      expect(Object.keys(readBoard(kept) ?? {}).sort()).toEqual(documentedParts());
      const http = worldHttp(info.oauth);
      expect(await introspectToken(http, token.accessToken)).toMatchObject({ active: true, subject: 'zoe' });
      expect(await listConsents(http, 'zoe')).toHaveLength(1);
      expect((await refreshTokens(http, { ...info.client }, token.refreshToken)).accessToken).not.toBe('');
      await http.close();
      for (const name of ['temporal', 'gateway'] as const) {
        process.kill(info[name].pid, 'SIGKILL');
        await until(`${name} is back`, () => world.stderr().includes(`${name} runs again`));
        expect(world.stderr()).toContain(`${name} (process ${info[name].pid}) ended with signal SIGKILL`);
      }
      const connection = await Connection.connect({ address: info.temporal.address });
      await connection.close();
      expect((await grant(info, 'zoe')).refreshToken).not.toBe('');
      world.child.kill('SIGTERM');
      expect(await world.ended()).toBe(0);
      expect(processesOf(kept)).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'leaves nothing when it is interrupted half-way up',
    async () => {
      const world = startWorld();
      await until(
        'blue is being started',
        () => world.stderr().includes('starting blue') || world.child.exitCode !== null,
      );
      world.child.kill('SIGINT');
      expect(await world.ended()).toBe(130);
      expect(processesOf(world.worlds)).toEqual([]);
      expect(readdirSync(world.worlds).filter((entry) => !entry.startsWith('.'))).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'leaves nothing when it is killed half-way up',
    async () => {
      const world = startWorld();
      await until(
        'blue is being started',
        () => world.stderr().includes('starting blue') || world.child.exitCode !== null,
      );
      const [supervisor] = childrenOf(world.child.pid ?? 0);
      process.kill(supervisor ?? 0, 'SIGKILL');
      expect(await world.ended()).toBe(137);
      await until('all gone', () => processesOf(world.worlds).length === 0);
      await until('folder gone', () => readdirSync(world.worlds).every((entry) => entry.startsWith('.')));
    },
    LONG_MS,
  );

  it(
    'refuses a fixed port that is taken, and says which',
    async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const address = other.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const world = startWorld(['--ui-port', String(port)]);
      expect(await world.ended()).toBe(3);
      expect(world.stderr()).toMatch(
        new RegExp(`error PORT_TAKEN: port ${port} on 127\\.0\\.0\\.1, asked for as temporal-ui`),
      );
      expect(processesOf(world.worlds)).toEqual([]);
      other.close();
    },
    LONG_MS,
  );
});
