import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { asSecretsFault } from './secrets-error-table';

const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * AWS Secrets Manager, read only. Region, credentials and endpoint are what the SDK takes (`AWS_REGION`,
 * `AWS_ENDPOINT_URL_SECRETS_MANAGER`, profile, instance role); the region of an ARN goes first. Keeps nothing.
 *
 * Needs secretsmanager:GetSecretValue, and kms:Decrypt where the secret has a key of its own.
 */
export class AwsSecretStore {
  readonly #region: string | undefined;
  readonly #clients = new Map<string, SecretsManagerClient>();

  constructor(region?: string) {
    this.#region = region;
  }

  /**
   * @param secretId name or ARN
   * @returns the current version, as text
   * @throws CutoverFault SECRET_UNUSABLE (missing, denied, binary) | SECRETS_UNREACHABLE
   */
  async read(secretId: string): Promise<string> {
    try {
      const answer = await this.#client(secretId).send(new GetSecretValueCommand({ SecretId: secretId }));
      if (answer.SecretString !== undefined) return answer.SecretString;
    } catch (error) {
      throw asSecretsFault(error, secretId);
    }
    throw asSecretsFault({ name: 'BinarySecret' }, secretId);
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #client(secretId: string): SecretsManagerClient {
    const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretId)?.[1] ?? this.#region;
    const known = this.#clients.get(region ?? '');
    if (known) return known;
    const made = new SecretsManagerClient({
      ...(region === undefined ? {} : { region }),
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
    });
    this.#clients.set(region ?? '', made);
    return made;
  }
}
