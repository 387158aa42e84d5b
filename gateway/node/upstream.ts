import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface UpstreamSettings {
  readonly keepAliveMs: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
}

/** One listener of one side: where it is and the connections to it. */
export class Upstream {
  private readonly agent: HttpAgent;
  private readonly send: typeof httpRequest;
  private readonly host: string;
  private readonly port: number;
  /** What goes into `Host` when the client sent none. */
  readonly authority: string;

  /**
   * Idle connections are closed after `keepAliveMs`, which is below what servers in use keep them for (Go's default with a
   * 5 s read timeout is the shortest): so it is we who close, and a request does not meet a connection that the side is
   * closing. What remains of that race is in `Exchange`.
   */
  constructor(
    url: URL,
    private readonly settings: UpstreamSettings,
  ) {
    const secure = url.protocol === 'https:';
    const options = {
      keepAlive: true,
      timeout: settings.keepAliveMs,
      maxSockets: settings.maxConnections,
      maxFreeSockets: settings.maxConnections,
      scheduling: 'lifo',
    } as const;
    this.agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
    this.send = secure ? httpsRequest : httpRequest;
    this.host = url.hostname.replace(/^\[|\]$/g, '');
    this.port = Number(url.port) || (secure ? 443 : 80);
    this.authority = url.host;
  }

  /** @param headers name, value, name, value…: sent as they are. @param fresh on a connection of its own */
  request(method: string, path: string, headers: readonly string[], fresh = false): ClientRequest {
    return this.send({
      agent: fresh ? false : this.agent,
      host: this.host,
      port: this.port,
      method,
      path,
      headers,
      maxHeaderSize: this.settings.maxHeaderBytes,
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
