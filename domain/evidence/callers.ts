import { beyondText, type CallersReceipt, GO_THROUGH } from '../callers';
import { type Fact } from '../page/page';
import { durationText, fact } from './words';

/** Who calls blue's Hydra past the gateways, as far as anybody saw. Nothing for a receipt of an older worker. */
export function callersFacts(label: string, callers: CallersReceipt | undefined): readonly Fact[] {
  if (callers === undefined) return [];
  const { spanMs, beyond, ofTargets = [], unknown } = callers;
  const watched = spanMs === 0 ? 'nothing could be compared' : `watched for ${durationText(spanMs)}`;
  const theirs =
    ofTargets.length === 0
      ? ''
      : `; targets may have asked Hydra themselves: ${ofTargets.map(({ what, count }) => `${what} ${count}`).join(', ')}`;
  const gaps = unknown.length === 0 ? '' : `; not all is known: ${unknown.join('; ')}`;
  if (beyond.length > 0)
    return [fact(label, `${beyond.map(beyondText).join('; ')} (${watched}${theirs}${gaps})`, 'bad')];
  return [
    fact(label, `none seen, ${watched}${theirs}${gaps}`, spanMs === 0 || unknown.length > 0 ? 'unknown' : undefined),
  ];
}

/** @returns a sentence for each kind of call, with what to do */
export function callersProblems({ beyond }: CallersReceipt): readonly string[] {
  return beyond.map((each) => `${beyondText(each)}; ${GO_THROUGH}`);
}
