import { type BakeCase, simulateBake } from './simulated-bake';

const MINUTE_MS = 60_000;
const HARMLESS: BakeCase = { requestsPerSecond: 50, durationMs: 30 * MINUTE_MS };

/** So long after its beginning a harm is no longer waited for. */
const WAITED_MS = 7 * MINUTE_MS;

/** What has to be found within five minutes: the p95 of everything, or 1 % of all requests that end otherwise. */
const HARMS: readonly (readonly [string, NonNullable<BakeCase['harm']>])[] = [
  ['latencies +20 % from the start', { fromMs: 0, slowdown: 1.2 }],
  ['latencies +20 % after 10 minutes', { fromMs: 10 * MINUTE_MS, slowdown: 1.2 }],
  ['1 % of all requests: invalid_grant', { fromMs: 0, added: added('token', 'invalid_grant', 0.05) }],
  ['1 % of all requests: 5xx', { fromMs: 0, added: added('token', '5xx', 0.05) }],
  ['1 % of all requests: inactive', { fromMs: 0, added: added('introspect', 'inactive', 0.02) }],
  ['1 % of all requests: login_required', { fromMs: 0, added: added('authorize', 'login_required', 0.083) }],
];

function added(endpoint: string, outcome: string, share: number) {
  return { endpoint, outcome, share };
}

function main(count: number, seed: number): number {
  let failed = 0;
  for (const beside of [false, true]) {
    const where = beside ? 'beside the old side' : 'by what was before';
    let wrong = 0;
    for (let n = 0; n < count; n += 1) {
      if (simulateBake(seed + n, { ...HARMLESS, beside }).badAfterMs !== null) wrong += 1;
    }
    process.stdout.write(`harmless, ${where}: ${wrong} of ${count} called bad (allowed 1 %)\n`);
    if (wrong > count / 100) failed += 1;
    for (const [name, harm] of HARMS) {
      const found = Array.from(
        { length: Math.max(20, Math.ceil(count / 100)) },
        (_, n) =>
          simulateBake(seed + 1_000_000 + n, { ...HARMLESS, durationMs: harm.fromMs + WAITED_MS, beside, harm })
            .badAfterMs ?? Infinity,
      ).sort((a, b) => a - b);
      const median = found[Math.floor(found.length / 2)] ?? Infinity;
      process.stdout.write(`  ${name}: found after ${median / 1_000} s (median of ${found.length}; allowed 300 s)\n`);
      if (median > 300_000) failed += 1;
    }
  }
  return failed === 0 ? 0 : 1;
}

const [count = '10000', seed = '1'] = process.argv.slice(2);
process.exitCode = main(Number(count), Number(seed));
