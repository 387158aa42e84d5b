/** One difference between what a role may do and what it should. */
export interface PrivilegeFinding {
  /** `missing`: a cutover would fail. `excess`: it would not, but the role may do more than it has to. */
  readonly kind: 'missing' | 'excess';
  readonly what: string;
  readonly fix: string;
}

export function lacks(what: string, fix: string): PrivilegeFinding {
  return { kind: 'missing', what, fix };
}

export function exceeds(what: string, fix: string): PrivilegeFinding {
  return { kind: 'excess', what, fix };
}
