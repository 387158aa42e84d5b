import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type SupportedHydraVersion } from '../../domain/hydra-versions';

/** `copy`: a copy of the source's database is migrated. `in place`: the database that serves is migrated. */
export type PathKind = 'copy' | 'in place';

/** One way from a version of Hydra to another. */
export interface UpgradePath {
  readonly from: SupportedHydraVersion;
  readonly to: SupportedHydraVersion;
  readonly kind: PathKind;
  /** Until when everything can be taken back to `from`. */
  readonly wayBackUntil: 'the commit';
}

/**
 * Every way there is. That one version is newer than another makes no way between them: what has to be cleaned, carried and repaired is
 * particular to the pair, and stands in `hydra/paths/<from>-to-<to>/`.
 */
export const PATHS = [
  { from: '1.11.10', to: '2.3.0', kind: 'copy', wayBackUntil: 'the commit' },
  { from: '2.2.0', to: '2.3.0', kind: 'copy', wayBackUntil: 'the commit' },
  { from: '1.11.10', to: '26.2.0', kind: 'copy', wayBackUntil: 'the commit' },
] as const satisfies readonly UpgradePath[];

/** The versions that a way begins with. */
export type UpgradeFrom = (typeof PATHS)[number]['from'];

/** The versions that one ends with. */
export type UpgradeTo = (typeof PATHS)[number]['to'];

/** @returns undefined where no way leads */
export function pathOf(
  from: SupportedHydraVersion,
  to: SupportedHydraVersion,
  kind: PathKind = 'copy',
): UpgradePath | undefined {
  const paths: readonly UpgradePath[] = PATHS;
  return paths.find((path) => path.from === from && path.to === to && path.kind === kind);
}

/**
 * Whether this installation knows what the migrations of a way do. Those of a Hydra that only its operator has a binary of are recorded
 * where the binary is.
 */
export function isRecorded({ from, to }: Pick<UpgradePath, 'from' | 'to'>): boolean {
  return existsSync(join(__dirname, 'catalogs', `${from}-to-${to}.json`));
}

/** For people: the command after which a way to this version is recorded. */
export function howToRecord(version: SupportedHydraVersion): string {
  return `run HYDRA_${version.replaceAll('.', '_')}_BIN=… npm run catalogs, with the program of its release`;
}

/** For people: the ways of a kind, as `1.11.10 to 2.3.0`. */
export function pathsText(kind: PathKind = 'copy'): string {
  const paths: readonly UpgradePath[] = PATHS;
  const found = paths.filter((path) => path.kind === kind).map(({ from, to }) => `${from} to ${to}`);
  return found.join(', ');
}
