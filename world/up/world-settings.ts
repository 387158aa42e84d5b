import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readJson, writeAtomically } from '../supervisor';
import { assertPortFree, freePort } from '../net/free-port';
import { isCutoverFault } from '../../domain/faults';

const settingsSchema = z.object({
  secrets: z.record(z.string(), z.string()),
  ports: z.record(z.string(), z.number().int()),
});

/**
 * Credentials and ports of one world, made at random and kept in its folder (0600): a world that goes on from kept data needs
 * the same, down to the issuer's port.
 */
export class WorldSettings {
  readonly #file: string;
  readonly #secrets: Record<string, string>;
  readonly #ports: Record<string, number>;
  /** Handed out by this process: a port is free until somebody listens. */
  readonly #taken = new Set<number>();

  constructor(file: string) {
    const parsed = settingsSchema.safeParse(readJson(file));
    this.#file = file;
    this.#secrets = parsed.success ? parsed.data.secrets : {};
    this.#ports = parsed.success ? parsed.data.ports : {};
  }

  /** @returns the secret of this name; URL-safe characters, 144 random bits */
  secret(name: string): string {
    const known = this.#secrets[name];
    if (known !== undefined) return known;
    const made = randomBytes(18).toString('base64url');
    this.#secrets[name] = made;
    this.#save();
    return made;
  }

  /**
   * @param fixed a port of the user's choice; undefined or 0 takes a free one, the same as last time if it still is
   * @throws CutoverFault PORT_TAKEN for a fixed one
   */
  async port(name: string, fixed?: number): Promise<number> {
    const wanted = fixed === undefined || fixed === 0 ? undefined : fixed;
    if (wanted !== undefined) {
      await assertPortFree(wanted, name);
      return this.#remember(name, wanted);
    }
    const before = this.#ports[name];
    if (before !== undefined && !this.#taken.has(before) && (await isFree(before, name))) {
      return this.#remember(name, before);
    }
    for (;;) {
      const candidate = await freePort();
      if (!this.#taken.has(candidate)) return this.#remember(name, candidate);
    }
  }

  /** Somebody else was faster on this port: the next call chooses another. */
  forgetPort(name: string): void {
    delete this.#ports[name];
  }

  #remember(name: string, port: number): number {
    this.#taken.add(port);
    this.#ports[name] = port;
    this.#save();
    return port;
  }

  #save(): void {
    writeAtomically(this.#file, { secrets: this.#secrets, ports: this.#ports });
  }
}

async function isFree(port: number, name: string): Promise<boolean> {
  try {
    await assertPortFree(port, name);
    return true;
  } catch (error) {
    if (isCutoverFault(error) && error.code === 'PORT_TAKEN') return false;
    throw error;
  }
}
