import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type GatewaySecrets, readSecrets, secretFiles } from './secrets';
import { type TlsFiles } from './tls-files';
import { isAddressRange } from './trusted-proxies';

const ms = (min: number, max: number) => z.int().min(min).max(max);
const DAY_MS = 86_400_000;
const address = { host: z.string().min(1).default('127.0.0.1'), port: z.int().min(0).max(65_535) };
const certificate = { certFile: z.string().min(1), keyFile: z.string().min(1) };

/** A listener whose callers' secrets would be read on the way: other machines reach it over TLS, unless a key says otherwise. */
const listener = <Tls extends z.ZodType>(tls: Tls) =>
  z
    .strictObject({ ...address, tls: tls.optional(), allowPlaintext: z.boolean().default(false) })
    .refine(({ host, tls: given, allowPlaintext }) => isLoopback(host) || given !== undefined || allowPlaintext, {
      path: ['host'],
      message:
        'other machines would send secrets to it in plain text: give it `tls`, or set `allowPlaintext: true` where something before it ends TLS on a network that is trusted',
    });

const upstreamUrl = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const problem = urlProblem(url);
  if (url !== undefined && problem === undefined) return url;
  context.addIssue({ code: 'custom', message: problem ?? 'not a URL' });
  return z.NEVER;
});

const side = z.strictObject({
  publicUrl: upstreamUrl,
  adminUrl: upstreamUrl,
  apiGeneration: z.union([z.literal(1), z.literal(2)]),
});

/** An address, or a network as `10.0.0.0/8`. */
const addressRange = z.string().refine(isAddressRange, 'neither an IP address nor a network like 10.0.0.0/8');

/** Another Hydra on the database of blue: the older one, while blue is upgraded in place. */
const beside = z.strictObject({ publicUrl: upstreamUrl, adminUrl: upstreamUrl });

const weight = z.int().min(0).max(1_000_000);

const doubtDatabase = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(5_432),
  database: z.string().min(1),
  user: z.string().min(1),
  ssl: z
    .strictObject({
      mode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('verify-full'),
      caFile: z.string().min(1).optional(),
    })
    .prefault({}),
});

const doubt = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('http'),
    url: z.url({ protocol: /^https?$/ }),
    askOnStart: z.boolean().default(true),
    timeoutMs: ms(100, 60_000).default(2_000),
    retryMs: ms(50, 60_000).default(1_000),
  }),
  z.strictObject({
    kind: z.literal('postgres'),
    blue: doubtDatabase,
    green: doubtDatabase.optional(),
    askOnStart: z.boolean().default(true),
    timeoutMs: ms(100, 60_000).default(2_000),
    retryMs: ms(50, 60_000).default(1_000),
  }),
]);

/** Every setting of the gateway, with its default. `docs/gateway.md` explains them. */
export const gatewayConfigSchema = z.strictObject({
  listeners: z.strictObject({
    public: listener(z.strictObject(certificate)),
    admin: listener(z.strictObject({ ...certificate, clientCaFile: z.string().min(1).optional() })),
    control: listener(z.strictObject({ ...certificate, clientCaFile: z.string().min(1).optional() })),
    /** Health and metrics alone, which hold no secret. */
    status: z.strictObject({ ...address, tls: z.strictObject(certificate).optional() }).optional(),
  }),
  sides: z.strictObject({ blue: side.extend({ older: beside.optional() }), green: side }),
  stateFile: z.string().min(1),
  initialWeights: z
    .strictObject({ blue: weight, green: weight })
    .refine((weights) => weights.blue + weights.green > 0, 'one side needs a weight above 0')
    .default({ blue: 1, green: 0 }),
  hold: z
    .strictObject({
      maxParked: z.int().min(0).max(1_000_000).default(10_000),
      maxParkedBytes: z
        .int()
        .min(0)
        .default(64 * 1024 * 1024),
      maxParkedMs: ms(1, DAY_MS).default(15_000),
      deadlineMs: ms(1, DAY_MS).default(10_000),
      drainTimeoutMs: ms(1, DAY_MS).default(5_000),
    })
    .prefault({}),
  doubt: doubt.default({ kind: 'none' }),
  staleChallenges: z.strictObject({ max: z.int().min(1).max(5_000_000).default(500_000) }).prefault({}),
  sessionCookies: z
    .strictObject({
      translate: z.boolean().default(false),
      cookieName: z.string().min(1).default(HYDRA_VERSION_FACTS['1.11.10'].cookies.names.session),
    })
    .prefault({}),
  clientSecrets: z.strictObject({ cutAt72Bytes: z.boolean().default(false) }).prefault({}),
  paging: z.strictObject({ translate: z.boolean().default(false) }).prefault({}),
  upstream: z
    .strictObject({
      connectTimeoutMs: ms(1, 600_000).default(2_000),
      responseTimeoutMs: ms(1, 600_000).default(30_000),
      idleTimeoutMs: ms(1, DAY_MS).default(60_000),
      keepAliveMs: ms(1, 600_000).default(4_000),
      maxConnections: z.int().min(1).max(100_000).default(256),
    })
    .prefault({}),
  limits: z
    .strictObject({
      headerBytes: z.int().min(1_024).max(1_000_000).default(65_536),
      headerCount: z.int().min(10).max(10_000).default(200),
      headersTimeoutMs: ms(1, DAY_MS).default(10_000),
      requestTimeoutMs: ms(1, DAY_MS).default(60_000),
      bodyTimeoutMs: ms(1, DAY_MS).default(10_000),
      handshakeTimeoutMs: ms(1, DAY_MS).default(5_000),
      bodyBytes: z
        .int()
        .min(1_048_576)
        .default(128 * 1024 * 1024),
      streamedBodies: z.int().min(0).max(10_000).default(32),
      keepAliveTimeoutMs: ms(1, DAY_MS).default(65_000),
      connections: z.int().min(1).max(1_000_000).default(20_000),
    })
    .prefault({}),
  readiness: z
    .strictObject({ intervalMs: ms(10, 60_000).default(500), timeoutMs: ms(10, 60_000).default(2_000) })
    .prefault({}),
  accessLog: z
    .strictObject({
      level: z.enum(['off', 'errors', 'all']).default('all'),
      sampleRate: z.number().gt(0).max(1).default(1),
    })
    .prefault({}),
  /** Whose `X-Forwarded-For` and `Forwarded` are believed. */
  trustedProxies: z.array(addressRange).max(1_000).default([]),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  shutdownTimeoutMs: ms(0, DAY_MS).default(10_000),
});

export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
export type SideConfig = z.output<typeof side>;
export type DoubtDatabase = z.output<typeof doubtDatabase>;

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
    const reason = error instanceof Error ? error.message : String(error);
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
    async reloadSecrets() {
      const again = await readSecrets(environment, needed);
      if (again.problems.length > 0) {
        throw new CutoverFault('CONFIG_INVALID', again.problems.join('; '), { problems: again.problems });
      }
      secrets = again.secrets;
    },
  };
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

function urlProblem(url: URL | undefined): string | undefined {
  if (url === undefined) return 'not a URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'has to be http or https';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return 'takes no path, query or fragment';
  if (url.username !== '' || url.password !== '') return 'takes no user or password';
  return undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
