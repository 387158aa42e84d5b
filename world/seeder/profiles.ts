/**
 * Defects that can be planted; one `.sql` file each in `plants/`. `-stop` has no safe fix.
 *
 * Source of the names: docs/hydra/facts.md, "Rows that the migration refuses or loses".
 */
export const DEFECTS = [
  'C01',
  'C02',
  'C03',
  'C03b',
  'J01',
  'J02',
  'J03',
  'J04',
  'J05',
  'F01',
  'F05',
  'F06',
  'J03-stop',
  'F02',
  'F03',
  'F04',
  'N01',
  'N02',
] as const;
export type Defect = (typeof DEFECTS)[number];

/** What the upgrade does with such a database. */
export type Expectation = 'cleaned' | 'refused';

interface Profile {
  readonly plants: string;
  readonly defects: readonly Defect[];
  /** Unicode, quotes, pipes and values of full length, all of which migrate as they are. */
  readonly awkwardValues: boolean;
  readonly expectation: Expectation;
}

const ordinary = { awkwardValues: true, expectation: 'cleaned' } as const;
const one = (defect: Defect, plants: string): Profile => ({
  plants,
  defects: [defect],
  awkwardValues: false,
  expectation: 'cleaned',
});
const refused = (defect: Defect, plants: string): Profile => ({ ...one(defect, plants), expectation: 'refused' });

/**
 * Every history has first logins with an empty subject, skipped logins, pending and rejected requests, expired and rotated tokens:
 * no 1.11.10 is without them. A profile says what comes on top.
 */
export const PROFILES = {
  fixable: {
    ...ordinary,
    plants: 'what years of use leave: orphaned consents, NUL escapes in claims, quotes and backslashes in lists',
    defects: ['C02', 'J03', 'J04', 'J05'],
  },
  cleanable: {
    ...ordinary,
    plants: 'every defect that has a fix, all at once',
    defects: ['C01', 'C02', 'C03', 'C03b', 'J01', 'J02', 'J03', 'J04', 'J05', 'F01', 'F05', 'F06'],
  },
  clean: { plants: 'nothing', defects: [], awkwardValues: false, expectation: 'cleaned' },
  C01: one('C01', 'two consent requests on one login request'),
  C02: one('C02', 'consents whose login request is gone because its session ended, answered and pending'),
  C03: one('C03', 'pending consents on a login that was never answered'),
  C03b: one('C03b', 'granted consents whose login has no answer row'),
  F01: one('F01', 'rows of a client that does not exist'),
  F05: one('F05', 'requests of login sessions that were deleted while no key was looked at'),
  F06: one('F06', 'a trusted issuer whose key was deleted while no key was looked at'),
  J01: one('J01', 'oidc_context that is empty, cut off, or has a NUL escape'),
  J02: one(
    'J02',
    'login context that is empty, no JSON, or has a NUL escape, half a surrogate or a number beyond numeric',
  ),
  J03: one('J03', 'empty session claims, and some with a NUL escape'),
  J04: one('J04', 'client lists with quotes, backslashes, bars, control characters and empty elements'),
  J05: one('J05', 'scopes, audiences and amr with quotes, backslashes, bars, control characters and empty elements'),
  'J03-stop': refused('J03-stop', 'session claims that are not JSON'),
  F02: refused('F02', 'a foreign key of a token table is missing'),
  F03: refused('F03', 'the unique constraint of trusted issuers has another name'),
  F04: refused('F04', 'two rows of one JSON Web Key'),
  N01: refused('N01', 'a table `networks` of another product'),
  N02: refused('N02', 'two networks, their migration marked as applied'),
} as const satisfies Record<string, Profile>;

export type SeedProfile = keyof typeof PROFILES;

export const SEED_PROFILES = Object.keys(PROFILES) as readonly SeedProfile[];
