import { hostname } from 'node:os';
import { CutoverFault } from '../../domain/faults';
import { readText } from './replace-file';

export interface Place {
  /** Of the target. */
  readonly name: string;
  readonly file: string;
  /** The file beside it that tells where it is. */
  readonly marker: string;
  /** What it has to say. */
  readonly place: string;
}

/**
 * Two machines each have a file of that name, and only one of them is what the system reads. What tells them apart is written by a
 * person and never by this program: whoever made it where it is missing would make it on the wrong machine too.
 *
 * @throws CutoverFault TARGET_UNREACHABLE: retryable, because another worker may be where the file is
 */
export async function assertPlace({ name, file, marker, place }: Place): Promise<void> {
  const found = (await readText(marker))?.trim();
  if (found === place) return;
  const seen = found === undefined ? 'is not there' : 'names another place';
  throw new CutoverFault(
    'TARGET_UNREACHABLE',
    `${file} on ${hostname()} is not known to be the one that ${name} reads: ${marker} ${seen}, and targets[${name}].file.place says ${place}. ` +
      `If it is that file, write "${place}" to ${marker}, once. If not, work only where it is, or let every worker see that folder`,
    { name, file, machine: hostname() },
  );
}
