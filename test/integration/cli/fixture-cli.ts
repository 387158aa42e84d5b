import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliEnd, cliInProcess } from '../../support/cli-in-process';
import { DATABASE, type GreenFixture } from '../activities/green-fixture';
import { MASTER_PASSWORD } from '../world/rds/endpoint-fixture';

/** What the config says of the two instances of a fixture; the password is in the variable MASTER. */
export function fixtureSides() {
  const side = (rdsInstanceId: string, hydraVersion: string, firstPort: number) => ({
    hydraVersion,
    publicUrl: `http://127.0.0.1:${firstPort}`,
    adminUrl: `http://127.0.0.1:${firstPort + 2}`,
    rdsInstanceId,
    database: { name: DATABASE, user: 'master', password: '${env:MASTER}', ssl: { mode: 'disable' } },
  });
  return {
    rds: { pollMs: 50, waitDeadlineMs: 120_000 },
    blue: side('blue', '1.11.10', 1),
    green: side('green', '2.3.0', 2),
  };
}

/** Gives this process the variables by which a fixture's RDS is reached, until `restore`. */
export function useAws(fixture: GreenFixture): { readonly env: NodeJS.ProcessEnv; restore(): void } {
  const env = {
    AWS_ENDPOINT_URL_RDS: fixture.rds.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'test-secret',
  };
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  const restore = () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
  return { env, restore };
}

/** The CLI beside a fixture, with a config whose Temporal does not answer. */
export class FixtureCli {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fixture-cli-'));
  readonly #aws: ReturnType<typeof useAws>;

  /** @param sections of the config besides the sides */
  constructor(fixture: GreenFixture, sections: object) {
    this.#aws = useAws(fixture);
    const config = { environment: { name: 'lost' }, temporal: { address: '127.0.0.1:1' }, ...fixtureSides() };
    writeFileSync(join(this.#folder, 'config.json'), JSON.stringify({ ...config, ...sections }));
  }

  run(args: readonly string[], secrets: NodeJS.ProcessEnv = {}): Promise<CliEnd> {
    const config = { HYDRA_CUTOVER_CONFIG: join(this.#folder, 'config.json'), HYDRA_CUTOVER_LOG__LEVEL: 'error' };
    return cliInProcess(args, { env: { ...config, MASTER: MASTER_PASSWORD, ...secrets }, cwd: this.#folder });
  }

  close(): void {
    this.#aws.restore();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
