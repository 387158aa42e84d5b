import { errorMessage } from '../../domain/error-message';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { type PostgresLogin } from '../../adapters/postgres/open-connection';
import { CutoverFault } from '../../domain/faults';
import { FORWARD, SIDE_NAMES } from '../../domain/sides';
import { type FindAttempt } from '../core/arbiter-lookout';
import { neverResolved, type ConfirmCommitted, type ResolveDoubt } from '../core/doubt';
import { type LoadedConfig } from './config';
import { type DoubtDatabase, type GatewayConfig } from './config-schema';
import { commitOverHttp, doubtOverHttp } from './doubt-http';
import { attemptOverPostgres, commitOverPostgres, doubtOverPostgres } from './doubt-postgres';

type DoubtOverPostgres = Extract<GatewayConfig['doubt'], { kind: 'postgres' }>;

export interface Resolver {
  readonly resolveDoubt: ResolveDoubt;
  readonly findAttempt?: FindAttempt;
  readonly confirmCommitted?: ConfirmCommitted;
  /** Where this gateway is a member. */
  readonly memberAt?: PostgresLogin;
  /**
   * Reads the certificates of authorities again. When one is not good, all stay as they are.
   * @throws CutoverFault CONFIG_INVALID
   */
  readonly reload?: () => Promise<void>;
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
      const authorities = new Authorities(doubt);
      await authorities.read();
      const from = login(doubt.blue, password, authorities);
      const to = doubt.green && login(doubt.green, password, authorities);
      const options = { direction: FORWARD, from, to, timeoutMs: doubt.timeoutMs, signal };
      return {
        resolveDoubt: doubtOverPostgres(options),
        findAttempt: attemptOverPostgres(options),
        confirmCommitted: commitOverPostgres(options),
        memberAt: from,
        reload: () => authorities.read(),
      };
    }
  }
}

function login(database: DoubtDatabase, password: () => string, authorities: Authorities): PostgresLogin {
  const { ssl, ...address } = database;
  const { mode, caFile } = ssl;
  if (caFile === undefined) return { ...address, password, ssl: { mode } };
  return {
    ...{ ...address, password },
    ssl: {
      mode,
      // Of the moment: it is renewed while this gateway runs, and a doubt comes when nobody can wait for a restart.
      get ca() {
        return authorities.in(caFile);
      },
    },
  };
}

/** Certificates of those who vouch for the databases, by their files. */
class Authorities {
  private known: ReadonlyMap<string, string> = new Map();

  constructor(private readonly doubt: DoubtOverPostgres) {}

  in(file: string): string {
    return this.known.get(file) ?? '';
  }

  /** @throws CutoverFault CONFIG_INVALID, and all stay as they were */
  async read(): Promise<void> {
    const read = new Map<string, string>();
    for (const side of SIDE_NAMES) {
      const file = this.doubt[side]?.ssl.caFile;
      if (file !== undefined) read.set(file, await readAuthorities(file, `doubt.${side}.ssl.caFile`));
    }
    this.known = read;
  }
}

async function readAuthorities(file: string, setting: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    createSecureContext({ ca: text });
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('holds no PEM certificate');
    return text;
  } catch (error) {
    throw new CutoverFault('CONFIG_INVALID', `${setting}: ${errorMessage(error)}`, { file }, error);
  }
}
