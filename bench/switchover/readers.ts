import { errorMessage } from '../../domain/error-message';
import { adminLoginApp, createOauthClient, grantTokens, introspectToken, OauthHttp } from '../../world/oauth';
import { type LoadOrder, type ReaderSample, sinceEpoch, type StartOrder } from './messages';

const TOKENS = 10;

/** Asks about tokens that nobody else touches, so many times a second, whether answers come or not: every one has to be `active`. */
class Readers {
  private readonly samples: ReaderSample[] = [];
  private readonly open = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private readonly https: readonly OauthHttp[];

  constructor(private readonly options: StartOrder) {
    const { issuer } = options;
    this.https = options.gateways.map(
      ({ publicUrl, adminUrl }) => new OauthHttp({ publicUrl, adminUrl, adminPrefix: '', issuer }, { connections: 64 }),
    );
  }

  async start(): Promise<void> {
    const [http] = this.https;
    if (http === undefined) throw new Error('no gateway to ask');
    const client = await createOauthClient(http, { public: true });
    const loginApp = adminLoginApp(http, { subject: 'read-by-many' });
    const tokens: string[] = [];
    while (tokens.length < TOKENS) tokens.push((await grantTokens(http, { client, loginApp })).tokens.accessToken);
    const everyMs = 1_000 / this.options.perSecond;
    let asked = 0;
    const begunAt = performance.now();
    this.timer = setInterval(() => {
      // As many as are due by now: a timer that is late is made up for, and what was due waits on the clock.
      for (; begunAt + asked * everyMs <= performance.now(); asked += 1) {
        const question = this.ask(asked, begunAt + asked * everyMs, tokens[asked % TOKENS] ?? '');
        this.open.add(question);
        void question.finally(() => this.open.delete(question));
      }
    }, 1);
  }

  async stop(): Promise<readonly ReaderSample[]> {
    clearInterval(this.timer);
    await Promise.all(this.open);
    for (const http of this.https) await http.close();
    return this.samples;
  }

  private async ask(asked: number, dueAt: number, token: string): Promise<void> {
    const http = this.https[asked % this.https.length];
    const isRight =
      http !== undefined &&
      (await introspectToken(http, token).then(
        ({ active }) => active,
        () => false,
      ));
    this.samples.push([sinceEpoch(dueAt), performance.now() - dueAt, isRight]);
  }
}

let readers: Readers | undefined;

async function obey(order: LoadOrder): Promise<unknown> {
  if (order.kind === 'start') {
    readers = new Readers(order);
    await readers.start();
  }
  return order.kind === 'stop' ? readers?.stop() : null;
}

process.on('message', (order: LoadOrder) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: errorMessage(error) }),
  );
});
