import { readForm } from '../../../../gateway/core/form';
import { OAuthAnswerReader, oauthQuestion } from '../../../../gateway/core/oauth-answer';

const FORM = ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'];
const JSON_TYPE = ['content-type', 'application/json;charset=UTF-8'];

function asked(listener: 'public' | 'admin', method: string, target: string, form = '') {
  const { endpoint, grant } = oauthQuestion(listener, method, target, () => readForm(FORM, Buffer.from(form)));
  return `${endpoint} ${grant}`;
}

function said(target: string, status: number, headers: readonly string[], ...chunks: string[]) {
  const listener = target.includes('introspect') ? 'admin' : 'public';
  const reader = new OAuthAnswerReader(oauthQuestion(listener, 'POST', target, () => undefined));
  reader.onHead(status, headers);
  for (const chunk of chunks) reader.onData(Buffer.from(chunk));
  return reader.outcome;
}

describe('what was asked', () => {
  it.each([
    ['public', 'POST', '/oauth2/token', 'grant_type=refresh_token&refresh_token=x', 'token refresh_token'],
    ['public', 'POST', '/oauth2/token', 'a=b&grant_type=authorization%5Fcode', 'token authorization_code'],
    ['public', 'POST', '/oauth2/token', 'grant_type=password', 'token other'],
    ['public', 'POST', '/oauth2/token', '', 'token other'],
    ['public', 'GET', '/oauth2/auth?client_id=a', '', 'authorize none'],
    ['public', 'GET', '/oauth2/authx', '', 'other none'],
    ['public', 'GET', '/.well-known/jwks.json', '', 'discovery none'],
    ['admin', 'POST', '/admin/oauth2/introspect', 'token=x', 'introspection none'],
    ['admin', 'POST', '//oauth2/introspect/', 'token=x', 'introspection none'],
    ['admin', 'PUT', '/oauth2/auth/requests/login/accept?login_challenge=x', '', 'requests none'],
    ['admin', 'GET', '/admin/oauth2/auth/sessions/consent?subject=x', '', 'sessions none'],
    ['admin', 'GET', '/clients', '', 'clients none'],
  ] as const)('%s %s %s %s is %s', (listener, method, target, form, expected) => {
    expect(asked(listener, method, target, form)).toBe(expected);
  });

  it('is no form when the type says otherwise, or not all of it was read', () => {
    expect(readForm(['Content-Type', 'application/json'], Buffer.from('grant_type=refresh_token'))).toBeUndefined();
    expect(readForm(FORM, undefined)).toBeUndefined();
  });
});

describe('what was answered', () => {
  it.each([
    ['/oauth2/token', 200, JSON_TYPE, ['{"access_token":"x","error":"invalid_grant"}'], 'ok'],
    ['/oauth2/token', 400, JSON_TYPE, ['{"error":"invalid', '_grant","error_description":"x"}'], 'invalid_grant'],
    ['/oauth2/token', 401, JSON_TYPE, ['{"error":"token_inactive"}'], 'token_inactive'],
    ['/oauth2/token', 401, JSON_TYPE, ['{"error":"somebody"}'], 'other_4xx'],
    ['/oauth2/token', 400, [], ['{"error":"invalid_grant"}'], 'other_4xx'],
    ['/oauth2/token', 502, ['Content-Type', 'text/html'], ['<html>'], 'other_5xx'],
    ['/oauth2/token', 400, JSON_TYPE, [`{"x":"${'x'.repeat(20_000)}"`, ',"error":"invalid_grant"}'], 'other_4xx'],
    ['/oauth2/auth?x', 302, ['Location', 'https://app/cb?error=login_required&state=1'], [], 'login_required'],
    ['/oauth2/auth?x', 303, ['Location', 'https://app/cb?a=b#error=consent_required'], [], 'consent_required'],
    ['/oauth2/auth?x', 302, ['Location', 'https://app/cb?error=of_their_own'], [], 'ok'],
    ['/oauth2/auth?x', 302, ['Location', 'https://login/?login_challenge=error=login_required'], [], 'ok'],
    ['/oauth2/introspect', 200, JSON_TYPE, ['{"active":false}'], 'inactive'],
    ['/oauth2/introspect', 200, JSON_TYPE, ['{"active":true}'], 'ok'],
  ] as const)('%s %s %j %j is %s', (target, status, headers, chunks, expected) => {
    expect(said(target, status, headers, ...chunks)).toBe(expected);
  });
});
