import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type HydraListener, readsOf } from '../../hydra/versions/reads';

const isRead = readsOf([HYDRA_VERSION_FACTS['1.11.10'].reads, HYDRA_VERSION_FACTS['2.3.0'].reads]);

/** What a gateway logs of a request. */
interface Logged {
  readonly listener: HydraListener;
  readonly method: string;
  readonly path: string;
}

/** Reads that a gateway kept waiting, as its access log tells: one line for each request. */
export class ParkedReads {
  private offset = 0;
  private rest = '';

  constructor(private readonly file: string) {}

  /** @returns how many there are since the last call */
  countNew(): number {
    const lines = (this.rest + this.readOn()).split('\n');
    this.rest = lines.pop() ?? '';
    return lines.filter((line) => isParkedRead(line)).length;
  }

  private readOn(): string {
    const file = openSync(this.file, 'r');
    try {
      const buffer = Buffer.alloc(fstatSync(file).size - this.offset);
      this.offset += readSync(file, buffer, 0, buffer.length, this.offset);
      return buffer.toString('utf8');
    } finally {
      closeSync(file);
    }
  }
}

function isParkedRead(line: string): boolean {
  if (!line.includes('"parkedMs"')) return false;
  const { listener, method, path } = JSON.parse(line) as Logged;
  return isRead(listener, method, listener === 'admin' ? path.replace(/^\/admin(?=\/)/, '') : path);
}
