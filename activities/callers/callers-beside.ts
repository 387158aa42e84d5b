import { addCallers, type CallersReceipt, NOBODY_WATCHED } from '../../domain/callers';
import { keepCallers, readCallers } from '../../hydra/validation';
import { type StepDeps } from '../step';
import { type SyncSession } from '../sync-session';
import { CallerWatch } from './caller-watch';

const EVERY_MS = 60_000;

/** Watches who goes past the gateways while the entered side is kept in sync, and keeps there what was seen. */
export class CallersBeside {
  private readonly watch: CallerWatch;
  private lookedAt = -Infinity;

  constructor(
    deps: StepDeps,
    private readonly session: SyncSession,
  ) {
    this.watch = new CallerWatch(deps, session.sides.from, deps.targets.length > 0);
  }

  /** Called after each round; looks now and then. */
  async pass(): Promise<void> {
    if (performance.now() - this.lookedAt >= EVERY_MS) await this.look();
  }

  async look(): Promise<void> {
    this.lookedAt = performance.now();
    const seen = await this.watch.look();
    if (seen !== undefined) await keepCallers(this.session.admin, seen);
  }
}

/** Begins to watch while evidence is gathered. @returns to be called in the end: what was seen by then, and lately beside the sync */
export async function watchForEvidence(
  deps: StepDeps,
  { sides, admin }: SyncSession,
): Promise<() => Promise<CallersReceipt>> {
  const watch = new CallerWatch(deps, sides.from, deps.targets.length > 0);
  await watch.look();
  return async () => {
    const beside = await readCallers(admin, deps.settings.gates.evidenceEveryMs + EVERY_MS);
    return addCallers(beside, (await watch.look()) ?? NOBODY_WATCHED);
  };
}
