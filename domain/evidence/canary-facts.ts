import { type Fact } from '../page/page';
import { type CanaryEvidence, type CanaryReceipt } from '../receipts';
import { fact } from './words';

const LABEL = 'users stay logged in';

/** Before the commit: whether closed green knows a user who logged in on blue, and how long he is there. */
export function canaryAtGate(user: CanaryEvidence | undefined): Fact {
  if (user === undefined) return fact(LABEL, 'not looked at', 'unknown');
  const { state, why } = user;
  if (state === 'wrong') return fact(LABEL, `${sinceText(user)}: ${why}`, 'bad');
  if (state === 'unproven') return fact(LABEL, `not proven: ${why}`, 'unknown');
  return user.beforeSnapshot
    ? fact(LABEL, `${sinceText(user)}, and closed green takes his tokens for what blue does`)
    : fact(LABEL, `${sinceText(user)}: closed green takes his tokens, but none is as old as the snapshot`, 'unknown');
}

/** Why it cannot be relied on; empty when it can. */
export function canaryDoubts(user: CanaryEvidence | undefined): readonly string[] {
  if (user === undefined) return ['that users stay logged in was not looked at'];
  if (user.state === 'unproven') return [`that users stay logged in is not proven: ${user.why}`];
  if (user.state === 'known' && !user.beforeSnapshot) {
    return ['no user was followed who logged in before the snapshot'];
  }
  return [];
}

/** Behind it: how far he came. */
export function canaryOnGreen(user: CanaryReceipt | undefined): Fact {
  if (user === undefined) return fact(LABEL, 'not looked at', 'unknown');
  const { state, why, steps } = user;
  if (state === 'inconclusive') return fact(LABEL, `inconclusive: ${why}`, 'unknown');
  if (state === 'broken') return fact(LABEL, `${sinceText(user)}, and did not go on: ${why}`, 'bad');
  const notShown = steps.flatMap(({ why: not }) => (not === undefined ? [] : [`; not asked: ${not}`])).join('');
  return fact(LABEL, `${sinceText(user)}, went on with ${steps.map(({ step }) => step).join(', ')}${notShown}`, 'good');
}

function sinceText({ loggedInAt, beforeSnapshot }: CanaryEvidence | CanaryReceipt): string {
  return `a user logged in on blue at ${loggedInAt}, ${beforeSnapshot ? 'before' : 'after'} the snapshot`;
}
