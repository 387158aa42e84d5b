import {
  adminLoginApp,
  createOauthClient,
  grantTokens,
  introspectToken,
  OauthHttp,
  type RequestSample,
  revokeToken,
} from '../../../world/oauth';

/** How many of the tokens are valid, and how many were revoked before anybody asks. */
const VALID = 8;
const REVOKED = 2;

export interface SteadyReadersOptions {
  readonly gateways: readonly { readonly publicUrl: string; readonly adminUrl: string }[];
  readonly issuer: string;
  /** Questions in a second. */
  readonly perSecond: number;
  /** Hears of every request. */
  readonly onRequest?: (sample: RequestSample) => void;
}

/** A question: when it was due on this process's clock, how long its answer took from then on, and whether it was right. */
export interface AnsweredRead {
  readonly dueAt: number;
  readonly durationMs: number;
  readonly isRight: boolean;
}

/** Asks about tokens that nobody else touches, so many times a second, whether answers come or not: each is always, or never, `active`. */
export class SteadyReaders {
  private readonly answered: AnsweredRead[] = [];
  private readonly open = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private readonly https: readonly OauthHttp[];

  constructor(private readonly options: SteadyReadersOptions) {
    const { issuer, onRequest } = options;
    this.https = options.gateways.map(
      ({ publicUrl, adminUrl }) =>
        new OauthHttp(
          { publicUrl, adminUrl, adminPrefix: '', issuer },
          { connections: 64, ...(onRequest && { onRequest }) },
        ),
    );
  }

  async start(): Promise<void> {
    const tokens = await this.makeTokens();
    const everyMs = 1_000 / this.options.perSecond;
    let asked = 0;
    const begunAt = performance.now();
    this.timer = setInterval(() => {
      // As many as are due by now: a timer that is late is made up for, and what was due waits on the clock.
      for (; begunAt + asked * everyMs <= performance.now(); asked += 1) {
        const question = this.ask(asked, begunAt + asked * everyMs, tokens[asked % tokens.length]);
        this.open.add(question);
        void question.finally(() => this.open.delete(question));
      }
    }, 1);
  }

  /** Waits for the answers that are still to come. @returns all of them */
  async stop(): Promise<readonly AnsweredRead[]> {
    clearInterval(this.timer);
    await Promise.all(this.open);
    for (const http of this.https) await http.close();
    return this.answered;
  }

  private async makeTokens(): Promise<readonly { readonly token: string; readonly isActive: boolean }[]> {
    const [http] = this.https;
    if (http === undefined) throw new Error('no gateway to ask');
    const client = await createOauthClient(http, { public: true });
    const loginApp = adminLoginApp(http, { subject: 'read-by-many' });
    const tokens: { readonly token: string; readonly isActive: boolean }[] = [];
    while (tokens.length < VALID + REVOKED) {
      const token = (await grantTokens(http, { client, loginApp })).tokens.accessToken;
      const isActive = tokens.length < VALID;
      if (!isActive) await revokeToken(http, client, token);
      tokens.push({ token, isActive });
    }
    return tokens;
  }

  private async ask(
    asked: number,
    dueAt: number,
    about: { readonly token: string; readonly isActive: boolean } | undefined,
  ): Promise<void> {
    const http = this.https[asked % this.https.length];
    if (http === undefined || about === undefined) throw new Error('nothing to ask');
    const isRight = await introspectToken(http, about.token).then(
      ({ active }) => active === about.isActive,
      () => false,
    );
    this.answered.push({ dueAt, durationMs: performance.now() - dueAt, isRight });
  }
}
