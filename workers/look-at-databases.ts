import { askGateway } from '../activities/evidence/read-gateways';
import { snapshotIdOf } from '../activities/support/names';
import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { asCutoverFault } from '../domain/faults';
import { type ListedGateway } from '../domain/known-gateways';
import { type Gateway } from '../domain/ports/targets';
import { type SqlClient } from '../domain/ports/sql-client';
import { type SideName } from '../domain/sides';
import { type DatabasesLook, readTraces, type ResourceLook, type SideLook } from '../hydra/traces';
import { askTarget } from './ask-dependents';
import { type TargetConfig } from './create-target';
import { createPorts, type Ports } from './ports';
import { SecretKeeper } from './secret-keeper';

/**
 * What both databases and the provider tell of a cutover, without Temporal. Changes nothing, and never fails because one of
 * them does not answer.
 *
 * @param timeoutMs for all of it
 */
export async function lookAtDatabases(config: Config, logger: Logger, timeoutMs: number): Promise<DatabasesLook> {
  const secrets = new SecretKeeper(config, logger);
  const ports = createPorts(config, logger, secrets);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await within(signal, secrets.refresh());
    const { direction } = ports;
    const { from, to } = direction;
    const [source, target, instance, gateways, targets] = await Promise.all([
      side(ports, from, signal),
      side(ports, to, signal),
      resource(config[to].rdsInstanceId, signal, async (id) => {
        const found = await ports.provider.describeInstance(id);
        return found && { id, status: found.status, tags: found.tags };
      }),
      Promise.all(ports.gateways.map((gateway) => listed(gateway, signal))),
      Promise.all(config.targets.map((target) => away(target, signal))),
    ]);
    const cutoverId = 'unreachable' in source ? undefined : source.arbiter?.cutoverId;
    const snapshotId = cutoverId === undefined ? undefined : snapshotIdOf(cutoverId);
    const snapshot = await resource(snapshotId, signal, async (id) => {
      const found = await ports.provider.describeSnapshot(id);
      return found && { id, status: found.status, tags: found.tags };
    });
    return { direction, source, target, instance, snapshot, gateways, targetsAway: targets.flat() };
  } finally {
    await ports.close();
    secrets.close();
  }
}

async function side({ databases, direction }: Ports, name: SideName, signal: AbortSignal): Promise<SideLook> {
  try {
    const look = (client: SqlClient) => readTraces(client, direction.from);
    const read = (as?: 'look') =>
      within(signal, databases.withSession(name, look, { signal, purpose: 'status', ...(as && { as }) }));
    const seen = await read('look');
    // What a cutover made that does not know of a role that only looks, such a role is not told.
    const isUntold = seen.arbiter === null && seen.schemas.some(({ name: schema }) => schema === 'hydra_cutover');
    return isUntold ? await read() : seen;
  } catch (error) {
    return { unreachable: reason(error) };
  }
}

async function listed(gateway: Gateway, signal: AbortSignal): Promise<ListedGateway> {
  return within(signal, askGateway(gateway)).catch((error: unknown) => ({
    name: gateway.name,
    problem: reason(error),
  }));
}

async function away(target: TargetConfig, signal: AbortSignal): Promise<DatabasesLook['targetsAway']> {
  return within(signal, askTarget(target)).then(
    () => [],
    (error: unknown) => [{ name: target.name, problem: reason(error) }],
  );
}

async function resource(
  id: string | undefined,
  signal: AbortSignal,
  look: (id: string) => Promise<Exclude<ResourceLook, null> | undefined>,
): Promise<ResourceLook> {
  if (id === undefined) return null;
  try {
    return (await within(signal, look(id))) ?? null;
  } catch (error) {
    return { unreachable: reason(error) };
  }
}

function reason(error: unknown): string {
  const { message, name } = asCutoverFault(error);
  return name === 'TimeoutError' || message === '' ? 'no answer in time' : message;
}

/** Not everything that is waited for can be told to stop. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error('no answer in time'));
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
  });
}
