import { CutoverFault } from './faults';

/**
 * Of what a target or gateway keeps of its epochs. One more with every change that an older program would misread. What was stored before
 * a record had a version has the form of 1.
 */
export const RECORD_VERSION = 1;

export function withRecordVersion<Stored extends object>(record: Stored): Stored & { readonly schemaVersion: number } {
  return { schemaVersion: RECORD_VERSION, ...record };
}

/**
 * To be asked before a stored record is read: the fields of another version may mean something else.
 *
 * @param where names the place for people
 * @returns the record without its version
 * @throws CutoverFault SCHEMA_VERSION
 */
export function knownRecord(stored: unknown, where: string): unknown {
  if (typeof stored !== 'object' || stored === null || !('schemaVersion' in stored)) return stored;
  const { schemaVersion: version } = stored;
  if (version !== RECORD_VERSION) {
    throw new CutoverFault(
      'SCHEMA_VERSION',
      `${where} was written by another version of hydra-cutover: record version ${JSON.stringify(version)}, allowed: ${RECORD_VERSION}; ` +
        'nothing was changed. Use the version that wrote it, or a later one',
      { where },
    );
  }
  return Object.fromEntries(Object.entries(stored).filter(([name]) => name !== 'schemaVersion'));
}
