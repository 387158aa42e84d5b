import { type WarmUp } from '../../domain/ports/targets';
import { type Side } from './gateway-state';
import { type ShadowAnswer, type ShadowRequest } from './shadow-question';

/** A Hydra opens its connections in the first wave; in the others each of its server's sessions has planned what it is asked. */
const WAVES = 3;
const FORM = 'application/x-www-form-urlencoded';

export interface WarmUpDeps {
  readonly ask: (side: Side, request: ShadowRequest) => Promise<ShadowAnswer | undefined>;
  readonly authority: (side: Side) => string;
  /** @returns what nobody can guess, and no token of a Hydra is */
  readonly random: () => string;
}

/**
 * Has a side's Hydra open its connections to its database and its server load what it needs, before clients wait for that: it is asked
 * about tokens that nobody has, so many at once. Writes nothing. Never rejects.
 */
export async function warmUp(deps: WarmUpDeps, side: Side, atOnce: number): Promise<WarmUp> {
  let answered = 0;
  for (let wave = 0; wave < WAVES; wave += 1) {
    const answers = await Promise.all(Array.from({ length: atOnce }, () => deps.ask(side, question(deps, side))));
    answered += answers.filter((answer) => answer?.status === 200).length;
    if (answers.every((answer) => answer === undefined)) return { asked: atOnce * (wave + 1), answered };
  }
  return { asked: atOnce * WAVES, answered };
}

function question({ authority, random }: WarmUpDeps, side: Side): ShadowRequest {
  const body = new TextEncoder().encode(`token=ory_at_${random()}.${random()}`);
  const headers = ['Host', authority(side), 'X-Forwarded-Proto', 'https', 'Content-Type', FORM, 'Content-Length'];
  return {
    ...{ listener: 'admin', method: 'POST', target: '/oauth2/introspect' },
    headers: [...headers, String(body.byteLength)],
    body,
  };
}
