/** The versions of PostgreSQL whose servers may be cut over, oldest first: every one that the tests can run on. */
export const POSTGRES_MAJORS = [13, 14, 15, 16, 17, 18] as const;
export type PostgresMajor = (typeof POSTGRES_MAJORS)[number];

export const OLDEST_POSTGRES = Math.min(...POSTGRES_MAJORS);
export const NEWEST_POSTGRES = Math.max(...POSTGRES_MAJORS);

/** @param number `server_version_num` */
export function isSupportedPostgres(number: number): boolean {
  return POSTGRES_MAJORS.some((major) => major === Math.floor(number / 10_000));
}
