import { ControlClient } from '../../../adapters/control/control-client';
import { createLogger } from '../../../config/logger';
import { type Config } from '../../../config/schema';
import { configDigest } from '../../../config/digest';
import { storedReferences } from '../../../config/stored-secrets';
import { SecretKeeper, withSecrets } from '../../../workers/secret-keeper';
import { serveHttp } from '../../support/http-server';
import { TestSecretsManager } from '../../support/secrets-manager';
import { minimalConfig, useConfigFolder } from '../config/config-files';

const files = useConfigFolder();
const log = createLogger({ level: 'silent' });
const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/hydra-AbCdEf';
let aws: TestSecretsManager;
let before: NodeJS.ProcessEnv;

beforeAll(async () => {
  aws = await TestSecretsManager.start();
  before = { ...process.env };
  Object.assign(process.env, aws.env);
});
beforeEach(() => aws.forget());
afterAll(async () => {
  process.env = before;
  await aws.stop();
});

function load(password: string, token = '${env:T}'): Config {
  const { environment, blue, green } = minimalConfig();
  return files.load(
    {
      environment,
      blue: { ...blue, database: { ...blue.database, password } },
      green,
      gateways: [{ name: 'one', controlUrl: 'https://one.test', token }],
    },
    { env: { T: 'plain-token' } },
  );
}

async function keeping(config: Config, work: (keeper: SecretKeeper) => Promise<void>): Promise<void> {
  const keeper = new SecretKeeper(config, log, { maxAgeMs: 60_000, renewAtMostEveryMs: 0 });
  try {
    await work(keeper);
  } finally {
    keeper.close();
  }
}

describe('secrets in AWS Secrets Manager', () => {
  it('are read by name, by ARN and by JSON key, each secret once, and only when asked', async () => {
    aws.secrets.set('prod/hydra', '{"password":"from-json","port":5432}').set(ARN, 'whole-text');
    const config = load(
      '${secretsmanager:prod/hydra#password}',
      `a-\${secretsmanager:${ARN}}-b\${secretsmanager:prod/hydra#port}`,
    );
    expect(storedReferences(config)).toHaveLength(3);
    expect(() => config.blue.database.password?.reveal()).toThrow(/prod\/hydra was not read/);
    expect(aws.reads).toEqual([]);
    await keeping(config, async (keeper) => {
      await keeper.refresh();
      await keeper.refresh();
    });
    expect(config.blue.database.password?.reveal()).toBe('from-json');
    expect(config.gateways[0]?.token.reveal()).toBe('a-whole-text-b5432');
    expect([...aws.reads].sort()).toEqual([ARN, 'prod/hydra']);
    expect(JSON.stringify(config)).not.toMatch(/from-json|whole-text/);
  });

  it('that cannot be used are told all at once, and nothing of what is there is said', async () => {
    aws.secrets.set('json', '{"other":"planted-value"}').set('no-json', 'planted-value');
    aws.denied.add('denied');
    const cases: [string, RegExp][] = [
      ['${secretsmanager:absent}', /secret absent does not exist in this region and account; correct the reference/],
      ['${secretsmanager:denied}', /secret denied may not be read .* privileges --iam/],
      ['${secretsmanager:json#password}', /secret json has no text under the key password; correct #KEY/],
      ['${secretsmanager:no-json#password}', /secret no-json is no JSON object, but its key password is asked for/],
    ];
    for (const [reference, message] of cases) {
      await keeping(load(reference), async (keeper) => {
        const refused: unknown = await keeper.refresh().catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: 'SECRET_UNUSABLE', message: expect.stringMatching(message) as string });
        expect(JSON.stringify(refused)).not.toContain('planted-value');
      });
    }
    await keeping(load('${secretsmanager:absent}', '${secretsmanager:denied}'), async (keeper) => {
      await expect(keeper.refresh()).rejects.toThrow(/2 secrets cannot be read: .*absent.*denied/);
    });
  });

  it('are worth another try when the service is away, and the values from before stay in use', async () => {
    aws.secrets.set('one', 'first');
    const config = load('${secretsmanager:one}');
    const keeper = new SecretKeeper(config, log, { maxAgeMs: 0 });
    aws.broken = 400;
    await expect(keeper.refresh()).rejects.toMatchObject({ code: 'SECRETS_UNREACHABLE', retryable: true });
    aws.broken = undefined;
    await keeper.refresh();
    aws.broken = 400;
    await keeper.refresh();
    expect(config.blue.database.password?.reveal()).toBe('first');
    keeper.close();
  });

  it('are read before a step runs, and never again while they are young', async () => {
    aws.secrets.set('one', 'first');
    const config = load('${secretsmanager:one}');
    await keeping(config, async (keeper) => {
      const validate = async () => config.blue.database.password?.reveal();
      const { validate: step } = withSecrets({ validate }, keeper);
      expect([await step(), await step()]).toEqual(['first', 'first']);
    });
    expect(aws.reads).toEqual(['one']);
  });

  it('that were rotated are read once more after they were refused', async () => {
    aws.secrets.set('token', 'old');
    const seen: string[] = [];
    const server = await serveHttp((request, response) => {
      seen.push(request.headers.authorization ?? '');
      response.writeHead(request.headers.authorization === 'Bearer new' ? 200 : 401).end('{}');
    });
    const config = load('${secretsmanager:token}', '${secretsmanager:token}');
    const keeper = new SecretKeeper(config, log, { renewAtMostEveryMs: 0 });
    await keeper.refresh();
    const client = new ControlClient({
      name: 'one',
      controlUrl: server.url,
      token: () => config.gateways[0]?.token.reveal() ?? '',
      renew: () => keeper.renew(),
    });
    // Not rotated: the refusal stands, without a second try.
    expect((await client.call({ method: 'GET', path: '/' })).status).toBe(401);
    aws.secrets.set('token', 'new');
    expect((await client.call({ method: 'GET', path: '/' })).status).toBe(200);
    expect(seen).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
    await client.close();
    keeper.close();
    await server.close();
  });
});

