import { type ServerResponse } from 'node:http';
import { beforeLeftStops } from '../../../../activities/support/before-left-stops';
import { type StepDeps } from '../../../../activities/step';
import { HttpGateway } from '../../../../adapters/gateway/http-gateway';
import { type Gateway } from '../../../../domain/ports/targets';
import { CutoverFault } from '../../../../domain/faults';
import { until } from '../../../support/until';
import { useParts } from '../../gateway/support/fixture';
import { rawExchange } from '../../gateway/support/sockets';
import { TEST_TOKEN } from '../../gateway/support/test-gateway';
import { stepContext } from '../step-context';
import { FORWARD } from '../../../../domain/sides';

const DOWNLOAD = 'GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const NO_WATCH = { watchMs: 0 };

describe('before Hydra on blue is stopped', () => {
  const parts = useParts();

  async function setUp(readsDeadlineMs: number, others: readonly Gateway[] = []) {
    const open: ServerResponse[] = [];
    const blue = await parts.upstream((request, response) => {
      request.resume();
      if (request.url?.startsWith('/.well-known/') === true) open.push(response);
      else response.end('blue');
    });
    const green = await parts.upstream(
      (request, response) => void request.resume().on('end', () => response.end('green')),
    );
    const edge = await parts.gateway({ blue: blue.url, green: green.url });
    const gateway = new HttpGateway({ name: 'edge', controlUrl: edge.controlUrl, token: () => TEST_TOKEN });
    await parts.keep(Promise.resolve({ close: () => gateway.close() }));
    const download = rawExchange(edge.publicPort, DOWNLOAD);
    await until('the download is at blue', () => open.length === 1);
    open[0]?.write('first ');
    await edge.stage(1, 'green');
    await edge.control('PUT', '/hold', { epoch: 1, deadlineMs: 60_000, holds: 'writes' });
    await edge.apply(1);
    const deps = {
      gateways: [gateway, ...others],
      direction: FORWARD,
      hydra: {},
      settings: { switchover: { readsDeadlineMs }, hydraVersion: { blue: '1.11.10', green: '2.3.0' } },
    } as unknown as StepDeps;
    const looked: unknown[] = [];
    const context = { ...stepContext(), heartbeat: (progress: unknown) => void looked.push(progress) };
    return { open, download, deps, context, looked };
  }

  it('a download that began there is waited for, and gets everything', async () => {
    const { open, download, deps, context, looked } = await setUp(600_000);
    const done = beforeLeftStops(deps, context, NO_WATCH);
    await until('it waits', () => looked.length > 1);
    open[0]?.end('last');
    expect(await done).toMatchObject({ silent: [], callers: { beyond: [] } });
    expect(await download).toMatch(/first [^]*last/);
  });

  it('one that does not end is named after the deadline, and nothing is cut', async () => {
    const { open, download, deps, context } = await setUp(0);
    const fault = await beforeLeftStops(deps, context, NO_WATCH).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'READS_UNDER_WAY', details: { gateways: ['edge (1)'] } });
    open[0]?.end('last');
    expect(await download).toMatch(/first [^]*last/);
  });

  it('a gateway that does not tell is waited for as long, and named, and keeps nobody from stopping it', async () => {
    const away = { name: 'away', state: () => Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'x')) };
    const older = { name: 'older', state: async () => ({}) };
    const { open, download, deps, context } = await setUp(0, [away, older] as unknown as Gateway[]);
    open[0]?.end('last');
    await download;
    // Until the gateway has seen the end of it.
    const settled = async () => beforeLeftStops(deps, context, NO_WATCH).catch(() => undefined);
    await until('the download is over', async () => (await settled()) !== undefined);
    expect(await settled()).toMatchObject({ silent: ['away', 'older'] });
  });
});
