import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { isCutoverFault } from '../../../domain/faults';
import { adminLoginApp, authorize, createOauthClient } from '../../../world/oauth';
import { type Door, GrantRequests } from './grant-requests';
import { DEADLY, GENTLE, type RaceContext, redeemCode } from './races';

export interface LifeOptions {
  readonly doors: readonly Door[];
  readonly random: () => number;
  /** Races before the one that may end it. */
  readonly races: number;
  /** The longest pause between two. */
  readonly pauseMs: number;
  /** Ends it early, with its last reads. */
  readonly signal: AbortSignal;
}

/** `failure` of a login that did not come to a code; `begunAnew` where it was sent back to its beginning, as a switchover does. */
export interface LifeEnd {
  readonly requests: GrantRequests | undefined;
  readonly failure: string | undefined;
  readonly begunAnew: boolean;
}

/** One grant from its login to the last look at each of its tokens; it belongs to nobody, whoever knows it uses it. */
export async function liveOnce(options: LifeOptions): Promise<LifeEnd> {
  const { doors, random, signal } = options;
  let turn = Math.floor(random() * doors.length);
  const door = (): Door => {
    turn += 1;
    const [first] = doors;
    const next = doors[turn % doors.length] ?? first;
    if (next === undefined) throw new Error('no way leads to Hydra');
    return next;
  };
  const begun = await beginGrant(door).catch((error: unknown) => failureOf(error));
  if (!(begun instanceof GrantRequests)) return { requests: undefined, ...begun };
  const context: RaceContext = { requests: begun, door, random };
  await redeemCode(context);
  for (let race = 0; race < options.races && !signal.aborted && isGoingOn(begun); race += 1) {
    await pause(options);
    const { newest } = begun;
    if (newest !== undefined) await pick(GENTLE, random())(context, newest);
  }
  const { newest } = begun;
  const ends = Object.values(DEADLY);
  if (newest !== undefined) await ends[Math.floor(random() * ends.length)]?.(context, newest);
  await pause(options);
  // What is over stays over: each token is looked at once more, whenever it was handed out.
  for (const token of begun.tokens) await begun.introspect(door(), token);
  return { requests: begun, failure: undefined, begunAnew: false };
}

/** A login with a client of its own, up to the code. */
export async function beginGrant(door: () => Door): Promise<GrantRequests> {
  const subject = `user-${randomBytes(6).toString('hex')}`;
  const client = await createOauthClient(door().http, { public: true });
  // One browser walks through one way: its cookies are of that address.
  const { http } = door();
  const authorization = await authorize(http, { client, loginApp: adminLoginApp(http, { subject }) });
  return new GrantRequests(client, subject, authorization);
}

/** Gone: Hydra's answer to a login or consent that is no longer under way. */
const STALE = 410;

function failureOf(error: unknown): { readonly failure: string; readonly begunAnew: boolean } {
  if (!isCutoverFault(error)) throw error;
  const { operation, statusCode, oauthError } = error.details;
  const failure = [operation ?? 'login', error.code, statusCode, oauthError].filter((part) => part !== undefined);
  return { failure: failure.map(String).join(' '), begunAnew: statusCode === STALE };
}

/** Whether its last refresh was answered with tokens. */
function isGoingOn({ history }: GrantRequests): boolean {
  const last = history.findLast(({ kind }) => kind === 'refresh' || kind === 'redeem');
  return last?.answer.is === 'tokens';
}

async function pause({ pauseMs, random, signal }: LifeOptions): Promise<void> {
  if (!signal.aborted) await sleep(random() * pauseMs, undefined, { signal }).catch(() => undefined);
}

function pick<T>(from: readonly (readonly [number, T])[], share: number): T {
  let ticket = share * from.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of from) {
    ticket -= weight;
    if (ticket < 0) return item;
  }
  const last = from.at(-1);
  if (last === undefined) throw new Error('nothing to pick from');
  return last[1];
}
