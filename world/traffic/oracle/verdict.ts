import { FACT_KIND_NAMES, type FactKind, FINDING_CLASSES, type FindingClass, type FindingName } from './fact-kinds';

const SAMPLES_PER_FINDING = 5;
const SAMPLES_UNOBSERVED = 10;

export interface Finding {
  readonly name: FindingName;
  readonly class: FindingClass;
  /** Hashed id: never a token, secret, code or cookie. */
  readonly id: string;
  /** What the promise rests on, such as `revoke_refresh_token`. */
  readonly cause: string;
  readonly promisedAt: string;
  readonly observedAt: string;
}

/** What a check found. All counts are of promises. */
export interface Verdict {
  readonly schemaVersion: 1;
  readonly checkedAt: string;
  readonly durationMs: number;
  readonly checked: number;
  readonly checkedByKind: Readonly<Record<FactKind, number>>;
  /** Either outcome was right; this check settled them. */
  readonly pinned: number;
  /** Too early, or too close to an expiry, to say. */
  readonly undecided: number;
  /** The server gave no usable answer, also when asked again: nothing is known about these. */
  readonly unobserved: number;
  /** Some of them: what was asked, and what came instead of an answer where it is known. */
  readonly unobservedSamples: readonly string[];
  readonly confirmedButLost: number;
  readonly revokedButActive: number;
  readonly activeButRefused: number;
  readonly changed: number;
  readonly unstable: number;
  /** Promised present, once seen absent, present when asked again: an outage, and no loss. */
  readonly flapped: number;
  readonly findingsByName: Readonly<Partial<Record<FindingName, number>>>;
  readonly samples: readonly Finding[];
  /** Nothing broken and everything observed. */
  readonly clean: boolean;
}

/** Collects judgements into a {@link Verdict}. */
export class VerdictBuilder {
  private checked = 0;
  private pinned = 0;
  private undecided = 0;
  private unobserved = 0;
  private readonly unobservedSamples: string[] = [];
  private flapped = 0;
  private readonly byKind = new Map<FactKind, number>();
  private readonly byClass = new Map<FindingClass, number>();
  private readonly byName = new Map<FindingName, number>();
  private readonly samples: Finding[] = [];

  countChecked(kind: FactKind): void {
    this.checked += 1;
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
  }

  countPinned(): void {
    this.pinned += 1;
  }

  countUndecided(): void {
    this.undecided += 1;
  }

  countUnobserved(what: string): void {
    this.unobserved += 1;
    if (this.unobservedSamples.length < SAMPLES_UNOBSERVED) this.unobservedSamples.push(what);
  }

  countFlapped(): void {
    this.flapped += 1;
  }

  add(finding: Finding): void {
    const count = (this.byName.get(finding.name) ?? 0) + 1;
    this.byName.set(finding.name, count);
    this.byClass.set(finding.class, (this.byClass.get(finding.class) ?? 0) + 1);
    if (count <= SAMPLES_PER_FINDING) this.samples.push(finding);
  }

  build(startedAtMs: number, endedAtMs: number): Verdict {
    const counts = Object.fromEntries(FINDING_CLASSES.map((name) => [name, this.byClass.get(name) ?? 0])) as Record<
      FindingClass,
      number
    >;
    const findings = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return {
      schemaVersion: 1,
      checkedAt: new Date(startedAtMs).toISOString(),
      durationMs: Math.round(endedAtMs - startedAtMs),
      checked: this.checked,
      checkedByKind: Object.fromEntries(FACT_KIND_NAMES.map((kind) => [kind, this.byKind.get(kind) ?? 0])) as Record<
        FactKind,
        number
      >,
      pinned: this.pinned,
      undecided: this.undecided,
      unobserved: this.unobserved,
      unobservedSamples: this.unobservedSamples,
      ...counts,
      flapped: this.flapped,
      findingsByName: Object.fromEntries(this.byName),
      samples: this.samples,
      clean: findings === 0 && this.unobserved === 0,
    };
  }
}
