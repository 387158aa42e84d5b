import { type KnownGateway, type Membership } from '../known-gateways';
import { type Block } from '../page/page';

const WORDS: Readonly<Record<Membership, string>> = {
  beats: 'beats',
  silent: 'silent',
  before: 'joins once the capture is enabled',
  none: 'no: asks no arbiter',
  elsewhere: "not known to blue's arbiter",
  unknown: 'not known',
};

/** Who is listed, who is a member, and what to do about whoever is not both. Nothing for a receipt of an older worker. */
export function gatewaysBlock(gateways: readonly KnownGateway[] | undefined): Block {
  return {
    kind: 'table',
    title: 'Gateways',
    head: ['gateway', 'listed', 'member', 'lease', 'serves', 'acknowledged', 'what to do'],
    rows: (gateways ?? []).map((each) => [
      each.name,
      each.isListed ? 'yes' : 'NO',
      WORDS[each.membership],
      leaseText(each.leaseMs),
      servesText(each),
      each.acknowledged === null ? '-' : `epoch ${each.acknowledged}`,
      each.advice ?? '-',
    ]),
  };
}

/** The same in a line. */
export function gatewayLine(gateway: KnownGateway): string {
  const { name, isListed, membership, leaseMs, acknowledged, advice } = gateway;
  const parts = [
    isListed ? 'listed' : 'NOT listed',
    membership === 'beats' || membership === 'silent' ? `member, ${WORDS[membership]}` : `member: ${WORDS[membership]}`,
    ...(leaseMs === null ? [] : [`lease ${leaseText(leaseMs)}`]),
    ...(gateway.epoch === null ? [] : [`serves ${servesText(gateway)}`]),
    ...(acknowledged === null ? [] : [`acknowledged epoch ${acknowledged}`]),
  ];
  return `gateway ${name}: ${parts.join(', ')}${advice === null ? '' : `; ${advice}`}`;
}

function leaseText(leaseMs: number | null): string {
  if (leaseMs === null) return '-';
  const seconds = (Math.abs(leaseMs) / 1_000).toFixed(1);
  return leaseMs > 0 ? `${seconds} s left` : `over for ${seconds} s`;
}

function servesText({ serves, epoch }: KnownGateway): string {
  return epoch === null ? '-' : `${serves ?? 'neither side'}, epoch ${epoch}`;
}
