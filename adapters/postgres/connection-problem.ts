import { errorCode, errorMessage, isCertificateError, unreachableReason } from '../network-errors';

/**
 * Why there is no session. `unreachable`: nobody is there; `refused`: the server is there and says no; `certificate`: it is
 * not who it should be; `other`: none of these.
 */
export interface ConnectionProblem {
  readonly kind: 'unreachable' | 'refused' | 'certificate' | 'other';
  /** What happened, for behind "host:port/database: ". No secrets. */
  readonly what: string;
  readonly fix: string;
  readonly sqlState?: string;
}

/** What a refusal to connect means, by SQLSTATE. Source: PostgreSQL manual, "PostgreSQL Error Codes". */
const REFUSALS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  '28P01': ['the server refuses the password', 'correct the password or the user'],
  '28000': [
    'the server refuses this role from this host',
    'correct the user, or allow it in pg_hba.conf or by security groups and TLS mode',
  ],
  '3D000': ['the database does not exist', 'correct the name of the database'],
  '42501': ['the role may not do this', 'grant it CONNECT on the database'],
  '53300': ['the server has no connection left', 'free some, or raise max_connections'],
  '57P03': ['the server is starting or shutting down', 'wait until it is up'],
};

/** pg has no code for its own connect timeout. */
const DRIVER_TIMEOUT = /timeout expired|timeout exceeded/;

/** @param configPath of the database in the config, for example `blue.database` */
export function explainConnectionError(error: unknown, configPath: string): ConnectionProblem {
  const code = errorCode(error);
  const message = errorMessage(error);
  const reason = unreachableReason(error) ?? (DRIVER_TIMEOUT.test(message) ? 'the connection timed out' : undefined);
  if (reason !== undefined) {
    return { kind: 'unreachable', what: reason, fix: `start the server, or correct ${configPath}.host and port` };
  }
  const [what, fix] = REFUSALS[code ?? ''] ?? [];
  if (what !== undefined && fix !== undefined) {
    return { kind: 'refused', what, fix, ...(code === undefined ? {} : { sqlState: code }) };
  }
  if (isCertificateError(error)) {
    return {
      kind: 'certificate',
      what: `its certificate does not verify (${code})`,
      fix: `set ${configPath}.ssl.ca to the CA of the server, or correct the host`,
    };
  }
  return { kind: 'other', what: message, fix: 'check the address, the TLS mode and the log of the server' };
}

/**
 * The session ended although nobody asked for it: the server shut down, somebody terminated it, the network broke.
 * Source: PostgreSQL manual, "PostgreSQL Error Codes", class 08 and 57P01 to 57P05; the texts are those of `pg`.
 */
export function isSessionLost(error: unknown): boolean {
  const code = errorCode(error);
  if (code !== undefined) return /^(08...|57P0[1-5])$/.test(code) || unreachableReason(error) !== undefined;
  return /Connection terminated|not queryable|Client was closed|connection error/i.test(errorMessage(error));
}
