import { CutoverFault } from '../../domain/faults';
import { redirectTarget, type Browser, type LoginApp, type OauthResponse } from '../oauth';

export interface PageLoginAppOptions {
  /** Where the login app listens, without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Ticks the boxes on the login and on the consent page. @default false */
  readonly remember?: boolean;
  /** The page at which the user says no. */
  readonly reject?: 'login' | 'consent' | 'logout';
  /** Hears of every page shown, which is how a caller sees that one was skipped. */
  readonly onPage?: (path: string) => void;
}

/** What a user does in a browser with the login app's pages: reads the form, fills it in, sends it. */
export function pageLoginApp(options: PageLoginAppOptions): LoginApp {
  const { origin } = new URL(options.url);
  return {
    async visit(url: URL, browser: Browser): Promise<URL | undefined> {
      if (url.origin !== origin) return undefined;
      const operation = `${url.pathname.slice(1)} page`;
      const shown = await browser.get(operation, url);
      const skipped = redirectTarget(url, shown);
      if (skipped !== undefined) return skipped;
      if (shown.statusCode !== 200 || !shown.text.includes('<form')) throw unexpectedPage(url, shown);
      options.onPage?.(url.pathname);
      const form = fillIn(shown.text, url.pathname, options);
      const action = new URL(url.pathname, url);
      const sent = await browser.post(operation.replace(' page', ' form'), action, form);
      const next = redirectTarget(action, sent);
      if (next === undefined) throw unexpectedPage(action, sent);
      return next;
    },
  };
}

function fillIn(page: string, path: string, options: PageLoginAppOptions): Record<string, string> {
  const form: Record<string, string> = {};
  for (const [input] of page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    // Tokens and challenges have no character that HTML escapes.
    if (name !== undefined) form[name] = /value="([^"]*)"/.exec(input)?.[1] ?? '';
  }
  if (path === '/login') Object.assign(form, { username: options.username, password: options.password });
  if (options.remember === true && path !== '/logout') form['remember'] = '1';
  form['action'] = path === `/${options.reject ?? ''}` ? 'reject' : 'accept';
  return form;
}

function unexpectedPage(url: URL, response: OauthResponse): CutoverFault {
  const code = /<code>([\w-]{1,80})<\/code>/.exec(response.text)?.[1];
  return new CutoverFault(
    'HYDRA_UNEXPECTED',
    `the login app answered ${url.pathname} with status ${response.statusCode}${code === undefined ? '' : ` (${code})`}; expected a form or a redirect`,
    { statusCode: response.statusCode, oauthError: code },
  );
}
