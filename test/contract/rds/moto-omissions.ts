/**
 * Cases of the contract that moto does not model, by name, with what it does instead. The run against moto still executes
 * them: one that passes all the same is named, so that this list does not outlive its reasons.
 */
export const MOTO_OMISSIONS: Readonly<Record<string, string>> = {
  'a tag with characters AWS does not allow is refused': 'moto takes any tag',
  'a page size below the minimum is refused': 'moto takes any MaxRecords',
  'a complete snapshot is at 100 percent': 'moto answers no PercentProgress',
  'snapshots are listed by type': 'moto ignores SnapshotType',
  'a change of class waits when it is not to be applied immediately': 'moto applies every change at once',
  'a deletion that says nothing of a final snapshot is refused':
    'moto looks for the instance first and deletes without a word',
};
