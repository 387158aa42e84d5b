import { type Observation, type PromiseEvent, type TokenRef } from './events';
import { type Expectation, type Fact, factKey } from './fact';
import { type FactKind } from './fact-kinds';

interface Setting {
  readonly atMs: number;
  /** False: the answer was lost, so whatever the event would change becomes unknown. */
  readonly certain: boolean;
  readonly cause: string;
}

type Identity = Pick<Fact, 'kind' | 'id' | 'client' | 'subject' | 'chain' | 'scope' | 'expiresAtMs'>;

/**
 * Everything one actor was promised. Events in, facts out: no clock and no I/O, so a recorded history always gives the
 * same facts. An actor does one thing at a time, which is what makes the order of its events the order of the server.
 */
export class Ledger {
  private readonly facts = new Map<string, Fact>();
  private readonly byChain = new Map<string, Fact[]>();

  /** The server confirmed `event`. */
  apply(event: PromiseEvent, atMs: number): void {
    this.reduce(event, { atMs, certain: true, cause: causeOf(event) });
  }

  /** The answer to the request that would have made `event` true was lost. */
  applyUncertain(event: PromiseEvent, atMs: number): void {
    this.reduce(event, { atMs, certain: false, cause: causeOf(event) });
  }

  /** Makes an unknown fact known; everything else is for `judge`. */
  pin(observation: Observation): void {
    const fact = this.facts.get(observation.key);
    if (fact === undefined || fact.expected !== 'unknown') return;
    fact.expected = observation.present ? 'present' : 'absent';
    fact.pinned = true;
    fact.sinceMs = observation.atMs;
  }

  get(key: string): Fact | undefined {
    return this.facts.get(key);
  }

  all(): Iterable<Fact> {
    return this.facts.values();
  }

  get size(): number {
    return this.facts.size;
  }

  private reduce(event: PromiseEvent, setting: Setting): void {
    switch (event.type) {
      case 'client_registered':
        return this.put({ kind: 'client', id: event.client, client: event.client }, 'present', setting);
      case 'client_deleted':
        return this.endAll((fact) => fact.client === event.client, setting);
      case 'secret_set':
        this.endAll((fact) => fact.kind === 'secret' && fact.client === event.client, setting);
        return this.put({ kind: 'secret', id: event.secret, client: event.client }, 'present', setting);
      case 'redirect_uris_set':
        return this.setRedirectUris(event.client, event.uris, setting);
      case 'issuer_trusted':
        return this.put({ kind: 'trusted_issuer', id: event.issuer }, 'present', setting);
      case 'issuer_distrusted':
        return this.put({ kind: 'trusted_issuer', id: event.issuer }, 'absent', setting);
      case 'code_issued':
        return this.issueCode(event, setting);
      case 'consent_given':
        return this.putPair('consent', event.subject, event.client, setting);
      case 'code_used':
        return this.put({ kind: 'code', id: event.code }, 'absent', setting);
      case 'tokens_issued':
        return this.addTokens(event.chain, event.client, event.subject, event.tokens, setting);
      case 'chain_rotated':
        return this.rotate(event.chain, event.tokens, setting);
      case 'chain_ended':
        for (const fact of this.chainFacts(event.chain)) this.set(fact, 'absent', setting);
        return;
      case 'access_tokens_deleted':
        return this.endAll((fact) => fact.kind === 'access_token' && fact.client === event.client, setting);
      case 'consents_revoked':
        return this.revokeConsents(event.subject, event.client, setting);
      case 'consent_remembered':
        return this.putPair('remembered_consent', event.subject, event.client, setting);
      case 'session_started':
        return this.put({ kind: 'session', id: event.session, subject: event.subject }, 'present', setting);
      case 'session_ended':
        return this.put({ kind: 'session', id: event.session }, 'absent', setting);
      case 'sessions_deleted':
        return this.endAll((fact) => fact.kind === 'session' && fact.subject === event.subject, setting);
    }
  }

  private issueCode(event: Extract<PromiseEvent, { type: 'code_issued' }>, setting: Setting): void {
    const { code, chain, client, subject, expiresAtMs } = event;
    this.put({ kind: 'code', id: code, chain, client, subject, expiresAtMs }, 'present', setting);
  }

  private rotate(chain: string, tokens: readonly TokenRef[], setting: Setting): void {
    const before = [...this.chainFacts(chain)];
    for (const fact of before) if (fact.kind !== 'code') this.set(fact, 'absent', setting);
    const first = before[0];
    this.addTokens(chain, first?.client, first?.subject, tokens, setting);
  }

  private addTokens(
    chain: string,
    client: string | undefined,
    subject: string | undefined,
    tokens: readonly TokenRef[],
    setting: Setting,
  ): void {
    for (const token of tokens) this.put({ ...token, chain, client, subject }, 'present', setting);
  }

  private setRedirectUris(client: string, uris: readonly string[], setting: Setting): void {
    this.endAll((fact) => fact.kind === 'redirect_uri' && fact.client === client && !uris.includes(fact.id), setting);
    for (const id of uris) this.put({ kind: 'redirect_uri', id, client }, 'present', setting);
  }

  private revokeConsents(subject: string, client: string | undefined, setting: Setting): void {
    const kinds: readonly FactKind[] = ['consent', 'remembered_consent', 'code', 'access_token', 'refresh_token'];
    this.endAll(
      (fact) =>
        fact.subject === subject && kinds.includes(fact.kind) && (client === undefined || fact.client === client),
      setting,
    );
  }

  private putPair(kind: FactKind, subject: string, client: string, setting: Setting): void {
    this.put({ kind, id: `${subject} ${client}`, subject, client }, 'present', setting);
  }

  private endAll(matches: (fact: Fact) => boolean, setting: Setting): void {
    for (const fact of this.facts.values()) if (matches(fact)) this.set(fact, 'absent', setting);
  }

  private put(identity: Identity, expected: Expectation, setting: Setting): void {
    const key =
      identity.kind === 'redirect_uri'
        ? factKey(identity.kind, identity.client ?? '', identity.id)
        : factKey(identity.kind, identity.id);
    const known = this.facts.get(key);
    if (known !== undefined) return this.set(known, expected, setting);
    const fact: Fact = {
      ...identity,
      key,
      expected: setting.certain ? expected : 'unknown',
      cause: setting.cause,
      sinceMs: setting.atMs,
      pinned: false,
    };
    this.facts.set(key, fact);
    if (fact.chain !== undefined) this.byChain.set(fact.chain, [...this.chainFacts(fact.chain), fact]);
  }

  private set(fact: Fact, expected: Expectation, setting: Setting): void {
    if (fact.expected === expected) return;
    fact.expected = setting.certain ? expected : 'unknown';
    fact.cause = setting.cause;
    fact.sinceMs = setting.atMs;
    fact.pinned = false;
  }

  /** Code and tokens of one grant. */
  chain(id: string): readonly Fact[] {
    return this.chainFacts(id);
  }

  private chainFacts(chain: string): readonly Fact[] {
    return this.byChain.get(chain) ?? [];
  }
}

function causeOf(event: PromiseEvent): string {
  return 'cause' in event ? event.cause : event.type;
}
