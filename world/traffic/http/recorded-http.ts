import { AsyncLocalStorage } from 'node:async_hooks';
import {
  OauthHttp,
  type OauthEndpoints,
  type OauthHttpOptions,
  type OauthRequest,
  type OauthResponse,
} from '../../oauth';
import { type Recorder } from '../recording/recorder';

const SERVER_ERROR = 500;

/** Every request is in the record, from when it was sent, but those of {@link quietly}. */
export class RecordedHttp extends OauthHttp {
  private readonly quiet = new AsyncLocalStorage<true>();

  constructor(
    endpoints: OauthEndpoints,
    options: OauthHttpOptions,
    private readonly recorder: Recorder,
  ) {
    super(endpoints, options);
  }

  /** Requests that `work` leads to are not recorded: a check walks users' browsers, which are bound to this. */
  quietly<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.quiet.run(true, work);
  }

  override async send(wanted: OauthRequest): Promise<OauthResponse> {
    if (this.quiet.getStore() === true) return super.send(wanted);
    const sentAtMs = now();
    this.recorder.requestSent(sentAtMs);
    let good = false;
    try {
      const response = await super.send(wanted);
      good = response.statusCode < SERVER_ERROR;
      return response;
    } finally {
      this.recorder.requestAnswered(wanted.operation, sentAtMs, now(), good ? 'ok' : 'lost');
    }
  }
}

/** Wall clock that never goes back. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
