import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { fail, ok, warn, type DoctorCheck } from '../check';

const MIB = 1024 * 1024;
/** The world at rest, measured; below this something is killed. */
const NEEDED_BYTES = 1024 * MIB;
/** Compiling a Hydra from source takes about this much. */
const COMFORTABLE_BYTES = 3 * 1024 * MIB;

/** Enough memory is available for the world, and for compiling its parts. */
export function memoryCheck(available: () => number = availableBytes): DoctorCheck {
  return {
    id: 'memory',
    title: 'memory',
    run: async () => {
      const bytes = available();
      const what = `${Math.round(bytes / MIB)} MiB available`;
      if (bytes < NEEDED_BYTES)
        return fail(`${what}; needs ${NEEDED_BYTES / MIB} MiB`, 'end other programs, or add memory');
      if (bytes < COMFORTABLE_BYTES) {
        return warn(
          `${what}; compiling Hydra takes up to ${COMFORTABLE_BYTES / MIB} MiB`,
          'end other programs before the first start',
        );
      }
      return ok(what);
    },
  };
}

/** What programs can get, caches included: `freemem` alone is far too small on Linux. Source: proc(5), /proc/meminfo. */
function availableBytes(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    if (match) return Number(match[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return freemem();
}
