import { type PostgresInstallation, POSTGRES_MAJORS, type PostgresMajor } from '../../toolchain';
import { RdsError } from '../protocol/rds-error';

export const DEFAULT_MAJOR: PostgresMajor = 15;

/** @throws RdsError InvalidParameterCombination for a version that this endpoint has no server for */
export function majorOf(engineVersion: string | undefined): PostgresMajor {
  if (engineVersion === undefined) return DEFAULT_MAJOR;
  const major = POSTGRES_MAJORS.find((known) => engineVersion.split('.')[0] === String(known));
  if (major === undefined || !/^\d+(\.\d+)?$/.test(engineVersion)) throw unknownVersion(engineVersion);
  return major;
}

/** A minor version may be left out; one that is named must be the installed one. */
export function checkInstalled(engineVersion: string | undefined, installation: PostgresInstallation): void {
  if (engineVersion?.includes('.') === true && engineVersion !== installation.version) {
    throw unknownVersion(engineVersion, `; installed: ${installation.version}`);
  }
}

function unknownVersion(version: string, hint = `; known: ${POSTGRES_MAJORS.join(', ')}`): RdsError {
  const shown = version.replaceAll(/[^\w.-]/g, '?').slice(0, 40);
  return new RdsError('InvalidParameterCombination', `Cannot find version ${shown} for postgres${hint}`);
}
