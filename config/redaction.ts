/**
 * Field names that never reach a log with their value, at the top level and one and two levels below it.
 * Explicit paths, as pino asks for: a new secret field is added here, and the test that logs a full config finds it if not.
 */
const SECRET_FIELDS = [
  'password',
  'masterPassword',
  'MasterUserPassword',
  'secret',
  'clientSecret',
  'secretAccessKey',
  'sessionToken',
  'apiKey',
  'token',
  'accessToken',
  'refreshToken',
  'idToken',
  'code_verifier',
  'authorization',
  'cookie',
  'dsn',
  'connectionString',
  'secretsSystem',
] as const;

export const REDACTED = '[redacted]';

export const REDACTION_PATHS: readonly string[] = SECRET_FIELDS.flatMap((field) => [
  field,
  `*.${field}`,
  `*.*.${field}`,
  `*.*.*.${field}`,
]);
