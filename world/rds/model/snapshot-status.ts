export const SNAPSHOT_STATUSES = ['creating', 'available', 'failed'] as const;
export type SnapshotStatus = (typeof SNAPSHOT_STATUSES)[number];

export type SnapshotEvent = 'completed' | 'broke';

const TRANSITIONS: Readonly<Record<SnapshotStatus, Partial<Record<SnapshotEvent, SnapshotStatus>>>> = {
  creating: { completed: 'available', broke: 'failed' },
  available: {},
  failed: {},
};

/** @returns undefined when `event` means nothing in `status` */
export function nextSnapshotStatus(status: SnapshotStatus, event: SnapshotEvent): SnapshotStatus | undefined {
  return TRANSITIONS[status][event];
}
