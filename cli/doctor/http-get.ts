import { Agent, request } from 'undici';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const BODY_BYTES_MAX = 64 * 1024;

/**
 * One GET on a connection of its own, without following redirects.
 *
 * @param signal closes the connection when it aborts
 */
export async function httpGet(
  url: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  const agent = new Agent({ connections: 1, maxResponseSize: BODY_BYTES_MAX });
  try {
    const response = await request(url, {
      dispatcher: agent,
      signal,
      headers: { accept: 'application/json', ...headers },
    });
    return { status: response.statusCode, body: await response.body.text() };
  } finally {
    await agent.destroy();
  }
}

/** Appends a path to a base URL that may or may not end in a slash. */
export function underBase(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}${path}`;
}
