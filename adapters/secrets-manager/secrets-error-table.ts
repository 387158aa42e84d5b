import { CutoverFault } from '../../domain/faults';

/**
 * What AWS's error names mean for a secret, and what to do. Anything that was answered and stands not here is SECRET_UNUSABLE, and
 * what brought no answer SECRETS_UNREACHABLE.
 *
 * Source: AWS Secrets Manager API Reference, "GetSecretValue", "Common Errors".
 */
const PROBLEMS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ResourceNotFoundException: [
    'does not exist in this region and account',
    'correct the reference or rds.region, or create it',
  ],
  AccessDeniedException: [
    'may not be read with the credentials in use',
    'give them the policy of `hydra-cutover privileges --iam`; of a secret with a KMS key of its own kms:Decrypt too',
  ],
  DecryptionFailure: ['cannot be decrypted', 'let the credentials use its KMS key (kms:Decrypt)'],
  InvalidRequestException: ['is marked for deletion or has no current version', 'restore it, or give it a value'],
  InvalidParameterException: ['has a name that is not allowed', 'correct the reference'],
  BinarySecret: ['holds bytes and no text', 'store it as text'],
  CredentialsProviderError: ['cannot be read: there are no AWS credentials', 'give the worker a role or a profile'],
  UnrecognizedClientException: ['cannot be read: AWS does not know the credentials', 'correct them'],
  InvalidSignatureException: ['cannot be read: the credentials are wrong', 'correct them, and check the clock'],
  ExpiredTokenException: ['cannot be read: the credentials have expired', 'renew them'],
};

/** Names of answers that say "later". */
const LATER = new Set([
  'Throttling',
  'ThrottlingException',
  'InternalServiceError',
  'InternalServiceErrorException',
  'ServiceUnavailable',
]);

/** @returns a fault without anything of the secret; AWS's own words are left out, they may quote what was sent */
export function asSecretsFault(error: unknown, secretId: string): CutoverFault {
  const { name = 'unknown', $metadata } = (error ?? {}) as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const known = PROBLEMS[name];
  const details = { secretId, awsError: name };
  if (known !== undefined) {
    return new CutoverFault('SECRET_UNUSABLE', `secret ${secretId} ${known[0]}; ${known[1]}`, details, error);
  }
  // The SDK's own error, before anything is sent; it has no name.
  if (error instanceof Error && /region is missing/i.test(error.message)) {
    return new CutoverFault(
      'SECRET_UNUSABLE',
      `secret ${secretId} cannot be read: no AWS region is set; set rds.region or AWS_REGION`,
      { secretId },
      error,
    );
  }
  if ($metadata?.httpStatusCode === undefined || $metadata.httpStatusCode >= 500 || LATER.has(name)) {
    return new CutoverFault(
      'SECRETS_UNREACHABLE',
      `AWS Secrets Manager gave no answer for secret ${secretId} (${name}); check the network and the endpoint, or try again later`,
      details,
      error,
    );
  }
  return new CutoverFault(
    'SECRET_UNUSABLE',
    `AWS Secrets Manager refused secret ${secretId}: ${name}; see its documentation for this error`,
    details,
    error,
  );
}
