import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { type Logger } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import { readBody } from '../service/read-body';
import { type Answer } from './answer';
import { type LoginAppConfig } from './config';
import { CsrfGuard } from './csrf';
import { type HydraRequests, type Outcome, type RequestKind, type RequestOf } from './hydra-requests';
import { type Html } from './html';
import { consentPage, loginPage, logoutPage, messagePage } from './pages';

const FORM_LIMIT_BYTES = 64 * 1024;
const CHALLENGE_LIMIT = 16_384;
/** Hydra keeps subjects in 255 characters. */
const USERNAME_LIMIT = 200;
const SHOWN_LIMIT = 1_000;

export interface LoginAppDeps {
  readonly hydra: HydraRequests;
  readonly config: () => LoginAppConfig;
  readonly logger: Logger;
}

type Operation = (request: IncomingMessage, url: URL) => Promise<Answer>;

/** The pages a user sees between a client's request and its answer. Every user name exists; all have one password. */
export class LoginApp {
  private readonly csrf = new CsrfGuard();
  private readonly routes: Readonly<Record<string, Operation>> = {
    'GET /login': (request, url) => this.show('login', request, url),
    'GET /consent': (request, url) => this.show('consent', request, url),
    'GET /logout': (request, url) => this.show('logout', request, url),
    'POST /login': (request) => this.submit('login', request),
    'POST /consent': (request) => this.submit('consent', request),
    'POST /logout': (request) => this.submit('logout', request),
    'GET /error': async (_request, url) => errorPage(url),
    'GET /logged-out': async () => message(200, 'Logged out', 'You are logged out.'),
  };

  constructor(private readonly deps: LoginAppDeps) {}

  /** Answers any request; never rejects but for a client that left in mid-body. */
  async answer(request: IncomingMessage): Promise<Answer> {
    const url = URL.canParse(request.url ?? '', 'http://app') ? new URL(request.url ?? '', 'http://app') : undefined;
    if (url === undefined) return message(400, 'Bad request', 'The address is not understood.');
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const operation = this.routes[`${method} ${url.pathname}`];
    if (operation === undefined) return message(404, 'Not found', 'There is no such page.');
    try {
      return await operation(request, url);
    } catch (error) {
      if (request.destroyed && !request.complete) throw error;
      const { code } = asCutoverFault(error);
      this.deps.logger.error({ code, err: error }, 'page failed');
      return message(502, 'Login is not available', 'The authorization server did not answer as expected.', code);
    }
  }

  private async show(kind: RequestKind, request: IncomingMessage, url: URL): Promise<Answer> {
    const challenge = url.searchParams.get(`${kind}_challenge`) ?? '';
    if (!isChallenge(challenge)) return missingChallenge(kind);
    const found = await this.deps.hydra.fetch(kind, challenge);
    if (found.kind !== 'ok') return this.notOpen(found);
    const accepted = this.acceptSkipped(kind, challenge, found.value);
    if (accepted !== undefined) return this.follow(await accepted);
    return this.form(request, challenge, 200, (csrf) => formOf(kind, { challenge, csrf }, found.value));
  }

  /** What Hydra marks as decided already is not asked again. */
  private acceptSkipped(
    kind: RequestKind,
    challenge: string,
    found: RequestOf<RequestKind>,
  ): Promise<Outcome<string>> | undefined {
    if (kind === 'login' && 'skip' in found && found.skip) {
      return this.deps.hydra.accept('login', challenge, { subject: found.subject });
    }
    if (kind === 'consent' && 'requested_scope' in found && (found.skip || found.client.skip_consent === true)) {
      return this.deps.hydra.accept('consent', challenge, grantOf(found));
    }
    return undefined;
  }

  private async submit(kind: RequestKind, request: IncomingMessage): Promise<Answer> {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
    if (type !== 'application/x-www-form-urlencoded') {
      return message(415, 'Bad request', 'Only forms of this application are taken.');
    }
    const body = await readBody(request, FORM_LIMIT_BYTES);
    if (body === undefined) return message(413, 'Bad request', 'The form is too large.');
    const form = new URLSearchParams(body.toString('utf8'));
    const challenge = form.get(`${kind}_challenge`) ?? '';
    if (!isChallenge(challenge)) return missingChallenge(kind);
    if (!this.csrf.isValid(request.headers.cookie, challenge, form.get('csrf') ?? '')) {
      return message(
        403,
        'Please try again',
        'This form is not from your browser or is out of date. Go back and reload.',
      );
    }
    if (form.get('action') === 'reject') return this.follow(await this.reject(kind, challenge));
    if (kind === 'login') return this.login(request, challenge, form);
    if (kind === 'consent') return this.consent(challenge, form);
    return this.follow(await this.deps.hydra.accept('logout', challenge, {}));
  }

  private reject(kind: RequestKind, challenge: string): Promise<Outcome<string>> {
    const description = kind === 'login' ? 'The user did not log in.' : 'The user did not allow access.';
    return this.deps.hydra.reject(kind, challenge, { error: 'access_denied', error_description: description });
  }

