import { type HydraAge } from '../../domain/in-place/ages';
import { headerValue } from './form';

/** Fields of a form that name a token, the surest first. */
const TOKEN_FIELDS = ['token', 'refresh_token', 'code'] as const;
const WHOLE = 100;

/**
 * Splits the requests of one side between the two, by a share in percent.
 *
 * A token stays with one of them as long as the share does, and a rising share moves tokens in one direction only. What names no
 * token is spread evenly and without chance, so that small shares are exact too.
 */
export class BesideSplit {
  private credit = 0;
  private readonly open: Record<HydraAge, number> = { old: 0, new: 0 };

  /** @param percent of the requests that go to the new one */
  constructor(private percent: number) {}

  get share(): number {
    return this.percent;
  }

  set share(percent: number) {
    this.percent = percent;
    this.credit = 0;
  }

  /** Requests that were sent to each and are not answered: whoever stops one of them waits for its last. */
  get inFlight(): Readonly<Record<HydraAge, number>> {
    return { ...this.open };
  }

  /** @returns says that it is answered, or never will be; once for each request */
  sent(hydra: HydraAge): () => void {
    this.open[hydra] += 1;
    return () => void (this.open[hydra] -= 1);
  }

  /** @param form of the body, when there is one */
  pick(rawHeaders: readonly string[], form: () => URLSearchParams | undefined): HydraAge {
    if (this.percent <= 0) return 'old';
    if (this.percent >= WHOLE) return 'new';
    const token = tokenOf(rawHeaders, form);
    if (token !== undefined) return shareOf(token) * WHOLE < this.percent ? 'new' : 'old';
    this.credit += this.percent;
    if (this.credit < WHOLE) return 'old';
    this.credit -= WHOLE;
    return 'new';
  }
}

function tokenOf(rawHeaders: readonly string[], form: () => URLSearchParams | undefined): string | undefined {
  const fields = form();
  for (const name of TOKEN_FIELDS) {
    const value = fields?.get(name);
    if (value) return value;
  }
  const bearer = /^bearer\s+(\S+)$/i.exec(headerValue(rawHeaders, 'authorization') ?? '');
  return bearer?.[1];
}

/** Where a token stands between 0 and 1: FNV-1a with a last mix, because short texts that are alike must not lie together. */
function shareOf(token: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < token.length; index += 1) {
    hash = Math.imul(hash ^ token.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
