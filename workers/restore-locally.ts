import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { isCutoverFault } from '../domain/faults';
import { FORWARD } from '../domain/sides';
import { type RestoreReceipt, restoreRule } from '../hydra/archive';
import { copyPathOf } from '../hydra/paths';
import { toSettings } from './settings';
import { withPorts } from './with-ports';

export interface RestoreLocallyOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly rule: string;
  readonly cutoverId: string | undefined;
  readonly isDry: boolean;
  readonly signal: AbortSignal;
}

/** {@link restoreRule} over the databases of the config, without Temporal. @throws CutoverFault as it does | DB_UNREACHABLE (green) */
export async function restoreLocally(options: RestoreLocallyOptions): Promise<RestoreReceipt> {
  const { config, logger, rule, cutoverId, isDry, signal } = options;
  const session = { signal, purpose: 'restore' };
  const { hydraVersion, hydraSchema: schema } = toSettings(config);
  const path = copyPathOf(hydraVersion);
  const { from: fromSide, to: toSide } = FORWARD;
  const asked = { path, direction: FORWARD, rule, schema, isDry, cutoverId };
  return withPorts(config, logger, ({ databases }) =>
    databases.withSession(
      toSide,
      async (to) => {
        const reading = { ...session, as: 'worker' } as const;
        const withSource = databases.withSession(fromSide, (from) => restoreRule(to, { ...asked, from }), reading);
        return withSource.catch((error: unknown) => {
          const isSourceAway =
            isCutoverFault(error) && error.code === 'DB_UNREACHABLE' && error.details['side'] === fromSide;
          if (!isSourceAway) throw error;
          return restoreRule(to, { ...asked, from: null });
        });
      },
      session,
    ),
  );
}
