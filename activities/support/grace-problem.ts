/**
 * What is wrong with a grace for used refresh tokens on green before it is accepted: whoever goes back to blue within it sends blue a token
 * that green gave out, or one that blue takes for stolen, and blue ends the whole login.
 *
 * @returns undefined where there is none, or the operator has taken the risk
 */
export function graceProblem(
  hasGrace: boolean,
  { acceptsRefreshGrace = false }: { readonly acceptsRefreshGrace?: boolean },
): string | undefined {
  if (!hasGrace || acceptsRefreshGrace) return undefined;
  return "green's Hydra takes a refresh token twice: leave oauth2.grant.refresh_token.rotation_grace_period off until green is finalized (a retry within it counts as theft on blue, which ends the login), or confirm that with validation.acceptsRefreshGrace";
}
