/**
 * A user who does not exist, as his browser and his client see Hydra: through the gateway, whoever serves behind it. He logs in before
 * the snapshot and goes on after the flip, so that "users stay logged in" is something that was seen.
 */
export interface CanaryUser {
  /** Makes the client and logs the user in, remembered and offline, with one code that is not redeemed. */
  logIn(name: string): Promise<SealedUser>;
  /** As after {@link logIn}, with another code: no Hydra keeps one for long. Goes on in the session of the user, without a page. */
  renewCode(name: string, sealed: SealedUser): Promise<SealedUser>;
  /** The tokens that he has since he logged in. Secrets. */
  tokens(name: string, sealed: SealedUser): Promise<CanaryTokens>;
  /**
   * Goes one step further. `refresh` and `code` happen once: what they gave is in the result alone.
   * @throws CutoverFault HYDRA_UNREACHABLE (whether it happened is not known) | HYDRA_UNEXPECTED (he does not get what a user gets)
   */
  take(step: CanaryStep, name: string, sealed: SealedUser): Promise<CanaryStepTaken>;
  close(): Promise<void>;
}

/** In this order. `session`: `prompt=none` with the cookie of before; `logout`: with the call to the client over the back channel. */
export const CANARY_STEPS = ['session', 'refresh', 'code', 'logout', 'revocation'] as const;
export type CanaryStep = (typeof CANARY_STEPS)[number];

/**
 * Everything secret about the user, under authenticated encryption that names whose it is. It may be kept; it is opened with the key of
 * the config alone.
 */
export type SealedUser = string;

export interface CanaryTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface CanaryStepTaken {
  readonly sealed: SealedUser;
  /** What the step could not show, and why. */
  readonly notAsked?: string;
}

/** Of the client and of the subject: recognisable, and of one cutover. */
export function canaryName(cutoverId: string): string {
  return `${CANARY_NAME_PREFIX}${cutoverId}`;
}

export const CANARY_NAME_PREFIX = 'hydra-cutover-canary-';
