import { INSTALLED_POSTGRES_MAJORS, POSTGRES_MAJORS, type PostgresMajor } from '../../world/toolchain';

const ASKED = process.env['TEST_POSTGRES_MAJOR'];

/** `npm run test:pg -- 13` asks for another one than 15. */
export function majorOfTests(): PostgresMajor {
  const wanted = ASKED ?? '15';
  const major = POSTGRES_MAJORS.find((known) => String(known) === wanted);
  if (major === undefined) throw new Error(`TEST_POSTGRES_MAJOR is ${wanted} (allowed: ${POSTGRES_MAJORS.join(', ')})`);
  return major;
}

/** Of tests that start servers of their own, on each version that is installed unless one is asked for. */
export function majorsOfTests(): readonly PostgresMajor[] {
  return ASKED === undefined ? INSTALLED_POSTGRES_MAJORS : [majorOfTests()];
}

/** @returns those that the server of the tests knows @param all some of which need a newer one */
export function knownToServer<T extends { readonly since?: PostgresMajor }>(all: readonly T[]): readonly T[] {
  return all.filter(({ since }) => since === undefined || since <= majorOfTests());
}
