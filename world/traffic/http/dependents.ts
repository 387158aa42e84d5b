import { type OauthHttp } from '../../oauth';
import { type Answer, ask, ok } from './answer';

export interface DependentUrls {
  readonly resourceApiUrl?: string;
  readonly policyUrl?: string;
}

/** Calls of the systems that live beside Hydra: what a user's application meets. */
export class Dependents {
  constructor(
    private readonly http: OauthHttp,
    private readonly urls: DependentUrls,
  ) {}

  get hasResourceApi(): boolean {
    return this.urls.resourceApiUrl !== undefined;
  }

  get hasPolicy(): boolean {
    return this.urls.policyUrl !== undefined;
  }

  async callResource(accessToken: string): Promise<Answer<void>> {
    const url = new URL('/resource', this.urls.resourceApiUrl);
    const headers = { authorization: `Bearer ${accessToken}` };
    return done(await ask(this.http, { operation: 'resource', method: 'GET', url, headers }, [200]));
  }

  async putPolicy(subject: string, client: string): Promise<Answer<void>> {
    const path = `/policies/${encodeURIComponent(subject)}/${encodeURIComponent(client)}`;
    const url = new URL(path, this.urls.policyUrl);
    return done(await ask(this.http, { operation: 'put policy', method: 'PUT', url, json: {} }, [200]));
  }

  async checkPolicy(subject: string, client: string): Promise<Answer<void>> {
    const url = new URL('/check', this.urls.policyUrl);
    url.searchParams.set('subject', subject);
    url.searchParams.set('client', client);
    return done(await ask(this.http, { operation: 'policy check', method: 'GET', url }, [200]));
  }
}

function done(answer: Answer<unknown>): Answer<void> {
  return answer.kind === 'ok' ? ok(undefined) : answer;
}
