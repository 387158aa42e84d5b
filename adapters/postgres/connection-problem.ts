import { errorMessage } from '../../domain/error-message';
import { errorCode, isCertificateError, unreachableReason } from '../network-errors';

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
  '53300': [
    'the server, the database or the role has no connection left',
    'free some, or raise max_connections, or the CONNECTION LIMIT of the role or the database',
  ],
  '57P03': ['the server is starting or shutting down', 'wait until it is up'],
};

/** A password that was rotated on blue, and in the secret of both, is not the one that green knows. */
const OF_THE_SNAPSHOT =
  "green's roles have the passwords that blue's had at the snapshot: after a rotation on blue set the new one on green too (ALTER ROLE)";

/** As PgBouncer says it, for a setting at the start of a session that it does not pass on. */
const POOLER = /unsupported startup parameter|dropped the settings/i;

/** pg has no code for its own connect timeout. */
const DRIVER_TIMEOUT = /timeout expired|timeout exceeded/;

/** pg has no code for a server without TLS. */
const NO_TLS = /server does not support SSL/i;

/** Of all regions; what RDS's servers show is of one of these authorities. Source: Amazon RDS User Guide, "Using SSL/TLS". */
const RDS_AUTHORITIES = 'https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem';

/** What is wrong with a server's certificate. Source: Node.js manual, "X.509 certificate error codes". */
function certificateProblem(error: unknown, configPath: string): Pick<ConnectionProblem, 'what' | 'fix'> {
  const code = errorCode(error) ?? 'unknown';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { reason } = error as { reason?: unknown };
    const seen = typeof reason === 'string' ? reason.slice(0, 300) : code;
    return {
      what: `its certificate does not verify: it is of another host (${seen})`,
      fix: `set ${configPath}.host to a name that stands in it (of RDS: the endpoint of the instance, no alias of your own), or find out who answers there`,
    };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    return {
      what: `its certificate does not verify: it ${when}`,
      fix: 'renew it at the server, and check the clock of this machine',
    };
  }
  return {
    what: `its certificate does not verify: it is of an authority that is not trusted (${code})`,
    fix: `set ${configPath}.ssl.ca to the certificates of its authority, as \${file:PATH}; those of RDS: ${RDS_AUTHORITIES}`,
  };
}

/** @param configPath of the database in the config, for example `blue.database` */
export function explainConnectionError(error: unknown, configPath: string): ConnectionProblem {
  const code = errorCode(error);
  const message = errorMessage(error);
  const reason = unreachableReason(error) ?? (DRIVER_TIMEOUT.test(message) ? 'the connection timed out' : undefined);
  if (reason !== undefined) {
    return { kind: 'unreachable', what: reason, fix: `start the server, or correct ${configPath}.host and port` };
  }
  if (POOLER.test(message)) {
    return {
      kind: 'refused',
      what: 'a pooler answers there, and it drops the settings of a session',
      fix: `set ${configPath}.host and port to the server itself: locks and settings do not survive a pooler`,
    };
  }
  const [what, fix] = REFUSALS[code ?? ''] ?? [];
  if (what !== undefined && fix !== undefined) {
    const more = code === '28P01' && configPath === 'green.database' ? `; ${OF_THE_SNAPSHOT}` : '';
    return { kind: 'refused', what, fix: `${fix}${more}`, sqlState: code };
  }
  if (isCertificateError(error)) return { kind: 'certificate', ...certificateProblem(error, configPath) };
  if (NO_TLS.test(message)) {
    return {
      kind: 'certificate',
      what: 'the server speaks no TLS, but the config asks for it',
      fix: `turn TLS on at the server, or find out who answers there; only on a network of your own set ${configPath}.ssl.mode to disable`,
    };
  }
  return { kind: 'other', what: message, fix: 'check the address, the TLS mode and the log of the server' };
}

/**
 * The session ended although nobody asked for it: the server shut down, somebody terminated it, the network broke.
 * Source: PostgreSQL manual, "PostgreSQL Error Codes", class 08, 57P01 to 57P05 and 25P03 (too long idle in a transaction); the
 * texts are those of `pg`.
 */
export function isSessionLost(error: unknown): boolean {
  const code = errorCode(error);
  if (code !== undefined) return /^(08...|57P0[1-5]|25P03)$/.test(code) || unreachableReason(error) !== undefined;
  return /Connection terminated|not queryable|Client was closed|connection error/i.test(errorMessage(error));
}
