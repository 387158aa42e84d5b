import { type HydraAge } from '../in-place/ages';
import { type AgeLoad } from '../in-place/receipts';

/** Below this share of the other's requests what a process does by itself weighs more than what it does for them. */
const COMPARABLE = 0.5;

export interface LoadQuestion {
  readonly load: Readonly<Record<HydraAge, AgeLoad>>;
  /** That each of them answered meanwhile. */
  readonly requests: Readonly<Record<HydraAge, number>>;
  /** How many times of the old version's the new one may take; 0: it is not judged. */
  readonly ratioMax: number;
}

export interface LoadJudgement {
  /** The new version takes more than it may. */
  readonly problems: readonly string[];
  /** What should have been compared and was not seen: no proof that all is well. */
  readonly unseen: readonly string[];
}

/**
 * Memory of two Hydras at the same time, and the CPU that each takes for one request, where both had enough of them to compare: a
 * process that answers one request in a minute spends more on itself. Pure.
 */
export function judgeLoad({ load, requests, ratioMax }: LoadQuestion): LoadJudgement {
  if (ratioMax === 0) return { problems: [], unseen: [] };
  const isComparable = requests.old > 0 && requests.new >= requests.old * COMPARABLE;
  const compared = [
    { what: 'memory', unit: 'bytes', of: ({ residentBytes }: AgeLoad) => residentBytes },
    ...(isComparable
      ? [{ what: 'CPU per request', unit: 'ms', of: ({ cpuMsPerRequest }: AgeLoad) => cpuMsPerRequest }]
      : []),
  ];
  const problems: string[] = [];
  const unseen: string[] = [];
  for (const { what, unit, of } of compared) {
    const [old, now] = [of(load.old), of(load.new)];
    if (old === null || now === null)
      unseen.push(`${what} was not seen of ${now === null ? 'the new' : 'the old'} version`);
    else if (now > old * ratioMax) {
      problems.push(
        `${what} of the new version was ${now} ${unit}, of the old one ${old} (allowed: ${ratioMax} times)`,
      );
    }
  }
  return { problems, unseen };
}
