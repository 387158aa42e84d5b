import { isCutoverFault } from '../../domain/faults';
import { type GatewayObservations } from '../../domain/ports/targets';
import { addHours, type HourOfWrites } from '../../domain/quiet-hours';
import { mergeSightings, type Sighting, sightingLines } from '../../domain/sightings';
import { type StepDeps } from '../step';

/** What all gateways together have seen. */
export interface Observed {
  readonly sightings: readonly Sighting[];
  /** What could not be kept for want of room, of all kinds. */
  readonly beyond: number;
  /** Features that every gateway has on. */
  readonly features: ReadonlySet<string>;
  readonly hours: readonly HourOfWrites[];
  /** Of clients in the last minute; null when a gateway does not tell. */
  readonly writesPerSecond: number | null;
  /** Gateways that do not tell what they see. */
  readonly silent: readonly string[];
  /** ISO 8601: all that tell have looked since then; null: none tells. */
  readonly since: string | null;
}

export async function readObserved({ gateways }: StepDeps): Promise<Observed> {
  const seen: GatewayObservations[] = [];
  const features: (readonly string[])[] = [];
  const silent = new Set<string>();
  for (const gateway of gateways) {
    try {
      const observations = await gateway.observations?.();
      if (observations === undefined) silent.add(gateway.name);
      else seen.push(observations);
      features.push((await gateway.state()).features);
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      silent.add(gateway.name);
      features.push([]);
    }
  }
  const [first = [], ...others] = features;
  return {
    sightings: mergeSightings(seen.map(({ sightings }) => sightings.sightings)),
    beyond: seen.flatMap(({ sightings }) => Object.values(sightings.beyond)).reduce((sum, count) => sum + count, 0),
    features: new Set(first.filter((name) => others.every((names) => names.includes(name)))),
    hours: addHours(seen.map(({ writes }) => writes.hours)),
    writesPerSecond:
      silent.size > 0 || gateways.length === 0
        ? null
        : Math.round(seen.reduce((sum, { writes }) => sum + writes.perSecond, 0) * 100) / 100,
    silent: [...silent],
    since:
      seen
        .map(({ sightings }) => sightings.since)
        .sort()
        .at(-1) ?? null,
  };
}

/** What the entered side would answer otherwise, in sentences; of preflights only the origins tell something, and those are tried. */
export function observedLines({ sightings, beyond, features }: Observed, version: string): readonly string[] {
  const told = sightings.filter(({ kind }) => kind !== 'cors_preflight');
  return [
    ...sightingLines(told, version, features),
    ...(beyond === 0 ? [] : [`${beyond} further requests of that kind were seen of whom the gateways had no room for`]),
  ];
}
