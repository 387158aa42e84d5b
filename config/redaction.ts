/**
 * Field names that never reach a log with their value, at the top level and up to three levels below it.
 * Explicit paths, as pino asks for: a new secret field is added here and to the list of the test. A secret of the config is found by
 * the test that logs a whole config; fields that no config has (tokens, cookies of a request) are in the test's own list alone.
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
