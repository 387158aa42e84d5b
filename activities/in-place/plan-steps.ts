import { type OnlinePlan } from '../../domain/in-place/online-plan';
import { type InPlacePlan } from '../../domain/in-place/receipts';
import { type InPlacePhase } from '../../domain/in-place/runbook';
import { type InPlaceSettings } from '../../domain/in-place/settings';

type Planned = InPlacePlan['steps'][number];

/** What a person approves, a sentence for each phase, with how it is taken back. */
export function stepsOf(settings: InPlaceSettings, plan: OnlinePlan, actsDone: number): readonly Planned[] {
  const { from, to, oldRole, recycle, shares, judge, migration } = settings;
  const left = plan.acts.length - actsDone;
  const ended = recycle.how === 'wait' ? 'are waited for until they end' : 'are ended while they do nothing';
  const steps: Readonly<Partial<Record<InPlacePhase, readonly [what: string, undo: string | null]>>> = {
    layer: [
      `Hydra ${from} gets views with the columns that it knows, by the search_path of its role ${oldRole}; its sessions ${ended}, and nothing is migrated before all of them look through the views`,
      'search_path as before, views removed; once a statement has run the views stay, because the old version needs them',
    ],
    online: [
      `${left} of ${plan.acts.length} acts${actsDone > 0 ? ' (the others were done by an earlier run)' : ''}: indexes are built beside the traffic, everything else takes a lock for at most ${migration.lockTimeoutMs} ms at a time`,
      `none: Hydra ${from} serves on through the views, and the next run goes on where this one stopped`,
    ],
    bookkeeping: [
      "schema_migration of the new version is written, and the schema compared with the vendor's own",
      null,
    ],
    beside: [`Hydra ${to} starts beside Hydra ${from}, with sessions kept as both can read them`, 'it is stopped'],
    shares: [
      `${shares.join(', ')} % of the requests go to Hydra ${to}, each step watched for ${Math.round(judge.durationMs / 1_000)} s and judged against Hydra ${from} at the same time; a bad one takes all of it back by itself`,
      `all requests go to Hydra ${from} again; tokens of both versions work at both`,
    ],
    finalize: ['a person accepts: until here everything can be taken back', null],
    stopOld: [`Hydra ${from} is stopped`, 'it is started again'],
    removeLayer: [`the views of Hydra ${from} are removed; FROM HERE ON THERE IS NO WAY BACK to it`, null],
    encrypt: [`Hydra ${to} is started anew with its own default: sessions are kept encrypted`, null],
  };
  return Object.entries(steps).map(([phase, [what, undo]]) => ({ phase: phase as InPlacePhase, what, undo }));
}
