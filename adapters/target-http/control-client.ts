import { Agent, request } from 'undici';
import { type z } from 'zod';
import { CutoverFault, type FaultCode } from '../../domain/faults';

export interface ControlAddress {
  /** Of the target, for messages. */
  readonly name: string;
  readonly controlUrl: string;
  readonly token: string;
  /** Of one call. @default 5000 */
  readonly timeoutMs?: number;
}

export interface ControlCall {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;
const FAULT_OF_STATUS: Readonly<Record<number, FaultCode>> = { 422: 'TARGET_STATE_INVALID', 504: 'GATEWAY_BUSY' };

/** Calls a control listener over connections that stay open. */
export class ControlClient {
  private readonly agent = new Agent({ connections: 4, keepAliveTimeout: 30_000 });

  constructor(private readonly address: ControlAddress) {}

  /**
   * Every call of these listeners may be repeated, so one whose kept connection broke is sent once more.
   * @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED | TARGET_STATE_INVALID | GATEWAY_BUSY
   */
  async call<T>(call: ControlCall, shape: z.ZodType<T>): Promise<T> {
    const { status, text } = await this.send(call).catch((error: unknown) => {
      if (isTimeout(error)) throw this.unreachable(call, error);
      return this.send(call).catch((again: unknown) => Promise.reject(this.unreachable(call, again)));
    });
    const body = parseJson(text);
    if (status !== 200) throw this.refused(call, status, body);
    const parsed = shape.safeParse(body);
    if (!parsed.success) throw this.refused(call, status, { message: 'the answer has not the shape of this API' });
    return parsed.data;
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(call: ControlCall): Promise<{ status: number; text: string }> {
    const timeoutMs = call.timeoutMs ?? this.address.timeoutMs ?? TIMEOUT_MS;
    const response = await request(new URL(call.path, this.address.controlUrl), {
      dispatcher: this.agent,
      method: call.method,
      headers: { authorization: `Bearer ${this.address.token}`, 'content-type': 'application/json' },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    let text = '';
    response.body.setEncoding('utf8');
    for await (const chunk of response.body) {
      text += String(chunk);
      if (text.length > ANSWER_LIMIT_BYTES) throw new Error('the answer is too long');
    }
    return { status: response.statusCode, text };
  }

  private unreachable({ method, path }: ControlCall, error: unknown): CutoverFault {
    const { name } = this.address;
    const why = error instanceof Error ? error.message : String(error);
    return new CutoverFault('TARGET_UNREACHABLE', `${name} did not answer ${method} ${path}: ${why}`, { name }, error);
  }

  private refused({ method, path }: ControlCall, status: number, body: unknown): CutoverFault {
    const { name } = this.address;
    const { code, message } = refusalOf(body);
    const isBroken = status >= 500 && code !== 'DRAIN_TIMEOUT';
    const fault = isBroken ? 'TARGET_UNREACHABLE' : (FAULT_OF_STATUS[status] ?? 'TARGET_REFUSED');
    const what = `${name} answered ${method} ${path} with ${status} ${code ?? ''}: ${message ?? 'no reason given'}`;
    return new CutoverFault(fault, what, { name, status, refusal: code });
  }
}

function refusalOf(body: unknown): { code: string | undefined; message: string | undefined } {
  const field = (key: string): string | undefined => {
    if (typeof body !== 'object' || body === null) return undefined;
    const value: unknown = Object.entries(body).find(([name]) => name === key)?.[1];
    return typeof value === 'string' ? value : undefined;
  };
  return { code: field('code'), message: field('message') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
