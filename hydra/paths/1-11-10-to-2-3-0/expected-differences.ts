import { type ExpectedDifference } from '../copy-path';

/** jsonb has neither NUL nor half a surrogate: what login apps put into texts and names is cleaned of them. */
function cleaned(source: string): string {
  const halves = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  return source.replaceAll('\u0000', '').replaceAll(halves, '\ufffd');
}

function isCleanedText(source: unknown, target: unknown): boolean {
  return typeof source === 'string' && cleaned(source) === (target ?? '');
}

/** Numbers that no double holds; JavaScript reads them as infinite, or as 0. */
function isNumberAsText(source: unknown, target: unknown): boolean {
  return (
    (source === 0 || source === Infinity || source === -Infinity) &&
    typeof target === 'string' &&
    Number(target) === source
  );
}

const CLEANED = {
  reason: 'jsonb holds neither NUL nor half a surrogate',
  whose: 'hydra-cutover',
  when: isCleanedText,
  nameOnTarget: cleaned,
} as const;
const NEW_FIELD = { reason: 'new in 2.x', whose: 'Hydra' } as const;

/**
 * Everything that 2.3.0 on the upgraded database may answer otherwise than 1.11.10 on the source. Whatever is on no line here is a defect.
 *
 * Source: answers of both to the same questions about the same population (test/integration/hydra/validation).
 */
export const EXPECTED_DIFFERENCES: readonly ExpectedDifference[] = [
  { question: 'consent', path: '[].context', reason: 'repeated beside the consent request', whose: 'Hydra' },
  { question: 'consent', path: '[].consent_request.context', ...CLEANED },
  {
    question: 'consent',
    path: '[].consent_request.context',
    reason:
      'a number beyond 1e±999 becomes text: jsonb holds none beyond numeric, and writes out the others digit by digit',
    whose: 'hydra-cutover',
    when: isNumberAsText,
  },
  {
    question: 'consent',
    path: '[].consent_request.login_challenge',
    reason: 'a consent whose login is gone gets one of ours: 2.x has no consent without a login',
    whose: 'hydra-cutover',
    when: (source, target) => (source ?? '') === '' && typeof target === 'string' && target.startsWith('cut-'),
  },
  { question: 'consent', path: '[].session.access_token', ...CLEANED },
  { question: 'consent', path: '[].session.id_token', ...CLEANED },
  { question: 'introspection', path: 'ext', ...CLEANED },
  { question: 'discovery', path: 'response_modes_supported', reason: 'one more', whose: 'Hydra' },
  {
    question: 'discovery',
    path: 'request_object_signing_alg_values_supported',
    reason: 'one more',
    whose: 'Hydra',
  },
  { question: 'discovery', path: 'id_token_signed_response_alg', ...NEW_FIELD },
  { question: 'discovery', path: 'userinfo_signed_response_alg', ...NEW_FIELD },
  { question: 'discovery', path: 'credentials_endpoint_draft_00', ...NEW_FIELD },
  { question: 'discovery', path: 'credentials_supported_draft_00', ...NEW_FIELD },
];
