import { type Configured } from '../step';

/**
 * What is wrong with a grace for used refresh tokens on the entered side before it is accepted: whoever goes back to the left one within it
 * sends that a token which the entered one gave out, or one that it takes for stolen, and it ends the whole login.
 *
 * @returns undefined where there is none, or the operator has taken the risk
 */
export function graceProblem(hasGrace: boolean, { settings, direction: { from, to } }: Configured): string | undefined {
  if (!hasGrace || settings.validation.acceptsRefreshGrace === true) return undefined;
  return `${to}'s Hydra takes a refresh token twice: leave oauth2.grant.refresh_token.rotation_grace_period off until ${to} is finalized (a retry within it counts as theft on ${from}, which ends the login), or confirm that with validation.acceptsRefreshGrace`;
}
