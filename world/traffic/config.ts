import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { OPERATION_NAMES } from './operations/catalogue';

const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

/** What a traffic process is told. */
export const trafficConfig = z.strictObject({
  /** Hydra's public listener, usually the gateway's. */
  publicUrl: httpUrl,
  /** As tokens name it. @default publicUrl */
  issuer: httpUrl.optional(),
  adminUrl: httpUrl,
  /** The gateway takes paths of generation 1 for both sides. Without one, say which generation is talked to. */
  adminGenerationMapped: z.boolean().default(true),
  apiGeneration: z.literal([1, 2]).default(1),
  /** Sends `X-Forwarded-Proto: https`: for a 1.x behind no gateway. */
  forwardedProto: z.boolean().default(false),
  /** PEM of the authority behind `https`. */
  caFile: z.string().min(1).optional(),
  /** `pages`: the real login app's. `admin`: its part is played over the admin API. */
  loginApp: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('pages'), password: z.string().min(1) }),
    z.strictObject({ kind: z.literal('admin') }),
  ]),
  resourceApiUrl: httpUrl.optional(),
  policyUrl: httpUrl.optional(),
  ratePerSecond: z.number().min(0).max(10_000).default(100),
  /** @default until SIGTERM */
  durationMs: z.int().min(100).optional(),
  /** Repeats the choices of a run. */
  seed: z.int().min(0).default(1),
  actors: z.int().min(1).max(2_000).default(64),
  /** Weights of operations instead of the usual ones; 0 leaves one out. */
  population: z.partialRecord(z.enum(OPERATION_NAMES), z.number().min(0)).default({}),
  /** Remembers every secret that it sees, so that somebody can search for them where they do not belong. */
  keepSecrets: z.boolean().default(false),
  /** Written when the process ends; `--report` goes before it. */
  reportFile: z.string().min(1).optional(),
  requestTimeoutMs: z.int().min(100).max(300_000).default(30_000),
  pauseThresholdMs: z.int().min(1).default(250),
  check: z
    .strictObject({
      /** A request whose answer was lost may be at work for so long. */
      settleMs: z.int().min(0).default(5_000),
      clockSkewMs: z.int().min(0).default(3_000),
      askAgainMs: z.int().min(1).default(250),
      actorsAtOnce: z.int().min(1).default(8),
      width: z.int().min(1).default(6),
      /** Refresh tokens spent, and so on, for each actor and check. */
      refreshes: z.int().min(0).default(1),
      deadRefreshes: z.int().min(0).default(1),
      silentGrants: z.int().min(0).default(1),
      deadCodes: z.int().min(0).default(1),
      /** When the process ends. */
      atEnd: z.boolean().default(true),
    })
    .prefault({}),
});

export type TrafficConfig = z.infer<typeof trafficConfig>;
export type TrafficConfigInput = z.input<typeof trafficConfig>;

/** @throws CutoverFault CONFIG_UNREADABLE | CONFIG_INVALID (all problems in one message) */
export async function readTrafficConfig(file: string): Promise<TrafficConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CutoverFault('CONFIG_UNREADABLE', `${file} is missing or not JSON`, { file }, error);
  }
  return parseTrafficConfig(value);
}

/** @throws CutoverFault CONFIG_INVALID */
export function parseTrafficConfig(value: unknown): TrafficConfig {
  const parsed = trafficConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw new CutoverFault('CONFIG_INVALID', `the traffic config has problems: ${problems.join('; ')}`, { problems });
}
