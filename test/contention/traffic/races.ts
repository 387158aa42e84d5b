import { type Door, type GrantRequests } from './grant-requests';

export interface RaceContext {
  readonly requests: GrantRequests;
  /** Another one each time, so that what races goes different ways. */
  readonly door: () => Door;
  /** Between 0 and 1. */
  readonly random: () => number;
}

/** Requests of one grant, some of them at once. @returns when all are answered */
export type Race = (
  context: RaceContext,
  pair: { readonly access: string; readonly refresh: string },
) => Promise<unknown>;

/** A read while something else is under way. */
const peek = async ({ requests, door, random }: RaceContext, token: string): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, random() * PEEK_WITHIN_MS));
  await requests.introspect(door(), token);
};
const PEEK_WITHIN_MS = 30;

const look: Race = async ({ requests, door }, { access, refresh }) => {
  await requests.introspect(door(), access);
  await requests.userinfo(door(), access);
  await requests.introspect(door(), refresh);
};
const refresh: Race = ({ requests, door }, pair) => requests.refresh(door(), pair.refresh);
const refreshWhileRead: Race = (context, pair) =>
  Promise.all([
    context.requests.refresh(context.door(), pair.refresh),
    peek(context, pair.access),
    peek(context, pair.refresh),
    context.requests.userinfo(context.door(), pair.access),
  ]);

/** What a grant lives through; after these it goes on. */
export const GENTLE: readonly (readonly [weight: number, race: Race])[] = [
  [2, look],
  [2, refresh],
  [3, refreshWhileRead],
];

/** What ends a grant, or may. */
export const DEADLY: Readonly<Record<string, Race>> = {
  twoRefreshes: (context, pair) =>
    Promise.all([
      context.requests.refresh(context.door(), pair.refresh),
      context.requests.refresh(context.door(), pair.refresh),
      peek(context, pair.access),
      peek(context, pair.refresh),
    ]),
  refreshAgainstRevoke: (context, pair) =>
    Promise.all([
      context.requests.refresh(context.door(), pair.refresh),
      context.requests.revoke(context.door(), context.random() < 0.5 ? pair.access : pair.refresh),
      peek(context, pair.access),
    ]),
  refreshAgainstConsent: (context, pair) =>
    Promise.all([
      context.requests.refresh(context.door(), pair.refresh),
      context.requests.deleteConsent(context.door()),
      peek(context, pair.access),
    ]),
  refreshAgainstClient: (context, pair) =>
    Promise.all([
      context.requests.refresh(context.door(), pair.refresh),
      context.requests.deleteClient(context.door()),
      peek(context, pair.access),
    ]),
  codeAgain: (context, pair) =>
    Promise.all([
      context.requests.redeem(context.door()),
      context.requests.refresh(context.door(), pair.refresh),
      peek(context, pair.access),
    ]),
  spentAgain: async (context, pair) => {
    await context.requests.refresh(context.door(), pair.refresh);
    const { newest } = context.requests;
    await Promise.all([
      context.requests.refresh(context.door(), pair.refresh),
      peek(context, newest?.access ?? pair.access),
      peek(context, newest?.refresh ?? pair.refresh),
    ]);
  },
  revokedInPeace: (context, pair) => context.requests.revoke(context.door(), pair.refresh),
};

/** The beginning of a grant: its code, now and then twice at once or with its client being deleted. */
export async function redeemCode(context: RaceContext): Promise<void> {
  const { requests, door } = context;
  const ticket = context.random();
  if (ticket < 0.15) await Promise.all([requests.redeem(door()), requests.redeem(door())]);
  else if (ticket < 0.18) await Promise.all([requests.redeem(door()), requests.deleteClient(door())]);
  else if (ticket < 0.21) await Promise.all([requests.redeem(door()), requests.deleteConsent(door())]);
  else await requests.redeem(door());
}
