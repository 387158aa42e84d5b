import { CancellationScope, condition, log, proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type Asides, type News, type NewsEvent } from '../domain/asides';

/** A worker that dies meanwhile is waited for; one that hangs is not. */
const { keepReport } = proxyActivities<Asides>({
  startToCloseTimeout: '20 seconds',
  retry: { initialInterval: '1 second', maximumAttempts: 3 },
  summary: 'keep the report',
});

const { tell } = proxyActivities<Asides>({
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'tell the webhook',
});

/** As patient as the news that it is for: the step's end tells the same. */
const { isCommitted } = proxyActivities<Asides>({
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' },
  summary: 'is it committed',
});

/** What a run that is over waits for its last news. */
const SETTLE = '10 seconds';

export { isCommitted, keepReport };

/** Sends news while the run goes on. */
export class Herald {
  private pending = 0;
  private told = 0;

  constructor(private readonly base: () => Omit<News, 'schemaVersion' | 'id' | 'event' | 'at'>) {}

  /** Returns at once. Shielded: a cancel request takes no news back. */
  tell(event: NewsEvent, more: Partial<News> = {}): void {
    this.told += 1;
    this.pending += 1;
    const base = this.base();
    const at = new Date(Date.now()).toISOString();
    const news: News = { schemaVersion: 1, id: this.idOf(event, base), event, at, ...base, ...more };
    CancellationScope.nonCancellable(() => tell(news))
      .catch((error: unknown) => {
        log.warn('news not told', { cutoverId: news.cutoverId, event, reason: String(error) });
      })
      .finally(() => {
        this.pending -= 1;
      });
  }

  /** There is one commit, whatever run of the workflow hears of it: one that was reset is told it again. */
  private idOf(event: NewsEvent, { cutoverId }: Pick<News, 'cutoverId'>): string {
    return event === 'committed' ? `${cutoverId}-committed` : `${workflowInfo().runId}-${this.told}`;
  }

  /** Waits for what is being sent, but not long. */
  async settle(): Promise<void> {
    await condition(() => this.pending === 0, SETTLE, { summary: 'the last news' });
  }
}
