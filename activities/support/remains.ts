import { type Remains } from '../../domain/receipts';
import { type StepDeps } from '../step';
import { snapshotIdOf } from './names';
import { instanceIdOf } from './of-side';

const UNTIL_REMOVED = 'somebody removes it';
const PURGE = '`hydra-cutover purge`';

/** RDS keeps a snapshot that a person asked for until a person removes it. */
function snapshotUntil(madeAt: string | undefined, ageMsMax: number | undefined): string {
  if (madeAt === undefined || ageMsMax === undefined) return UNTIL_REMOVED;
  const limit = new Date(Date.parse(madeAt) + ageMsMax).toISOString().slice(0, 10);
  return `${UNTIL_REMOVED}; it reaches its age limit on ${limit}`;
}

/**
 * What is left of people's data where a finished cutover had it.
 *
 * @param archive the table of what was cleaned, where there is one
 * @param snapshotMadeAt ISO-8601, where there is one and it is known
 */
export function remainsOf(
  deps: Pick<StepDeps, 'settings' | 'direction' | 'gateways'>,
  cutoverId: string,
  archive: string | undefined,
  snapshotMadeAt?: string,
): readonly Remains[] {
  const { settings, gateways } = deps;
  const { from, to } = deps.direction;
  const { keepSnapshot, snapshotAgeMsMax } = settings.provider;
  const snapshotId = snapshotIdOf(cutoverId);
  return [
    {
      what: 'all rows as they were at the commit; our guard and the committed row, which refuse writes',
      where: `instance ${instanceIdOf(deps, from)}`,
      until: 'somebody deletes it',
      remove: 'take `doubt` out of the config of the gateways, then delete the instance',
    },
    ...(keepSnapshot
      ? [
          {
            what: `all of ${from}'s rows of before the migration`,
            where: `snapshot ${snapshotId}`,
            until: snapshotUntil(snapshotMadeAt, snapshotAgeMsMax),
            remove: PURGE,
          },
        ]
      : []),
    ...(archive === undefined
      ? []
      : [
          {
            what: `${settings.archive === 'rows' ? 'whole rows' : 'keys, and hashes of rows,'} that cleaning changed or removed`,
            where: `${archive} on instance ${instanceIdOf(deps, to)}`,
            until: UNTIL_REMOVED,
            remove: PURGE,
          },
        ]),
    ...(gateways.length === 0
      ? []
      : [
          {
            what: 'addresses at which people began logins that were under way at the switchover',
            where: `a file beside the state of each gateway (${gateways.map(({ name }) => name).join(', ')})`,
            until: 'a day after the switchover, or as `staleChallenges.keepMs` of the gateway says',
            remove: 'each gateway empties it by itself',
          },
        ]),
    {
      what: 'names, notes, counts and hashes of keys',
      where: 'the history of this run in Temporal',
      until: 'the retention of its namespace',
      remove: 'Temporal removes it by itself',
    },
  ];
}
