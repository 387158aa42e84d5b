import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { type ApiGeneration } from '../../hydra/versions';
import { pathOf } from './path-of';
import { cutSecret } from './client-secret';
import { type ForwardedRequest, type ListenerName, type RewriteFeature, type Rewritten } from './feature';
import { type Side } from './gateway-state';
import { asPageOf2x, isPagedAs1x } from './paging';

type GenerationOf = (side: Side) => ApiGeneration;

/** Lets clients in whose secret is longer than bcrypt looked at: 1.x compared its first 72 bytes, 2.x refuses it. */
export class CutSecrets implements RewriteFeature {
  readonly name = COMPATIBILITY_FEATURES.cutSecrets;

  constructor(
    private readonly generationOf: GenerationOf,
    private readonly onCut: () => void,
  ) {}

  rewrites(listener: ListenerName, method: string, target: string): boolean {
    if (listener !== 'public' || method !== 'POST') return false;
    const path = pathOf(target);
    return path === '/oauth2/token' || path === '/oauth2/revoke';
  }

  onForward({ side, headers, body }: ForwardedRequest): Rewritten | undefined {
    if (this.generationOf(side) === 1) return undefined;
    const cut = cutSecret(headers, body);
    if (cut !== undefined) this.onCut();
    return cut;
  }
}

/** Lets callers go on who page the lists of the admin API as 1.x does; 2.x would give them its first page for ever. */
export class TranslatePaging implements RewriteFeature {
  readonly name = COMPATIBILITY_FEATURES.paging;

  constructor(
    private readonly generationOf: GenerationOf,
    private readonly onTranslated: () => void,
  ) {}

  rewrites(listener: ListenerName, method: string, target: string): boolean {
    return listener === 'admin' && isPagedAs1x(method, target);
  }

  onForward({ side, target }: ForwardedRequest): Rewritten | undefined {
    if (this.generationOf(side) === 1) return undefined;
    this.onTranslated();
    return { target: asPageOf2x(target) };
  }
}
