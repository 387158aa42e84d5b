import {
  OauthHttp,
  type OauthEndpoints,
  type OauthHttpOptions,
  type OauthRequest,
  type OauthResponse,
} from '../../oauth';
import { type Recorder } from '../recording/recorder';

const SERVER_ERROR = 500;

/** Every request is in the record, from when it was sent. */
export class RecordedHttp extends OauthHttp {
  constructor(
    endpoints: OauthEndpoints,
    options: OauthHttpOptions,
    private readonly recorder: Recorder,
  ) {
    super(endpoints, options);
  }

  override async send(wanted: OauthRequest): Promise<OauthResponse> {
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
