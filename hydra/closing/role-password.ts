import { type SqlClient } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { scramVerifier } from '../sync/scram-verifier';

/** What is stored for other passwords depends on Unicode normalisation, which is the server's to do. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Gives a role a password; where possible it is not in the statement, which a server may log. Idempotent. */
export async function setRolePassword(client: SqlClient, role: string, password: string): Promise<void> {
  const sent = PRINTABLE_ASCII.test(password) ? scramVerifier(password) : password;
  await client.query(`ALTER ROLE ${quoteIdentifier(role)} PASSWORD ${quoteLiteral(sent)}`);
}

/** Source: PostgreSQL manual, "String Constants with C-Style Escapes". */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
}
