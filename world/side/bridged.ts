import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type HydraAge } from '../../domain/in-place/ages';
import { type Deployment } from './side-file';

const POLL_MS = 200;
/** A gateway's longest request, and a look at a Hydra on a machine that is busy. */
const WAIT_MS = 45_000;

interface Deployments {
  readonly start: (name: Deployment) => Promise<unknown>;
  readonly stop: (name: Deployment) => Promise<unknown>;
}

const besideSchema = z.object({
  share: z.number(),
  ready: z.object({ old: z.boolean(), new: z.boolean() }),
  inFlight: z.object({ old: z.number(), new: z.number() }),
});
type Beside = z.infer<typeof besideSchema>;

/**
 * Replaces the Hydra that served beside the older one by one with its own default, so that somebody serves all the while: a second one
 * takes the requests at the older one's address, which is free by then. Elsewhere a balancer does this from instance to instance.
 *
 * Nobody gets requests before the gateway finds it ready, and nobody is stopped before the gateway has its last answer: an
 * introspection asks twice before it says that a token is not active.
 *
 * Idempotent.
 * @throws CutoverFault TARGET_REFUSED | PROCESS_NOT_READY
 */
export async function bridged(env: NodeJS.ProcessEnv, { start, stop }: Deployments): Promise<void> {
  await start('bridge');
  await shiftTo(env, 'old');
  await stop('beside');
  await start('blue');
  await shiftTo(env, 'new');
  await stop('bridge');
}

async function shiftTo(env: NodeJS.ProcessEnv, next: HydraAge): Promise<void> {
  const [share, left] = next === 'new' ? ([100, 'old'] as const) : ([0, 'new'] as const);
  await until(env, `finds its ${next} Hydra ready`, ({ ready }) => ready[next]);
  await callGateway(env, { method: 'PUT', body: JSON.stringify({ share, order: Number(env['CUTOVER_ORDER']) }) });
  await until(env, `has every answer of its ${left} Hydra`, ({ inFlight }) => inFlight[left] === 0);
}

async function until(env: NodeJS.ProcessEnv, what: string, holds: (beside: Beside) => boolean): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const seen = besideSchema.parse(await callGateway(env, { method: 'GET' }));
    if (holds(seen)) return;
    if (performance.now() > deadline) {
      throw new CutoverFault(
        'PROCESS_NOT_READY',
        `waited ${WAIT_MS} ms until the gateway ${what}; it says ${JSON.stringify(seen)}`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function callGateway(env: NodeJS.ProcessEnv, call: { method: 'GET' | 'PUT'; body?: string }): Promise<unknown> {
  const response = await fetch(new URL('/beside', env['GATEWAY_CONTROL_URL']), {
    ...call,
    headers: { Authorization: `Bearer ${env['GATEWAY_CONTROL_TOKEN'] ?? ''}`, 'Content-Type': 'application/json' },
  });
  if (response.ok) return response.json();
  throw new CutoverFault('TARGET_REFUSED', `the gateway answered ${response.status} to ${call.method} /beside`);
}
