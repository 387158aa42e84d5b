import { type Gateway } from '../../domain/ports/targets';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type Attempt } from './attempt';
import { forAll } from './parties';

/** Tells all gateways which stale challenges came since the last call. */
export async function informGateways(run: Attempt): Promise<void> {
  const { gateways } = run.deps;
  run.informed.clear();
  run.challenges = await tell(run, run.sessions.entered, gateways, run.challenges);
  gateways.forEach((gateway) => run.informed.add(gateway));
}

/** For a worker that came after the commit and does not know what the one before it had told. Repeats are harmless. */
export async function informAnew(run: Attempt, gateway: Gateway): Promise<void> {
  const entered = await run.sessions.answeringEntered();
  run.challenges = await tell(run, entered, [gateway], { count: 0, lastSeq: 0 });
  run.informed.add(gateway);
}

async function tell(run: Attempt, entered: SqlClient, gateways: readonly Gateway[], from: Attempt['challenges']) {
  let told = from;
  for (;;) {
    const page = await run.tools.readStaleChallenges(entered, told.lastSeq);
    if (page.entries.length > 0) await forAll(gateways, (gateway) => gateway.addStaleChallenges(page.entries));
    told = { count: told.count + page.entries.length, lastSeq: page.lastSeq };
    if (page.isLast) return told;
  }
}
