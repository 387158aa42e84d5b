import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type PostgresInstallation } from '../../toolchain';
import { type ServerCertificate } from './server-certificate';
import { SUPERUSER } from './superuser-session';

/**
 * Server settings for a small machine with several clusters, as safe as production's: fsync stays on. `wal_level`, senders
 * and slots are what physical snapshots need.
 */
export function serverSettings(
  installation: PostgresInstallation,
  tls?: ServerCertificate,
): Record<string, string | number | boolean> {
  return {
    max_connections: 100,
    shared_buffers: '64MB',
    wal_level: 'replica',
    max_wal_senders: 10,
    max_replication_slots: 10,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // A restored folder is flushed before its first start: one call instead of one for each of a thousand files, from 14 on.
    ...(process.platform === 'linux' && installation.major >= 14 ? { recovery_init_sync_method: 'syncfs' } : {}),
    password_encryption: 'scram-sha-256',
    log_line_prefix: '%m [%p] %q%u@%d ',
    log_checkpoints: 'off',
    // The last lines of this log are shown when a server dies; statements and row values do not belong there.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(tls === undefined ? {} : { ssl: 'on', ssl_cert_file: tls.certFile, ssl_key_file: tls.keyFile }),
    ...(hasStatStatements(installation) ? { shared_preload_libraries: 'pg_stat_statements' } : {}),
  };
}

/**
 * Passwords only, over loopback only, no replication connections. With TLS as on RDS with `rds.force_ssl`, which is the default
 * from 15 on; the master user and the endpoint itself may come without.
 */
export function hostBasedAccess(tls: boolean): string {
  const rule = (type: string, users: string) => `${type} all ${users} 127.0.0.1/32 scram-sha-256\n`;
  return tls ? rule('hostssl', 'all') + rule('host', `${SUPERUSER},+rds_superuser`) : rule('host', 'all');
}

function hasStatStatements(installation: PostgresInstallation): boolean {
  const root = dirname(installation.binDir);
  const folders = [join(root, 'lib'), join(root, 'lib', 'postgresql')];
  return folders.some((folder) =>
    ['so', 'dylib'].some((extension) => existsSync(join(folder, `pg_stat_statements.${extension}`))),
  );
}
