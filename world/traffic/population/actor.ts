import { type Browser } from '../../oauth';
import { type LoginWalk, type WonCode } from '../http/login-walk';
import { type User } from '../http/login-pages';
import { Ledger } from '../oracle/ledger';
import { type Random } from '../schedule/random';
import { type ClientRecord } from './client-record';
import { Vault } from './vault';

/** A grant whose tokens a client holds. */
export interface Chain {
  readonly id: string;
  readonly client: ClientRecord;
  readonly subject: string;
  readonly code: WonCode;
  accessToken: string;
  refreshToken: string;
  /** The one that was rotated out last: presenting it again is reuse. */
  spentRefreshToken: string | undefined;
  /** Its policy was put at the policy service, which keeps it as long as the consent is listed. */
  hasPolicy: boolean;
}

/** A browser that stays logged in. */
export interface SingleSignOn {
  readonly subject: string;
  readonly browser: Browser;
  /** Hashed id of the session that the server should know, undefined while logged out. */
  session: string | undefined;
  /** An `id_token` of this session, for logging out. */
  idToken: string | undefined;
}

export interface LeftCode {
  readonly chain: string;
  readonly client: ClientRecord;
  readonly subject: string;
  readonly code: WonCode;
}

export interface HalfLogin {
  readonly walk: LoginWalk;
  readonly user: User;
}

/**
 * One participant: users, browsers, clients of its own, and everything it was promised. It does one thing at a time, and
 * nobody else touches its subjects and its own clients, so the order of its promises is the order on the server. That is
 * what lets a check ask at any time without racing the traffic.
 */
export class Actor {
  readonly ledger = new Ledger();
  readonly vault = new Vault();
  readonly subjects: string[] = [];
  readonly signOns = new Map<string, SingleSignOn>();
  readonly ownClients: ClientRecord[] = [];
  chains: Chain[] = [];
  leftCodes: LeftCode[] = [];
  halfLogins: HalfLogin[] = [];
  /** Names for new things, unique within the run. */
  private sequence = 0;

  constructor(
    readonly id: string,
    readonly random: Random,
  ) {}

  nextName(kind: string): string {
    this.sequence += 1;
    return `${kind}-${this.id}-${this.sequence}`;
  }

  /** Forgets chains that are no use to a client any more. Their promises stay in the ledger. */
  dropChains(matches: (chain: Chain) => boolean): void {
    this.chains = this.chains.filter((chain) => !matches(chain));
  }
}