describe('secrets in files', () => {
  it('that were rotated are read again after they were refused', async () => {
    files.write('before-the-night', 'password');
    const reload = () => load('${file:password}');
    const config = reload();
    const keeper = new SecretKeeper(config, log, { reload, renewAtMostEveryMs: 0 });
    const revealed = () => config.blue.database.password?.reveal();
    expect([await keeper.renew(), revealed()]).toEqual([false, 'before-the-night']);
    files.write('since-the-night\n', 'password');
    expect([await keeper.renew(), revealed()]).toEqual([true, 'since-the-night']);
    expect(await keeper.renew()).toBe(false);
    expect(JSON.stringify(config)).not.toMatch(/the-night/);
  });

  it('are left as they were while a file is away or empty, and read again before a step when they are old', async () => {
    files.write('first', 'password');
    const reload = () => load('${file:password}');
    const config = reload();
    const keeper = new SecretKeeper(config, log, { reload, maxAgeMs: 0, renewAtMostEveryMs: 0 });
    const { validate: step } = withSecrets({ validate: async () => config.blue.database.password?.reveal() }, keeper);
    files.write('', 'password');
    expect([await keeper.renew(), await step()]).toEqual([false, 'first']);
    files.write('second', 'password');
    expect(await step()).toBe('second');
  });

  it('stay as they were read first where nobody loads the config again', async () => {
    files.write('first', 'password');
    const config = load('${file:password}');
    files.write('second', 'password');
    await keeping(config, async (keeper) => {
      await keeper.refresh();
      expect([await keeper.renew(), config.blue.database.password?.reveal()]).toEqual([false, 'first']);
    });
  });
});

describe('a reference to AWS Secrets Manager', () => {
  it('is refused where the command line needs it too, where no secret stands, and without a usable name', () => {
    const { environment, blue, green } = minimalConfig();
    const problems = files.problems({
      environment,
      temporal: { apiKey: '${secretsmanager:one}' },
      blue: {
        ...blue,
        database: { ...blue.database, user: '${secretsmanager:one}', password: '${secretsmanager:a#}' },
      },
      green: { ...green, database: { ...green.database, password: '${secretsmanager:a b}' } },
    });
    expect(problems.map(({ path, what }) => `${path}: ${what}`)).toEqual([
      expect.stringMatching(/^temporal.apiKey: .*asked for secrets of the worker alone/),
      expect.stringMatching(/^blue.database.user: .*asked for secrets of the worker alone/),
      expect.stringMatching(/^blue.database.password: .*without a usable name/),
      expect.stringMatching(/^green.database.password: .*without a usable name/),
    ]);
  });

  it('is not found in what a variable or a file holds', () => {
    const text = '${secretsmanager:one}';
    files.write(`\0{"secretId":"one"}\0`, 'planted');
    expect(load('${env:T}').blue.database.password?.references).toEqual([]);
    const { environment, blue, green } = minimalConfig();
    const config = (reference: string) => ({
      ...{ environment, green },
      blue: { ...blue, database: { ...blue.database, password: reference } },
    });
    expect(files.load(config('${env:V}'), { env: { V: text } }).blue.database.password?.reveal()).toBe(text);
    expect(files.problems(config('${file:planted}'))[0]?.what).toMatch(/holds a NUL byte/);
  });

  it('leaves the digest of the config as it is when the secret is rotated', async () => {
    aws.secrets.set('one', 'first');
    const config = load('${secretsmanager:one}');
    const digest = configDigest(config);
    await keeping(config, (keeper) => keeper.refresh());
    expect(configDigest(config)).toBe(digest);
  });
});
