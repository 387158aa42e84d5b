import { errorMessage } from '../../domain/error-message';
import { readFile } from 'node:fs/promises';
import { type PostgresLogin } from '../../adapters/postgres/open-connection';
import { CutoverFault } from '../../domain/faults';
import { FORWARD } from '../../domain/sides';
import { type FindAttempt } from '../core/arbiter-lookout';
import { neverResolved, type ConfirmCommitted, type ResolveDoubt } from '../core/doubt';
import { type LoadedConfig } from './config';
import { type DoubtDatabase } from './config-schema';
import { commitOverHttp, doubtOverHttp } from './doubt-http';
import { attemptOverPostgres, commitOverPostgres, doubtOverPostgres } from './doubt-postgres';

export interface Resolver {
  readonly resolveDoubt: ResolveDoubt;
  readonly findAttempt?: FindAttempt;
  readonly confirmCommitted?: ConfirmCommitted;
  /** Where this gateway is a member. */
  readonly memberAt?: PostgresLogin;
}

/**
 * Whom the config says to ask.
 *
 * @param signal ends what is being asked when the gateway stops
 * @throws CutoverFault CONFIG_INVALID when a certificate cannot be read
 */
export async function chooseResolver(loaded: LoadedConfig, signal: AbortSignal): Promise<Resolver> {
  const { doubt } = loaded.config;
  switch (doubt.kind) {
    case 'none':
      return { resolveDoubt: neverResolved };
    case 'http': {
      const { url, timeoutMs } = doubt;
      const token = () => loaded.doubtToken;
      return {
        resolveDoubt: doubtOverHttp(url, token, timeoutMs, FORWARD.to),
        confirmCommitted: commitOverHttp(url, token, timeoutMs),
      };
    }
    case 'postgres': {
      const password = () => loaded.doubtPassword ?? '';
      const from = await login(doubt.blue, 'blue', password);
      const to = doubt.green && (await login(doubt.green, 'green', password));
      const options = { direction: FORWARD, from, to, timeoutMs: doubt.timeoutMs, signal };
      return {
        resolveDoubt: doubtOverPostgres(options),
        findAttempt: attemptOverPostgres(options),
        confirmCommitted: commitOverPostgres(options),
        memberAt: from,
      };
    }
  }
}

async function login(database: DoubtDatabase, side: string, password: () => string): Promise<PostgresLogin> {
  const { ssl, ...address } = database;
  if (ssl.caFile === undefined) return { ...address, password, ssl: { mode: ssl.mode } };
  const ca = await readFile(ssl.caFile, 'utf8').catch((error: unknown) => {
    const reason = errorMessage(error);
    throw new CutoverFault('CONFIG_INVALID', `doubt.${side}.ssl.caFile: ${reason}`, { file: ssl.caFile }, error);
  });
  return { ...address, password, ssl: { mode: ssl.mode, ca } };
}
