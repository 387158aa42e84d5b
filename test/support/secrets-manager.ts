import { type AddressInfo } from 'node:net';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Credentials, verifySignature } from '../../world/rds/protocol/verify-signature';

const CREDENTIALS: Credentials = { accessKeyId: 'AKIASECRETSTEST', secretAccessKey: 'key-of-the-secrets-test' };

/**
 * AWS Secrets Manager as far as reading goes, over its JSON protocol with verified signatures.
 * Source: AWS Secrets Manager API Reference, "GetSecretValue".
 */
export class TestSecretsManager {
  readonly secrets = new Map<string, string>();
  /** Ids that the credentials may not read. */
  readonly denied = new Set<string>();
  /** Ids in the order in which they were read. */
  readonly reads: string[] = [];
  /** Answers everything with this status. */
  broken: number | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TestSecretsManager> {
    const server = createServer();
    const started = new TestSecretsManager(server);
    server.on('request', (request, response) => void started.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  /** For the SDK. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    };
  }

  /** As new. */
  forget(): void {
    this.secrets.clear();
    this.denied.clear();
    this.reads.length = 0;
    this.broken = undefined;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const send = (status: number, answer: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
    const refuse = (name: string, status = 400) => send(status, { __type: name, message: 'refused by the test' });
    const { method = '', url = '', headers } = request;
    const signed = await verifySignature(
      { method, path: url, headers, body },
      CREDENTIALS,
      new Date(),
      'secretsmanager',
    ).then(
      () => true,
      () => false,
    );
    if (!signed) return void refuse('InvalidSignatureException');
    if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return void refuse('UnknownOperationException');
    const { SecretId: id } = JSON.parse(body.toString()) as { SecretId: string };
    this.reads.push(id);
    if (this.broken !== undefined) return void refuse('InternalServiceError', this.broken);
    if (this.denied.has(id)) return void refuse('AccessDeniedException');
    const value = this.secrets.get(id);
    if (value === undefined) return void refuse('ResourceNotFoundException');
    send(200, { Name: id, SecretString: value, VersionStages: ['AWSCURRENT'] });
  }
}
