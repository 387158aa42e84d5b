import { setTimeout as sleep } from 'node:timers/promises';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { SIDE_NAMES, type SideName, bySide } from '../../domain/sides';
import { type StepDeps } from '../step';

const SPAN_MS = 1_000;

/** How busy Hydra and its connections are on both sides, each in a sentence. */
export async function sideLoads(
  deps: StepDeps,
  sessions: Readonly<Record<SideName, SqlClient>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const before = await cpuSeconds(deps);
  const startedAt = performance.now();
  await sleep(SPAN_MS, undefined, { signal });
  const after = await cpuSeconds(deps);
  const tookS = (performance.now() - startedAt) / 1_000;
  const lines: string[] = [];
  for (const side of SIDE_NAMES) {
    const [from, to] = [before[side], after[side]];
    const cpu = from === null || to === null || to < from ? 'unknown' : `${Math.round(((to - from) / tookS) * 100)} %`;
    lines.push(`${side}: CPU ${cpu} of one core, ${await connections(deps, sessions[side])} connections of Hydra`);
  }
  return lines;
}

async function cpuSeconds({ hydra, direction }: StepDeps): Promise<Readonly<Record<SideName, number | null>>> {
  const read = (side: SideName) =>
    hydra.metrics(side).then(
      (metrics) => metrics.cpuSeconds,
      () => null, // whatever the reason: it is one line of the evidence
    );
  return bySide(direction, await read(direction.from), await read(direction.to));
}

async function connections({ settings }: StepDeps, client: SqlClient): Promise<number> {
  const [row] = await queryRows<{ count: number }>(
    client,
    `SELECT count(*)::float8 AS count FROM pg_catalog.pg_stat_activity
      WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND usename OPERATOR(pg_catalog.=) $1::name`,
    [settings.green.hydraRole],
  );
  return row?.count ?? 0;
}
