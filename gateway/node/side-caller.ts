import { type ShadowAnswer, type ShadowRequest } from '../core/shadow-question';
import { type Side } from '../core/gateway-state';
import { LISTENERS, type ListenerName } from '../core/feature';
import { adminPath } from '../../hydra/versions';
import { type CallCounts } from './call-counts';
import { type GatewayConfig } from './config-schema';
import { type CallRequest, Upstream } from './upstream';

const ANSWER_LIMIT_BYTES = 1024 * 1024;
const SIDES = ['blue', 'green'] as const;

export interface SideCallerOptions {
  /** To each listener of a side. */
  readonly connections: number;
  /** For a whole answer. */
  readonly timeoutMs: number;
  /** A side counts them with all others: one that is not here would pass for somebody who goes past this gateway. */
  readonly calls: CallCounts;
  readonly onDefect: (error: unknown) => void;
}

/** Asks the sides on connections of its own, apart from those of clients, which it must not keep waiting. */
export class SideCaller {
  private readonly upstreams: Readonly<Record<Side, Readonly<Record<ListenerName, Upstream>>>>;

  constructor(
    private readonly config: GatewayConfig,
    private readonly options: SideCallerOptions,
  ) {
    const { limits, upstream } = config;
    const { connections: maxConnections, calls, onDefect } = options;
    const of = (side: Side) => {
      const onCall = ({ method, path }: CallRequest) => calls.begin(side, method, path);
      const settings = { ...upstream, maxConnections, maxHeaderBytes: limits.headerBytes, onDefect, onCall };
      const { publicUrl, adminUrl } = config.sides[side];
      return { public: new Upstream(publicUrl, settings), admin: new Upstream(adminUrl, settings) };
    };
    this.upstreams = { blue: of('blue'), green: of('green') };
  }

  close(): void {
    for (const side of SIDES) for (const listener of LISTENERS) this.upstreams[side][listener].close();
  }

  /** @returns undefined when there was no whole answer in time */
  ask(side: Side, request: ShadowRequest): Promise<ShadowAnswer | undefined> {
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
      const timer = setTimeout(giveUp, this.options.timeoutMs).unref();
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
