import { readFile } from 'node:fs/promises';
import { ADMIN_PREFIX } from '../../hydra/versions';
import { OauthHttp } from '../oauth';
import { type ApiHistory, brokenPromises, seedThroughApi } from '../seeder/api-history';
import { type World } from '../up';
import { type Report } from './report';

const ROUNDS = 10;

/**
 * History that the world's first Hydra makes through its own API before the upgrade begins: consents, refreshed chains, revoked tokens,
 * machines, keys. Nobody touches it meanwhile, so that every version on the way has to say of it what the first one said.
 */
export class OwnHistory {
  private constructor(
    private readonly http: OauthHttp,
    private readonly history: ApiHistory,
  ) {}

  static async make({ info }: World): Promise<OwnHistory> {
    const { gateway, oauth } = info;
    const http = new OauthHttp(
      { ...gateway, adminPrefix: ADMIN_PREFIX[1], issuer: oauth.issuer },
      { ca: await readFile(gateway.caFile, 'utf8') },
    );
    try {
      return new OwnHistory(http, await seedThroughApi(http, ROUNDS, { for2x: true }));
    } catch (error) {
      await http.close();
      throw error;
    }
  }

  /** Uses up what can be asked once, and closes. @param of the version that made it */
  async check(of: string, report: Report): Promise<void> {
    const { promises, refreshes } = this.history;
    const broken: string[] = [];
    try {
      for (const part of [promises, refreshes]) broken.push(...(await brokenPromises(this.http, part)));
    } finally {
      await this.http.close();
    }
    const asked = promises.length + refreshes.length;
    report.check(
      `what Hydra ${of} said before the upgrade is said still`,
      broken.length === 0,
      broken.length === 0 ? `${asked} promises` : `${broken.length} of ${asked} broken: ${broken.join(', ')}`,
    );
  }
}
