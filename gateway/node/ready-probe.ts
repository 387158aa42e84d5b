import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/**
 * Asks `/health/ready`, on a connection of its own: a kept one may be to a process that is already gone.
 * @returns true for 200; false for anything else, an error or no answer within `timeoutMs`. Never rejects.
 */
export function probeReady(adminUrl: URL, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const send = adminUrl.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(new URL('/health/ready', adminUrl), {
      agent: false,
      headers: { 'X-Forwarded-Proto': 'https' },
      timeout: timeoutMs,
    });
    const timer = setTimeout(() => request.destroy(), timeoutMs);
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
    request.on('close', () => {
      clearTimeout(timer);
      resolve(false);
    });
    request.end();
  });
}
