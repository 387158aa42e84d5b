import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { bridged } from '../../../../world/side/bridged';

/** A gateway that needs a few looks until a Hydra is ready, and until the one that lost its share has given its last answer. */
class SlowGateway {
  readonly told: string[] = [];
  private looks = 0;

  readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      if (request.method === 'PUT') this.onShare(JSON.parse(body) as { share: number; order: number });
      response
        .writeHead(request.headers.authorization === 'Bearer t' ? 200 : 401, { Connection: 'close' })
        .end(JSON.stringify(this.look()));
    });
  });

  happened(what: string): void {
    this.told.push(what);
    this.looks = 0;
  }

  private onShare({ share, order }: { readonly share: number; readonly order: number }): void {
    this.happened(`share ${share} by order ${order}, ${this.isReady ? 'ready' : 'too early'}`);
  }

  private look() {
    this.looks += 1;
    if (this.looks === 4) this.told.push('quiet');
    const ready = { old: this.isReady, new: this.isReady };
    return { share: 0, ready, inFlight: { old: Math.max(0, 4 - this.looks), new: Math.max(0, 4 - this.looks) } };
  }

  private get isReady(): boolean {
    return this.looks >= 2;
  }
}

describe('a Hydra that is replaced while it serves', () => {
  const gateway = new SlowGateway();
  beforeAll(() => new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => gateway.server.close(resolve)));

  it('gets requests once the gateway finds it ready, and is stopped once the gateway has its last answer', async () => {
    const { port } = gateway.server.address() as AddressInfo;
    const env = { GATEWAY_CONTROL_URL: `http://127.0.0.1:${port}`, GATEWAY_CONTROL_TOKEN: 't', CUTOVER_ORDER: '7' };
    const say = (verb: string) => (name: string) => Promise.resolve(gateway.happened(`${verb} ${name}`));
    await bridged(env, { start: say('start'), stop: say('stop') });
    expect(gateway.told).toEqual([
      'start bridge',
      'share 0 by order 7, ready',
      'quiet',
      'stop beside',
      'start blue',
      'share 100 by order 7, ready',
      'quiet',
      'stop bridge',
    ]);
  });
});
