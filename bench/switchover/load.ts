import { errorMessage } from '../../domain/error-message';
import { seededRandom } from '../../test/integration/hydra/sync/history';
import { type Door } from '../../test/contention/traffic/grant-requests';
import { ContendedTraffic } from '../../test/contention/traffic/contended-traffic';
import { Tally } from '../../test/contention/traffic/tally';
import { OauthHttp } from '../../world/oauth';
import { type LoadOrder, type LoadResult, type StartOrder } from './messages';
import { SlowHttp } from './slow-http';
import { StalledClients } from './stalled-clients';

const GRANTS = 8;
const RACES_MAX = 8;
const PAUSE_MS = 800;
const SLOW_SHARE = 0.05;
const SLOW_MS = 3_000;
const STALLED = 50;

/** Contended traffic with slow and stalled clients, in a process of its own: what it costs is none of the worker's. */
class Load {
  readonly tally = new Tally();
  private readonly slow = new SlowHttp(SLOW_MS);
  private readonly doors: readonly Door[];
  private readonly stalled: StalledClients;
  private readonly traffic: ContendedTraffic;
  private requests = 0;
  private slowOnes = 0;

  constructor({ gateways, issuer, seed }: StartOrder) {
    const random = seededRandom(seed);
    this.stalled = new StalledClients(
      gateways.map(({ publicPort }) => publicPort),
      STALLED,
    );
    this.doors = gateways.map(({ publicUrl, adminUrl }, index) => {
      const http = new OauthHttp(
        { publicUrl, adminUrl, adminPrefix: '', issuer },
        { connections: 128, onRequest: () => void (this.requests += 1) },
      );
      const send: Door['send'] = (request) => {
        if (request.method !== 'POST' || random() >= SLOW_SHARE) return http.send(request);
        this.slowOnes += 1;
        this.requests += 1;
        return this.slow.send(request);
      };
      return { name: `edge-${index + 1}`, http, send };
    });
    const { doors, tally } = this;
    this.traffic = new ContendedTraffic({
      doors,
      tally,
      random,
      grants: GRANTS,
      racesMax: RACES_MAX,
      pauseMs: PAUSE_MS,
    });
  }

  async stop(): Promise<LoadResult> {
    await this.traffic.stop();
    this.stalled.close();
    this.slow.close();
    for (const { http } of this.doors) await http.close();
    return { tally: this.tally.summary, requests: this.requests, slow: this.slowOnes };
  }
}

let load: Load | undefined;

async function obey(order: LoadOrder): Promise<unknown> {
  if (order.kind === 'start') load = new Load(order);
  if (order.kind === 'moved') load?.tally.moved(order.from - performance.timeOrigin, order.to - performance.timeOrigin);
  return order.kind === 'stop' ? load?.stop() : null;
}

process.on('message', (order: LoadOrder) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: errorMessage(error) }),
  );
});
