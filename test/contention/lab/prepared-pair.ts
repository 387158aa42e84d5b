import { randomBytes } from 'node:crypto';
import { installPreparation } from '../../../hydra/closing';
import { OauthHttp } from '../../../world/oauth';
import { asAdmin } from '../../support/database';
import { startHydra } from '../../support/hydra';
import { sharedServers } from '../../support/shared-servers';
import { SyncWorld } from '../../integration/hydra/sync/sync-world';
import { type ServerAddress } from '../../integration/faults/watcher';

/** Nobody is sent there: logins are answered over the admin listener. */
export const NO_LOGIN_APP = 'http://127.0.0.1:7';

/**
 * A blue of 1.11.10 with its capture and a closed green that was made of it, as they are before a switchover; and as many copies of
 * the two as there are switchovers. Each copy is as if nothing was ever begun.
 */
export class PreparedPair {
  readonly names: Readonly<Record<'blue' | 'green', string>>;

  private constructor(
    private readonly sync: SyncWorld,
    private readonly templates: Readonly<Record<'blue' | 'green', string>>,
  ) {
    this.names = { blue: `${templates.blue}_now`, green: `${templates.green}_now` };
  }

  static async make(): Promise<PreparedPair> {
    const blue = { ...sharedServers().postgres, database: `pair_${randomBytes(4).toString('hex')}` };
    await asAdmin(`CREATE DATABASE ${blue.database} TEMPLATE template_hydra_1_11_10`);
    const sync = new SyncWorld(blue);
    const pair = new PreparedPair(sync, { blue: blue.database, green: sync.green });
    try {
      await makeKeys(blue);
      await sync.capture();
      await sync.snapshot();
      const green = await sync.connect('green');
      await installPreparation(green);
      await sync.disconnect();
      return pair;
    } catch (error) {
      await pair.drop();
      throw error;
    }
  }

  get cutoverId(): string {
    return this.sync.cutoverId;
  }

  get syncRole(): string {
    return this.sync.syncRole;
  }

  addressOf(side: 'blue' | 'green'): ServerAddress {
    return { ...sharedServers().postgres, database: this.names[side] };
  }

  /** Ends every session of the last copies, and puts new ones in their place. */
  async renew(): Promise<void> {
    for (const side of ['blue', 'green'] as const) {
      await asAdmin(`DROP DATABASE IF EXISTS ${this.names[side]} WITH (FORCE)`);
      await asAdmin(`CREATE DATABASE ${this.names[side]} TEMPLATE ${this.templates[side]}`);
    }
  }

  async drop(): Promise<void> {
    for (const name of Object.values(this.names)) await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.sync.close();
    await asAdmin(`DROP DATABASE IF EXISTS ${this.templates.blue} WITH (FORCE)`);
  }
}

/** Hydra makes its RSA keys when it is first asked for them; with them in the copies no round waits for that. */
async function makeKeys(database: ServerAddress): Promise<void> {
  const hydra = await startHydra({ version: '1.11.10', database, loginAppUrl: NO_LOGIN_APP });
  const http = new OauthHttp(hydra, { forwardedProto: true });
  try {
    await http.send({ operation: 'keys', method: 'GET', url: http.publicUrl('/.well-known/jwks.json') });
  } finally {
    await http.close();
    await hydra.stop();
  }
}
