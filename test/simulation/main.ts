import { isAsExpected, referenceValues } from './reference-values';
import { type BakeCase, simulateBake } from './simulated-bake';
import { COUNTER } from './simulated-traffic';

const MINUTE_MS = 60_000;
const HARMLESS: BakeCase = { requestsPerSecond: 50, durationMs: 30 * MINUTE_MS };
const FOUND_WITHIN_MS = 5 * MINUTE_MS;

/** So long after its beginning a harm is no longer waited for. */
const WAITED_MS = 10 * MINUTE_MS;

/** What has to be found within five minutes: the p95 of everything, or 1 % of all requests that end otherwise, most without any 5xx. */
const HARMS: readonly (readonly [string, NonNullable<BakeCase['harm']>])[] = [
  ['latencies +20 % from the start', { fromMs: 0, slowdown: 1.2 }],
  ['latencies +20 % after 10 minutes', { fromMs: 10 * MINUTE_MS, slowdown: 1.2 }],
  ['1 % of all requests: 5xx', { fromMs: 0, added: added('token', '5xx', 0.05) }],
  ['1 % of all requests: a refresh is refused', { fromMs: 0, added: added('token', 'invalid_grant', 0.05) }],
  ['1 % of all requests: a valid token is inactive', { fromMs: 0, added: added('introspect', 'inactive', 0.02) }],
  ['1 % of all requests: a session is forgotten', { fromMs: 0, added: added('authorize', 'login_required', 0.083) }],
  ['1 % of all requests: a policy service refuses', { fromMs: 0, added: added(COUNTER, 'counted', 0.01) }],
];

function added(endpoint: string, outcome: string, share: number) {
  return { endpoint, outcome, share };
}

function main(count: number, seed: number): number {
  let failed = 0;
  const say = (text: string, isWell: boolean) => {
    process.stdout.write(`${isWell ? 'ok  ' : 'FAIL'}  ${text}\n`);
    if (!isWell) failed += 1;
  };
  for (const value of referenceValues()) {
    say(`${value.what}: ${value.found.toFixed(6)} (reference ${value.expected})`, isAsExpected(value));
  }
  for (const beside of [false, true]) {
    const where = beside ? 'beside the old side' : 'by what was before';
    for (const [name, harm] of HARMS) {
      const times = timesToFind(Math.max(20, Math.ceil(count / 100)), seed + 1_000_000, harm, beside);
      const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Infinity;
      const text = `found after ${at(0.5) / 1_000} s (median of ${times.length}; allowed 300 s), 9 of 10 after ${at(0.9) / 1_000} s`;
      say(`${where}, ${name}: ${text}`, at(0.5) <= FOUND_WITHIN_MS);
    }
    let wrong = 0;
    for (let n = 0; n < count; n += 1) {
      if (simulateBake(seed + n, { ...HARMLESS, beside }).badAfterMs !== null) wrong += 1;
    }
    say(`${where}, harmless: ${wrong} of ${count} called bad (allowed 1 %)`, wrong <= count / 100);
  }
  return failed === 0 ? 0 : 1;
}

/** Shortest first; a harm that was not found took forever. */
function timesToFind(count: number, seed: number, harm: NonNullable<BakeCase['harm']>, beside: boolean): number[] {
  const bake = { ...HARMLESS, durationMs: harm.fromMs + WAITED_MS, beside, harm };
  return Array.from({ length: count }, (_, n) => simulateBake(seed + n, bake).badAfterMs ?? Infinity).sort(
    (a, b) => a - b,
  );
}

const [count = '10000', seed = '1'] = process.argv.slice(2);
process.exitCode = main(Number(count), Number(seed));
