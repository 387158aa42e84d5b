import { type SupportedHydraVersion } from './hydra-versions';
import { type SideName } from './sides';

/** Answers of closed green beside those of blue, to the same questions of clients. */

/** Said by whoever keeps green in sync, after each round that carried everything. Without a word for a while it ends by itself. */
export interface ShadowOrder {
  readonly cutoverId: string;
  /** Which way it is: what the two may answer differently depends on it. */
  readonly hydraVersion: Readonly<Record<SideName, SupportedHydraVersion>>;
  /** From none to all of blue's rate. */
  readonly rampMs: number;
  /** Never more than this go to green, from one gateway. */
  readonly requestsPerSecondMax: number;
  /** How long it goes on without another order. */
  readonly leaseMs: number;
}

/** What stays different after green had the time to catch up. Names of fields and a hash, no contents. */
export interface ShadowFinding {
  readonly question: string;
  readonly fields: readonly string[];
  /** Of what was asked about, so that two findings can be told apart. */
  readonly keyHash: string;
  /** ISO 8601. */
  readonly firstAt: string;
  readonly lastAt: string;
  readonly count: number;
}

export interface ShadowView {
  readonly cutoverId: string | null;
  /** Of blue's reads that are asked of green now, from 0 to 1. */
  readonly share: number;
  readonly compared: number;
  /** Different at first, and the same once green had caught up. */
  readonly caughtUp: number;
  /** Different, and to be asked again. */
  readonly waiting: number;
  /** Left out for the limit on green's load, or because too many differ already and wait. */
  readonly leftOut: number;
  /** Green did not answer, or with an error of its own. */
  readonly unanswered: number;
  readonly findings: readonly ShadowFinding[];
  /** What there was no room for among the findings. */
  readonly furtherFindings: number;
  readonly p95Ms: { readonly blue: number | null; readonly green: number | null; readonly greenAtFirst: number | null };
}

/** @returns a sentence for each kind of finding, of all gateways together */
export function shadowLines(views: readonly ShadowView[]): readonly string[] {
  const kinds = new Map<string, { keys: Set<string>; count: number }>();
  for (const { question, fields, keyHash, count } of views.flatMap(({ findings }) => findings)) {
    const kind = `${question}: ${fields.join(', ')}`;
    const known = kinds.get(kind) ?? { keys: new Set<string>(), count: 0 };
    known.keys.add(keyHash);
    known.count += count;
    kinds.set(kind, known);
  }
  const further = views.reduce((sum, { furtherFindings }) => sum + furtherFindings, 0);
  return [
    ...[...kinds].map(
      ([kind, { keys, count }]) =>
        `green answers otherwise than blue, after it had caught up: ${kind} (${keys.size} keys, ${count} times; for example ${[...keys].slice(0, 3).join(', ')})`,
    ),
    ...(further === 0
      ? []
      : [`green differed from blue in ${further} more answers, which the gateways had no room to list`]),
  ];
}
