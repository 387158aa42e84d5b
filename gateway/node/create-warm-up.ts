import { randomBytes } from 'node:crypto';
import { type Side } from '../core/gateway-state';
import { type WarmUp } from '../../domain/ports/targets';
import { warmUp } from '../core/warm-up';
import { type CallCounts } from './call-counts';
import { type GatewayConfig } from './config-schema';
import { type Log } from './logging';
import { SideCaller } from './side-caller';

/** For one question: a Hydra that does not answer in time is left as it is. */
const TIMEOUT_MS = 2_000;
/** As many reads as there may be writes: `releaseAtOnce` says how many of those the Hydras have connections for. */
const READS_FOR_A_WRITE = 2;

/** Each time over connections of its own, which are closed after it. Whoever asks while a side is warmed up waits for that, and has its answer. */
export function createWarmUp(config: GatewayConfig, calls: CallCounts, log: Log): (side: Side) => Promise<WarmUp> {
  const { hold, upstream } = config;
  // Clients have no more connections than that either, and `releaseAtOnce` may stand for "all at once".
  const atOnce = Math.min(READS_FOR_A_WRITE * hold.releaseAtOnce, upstream.maxConnections);
  const onDefect = (err: unknown) => log.error({ err }, 'answer to a warm-up not read');
  const once = async (side: Side): Promise<WarmUp> => {
    const caller = new SideCaller(config, { connections: atOnce, timeoutMs: TIMEOUT_MS, calls, onDefect });
    try {
      const ask = caller.ask.bind(caller);
      const authority = (asked: Side) => config.sides[asked].adminUrl.host;
      return await warmUp({ ask, authority, random: () => randomBytes(32).toString('base64url') }, side, atOnce);
    } finally {
      caller.close();
    }
  };
  const underWay = new Map<Side, Promise<WarmUp>>();
  return (side) => {
    const asked = underWay.get(side) ?? once(side).finally(() => underWay.delete(side));
    underWay.set(side, asked);
    return asked;
  };
}
