import { readFile } from 'node:fs/promises';
import { type PostgresLogin } from '../../adapters/postgres/open-connection';
import { CutoverFault } from '../../domain/faults';
import { neverResolved, type ResolveDoubt } from '../core/doubt';
import { type DoubtDatabase, type LoadedConfig } from './config';
import { doubtOverHttp } from './doubt-http';
import { doubtOverPostgres } from './doubt-postgres';

/**
 * Whom the config says to ask.
 *
 * @param signal ends what is being asked when the gateway stops
 * @throws CutoverFault CONFIG_INVALID when a certificate cannot be read
 */
export async function chooseResolver(loaded: LoadedConfig, signal: AbortSignal): Promise<ResolveDoubt> {
  const { doubt } = loaded.config;
  switch (doubt.kind) {
    case 'none':
      return neverResolved;
    case 'http':
      return doubtOverHttp(doubt.url, loaded.doubtToken, doubt.timeoutMs);
    case 'postgres': {
      const password = () => loaded.doubtPassword ?? '';
      const blue = await login(doubt.blue, 'blue', password);
      const green = doubt.green && (await login(doubt.green, 'green', password));
      return doubtOverPostgres({ blue, green, timeoutMs: doubt.timeoutMs, signal });
    }
  }
}

async function login(database: DoubtDatabase, side: string, password: () => string): Promise<PostgresLogin> {
  const { ssl, ...address } = database;
  if (ssl.caFile === undefined) return { ...address, password, ssl: { mode: ssl.mode } };
  const ca = await readFile(ssl.caFile, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CutoverFault('CONFIG_INVALID', `doubt.${side}.ssl.caFile: ${reason}`, { file: ssl.caFile }, error);
  });
  return { ...address, password, ssl: { mode: ssl.mode, ca } };
}
