import { enrolParties, type EnrolReceipt } from '../activities/switchover/enrol-parties';
import { realTools } from '../activities/switchover/real-tools';
import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { CutoverFault } from '../domain/faults';
import { forgetMember, readMembers } from '../hydra/arbiter';
import { type SqlClient } from '../domain/ports/sql-client';
import { withPorts } from './with-ports';

export interface EnrolOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Of one gateway or target; undefined for all. */
  readonly name: string | undefined;
  readonly signal: AbortSignal;
}

/** {@link enrolParties} over the adapters of the config, without Temporal. @throws CutoverFault as it does */
export function enrolLocally({ config, logger, name, signal }: EnrolOptions): Promise<EnrolReceipt> {
  return withPorts(config, logger, (ports) => enrolParties(ports, realTools, { name, signal }));
}

/**
 * A person says that a gateway which fell silent is gone for good: no switchover waits for its word any more. Never one that beats.
 * @throws CutoverFault CHECK_FAILED (blue knows no silent member of that name) | DB_UNREACHABLE
 */
export function forgetLocally(options: Omit<EnrolOptions, 'name'> & { readonly member: string }): Promise<void> {
  const { config, logger, member, signal } = options;
  return withPorts(config, logger, ({ databases }) =>
    databases.withSession('blue', (blue) => forget(blue, member), { signal, purpose: 'enrol' }),
  );
}

async function forget(blue: SqlClient, member: string): Promise<void> {
  if ((await forgetMember(blue, member)) > 0) return;
  const known = (await readMembers(blue)).map(({ name, isAlive }) => `${name}${isAlive ? ' (beats)' : ' (silent)'}`);
  throw new CutoverFault(
    'CHECK_FAILED',
    `blue's arbiter knows no gateway ${member} that is silent (known: ${known.length === 0 ? 'none' : known.join(', ')}); nothing was changed. ` +
      'One that beats leaves when it is stopped in order',
    { member },
  );
}
