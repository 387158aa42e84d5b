import { hasOurs } from '../ours';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { addTraffic, type Traffic, trafficSince } from '../../domain/judge/traffic';

/** What one gateway, or a counter of a target, had counted at one moment. */
export interface TrafficReading {
  readonly source: string;
  readonly traffic: Traffic;
}

/** Older readings are another time of the day. */
const REACH = '2 hours';
const KEPT_MAX = 400;

/** Keeps readings on the target while the source serves: what the target is compared with once it does. */
export async function keepReadings(to: SqlClient, readings: readonly TrafficReading[]): Promise<void> {
  if (readings.length === 0) return;
  await to.query(
    `CREATE TABLE IF NOT EXISTS hydra_cutover.traffic
       (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text, read_at timestamptz DEFAULT clock_timestamp(), counters text)`,
  );
  await to.query('INSERT INTO hydra_cutover.traffic (source, counters) SELECT * FROM unnest($1::text[], $2::text[])', [
    readings.map(({ source }) => source),
    readings.map(({ traffic }) => JSON.stringify(traffic, infinite)),
  ]);
  await to.query(`DELETE FROM hydra_cutover.traffic WHERE id <= (SELECT max(id) FROM hydra_cutover.traffic) - $1`, [
    KEPT_MAX,
  ]);
}

/** @returns what the source answered in the last hours before the switchover; empty when nothing was kept */
export async function trafficBefore(to: SqlClient): Promise<Traffic> {
  if (!(await hasOurs(to, 'hydra_cutover.traffic'))) return {};
  const rows = await queryRows<{ source: string; counters: string }>(
    to,
    `SELECT source, counters FROM hydra_cutover.traffic
      WHERE read_at > (SELECT max(read_at) FROM hydra_cutover.traffic) - interval '${REACH}' ORDER BY id`,
  );
  const last = new Map<string, Traffic>();
  const spans: Traffic[] = [];
  for (const { source, counters } of rows) {
    const now = JSON.parse(counters, finite) as Traffic;
    const before = last.get(source);
    if (before !== undefined) spans.push(trafficSince(before, now));
    last.set(source, now);
  }
  return addTraffic(spans);
}

/** The last bound of a histogram is open; JSON has no word for it. */
function infinite(_name: string, value: unknown): unknown {
  return value === Infinity ? 'Infinity' : value;
}

function finite(_name: string, value: unknown): unknown {
  return value === 'Infinity' ? Infinity : value;
}
