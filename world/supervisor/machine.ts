import { readFileSync, readlinkSync } from 'node:fs';

/** Which kernel and pid namespace a pid belongs to. Pid and start time mean nothing in another one. */
export interface Machine {
  /** Changes with every boot; empty where the system has no such thing. */
  readonly bootId: string;
  /** A container has its own pids; empty where the system has no such thing. */
  readonly pidNamespace: string;
}

/** Source: proc(5), /proc/sys/kernel/random/boot_id; pid_namespaces(7). */
export function thisMachine(): Machine {
  return {
    bootId: quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: quietly(() => readlinkSync('/proc/self/ns/pid')),
  };
}

function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
