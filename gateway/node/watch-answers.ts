import { createHash } from 'node:crypto';
import { type Side } from '../core/gateway-state';
import { KeyTrials } from '../core/key-trials';
import { Observer } from '../core/observer';
import { Shadow } from '../core/shadow';
import { type ApiGeneration } from '../../hydra/versions';
import { type CallCounts } from './call-counts';
import { nodeClock } from './clock';
import { type LoadedConfig } from './config';
import { type GatewayConfig } from './config-schema';
import { createKeyTrials } from './create-key-trials';
import { type Log } from './logging';
import { Observations } from './observations';
import { SideCaller } from './side-caller';

const CONNECTIONS = 8;
const TIMEOUT_MS = 10_000;
const HASH_LENGTH = 12;

type Generations = Readonly<Record<Side, ApiGeneration>>;

/** What requests are seen to be, what the other side would have answered, and whether the keys are those of the Hydra that serves. */
export async function watchAnswers(loaded: LoadedConfig, generations: Generations, calls: CallCounts, log: Log) {
  const { config } = loaded;
  const observations = await openObservations(config, log);
  const onDefect = (err: unknown) => log.error({ err }, 'answer of a side not compared');
  const caller = new SideCaller(config, { connections: CONNECTIONS, timeoutMs: TIMEOUT_MS, calls, onDefect });
  const stopWatching = async () => {
    caller.close();
    await observations.close();
  };
  const shadow = new Shadow({
    clock: nodeClock,
    stamp: () => new Date().toISOString(),
    hash: (text) => createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH),
    ask: (side, request) => caller.ask(side, request),
  });
  const keys = new KeyTrials(createKeyTrials(loaded), nodeClock, (feature) =>
    log.error({ feature }, 'keys are not those of blue'),
  );
  const observer = new Observer(observations, generations, shadow, keys);
  return { observer, keys, observations, shadow, stopWatching };
}

/** What was seen lies beside the state file; it may go at any time. */
function openObservations(config: GatewayConfig, log: Log): Promise<Observations> {
  return Observations.open({
    file: `${config.stateFile}.observations`,
    onError: (err, event) => log.error({ err }, event),
  });
}
