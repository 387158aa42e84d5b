import { randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { type Client } from 'pg';
import {
  abortAttempt,
  beginAttempt,
  grantArbiter,
  guardTables,
  installArbiter,
  readMembers,
} from '../../../hydra/arbiter';
import { type CuttableLink, startLink } from '../../support/cuttable-link';
import { asAdmin, useDatabase } from '../../support/database';
import { GatewayHome, type GatewayProcess } from '../../unit/gateway/support/gateway-process';
import { rawExchange, startUpstream, type TestUpstream } from '../../unit/gateway/support/sockets';

export const LOCK_TIMEOUT_MS = 60_000;
export const PATIENCE_MS = 600_000;
/** No question is given up because this machine is busy. */
const QUESTION_MS = 60_000;
/** A write that a side has, and answers when its test says so. */
export const SLOW_WRITE = 'POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
/** What a read is in every version. */
export const READ = 'GET /userinfo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

interface Start {
  /** To start it on the state that an earlier one left. */
  readonly home?: GatewayHome;
  /** On a copy of the state that this one has. */
  readonly copyOf?: GatewayHome;
  /** Ports of the ways to the arbiters. */
  readonly port?: number;
  readonly greenPort?: number;
  /** As which role, which has that password. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** Gateways as processes of their own, before two arbiters and two servers that say who they are. New in each test. */
export class GatewayFleet {
  readonly password = randomBytes(12).toString('hex');
  readonly role = `test_gateways_${randomBytes(6).toString('hex')}`;
  sides!: { readonly blue: TestUpstream; readonly green: TestUpstream };
  /** Each answers one. */
  slowWrites: (() => void)[] = [];
  toBlue!: CuttableLink;
  toGreen!: CuttableLink;
  #clients: readonly Client[] = [];
  #homes: GatewayHome[] = [];
  readonly #databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') };

  /** Registers what has to be done before and after each test of the block that calls it. */
  useHere(): void {
    beforeAll(() => this.#open());
    beforeEach(() => this.#renew());
    afterEach(() => this.#endAll());
    afterAll(() => this.#close());
  }

  /** On blue and on green, as a role that may do anything. */
  get clients(): readonly [Client, Client] {
    const [blue, green] = this.#clients;
    if (blue === undefined || green === undefined) throw new Error('not connected');
    return [blue, green];
  }

  async #open(): Promise<void> {
    const { blue, green } = this.#databases;
    this.#clients = [await blue.connect(), await green.connect()];
    await asAdmin(`CREATE ROLE ${this.role} LOGIN PASSWORD '${this.password}'`);
  }

  async #renew(): Promise<void> {
    const side = (name: string) =>
      startUpstream((request, response) => {
        const answer = () => void response.end(name);
        if (request.url === '/slow') this.slowWrites.push(answer);
        else request.resume().on('end', answer);
      });
    this.slowWrites = [];
    this.sides = { blue: await side('blue'), green: await side('green') };
    this.toBlue = await startLink(this.#databases.blue.config);
    this.toGreen = await startLink(this.#databases.green.config);
    for (const client of this.clients)
      await client.query('DROP SCHEMA IF EXISTS hydra_cutover, hydra_cutover_asks CASCADE');
    const [blue, green] = this.clients;
    await installArbiter(blue, { side: 'blue', cutoverId: 'test', initialState: 'open' });
    await guardTables(blue);
    await installArbiter(green, { side: 'green', cutoverId: 'test', initialState: 'closed' });
    await guardTables(green);
    for (const client of this.clients) await grantArbiter(client, this.role);
  }

  async #endAll(): Promise<void> {
    for (const home of this.#homes) await home.close();
    this.#homes = [];
    await Promise.all([this.sides.blue.close(), this.sides.green.close(), this.toBlue.close(), this.toGreen.close()]);
  }

  async #close(): Promise<void> {
    for (const client of this.clients) await client.query(`DROP OWNED BY ${this.role}`);
    await asAdmin(`DROP ROLE ${this.role}`);
  }

  async start({ home, copyOf, port, greenPort, login }: Start = {}): Promise<
    GatewayProcess & { readonly home: GatewayHome }
  > {
    const at = home ?? (await GatewayHome.create());
    if (home === undefined) this.#homes.push(at);
    if (copyOf !== undefined) await copyFile(copyOf.stateFile, at.stateFile);
    const database = ({ config }: ReturnType<typeof useDatabase>, through?: number) => ({
      host: through === undefined ? config.host : '127.0.0.1',
      port: through ?? config.port,
      database: config.database,
      user: login?.user ?? this.role,
      ssl: { mode: 'disable' },
    });
    const doubt = {
      kind: 'postgres',
      blue: database(this.#databases.blue, port),
      green: database(this.#databases.green, greenPort),
      timeoutMs: QUESTION_MS,
      retryMs: 50,
    };
    const gateway = await at.start({
      blue: this.sides.blue.url,
      green: this.sides.green.url,
      config: { doubt, hold: { deadlineMs: PATIENCE_MS, maxParkedMs: PATIENCE_MS } },
      environment: { GATEWAY_DOUBT_PASSWORD: login?.password ?? this.password },
    });
    return { ...gateway, home: at };
  }

  /** One that was started and has asked, and was told nothing. */
  async newOne(): Promise<GatewayProcess> {
    const gateway = await this.start();
    await untilAsked(gateway);
    return gateway;
  }

  async begin(epoch: number): Promise<number> {
    const answer = await beginAttempt(this.clients[0], { epoch, holdDeadlineMs: PATIENCE_MS, marginMs: 0 });
    if (!answer.ok) throw new Error(answer.reason);
    return answer.attempt;
  }

  async giveUp(attempt: number): Promise<void> {
    await abortAttempt(this.clients[0], attempt, 'test', LOCK_TIMEOUT_MS);
  }

  /** Whether the arbiter counts it, as a fence would. */
  async isCounted(id: string): Promise<boolean> {
    return (await readMembers(this.clients[0])).some(({ member, isAlive }) => member === id && isAlive);
  }

  /** Sends requests until it is counted no more. None goes to blue that began while it was not. */
  async untilUncounted(gateway: GatewayProcess, id: string): Promise<void> {
    for (let counted = true; counted;) {
      counted = await this.isCounted(id);
      const side = await serves(gateway);
      if (!counted) expect(side).toBe('503');
    }
  }
}

/** Which side answers a request through it; `503` when nobody is asked. */
export async function serves({ publicPort }: GatewayProcess): Promise<string> {
  const text = await rawExchange(publicPort, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  if (/^HTTP\/1\.1 503 [^]*Retry-After/.test(text)) return '503';
  return text.split('\r\n\r\n')[1] ?? '';
}

export const servedByAll = (gateways: readonly GatewayProcess[]) => Promise.all(gateways.map(serves));

/** Until it has asked, and was told nothing. */
export async function untilAsked(gateway: GatewayProcess): Promise<void> {
  for (;;) {
    const { doubt } = (await gateway.state()) as { doubt: { lastVerdict: string } | null };
    if (doubt?.lastVerdict === 'unknown') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** @returns its id among the members, with which it acknowledged */
export async function holds(gateway: GatewayProcess): Promise<string> {
  const order = { epoch: 1, deadlineMs: PATIENCE_MS, holds: 'writes' };
  const { status, body } = await gateway.control('PUT', '/hold', order);
  expect(status).toBe(200);
  return String(body['member']);
}

export const idOf = async (gateway: GatewayProcess) =>
  ((await gateway.state()) as { member: { id: string } }).member.id;
