import { type StepLog } from '../activities/step';
import { AwsSecretStore, pickValue } from '../adapters/secrets-manager';
import { type Config } from '../config/schema';
import { type StoredReference } from '../config/secret';
import { allSecrets, storedReferences, storedSecrets } from '../config/stored-secrets';
import { CutoverFault, isCutoverFault } from '../domain/faults';

/** Values are read again when they are older, at the beginning of a step: never in the middle of a pause. */
const MAX_AGE_MS = 5 * 60_000;
/** Several sessions that are refused at once make one look. */
const RENEW_AT_MOST_EVERY_MS = 5_000;

export interface SecretSource {
  read(secretId: string): Promise<string>;
  close(): void;
}

export interface SecretKeeperOptions {
  /** @default AWS Secrets Manager in the region of the config */
  readonly source?: SecretSource;
  /** Loads the config again, for secrets that stand in files. @default those stay as they were read first */
  readonly reload?: () => Config;
  readonly maxAgeMs?: number;
  readonly renewAtMostEveryMs?: number;
}

/** Reads the secrets of a config that are kept in AWS Secrets Manager, and these and those in files again when they may have been rotated. */
export class SecretKeeper {
  readonly #config: Config;
  readonly #log: StepLog;
  readonly #options: SecretKeeperOptions;
  readonly #references: readonly StoredReference[];
  #source: SecretSource | undefined;
  #readAt: number | undefined;
  #reading: Promise<boolean> | undefined;

  constructor(config: Config, log: StepLog, options: SecretKeeperOptions = {}) {
    this.#config = config;
    this.#log = log;
    this.#options = options;
    this.#references = storedReferences(config);
    this.#source = options.source;
  }

  /**
   * Makes sure that the secrets can be revealed. When they could be before and cannot be read now, the older values stay.
   * @throws CutoverFault SECRET_UNUSABLE with all problems | SECRETS_UNREACHABLE
   */
  async refresh(): Promise<void> {
    if (!this.#isReadLater || this.#age() < (this.#options.maxAgeMs ?? MAX_AGE_MS)) return;
    try {
      await this.#read();
    } catch (error) {
      if (this.#readAt === undefined) throw error;
      const reason = isCutoverFault(error) ? error.message : 'unknown';
      this.#log.warn({ reason }, 'secrets were not read again; their last values are used');
    }
  }

  /** After somebody refused a secret: reads all again. @returns whether one is another now, so that a second try makes sense */
  async renew(): Promise<boolean> {
    if (!this.#isReadLater) return false;
    if (this.#age() < (this.#options.renewAtMostEveryMs ?? RENEW_AT_MOST_EVERY_MS)) return false;
    return this.#read().catch(() => false);
  }

  close(): void {
    this.#source?.close();
  }

  get #isReadLater(): boolean {
    return this.#references.length > 0 || this.#options.reload !== undefined;
  }

  #age(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : performance.now() - this.#readAt;
  }

  #read(): Promise<boolean> {
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readAll(): Promise<boolean> {
    const changed = this.#readFiles();
    const isChanged = this.#references.length > 0 && (await this.#readStore());
    this.#readAt = performance.now();
    return isChanged || changed;
  }

  /** A file that is being written, or gone for a moment, changes nothing. */
  #readFiles(): boolean {
    const { reload } = this.#options;
    if (reload === undefined) return false;
    try {
      const newer = new Map(allSecrets(reload()).map(({ path, secret }) => [path, secret]));
      const changed = allSecrets(this.#config).filter(({ path, secret }) => {
        const now = newer.get(path);
        return now !== undefined && secret.take(now);
      });
      const paths = changed.map(({ path }) => path);
      if (paths.length > 0) this.#log.info({ paths }, 'secrets were rotated, and are used from now on');
      return paths.length > 0;
    } catch (error) {
      const reason = isCutoverFault(error) ? error.message : 'unknown';
      this.#log.warn({ reason }, 'the config was not read again; the last values of its secrets are used');
      return false;
    }
  }

  async #readStore(): Promise<boolean> {
    const source = (this.#source ??= new AwsSecretStore(this.#config.rds.region));
    const ids = [...new Set(this.#references.map(({ secretId }) => secretId))];
    const texts = new Map<string, string>();
    const settled = await Promise.allSettled(ids.map(async (id) => texts.set(id, await source.read(id))));
    throwAll(settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])));
    const values = new Map<string, string>();
    const problems: unknown[] = [];
    for (const { secretId, jsonKey } of this.#references) {
      try {
        values.set(keyOf({ secretId, jsonKey }), pickValue(texts.get(secretId) ?? '', secretId, jsonKey));
      } catch (error) {
        problems.push(error);
      }
    }
    throwAll(problems);
    const changed = storedSecrets(this.#config).map(({ secret }) =>
      secret.fill((reference) => values.get(keyOf(reference)) ?? ''),
    );
    return changed.some(Boolean);
  }
}

/** Every step begins with secrets that are not too old. */
export function withSecrets<Table extends object>(table: Table, keeper: SecretKeeper): Table {
  const wrapped = Object.entries(table).map(([name, step]) => {
    const run = step as (...args: readonly unknown[]) => Promise<unknown>;
    return [
      name,
      async (...args: readonly unknown[]) => {
        await keeper.refresh();
        return run(...args);
      },
    ] as const;
  });
  return Object.fromEntries(wrapped) as Table;
}

function keyOf({ secretId, jsonKey }: { secretId: string; jsonKey?: string | undefined }): string {
  return JSON.stringify([secretId, jsonKey ?? null]);
}

/** One fault that lists all of them; one that may pass by itself makes the whole worth another try. */
function throwAll(problems: readonly unknown[]): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw first as Error;
  const faults = problems.filter(isCutoverFault);
  const code = faults.every(({ retryable }) => retryable) ? 'SECRETS_UNREACHABLE' : 'SECRET_UNUSABLE';
  const lines = faults.map(({ message }) => message);
  throw new CutoverFault(code, `${lines.length} secrets cannot be read: ${lines.join(' | ')}`, { problems: lines });
}
