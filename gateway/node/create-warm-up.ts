import { randomBytes } from 'node:crypto';
import { type Side } from '../core/gateway-state';
import { type WarmUp } from '../../domain/ports/targets';
import { warmUp } from '../core/warm-up';
import { type GatewayConfig } from './config-schema';
import { type Log } from './logging';
import { SideCaller } from './side-caller';

/** For one question: a Hydra that does not answer in time is left as it is. */
const TIMEOUT_MS = 2_000;
/** As many reads as there may be writes: `releaseAtOnce` says how many of those the Hydras have connections for. */
const READS_FOR_A_WRITE = 2;

/** Each time over connections of its own, which are closed after it. */
export function createWarmUp(config: GatewayConfig, log: Log): (side: Side) => Promise<WarmUp> {
  const atOnce = READS_FOR_A_WRITE * config.hold.releaseAtOnce;
  return async (side) => {
    const onDefect = (err: unknown) => log.error({ err }, 'answer to a warm-up not read');
    const caller = new SideCaller(config, { connections: atOnce, timeoutMs: TIMEOUT_MS, onDefect });
    try {
      const ask = caller.ask.bind(caller);
      const authority = (asked: Side) => config.sides[asked].adminUrl.host;
      return await warmUp({ ask, authority, random: () => randomBytes(32).toString('base64url') }, side, atOnce);
    } finally {
      caller.close();
    }
  };
}
