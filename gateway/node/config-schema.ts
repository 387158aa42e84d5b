import { z } from 'zod';
import { isLoopback, isReadableOnTheWay } from '../../domain/plaintext';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { isAddressRange } from './trusted-proxies';

const DAY_MS = 86_400_000;
const ms = (min: number, max: number) => z.int().min(min).max(max);
const file = () => z.string().min(1).meta({ allowed: 'a path; relative ones start at the folder of this config' });

const address = {
  host: z.string().min(1).default('127.0.0.1').describe('The address to listen at.'),
  port: z.int().min(0).max(65_535).describe('0 is any that is free.'),
};
const certificate = {
  certFile: file().describe('The certificate with its chain, in PEM form.'),
  keyFile: file().describe('Its private key, in PEM form.'),
};
const clientCaFile = file().optional().describe('Only callers with a certificate of these authorities are let in.');

/** A listener whose callers' secrets would be read on the way: other machines reach it over TLS, unless a key says otherwise. */
const listener = <Tls extends z.ZodType>(tls: Tls) =>
  z
    .strictObject({
      ...address,
      tls: tls.optional(),
      allowPlaintext: z
        .boolean()
        .default(false)
        .describe(
          'Whether other machines may send secrets to it in plain text: something before it ends TLS on a network that is trusted.',
        ),
    })
    .refine(({ host, tls: given, allowPlaintext }) => isLoopback(host) || given !== undefined || allowPlaintext, {
      path: ['host'],
      message:
        'other machines would send secrets to it in plain text: give it `tls`, or set `allowPlaintext: true` where something before it ends TLS on a network that is trusted',
    });

const upstreamUrl = () =>
  z
    .string()
    .meta({ allowed: 'an http:// or https:// URL without path, query and credentials' })
    .transform((value, context) => {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      const problem = urlProblem(url);
      if (url !== undefined && problem === undefined) return url;
      context.addIssue({ code: 'custom', message: problem ?? 'not a URL' });
      return z.NEVER;
    });

const upstreams = {
  publicUrl: upstreamUrl().describe("Hydra's public port."),
  adminUrl: upstreamUrl().describe("Hydra's admin port."),
};

const side = z.strictObject({
  ...upstreams,
  apiGeneration: z
    .union([z.literal(1), z.literal(2)])
    .meta({ allowed: '1 or 2' })
    .describe('1: the admin API without a prefix. 2: below `/admin`.'),
});

/** Another Hydra on the database of blue: the older one, while blue is upgraded in place. */
const beside = z.strictObject(upstreams);

/** An address, or a network as `10.0.0.0/8`. */
const addressRange = z
  .string()
  .refine(isAddressRange, 'neither an IP address nor a network like 10.0.0.0/8')
  .meta({ allowed: 'an IP address, or a network like `10.0.0.0/8`' })
  .describe('One of them.');

const weight = (name: string) => z.int().min(0).max(1_000_000).describe(`The share of ${name}.`);

const doubtDatabase = z.strictObject({
  host: z.string().min(1).describe('Where the database is.'),
  port: z.int().min(1).max(65_535).default(5_432).describe('Of the server.'),
  database: z.string().min(1).describe("Hydra's database."),
  user: z
    .string()
    .min(1)
    .describe('The role that may do nothing but ask the arbiter; its password is `GATEWAY_DOUBT_PASSWORD`.'),
  ssl: z
    .strictObject({
      mode: z
        .enum(['disable', 'require', 'verify-ca', 'verify-full'])
        .default('verify-full')
        .describe('How the server is known.'),
      caFile: file().optional().describe('Authorities of your own, in PEM form.'),
    })
    .prefault({}),
});

const asking = {
  askOnStart: z.boolean().default(true).describe('Whether it asks who serves before its first request.'),
  timeoutMs: ms(100, 60_000).default(2_000).describe('For one question, in milliseconds.'),
  retryMs: ms(50, 60_000).default(1_000).describe('Until the next one, in milliseconds.'),
};

const doubt = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('none')
      .describe('Whom it asks. `postgres` is recommended; `none` asks nobody, and serves nobody in doubt.'),
  }),
  z
    .strictObject({
      kind: z.literal('http'),
      url: z
        .url({ protocol: /^https?$/ })
        .describe('Answers the question; `GATEWAY_DOUBT_TOKEN` is sent as bearer token.'),
      allowPlaintext: z
        .boolean()
        .default(false)
        .describe('Whether that token may be sent to another machine over `http://`.'),
      ...asking,
    })
    .refine(({ url, allowPlaintext }) => allowPlaintext || !isReadableOnTheWay(url), {
      path: ['url'],
      message:
        'the token would be sent to another machine in plain text: name an https:// address, or set `allowPlaintext: true` where something else encrypts that way',
    }),
  z.strictObject({
    kind: z.literal('postgres'),
    blue: doubtDatabase.describe("The arbiter in blue's database."),
    green: doubtDatabase.optional().describe("The one in green's."),
    ...asking,
  }),
]);

