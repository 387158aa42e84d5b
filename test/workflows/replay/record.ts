import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { resolveTemporalTestServer } from '../../../world/toolchain';
import { openTemporal } from '../support/environment';
import { HISTORIES_FOLDER } from './histories';
import { play, SCENARIOS } from './scenarios';

/**
 * Entry of `npm run histories [-- NAME…]`: plays every scenario that has no history yet with the workflow code as it is, and keeps it.
 * A kept history stands for runs that are open on an older worker, so it is recorded anew only where it is named.
 */
async function main(): Promise<void> {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(', ')}`);
  const temporal = await openTemporal(await resolveTemporalTestServer({}));
  mkdirSync(HISTORIES_FOLDER, { recursive: true });
  try {
    for (const scenario of SCENARIOS) {
      const file = join(HISTORIES_FOLDER, `${scenario.name}.json`);
      if (existsSync(file) && !named.includes(scenario.name)) continue;
      const handle = await play(temporal, scenario);
      const { events } = withoutStacks(JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown) as {
        events: unknown;
      };
      writeFileSync(file, `${JSON.stringify({ workflowId: handle.workflowId, events })}\n`);
      process.stdout.write(`recorded ${scenario.name}\n`);
    }
  } finally {
    await temporal.close();
  }
}

/** A stack holds the paths of the machine that recorded it; no replay looks at one. */
function withoutStacks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutStacks);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'stackTrace');
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutStacks(inner)]));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
