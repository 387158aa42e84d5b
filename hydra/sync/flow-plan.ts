/** The two keys of a flow on the target. */
export interface FlowKeys {
  readonly login: string;
  readonly consent: string | null;
}

/** What has to happen to the target's flows before a plain upsert by login challenge makes them equal to the source's. */
export interface FlowPlan {
  /** Login challenges of rows of which the source has neither key. */
  readonly remove: readonly string[];
  /** Rows that stay and get another login challenge: deleting and inserting them would take their tokens along. */
  readonly rekey: readonly { readonly from: string; readonly to: string }[];
  /** Consents that the source has no more; their tokens are dead, and would hold a row back that gets another consent. */
  readonly deadConsents: readonly string[];
}

/**
 * Finds out which row of the target becomes which wanted row: the one with the same consent, because tokens hang on that, else the
 * one with the same login.
 *
 * @param wanted every row of the source with a key that `present` has, and more
 * @param present every row of the target with a key that `wanted` has, and more
 */
export function planFlows(wanted: readonly FlowKeys[], present: readonly FlowKeys[]): FlowPlan {
  const byConsent = new Map(present.flatMap((row) => (row.consent === null ? [] : [[row.consent, row] as const])));
  const byLogin = new Map(present.map((row) => [row.login, row]));
  const kept = new Set<FlowKeys>();
  const rekey: { from: string; to: string }[] = [];
  for (const row of wanted) {
    const found = row.consent === null ? undefined : byConsent.get(row.consent);
    if (found === undefined) continue;
    kept.add(found);
    if (found.login !== row.login) rekey.push({ from: found.login, to: row.login });
  }
  for (const row of wanted) {
    if (row.consent !== null && byConsent.has(row.consent)) continue;
    const found = byLogin.get(row.login);
    if (found !== undefined && !kept.has(found)) kept.add(found);
  }
  const alive = new Set(wanted.map((row) => row.consent));
  return {
    remove: present.filter((row) => !kept.has(row)).map((row) => row.login),
    rekey,
    deadConsents: [...byConsent.keys()].filter((consent) => !alive.has(consent)),
  };
}