/** Every setting of the gateway, with its default. `docs/reference/gateway.md` is made of it. */
export const gatewayConfigSchema = z.strictObject({
  listeners: z
    .strictObject({
      public: listener(z.strictObject(certificate)).describe('OAuth, for clients and browsers.'),
      admin: listener(z.strictObject({ ...certificate, clientCaFile })).describe(
        "Hydra's admin API, for the login app and who else calls it.",
      ),
      control: listener(z.strictObject({ ...certificate, clientCaFile })).describe(
        "What hydra-cutover's worker calls.",
      ),
      status: z
        .strictObject({ ...address, tls: z.strictObject(certificate).optional() })
        .optional()
        .describe('Health and metrics alone, which hold no secret: without a token, at any address.'),
    })
    .describe('Where it listens.'),
  sides: z
    .strictObject({
      blue: side
        .extend({
          older: beside
            .optional()
            .describe(
              'An older Hydra on the database of blue, while blue is upgraded in place; `PUT /beside` splits the requests of blue between the two.',
            ),
        })
        .describe('The Hydra that serves now.'),
      green: side.describe('The one that is to serve; it may not exist yet.'),
    })
    .describe('Where it sends requests.'),
  stateFile: file().describe(
    'Epochs, a hold and what it serves; on a disk that survives a restart, one for each instance. What it has seen is kept beside it.',
  ),
  initialWeights: z
    .strictObject({ blue: weight('blue'), green: weight('green') })
    .refine((weights) => weights.blue + weights.green > 0, 'one side needs a weight above 0')
    .default({ blue: 1, green: 0 })
    .describe('What epoch 0 serves.'),
  hold: z
    .strictObject({
      maxParked: z
        .int()
        .min(0)
        .max(1_000_000)
        .default(10_000)
        .describe('Requests that wait; beyond them 503 with `Retry-After`.'),
      maxParkedBytes: z
        .int()
        .min(0)
        .default(64 * 1024 * 1024)
        .describe('What they may take, in bytes; beyond it 503 with `Retry-After`.'),
      maxParkedMs: ms(1, DAY_MS).default(15_000).describe('The longest that one request waits, in milliseconds.'),
      releaseAtOnce: z
        .int()
        .min(1)
        .max(100_000)
        .default(8)
        .describe(
          "Writes that may be in flight after a hold while others wait still; twice as many where none of them is answered for 5 s. Those of all gateways together should be fewer than green's Hydra has connections to its database (`max_conns` of its DSN, by default two for each core): as many token requests as that wait for each other for good.",
        ),
      deadlineMs: ms(1, DAY_MS).default(10_000).describe('The longest hold that may be asked for, in milliseconds.'),
      drainTimeoutMs: ms(1, DAY_MS)
        .default(5_000)
        .describe('How long `PUT /hold` waits for what is in flight, in milliseconds.'),
    })
    .prefault({})
    .describe('The moment of a switchover.'),
  doubt: doubt
    .default({ kind: 'none' })
    .describe('Whom it asks who serves, after a restart or at the end of a hold that nobody ended.'),
  staleChallenges: z
    .strictObject({
      max: z
        .int()
        .min(1)
        .max(5_000_000)
        .default(500_000)
        .describe('Logins and consents begun on blue that it remembers; beyond them the oldest are forgotten.'),
      keepMs: ms(60_000, 30 * DAY_MS)
        .default(DAY_MS)
        .describe(
          'So long after the last of them was told, all are forgotten and their file is emptied, in milliseconds: addresses that people began with are in it. Longer than a login may take.',
        ),
      readFlows: z
        .boolean()
        .default(false)
        .describe(
          'From 2.2.0, which keeps in the challenge alone what is under way, and in a form that 2.3.0 does not read: the browser begins anew, as from 1.x. Needs `GATEWAY_FLOW_KEYS`, with which tokens can be forged; without it such a login ends.',
        ),
    })
    .prefault({})
    .describe('Logins and consents that were begun on blue and have no end on green.'),
  sessionCookies: z
    .strictObject({
      translate: z
        .boolean()
        .default(false)
        .describe('Keeps users logged in from 1.x to 2.x; needs `GATEWAY_COOKIE_KEYS`.'),
      cookieName: z
        .string()
        .min(1)
        .default(HYDRA_VERSION_FACTS['1.11.10'].cookies.names.session)
        .describe("Of Hydra's session cookie, the same on both sides."),
    })
    .prefault({})
    .describe('Session cookies of 1.x, in the form of 2.x.'),
  clientSecrets: z
    .strictObject({
      cutAt72Bytes: z
        .boolean()
        .default(false)
        .describe('Lets clients in on 2.x whose secret is longer than bcrypt looks at.'),
    })
    .prefault({})
    .describe('Secrets that 1.x took and 2.x does not.'),
  paging: z
    .strictObject({
      translate: z
        .boolean()
        .default(false)
        .describe('`limit` and `offset` of the admin API mean on 2.x what they mean on 1.x.'),
    })
    .prefault({})
    .describe('Lists of the admin API.'),
  refreshRetries: z
    .strictObject({
      keepMs: ms(0, 60_000)
        .default(0)
        .describe(
          'How long the answer to a refresh is kept for the same request, in milliseconds; 0 sends each to the side.',
        ),
      maxKept: z.int().min(1).max(1_000_000).default(10_000).describe('Answers; beyond them the oldest go.'),
      maxKeptBytes: z
        .int()
        .min(0)
        .default(32 * 1024 * 1024)
        .describe('What they may take, in bytes; beyond it the oldest go.'),
    })
    .prefault({})
    .describe('Clients that send a refresh again because its answer did not reach them.'),
  upstream: z
    .strictObject({
      connectTimeoutMs: ms(1, 600_000).default(2_000).describe('For a connection, in milliseconds; then 504.'),
      responseTimeoutMs: ms(1, 600_000)
        .default(30_000)
        .describe('To the head of an answer, in milliseconds; then 504.'),
      idleTimeoutMs: ms(1, DAY_MS)
        .default(60_000)
        .describe('Without a byte in an answer, either way, in milliseconds; then the connection is cut.'),
      keepAliveMs: ms(1, 600_000)
        .default(4_000)
        .describe(
          'How long an idle connection is kept, in milliseconds; has to be below what the sides keep them for.',
        ),
      maxConnections: z
        .int()
        .min(1)
        .max(100_000)
        .default(256)
        .describe('For each listener of each side; more requests wait in order.'),
    })
    .prefault({})
    .describe('Connections to the sides.'),
  limits: z
    .strictObject({
      headerBytes: z.int().min(1_024).max(1_000_000).default(65_536).describe('Of a head, in bytes; beyond it 431.'),
      headerCount: z.int().min(10).max(10_000).default(200).describe('Fields of a head; beyond it 431.'),
      headersTimeoutMs: ms(1, DAY_MS)
        .default(10_000)
        .describe('For a client to send its head, in milliseconds; then 408.'),
      requestTimeoutMs: ms(1, DAY_MS)
        .default(60_000)
        .describe('For a client to send its whole request, however large, in milliseconds; then 408.'),
      bodyTimeoutMs: ms(1, DAY_MS)
        .default(10_000)
        .describe(
          'For a client to send its body, up to 256 KiB, and between two pieces of a larger one, in milliseconds; then 408.',
        ),
      handshakeTimeoutMs: ms(1, DAY_MS)
        .default(5_000)
        .describe('For a TLS handshake, in milliseconds; then the connection is cut.'),
      bodyBytes: z
        .int()
        .min(1_048_576)
        .default(128 * 1024 * 1024)
        .describe(
          'Bodies in memory, for each listener, in bytes; beyond it the incomplete one that is longest under way is given up with 503.',
        ),
      streamedBodies: z
        .int()
        .min(0)
        .max(10_000)
        .default(32)
        .describe(
          'Bodies above 256 KiB at the same time, for each listener; at most half of `upstream.maxConnections`; more are 503.',
        ),
      keepAliveTimeoutMs: ms(1, DAY_MS)
        .default(65_000)
        .describe("How long a client's idle connection is kept, in milliseconds."),
      connections: z.int().min(1).max(1_000_000).default(20_000).describe('Of clients, for each listener.'),
    })
    .prefault({})
    .describe('What a client may cost.'),
  readiness: z
    .strictObject({
      intervalMs: ms(10, 60_000).default(500).describe('Between two looks, in milliseconds.'),
      timeoutMs: ms(10, 60_000).default(2_000).describe('For one look, in milliseconds.'),
    })
    .prefault({})
    .describe('How `/health/ready` of each side is polled.'),
  accessLog: z
    .strictObject({
      level: z
        .enum(['off', 'errors', 'all'])
        .default('all')
        .describe('`errors`: answers of 5xx and those that were cut.'),
      sampleRate: z
        .number()
        .gt(0)
        .max(1)
        .default(1)
        .meta({ allowed: 'a number above 0, at most 1' })
        .describe('The share of requests that are logged; errors always are.'),
    })
    .prefault({})
    .describe('One line for each request: id, client address, method, path without query, status, side, times.'),
  trustedProxies: z
    .array(addressRange)
    .max(1_000)
    .default([])
    .describe(
      'Addresses and networks whose `X-Forwarded-*`, `Forwarded`, `X-Real-IP` and `X-Request-Id` are believed.',
    ),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('What it logs, as JSON lines on stdout.'),
  shutdownTimeoutMs: ms(0, DAY_MS)
    .default(10_000)
    .describe('How long it waits for what is in flight when it is asked to end, in milliseconds.'),
});

export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
export type DoubtDatabase = z.output<typeof doubtDatabase>;

function urlProblem(url: URL | undefined): string | undefined {
  if (url === undefined) return 'not a URL';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'has to be http or https';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return 'takes no path, query or fragment';
  if (url.username !== '' || url.password !== '') return 'takes no user or password';
  return undefined;
}
