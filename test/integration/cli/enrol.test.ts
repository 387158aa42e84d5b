import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client } from 'pg';
import { commitAttempt, guardTables, installArbiter, markFinalized } from '../../../hydra/arbiter';
import { fenced } from '../../support/attempts';
import { cliInProcess } from '../../support/cli-in-process';
import { type CuttableLink, startLink } from '../../support/cuttable-link';
import { useDatabase } from '../../support/database';
import { startTestGateway, TEST_TOKEN, type TestGateway } from '../../unit/gateway/support/test-gateway';

const LOCK_TIMEOUT_MS = 60_000;

const blueDatabase = useDatabase('hydra_1_11_10');
const greenDatabase = useDatabase('hydra_2_3_0');

describe('hydra-cutover enrol', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enrol-'));
  let blue: Client;
  let gateway: TestGateway;
  let toGreen: CuttableLink;
  beforeAll(async () => void (blue = await blueDatabase.connect()));
  beforeEach(async () => {
    gateway = await startTestGateway();
    toGreen = await startLink(greenDatabase.config);
  });
  afterEach(async () => {
    await Promise.all([gateway.close(), toGreen.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = (...args: string[]) =>
    cliInProcess(['enrol', '--config', join(folder, 'config.json'), '--by', 'alice', ...args], {
      env: { ...process.env, TOOL: blueDatabase.config.password, CONTROL: TEST_TOKEN },
      cwd: folder,
    });

  it('brings a gateway that is new after finalize to green, and says why nobody is told before', async () => {
    const side = (
      name: string,
      version: string,
      port: number,
      { config }: typeof blueDatabase,
      databasePort = config.port,
    ) => ({
      hydraVersion: version,
      publicUrl: `http://127.0.0.1:${port}`,
      adminUrl: `http://127.0.0.1:${port + 1}`,
      rdsInstanceId: name,
      database: {
        ...{ host: config.host, port: databasePort, name: config.database, user: config.user, password: '${env:TOOL}' },
        ssl: { mode: 'disable' },
      },
    });
    const edge = { name: 'edge-1', controlUrl: gateway.controlUrl, token: '${env:CONTROL}' };
    const config = {
      environment: { name: 'enrol' },
      temporal: { address: '127.0.0.1:1' },
      blue: side('blue', '1.11.10', 1, blueDatabase),
      // The config refuses one server for both sides, which the tests' databases are on.
      green: side('green', '2.3.0', 3, greenDatabase, toGreen.port),
      gateways: [edge],
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    await installArbiter(blue, { side: 'blue', cutoverId: 'test', initialState: 'open' });
    await guardTables(blue);
    expect(await cli()).toMatchObject({ code: 3, stderr: expect.stringContaining('CHECK_FAILED') as string });

    expect(await commitAttempt(blue, await fenced(blue, 4), LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    // Green without an arbiter is no sign yet that green is open.
    expect(await cli()).toMatchObject({ code: 3, stderr: expect.stringContaining('green: no arbiter') as string });
    expect(await gateway.state()).toMatchObject({ epoch: 0, weights: { blue: 1, green: 0 } });

    await markFinalized(blue, 4);
    const { code, stdout } = await cli('--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ verb: 'enrol', ok: true, cutoverId: 'test', epoch: 4 },
      parties: [{ name: 'edge-1', kind: 'gateway', problem: null }],
    });
    expect(await gateway.state()).toMatchObject({ epoch: 4, committedEpoch: 4, weights: { blue: 0, green: 1 } });
    expect(await cli('--name', 'edge-9')).toMatchObject({ code: 2 });

    await gateway.stop();
    const away = await cli();
    expect(away.code).toBe(6);
    expect(away.stdout).toContain('gateway edge-1: TARGET_UNREACHABLE: ');
  });
});
