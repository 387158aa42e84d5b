import { EXPECTED_DIFFERENCES as TO_2_3_0 } from '../1-11-10-to-2-3-0/expected-differences';
import { type ExpectedDifference } from '../copy-path';

const NEW_FIELD = { reason: 'new in 25.4', whose: 'Hydra' } as const;

/**
 * Everything that 26.2.0 on the upgraded database may answer otherwise than 1.11.10 on the source.
 *
 * Source: recorded answers of 26.2.0 (test/fixtures).
 */
export const EXPECTED_DIFFERENCES: readonly ExpectedDifference[] = [
  ...TO_2_3_0,
  // The same as the challenge, which readers give back its name: `withConsentId`.
  { question: 'consent', path: '[].consent_request_id', ...NEW_FIELD },
  { question: 'consent', path: '[].consent_request.consent_request_id', ...NEW_FIELD },
  { question: 'discovery', path: 'device_authorization_endpoint', ...NEW_FIELD },
  {
    question: 'discovery',
    path: 'grant_types_supported',
    reason: 'one more, for devices',
    whose: 'Hydra',
    when: hasOneMore('urn:ietf:params:oauth:grant-type:device_code'),
  },
];

function hasOneMore(added: string): (source: unknown, target: unknown) => boolean {
  return (source, target) => {
    if (!Array.isArray(source) || !Array.isArray(target)) return false;
    const rest = target.filter((one) => one !== added);
    return JSON.stringify(rest) === JSON.stringify(source);
  };
}
