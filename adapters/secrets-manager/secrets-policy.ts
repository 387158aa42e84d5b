import { type ArnScope, type PolicyStatement } from '../rds/rds-policy';

/**
 * Reading the secrets that a config refers to, and no others.
 *
 * Source: AWS Secrets Manager User Guide, "Permissions reference": an ARN ends in six random characters, which a name does not tell.
 */
export function secretsPolicy(secretIds: readonly string[], scope: ArnScope): readonly PolicyStatement[] {
  if (secretIds.length === 0) return [];
  const arn = (id: string) =>
    id.startsWith('arn:')
      ? id
      : `arn:${scope.partition}:secretsmanager:${scope.region}:${scope.account}:secret:${id}-??????`;
  return [
    {
      Sid: 'ReadSecrets',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [...new Set(secretIds)].sort().map(arn),
    },
  ];
}
