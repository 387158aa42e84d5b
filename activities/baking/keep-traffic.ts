import { isCutoverFault } from '../../domain/faults';
import { sideTraffic } from '../../domain/judge/side-traffic';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type TrafficReading, keepReadings } from '../../hydra/validation';
import { type StepDeps } from '../step';
import { readCounters } from './target-counters';

/** Keeps on the entered side what the left one answered up to now. One that does not tell is left out: too little before makes a bake inconclusive. */
export async function keepTraffic(deps: StepDeps, entered: SqlClient): Promise<void> {
  const readings: TrafficReading[] = [];
  for (const gateway of deps.gateways) {
    if (gateway.traffic === undefined) continue;
    try {
      readings.push({ source: gateway.name, traffic: sideTraffic(await gateway.traffic(), deps.direction.from) });
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      deps.log.debug({ name: gateway.name, code: error.code }, 'no traffic kept');
    }
  }
  readings.push(...(await readCounters(deps)));
  await keepReadings(entered, readings);
}
