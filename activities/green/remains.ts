import { type Remains } from '../../domain/receipts';
import { type StepDeps } from '../step';
import { snapshotIdOf } from './names';

const UNTIL_REMOVED = 'somebody removes it';

/**
 * What is left of people's data where a finished cutover had it.
 *
 * @param archive the table of what was cleaned, where there is one
 */
export function remainsOf(
  { settings, gateways }: Pick<StepDeps, 'settings' | 'gateways'>,
  cutoverId: string,
  archive: string | undefined,
): readonly Remains[] {
  const { blueInstanceId, greenInstanceId, keepSnapshot } = settings.provider;
  const snapshotId = snapshotIdOf(cutoverId);
  return [
    {
      what: 'all rows as they were at the commit; our guard and the committed row, which refuse writes',
      where: `instance ${blueInstanceId}`,
      until: 'somebody deletes it',
      remove: 'take `doubt` out of the config of the gateways, then delete the instance',
    },
    ...(keepSnapshot
      ? [
          {
            what: "all of blue's rows of before the migration",
            where: `snapshot ${snapshotId}`,
            until: UNTIL_REMOVED,
            remove: `delete snapshot ${snapshotId}`,
          },
        ]
      : []),
    ...(archive === undefined
      ? []
      : [
          {
            what: `${settings.archive === 'rows' ? 'whole rows' : 'keys, and hashes of rows,'} that cleaning changed or removed`,
            where: `${archive} on instance ${greenInstanceId}`,
            until: UNTIL_REMOVED,
            remove: `DROP TABLE ${archive}`,
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
