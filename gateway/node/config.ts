import { errorMessage } from '../../domain/error-message';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { CutoverFault } from '../../domain/faults';
import { type DoubtDatabase, type GatewayConfig, gatewayConfigSchema } from './config-schema';
import { type GatewaySecrets, readSecrets, secretFiles } from './secrets';
import { type TlsFiles } from './tls-files';

/** Secrets are read when they are used: they change while the gateway runs. */
export interface LoadedConfig extends GatewaySecrets {
  readonly config: GatewayConfig;
  /** Of secrets, which may change at any time. */
  readonly secretFiles: readonly string[];
  /**
   * Reads the secrets again. When one is not good, all stay as they are.
   * @throws CutoverFault CONFIG_INVALID
   */
  reloadSecrets(): Promise<void>;
}

/**
 * Reads a JSON or YAML file; relative paths in it are relative to its folder. Secrets come from the environment, or from files that it names.
 * @throws CutoverFault CONFIG_UNREADABLE | CONFIG_INVALID with every problem in one message
 */
export async function loadGatewayConfig(file: string, environment: NodeJS.ProcessEnv): Promise<LoadedConfig> {
  let raw: unknown;
  try {
    raw = parseYaml(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = errorMessage(error);
    throw new CutoverFault('CONFIG_UNREADABLE', `config file ${file}: ${reason}`, { file }, error);
  }
  const problems: string[] = [];
  const parsed = gatewayConfigSchema.safeParse(raw);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.') || 'config'}: ${issue.message}`));
  } else if (parsed.data.hold.maxParkedMs < parsed.data.hold.deadlineMs) {
    problems.push('hold.maxParkedMs: is below hold.deadlineMs, so requests would be given up before the hold is');
  }
  const needed = {
    doubtPassword: parsed.data?.doubt.kind === 'postgres',
    cookieKeys: parsed.data?.sessionCookies.translate === true,
    flowKeys: parsed.data?.staleChallenges.readFlows === true,
  };
  const first = await readSecrets(environment, needed);
  let { secrets } = first;
  problems.push(...first.problems);
  if (!parsed.success || problems.length > 0) {
    throw new CutoverFault(
      'CONFIG_INVALID',
      `config file ${file} has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`,
      {
        file,
        problems,
      },
    );
  }
  return {
    config: withAbsolutePaths(parsed.data, dirname(resolve(file))),
    secretFiles: secretFiles(environment),
    get controlToken() {
      return secrets.controlToken;
    },
    get doubtToken() {
      return secrets.doubtToken;
    },
    get doubtPassword() {
      return secrets.doubtPassword;
    },
    get cookieSecrets() {
      return secrets.cookieSecrets;
    },
    get flowKeys() {
      return secrets.flowKeys;
    },
    async reloadSecrets() {
      const again = await readSecrets(environment, needed);
      if (again.problems.length > 0) {
        throw new CutoverFault('CONFIG_INVALID', again.problems.join('; '), { problems: again.problems });
      }
      const { cookieSecrets, flowKeys } = again.secrets;
      secrets = {
        ...again.secrets,
        cookieSecrets: unlessSame(secrets.cookieSecrets, cookieSecrets),
        flowKeys: unlessSame(secrets.flowKeys, flowKeys),
      };
    },
  };
}

/** What is made of keys, and known of them, is good until they are others. */
function unlessSame<Keys>(before: Keys, now: Keys): Keys {
  return isDeepStrictEqual(before, now) ? before : now;
}

function withAbsolutePaths(config: GatewayConfig, folder: string): GatewayConfig {
  const { listeners } = config;
  return {
    ...config,
    stateFile: resolve(folder, config.stateFile),
    doubt: doubtWithAbsolutePaths(config.doubt, folder),
    listeners: {
      public: listenerWithAbsolutePaths(listeners.public, folder),
      admin: listenerWithAbsolutePaths(listeners.admin, folder),
      control: listenerWithAbsolutePaths(listeners.control, folder),
      ...(listeners.status && { status: listenerWithAbsolutePaths(listeners.status, folder) }),
    },
  };
}

function listenerWithAbsolutePaths<Listener extends { readonly tls?: TlsFiles | undefined }>(
  listening: Listener,
  folder: string,
): Listener {
  const { tls } = listening;
  if (tls === undefined) return listening;
  const files = Object.entries(tls).map(([key, file]: [string, string]) => [key, resolve(folder, file)] as const);
  return { ...listening, tls: Object.fromEntries(files) };
}

function doubtWithAbsolutePaths(doubt: GatewayConfig['doubt'], folder: string): GatewayConfig['doubt'] {
  if (doubt.kind !== 'postgres') return doubt;
  const database = ({ ssl, ...address }: DoubtDatabase): DoubtDatabase => ({
    ...address,
    ssl: { ...ssl, ...(ssl.caFile !== undefined && { caFile: resolve(folder, ssl.caFile) }) },
  });
  return { ...doubt, blue: database(doubt.blue), ...(doubt.green && { green: database(doubt.green) }) };
}