  private async login(request: IncomingMessage, challenge: string, form: URLSearchParams): Promise<Answer> {
    const username = form.get('username') ?? '';
    const problem = judgeUsername(username) ?? this.judgePassword(form.get('password') ?? '');
    if (problem !== undefined) {
      const found = await this.deps.hydra.fetch('login', challenge);
      if (found.kind !== 'ok') return this.notOpen(found);
      const shown = username.slice(0, USERNAME_LIMIT);
      return this.form(request, challenge, 403, (csrf) =>
        loginPage({ challenge, csrf, clientName: nameOf(found.value.client), username: shown, problem }),
      );
    }
    const body = {
      subject: username,
      ...this.rememberFields(form),
      acr: '0',
      ...(this.deps.config().sendsAmr ? { amr: ['pwd'] } : {}),
    };
    return this.follow(await this.deps.hydra.accept('login', challenge, body));
  }

  private async consent(challenge: string, form: URLSearchParams): Promise<Answer> {
    const found = await this.deps.hydra.fetch('consent', challenge);
    if (found.kind !== 'ok') return this.notOpen(found);
    const body = { ...grantOf(found.value), ...this.rememberFields(form) };
    return this.follow(await this.deps.hydra.accept('consent', challenge, body));
  }

  private rememberFields(form: URLSearchParams): { remember: boolean; remember_for: number } {
    const remember = form.get('remember') === '1';
    return { remember, remember_for: remember ? Math.ceil(this.deps.config().rememberForMs / 1_000) : 0 };
  }

  private judgePassword(given: string): string | undefined {
    const digest = (text: string) => createHash('sha256').update(text).digest();
    const right = timingSafeEqual(digest(given), digest(this.deps.config().password));
    return right ? undefined : 'User name or password is wrong.';
  }

  private form(request: IncomingMessage, challenge: string, status: number, render: (csrf: string) => Html): Answer {
    const { token, setCookie } = this.csrf.issue(request.headers.cookie, challenge);
    return { kind: 'page', status, html: render(token), ...(setCookie !== undefined && { setCookie }) };
  }

  private follow(outcome: Outcome<string>): Answer {
    if (outcome.kind !== 'ok') return this.notOpen(outcome);
    if (outcome.value === '') return message(200, 'Still logged in', 'You stay logged in.');
    return this.redirect(outcome.value);
  }

  private notOpen(
    outcome: { readonly kind: 'gone'; readonly redirectTo: string } | { readonly kind: 'unknown' },
  ): Answer {
    if (outcome.kind === 'gone') return this.redirect(outcome.redirectTo);
    return message(
      404,
      'Please start again',
      'This request is not known any more, it may have been open for too long. Go back to the application and start again.',
      'challenge_unknown',
    );
  }

  /** Hydra gives a relative address for a used logout challenge: relative to itself, not to this application. */
  private redirect(to: string): Answer {
    const base = this.deps.config().hydraPublicUrl;
    const target = URL.canParse(to, base) ? new URL(to, base) : undefined;
    if (target?.protocol === 'https:' || target?.protocol === 'http:') {
      // Byte by byte as Hydra said it, unless a header cannot carry that.
      return { kind: 'redirect', to: URL.canParse(to) && /^[!-~]+$/.test(to) ? to : target.href };
    }
    return message(410, 'Done already', 'This was answered before. Go back to the application.', 'challenge_used');
  }
}

function formOf(kind: RequestKind, fields: { challenge: string; csrf: string }, found: RequestOf<RequestKind>): Html {
  if (kind === 'logout' || found.client === undefined || found.client === null || !('skip' in found)) {
    return logoutPage({ ...fields, subject: found.subject ?? '' });
  }
  const clientName = nameOf(found.client);
  if ('requested_scope' in found) {
    const { subject, requested_scope: scopes, requested_access_token_audience: audiences } = found;
    return consentPage({ ...fields, clientName, subject, scopes, audiences });
  }
  return loginPage({ ...fields, clientName, username: found.oidc_context?.login_hint ?? '' });
}

/** Grants what was asked for. The claims make it visible at the client that they travelled. */
function grantOf(found: RequestOf<'consent'>): object {
  const claims = { preferred_username: found.subject };
  return {
    grant_scope: found.requested_scope,
    grant_access_token_audience: found.requested_access_token_audience,
    session: { access_token: claims, id_token: claims },
  };
}

function judgeUsername(username: string): string | undefined {
  if (username === '') return 'Please enter a user name.';
  if (username.length > USERNAME_LIMIT) return `A user name has at most ${USERNAME_LIMIT} characters.`;
  // PostgreSQL cannot keep NUL, and lone surrogates have no UTF-8.
  return /[\p{Cc}\p{Cs}]/u.test(username) ? 'A user name has no control characters.' : undefined;
}

function isChallenge(challenge: string): boolean {
  return challenge !== '' && challenge.length <= CHALLENGE_LIMIT;
}

function nameOf(client: { client_id: string; client_name?: string | null | undefined }): string {
  return client.client_name === undefined || client.client_name === null || client.client_name === ''
    ? client.client_id
    : client.client_name;
}

function missingChallenge(kind: RequestKind): Answer {
  return message(
    400,
    'Please start again',
    'This page is reached from an application only.',
    `${kind}_challenge_missing`,
  );
}

function errorPage(url: URL): Answer {
  const part = (name: string) => (url.searchParams.get(name) ?? '').slice(0, SHOWN_LIMIT);
  const text = [part('error_description'), part('error_hint')].filter((line) => line !== '').join(' ');
  return message(
    400,
    'The request failed',
    text === '' ? 'No reason was given.' : text,
    part('error') || 'unknown_error',
  );
}

function message(status: number, title: string, text: string, code?: string): Answer {
  return { kind: 'page', status, html: messagePage(title, text, code) };
}
