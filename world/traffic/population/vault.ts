import { hashedId } from '../oracle/hashed-id';
import { type ClientRecord } from './client-record';

/** What is needed to ask about a promise. In memory only: ledger, logs and reports know hashed ids. */
export type Kept =
  | { readonly kind: 'token'; readonly token: string; readonly client: ClientRecord }
  | {
      readonly kind: 'code';
      readonly code: string;
      readonly codeVerifier: string;
      readonly redirectUri: string;
      readonly client: ClientRecord;
    }
  | { readonly kind: 'secret'; readonly secret: string; readonly client: ClientRecord }
  | { readonly kind: 'session'; readonly cookie: string }
  | { readonly kind: 'client'; readonly client: ClientRecord };

export class Vault {
  private readonly kept = new Map<string, Kept>();

  /** @returns the hashed id under which it can be found */
  keep(value: string, kept: Kept): string {
    const id = hashedId(value);
    this.kept.set(id, kept);
    return id;
  }

  set(id: string, kept: Kept): void {
    this.kept.set(id, kept);
  }

  get(id: string): Kept | undefined {
    return this.kept.get(id);
  }
}
