import { createHash } from 'node:crypto';
import { type ShadowDeps } from '../core/shadow';
import { type ShadowAnswer, type ShadowRequest } from '../core/shadow-question';
import { type Side } from '../core/gateway-state';
import { LISTENERS, type ListenerName } from '../core/feature';
import { adminPath } from '../../hydra/versions';
import { nodeClock } from './clock';
import { type GatewayConfig } from './config-schema';
import { Upstream } from './upstream';

/** Apart from the connections of clients, which it must not keep waiting. */
const CONNECTIONS = 8;
const TIMEOUT_MS = 10_000;
const ANSWER_LIMIT_BYTES = 1024 * 1024;
const HASH_LENGTH = 12;
const SIDES = ['blue', 'green'] as const;

/** Asks the sides on connections of its own. */
export class ShadowCaller {
  private readonly upstreams: Readonly<Record<Side, Readonly<Record<ListenerName, Upstream>>>>;

  constructor(
    private readonly config: GatewayConfig,
    onDefect: (error: unknown) => void,
  ) {
    const { limits, upstream } = config;
    const settings = { ...upstream, maxConnections: CONNECTIONS, maxHeaderBytes: limits.headerBytes, onDefect };
    const of = (side: Side) => {
      const { publicUrl, adminUrl } = config.sides[side];
      return { public: new Upstream(publicUrl, settings), admin: new Upstream(adminUrl, settings) };
    };
    this.upstreams = { blue: of('blue'), green: of('green') };
  }

  get deps(): ShadowDeps {
    return {
      clock: nodeClock,
      stamp: () => new Date().toISOString(),
      hash: (text) => createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH),
      ask: (side, request) => this.ask(side, request),
    };
  }

  close(): void {
    for (const side of SIDES) for (const listener of LISTENERS) this.upstreams[side][listener].close();
  }

  private ask(side: Side, request: ShadowRequest): Promise<ShadowAnswer | undefined> {
    const { listener, method, target, headers, body } = request;
    const { apiGeneration } = this.config.sides[side];
    const path = listener === 'admin' ? adminPath(target, apiGeneration) : target;
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let status = 0;
      const settle = (answer: ShadowAnswer | undefined) => {
        clearTimeout(timer);
        resolve(answer);
      };
      const giveUp = () => {
        call.destroy();
        settle(undefined);
      };
      const timer = setTimeout(giveUp, TIMEOUT_MS).unref();
      const call = this.upstreams[side][listener].call(
        { method, path, headers, body: body === undefined ? 'none' : 'sized' },
        {
          onHead: (head) => (status = head.status),
          onData: (chunk) => {
            bytes += chunk.length;
            if (bytes > ANSWER_LIMIT_BYTES) giveUp();
            else chunks.push(chunk);
          },
          onEnd: () => settle({ status, body: Buffer.concat(chunks).toString('utf8') }),
          onError: () => settle(undefined),
        },
      );
      if (body !== undefined) call.write(Buffer.from(body));
      call.end();
    });
  }
}
