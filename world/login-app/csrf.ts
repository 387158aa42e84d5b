import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const COOKIE = 'login_app_csrf';

/**
 * Ties a form to the browser that it was shown to: the cookie holds a random value, the form a signature over that value
 * and the challenge. The key lives as long as the process; a form from before a restart is shown anew.
 */
export class CsrfGuard {
  private readonly key = randomBytes(32);

  /** @returns the form's token, and the Set-Cookie value when the browser has no cookie yet */
  issue(cookieHeader: string | undefined, challenge: string): { token: string; setCookie?: string } {
    const known = readCookie(cookieHeader);
    if (known !== undefined) return { token: this.sign(known, challenge) };
    const value = randomBytes(16).toString('base64url');
    const setCookie = `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax`;
    return { token: this.sign(value, challenge), setCookie };
  }

  isValid(cookieHeader: string | undefined, challenge: string, token: string): boolean {
    const value = readCookie(cookieHeader);
    if (value === undefined) return false;
    const expected = Buffer.from(this.sign(value, challenge));
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private sign(value: string, challenge: string): string {
    return createHmac('sha256', this.key).update(`${value}\n${challenge}`).digest('base64url');
  }
}

function readCookie(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === COOKIE && value !== undefined && /^[\w-]{22}$/.test(value)) return value;
  }
  return undefined;
}
