import { request } from 'undici';
import { type TestGateway } from '../../../unit/gateway/support/test-gateway';
import { type CookieJar } from '../../../../world/oauth';
import { adminPath } from '../../../../hydra/versions';
import { plainAnswer, type PlainAnswer } from './plain-answer';

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  /** A form, with fields that may occur twice. */
  readonly form?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly json?: unknown;
  readonly text?: string;
  /** Whose cookies go along, and are kept. */
  readonly jar?: CookieJar;
}

/** As it was answered, for whoever goes on with it. */
export interface Answer {
  readonly status: number;
  readonly location: URL | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

const DRAWN_ID = /\/[0-9a-f]{8}-[0-9a-f-]{27}$/;
const FORM = 'application/x-www-form-urlencoded';

/** A question and its answer. */
export interface Noted {
  /** Method and path, admin paths without a prefix, without ids that are drawn. */
  readonly request: string;
  readonly query: readonly string[];
  readonly answer: PlainAnswer;
}

/** One gateway, which is asked; what it answers is noted by what the question is called. */
export class Edge {
  readonly noted = new Map<string, Noted>();

  constructor(
    private readonly gateway: Pick<TestGateway, 'publicUrl' | 'adminUrl'>,
    readonly issuer: string,
  ) {}

  /** @param target with its query */
  get(name: string, target: string, ask: Ask = {}): Promise<Answer> {
    return this.public(name, 'GET', target, ask);
  }

  public(name: string, method: string, target: string, ask: Ask = {}): Promise<Answer> {
    return this.send(name, this.gateway.publicUrl, method, target, ask);
  }

  admin(name: string, method: string, target: string, ask: Ask = {}): Promise<Answer> {
    return this.send(name, this.gateway.adminUrl, method, target, ask);
  }

  /** Goes to a page of Hydra's that an answer leads to. */
  follow(name: string, url: URL, ask: Ask = {}): Promise<Answer> {
    return this.get(name, `${url.pathname}${url.search}`, ask);
  }

  private async send(name: string, base: string, method: string, target: string, ask: Ask): Promise<Answer> {
    if (this.noted.has(name)) throw new Error(`asked twice by the name ${name}`);
    const url = new URL(base);
    const cookie = ask.jar?.header(new URL(target, base));
    const { headers, body } = bodyOf(ask);
    const answer = await request(`${url.origin}${target}`, {
      method: method as 'GET',
      headers: { ...headers, ...(cookie === undefined ? {} : { cookie }), ...ask.headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.body.text();
    ask.jar?.store(new URL(target, base), answer.headers['set-cookie']);
    const { pathname, searchParams } = new URL(target, base);
    const path = base === this.gateway.adminUrl ? adminPath(pathname, 1) : pathname;
    this.noted.set(name, {
      request: `${method} ${path.replace(DRAWN_ID, '/<id>')}`,
      query: [...searchParams.keys()],
      answer: plainAnswer(answer.statusCode, answer.headers, text, this.issuer),
    });
    const location = answer.headers['location'];
    return {
      status: answer.statusCode,
      location: typeof location === 'string' ? new URL(location, this.issuer) : undefined,
      json: asObject(text),
    };
  }
}

function bodyOf({ form, json, text }: Ask): { headers: Record<string, string>; body?: string } {
  if (form !== undefined) {
    const pairs = Array.isArray(form) ? (form as [string, string][]) : Object.entries(form);
    return { headers: { 'content-type': FORM }, body: new URLSearchParams(pairs).toString() };
  }
  if (json !== undefined) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
  return text === undefined ? { headers: {} } : { headers: {}, body: text };
}

function asObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
