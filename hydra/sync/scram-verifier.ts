import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 4096;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/**
 * What PostgreSQL stores for a password. Sent instead of it, so that no server log has the password in a statement.
 *
 * @param password printable ASCII: nothing else is normalised here
 * Source: RFC 5802, section 3; PostgreSQL manual, "pg_authid".
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, HASH_BYTES, 'sha256');
  const hmac = (message: string): Buffer => createHmac('sha256', salted).update(message).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}
